import type { ByteText } from './env-text.ts'

/**
 * Blanks and line ends of UTF-8 text held as bytes. A blank is what `\s` of JavaScript matches, a line end what its `^` and `$` know
 * (ECMA-262, WhiteSpace and LineTerminator), plus a lone CR: `dotenv` reads text through those. None of these sequences can occur
 * inside another character, so bytes are enough, before as well as after an invalid sequence.
 */

/** Length in bytes of the blank or line end at `at`; 0 when there is none. */
export function spaceAt(text: ByteText, at: number): number {
  const code = text.charCodeAt(at)
  if (code < 0x80) return isAsciiSpace(code) ? 1 : 0
  if (code === 0xc2) return text.charCodeAt(at + 1) === 0xa0 ? 2 : 0
  if (code !== 0xe1 && code !== 0xe2 && code !== 0xe3 && code !== 0xef) return 0
  return isWideSpace(code, text.charCodeAt(at + 1), text.charCodeAt(at + 2)) ? 3 : 0
}

/** Length in bytes of the blank or line end that ends right before `end`; 0 when there is none. */
export function spaceBefore(text: ByteText, end: number): number {
  const code = text.charCodeAt(end - 1)
  if (code < 0x80) return isAsciiSpace(code) ? 1 : 0
  if (code === 0xa0 && text.charCodeAt(end - 2) === 0xc2) return 2
  return isWideSpace(text.charCodeAt(end - 3), text.charCodeAt(end - 2), code) ? 3 : 0
}

/** Length in bytes of the line end at `at`: LF, CR, CRLF, U+2028, U+2029; 0 when there is none. */
export function lineEndAt(text: ByteText, at: number): number {
  const code = text.charCodeAt(at)
  if (code === 10) return 1
  if (code === 13) return text.charCodeAt(at + 1) === 10 ? 2 : 1
  return code === 0xe2 && isSeparator(text, at) ? 3 : 0
}

/** Where the line that holds `at` ends: at its line end, or at the end of the text. */
export function lineEndFrom(text: ByteText, at: number): number {
  let end = at
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end)
    if (code === 10 || code === 13 || (code === 0xe2 && isSeparator(text, end))) return end
  }
  return text.length
}

/** Where the line that holds `at` starts: after the line end before it, or at `first`. */
export function lineStartFrom(text: ByteText, at: number, first: number): number {
  let start = at
  for (; start > first; start -= 1) {
    const code = text.charCodeAt(start - 1)
    if (code === 10 || code === 13 || (code >= 0xa8 && code <= 0xa9 && isSeparator(text, start - 3))) return start
  }
  return first
}

export function skipSpace(text: ByteText, from: number): number {
  let at = from
  for (;;) {
    const code = text.charCodeAt(at)
    if (code === 10 || code === 32) at += 1
    else {
      const length = spaceAt(text, at)
      if (length === 0) return at
      at += length
    }
  }
}

/** Skips blanks, not line ends. */
export function skipBlanks(text: ByteText, from: number): number {
  let at = from
  for (;;) {
    const length = spaceAt(text, at)
    if (length === 0 || lineEndAt(text, at) > 0) return at
    at += length
  }
}

/** U+2028 or U+2029: a line end for `^` and `$`, a plain character inside a bare value. */
export const isSeparator = (text: ByteText, at: number): boolean =>
  text.charCodeAt(at) === 0xe2 && text.charCodeAt(at + 1) === 0x80 && (text.charCodeAt(at + 2) & 0xfe) === 0xa8

const isAsciiSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13)

function isWideSpace(a: number, b: number, c: number): boolean {
  if (a === 0xe2) return b === 0x80 ? (c >= 0x80 && c <= 0x8a) || c === 0xa8 || c === 0xa9 || c === 0xaf : b === 0x81 && c === 0x9f
  if (a === 0xe1) return b === 0x9a && c === 0x80
  if (a === 0xe3) return b === 0x80 && c === 0x80
  return a === 0xef && b === 0xbb && c === 0xbf
}
