import { isAttachError } from '../domain/errors.ts'
import type { Close, Release, Seq } from '../domain/operation.ts'
import { readJournal } from './journal-file.ts'
import { isGap, piecesBackwards } from './journal-tail.ts'
import type { StateDir } from './state-dir.ts'
import { isSystemError } from './trouble.ts'
import { dropValues, keptSeqs } from './value-files.ts'

/** Values are kept for this many releases; older ones cannot be undone any more. */
export const RELEASES_KEPT = 10

/** The releases that can be undone, as the journal has them. */
export interface KeptReleases {
  /** Their intents. */
  readonly intents: ReadonlySet<Seq>
  /** The oldest of them; null when there is none. */
  readonly oldest: Release | null
  /** The oldest entry looked at. Whether values before it are still wanted is not known when fewer than RELEASES_KEPT were found. */
  readonly from: Seq
}

/** Looks back over the last releases, and no further than what can be read. */
export function keptReleases(journal: string): KeptReleases {
  const read = (fd: number): KeptReleases => {
    const intents = new Set<Seq>()
    let close: { readonly intent: Seq; readonly release: Release } | null = null
    let oldest: Release | null = null
    let from: Seq = Number.MAX_SAFE_INTEGER
    for (const piece of piecesBackwards(fd)) {
      if (isGap(piece) || intents.size === RELEASES_KEPT) break
      const { entry } = piece
      from = entry.seq
      if (entry.type === 'close') close = entry.verdict === 'committed' ? entry : null
      if (entry.type !== 'intent' || close?.intent !== entry.seq) continue
      intents.add(entry.seq)
      oldest = close.release
    }
    return { intents, oldest, from }
  }
  return readJournal(journal, read) ?? { intents: new Set(), oldest: null, from: 0 }
}

/**
 * After a close: values that no undo and no rollback can ask for any more go. The operation is done, so what cannot be removed now is removed by
 * a later one; and where the journal cannot be read far enough, what it may still name stays.
 */
export function pruneValues({ values, journal }: StateDir, { intent, verdict, seq }: Close): void {
  try {
    if (verdict !== 'committed') {
      dropValues(values, intent)
      return
    }
    const kept = keptSeqs(values)
    if (kept.length <= RELEASES_KEPT) return
    const { intents, from } = keptReleases(journal)
    const least = intents.size < RELEASES_KEPT ? from : 0
    for (const one of kept) if (one >= least && one <= seq && !intents.has(one)) dropValues(values, one)
  } catch (error) {
    if (!isSystemError(error) && !isAttachError(error, 'UNAVAILABLE', 'DAMAGED')) throw error
  }
}
