import type { Finding } from '../../domain/finding.ts'
import type { Handle, Identity, TlsMode } from '../../domain/handle.ts'
import { type HandleGrammar, invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText, refuseHidden, splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { Address } from '../../net/dial.ts'
import type { Traits } from '../../ports/kind.ts'
import { hostName } from '../host.ts'
import { providerOf } from '../provider.ts'
import { defaultCredentialsOf, parametersOf } from './traits.ts'

/** A parsed handle of PostgreSQL. Holds its password only as a Secret. */
export interface Postgres {
  readonly scheme: string
  readonly address: Address
  /** The name that TLS checks; the path of the socket for one. */
  readonly host: string
  /** `null`: libpq takes the name of the operating system's user. */
  readonly user: string | null
  readonly password: Secret | null
  /** `null`: the user's name. */
  readonly database: string | null
  readonly tls: TlsMode
  /** The word as it stands there; `null` when nothing is said. */
  readonly tlsWord: string | null
  /** node-postgres is told to read the words as libpq does. */
  readonly libpqCompat: boolean
  /** Files that the handle names. */
  readonly files: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** TLS at once, without asking for it first (PostgreSQL 17). */
  readonly direct: boolean
  readonly channelBinding: 'disable' | 'prefer' | 'require'
  /** Sent as the startup parameter `options`, as the app would. */
  readonly options: string | null
  /** What it says beside where it leads. */
  readonly traits: Traits
  readonly remarks: readonly Finding[]
}

// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
const MEANT = [
  ...['host', 'hostaddr', 'port', 'user', 'password', 'dbname', 'options', 'application_name'],
  ...['sslmode', 'ssl', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation', 'channel_binding', 'service'],
]
/** Harmless to the probe: they tune the client. */
const TUNING = [
  ...['connect_timeout', 'client_encoding', 'fallback_application_name', 'keepalives', 'keepalives_idle', 'keepalives_interval'],
  ...['keepalives_count', 'tcp_user_timeout', 'load_balance_hosts', 'sslcompression', 'sslsni', 'uselibpqcompat', 'gssencmode'],
]
/** They narrow what the client accepts, and the probe does not look. */
const UNCHECKED = [
  ...['requirepeer', 'require_auth', 'sslcrl', 'sslcrldir', 'sslpassword', 'sslcertmode', 'ssl_min_protocol_version', 'passfile'],
  ...['ssl_max_protocol_version', 'target_session_attrs', 'krbsrvname', 'gsslib', 'gssdelegation', 'replication'],
]

export const POSTGRES_SCHEMES = [
  ...['postgresql', 'postgres', 'pgsql', 'postgis', 'ecto'],
  ...['postgresql+psycopg2', 'postgresql+psycopg', 'postgresql+asyncpg', 'postgresql+pg8000', 'postgres+psycopg2', 'postgres+asyncpg'],
]

export const POSTGRES_GRAMMAR: HandleGrammar = {
  schemes: POSTGRES_SCHEMES,
  example: 'postgresql://USER:PASSWORD@HOST:5432/NAME',
  queryKeys: [...MEANT, ...TUNING, ...UNCHECKED],
  socketSchemes: [],
}

const TLS_WORDS: Readonly<Record<string, TlsMode>> = {
  disable: 'disable',
  allow: 'prefer',
  prefer: 'prefer',
  require: 'require',
  'verify-ca': 'verify-ca',
  'verify-full': 'verify-full',
}

/** Reads a handle as libpq does. Throws HANDLE_INVALID. */
export function parsePostgres(handle: Handle): Postgres {
  const split = splitHandle(handle.reveal(), POSTGRES_GRAMMAR)
  if (queryText(split, 'service') !== null) {
    throw invalid(
      'names a service of a file on this machine instead of a server',
      'write the host, user and name of that service into the handle',
    )
  }
  const { address, host } = whereOf(split)
  const user = queryText(split, 'user') ?? split.user?.text ?? null
  const password = queryText(split, 'password') ?? split.password?.text ?? ''
  const database = nonEmpty(queryText(split, 'dbname') ?? split.path?.text)
  for (const [text, name] of [
    [user, 'user'],
    [database, 'database'],
  ] as const)
    if (text !== null) refuseHidden({ text }, name)
  const tls = tlsOf(split, host)
  const resource = {
    scheme: split.scheme,
    address,
    host,
    user: nonEmpty(user),
    password: password === '' ? null : new Secret(password),
    database,
    ...tls,
    options: nonEmpty(queryText(split, 'options')),
    libpqCompat: queryText(split, 'uselibpqcompat') === 'true',
    channelBinding: wordOf(split, 'channel_binding', ['disable', 'prefer', 'require'] as const) ?? 'prefer',
    traits: { parameters: parametersOf(split), defaultCredentials: defaultCredentialsOf(nonEmpty(user), password) },
  }
  return { ...resource, remarks: remarksOf(resource, split) }
}

export function identifyPostgres({ scheme, address, host, user, database, tls }: Postgres): Identity {
  const name = database ?? user
  return {
    kind: 'postgres',
    scheme,
    host,
    ...('port' in address ? { port: address.port } : {}),
    ...(name === null ? {} : { name }),
    ...(user === null ? {} : { user }),
    tls,
    ...providerOf(host),
  }
}

const nonEmpty = (text: string | null | undefined): string | null => (text === undefined || text === null || text === '' ? null : text)

/** A host that begins with / is a folder with a socket in it; the port is part of the socket's name. */
function whereOf(split: SplitHandle): { readonly address: Address; readonly host: string } {
  const text = nonEmpty(queryText(split, 'host')) ?? nonEmpty(queryText(split, 'hostaddr')) ?? split.host?.text
  if (text === undefined) throw invalid('names no host', `write ${POSTGRES_GRAMMAR.example}, or ?host=/var/run/postgresql for a socket`)
  if (text.includes(',')) throw invalid('names several hosts; one host only', 'name the primary, or the address that always leads to it')
  refuseHidden({ text }, 'host')
  const port = portOf(split)
  if (text.startsWith('/')) {
    const path = `${text.replace(/\/+$/, '')}/.s.PGSQL.${port}`
    if (Buffer.byteLength(path) > 107) throw invalid('names a socket with a path longer than 107 bytes', 'use a shorter path')
    return { address: { path }, host: path }
  }
  const host = hostName({ text })
  const address = nonEmpty(queryText(split, 'hostaddr'))
  return { address: { host: address === null ? host : hostName({ text: address }), port }, host }
}

function portOf(split: SplitHandle): number {
  const text = nonEmpty(queryText(split, 'port'))
  if (text === null) return split.port?.number ?? 5432
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 65_535)
    throw invalid('has a port outside 1 to 65535', 'write a number from 1 to 65535')
  return Number(text)
}

function wordOf<const Word extends string>(split: SplitHandle, key: string, words: readonly Word[]): Word | null {
  const text = queryText(split, key)
  if (text === null) return null
  const word = words.find((each) => each === text)
  if (word === undefined) throw invalid(`has an unknown word for ${key}`, `the words are ${words.join(', ')}`)
  return word
}

function tlsOf(split: SplitHandle, host: string): Pick<Postgres, 'tls' | 'tlsWord' | 'files' | 'direct'> {
  const ssl = queryText(split, 'ssl')
  if (ssl !== null && ssl !== 'true')
    throw invalid('has an unknown word for ssl', 'libpq knows ssl=true alone; say sslmode=disable, require or verify-full')
  const word = queryText(split, 'sslmode') ?? (ssl === null ? null : 'require')
  const mode = word === null ? 'prefer' : TLS_WORDS[word]
  if (mode === undefined || (word !== null && !Object.hasOwn(TLS_WORDS, word))) {
    const also = word === 'no-verify' ? 'no-verify is a word of node-postgres; libpq says require. ' : ''
    throw invalid('has an unknown word for sslmode', `${also}The words are ${Object.keys(TLS_WORDS).join(', ')}`)
  }
  const [ca, cert, key] = ['sslrootcert', 'sslcert', 'sslkey'].map((each) => nonEmpty(queryText(split, each)))
  const files = { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) }
  const direct = wordOf(split, 'sslnegotiation', ['postgres', 'direct'] as const) === 'direct'
  if (direct && (mode === 'prefer' || mode === 'disable'))
    throw invalid('has sslnegotiation=direct without TLS being required', 'add sslmode=require or stronger')
  if (files.ca === 'system' && mode !== 'verify-full')
    throw invalid('has sslrootcert=system with a weaker sslmode than verify-full', 'say sslmode=verify-full; libpq refuses the rest')
  if (host.startsWith('/')) return { tls: 'disable', tlsWord: word, files, direct: false }
  // libpq: with a file of authorities at hand, require verifies the chain as verify-ca does.
  return { tls: mode === 'require' && files.ca !== undefined ? 'verify-ca' : mode, tlsWord: word, files, direct }
}

