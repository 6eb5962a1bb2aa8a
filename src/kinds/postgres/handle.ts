import type { Finding } from '../../domain/finding.ts'
import type { Handle, Identity, TlsMode } from '../../domain/handle.ts'
import { type HandleGrammar, invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText, refuseHidden, splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { Traits } from '../../ports/kind.ts'
import { providerOf } from '../provider.ts'
import { type Server, serversOf, WANTED, type Wanted } from './hosts.ts'
import { remarksOf } from './remarks.ts'
import { defaultCredentialsOf, parametersOf } from './traits.ts'

/** A parsed handle of PostgreSQL: its first server, or its only one. Holds its password only as a Secret. */
export interface Postgres extends Server {
  readonly scheme: string
  /** The further servers of a list, in the order in which they are tried. */
  readonly others: readonly Server[]
  readonly wanted: Wanted
  /** The client takes the hosts in any order (libpq 16). */
  readonly isShuffled: boolean
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
  ...['target_session_attrs', 'load_balance_hosts'],
]
/** Harmless to the probe: they tune the client. */
const TUNING = [
  ...['connect_timeout', 'client_encoding', 'fallback_application_name', 'keepalives', 'keepalives_idle', 'keepalives_interval'],
  ...['keepalives_count', 'tcp_user_timeout', 'sslcompression', 'sslsni', 'uselibpqcompat', 'gssencmode'],
]
/** They narrow what the client accepts, and the probe does not look. */
const UNCHECKED = [
  ...['requirepeer', 'require_auth', 'sslcrl', 'sslcrldir', 'sslpassword', 'sslcertmode', 'ssl_min_protocol_version', 'passfile'],
  ...['ssl_max_protocol_version', 'krbsrvname', 'gsslib', 'gssdelegation', 'replication'],
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
  hosts: 'several',
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
  const [first, ...others] = serversOf(split, POSTGRES_GRAMMAR.example)
  const user = queryText(split, 'user') ?? split.user?.text ?? null
  const password = queryText(split, 'password') ?? split.password?.text ?? ''
  const database = nonEmpty(queryText(split, 'dbname') ?? split.path?.text)
  for (const [text, name] of [
    [user, 'user'],
    [database, 'database'],
  ] as const)
    if (text !== null) refuseHidden({ text }, name)
  const tls = tlsOf(split, first.host)
  const resource = {
    scheme: split.scheme,
    ...first,
    others,
    wanted: wordOf(split, 'target_session_attrs', WANTED) ?? 'any',
    isShuffled: wordOf(split, 'load_balance_hosts', ['disable', 'random'] as const) === 'random',
    user: nonEmpty(user),
    password: password === '' ? null : new Secret(password),
    database,
    ...tls,
    options: nonEmpty(queryText(split, 'options')),
    libpqCompat: queryText(split, 'uselibpqcompat') === 'true',
    channelBinding: wordOf(split, 'channel_binding', ['disable', 'prefer', 'require'] as const) ?? 'prefer',
    traits: { parameters: parametersOf(split), defaultCredentials: defaultCredentialsOf(nonEmpty(user), password) },
  }
  return { ...resource, remarks: remarksOf(resource, split, UNCHECKED) }
}

export function identifyPostgres({ scheme, address, host, others, user, database, tls }: Postgres): Identity {
  const name = database ?? user
  return {
    kind: 'postgres',
    scheme,
    host,
    ...('port' in address ? { port: address.port } : {}),
    ...(others.length === 0 ? {} : { others: others.map(({ place }) => place) }),
    ...(name === null ? {} : { name }),
    ...(user === null ? {} : { user }),
    tls,
    ...providerOf(host),
  }
}

const nonEmpty = (text: string | null | undefined): string | null => (text === undefined || text === null || text === '' ? null : text)

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
