import { type Suspect, stands, waiting } from './suspect.ts'

/** Sets with the names of queues, where nobody changed the usual prefix. */
export const PYTHON_LISTS = ['rq:queues', '_kombu.binding.celery']

/** Names that they write. Those of Celery may begin with its `global_keyprefix`. */
export const PYTHON_TELLING = /_kombu\.binding\.|^rq:queue:|^dramatiq:[^:]+$|\.msgs$|:__heartbeats__$|^arq:queue(:|$)/

const KOMBU = /^(.*)_kombu\.binding\./

export const isPythonList = (key: string): boolean => key === 'rq:queues' || KOMBU.test(key)

/** What a set of names of queues tells. */
export function pythonMembers(list: string, members: readonly string[]): readonly Suspect[] {
  const [, prefix] = KOMBU.exec(list) ?? []
  return prefix === undefined ? members.flatMap(rqQueues) : [...members.flatMap((member) => kombuQueue(prefix, member)), unacked(prefix)]
}

export const pythonSuspects = (keys: readonly string[]): readonly Suspect[] => [
  ...celeryQueue('', 'celery'),
  unacked(''),
  ...keys.flatMap((key) => (/^rq:queue:[^:]+$/.test(key) ? rqQueues(key) : [])),
  ...dramatiqQueues(keys),
  ...['arq:queue', ...keys.filter((key) => /^arq:queue:/.test(key) && !key.endsWith(':health-check'))].map((key) =>
    waiting('ARQ', key, 'ZCARD'),
  ),
]

const SEPARATOR = '\u0006\u0016'
/** A queue of kombu has one list for each step of priority. */
const STEPS = ['', '3', '6', '9']

/** A member is `routing key, pattern, queue`, without the prefix of its keys. Those of its remote control live as long as a worker. */
function kombuQueue(prefix: string, member: string): readonly Suspect[] {
  const queue = member.split(SEPARATOR).at(-1) ?? ''
  return queue === '' || /\.pidbox$|^celeryev/.test(queue) ? [] : celeryQueue(prefix, queue)
}

const celeryQueue = (prefix: string, queue: string): readonly Suspect[] =>
  STEPS.map((step) => waiting('Celery', `${prefix}${step === '' ? queue : `${queue}${SEPARATOR}${step}`}`, 'LLEN'))

/** What Celery's workers have taken and not yet done. */
const unacked = (prefix: string): Suspect =>
  waiting('Celery', `${prefix}unacked`, 'HLEN', {
    marks: [stands(`${prefix}_kombu.binding.celery`), stands(`${prefix}unacked_index`)],
  })

/** `name`: `rq:queue:NAME`. Beside it stand registries of what was begun, and of what is to be done later. */
function rqQueues(name: string): readonly Suspect[] {
  const short = name.replace(/^rq:queue:/, '')
  return [
    waiting('RQ', `rq:queue:${short}`, 'LLEN'),
    ...['wip', 'scheduled', 'deferred'].map((kind) => waiting('RQ', `rq:${kind}:${short}`, 'ZCARD')),
  ]
}

/** The hash beside a list has all its messages until they are done; `.DQ` is what is to be done later, `.XQ` what failed for good. */
function dramatiqQueues(keys: readonly string[]): readonly Suspect[] {
  const hashes = ['dramatiq:default.msgs', 'dramatiq:default.DQ.msgs', ...keys.filter((key) => /^[^:]+:[^:]+\.msgs$/.test(key))]
  const bare = keys.filter((key) => /^dramatiq:[^:]+(?<!\.msgs|\.XQ|:__heartbeats__)$/.test(key) && !hashes.includes(`${key}.msgs`))
  return [
    ...hashes.map((key) =>
      waiting('Dramatiq', key, 'HLEN', {
        forWhom: key.endsWith('.XQ.msgs') ? 'person' : 'worker',
        marks: key.startsWith('dramatiq:') ? null : [stands(`${key.slice(0, key.indexOf(':'))}:__heartbeats__`)],
      }),
    ),
    ...bare.map((key) => waiting('Dramatiq', key, 'LLEN')),
  ]
}
