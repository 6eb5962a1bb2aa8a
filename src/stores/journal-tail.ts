import { readSync } from 'node:fs'
import type { Entry } from '../domain/operation.ts'
import { damaged, decodeEntry, decodeLine, NewerLine, newer } from './journal-line.ts'

const CHUNK = 64 * 1024

/** One line of the journal where it stands in the file. `end` is behind its line feed. */
interface RawLine {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** A whole entry where it stands. */
export interface PlacedEntry {
  readonly entry: Entry
  readonly sum: string
  readonly start: number
  readonly end: number
}

/** A line that is not whole. */
export interface Damage {
  readonly start: number
  readonly end: number
}

/** The whole lines before `end`, last first. What follows the last line feed is a torn tail and is left out. */
function* linesBackwards(fd: number, end: number): Iterable<RawLine> {
  let rest = Buffer.alloc(0)
  let from = end
  let inTail = true
  while (from > 0) {
    const length = Math.min(CHUNK, from)
    from -= length
    const chunk = Buffer.alloc(length)
    for (let got = 0; got < length; ) {
      const n = readSync(fd, chunk, got, length - got, from + got)
      if (n === 0) return // It is being cut behind our back: a torn tail, healed by a writer.
      got += n
    }
    let text = Buffer.concat([chunk, rest])
    for (let feed = text.lastIndexOf(10); feed >= 0; feed = text.lastIndexOf(10)) {
      const line = text.subarray(feed + 1)
      const start = from + feed + 1
      if (!inTail) yield { text: line.toString('utf8'), start, end: start + line.length + 1 }
      inTail = false
      text = text.subarray(0, feed)
    }
    rest = text
  }
  if (!inTail) yield { text: rest.toString('utf8'), start: 0, end: rest.length + 1 }
}

/** Entries before `end`, last first, each checked against its own sum and its neighbour's. Throws DAMAGED for a line of a newer program. */
export function* entriesBackwards(fd: number, end: number): Iterable<PlacedEntry | Damage> {
  let follower: string | null = null
  for (const { text, start, end: lineEnd } of linesBackwards(fd, end)) {
    const line = decoded(text)
    if (line === null || (follower !== null && follower !== line.sum)) {
      yield { start, end: lineEnd }
      follower = null
      continue
    }
    yield { entry: line.content, sum: line.sum, start, end: lineEnd }
    follower = line.previous
  }
}

export const isWhole = (line: PlacedEntry | Damage): line is PlacedEntry => 'entry' in line

/** The same, where damage must stop everything. */
export function* wholeEntries(fd: number, end: number): Iterable<PlacedEntry> {
  let newest: PlacedEntry | null = null
  for (const line of entriesBackwards(fd, end)) {
    if (!isWhole(line)) throw damaged(newest === null ? 'at its last entry' : `just before entry ${newest.entry.seq}`)
    newest = line
    yield line
  }
}

function decoded(text: string): ReturnType<typeof decodeLine<Entry>> {
  try {
    return decodeLine(text, decodeEntry)
  } catch (error) {
    if (error instanceof NewerLine) throw newer()
    throw error
  }
}
