import { AttachError } from '../domain/errors.ts'
import type { Check } from '../domain/finding.ts'
import type { Handle } from '../domain/handle.ts'
import { invalid } from '../domain/handle-grammar.ts'
import { refuseWrongShape } from '../domain/handle-shape.ts'
import type { VariableSet } from '../domain/variables.ts'
import type { Kind, Recognition } from '../ports/kind.ts'
import { AMQP } from './amqp/guards/checks.ts'
import { AMQP_VARIABLES } from './amqp/variables.ts'
import { BEANSTALKD } from './beanstalkd/checks.ts'
import { BEANSTALKD_VARIABLES } from './beanstalkd/variables.ts'
import { COUCHDB } from './couchdb/guards/checks.ts'
import { COUCHDB_VARIABLES } from './couchdb/variables.ts'
import { MEMCACHED } from './memcached/checks.ts'
import { MEMCACHED_VARIABLES } from './memcached/variables.ts'
import { MYSQL } from './mysql/checks.ts'
import { MYSQL_VARIABLES } from './mysql/variables.ts'
import { POSTGRES } from './postgres/guards/checks.ts'
import { POSTGRES_VARIABLES } from './postgres/variables.ts'
import { REDIS } from './redis/guards/checks.ts'
import { REDIS_VARIABLES } from './redis/variables.ts'
import { S3_CHECKS } from './s3/guards/checks.ts'
import { S3_VARIABLES } from './s3/variables.ts'
import { SMTP } from './smtp/checks.ts'
import { SMTP_VARIABLES } from './smtp/variables.ts'
import { SQLITE } from './sqlite/guards/checks.ts'
import { SQLITE_VARIABLES } from './sqlite/variables.ts'
import { TCP_SERVICES } from './tcp/services.ts'
import { WEB_API } from './web-api/checks.ts'
import { schemesOf, WEB_APIS } from './web-api/rows.ts'

/** What is known of a kind before its file is loaded. */
export interface KindRow {
  readonly name: string
  /** Canonical first. Empty: it is never recognised, only asked for. */
  readonly schemes: readonly string[]
  /** Its handles may list several hosts: all of them, or those of these schemes. */
  readonly several?: true | readonly string[]
  /** Its handles lead to a file: the path stands behind `scheme:`, with or without `//`. */
  readonly files?: true
  /** Hosts that tell the kind whatever the scheme says. */
  readonly hosts?: readonly RegExp[]
  /** Ports that tell the kind of a handle with the scheme http or https. */
  readonly webPorts?: readonly number[]
  readonly usualKey: string
  /** The port of a handle that names none. */
  readonly port?: number
  /** What of a handle may be shown: of some the user, the path and the query may be secrets too. Default: scheme, user, host, port and path. */
  readonly shows?: 'host'
  /** The same of schemes whose usual port is another one. */
  readonly ports?: Readonly<Record<string, number>>
  /** Sets of variables that make a handle of it. */
  readonly variables?: readonly VariableSet[]
  /** What is asked of two of them, one in the place of the other. */
  readonly checks: readonly Check[]
  readonly load: () => Promise<Kind>
}

const SENTINEL_SCHEMES = ['redis-sentinel', 'redis+sentinel', 'rediss-sentinel', 'rediss+sentinel']
const HTTP_SCHEMES = ['https', 'http']
const TCP_SCHEMES = Object.keys(TCP_SERVICES)

