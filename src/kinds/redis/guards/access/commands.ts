import type { Words } from '../../questions.ts'

const NOTHING = 'attach:nothing-stands-here'

/** A name that begins as that of a key, and that the same node of a cluster holds: what stands in braces decides. */
export function beside(near: string | null): string {
  if (near === null) return NOTHING
  const name = `${near}:${NOTHING}`
  return /[{}]/.test(near) ? name : `${name}:{${near}}`
}

/** What a server that is full or cannot save refuses first. They change nothing where no such key stands, even if they ran. */
export const writesTo = (key: string): readonly Words[] => [
  ['SET', key, '1', 'XX'],
  ['LPUSHX', key, '1'],
  ['ZADD', key, 'XX', '1', 'm'],
  ['XADD', key, 'NOMKSTREAM', '*', 'f', 'v'],
]

/** Commands that apps use, and that change nothing where no such key stands. */
export const harmlessTo = (key: string): readonly Words[] => [
  ...[
    ['GET', key],
    ['MGET', key],
    ['EXISTS', key],
    ['TYPE', key],
    ['TTL', key],
    ['EXPIRE', key, '60'],
    ['DEL', key],
    ['UNLINK', key],
    ['SCAN', '0', 'COUNT', '1'],
  ],
  ...[
    ['HGET', key, 'f'],
    ['HMGET', key, 'f'],
    ['HGETALL', key],
    ['HDEL', key, 'f'],
    ['LLEN', key],
    ['LRANGE', key, '0', '0'],
    ['LPOP', key],
    ['RPOP', key],
    ['RPOPLPUSH', key, key],
    ['BRPOP', key, '1'],
    ['LREM', key, '0', '1'],
    ['LTRIM', key, '0', '0'],
  ],
  ...[
    ['SISMEMBER', key, 'm'],
    ['SMEMBERS', key],
    ['SREM', key, 'm'],
    ['ZCARD', key],
    ['ZSCORE', key, 'm'],
    ['ZRANGE', key, '0', '0'],
    ['ZRANGEBYSCORE', key, '0', '0'],
    ['ZREM', key, 'm'],
  ],
  ...[
    ['XREAD', 'COUNT', '1', 'STREAMS', key, '0'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', '1', 'STREAMS', key, '>'],
    ['XACK', key, 'g', '1-1'],
    ['EVAL', 'return 0', '0'],
    ['EVALSHA', '0'.repeat(40), '0'],
  ],
  ...ADMINISTRATIVE,
]

/** The name of a channel says nothing of an app, and nobody listens there. */
const CHANNEL = 'attach:nobody-listens-here'

/** Commands that apps use, and that would change something if they ran. */
export const harmfulTo = (key: string): readonly Words[] => [
  ['MSET', key, '1'],
  ['SETEX', key, '1', '1'],
  ['SETNX', key, '1'],
  ['INCR', key],
  ['INCRBY', key, '1'],
  ['DECR', key],
  ['HSET', key, 'f', '1'],
  ['HINCRBY', key, 'f', '1'],
  ['LPUSH', key, '1'],
  ['RPUSH', key, '1'],
  ['SADD', key, 'm'],
  ['XGROUP', 'CREATE', key, 'g', '0'],
  ['SCRIPT', 'LOAD', 'return 0'],
  ['PUBLISH', CHANNEL, '1'],
  ['SUBSCRIBE', CHANNEL],
]

/** What people and their tools ask for more than apps do: `@dangerous` has them, and careful users lack them. */
const ADMINISTRATIVE: readonly Words[] = [
  ['KEYS', NOTHING],
  ['INFO', 'server'],
  ['CONFIG', 'GET', 'maxmemory'],
]

const CONTAINERS = ['SCRIPT', 'CONFIG', 'XGROUP']

/** As rules of an ACL name it: `script|load`. */
export const ruleOf = ([first = '', second = '']: Words): string =>
  (CONTAINERS.includes(first) ? `${first}|${second}` : first).toLowerCase()

/** Losing these alone stops no app, as far as one can tell. */
export const isAdministrative = (rule: string): boolean => ADMINISTRATIVE.some((words) => ruleOf(words) === rule)
