import type { Splice } from './env-draft.ts'
import type { ByteText } from './env-text.ts'

/**
 * The old and the new text without the inside of long runs of plain lines that the edit does not touch, for a second reader: it reads
 * in milliseconds what would take it a second. A plain line (`NAME=value` without quotes, blanks or backslashes; a comment without
 * quotes; nothing) opens and closes nothing, so a reader is in the same state after two of them as after two thousand, and the lines
 * left at both ends of a run show what it makes of them. A text below FULL_BYTES stays whole.
 */
export function condensed(
  before: ByteText,
  after: ByteText,
  splices: readonly Splice[],
): { readonly before: ByteText; readonly after: ByteText } {
  if (before.length < FULL_BYTES) return { before, after }
  const left: string[] = []
  const right: string[] = []
  let at = 0
  for (const { from, to, put } of splices) {
    const kept = shortened(before.slice(at, from))
    left.push(kept, before.slice(from, to))
    right.push(kept, put)
    at = to
  }
  const rest = shortened(before.slice(at))
  return { before: [...left, rest].join(''), after: [...right, rest].join('') }
}

const FULL_BYTES = 256 * 1024

/** Bounded: an expression that repeats without end could run out of stack. */
const PLAIN_RUN = /^(?:(?:[A-Za-z_]\w*=[\w@%+=:,./-]*|#[^'"`\\\r\n]*)?\r?\n){16,400}/gm

const shortened = (text: ByteText): ByteText => text.replace(PLAIN_RUN, ends)

/** The first and the last two lines. */
function ends(run: ByteText): ByteText {
  const head = run.indexOf('\n', run.indexOf('\n') + 1) + 1
  const last = run.lastIndexOf('\n', run.length - 2)
  return run.slice(0, head) + run.slice(run.lastIndexOf('\n', last - 1) + 1)
}
