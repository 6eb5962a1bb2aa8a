import type { Socket } from 'node:net'
import type { Secret } from '../../domain/secret.ts'
import { NetError } from '../../net/bounded.ts'
import type { Exchange } from '../../net/lines.ts'
import { harmless, worthHiding } from '../../net/said.ts'
import { upgrade } from '../../net/tls.ts'
import type { ProbeContext, ProbeReport } from '../../ports/kind.ts'
import { reach } from '../host.ts'
import { type Opened, openProbe } from '../opening.ts'
import { Failed, type Run } from '../probing.ts'
import { negotiated, tlsFindings, trustOf } from '../tls.ts'
import { type Alarm, alarmFinding, askAlarm } from './alarm.ts'
import { ASK_FOR_TLS, Conversation, PROTOCOL, SERVICE } from './conversation.ts'
import { noMechanism, SILENT_REFUSAL } from './failure.ts'
import type { Amqp } from './handle.ts'
import { FRAME_MAX, PREAMBLE } from './wire/frames.ts'
import type { Field, Table } from './wire/reader.ts'
import { say, type Tuning } from './wire/say.ts'

/** A conversation that is logged in and in its vhost. */
export interface Live {
  readonly conversation: Conversation
  readonly socket: Socket
  readonly resource: Amqp
  readonly server: Told
  /** What the server allows. */
  readonly tuning: Tuning
  readonly alarm: Alarm
  /** To be taken out of what the server says. */
  readonly secrets: readonly Secret[]
}

/** What the server says of itself before anybody logs in. Fit to print; null: it does not. */
interface Told {
  readonly product: string | null
  readonly version: string | null
  readonly cluster: string | null
  readonly can: ReadonlySet<string>
}

/** Resolve, connect, TLS for amqps, login, vhost, and one message that nobody gets (see `askAlarm`). */
export async function probeAmqp(resource: Amqp, context: ProbeContext): Promise<ProbeReport> {
  const { report, live } = await openAmqp(resource, context)
  await live?.conversation.end({ ms: GOODBYE_MS, signal: context.signal, now: context.now })
  return report
}

/** The same, and the conversation stays open when it came to depth `use`. */
export const openAmqp = (resource: Amqp, context: ProbeContext): Promise<Opened<Live>> =>
  openProbe(context, { address: resource.address, service: SERVICE, protocol: PROTOCOL, askForTls: ASK_FOR_TLS }, (run, plain) =>
    converse(run, plain, resource),
  )

/** The management API, whose port is easily taken for that of AMQP, hangs up after five seconds: then nobody could tell that it speaks HTTP. */
const GREETING_MS = 4_000

/** A server that answers at all answers a goodbye at once. */
export const GOODBYE_MS = 300

/** Null: it did not have to come to depth `use`. */
async function converse(run: Run, plain: Socket, resource: Amqp): Promise<Live | null> {
  const socket = await secure(run, plain, resource)
  if (run.passed()) return null
  const secrets = secretsOf(resource)
  const conversation = new Conversation(socket, { secrets, login: loginHint(resource) })
  const exchange = (): Exchange => ({ ms: run.exchangeMs, signal: run.signal, now: run.now })
  conversation.send(PREAMBLE)
  const start = await conversation.hear(['start'], { ...exchange(), ms: Math.min(GREETING_MS, run.exchangeMs) })
  const server = toldBy(start.properties, secrets)
  learn(run, server)
  if (run.passed()) return null
  const tuning = await login(conversation, start.mechanisms, { resource, server, exchange })
  if (run.passed()) return null
  conversation.send(say.tuneOk(agreed(tuning)), say.open(resource.vhost))
  await conversation.hear(['open'], exchange())
  const alarm = await askAlarm(conversation, server.can.has('publisher_confirms'), exchange)
  tell(run, alarm, { product: server.product, secrets })
  run.passed()
  return { conversation, socket, resource, server, tuning, alarm, secrets }
}