function remarksOf({ user, files, tls, tlsWord, host }: Omit<Postgres, 'remarks'>, split: SplitHandle): readonly Finding[] {
  const remarks: Finding[] = []
  const warn = (id: string, detail: string, remedy: string) => remarks.push({ id, severity: 'warn', status: 'warn', detail, remedy })
  if (user === null)
    warn(
      'handle.no_user',
      'the handle names no user: libpq takes the name of the operating system user, which differs between machines',
      'name the user',
    )
  for (const key of new Set(split.unknownKeys))
    warn(
      'handle.unknown_key',
      `${shownKey(key)} is unknown to libpq; its clients refuse the handle`,
      'remove it, unless the app alone reads it',
    )
  for (const key of new Set(split.repeatedKeys))
    warn('handle.repeated_key', `${key} stands there twice; libpq takes the last, other clients may not`, 'keep one')
  if (Object.values(files).some((file) => file !== 'system')) {
    warn('handle.local_file', 'the handle names files: they are read on the machine that connects', 'make sure that the app sees them too')
  }
  if (tlsWord !== null && host.startsWith('/'))
    warn('handle.tls_on_socket', 'TLS is asked for on a socket of this machine, where there is none', 'leave it out')
  if ((tls === 'verify-ca' || tls === 'verify-full') && files.ca === undefined) {
    const detail =
      'libpq trusts the file ~/.postgresql/root.crt alone here, and stops without it; node-postgres and others trust the public authorities'
    warn('tls.reader_differs', detail, 'add sslrootcert=system, or the file of the authority')
  }
  if (tlsWord === 'allow')
    warn('handle.tls_allow', 'sslmode=allow prefers plain text; it is probed as prefer', 'say prefer, require or verify-full')
  for (const key of UNCHECKED) {
    if (split.query.some((part) => part.key === key))
      remarks.push({
        id: 'handle.not_checked',
        severity: 'info',
        status: 'unknown',
        detail: `${key} is kept, but the probe does not look at it`,
      })
  }
  if (split.path?.text.includes('/')) warn('handle.odd_name', 'the name of the database has a / in it', 'write one name after the host')
  return remarks
}

const shownKey = (key: string): string => (/^[A-Za-z0-9_.-]{1,64}$/.test(key) ? `the query key ${key}` : 'a query key')
