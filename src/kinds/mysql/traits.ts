import type { SplitHandle } from '../../domain/handle-grammar.ts'
import { type Traits, UNSHOWN } from '../../ports/kind.ts'

/** They tune a client and mean nothing to the probe. None of them is a secret. */
export const TUNING = [
  ...['charset', 'collation', 'characterEncoding', 'connectionCollation', 'encoding', 'timezone', 'serverTimezone', 'connectionTimeZone'],
  ...[
    'connect_timeout',
    'connectTimeout',
    'connection_timeout',
    'read_timeout',
    'write_timeout',
    'socketTimeout',
    'socket_timeout',
    'timeout',
  ],
  ...[
    'connection_limit',
    'connectionLimit',
    'pool',
    'pool_size',
    'pool_timeout',
    'pool_recycle',
    'max_overflow',
    'maxPoolSize',
    'minPoolSize',
  ],
  ...['reconnect', 'autoReconnect', 'autocommit', 'compress', 'compression', 'useCompression', 'parseTime', 'loc', 'multiStatements'],
  ...[
    'allowMultiQueries',
    'rewriteBatchedStatements',
    'useServerPrepStmts',
    'cachePrepStmts',
    'prepared_statements',
    'zeroDateTimeBehavior',
  ],
  ...[
    'useUnicode',
    'sql_mode',
    'sessionVariables',
    'init_command',
    'variables',
    'transactionIsolation',
    'tinyInt1isBit',
    'statement_cache_size',
  ],
  ...['allowPublicKeyRetrieval', 'local_infile', 'allowLoadLocalInfile', 'serverVersion', 'adapter', 'dateStrings', 'supportBigNumbers'],
  ...['idle_timeout', 'max_connections', 'max_idle_connections', 'application_name', 'strict', 'pool_max_conns', 'waitForConnections'],
]

/** What a handle says beside where it leads. */
export function traitsOf({ query, unknown }: SplitHandle, user: string | null, password: string | null): Traits {
  const known = query.flatMap(({ key, text }): [string, string][] => (TUNING.includes(key) ? [[key, text]] : []))
  const others = [...unknown.keys()].filter((key) => /^[A-Za-z0-9_.-]{1,64}$/.test(key)).map((key): [string, string] => [key, UNSHOWN])
  return { parameters: new Map([...known, ...others]), defaultCredentials: defaultCredentialsOf(user, password) }
}

/** Passwords of manuals, images and installers. */
const WELL_KNOWN = [
  'mysql',
  'mariadb',
  'root',
  'toor',
  'password',
  'passwd',
  'admin',
  'secret',
  'example',
  'docker',
  'test',
  'guest',
  '123456',
  '1234',
]

function defaultCredentialsOf(user: string | null, password: string | null): string | null {
  if (password === null) return user === 'root' ? 'root without a password, as an installation begins' : null
  if (password !== user && !WELL_KNOWN.includes(password.toLowerCase())) return null
  return `the password of ${user === null ? 'the user' : `user ${user}`} is one that anybody would try first`
}
