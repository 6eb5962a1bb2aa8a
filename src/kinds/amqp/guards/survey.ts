import type { Told } from '../../../domain/survey.ts'
import type { SurveyContext } from '../../../ports/kind.ts'
import { Asking } from '../../asking.ts'
import { blockedBy, CHANNEL } from '../alarm.ts'
import { SERVICE } from '../conversation.ts'
import type { Live } from '../probe.ts'
import { say } from '../wire/say.ts'
import { closeChannel, declared, type Named, openChannel } from './declared.ts'
import type { AmqpFacts, Topology, Waiting } from './facts.ts'
import { type Management, reachManagement } from './management.ts'
import { type ExchangeRow, type QueueRow, Rows } from './rows.ts'

/** What a session asks with. */
interface Asked {
  readonly live: Live
  readonly asking: Asking
  /** Unknown: why the server does not answer over AMQP any more. */
  readonly usable: Told<true>
}

/** Asks over AMQP what it can tell, and the management API for the rest. Reads only. Throws PROBE_FAILED, INTERRUPTED. */
export async function surveyBroker(
  live: Live,
  context: SurveyContext,
): Promise<{ readonly facts: AmqpFacts; readonly roundTripMs: Told<number> }> {
  const asking = new Asking(context)
  const asked: Asked = { live, asking, usable: usableOf(live) }
  const roundTripMs = await roundTripOf(asked)
  const management = await reachManagement(live, context, () => asking.left)
  try {
    const queues = await list(management, `queues/${vhostIn(live)}?${QUEUE_COLUMNS}`, (rows, answer) => rows.queues(answer))
    const topology = await topologyOf(queues)
    const facts = {
      server: { ...serverOf(live), clusterId: await list(management, 'global-parameters', (rows, answer) => rows.clusterId(answer)) },
      alarm: blockedBy(live.alarm, { product: live.server.product, secrets: live.secrets }),
      limits: { is: limitsOf(live) },
      vhostLimits: await list(management, `vhost-limits/${vhostIn(live)}`, (rows, answer) => rows.vhostLimits(answer)),
      access: {
        publishes: publishesOf(live),
        patterns: await list(management, `users/${encodeURIComponent(live.resource.user)}/permissions`, (rows, answer) =>
          rows.patterns(answer, live.resource.vhost),
        ),
      },
      topology,
      waiting: 'is' in queues ? { is: await waitingOf(asked, queues.is) } : queues,
      standing: 'is' in topology ? STANDS_ITSELF : await standingOf(asked, topologyIn(await asking.other(context.against))),
    }
    return { facts, roundTripMs }
  } finally {
    if ('is' in management) management.is.close()
  }

  /** One question to the management API. */
  async function list<T>(over: Told<Management>, path: string, read: (rows: Rows, answer: unknown) => T): Promise<Told<T>> {
    const told = 'is' in over ? await over.is.ask(path) : over
    if (!('is' in told)) return told
    try {
      return { is: read(new Rows(live.secrets), told.is) }
    } catch {
      return { unknown: 'the management API answers what is not understood, or too much of it' }
    }
  }

  async function topologyOf(queues: Told<readonly QueueRow[]>): Promise<Told<Topology>> {
    if (!('is' in queues)) return queues
    const lasting = queues.is.filter(({ isDurable }) => isDurable)
    const exchanges = await list(management, `exchanges/${vhostIn(live)}`, (rows, answer) => rows.exchanges(answer))
    if (!('is' in exchanges)) return exchanges
    const names = { queue: namesOf(lasting), exchange: namesOf(exchanges.is) }
    const bindings = await list(management, `bindings/${vhostIn(live)}`, (rows, answer) => rows.bindings(answer, names))
    const policies = await list(management, `policies/${vhostIn(live)}`, (rows, answer) => rows.policies(answer))
    if (!('is' in bindings)) return bindings
    if (!('is' in policies)) return policies
    return {
      is: {
        queues: lasting.map(shapeOf),
        exchanges: exchanges.is.map(shapeOf),
        bindings: [...bindings.is],
        policies: [...policies.is],
      },
    }
  }
}

const namesOf = (rows: readonly ExchangeRow[]): ReadonlySet<string> => new Set(rows.map(({ raw }) => raw))

const shapeOf = ({ name, type, arguments: words }: ExchangeRow) => ({ name, type, arguments: words })

/** What the judges and no more need: statistics of a large broker are long. */
const QUEUE_COLUMNS =
  'columns=name,durable,auto_delete,exclusive,owner_pid_details,type,arguments,messages_ready,messages_unacknowledged,consumers'

