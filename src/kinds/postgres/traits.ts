import type { SplitHandle } from '../../domain/handle-grammar.ts'
import { UNSHOWN } from '../../ports/kind.ts'

/** Where it leads, who logs in, and TLS: compared elsewhere, or secret. */
const ELSEWHERE = /^(host|hostaddr|port|user|password|dbname|service|passfile|uselibpqcompat|options|ssl.*)$/
/** What libraries of apps read and libpq does not know. None of them is a secret. */
const OF_APPS = [
  ...['pool', 'pool_size', 'pool_timeout', 'pool_max_conns', 'pool_min_conns', 'pool_mode', 'max_overflow', 'connection_limit'],
  ...['max_connections', 'min_connections', 'idle_timeout', 'max_lifetime', 'statement_timeout', 'query_timeout', 'lock_timeout'],
  ...['schema', 'search_path', 'currentSchema', 'pgbouncer', 'prepared_statements', 'prepareThreshold', 'statement_cache_size'],
  ...['prepared_statement_cache_size', 'statement_cache_capacity', 'default_query_exec_mode', 'encoding', 'charset', 'timezone'],
  ...['reconnect', 'socket_timeout', 'timeout', 'adapter', 'variables', 'advisory_locks', 'binary_parameters', 'binary'],
]

/** What tells a client how to behave. A setting in `options` counts as a parameter of its own. */
export function parametersOf({ query, unknown }: SplitHandle): ReadonlyMap<string, string> {
  const known = query.flatMap(({ key, text }): [string, string][] =>
    key === 'options' ? settingsIn(text) : ELSEWHERE.test(key) ? [] : [[key, text]],
  )
  const others = [...unknown]
    .filter(([key]) => /^[A-Za-z0-9_.-]{1,64}$/.test(key))
    .map(([key, text]): [string, string] => [key, OF_APPS.includes(key) ? decoded(text) : UNSHOWN])
  return new Map([...known, ...others])
}

/** `-c search_path=app`, `--search_path=app`: in libpq a blank ends a value, and a backslash keeps one in it. */
function settingsIn(options: string): [string, string][] {
  return [...options.matchAll(/(?:^|\s)(?:-c\s*|--)([A-Za-z0-9_.-]+)=((?:\\.|[^\\\s])*)/g)].map(([, name = '', value = '']) => [
    `options ${name}`,
    name.includes('.') ? UNSHOWN : value.replace(/\\(.)/g, '$1'), // With a dot it is a setting of the app's own, which may be a secret.
  ])
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Passwords of manuals, images and installers. */
const WELL_KNOWN = [
  'postgres',
  'postgresql',
  'password',
  'passwd',
  'admin',
  'root',

  'example',
  'docker',
  'test',
  'guest',
  '123456',
  '1234',
]

/** Which of them it is, is not said. */
export function defaultCredentialsOf(user: string | null, password: string): string | null {
  if (password === '' || (password !== user && !WELL_KNOWN.includes(password.toLowerCase()))) return null
  return `the password of ${user === null ? 'the user' : `user ${user}`} is one that anybody would try first`
}
