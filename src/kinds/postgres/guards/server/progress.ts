import { type Finding, found, passed, unknown } from '../../../../domain/finding.ts'
import type { Position, Told } from '../../../../domain/survey.ts'
import { bounded } from '../../../../net/bounded.ts'
import type { SurveyContext } from '../../../../ports/kind.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import type { Questions } from '../../questions.ts'
import { SERVER } from './checks.ts'
import { askForks, forkOf } from './forks.ts'
import { relationOf } from './identity.ts'
import { digits, flag, only } from './rows.ts'
import { bothOf, judged, type Sides, together } from './sides.ts'
import type { ServerFacts } from './survey.ts'
import { counted } from './words.ts'

/** Left for the question itself, when the other side is slow. */
const KEPT_MS = 1_000
const PAGE_BYTES = 8_192n
const PAGE_HEADS: readonly bigint[] = [24n, 40n]

export const progressShape = (z: Zod) => ({
  /** How far its WAL goes, in bytes, and the next transaction id. On a standby: what it has replayed. */
  progress: toldSchema(z, z.strictObject({ at: z.string(), transaction: z.string(), paused: z.boolean() })),
  /** Where it left the timelines that it was on before, in bytes of WAL. */
  forks: toldSchema(z, z.array(z.strictObject({ timeline: z.int(), at: z.string() }))),
})

/**
 * Asked when the other side has told: what was written there meanwhile would look like something that is missing here.
 */
export async function askProgress(questions: Questions, { against, signal }: SurveyContext, timeline: Told<number>) {
  // A session that waits inside a transaction holds a connection of a pooler, and a server may end it.
  await questions.end()
  const ms = questions.left - KEPT_MS
  await bounded<void>({ at: 'talk', ms, signal }, (done) => {
    void against.then(() => done())
    return () => {}
  }).catch(() => {})
  return {
    // Not pg_current_wal_lsn(): what was committed without waiting for the disk counts too.
    progress: await questions.ask(
      `SELECT pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END, '0/0')::text AS at,
        txid_snapshot_xmax(txid_current_snapshot())::text AS transaction,
        CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END AS paused`,
      only(({ at, transaction, paused }) => ({ at: digits(at), transaction: digits(transaction), paused: flag(paused) })),
    ),
    forks: 'is' in timeline ? await askForks(questions, timeline.is) : timeline,
  }
}

export function positionOf({ cluster, progress }: Pick<ServerFacts, 'cluster' | 'progress'>): Told<Position> {
  const told = together({ cluster, progress })
  return 'is' in told ? { is: { line: told.is.cluster, at: told.is.progress.at, unit: 'bytes of WAL' } } : told
}

export function missingTransactions(sides: Sides): Finding {
  const check = SERVER.missingTransactions
  const { next, comparison } = sides
  const isPaused = 'is' in next.progress && next.progress.is.paused
  if (isPaused && comparison.expect === 'replica')
    return found(check, `replay is paused there: it gets older${behind(sides)}`, {
      severity: 'error',
      remedy: 'SELECT pg_wal_replay_resume()',
    })
  return judged(check, relationOf(sides), (relation) => {
    switch (relation) {
      case 'same server':
        return passed(check, 'the same server')
      case 'other cluster':
        return passed(check, 'no physical copy: WAL tells nothing of what it lacks')
      case 'copy':
        return judged(check, apart(sides), (gap) => ofCopy(gap, sides))
    }
  })
}

interface Apart {
  readonly bytes: bigint
  readonly transactions: bigint
  readonly follows: boolean
  /** The old one is a standby on the timeline of the new one. */
  readonly oldFollows: boolean
  /** What the old one has written since they parted. */
  readonly since: Told<bigint>
}

/** How much further the old one is. */
function apart(sides: Sides): Told<Apart> {
  const both = bothOf(sides, ({ progress, inRecovery }) => together({ progress, inRecovery }))
  if (!('is' in both)) return both
  const { old, next } = both.is
  const timelines = bothOf(sides, ({ timeline }) => timeline)
  const fork = forkOf(sides)
  return {
    is: {
      bytes: between(BigInt(old.progress.at), BigInt(next.progress.at)),
      transactions: BigInt(old.progress.transaction) - BigInt(next.progress.transaction),
      follows: next.inRecovery,
      oldFollows: old.inRecovery && 'is' in timelines && timelines.is.old === timelines.is.next,
      since: 'is' in fork ? { is: between(BigInt(old.progress.at), fork.is) } : fork,
    },
  }
}

/** A primary that stands at the end of a page is already past the head of the next one, which nobody has written yet. */
function between(old: bigint, next: bigint): bigint {
  const bytes = old - next
  return PAGE_HEADS.includes(bytes) && old % PAGE_BYTES === bytes ? 0n : bytes
}

const figures = ({ transactions, bytes }: Pick<Apart, 'transactions' | 'bytes'>): string =>
  [...(transactions > 0n ? [counted(transactions, 'transaction')] : []), ...(bytes > 0n ? [`${counted(bytes, 'byte')} of WAL`] : [])].join(
    ' and ',
  )

function behind(sides: Sides): string {
  const gap = apart(sides)
  const text = 'is' in gap ? figures(gap.is) : ''
  return text === '' ? '' : `, by ${text} so far`
}

function ofCopy(gap: Apart, { next: { progress } }: Sides): Finding {
  const check = SERVER.missingTransactions
  const { bytes, transactions, follows, oldFollows, since } = gap
  if (follows && bytes <= 0n) return passed(check, 'it has replayed all that the old one had written')
  if (follows)
    return found(check, `it lacks ${figures(gap)} of the old one`, {
      remedy:
        'is' in progress && progress.is.paused
          ? 'SELECT pg_wal_replay_resume() there'
          : 'stop the writes to the old one and wait until it has caught up',
    })
  const remedy = 'find out what was written since (compare the newest rows), or take a newer copy'
  if ('is' in since && since.is > 0n)
    return found(check, `it lacks ${figures({ transactions, bytes: since.is })} of the old one, written since they parted`, { remedy })
  if ('is' in since) return passed(check, 'it parted from the old one where that one stands')
  // It goes its own way: its own writes count too, so that figures can only be too low.
  if (transactions > 0n || bytes > 0n) return found(check, `it lacks ${figures(gap)} of the old one at least`, { remedy })
  if (oldFollows) return passed(check, 'it is as far as the old one, which is a standby of the same timeline, or further')
  const own =
    transactions === 0n
      ? 'both have come to the same transaction'
      : `it has written ${counted(-transactions, 'transaction')} more than the old one`
  return unknown(check, `${own}: what it lacks of the old one cannot be seen, for where they parted is not told (${since.unknown})`)
}