async function secure(run: Run, plain: Socket, { tls, files, tlsName, address: { host } }: Amqp): Promise<Socket> {
  if (tls === 'disable') {
    run.learn({ tls: null })
    run.findings.push(...tlsFindings(null, host, run.today))
    return plain
  }
  const trust = await trustOf(files, { ca: 'cacertfile', cert: 'certfile', key: 'keyfile' })
  const secured = await upgrade(plain, { mode: tls, host: tlsName, trust, ms: run.exchangeMs, signal: run.signal })
  run.learn({ tls: negotiated(secured) })
  run.findings.push(...tlsFindings(secured, host, run.today))
  return secured.socket
}

interface Setting {
  readonly resource: Amqp
  readonly server: Told
  readonly exchange: () => Exchange
}

/** Without these the server hangs up on a wrong password, and says nothing to a publisher that it blocks. */
const CAPABILITIES = {
  authentication_failure_close: true,
  'connection.blocked': true,
  publisher_confirms: true,
  'basic.nack': true,
} as const

async function login(conversation: Conversation, offered: readonly string[], { resource, server, exchange }: Setting): Promise<Tuning> {
  const { mechanism, user, password } = resource
  if (!offered.includes(mechanism)) throw new Failed(noMechanism(offered, mechanism))
  const response = mechanism === 'EXTERNAL' ? '' : `\0${user}\0${password.reveal()}`
  conversation.send(say.startOk({ product: 'attach', connection_name: 'attach', capabilities: CAPABILITIES }, mechanism, response))
  try {
    const said = await conversation.hear(['tune', 'secure'], exchange())
    if (said.is === 'tune') return said
  } catch (error) {
    const isSilent = error instanceof NetError && (error.code === 'closed' || error.code === 'ECONNRESET')
    throw isSilent && !server.can.has('authentication_failure_close') ? new Failed(SILENT_REFUSAL) : error
  }
  throw new NetError('talk', 'protocol') // Neither of our mechanisms has a second question.
}

/** Seconds. So a server finds out about a client that is gone, also one that it has blocked and no longer reads. */
const HEARTBEAT = 30
/** We never need more than one. */
const CHANNELS = 4

const agreed = ({ channelMax, frameMax }: Tuning): Tuning => ({
  channelMax: channelMax === 0 ? CHANNELS : Math.min(channelMax, CHANNELS),
  frameMax: frameMax === 0 ? FRAME_MAX : Math.min(frameMax, FRAME_MAX),
  heartbeat: HEARTBEAT,
})

function learn(run: Run, { product, version, cluster }: Told): void {
  run.learn({
    product: product ?? SERVICE,
    ...(version === null ? {} : { version }),
    ...(cluster === null ? {} : { more: { cluster } }),
  })
}

/** What became of the message. */
function tell(run: Run, alarm: Alarm, told: { readonly product: string | null; readonly secrets: readonly Secret[] }): void {
  const finding = alarmFinding(alarm, told)
  if (finding !== null) run.findings.push(finding)
  run.learn({ writable: alarm.state === 'clear' ? true : alarm.state === 'blocked' ? false : 'unknown' })
  if (alarm.state === 'blocked') run.learn({ more: { blocked: harmless(alarm.reason, told.secrets) ?? 'yes' } })
}

function toldBy(properties: Table, secrets: readonly Secret[]): Told {
  const text = (name: string): string | null => {
    const value = properties.get(name)
    return typeof value === 'string' ? harmless(value, secrets) : null
  }
  const capabilities = properties.get('capabilities')
  const can = isTable(capabilities) ? [...capabilities].filter(([, value]) => value === true).map(([name]) => name) : []
  return { product: text('product'), version: text('version'), cluster: text('cluster_name'), can: new Set(can) }
}

/** What a person does about a refused login. */
function loginHint({ user, address: { host } }: Amqp): string {
  if (user !== 'guest') return 'check both; the log of RabbitMQ says which it was'
  return reach(host) === 'local'
    ? 'is there a user guest with that password? rabbitmqctl list_users; others are made by add_user'
    : 'guest is let in from localhost alone; make another user: rabbitmqctl add_user'
}

const isTable = (field: Field | undefined): field is Table => field instanceof Map

const secretsOf = ({ password, user, vhost, address: { host } }: Amqp): readonly Secret[] => worthHiding(password, [user, vhost, host])
