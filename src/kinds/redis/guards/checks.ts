import { type Check, row } from '../../../domain/finding.ts'

/** What two of them are compared by. In the order in which findings are told. */
export const COMPARED = {
  role: row(
    'redis.role',
    'error',
    'free',
    'The new server is a replica where a primary is expected, or the reverse: every write would fail.',
  ),
  state: row('redis.state', 'error', 'free', 'The new server answers and refuses work: it loads, is full, cannot save, or lacks replicas.'),
  mode: row('redis.mode', 'error', 'free', 'One is a cluster and the other is not: clients must speak to each in its own way.'),
  database: row('redis.database', 'warn', 'free', 'The handle leads to another database number: other keys stand there.'),
  version: row('redis.version', 'warn', 'free', 'The new server is older: commands may be missing. Of an older major version: an error.'),
  modules: row('redis.modules', 'error', 'free', 'A module of the old server is missing: every command of it would fail.'),
  acl: row('redis.acl', 'error', 'free', 'The user may do less on the new server: what the app did would be refused.'),
  policy: row(
    'redis.policy',
    'error',
    'free',
    'The new server would throw keys away, refuse writes for want of memory, or has less memory than is used.',
  ),
  persistence: row('redis.persistence', 'warn', 'free', 'The new server keeps less on disk. An error where it holds more than a cache.'),
  keys: row('redis.keys', 'warn', 'index', 'Keys of the old server are missing. An error where all are, and it is more than a cache.'),
  queuesLeft: row('redis.queues_left', 'error', 'index', 'Jobs wait on the old server: nobody would ever do them.'),
  identity: row(
    'redis.identity',
    'info',
    'free',
    'How the two are related: a replica of the old one, one that was promoted, or a stranger.',
  ),
  notify: row('redis.notify', 'warn', 'free', 'Keyspace events of the old server are not sent: whoever waits for them waits for ever.'),
  functions: row('redis.functions', 'warn', 'free', 'Functions of the old server are missing: FCALL would fail.'),
} as const satisfies Record<string, Check>

/** What a probe finds of one alone. */
const REMARKED = {
  noUsers: row('redis.no_users', 'info', 'free', 'The server knows no users (older than Redis 6): only the password counts.'),
  linkDown: row('redis.link_down', 'warn', 'free', 'The server is a replica that has lost its primary: what it holds gets older.'),
  sentinel: row(
    'redis.sentinel',
    'warn',
    'free',
    'Not all sentinels of the handle answer and name the same master, or too few see each other: a failover may not come about.',
  ),
} as const satisfies Record<string, Check>

/** What is asked of a Redis that takes the place of another. */
export const REDIS = { ...COMPARED, ...REMARKED } as const satisfies Record<string, Check>
