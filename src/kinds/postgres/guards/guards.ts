import type { core } from 'zod'
import { AttachError } from '../../../domain/errors.ts'
import type { Survey } from '../../../domain/survey.ts'
import type { Comparison, Guards, Session, SurveyContext } from '../../../ports/kind.ts'
import type { Zod } from '../../told-schema.ts'
import type { Live } from '../probe.ts'
import { Questions } from '../questions.ts'
import { POSTGRES } from './checks.ts'
import { compareContents } from './content/compare.ts'
import { findForeignCode } from './content/survey/foreign-code.ts'
import { newestOf } from './content/survey/newest.ts'
import { contentSchema, surveyContent } from './content/survey.ts'
import { compareServers } from './server/compare.ts'
import { positionOf, resourceOf, roundTrip, serverSchema, surveyProgress, surveyServer } from './server/survey.ts'

const factsSchema = (z: Zod) => z.strictObject({ server: serverSchema(z), content: contentSchema(z) })

export type PostgresFacts = core.output<ReturnType<typeof factsSchema>>

export const guards: Guards = {
  checks: POSTGRES,
  compare: (comparison) => {
    const [old, next] = [factsOf(comparison.old), factsOf(comparison.next)]
    if (next === null) throw new AttachError('BUG', 'BUG: a PostgreSQL is compared that told nothing')
    return [
      ...compareServers(old?.server ?? null, next.server, comparison),
      ...compareContents(old?.content ?? null, next.content, comparison),
    ]
  },
  decode: async (facts) => factsSchema((await import('zod')).z).parse(facts),
}

/** Made by `survey` or `decode`, and by nobody else. */
const factsOf = (survey: Comparison['old']): PostgresFacts | null => (survey === null ? null : (survey.facts as PostgresFacts))

/** The session of a probe, for what guards ask. */
export const sessionOn = (live: Live): Session => ({
  survey: (context) => survey(live, context),
  [Symbol.asyncDispose]: async () => {
    live.socket.destroy()
  },
})

async function survey(live: Live, context: SurveyContext): Promise<Survey> {
  const questions = new Questions(live, context)
  const roundTripMs = await roundTrip(questions, context)
  const server = await surveyServer(questions)
  const foreign = await findForeignCode(questions)
  const content = await surveyContent(questions, foreign)
  const newest = await newestOf(questions, context.fresh, foreign)
  const facts: PostgresFacts = { server: { ...server, ...(await surveyProgress(questions, context, server)) }, content }
  await questions.end()
  return {
    kind: 'postgres',
    takenAt: new Date(context.today()).toISOString(),
    resource: resourceOf(facts.server),
    roundTripMs,
    position: positionOf(facts.server),
    newest,
    facts,
  }
}