const STANDS_ITSELF = { unknown: 'its own list tells it' } as const

const vhostIn = ({ resource }: Live): string => encodeURIComponent(resource.vhost)

/** A server that blocks us, or owes us an answer, reads no question. */
const usableOf = ({ alarm }: Live): Told<true> =>
  alarm.state === 'blocked' || alarm.state === 'silent' ? { unknown: 'the broker blocks us, and reads no question any more' } : { is: true }

async function roundTripOf({ live: { conversation }, asking, usable }: Asked): Promise<Told<number>> {
  if (!('is' in usable)) return usable
  const opened = await asking.ask((exchange) => openChannel(conversation, exchange))
  if (!('is' in opened)) return opened
  const told = await asking.roundTrip(async (exchange) => {
    conversation.send(say.flow(CHANNEL))
    await conversation.hear(['flow'], exchange)
  })
  if ('is' in told) await asking.ask((exchange) => closeChannel(conversation, exchange))
  return told
}

const serverOf = ({ server: { product, version, cluster }, resource }: Live): Omit<AmqpFacts['server'], 'clusterId'> => ({
  product: product ?? SERVICE,
  version: version === null ? { unknown: 'the server does not tell its version' } : { is: version },
  cluster: cluster === null ? { unknown: 'the server does not tell the name of its cluster' } : { is: cluster },
  vhost: resource.vhost,
})

const limitsOf = ({ tuning: { frameMax, channelMax, heartbeat } }: Live) => ({ frameMax, channelMax, heartbeat })

/** Whom RabbitMQ blocks it has not refused: but whether it would is not known. */
function publishesOf({ alarm }: Live): AmqpFacts['access']['publishes'] {
  switch (alarm.state) {
    case 'clear':
      return { is: true }
    case 'refused':
      return { is: false }
    case 'blocked':
    case 'silent':
      return { unknown: 'the broker let nobody publish' }
    case 'unknown':
      return { unknown: alarm.why }
  }
}

/** Asked about by name: the statistics of the management API are some seconds old. */
const COUNTED_MAX = 500

async function waitingOf({ live, asking, usable }: Asked, queues: readonly QueueRow[]): Promise<Waiting> {
  const some = queues.slice(0, COUNTED_MAX)
  const names = some.map(({ raw }): Named => ({ is: 'queue', name: raw }))
  const told = 'is' in usable ? await asking.ask((exchange) => declared(live.conversation, names, exchange, { refusals: 5 })) : usable
  const counts = 'is' in told ? told.is : []
  const counted = queues.map((queue, at) => {
    const now = counts[at]
    const isNow = typeof now === 'object'
    return { ...queue, ready: isNow ? now.messages : queue.ready, consumers: isNow ? now.consumers : queue.consumers }
  })
  return {
    queues: queues.length,
    holding: counted
      .filter(({ ready, unacked }) => (ready ?? 0) + (unacked ?? 0) > 0)
      .map(({ name, ready, unacked, consumers }) => ({ name, ready: ready ?? 0, unacked: unacked ?? 0, consumers: consumers ?? 0 })),
    uncounted: counted.filter(({ ready }) => ready === null).length,
  }
}

const MISSING_MAX = 20

async function standingOf({ live, asking, usable }: Asked, old: Topology | null): Promise<AmqpFacts['standing']> {
  if (!('is' in usable)) return usable
  if (old === null) return { unknown: 'the other side did not tell what should stand there' }
  const names = [
    ...old.queues.map(({ name }): Named => ({ is: 'queue', name })),
    ...old.exchanges.map(({ name }): Named => ({ is: 'exchange', name })),
  ]
    .filter(({ name }) => isWhole(name))
    .slice(0, COUNTED_MAX)
  const told = await asking.ask((exchange) => declared(live.conversation, names, exchange, { refusals: MISSING_MAX }))
  if (!('is' in told)) return told
  const missing = names.filter((_, at) => told.is[at] === 'missing').map(({ is, name }) => `${is} ${name}`)
  return { is: { asked: told.is.length, missing } }
}

/** A name that was made fit to print is not the one to ask for. */
const isWhole = (name: string): boolean => !/…|\\u|\[secret\]/.test(name) && Buffer.byteLength(name) <= 255

/** What the other side told, where it is one of ours. */
const topologyIn = (other: { readonly kind: string; readonly facts: unknown } | null): Topology | null => {
  if (other === null || other.kind !== 'amqp') return null
  const { topology } = other.facts as AmqpFacts
  return 'is' in topology ? topology.is : null
}
