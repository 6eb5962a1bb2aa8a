import type { Draft, Outline, Target } from './env-draft.ts'
import { type Assignment, type Scan, scan, valueAt } from './env-scan.ts'
import { BOM, type ByteText } from './env-text.ts'

/** Before and after an edit, and what it was to do. */
export interface Proof {
  readonly before: ByteText
  readonly scanned: Scan
  /** What `before` holds, as our own reader sees it. */
  readonly entries: ReadonlyMap<string, string>
  readonly targets: readonly Target[]
  readonly outline: Outline
  readonly draft: Draft
  /** The value stood in the file before: only `dotenv` must read it back. */
  readonly restoring: boolean
}

/** Whether the new text outside its splices is the old text outside them, byte for byte. */
export function keepsTheRest({ before, draft: { text, splices } }: Proof): boolean {
  let old = 0
  let now = 0
  for (const { from, to, put } of splices) {
    if (before.slice(old, from) !== text.slice(now, now + from - old)) return false
    now += from - old + put.length
    old = to
  }
  return before.slice(old) === text.slice(now)
}

/**
 * What our own reader would see otherwise than asked, or `null`: every assignment must stand in the new text in the old order and at its
 * shifted place, those written must hold their value, those cut must be gone, the new ones come last.
 */
export function ownObjection({ before, scanned, targets, outline, draft: { text, splices } }: Proof): string | null {
  const wanted = new Map(targets.map(({ key, after }) => [key, after]))
  const written = new Set<Assignment | null>(outline.places.map(({ over }) => over))
  const now = scan(text).assignments
  let index = 0
  let splice = 0
  let shift = 0
  for (const old of scanned.assignments) {
    if (wanted.get(old.key) === null) continue
    const found = now[index]
    index += 1
    for (let next = splices[splice]; next !== undefined && next.from < old.from; next = splices[splice]) {
      shift += next.put.length - (next.to - next.from)
      splice += 1
    }
    if (found === undefined || found.key !== old.key || found.exported !== old.exported) return old.key
    if (written.has(old)) {
      if (valueAt(text, found) !== wanted.get(old.key)) return old.key
    } else if (found.from !== old.from + shift || found.quote !== old.quote || found.to - found.from !== old.to - old.from) return old.key
  }
  for (const { key, value, over } of outline.places) {
    if (over !== null) continue
    const found = now[index]
    index += 1
    if (found === undefined || found.key !== key || valueAt(text, found) !== value) return key
  }
  return now[index]?.key ?? (before.startsWith(BOM) === text.startsWith(BOM) ? null : 'the byte order mark')
}
