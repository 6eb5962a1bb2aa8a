import { fstatSync } from 'node:fs'
import { EMPTY_HEAD, type Entry, type Release, type Seq } from '../domain/operation.ts'
import { Damage } from '../ports/journal.ts'
import { readJournal } from './journal-file.ts'
import { LINE_BYTES_MIN } from './journal-line.ts'
import { isGap, piecesBackwards } from './journal-tail.ts'
import type { StateDir } from './state-dir.ts'
import { keptSeqs } from './value-files.ts'

/** An intent and its close. */
export const LINES_PER_RELEASE = 2

/** What a damaged journal still proves. */
export interface Found {
  /** The newest damaged place. */
  readonly damage: Damage
  /** False: the journal is gone, and only values stand there that it once named. */
  readonly exists: boolean
  /** The whole entries after the damage, oldest first. */
  readonly whole: readonly Entry[]
  /** The last whole entry before the damage; 0 when there is none. */
  readonly older: Seq
  /** The last whole close before the damage. */
  readonly closed: { readonly seq: Seq; readonly release: Release }
  /** How many entries may be lost after `older`, where nothing whole follows: never too few. */
  readonly lost: number
}

/** Entries that are gone without a trace in the journal, shown by the values that stand beside it. Looks at names only. */
export function expectNothingLost(state: StateDir, last: Seq): void {
  const newest = Math.max(0, ...keptSeqs(state.values))
  if (newest > last + 1) throw new Damage(last, null) // At last + 1 a command may have died before its intent.
}

/** Reads all of the journal. Null when nothing of it is damaged or missing. Throws DAMAGED for one that a newer program wrote. */
export function salvage(state: StateDir): Found | null {
  const newest = Math.max(0, ...keptSeqs(state.values))
  const read = readJournal(state.journal, walk)
  const { damage, whole, older, closed, bytes } = read ?? { damage: null, whole: [], older: 0, closed: EMPTY_HEAD, bytes: 0 }
  const exists = read !== null
  if (damage !== null) {
    const lost = Math.max(Math.floor(bytes / LINE_BYTES_MIN), newest > older ? newest + 1 - older : 0)
    return { damage, exists, whole, older, closed, lost }
  }
  const last = whole.at(-1)?.seq ?? 0
  if (newest <= last + 1) return null
  const close = whole.findLast((entry) => entry.type === 'close') ?? EMPTY_HEAD
  return { damage: new Damage(last, null), exists, whole: [], older: last, closed: close, lost: newest + 1 - last }
}

interface Walked extends Omit<Found, 'damage' | 'exists' | 'lost'> {
  readonly damage: Damage | null
  /** From the end of the entry `older` to the end of the file. */
  readonly bytes: number
}

function walk(fd: number): Walked {
  const { size } = fstatSync(fd)
  const whole: Entry[] = []
  let damage: Damage | null = null
  let older: { readonly seq: Seq; readonly end: number } | null = null
  let closed: Walked['closed'] = EMPTY_HEAD
  for (const piece of piecesBackwards(fd, size)) {
    if (isGap(piece)) damage ??= new Damage(piece.after, piece.before)
    else if (damage === null) whole.push(piece.entry)
    else {
      older ??= { seq: piece.entry.seq, end: piece.end }
      if (piece.entry.type !== 'close') continue
      closed = piece.entry
      break
    }
  }
  return { damage, whole: whole.reverse(), older: older?.seq ?? 0, closed, bytes: size - (older?.end ?? 0) }
}
