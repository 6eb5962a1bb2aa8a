import type { Survey } from '../../../domain/survey.ts'
import type { Guards, Session, SurveyContext } from '../../../ports/kind.ts'
import { guardsOf, type Judge } from '../../comparing.ts'
import { GOODBYE_MS, type Live } from '../probe.ts'
import { COMPARED } from './checks.ts'
import { leftBehind, permissions, topology } from './compare/content.ts'
import { alarm, identity, limits, version, vhost, vhostLimits } from './compare/server.ts'
import { type AmqpFacts, factsSchema } from './facts.ts'
import { surveyBroker } from './survey.ts'

/** In the order of the table. */
const JUDGES: readonly Judge<AmqpFacts>[] = [alarm, permissions, topology, leftBehind, version, limits, vhostLimits, vhost, identity]

export const guards: Guards = guardsOf('RabbitMQ', Object.values(COMPARED), JUDGES, factsSchema)

/** The session of a probe, for what guards ask. */
export const sessionOn = (live: Live): Session => ({
  survey: (context) => survey(live, context),
  [Symbol.asyncDispose]: async () => {
    await live.conversation.end({ ms: GOODBYE_MS, signal: new AbortController().signal, now: () => performance.now() })
  },
})

async function survey(live: Live, context: SurveyContext): Promise<Survey> {
  const { facts, roundTripMs } = await surveyBroker(live, context)
  const { cluster, vhost: name } = facts.server
  return {
    kind: 'amqp',
    takenAt: new Date(context.today()).toISOString(),
    resource: 'is' in cluster ? { is: `${cluster.is} ${name}` } : cluster,
    roundTripMs,
    position: { unknown: 'a broker has no position' },
    newest: { unknown: 'a message has no column that tells its age' },
    facts,
  }
}
