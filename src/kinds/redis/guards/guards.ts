import { AttachError } from '../../../domain/errors.ts'
import type { Survey } from '../../../domain/survey.ts'
import type { Comparison, Guards, Session, SurveyContext } from '../../../ports/kind.ts'
import { readInfo } from '../info.ts'
import type { Live } from '../probe.ts'
import { Questions } from '../questions.ts'
import { acl, functions, modules, notify } from './access/compare.ts'
import { rightsTo } from './access/rehearsal.ts'
import { surveyAccess } from './access/survey.ts'
import { COMPARED } from './checks.ts'
import { keys, queuesLeft } from './content/compare.ts'
import { compareSample, countOf, keepSample, sampleOf } from './content/keys.ts'
import { surveyQueues } from './content/queues/survey.ts'
import { database, identity, mode, role, state, version } from './server/compare.ts'
import { identityOf, positionOf, surveyServer } from './server/survey.ts'
import { persistence, policy } from './settings/compare.ts'
import { surveySettings } from './settings/survey.ts'
import { factsSchema, type RedisFacts, type RedisSides } from './sides.ts'

/** In the order of the table. */
const JUDGES = [role, state, mode, database, version, modules, acl, policy, persistence, keys, queuesLeft, identity, notify, functions]

export const guards: Guards = {
  checks: Object.values(COMPARED),
  compare: (comparison) => {
    const [old, next] = [factsOf(comparison.old), factsOf(comparison.next)]
    if (next === null) throw new AttachError('BUG', 'BUG: a Redis is compared that told nothing')
    const sides: RedisSides = { old, next, comparison, use: comparison.use ?? usedAs(old ?? next) }
    return JUDGES.map((judge) => judge(sides))
  },
  decode: async (facts) => factsSchema((await import('zod')).z).parse(facts),
}

/** Made by `survey` or `decode`, and by nobody else. */
const factsOf = (survey: Comparison['old']): RedisFacts | null => (survey === null ? null : (survey.facts as RedisFacts))

const usedAs = ({ queues }: RedisFacts): 'queue' | null => (queues.frameworks.length > 0 ? 'queue' : null)

/** The session of a probe, for what guards ask. */
export const sessionOn = (live: Live): Session => ({
  survey: (context) => survey(live, context),
  [Symbol.asyncDispose]: async () => {
    live.socket.destroy()
  },
})

async function survey(live: Live, context: SurveyContext): Promise<Survey> {
  const questions = new Questions(live, context)
  // Since 7.2: what is asked about does not look used because of it.
  await questions.replies([['CLIENT', 'NO-TOUCH', 'ON']])
  const roundTripMs = await roundTrip(questions)
  const info = await questions.ask(['INFO'], readInfo)
  const server = await surveyServer(questions, info, live)
  const count = await countOf(questions)
  const names = await sampleOf(questions, count)
  const sample = await rightsTo(questions, names)
  const own = {
    server,
    access: await surveyAccess(questions, live, info, names[0] ?? null),
    settings: await surveySettings(questions, info),
    queues: await surveyQueues(questions, count),
  }
  const facts: RedisFacts = { ...own, keys: { count, sample: await compareSample(questions, await questions.other(context.against)) } }
  const made: Survey = {
    kind: 'redis',
    takenAt: new Date(context.today()).toISOString(),
    resource: identityOf(server),
    roundTripMs,
    position: positionOf(info),
    newest: { unknown: 'a key has no column that tells its age' },
    facts,
  }
  keepSample(made, sample)
  return made
}

const PINGS = 5

/** The median: one slow answer is no slow server. */
async function roundTrip(questions: Questions): Promise<Survey['roundTripMs']> {
  const times: number[] = []
  for (let at = 0; at < PINGS; at += 1) {
    const started = questions.now
    const pong = await questions.ask(['PING'], (reply) => reply)
    if (!('is' in pong)) return pong
    times.push(questions.now - started)
  }
  return { is: times.sort((a, b) => a - b)[Math.floor(PINGS / 2)] ?? 0 }
}
