import type { Finding } from '../../domain/finding.ts'
import type { Handle, Identity, TlsMode } from '../../domain/handle.ts'
import { type HandleGrammar, invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText, refuseHidden, splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import { hostName } from '../host.ts'
import { providerOf } from '../provider.ts'
import type { TlsFiles } from '../tls.ts'
import { remarksOf } from './remarks.ts'
import { TLS_KEYS, tlsOf } from './tls-words.ts'

/** A parsed handle of RabbitMQ. Holds its password only as a Secret. */
export interface Amqp {
  readonly scheme: string
  readonly address: { readonly host: string; readonly port: number }
  readonly vhost: string
  readonly user: string
  readonly password: Secret
  /** The user and password are not in the handle: they are those that every client then takes. */
  readonly isGuest: boolean
  /** `EXTERNAL`: the certificate of the client is the login. */
  readonly mechanism: 'PLAIN' | 'EXTERNAL'
  readonly tls: Extract<TlsMode, 'disable' | 'require' | 'verify-ca' | 'verify-full'>
  /** The name that TLS asks for and checks. */
  readonly tlsName: string
  readonly files: TlsFiles
  /** What tunes a client, as it stands there. */
  readonly tuning: ReadonlyMap<string, string>
  /** Query keys that nobody here knows. */
  readonly unknown: readonly string[]
  readonly remarks: readonly Finding[]
}

export const AMQP_SCHEMES = ['amqp', 'amqps']

/** Numbers, and the largest that the protocol has room for. */
const TUNING: Readonly<Record<string, number>> = {
  heartbeat: 65_535,
  connection_timeout: 4_294_967_295,
  channel_max: 65_535,
  frame_max: 4_294_967_295,
}

/** What clients of other languages read there: pika, amqplib, bunny. None of it is a secret. */
const OF_CLIENTS = [
  ...['connection_attempts', 'retry_delay', 'socket_timeout', 'blocked_connection_timeout', 'locale', 'name'],
  ...['channelMax', 'frameMax', 'read_timeout', 'write_timeout', 'continuation_timeout', 'recovery_attempts', 'prefetch', 'prefetch_count'],
]

/** https://www.rabbitmq.com/docs/uri-spec and https://www.rabbitmq.com/docs/uri-query-parameters */
export const AMQP_GRAMMAR: HandleGrammar = {
  schemes: AMQP_SCHEMES,
  example: 'amqp://USER:PASSWORD@HOST:5672/VHOST',
  queryKeys: [...Object.keys(TUNING), ...OF_CLIENTS, 'depth', 'auth_mechanism', 'password', ...TLS_KEYS],
  socketSchemes: [],
}

/** Throws HANDLE_INVALID. */
export function parseAmqp(handle: Handle): Amqp {
  const split = splitHandle(handle.reveal(), AMQP_GRAMMAR)
  const { scheme } = split
  if (split.host === null) throw invalid('names no host', `write ${AMQP_GRAMMAR.example}`)
  if (split.host.text.startsWith('/')) throw invalid('has a path where the host stands', 'RabbitMQ listens on no socket of this machine')
  const host = hostName(split.host)
  const tls = tlsOf(split)
  const mechanism = mechanismOf(split, tls.files)
  const resource = {
    scheme,
    address: { host, port: split.port?.number ?? (scheme === 'amqps' ? 5671 : 5672) },
    vhost: vhostOf(split),
    ...loginOf(split, mechanism),
    mechanism,
    tls: tls.mode,
    tlsName: tls.name ?? host,
    files: tls.files,
    tuning: tuningOf(split),
  }
  return { ...resource, unknown: split.unknownKeys, remarks: remarksOf(resource, split) }
}

export const identifyAmqp = ({ scheme, address: { host, port }, vhost, user, mechanism, tls }: Amqp): Identity => ({
  kind: 'amqp',
  scheme,
  host,
  port,
  name: vhost,
  ...(mechanism === 'EXTERNAL' ? {} : { user }),
  tls,
  ...providerOf(host),
})

/** By the letter `amqp://h/` names the vhost "", which nobody has; every client takes it for the usual one, as it takes no path at all. */
function vhostOf({ path }: SplitHandle): string {
  if (path === null || path.text === '') return '/'
  refuseHidden(path, 'vhost')
  if (Buffer.byteLength(path.text) > 255) throw invalid('has a vhost of more than 255 bytes', 'AMQP has no room for a longer name')
  return path.text
}

function loginOf({ user, password }: SplitHandle, mechanism: Amqp['mechanism']): Pick<Amqp, 'user' | 'password' | 'isGuest'> {
  if (user === null && password !== null) throw invalid('has a password and no user', 'write USER:PASSWORD@ before the host')
  if (user !== null && password === null && mechanism === 'PLAIN')
    throw invalid('has a user and no password', 'write USER:PASSWORD@ before the host')
  if (user === null) return { user: 'guest', password: new Secret('guest'), isGuest: mechanism === 'PLAIN' }
  return { user: user.text, password: new Secret(password?.text ?? ''), isGuest: false }
}

function mechanismOf(split: SplitHandle, { cert }: TlsFiles): Amqp['mechanism'] {
  const word = (queryText(split, 'auth_mechanism') ?? 'plain').toUpperCase()
  if (word === 'EXTERNAL' && cert === undefined)
    throw invalid('asks for auth_mechanism=external without a certificate', 'write amqps:// with certfile and keyfile')
  if (word === 'EXTERNAL') return 'EXTERNAL'
  if (word !== 'PLAIN' && word !== 'AMQPLAIN')
    throw invalid('has an unknown word for auth_mechanism', 'the words are plain, amqplain, external')
  return 'PLAIN' // AMQPLAIN is the same login in another wrapping, and no server offers it alone.
}

function tuningOf(split: SplitHandle): Amqp['tuning'] {
  if (queryText(split, 'password') !== null)
    throw invalid(
      'has a password in its query',
      'the password of the user stands before the host; a key file with a password of its own cannot be read',
    )
  const known = Object.entries(TUNING).flatMap(([key, most]): [string, string][] => {
    const text = queryText(split, key)
    if (text === null) return []
    if (!/^\d{1,10}$/.test(text) || Number(text) > most)
      throw invalid(`has a ${key} that is not a number from 0 to ${most}`, `write ${key} in digits, or leave it out`)
    return [[key, text]]
  })
  const free = OF_CLIENTS.flatMap((key): [string, string][] => {
    const text = queryText(split, key)
    return text === null ? [] : [[key, text]]
  })
  return new Map([...known, ...free])
}