/** All kinds. A test fails when a row differs from what its file declares. */
export const KINDS: readonly KindRow[] = [
  {
    name: 'postgres',
    schemes: [
      ...['postgresql', 'postgres', 'pgsql', 'postgis', 'ecto'],
      ...['postgresql+psycopg2', 'postgresql+psycopg', 'postgresql+asyncpg', 'postgresql+pg8000', 'postgres+psycopg2', 'postgres+asyncpg'],
    ],
    several: true,
    usualKey: 'DATABASE_URL',
    port: 5432,
    variables: POSTGRES_VARIABLES,
    checks: POSTGRES,
    load: async () => (await import('./postgres/postgres.ts')).default,
  },
  {
    name: 'redis',
    schemes: [
      ...['redis', 'rediss', 'valkey', 'valkeys', 'unix', 'redis+unix', 'redis-socket', 'redis+socket', 'valkey+unix'],
      ...SENTINEL_SCHEMES,
    ],
    several: SENTINEL_SCHEMES,
    usualKey: 'REDIS_URL',
    port: 6379,
    ports: Object.fromEntries(SENTINEL_SCHEMES.map((scheme) => [scheme, 26_379])),
    variables: REDIS_VARIABLES,
    checks: Object.values(REDIS),
    load: async () => (await import('./redis/redis.ts')).default,
  },
  {
    name: 'smtp',
    schemes: ['smtp', 'smtps', 'submission', 'submissions', 'smtp+starttls', 'smtp+tls', 'smtp+ssl'],
    usualKey: 'SMTP_URL',
    // Of smtp: it is 587 with a user, and 25 without.
    ports: { smtps: 465, submissions: 465, 'smtp+ssl': 465, submission: 587, 'smtp+tls': 587, 'smtp+starttls': 587 },
    variables: SMTP_VARIABLES,
    checks: Object.values(SMTP),
    load: async () => (await import('./smtp/smtp.ts')).default,
  },
  {
    name: 'mysql',
    schemes: [
      ...['mysql', 'mariadb', 'mysql2', 'jdbc:mysql', 'jdbc:mariadb', 'mysql+pymysql', 'mysql+mysqldb', 'mysql+mysqlconnector'],
      ...[
        'mysql+asyncmy',
        'mysql+aiomysql',
        'mariadb+pymysql',
        'mariadb+mysqldb',
        'mariadb+mariadbconnector',
        'mariadb+asyncmy',
        'mariadb+aiomysql',
      ],
    ],
    usualKey: 'DATABASE_URL',
    port: 3306,
    variables: MYSQL_VARIABLES,
    checks: MYSQL,
    load: async () => (await import('./mysql/mysql.ts')).default,
  },
  {
    name: 'amqp',
    schemes: ['amqp', 'amqps'],
    usualKey: 'AMQP_URL',
    port: 5672,
    ports: { amqps: 5671 },
    variables: AMQP_VARIABLES,
    checks: Object.values(AMQP),
    load: async () => (await import('./amqp/amqp.ts')).default,
  },
  {
    name: 'memcached',
    schemes: ['memcached', 'memcache', 'memcacheds', 'memcached+tls'],
    several: true,
    usualKey: 'MEMCACHED_URL',
    port: 11_211,
    variables: MEMCACHED_VARIABLES,
    checks: Object.values(MEMCACHED),
    load: async () => (await import('./memcached/memcached.ts')).default,
  },
  {
    name: 'beanstalkd',
    schemes: ['beanstalkd', 'beanstalk'],
    usualKey: 'BEANSTALKD_URL',
    port: 11_300,
    variables: BEANSTALKD_VARIABLES,
    checks: Object.values(BEANSTALKD),
    load: async () => (await import('./beanstalkd/beanstalkd.ts')).default,
  },
  ...WEB_APIS.map(
    ({ name, usualKey, variables }): KindRow => ({
      name,
      schemes: schemesOf(name),
      usualKey,
      port: 443,
      variables,
      shows: 'host',
      checks: Object.values(WEB_API),
      load: async () => (await import('./web-api/web-api.ts')).webApiNamed(name),
    }),
  ),
  {
    name: 's3',
    schemes: ['s3', 'minio', 's3+http', 's3+https'],
    usualKey: 'S3_URL',
    variables: S3_VARIABLES,
    checks: Object.values(S3_CHECKS),
    load: async () => (await import('./s3/s3.ts')).default,
  },
  {
    name: 'sqlite',
    schemes: ['sqlite', 'sqlite3', 'file', 'sqlite+pysqlite', 'sqlite+aiosqlite', 'spatialite'],
    files: true,
    usualKey: 'DATABASE_URL',
    variables: SQLITE_VARIABLES,
    checks: Object.values(SQLITE),
    load: async () => (await import('./sqlite/sqlite.ts')).default,
  },
  {
    name: 'couchdb',
    schemes: ['couchdb', 'couchdbs'],
    hosts: [/\.cloudant\.com$/, /\.cloudantnosqldb\.appdomain\.cloud$/],
    webPorts: [5984, 6984],
    usualKey: 'COUCHDB_URL',
    port: 5984,
    ports: { couchdbs: 6984 },
    variables: COUCHDB_VARIABLES,
    checks: Object.values(COUCHDB),
    load: async () => (await import('./couchdb/couchdb.ts')).default,
  },
  {
    name: 'http',
    schemes: HTTP_SCHEMES,
    usualKey: 'API_URL',
    shows: 'host',
    checks: [],
    load: async () => (await import('./http/http.ts')).default,
  },
  {
    name: 'tcp',
    schemes: TCP_SCHEMES,
    several: true,
    usualKey: 'SERVICE_URL',
    checks: [],
    load: async () => (await import('./tcp/tcp.ts')).default,
  },
  { name: 'opaque', schemes: [], usualKey: 'TOKEN', checks: [], load: async () => (await import('./opaque.ts')).default },
]

