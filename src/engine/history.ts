import { type Change, invert, type Key, same, type Value } from '../domain/change.ts'
import { AttachError, isAttachError } from '../domain/errors.ts'
import type { Close, Entry, Head, Intent, Release, Seq } from '../domain/operation.ts'
import { Damage, type Journal } from '../ports/journal.ts'
import type { Snapshot } from '../ports/store.ts'

/** A closed operation, as the journal has it. */
export interface Closed {
  readonly intent: Intent
  readonly close: Close
}

/** A release with its values. */
export interface Released extends Closed {
  readonly release: Release
  readonly changes: readonly Change[]
}

const PAGE = 64

/** Where the newest entry is, whatever the head says. */
export const NEWEST: Seq = Number.MAX_SAFE_INTEGER

/**
 * Closed operations before `from`, newest first, in pages: as much work as the caller takes. A damaged place throws Damage, or is told to
 * `passing` and passed.
 */
export async function* closedOperations(
  journal: Journal,
  from: Seq,
  signal: AbortSignal,
  passing?: (damage: Damage) => void,
): AsyncIterable<Closed> {
  let close: Close | null = null
  let seq = from
  for (;;) {
    const entries = await pageBefore(seq)
    for (const entry of entries) {
      if (entry.type === 'close') close = entry
      if (entry.type !== 'intent' || close?.intent !== entry.seq) continue
      yield { intent: entry, close }
      close = null
    }
    const last = entries.at(-1)
    if (last === undefined) return
    seq = last.seq
  }

  async function pageBefore(start: Seq): Promise<readonly Entry[]> {
    try {
      return await journal.before(start, PAGE, signal)
    } catch (error) {
      if (!(error instanceof Damage) || passing === undefined || error.resume >= start) throw error
      passing(error)
      close = null
      return await pageBefore(error.resume)
    }
  }
}

/** The releases after `downTo`, newest first, with their values. Throws REFUSED when some are no longer kept. */
export async function releasesAfter(downTo: Release, journal: Journal, head: Head, signal: AbortSignal): Promise<readonly Released[]> {
  const found: Released[] = []
  if (head.release <= downTo) return found
  const oldest = await journal.oldestKept(signal)
  if (downTo + 1 < oldest) throw noLongerKept(downTo + 1, oldest)
  for await (const { intent, close } of closedOperations(journal, head.seq + 1, signal)) {
    if (close.verdict !== 'committed') continue
    if (close.release <= downTo) break
    found.push({ release: close.release, intent, close, changes: await journal.recall(intent, signal) })
  }
  return found
}

export interface Looking {
  /** Releases after this one are passed over. Default: none. */
  readonly upTo?: Release
  /** Told of a damaged place, which is then passed. Absent: Damage is thrown. */
  readonly passing?: (damage: Damage) => void
}

/** What the last release that touched each of `keys` wrote. A key is missing where that is no longer kept, or never was. */
export async function lastWritten(
  keys: ReadonlySet<Key>,
  journal: Journal,
  head: Head,
  signal: AbortSignal,
  { upTo = head.release, passing }: Looking = {},
): Promise<ReadonlyMap<Key, Value>> {
  const written = new Map<Key, Value>()
  const wanted = new Set(keys)
  const oldest = head.release === 0 ? 1 : await journal.oldestKept(signal)
  for await (const { intent, close } of closedOperations(journal, head.seq + 1, signal, passing)) {
    if (wanted.size === 0 || close.release < oldest) break
    if (close.verdict !== 'committed' || close.release > upTo || !intent.shown.some(({ key }) => wanted.has(key))) continue
    for (const { key, after } of await recallIfKept(intent, journal, signal)) if (wanted.has(key)) written.set(key, after)
    for (const { key } of intent.shown) wanted.delete(key) // What is gone is not answered from an older release.
  }
  return written
}

/** Keys that hold something else than what the last release wrote: edited outside since. */
export function editedOutside(written: ReadonlyMap<Key, Value>, { entries }: Snapshot): readonly Key[] {
  return [...written].filter(([key, value]) => !same(value, entries.get(key) ?? null)).map(([key]) => key)
}

/**
 * Back to a release: every key that later releases changed gets what that release, or one before it, wrote there (`written`); one that none of
 * them touched, or whose value is no longer kept, gets what it held before the later ones. `later` is newest first.
 */
export function changesBackTo(later: readonly Released[], written: ReadonlyMap<Key, Value>, { entries }: Snapshot): readonly Change[] {
  const then = new Map<Key, Value>()
  for (const { changes } of later) for (const { key, before } of changes) then.set(key, before) // The oldest has the last word.
  return [...then.keys()]
    .map((key) => ({ key, before: entries.get(key) ?? null, after: (written.has(key) ? written.get(key) : then.get(key)) ?? null }))
    .filter(moves)
}

/** The inverse of one release, on what stands now. */
export function changesUndoing({ changes }: Released, { entries }: Snapshot): readonly Change[] {
  return changes
    .map(invert)
    .map(({ key, after }) => ({ key, before: entries.get(key) ?? null, after }))
    .filter(moves)
}

/** What each key held right after the newest of `releases` that touched it. */
export function afterLast(releases: readonly Released[]): ReadonlyMap<Key, Value> {
  const last = new Map<Key, Value>()
  for (const { changes } of [...releases].reverse()) for (const { key, after } of changes) last.set(key, after)
  return last
}

const moves = ({ before, after }: Change): boolean => !same(before, after)

export const noLongerKept = (release: Release, oldest: Release): AttachError =>
  new AttachError('REFUSED', `the values of v${release} are no longer kept; the oldest kept is v${oldest}; nothing was changed`, {
    hint: 'attach log',
  })

/** The changes of an intent, or none where its values are gone. */
export async function recallIfKept(intent: Intent, journal: Journal, signal: AbortSignal): Promise<readonly Change[]> {
  try {
    return await journal.recall(intent, signal)
  } catch (error) {
    if (isAttachError(error, 'REFUSED', 'DAMAGED')) return []
    throw error
  }
}
