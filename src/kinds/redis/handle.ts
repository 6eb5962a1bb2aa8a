import type { Finding } from '../../domain/finding.ts'
import type { Handle, Identity } from '../../domain/handle.ts'
import { type HandleGrammar, invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText, refuseHidden, splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { Address } from '../../net/dial.ts'
import type { Traits } from '../../ports/kind.ts'
import { hostName, reach } from '../host.ts'
import { providerOf } from '../provider.ts'
import { type RedisTls, TLS_KEYS, tlsOf } from './handle-tls.ts'
import {
  databaseInPath,
  fragmentIn,
  isSentinelText,
  nameBesides,
  SENTINEL_SCHEMES,
  type Watch,
  watchOf,
  withSentinels,
} from './sentinel/handle.ts'

/** A parsed handle of Redis or Valkey. Holds its password only as a Secret. */
export interface Redis extends RedisTls {
  readonly scheme: string
  /** Who is asked for the server. Null: the handle names it. */
  readonly watch: Watch | null
  /** Of the server; of the first sentinel, as long as the server is not known. */
  readonly address: Address
  /** The name that TLS checks; the path of the socket for one. */
  readonly host: string
  /** `null`: the user `default`, or a server older than Redis 6. */
  readonly user: string | null
  readonly password: Secret | null
  readonly db: number
  /** What tunes a client, as it stands there. */
  readonly tuning: ReadonlyMap<string, string>
  readonly remarks: readonly Finding[]
}

const SOCKET_SCHEMES = ['unix', 'redis+unix', 'redis-socket', 'redis+socket', 'valkey+unix']

export const REDIS_SCHEMES = ['redis', 'rediss', 'valkey', 'valkeys', ...SOCKET_SCHEMES, ...SENTINEL_SCHEMES]

/** They tune a client and mean nothing to the server. */
const TUNING = [
  ...[
    'protocol',
    'family',
    'client_name',
    'clientName',
    'socket_timeout',
    'socket_connect_timeout',
    'socket_keepalive',
    'retry_on_timeout',
  ],
  ...[
    'max_connections',
    'health_check_interval',
    'decode_responses',
    'encoding',
    'timeout',
    'dial_timeout',
    'read_timeout',
    'write_timeout',
    'pool_size',
  ],
]

export const REDIS_GRAMMAR: HandleGrammar = {
  schemes: REDIS_SCHEMES,
  example: 'redis://:PASSWORD@HOST:6379/0',
  queryKeys: ['db', 'database', 'username', 'password', ...TLS_KEYS, ...TUNING],
  socketSchemes: SOCKET_SCHEMES,
}

/** A handle taken apart, and the `#NAME` behind it, which is no part of that. */
export function splitRedis(text: string): { readonly split: SplitHandle; readonly fragment: string } {
  const fragment = fragmentIn(text)
  const grammar = isSentinelText(text) ? withSentinels(REDIS_GRAMMAR) : REDIS_GRAMMAR
  return { split: splitHandle(text.slice(0, text.length - fragment.length), grammar), fragment }
}

/** Throws HANDLE_INVALID. https://www.iana.org/assignments/uri-schemes/prov/redis */
export function parseRedis(handle: Handle): Redis {
  const { split, fragment } = splitRedis(handle.reveal())
  const { scheme } = split
  const watch = watchOf(split, fragment)
  const words = [split.user?.text ?? queryText(split, 'username'), split.password?.text ?? queryText(split, 'password')].map(nonEmpty)
  // To Lettuce, whose way it is to name the master besides, a lone word before the @ is the password.
  const isLone = watch !== null && nameBesides(split, fragment) !== null && !words[1]
  const [user = null, password = null] = isLone ? [null, words[0]] : words
  if (user !== null && password === null) throw invalid('has a user and no password', 'a password alone is written :PASSWORD@')
  if (user !== null) refuseHidden({ text: user }, 'user')
  const resource = {
    scheme,
    watch,
    ...(watch === null ? whereOf(split) : { address: watch.sentinels[0], host: watch.sentinels[0].host }),
    user,
    password: password === null ? null : new Secret(password),
    db: databaseOf(split, watch === null ? null : databaseInPath(split, fragment)),
    ...tlsOf(split),
    tuning: new Map(TUNING.flatMap((key) => valuesOf(split, key).map((text) => [key, text] as const))),
  }
  return { ...resource, remarks: remarksOf(resource, split) }
}

export function identifyRedis({ scheme, watch, address, host, user, db, tls }: Redis): Identity {
  const [, ...others] = watch?.sentinels ?? []
  return {
    kind: 'redis',
    scheme,
    host,
    ...('port' in address ? { port: address.port } : {}),
    ...(others.length === 0 ? {} : { others: others.map(({ text }) => text) }),
    ...(watch === null ? {} : { watched: watch.name }),
    name: String(db),
    ...(user === null ? {} : { user }),
    tls,
    ...providerOf(host),
  }
}

/** Passwords of the sample configurations and guides. */
const WELL_KNOWN = ['redis', 'foobared', 'password', 'changeme']

export function traitsOfRedis({ tuning, host, user, password }: Redis): Traits {
  return { parameters: tuning, defaultCredentials: defaultCredentials() }

  function defaultCredentials(): string | null {
    if (password === null) return reach(host) === 'local' ? null : 'no password'
    const isKnown = WELL_KNOWN.includes(password.reveal().toLowerCase())
    return isKnown ? `the password of user ${user ?? 'default'} is that of every guide` : null
  }
}

/** Where the database index stands: the path has it, or the query. */
export const databaseKey = (split: SplitHandle): 'db' | 'database' | null =>
  queryText(split, 'db') !== null ? 'db' : queryText(split, 'database') !== null ? 'database' : null

const valuesOf = (split: SplitHandle, key: string): readonly string[] => {
  const text = queryText(split, key)
  return text === null ? [] : [text]
}

/** What stands there, or nothing. */
const nonEmpty = (text: string | null | undefined): string | null => (text === undefined || text === null || text === '' ? null : text)

function whereOf(split: SplitHandle): { readonly address: Address; readonly host: string } {
  if (SOCKET_SCHEMES.includes(split.scheme)) {
    const path = `/${split.path?.text ?? ''}`
    if (path === '/') throw invalid('names no socket', `write ${split.scheme}:///run/redis.sock`)
    refuseHidden({ text: path }, 'path')
    if (Buffer.byteLength(path) > 107) throw invalid('names a socket with a path longer than 107 bytes', 'use a shorter path')
    return { address: { path }, host: path }
  }
  if (split.host === null) throw invalid('names no host', `write ${REDIS_GRAMMAR.example}`)
  if (split.host.text.startsWith('/')) throw invalid('has a path where the host stands', 'write unix:///run/redis.sock for a socket')
  const host = hostName(split.host)
  return { address: { host, port: split.port?.number ?? 6379 }, host }
}

/** `watched`: what the path of a sentinel handle has of it. */
function databaseOf(split: SplitHandle, watched: string | null): number {
  const key = databaseKey(split)
  const inPath = SOCKET_SCHEMES.includes(split.scheme) ? null : nonEmpty(watched ?? split.path?.text.replace(/\/$/, ''))
  const text = (key === null ? null : queryText(split, key)) ?? inPath ?? '0'
  if (!/^\d{1,6}$/.test(text)) throw invalid('has a database that is not a number', 'Redis databases are numbered: write /0 after the host')
  return Number(text)
}

/** Words that old providers wrote where no user was needed. Redis 6 takes them for one. */
const FILLERS = ['h', 'x', 'user', 'redis', 'ignored', 'none']

function remarksOf({ watch, user, files }: Omit<Redis, 'remarks'>, split: SplitHandle): readonly Finding[] {
  const remarks: Finding[] = []
  const warn = (id: string, detail: string, remedy: string) => remarks.push({ id, severity: 'warn', status: 'warn', detail, remedy })
  if (user !== null && FILLERS.includes(user)) {
    warn(
      'handle.filler_user',
      'the user looks like a filler of old providers; Redis 6 and newer take it for a real user',
      'if the login fails, leave it out: redis://:PASSWORD@…',
    )
  }
  for (const key of new Set(split.unknownKeys)) {
    const shown = /^[A-Za-z0-9_.-]{1,64}$/.test(key) ? `the query key ${key}` : 'a query key'
    warn('handle.unknown_key', `${shown} means nothing here; clients pass over it or refuse it`, 'remove it, unless the app alone reads it')
  }
  for (const key of new Set(split.repeatedKeys))
    warn('handle.repeated_key', `${key} stands there twice; clients differ in which one counts`, 'keep one')
  if (databaseKey(split) !== null && !SOCKET_SCHEMES.includes(split.scheme) && watch === null && nonEmpty(split.path?.text) !== null) {
    warn('handle.repeated_key', 'the database stands in the path and in the query; clients differ in which one counts', 'keep one')
  }
  if (Object.keys(files).length > 0) {
    warn('handle.local_file', 'the handle names files: they are read on the machine that connects', 'make sure that the app sees them too')
  }
  return remarks
}
