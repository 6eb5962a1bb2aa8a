import { AttachError } from '../domain/errors.ts'
import type { Check } from '../domain/finding.ts'
import type { Handle } from '../domain/handle.ts'
import { invalid } from '../domain/handle-grammar.ts'
import { refuseWrongShape } from '../domain/handle-shape.ts'
import type { VariableSet } from '../domain/variables.ts'
import type { Kind, Recognition } from '../ports/kind.ts'
import { COUCHDB } from './couchdb/guards/checks.ts'
import { COUCHDB_VARIABLES } from './couchdb/variables.ts'
import { POSTGRES } from './postgres/guards/checks.ts'
import { REDIS } from './redis/guards/checks.ts'
import { SQLITE } from './sqlite/guards/checks.ts'
import { SQLITE_VARIABLES } from './sqlite/variables.ts'

/** What is known of a kind before its file is loaded. */
export interface KindRow {
  readonly name: string
  /** Canonical first. Empty: it is never recognised, only asked for. */
  readonly schemes: readonly string[]
  /** Its handles lead to a file: the path stands behind `scheme:`, with or without `//`. */
  readonly files?: true
  /** Hosts that tell the kind whatever the scheme says. */
  readonly hosts?: readonly RegExp[]
  /** Ports that tell the kind of a handle with the scheme http or https. */
  readonly ports?: readonly number[]
  readonly usualKey: string
  /** The port of a handle that names none. */
  readonly port?: number
  /** Sets of variables that make a handle of it. */
  readonly variables?: readonly VariableSet[]
  /** What is asked of two of them, one in the place of the other. */
  readonly checks: readonly Check[]
  readonly load: () => Promise<Kind>
}

/** All kinds. A test fails when a row differs from what its file declares. */
export const KINDS: readonly KindRow[] = [
  {
    name: 'postgres',
    schemes: [
      ...['postgresql', 'postgres', 'pgsql', 'postgis', 'ecto'],
      ...['postgresql+psycopg2', 'postgresql+psycopg', 'postgresql+asyncpg', 'postgresql+pg8000', 'postgres+psycopg2', 'postgres+asyncpg'],
    ],
    usualKey: 'DATABASE_URL',
    port: 5432,
    checks: POSTGRES,
    load: async () => (await import('./postgres/postgres.ts')).default,
  },
  {
    name: 'redis',
    schemes: ['redis', 'rediss', 'valkey', 'valkeys', 'unix', 'redis+unix', 'redis-socket', 'redis+socket', 'valkey+unix'],
    usualKey: 'REDIS_URL',
    port: 6379,
    checks: Object.values(REDIS),
    load: async () => (await import('./redis/redis.ts')).default,
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
    ports: [5984, 6984],
    usualKey: 'COUCHDB_URL',
    port: 5984,
    variables: COUCHDB_VARIABLES,
    checks: Object.values(COUCHDB),
    load: async () => (await import('./couchdb/couchdb.ts')).default,
  },
  { name: 'opaque', schemes: [], usualKey: 'TOKEN', checks: [], load: async () => (await import('./opaque.ts')).default },
]

/**
 * Of what kind a value is: `--kind`, then what its host (of a web address: or its port) says, then its scheme; only a value that none of these recognises is what the key held
 * before. Pure. Throws USAGE for a kind that does not exist, HANDLE_INVALID for a value of none.
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

/** A service that is known by name only: its handles have a host where one is expected. */
export const isKnownService = (scheme: string): boolean => Object.hasOwn(SERVICES, scheme)

/** The kind, or the product, that a scheme is of. `jdbc:` and the driver behind a `+` are passed over. Null: nobody knows. */
export function seemsOf(text: string, rows: readonly KindRow[] = KINDS): string | null {
  const scheme = schemeOf(text.replace(/^jdbc:/i, ''))
  if (scheme === null) return null
  const row = rowOfScheme(scheme, rows) ?? rowOfScheme(scheme.replace(/\+.*$/, ''), rows)
  return row?.name ?? SERVICES[scheme] ?? null
}

/** Lower case. `null` when a text does not begin with `scheme://`, nor with the `scheme:` of a kind whose handles lead to files. */
export function schemeOf(text: string): string | null {
  const [, scheme = '', slashes = ''] = /^([A-Za-z][A-Za-z0-9+._-]*):(\/\/)?/.exec(text) ?? []
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
  const [, scheme = '', authority = ''] = /^([A-Za-z][A-Za-z0-9+._-]*):\/\/([^/?#]*)/.exec(text) ?? []
  const place = authority.slice(authority.lastIndexOf('@') + 1)
  const host = place.replace(/:\d*$/, '').toLowerCase()
  const port = /^https?$/i.test(scheme) ? Number(/:(\d+)$/.exec(place)?.[1]) : Number.NaN
  return rows.find((row) => row.hosts?.some((pattern) => pattern.test(host))) ?? rows.find((row) => row.ports?.includes(port))
}

function unrecognised(text: string, rows: readonly KindRow[]): AttachError {
  const scheme = schemeOf(text)
  const product = scheme === null ? undefined : SERVICES[scheme]
  if (product !== undefined) {
    return invalid(
      `leads to ${product}, which attach does not speak yet`,
      `the kinds are ${namesOf(rows)}; --kind opaque attaches it without a probe`,
    )
  }
  if (scheme !== null)
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

/** Schemes of services that are known by name only. */
const SERVICES: Readonly<Record<string, string>> = {
  mysql: 'MySQL',
  mysql2: 'MySQL',
  mariadb: 'MariaDB',
  amqp: 'RabbitMQ',
  amqps: 'RabbitMQ',
  mongodb: 'MongoDB',
  'mongodb+srv': 'MongoDB',
  memcached: 'Memcached',
  memcache: 'Memcached',
  beanstalkd: 'beanstalkd',
  beanstalk: 'beanstalkd',
  smtp: 'an SMTP server',
  smtps: 'an SMTP server',
  submission: 'an SMTP server',
  s3: 'an object store',
  nats: 'NATS',
  mqtt: 'an MQTT broker',
  mqtts: 'an MQTT broker',
  kafka: 'Kafka',
  'kafka+ssl': 'Kafka',
  elasticsearch: 'Elasticsearch',
  libsql: 'libSQL',
  http: 'a web service',
  https: 'a web service',
  sqlserver: 'SQL Server',
  mssql: 'SQL Server',
  oracle: 'Oracle',
  cassandra: 'Cassandra',
  clickhouse: 'ClickHouse',
  'redis-sentinel': 'Redis Sentinel',
  'redis+sentinel': 'Redis Sentinel',
  'redis+cluster': 'a list of Redis Cluster nodes',
}
