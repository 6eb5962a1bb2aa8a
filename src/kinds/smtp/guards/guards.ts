import type { Survey } from '../../../domain/survey.ts'
import type { Guards, Session, SurveyContext } from '../../../ports/kind.ts'
import { Asking } from '../../asking.ts'
import { guardsOf } from '../../comparing.ts'
import { COMPARED } from '../checks.ts'
import type { Live } from '../probe.ts'
import { auth, dsn, eightBit, identity, pipelining, queueLeft, relay, sandbox, sender, size, tls, utf8 } from './compare.ts'
import { factsSchema, identityOf, noop, surveyFacts } from './survey.ts'

/** In the order of the table. */
const JUDGES = [tls, auth, sandbox, sender, relay, size, utf8, eightBit, pipelining, dsn, identity, queueLeft]

export const guards: Guards = guardsOf('mail server', Object.values(COMPARED), JUDGES, factsSchema)

/** The session of a probe, for what guards ask. */
export const sessionOn = (live: Live): Session => ({
  survey: (context) => survey(live, context),
  [Symbol.asyncDispose]: async () => {
    await live.conversation.quit({ ms: QUIT_MS, signal: new AbortController().signal, now: () => performance.now() })
    live.socket.destroy()
  },
})

const QUIT_MS = 300

async function survey(live: Live, context: SurveyContext): Promise<Survey> {
  const asking = new Asking(context)
  const roundTripMs = await asking.roundTrip(noop(live))
  return {
    kind: 'smtp',
    takenAt: new Date(context.today()).toISOString(),
    resource: identityOf(live),
    roundTripMs,
    position: { unknown: 'a mail server has no data that go on from one to another' },
    newest: { unknown: 'a mail server has no rows that tell their age' },
    facts: await surveyFacts(asking, live, context.against),
  }
}
