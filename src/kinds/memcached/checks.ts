import { type Check, row } from '../../domain/finding.ts'

/** What two of them are compared by. In the order in which findings are told. */
export const COMPARED = {
  nodes: row(
    'mc.nodes',
    'warn',
    'free',
    'The list has another count or order of servers, or one of them is replaced: clients look for keys on servers that do not hold them.',
  ),
  sasl: row('mc.sasl', 'error', 'free', 'The old servers ask for a login and the new ones do not: whoever reaches them reads and writes.'),
  version: row('mc.version', 'warn', 'free', 'A new server is older: commands may be missing. Of an older major version: an error.'),
  limits: row('mc.limits', 'warn', 'free', 'The new servers have less memory, or take smaller items only: what is larger is refused.'),
  evictions: row(
    'mc.evictions',
    'warn',
    'free',
    'The new servers throw items away already, or refuse writes when they are full. An error where more than a cache would be thrown away.',
  ),
  cold: row(
    'mc.cold',
    'warn',
    'free',
    'The new servers hold nothing of what the old ones serve: every read falls through to what stands behind. An error where it is more than a cache.',
  ),
  identity: row('mc.identity', 'info', 'free', 'Whether the new servers are the very same processes as the old ones.'),
} as const satisfies Record<string, Check>

/** What a probe finds of one alone. */
export const REMARKED = {
  node: row(
    'mc.node',
    'error',
    'free',
    'A server of the list does not answer: the keys that fall to it are lost. All of them must answer.',
  ),
  stats: row('mc.stats', 'info', 'free', 'The server does not tell its statistics: what it holds and how it is set is not known.'),
  repeated: row(
    'mc.repeated',
    'warn',
    'free',
    'The list names one server twice: some clients give it twice the keys, others refuse the list.',
  ),
} as const satisfies Record<string, Check>

/** What is asked of a memcached that takes the place of another. */
export const MEMCACHED = { ...COMPARED, ...REMARKED } as const satisfies Record<string, Check>
