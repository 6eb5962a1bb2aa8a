import { isSeparator, lineEndAt, lineEndFrom, skipBlanks, skipSpace, spaceAt, spaceBefore } from './env-space.ts'
import { type ByteText, decode } from './env-text.ts'

export type Quote = '' | "'" | '"' | '`'

/** One assignment: a logical line, which may span several lines of the file. All places are byte offsets. */
export interface Assignment {
  readonly key: string
  /** Where `export`, or else the key, begins. */
  readonly start: number
  readonly exported: boolean
  /** The value's range, its quotes included. Empty: where a value would go. */
  readonly from: number
  readonly to: number
  readonly quote: Quote
  /** Where the logical line ends, before its line end. */
  readonly end: number
}

/** `export KEY` without a value, alone on its line. */
export interface LoneExport {
  readonly key: string
  readonly start: number
  readonly end: number
}

export interface Scan {
  readonly assignments: readonly Assignment[]
  readonly loneExports: readonly LoneExport[]
  /** How many lines are neither blank, nor a comment, nor an assignment. */
  readonly junk: number
}

/**
 * Finds every assignment exactly where `dotenv` 18 (`parse`, its regular expression) finds one, oddities included: blanks round `=` may
 * span lines, a quote without a partner makes a bare value, `KEY: v` counts, a comment begins at any `#` of a bare value.
 */
export function scan(text: ByteText): Scan {
  const assignments: Assignment[] = []
  const loneExports: LoneExport[] = []
  let junk = 0
  let at = skipSpace(text, 0)
  while (at < text.length) {
    const assignment = text.charCodeAt(at) === HASH ? null : assignmentAt(text, at)
    if (assignment !== null) {
      assignments.push(assignment)
      at = assignment.end
    } else {
      const end = lineEndFrom(text, at)
      if (text.charCodeAt(at) !== HASH) {
        const lone = loneExportAt(text, at, end)
        if (lone !== null) loneExports.push(lone)
        junk += 1
      }
      at = end
    }
    at = skipSpace(text, at)
  }
  return { assignments, loneExports, junk }
}

/** The value of an assignment, as `dotenv` reads it; bytes that are not UTF-8 as `decode` shows them. */
export function valueAt(text: ByteText, { from, to, quote }: Assignment): string {
  if (from === to) return ''
  if (quote === '') return bareValue(text.slice(from, to))
  const raw = decode(text.slice(from + 1, to - 1))
  return unescaped(raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw, quote)
}

const HASH = 35
const EQUALS = 61
const COLON = 58
const BACKSLASH = 92

const WORD = new Uint8Array(256)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-') WORD[character.charCodeAt(0)] = 1

function assignmentAt(text: ByteText, start: number): Assignment | null {
  const keyStart = text.startsWith('export', start) ? afterExport(text, start + 6) : start
  if (keyStart !== start) {
    const exported = assigned(text, start, keyStart)
    if (exported !== null) return exported
  }
  // A variable may be called `export` itself.
  return assigned(text, start, start)
}

/** Where the key after `export` begins; where `export` itself begins when this is none. */
function afterExport(text: ByteText, end: number): number {
  const key = skipSpace(text, end)
  return key > end ? key : end - 6
}

function assigned(text: ByteText, start: number, keyStart: number): Assignment | null {
  const keyEnd = wordEnd(text, keyStart)
  if (keyEnd === keyStart) return null
  const sign = text.charCodeAt(keyEnd)
  let after = 0
  if (sign === EQUALS) after = keyEnd + 1
  else if (sign === COLON) {
    const blank = lineEndAt(text, keyEnd + 1) || spaceAt(text, keyEnd + 1)
    if (blank === 0) return null
    after = keyEnd + 1 + blank
  } else {
    const equals = skipSpace(text, keyEnd)
    if (equals === keyEnd || text.charCodeAt(equals) !== EQUALS) return null
    after = equals + 1
  }
  const head = { key: text.slice(keyStart, keyEnd), start, exported: keyStart !== start }
  const spaced = sign !== EQUALS && sign !== COLON
  return quotedValue(text, head, after) ?? bareRange(text, head, after, spaced)
}

