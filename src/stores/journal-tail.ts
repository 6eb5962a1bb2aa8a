import { fstatSync, readSync } from 'node:fs'
import type { Entry, Seq, ValuesId } from '../domain/operation.ts'
import { Damage } from '../ports/journal.ts'
import { decodeEntry, decodeLine, NewerLine, newer } from './journal-line.ts'

/** Enough for the last few entries: most reads need no more. */
const FIRST_CHUNK = 8 * 1024
const CHUNK = 64 * 1024

/** A whole entry where it stands in the file, in bytes. `end` is behind its line feed. */
export interface PlacedEntry {
  readonly entry: Entry
  readonly sum: string
  /** The sum of the entry before. */
  readonly previous: string
  readonly start: number
  readonly end: number
}

/** A damaged place: what stood between these two entries is not whole. */
export interface Gap {
  readonly after: Seq
  /** Null: the damage goes up to the end. */
  readonly before: Seq | null
}

export const isGap = (piece: PlacedEntry | Gap): piece is Gap => 'after' in piece

/** The file became shorter while it was read: a writer took a torn tail away. Reading again helps. */
export class Shrunk extends Error {}

/**
 * What stands before `end`, last first: whole entries, each checked against its own sum and against its neighbour, and the gaps between
 * them. Reads no more than is asked for. A torn tail, which has no line feed, is no gap. `follower` is the entry that stands at `end`.
 * Throws Shrunk, and DAMAGED for a line of a newer program.
 */
export function* piecesBackwards(fd: number, end = fstatSync(fd).size, follower: PlacedEntry | null = null): Iterable<PlacedEntry | Gap> {
  let last = follower
  let broken = false
  for (const line of linesBackwards(fd, end)) {
    const placed = placedIn(line)
    if (placed === null || (last !== null && !follows(last, placed) && !precedes(last, placed))) {
      broken = true
      continue
    }
    if (last !== null && !follows(last, placed)) broken = true
    if (broken) yield { after: placed.entry.seq, before: last?.entry.seq ?? null }
    broken = false
    last = placed
    yield placed
  }
  if (broken || (last !== null && !begins(last))) yield { after: 0, before: last?.entry.seq ?? null }
}

/** At most `limit` entries before `seq`, up to a gap. Throws Damage when the very entry before `seq` stands in one. */
export function pageIn(pieces: Iterable<PlacedEntry | Gap>, seq: Seq, limit: number): readonly PlacedEntry[] {
  const found: PlacedEntry[] = []
  for (const piece of pieces) {
    if (found.length === limit) break
    if (!isGap(piece)) {
      if (piece.entry.seq < seq) found.push(piece)
      continue
    }
    if (piece.after + 1 >= seq) continue // All of it stands at `seq` or later.
    if (found.length === 0) throw new Damage(piece.after, piece.before)
    break
  }
  return found
}

/** Whether the operation with these values was closed, as far as can still be read: damaged places are passed over. */
export function isClosedIn(pieces: Iterable<PlacedEntry | Gap>, values: ValuesId): boolean {
  let closed: Seq | null = null
  for (const piece of pieces) {
    if (isGap(piece)) continue
    const { entry } = piece
    if (entry.type === 'close') closed = entry.intent
    if (entry.type === 'intent' && entry.values === values) return closed === entry.seq
  }
  return false
}

/** Whether `entry` may stand right after `before`: the chain of sums, and the grammar of the journal. */
function follows({ entry, previous }: PlacedEntry, before: PlacedEntry): boolean {
  if (previous !== before.sum || entry.seq !== before.entry.seq + 1) return false
  const older = before.entry
  if (entry.type === 'intent') return older.type === 'close'
  return older.type === 'intent' ? older.seq === entry.intent : older.type === 'claim' && older.intent === entry.intent
}

/** Whether `before` may stand somewhere before `entry`, with entries lost between them. One with its neighbour's number and another sum may not. */
const precedes = ({ entry }: PlacedEntry, before: PlacedEntry): boolean => before.entry.seq < entry.seq - 1

/** A journal begins with its first intent, or goes on from one that was set aside with a close, which has the numbers. */
const begins = ({ entry, previous }: PlacedEntry): boolean =>
  previous === '' && (entry.type === 'close' || (entry.type === 'intent' && entry.seq === 1))

interface RawLine {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** Longer than any line of ours. */
const LINE_MAX = 1024 * 1024

/** The lines before `end`, last first. What follows the last line feed is a torn tail and is left out. */
function* linesBackwards(fd: number, end: number): Iterable<RawLine> {
  let rest: Buffer = Buffer.alloc(0)
  let from = end
  let inTail = true
  while (from > 0) {
    const length = Math.min(from === end ? FIRST_CHUNK : CHUNK, from)
    from -= length
    let text = Buffer.concat([readAt(fd, from, length), rest])
    for (let feed = text.lastIndexOf(10); feed >= 0; feed = text.lastIndexOf(10)) {
      const bytes = text.subarray(feed + 1)
      const start = from + feed + 1
      if (!inTail) yield { bytes, start, end: start + bytes.length + 1 }
      inTail = false
      text = text.subarray(0, feed)
    }
    rest = text.length > LINE_MAX ? text.subarray(text.length - LINE_MAX) : text // No line of ours: its end is enough to know that.
  }
  if (!inTail) yield { bytes: rest, start: 0, end: rest.length + 1 }
}

function readAt(fd: number, from: number, length: number): Buffer {
  const chunk = Buffer.allocUnsafe(length)
  for (let got = 0; got < length; ) {
    const count = readSync(fd, chunk, got, length - got, from + got)
    if (count === 0) throw new Shrunk()
    got += count
  }
  return chunk
}

function placedIn({ bytes, start, end }: RawLine): PlacedEntry | null {
  try {
    const line = decodeLine(bytes, decodeEntry)
    return line === null ? null : { entry: line.content, sum: line.sum, previous: line.previous, start, end }
  } catch (error) {
    if (error instanceof NewerLine) throw newer()
    throw error
  }
}
