import { type Mark, type Suspect, stands, waiting } from './suspect.ts'

const BY = 'Sidekiq or Resque'

/** Sets with the names of queues, where nobody changed the usual prefix. */
export const RUBY_LISTS = ['queues', 'resque:queues']

/** Names that they write, in any namespace. */
export const RUBY_TELLING = /(^|:)(queues|schedule|retry|delayed_queue_schedule)$/

export const isRubyList = (key: string): boolean => /(^|:)queues$/.test(key)

/** What a set of names of queues tells. Sidekiq and Resque write it when the first job is put into a queue. */
export const rubyMembers = (list: string, members: readonly string[]): readonly Suspect[] => {
  const prefix = list.slice(0, -'queues'.length)
  return [...members.map((name) => waiting(BY, `${prefix}queue:${name}`, 'LLEN')), ...laterUnder(prefix)]
}

/** What is to be done later stands there also before the first job was put into a queue. */
export const rubySuspects = (keys: readonly string[]): readonly Suspect[] =>
  keys.flatMap((key) => {
    const [, prefix] = /^(.*:)?(?:schedule|retry|delayed_queue_schedule)$/.exec(key) ?? [null, null]
    return prefix === null ? [] : laterUnder(prefix ?? '')
  })

function laterUnder(prefix: string): readonly Suspect[] {
  // Common words: they are Sidekiq's beside what it writes when it runs, or where their order is that of times.
  const beside = ['queues', 'processes', 'stat:processed'].map((name) => stands(`${prefix}${name}`))
  const timed = (name: string) => waiting(BY, `${prefix}${name}`, 'ZCARD', { marks: [...beside, byTime(`${prefix}${name}`)] })
  return [
    timed('schedule'),
    timed('retry'),
    waiting(BY, `${prefix}dead`, 'ZCARD', { marks: beside, forWhom: 'person' }),
    waiting(BY, `${prefix}delayed_queue_schedule`, 'ZCARD'),
  ]
}

/** Seconds since 1970, of this century and the next. The members are the app's, and are not read. */
const byTime = (key: string): Mark => ['ZCOUNT', key, '1000000000', '7258118400']