type AssignmentHead = Pick<Assignment, 'key' | 'start' | 'exported'>

function quotedValue(text: ByteText, { key, start, exported }: AssignmentHead, after: number): Assignment | null {
  const from = skipSpace(text, after)
  const quote = quoteAt(text, from)
  if (quote === '') return null
  // The first quote without a backslash before it closes, if a comment or nothing follows; else the last one with a backslash that can.
  let to = -1
  let end = -1
  for (let close = text.indexOf(quote, from + 1); close !== -1; close = text.indexOf(quote, close + 1)) {
    const escaped = text.charCodeAt(close - 1) === BACKSLASH
    const rest = skipBlanks(text, close + 1)
    if (rest >= text.length || text.charCodeAt(rest) === HASH || lineEndAt(text, rest) > 0) {
      to = close + 1
      end = rest
    }
    if (!escaped) break
  }
  return to === -1 ? null : { key, start, exported, from, to, quote, end: lineEndFrom(text, end) }
}

function bareRange(text: ByteText, { key, start, exported }: AssignmentHead, after: number, spaced: boolean): Assignment {
  let stop = after
  for (; stop < text.length; stop += 1) {
    const code = text.charCodeAt(stop)
    if (code === HASH || code === 10 || code === 13) break
  }
  let from = after
  for (let blank = spaceAt(text, from); from < stop && blank > 0; blank = spaceAt(text, from)) from += blank
  let to = stop
  for (let blank = spaceBefore(text, to); to > from && blank > 0; blank = spaceBefore(text, to)) to -= blank
  if (from >= stop) {
    from = emptyPlace(text, after, stop, spaced)
    to = from
  }
  const end = text.charCodeAt(stop) === HASH ? lineEndFrom(text, stop) : stop
  return { key, start, exported, from, to, quote: '', end }
}

/** Where a value goes that is not there: right after `=`, after one blank where one stands before `=` too and a comment keeps its own. */
function emptyPlace(text: ByteText, after: number, stop: number, spaced: boolean): number {
  const kept = text.charCodeAt(stop) === HASH ? 1 : 0
  return spaced && stop - after > kept && text.charCodeAt(after) === 32 ? after + 1 : after
}

function bareValue(raw: ByteText): string {
  const value = decode(raw)
  const quote = quoteAt(raw, 0)
  let separated = false
  for (let at = raw.indexOf('\xe2'); at !== -1 && !separated; at = raw.indexOf('\xe2', at + 1)) separated = isSeparator(raw, at)
  // U+2028 and U+2029 are line ends for dotenv's `^` and `$`, so its own expression is the shortest true answer.
  if (separated) return unescaped(value.replace(/^(['"`])([\s\S]*)\1$/gm, '$2'), quote)
  const stripped = quote !== '' && value.length >= 2 && value.endsWith(quote) ? value.slice(1, -1) : value
  return unescaped(stripped, quote)
}

const unescaped = (value: string, quote: Quote): string =>
  quote === '"' && value.includes('\\') ? value.replace(/\\n/g, '\n').replace(/\\r/g, '\r') : value

function quoteAt(text: ByteText, at: number): Quote {
  switch (text.charCodeAt(at)) {
    case 39:
      return "'"
    case 34:
      return '"'
    case 96:
      return '`'
    default:
      return ''
  }
}

function wordEnd(text: ByteText, from: number): number {
  let at = from
  while (WORD[text.charCodeAt(at)] === 1) at += 1
  return at
}

function loneExportAt(text: ByteText, start: number, end: number): LoneExport | null {
  const found = /^export[ \t]+([\w.-]+)[ \t]*(?:#.*)?$/s.exec(text.slice(start, end))
  return found?.[1] === undefined ? null : { key: found[1], start, end }
}
