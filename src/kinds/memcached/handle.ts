import { type Finding, found } from '../../domain/finding.ts'
import type { Handle, Identity, TlsMode } from '../../domain/handle.ts'
import { type HandleGrammar, type HostPart, invalid, type Part, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText, refuseHidden, splitHandle } from '../../domain/handle-split.ts'
import { canonicalHost } from '../../domain/place.ts'
import { Secret } from '../../domain/secret.ts'
import type { Address } from '../../net/dial.ts'
import { type Traits, UNSHOWN } from '../../ports/kind.ts'
import { hostName, reach } from '../host.ts'
import { providerOf } from '../provider.ts'
import { REMARKED } from './checks.ts'

/** One server of the list. */
export interface Node {
  readonly address: Address
  /** The name that TLS checks; the path of the socket for one. */
  readonly host: string
  /** `cache1:11211`, or the path of the socket. Fit to print. */
  readonly place: string
}

/** Who logs in. The binary protocol has SASL for it, the text protocol a token. */
export interface Login {
  readonly user: string
  readonly password: Secret
}

/** A parsed handle of memcached: a list of servers that share the keys between them. Holds its password only as a Secret. */
export interface Memcached {
  readonly scheme: string
  /** At least one, in the order of the handle: clients find a key by it. */
  readonly nodes: readonly [Node, ...Node[]]
  readonly login: Login | null
  readonly tls: Extract<TlsMode, 'disable' | 'verify-full'>
  readonly files: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** What tunes a client, by name; of what is not known only that it stands there. */
  readonly tuning: ReadonlyMap<string, string>
  readonly remarks: readonly Finding[]
}

const TLS_SCHEMES = ['memcacheds', 'memcached+tls']
export const MEMCACHED_SCHEMES = ['memcached', 'memcache', ...TLS_SCHEMES]
const PORT = 11_211
/** Nobody shares keys between more; each of them is asked. */
export const NODES_MAX = 64

/** Files of TLS, in the words that Redis' handles have for them: no client of memcached has any. */
const TLS_KEYS = ['ssl_ca_certs', 'ssl_certfile', 'ssl_keyfile']
/** They tune a client and mean nothing to the server. */
const TUNING = [
  ...['timeout', 'socket_timeout', 'connect_timeout', 'poll_timeout', 'send_timeout', 'recv_timeout', 'retry_timeout', 'keepalive'],
  ...['pool_size', 'max_connections', 'failover', 'no_delay', 'tcp_nodelay', 'weight', 'compression', 'compress', 'serializer'],
  ...['namespace', 'prefix', 'prefix_key', 'expires_in', 'distribution', 'hash', 'libketama_compatible', 'binary_protocol'],
]

export const MEMCACHED_GRAMMAR: HandleGrammar = {
  schemes: MEMCACHED_SCHEMES,
  example: 'memcached://USER:PASSWORD@HOST:11211,HOST:11211',
  queryKeys: [...TLS_KEYS, ...TUNING],
  socketSchemes: [],
  hosts: 'several',
}

/** `h1:11211,h2:11211`, as it stands in MEMCACHIER_SERVERS and its like. It comes here only where somebody said that it is memcached. */
export const BARE_LIST = /^(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d*)?(?:,(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d*)?)*$/i

const SCHEME = 'memcached://'

/** A bare list, as the handle that it means. `added`: characters before it. */
export const withScheme = (text: string): { readonly text: string; readonly added: number } =>
  BARE_LIST.test(text) ? { text: `${SCHEME}${text}`, added: SCHEME.length } : { text, added: 0 }

/** Throws HANDLE_INVALID. */
export function parseMemcached(handle: Handle): Memcached {
  const split = splitHandle(withScheme(handle.reveal()).text, MEMCACHED_GRAMMAR)
  const [user, password] = [nonEmpty(split.user), nonEmpty(split.password)]
  if (user !== null && password === null) throw invalid('has a user and no password', `write ${MEMCACHED_GRAMMAR.example}`)
  if (user === null && password !== null) throw invalid('has a password and no user', `write ${MEMCACHED_GRAMMAR.example}`)
  const resource = {
    scheme: split.scheme,
    nodes: nodesOf(split),
    login: user === null || password === null ? null : { user, password: new Secret(password) },
    ...tlsOf(split),
    tuning: tuningOf(split),
  }
  return { ...resource, remarks: remarksOf(resource, split) }
}

