import type { Told } from '../../../../domain/survey.ts'
import type { Questions } from '../../questions.ts'
import { only, text } from './rows.ts'
import { bothOf, nextOf, oldOf, type Sides } from './sides.ts'
import type { ServerFacts } from './survey.ts'

// https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES

type Forks = Extract<ServerFacts['forks'], { readonly is: unknown }>['is']

/** More than any history of promotions needs. */
const HISTORY_BYTES = 900

/** A promotion notes where it left the timeline before, in a file that only superusers, and pg_read_server_files, may read. */
export async function askForks(questions: Questions, timeline: number): Promise<Told<Forks>> {
  if (timeline === 1) return { is: [] }
  const file = `pg_wal/${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`
  return questions.ask(
    `SELECT right(pg_read_file('${file}', 0, 65536, true), ${HISTORY_BYTES}) AS it`,
    only(({ it }) => forksIn(text(it))),
  )
}

/** A line each: the timeline, where it was left, and why. */
export function forksIn(history: string): Forks {
  return history.split('\n').flatMap((line) => {
    const [, timeline, high, low] = /^(\d{1,10})\s+([0-9A-F]{1,8})\/([0-9A-F]{1,8})\b/.exec(line) ?? []
    if (timeline === undefined || high === undefined || low === undefined) return []
    return [{ timeline: Number(timeline), at: `${(BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`)}` }]
  })
}

/** Where the new one and the old one parted, in bytes of WAL. */
export function forkOf(sides: Sides): Told<bigint> {
  const timelines = bothOf(sides, ({ timeline }) => timeline)
  if (!('is' in timelines)) return timelines
  const { old, next } = timelines.is
  if (old === next) return { unknown: 'both are on one timeline' }
  const histories = [
    { forks: nextOf(sides, ({ forks }) => forks), of: old },
    { forks: oldOf(sides, ({ forks }) => forks), of: next },
  ]
  for (const { forks, of } of histories) {
    const fork = 'is' in forks ? forks.is.find(({ timeline }) => timeline === of) : undefined
    if (fork !== undefined) return { is: BigInt(fork.at) }
  }
  const silent = histories.flatMap(({ forks }) => ('unknown' in forks ? [forks.unknown] : []))
  return { unknown: silent[0] ?? 'neither came from the timeline of the other' }
}
