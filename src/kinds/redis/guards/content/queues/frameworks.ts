/** What keeps its jobs in Redis, and is recognised by the names of its keys. */
export const FRAMEWORKS = ['Sidekiq or Resque', 'BullMQ', 'Celery', 'RQ', 'stream'] as const
export type Framework = (typeof FRAMEWORKS)[number]

/** A key that may be a queue. */
export interface Suspect {
  readonly by: Framework
  readonly name: string
  /** The command that counts it. */
  readonly ask: 'LLEN' | 'ZCARD' | 'HLEN' | 'XINFO GROUPS'
  readonly forWhom: 'worker' | 'person'
  /** It is one only where one of these keys stands too. Null: its name is enough. */
  readonly marks: readonly string[] | null
}

/** Sets with the names of queues, where nobody changed the usual prefix. */
export const KNOWN_LISTS = ['queues', 'resque:queues', 'rq:queues', '_kombu.binding.celery']

/** The queues that a set tells. */
export function membersAsQueues(list: string, members: readonly string[]): readonly Suspect[] {
  if (list.startsWith('_kombu.binding.')) return members.flatMap(celeryQueues)
  const prefix = list.slice(0, -'queues'.length)
  if (prefix.endsWith('rq:')) return members.flatMap((name) => rqQueues(name))
  const worker = (name: string, ask: Suspect['ask'], marks: Suspect['marks'] = null) =>
    ({ by: 'Sidekiq or Resque', name: `${prefix}${name}`, ask, forWhom: 'worker', marks }) as const
  // Common words: they are Sidekiq's only beside what it writes when it runs.
  const marks = ['queues', 'processes', 'stat:processed'].map((name) => `${prefix}${name}`)
  return [
    ...members.map((name) => worker(`queue:${name}`, 'LLEN')),
    worker('schedule', 'ZCARD', marks),
    worker('retry', 'ZCARD', marks),
    { ...worker('dead', 'ZCARD', marks), forWhom: 'person' },
    worker('delayed_queue_schedule', 'ZCARD', marks),
  ]
}

const SEPARATOR = '\u0006\u0016'
/** A queue of kombu has one list for each step of priority. */
const STEPS = ['', '3', '6', '9']

/** A member is `routing key, pattern, queue`. Those of its remote control live as long as a worker. */
function celeryQueues(member: string): readonly Suspect[] {
  const queue = member.split(SEPARATOR).at(-1) ?? ''
  if (queue === '' || /\.pidbox$|^celeryev/.test(queue)) return []
  return celeryQueue(queue)
}

const celeryQueue = (queue: string): readonly Suspect[] =>
  STEPS.map((step) => ({
    by: 'Celery',
    name: step === '' ? queue : `${queue}${SEPARATOR}${step}`,
    ask: 'LLEN',
    forWhom: 'worker',
    marks: null,
  }))

/** `name`: `rq:queue:NAME`. Beside it stand registries of what was begun, and of what is to be done later. */
function rqQueues(name: string): readonly Suspect[] {
  const short = name.replace(/^rq:queue:/, '')
  const registry = (kind: string) => ({ by: 'RQ', name: `rq:${kind}:${short}`, ask: 'ZCARD', forWhom: 'worker', marks: null }) as const
  return [
    { by: 'RQ', name: `rq:queue:${short}`, ask: 'LLEN', forWhom: 'worker', marks: null },
    ...['wip', 'scheduled', 'deferred'].map(registry),
  ]
}

const BULL = /^(.+):(wait|active|paused|delayed|prioritized|waiting-children)$/

/** The queues among some names of keys. */
export function suspectsIn(keys: readonly string[]): readonly Suspect[] {
  const bull = keys.flatMap((key): readonly Suspect[] => {
    const [, queue = '', state = ''] = BULL.exec(key) ?? []
    if (queue === '') return []
    const ask = ['wait', 'active', 'paused'].includes(state) ? 'LLEN' : 'ZCARD'
    const marks = queue.startsWith('bull:') ? null : [`${queue}:meta`, `${queue}:id`]
    return [{ by: 'BullMQ', name: key, ask, forWhom: 'worker', marks }]
  })
  const rq = keys.flatMap((key) => (/^rq:queue:[^:]+$/.test(key) ? rqQueues(key) : []))
  return [...celeryQueue('celery'), UNACKED, ...bull, ...rq]
}

/** What some names of keys, and sets that are not empty, give away even where nothing waits. */
export const frameworksIn = (keys: readonly string[], lists: readonly string[]): readonly Framework[] => [
  ...(keys.some((key) => /^\{?bull\}?:[^:]+:(meta|id)$/.test(key)) ? (['BullMQ'] as const) : []),
  ...lists.map((list) => (list.startsWith('_kombu.') ? 'Celery' : /(^|:)rq:queues$/.test(list) ? 'RQ' : 'Sidekiq or Resque')),
]

/** What Celery's workers have taken and not yet done. */
const UNACKED: Suspect = {
  by: 'Celery',
  name: 'unacked',
  ask: 'HLEN',
  forWhom: 'worker',
  marks: ['_kombu.binding.celery', 'unacked_index'],
}