export function identifyMemcached({ scheme, nodes, login, tls }: Memcached): Identity {
  const [{ address, host }, ...others] = nodes
  return {
    kind: 'memcached',
    scheme,
    host,
    ...('port' in address ? { port: address.port } : {}),
    ...(others.length === 0 ? {} : { others: others.map(({ place }) => place) }),
    ...(login === null ? {} : { user: login.user }),
    tls,
    ...providerOf(host),
  }
}

/** Without a login is how everybody begins, and inside a private network how most go on. */
export function traitsOfMemcached({ tuning, nodes, login }: Memcached): Traits {
  const isOpen = login === null && nodes.some(({ host }) => reach(host) === 'public')
  return { parameters: tuning, defaultCredentials: isOpen ? 'no login, on a host that anybody may reach' : null }
}

const nonEmpty = (part: Part | null): string | null => (part === null || part.text === '' ? null : part.text)

function nodesOf(split: SplitHandle): Memcached['nodes'] {
  const { host, port, others } = split
  const path = split.path?.text ?? ''
  if (host === null) return [socketOf(path)]
  if (path !== '' && path !== '/') throw invalid('has a path behind its hosts, where memcached has nothing', 'leave it out')
  if (others.length >= NODES_MAX) throw invalid(`lists more than ${NODES_MAX} hosts`, 'name the proxy in front of them')
  return [nodeOf({ host, port }), ...others.map(nodeOf)]
}

function nodeOf({ host: part, port }: HostPart): Node {
  if (part.text.startsWith('/')) throw invalid('has a path where the host stands', 'write memcached:///run/memcached.sock for a socket')
  const host = hostName(part)
  const address = { host, port: port?.number ?? PORT }
  return { address, host, place: `${host.includes(':') ? `[${host}]` : host}:${address.port}` }
}

function socketOf(path: string): Node {
  if (path === '') throw invalid('names no host', `write ${MEMCACHED_GRAMMAR.example}`)
  const place = `/${path}`
  refuseHidden({ text: place }, 'path')
  if (Buffer.byteLength(place) > 107) throw invalid('names a socket with a path longer than 107 bytes', 'use a shorter path')
  return { address: { path: place }, host: place, place }
}

function tlsOf(split: SplitHandle): Pick<Memcached, 'tls' | 'files'> {
  const [ca, cert, key] = TLS_KEYS.map((word) => queryText(split, word) ?? '')
  const files = { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) }
  if (TLS_SCHEMES.includes(split.scheme)) return { tls: 'verify-full', files }
  if (split.query.some((part) => TLS_KEYS.includes(part.key)))
    throw invalid('has words about TLS and a scheme without it', 'write memcacheds:// for TLS')
  return { tls: 'disable', files: {} }
}

function tuningOf({ query, unknown }: SplitHandle): Memcached['tuning'] {
  const known = query.filter(({ key }) => TUNING.includes(key)).map(({ key, text }) => [key, text] as const)
  const others = [...unknown.keys()].filter((key) => PLAIN_KEY.test(key)).map((key) => [key, UNSHOWN] as const)
  return new Map([...known, ...others])
}

const PLAIN_KEY = /^[A-Za-z0-9_.-]{1,64}$/

function remarksOf({ nodes, files }: Omit<Memcached, 'remarks'>, split: SplitHandle): readonly Finding[] {
  const remarks: Finding[] = []
  const warn = (id: string, detail: string, remedy: string) => remarks.push({ id, severity: 'warn', status: 'warn', detail, remedy })
  for (const key of new Set(split.unknownKeys))
    warn(
      'handle.unknown_key',
      `${PLAIN_KEY.test(key) ? `the query key ${key}` : 'a query key'} means nothing here; clients pass over it or refuse it`,
      'remove it, unless the app alone reads it',
    )
  for (const key of new Set(split.repeatedKeys))
    warn('handle.repeated_key', `${key} stands there twice; clients differ in which one counts`, 'keep one')
  if (Object.keys(files).length > 0)
    warn('handle.local_file', 'the handle names files: they are read on the machine that connects', 'make sure that the app sees them too')
  const places = nodes.map(({ address, host }) => `${canonicalHost(host)} ${'port' in address ? address.port : ''}`)
  const twice = nodes.find((_, at) => places.indexOf(places[at] ?? '') < at)
  if (twice !== undefined) remarks.push(found(REMARKED.repeated, `the list names ${twice.place} twice`, { remedy: 'keep one' }))
  return remarks
}
