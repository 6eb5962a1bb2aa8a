import { type Suspect, stands, waiting } from './suspect.ts'

/** Names that they write. Laravel puts a prefix before each, as `laravel_database_`. */
export const BULL_AND_LARAVEL_TELLING =
  /:(wait|active|paused|delayed|prioritized|waiting-children)$|^\{?bull\}?:[^:]+:(meta|id)$|queues:[^:]+(:(delayed|reserved|notify))?$/

const BULL = /^(.+):(wait|active|paused|delayed|prioritized|waiting-children)$/

/** Those of another prefix have names of common words: they are BullMQ's beside what it writes of each queue. */
export const bullSuspects = (keys: readonly string[]): readonly Suspect[] =>
  keys.flatMap((key) => {
    const [, queue = '', state = ''] = BULL.exec(key) ?? []
    if (queue === '') return []
    const marks = queue.startsWith('bull:')
      ? null
      : [['HMGET', `${queue}:meta`, 'opts.maxLenEvents', 'version'], stands(`${queue}:stalled-check`)]
    return [waiting('BullMQ', key, ['wait', 'active', 'paused'].includes(state) ? 'LLEN' : 'ZCARD', { marks })]
  })

const LARAVEL = /^(.*queues:[^:]+?)(?::(?:delayed|reserved|notify))?$/

/** Where nobody changed the usual prefix, or there is none. */
const LARAVEL_QUEUES = ['queues:default', 'laravel_database_queues:default']

/** A list, and sorted sets of what is to be done later and of what was begun. `:notify` only wakes workers. */
export const laravelSuspects = (keys: readonly string[]): readonly Suspect[] => {
  const queues = keys.flatMap((key) => LARAVEL.exec(key)?.[1] ?? [])
  return [...LARAVEL_QUEUES, ...queues].flatMap((queue) => [
    waiting('Laravel', queue, 'LLEN'),
    ...['delayed', 'reserved'].map((state) => waiting('Laravel', `${queue}:${state}`, 'ZCARD')),
  ])
}