/**
 * Of what kind a value is: `--kind`, then what its host (of a web address: or its port) says, then its scheme; only a value that none of these
 * recognises is what the key held before. Pure. Throws USAGE for a kind that does not exist, HANDLE_INVALID for a value of none.
 */
export function recognise(
  handle: Handle,
  { asked, was }: Recognition = { asked: null, was: null },
  rows: readonly KindRow[] = KINDS,
): KindRow {
  if (asked !== null) return kindNamed(asked, rows)
  const text = handle.reveal()
  const found = evident(text, rows)
  if (found !== undefined) return found
  const before =
    was === null || was.reveal() === '' ? undefined : (evident(was.reveal(), rows) ?? rows.find(({ name }) => name === 'opaque'))
  if (before !== undefined && (before.name === 'opaque' || schemeOf(text) === null)) return before
  throw unrecognised(text, rows)
}

/** The row that has this scheme. Case does not matter. */
export const rowOfScheme = (scheme: string, rows: readonly KindRow[] = KINDS): KindRow | undefined =>
  rows.find(({ schemes }) => schemes.includes(scheme.toLowerCase()))

/** Throws USAGE when there is no such kind. */
export function kindNamed(name: string, rows: readonly KindRow[] = KINDS): KindRow {
  const row = rows.find((each) => each.name === name)
  if (row === undefined) throw new AttachError('USAGE', 'unknown kind', { hint: `the kinds are ${namesOf(rows)}` })
  return row
}

/** The kind, or the product, that a scheme is of. `jdbc:` and the driver behind a `+` are passed over. Null: nobody knows. */
export function seemsOf(text: string, rows: readonly KindRow[] = KINDS): string | null {
  const scheme = schemeOf(text.replace(/^jdbc:/i, ''))
  if (scheme === null) return null
  const row = rowOfScheme(scheme, rows) ?? rowOfScheme(scheme.replace(/\+.*$/, ''), rows)
  return TCP_SERVICES[scheme]?.product ?? row?.name ?? null
}

/**
 * Lower case; Java's `jdbc:` before it is a part of it. `null` when a text does not begin with `scheme://`, nor with the `scheme:` of a kind whose
 * handles lead to files.
 */
export function schemeOf(text: string): string | null {
  const [, scheme = '', slashes = ''] = /^((?:jdbc:(?=[^/]*:\/\/))?[A-Za-z][A-Za-z0-9+._-]*):(\/\/)?/i.exec(text) ?? []
  const name = scheme.toLowerCase()
  return slashes !== '' || rowOfScheme(name)?.files === true ? name : null
}

const namesOf = (rows: readonly KindRow[]): string => rows.map(({ name }) => name).join(', ')

/** What a text tells by itself. */
function evident(text: string, rows: readonly KindRow[]): KindRow | undefined {
  const scheme = schemeOf(text)
  return byPlace(text, rows) ?? (scheme === null ? undefined : rowOfScheme(scheme, rows))
}

function byPlace(text: string, rows: readonly KindRow[]): KindRow | undefined {
  const [, scheme = '', authority = ''] = /^((?:jdbc:)?[A-Za-z][A-Za-z0-9+._-]*):\/\/([^/?#]*)/i.exec(text) ?? []
  const place = authority.slice(authority.lastIndexOf('@') + 1)
  const host = place.replace(/:\d*$/, '').toLowerCase()
  const port = /^https?$/i.test(scheme) ? Number(/:(\d+)$/.exec(place)?.[1]) : Number.NaN
  return rows.find((row) => row.hosts?.some((pattern) => pattern.test(host))) ?? rows.find((row) => row.webPorts?.includes(port))
}

function unrecognised(text: string, rows: readonly KindRow[]): AttachError {
  const scheme = schemeOf(text)
  if (scheme !== null && !scheme.startsWith('jdbc:'))
    return invalid('has a scheme that attach does not know', `the kinds are ${namesOf(rows)}; --kind opaque takes any text`)
  try {
    refuseWrongShape(text, {
      schemes: rows.flatMap(({ schemes }) => schemes),
      example: 'SCHEME://USER:PASSWORD@HOST:PORT/NAME',
      queryKeys: [],
      socketSchemes: [],
    })
  } catch (error) {
    if (!(error instanceof AttachError)) throw error
    return new AttachError('HANDLE_INVALID', error.message, { hint: `${error.hint ?? ''}; --kind opaque takes any text` })
  }
  return invalid('is of no kind that attach knows', `the kinds are ${namesOf(rows)}; --kind opaque takes any text`)
}
