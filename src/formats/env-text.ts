import { AttachError } from '../domain/errors.ts'

/**
 * The text of a .env file as latin1: one character per byte, so every byte survives an edit.
 * Values inside are UTF-8 and are decoded one by one.
 */
export type ByteText = string

export const BOM: ByteText = '\xef\xbb\xbf'

/** A config file larger than this, in bytes, is not one. */
export const ENV_BYTES_MAX = 16 * 1024 * 1024

const MIB = 1024 * 1024

/** Bytes to text. CONFIG_INVALID: too large, UTF-16 or UTF-32, a NUL byte. */
export function textOf(bytes: Uint8Array): ByteText {
  if (bytes.byteLength > ENV_BYTES_MAX) {
    const found = `${(bytes.byteLength / MIB).toFixed(1)} MiB (${bytes.byteLength} bytes)`
    throw new AttachError('CONFIG_INVALID', `config: expected at most ${ENV_BYTES_MAX / MIB} MiB, found ${found}`, {
      hint: 'Name the right file: a .env file of this size is not one.',
    })
  }
  const text = bufferOf(bytes).toString('latin1')
  const encoding = foreignEncoding(text)
  if (encoding !== null) {
    throw new AttachError('CONFIG_INVALID', `config: expected UTF-8 text, found the byte order mark of ${encoding}`, {
      hint: 'Save the file as UTF-8: iconv -t UTF-8.',
    })
  }
  const nul = text.indexOf('\0')
  if (nul !== -1) {
    throw new AttachError('CONFIG_INVALID', `config: expected text, found a NUL byte at byte ${nul + 1}`, {
      hint: 'Remove the NUL byte: no variable can hold one.',
    })
  }
  return text
}

export const bytesOf = (text: ByteText): Uint8Array => Buffer.from(text, 'latin1')

/** What a UTF-8 reader sees: an invalid sequence is U+FFFD, a byte order mark stays. */
export const utf8Of = (text: ByteText): string => (isAscii(text) ? text : Buffer.from(text, 'latin1').toString('utf8'))

/**
 * The text of a value, without loss: a byte that is not UTF-8 becomes a lone surrogate, U+DC80 to U+DCFF (PEP 383, as Python and
 * glibc's users know it), and `encode` turns it back into that byte.
 */
export function decode(raw: ByteText): string {
  if (isAscii(raw)) return raw
  const text = Buffer.from(raw, 'latin1').toString('utf8')
  return text.includes('\ufffd') ? raw.replace(SEQUENCE, decodeSequence) : text
}

/** The inverse of `decode`. `null` when no bytes decode to this text: a lone surrogate that stands for no byte, or bytes that would join up. */
export function encode(value: string): ByteText | null {
  if (isAscii(value)) return value
  if (!LONE.test(value)) return Buffer.from(value, 'utf8').toString('latin1')
  let raw = ''
  for (const character of value) {
    const code = character.codePointAt(0) ?? 0
    if (code >= 0xdc80 && code <= 0xdcff) raw += String.fromCharCode(code - 0xdc00)
    else if (code >= 0xd800 && code <= 0xdfff) return null
    else raw += Buffer.from(character, 'utf8').toString('latin1')
  }
  return decode(raw) === value ? raw : null
}

const LONE = /[\ud800-\udfff]/u
const ABOVE_ASCII = /[\x80-\uffff]/
const SEQUENCE =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g

const isAscii = (text: string): boolean => !ABOVE_ASCII.test(text)

function decodeSequence(sequence: ByteText): string {
  if (sequence.length === 1) return String.fromCharCode(0xdc00 + sequence.charCodeAt(0))
  return Buffer.from(sequence, 'latin1').toString('utf8')
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function foreignEncoding(text: ByteText): string | null {
  if (text.startsWith('\xff\xfe\0\0') || text.startsWith('\0\0\xfe\xff')) return 'UTF-32'
  if (text.startsWith('\xff\xfe') || text.startsWith('\xfe\xff')) return 'UTF-16'
  return null
}
