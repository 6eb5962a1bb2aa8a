import type { Assignment, LoneExport, Quote, Scan } from './env-scan.ts'
import { valueAt } from './env-scan.ts'
import { isSeparator, lineEndAt, lineStartFrom } from './env-space.ts'
import { type Present, restoringStyles, type Style, stylesFor } from './env-style.ts'
import { BOM, type ByteText, encode } from './env-text.ts'

/** What one key is to hold. `null`: nothing. */
export interface Target {
  readonly key: string
  readonly after: string | null
}

/** `text.slice(from, to)` gives way to `put`. */
export interface Splice {
  readonly from: number
  readonly to: number
  readonly put: ByteText
}

/** One value to write: over an assignment that stands there, or on a new last line. */
export interface Place {
  readonly key: string
  readonly value: string
  readonly over: Assignment | null
  readonly present: Present | null
  readonly styles: readonly Style[]
}

/** All that an edit touches, found once; `draft` turns it into text. */
export interface Outline {
  readonly places: readonly Place[]
  /** Whole logical lines to cut, in order, without overlap. */
  readonly cuts: readonly Splice[]
}

export interface Draft {
  readonly text: ByteText
  /** In order, in terms of the old text. */
  readonly splices: readonly Splice[]
  /** The quotes taken for each place, in the order of the places. */
  readonly quotes: readonly Quote[]
}

/** Which style of each place to take, and whether an empty line goes before the first new line. */
export interface Attempt {
  readonly rank: number
  readonly gap: boolean
}

/** An assignment that holds its value already is left as it stands, another one of the same key is not. */
export function outline(
  text: ByteText,
  scanned: Scan,
  targets: readonly Target[],
  { restoring }: { readonly restoring: boolean },
): Outline {
  const styles = restoring ? restoringStyles : stylesFor
  const wanted = new Map(targets.map(({ key, after }) => [key, after]))
  const places: Place[] = []
  const lines: (Assignment | LoneExport)[] = []
  const standing = new Set<string>()
  for (const over of scanned.assignments) {
    const value = wanted.get(over.key)
    if (value === undefined) continue
    standing.add(over.key)
    if (value === null) {
      lines.push(over)
      continue
    }
    const present = { value: valueAt(text, over), quote: over.quote, crlf: text.slice(over.from, over.to).includes('\r\n') }
    if (present.value !== value) places.push({ key: over.key, value, over, present, styles: styles(value, present) })
  }
  for (const { key, after } of targets) {
    if (after !== null && !standing.has(key)) places.push({ key, value: after, over: null, present: null, styles: styles(after, null) })
  }
  for (const lone of scanned.loneExports) if (wanted.get(lone.key) === null) lines.push(lone)
  return { places, cuts: cutsOf(text, lines) }
}

/** The new text for one attempt. A place with fewer styles than asked for takes its last one. */
export function draft(text: ByteText, scanned: Scan, { places, cuts }: Outline, { rank, gap }: Attempt): Draft {
  const splices: Splice[] = [...cuts]
  const quotes: Quote[] = []
  const lines: string[] = []
  const exporting = scanned.assignments.length > 0 && scanned.assignments.every(({ exported }) => exported)
  for (const { key, over, styles } of places) {
    const { quote, body } = styles[Math.min(rank, styles.length - 1)] ?? { quote: '', body: '' }
    const put = `${quote}${encode(body) ?? ''}${quote}`
    quotes.push(quote)
    if (over === null) lines.push(`${exporting ? 'export ' : ''}${key}=${put}`)
    else splices.push({ from: over.from, to: over.to, put })
  }
  // An empty value may end right where the line end before a cut begins.
  splices.sort((a, b) => a.from - b.from || a.to - b.to)
  const kept = applied(text, splices)
  if (lines.length === 0) return { text: kept, splices, quotes }
  const put = tail(kept, lines, { gap, end: dominantLineEnd(text) })
  return { text: kept + put, splices: [...splices, { from: text.length, to: text.length, put }], quotes }
}

/** The line end that most lines have: CRLF, LF, or CR in a file without any LF. */
export function dominantLineEnd(text: ByteText): '\n' | '\r\n' | '\r' {
  let all = 0
  let crlf = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    all += 1
    if (text.charCodeAt(at - 1) === 13) crlf += 1
  }
  if (all === 0) return text.includes('\r') ? '\r' : '\n'
  return crlf * 2 > all ? '\r\n' : '\n'
}

/** A file without a final newline gets one before the new lines and none after: it stays one, and taking them away gives its bytes back. */
function tail(kept: ByteText, lines: readonly string[], { gap, end }: { readonly gap: boolean; readonly end: string }): ByteText {
  const body = lines.join(end)
  const content = kept.startsWith(BOM) ? kept.slice(BOM.length) : kept
  if (content === '') return body + end
  const closed = content.endsWith('\n') || (end === '\r' && content.endsWith('\r'))
  const joined = content.endsWith('\\') || /\\(?:\r\n?|\n)$/.test(content.slice(-3))
  const blank = gap || joined ? end : ''
  return closed ? blank + body + end : end + blank + body
}

function applied(text: ByteText, splices: readonly Splice[]): ByteText {
  const parts: string[] = []
  let at = 0
  for (const { from, to, put } of splices) {
    parts.push(text.slice(at, from), put)
    at = to
  }
  parts.push(text.slice(at))
  return parts.join('')
}

/** Whole lines with their line ends. Where the last line goes and had none, the one before it goes too: the file still ends without. */
function cutsOf(text: ByteText, lines: readonly { readonly start: number; readonly end: number }[]): readonly Splice[] {
  const first = text.startsWith(BOM) ? BOM.length : 0
  const cuts: { from: number; to: number; put: '' }[] = []
  for (const { start, end } of [...lines].sort((a, b) => a.start - b.start)) {
    const from = lineStartFrom(text, start, first)
    // Behind U+2028 the rest of the line goes, but its line end closes the part before, which other readers see as one line.
    const to = from >= 3 && isSeparator(text, from - 3) ? end : end + lineEndAt(text, end)
    const last = cuts.at(-1)
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else cuts.push({ from, to, put: '' })
  }
  const last = cuts.at(-1)
  if (last !== undefined && last.to === text.length && lineEndBefore(text, text.length) === 0) {
    last.from = Math.max(first, last.from - lineEndBefore(text, last.from))
  }
  return cuts
}

function lineEndBefore(text: ByteText, end: number): number {
  const code = text.charCodeAt(end - 1)
  if (code === 10) return text.charCodeAt(end - 2) === 13 ? 2 : 1
  return code === 13 ? 1 : 0
}
