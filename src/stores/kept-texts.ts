import { createHash } from 'node:crypto'
import { closeSync, constants, fsyncSync, ftruncateSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ValuesId } from '../domain/operation.ts'
import { decodeLine, encodeLine, type Fields, NewerLine, newer } from './journal-line.ts'
import { readRegular } from './read-file.ts'
import { type Rights, syncDirectory, unlinkIfThere, writeNew } from './replace-file.ts'
import type { Texts } from './splice.ts'
import { codeOf, fileTrouble, isSystemError } from './trouble.ts'

/**
 * Keeps both texts of a write in place, whole and synced, before the first byte of the config is touched: a line of JSON with the operation, the
 * length of the old text and a checksum of both, then the old bytes, then the new ones. Throws UNAVAILABLE.
 */
export function keepTexts(path: string, operation: ValuesId, texts: Texts, rights: Rights): void {
  const { text } = encodeLine({ operation, old: texts.old.length, texts: sumOf(texts) }, '')
  try {
    unlinkIfThere(path)
    writeNew(path, Buffer.concat([Buffer.from(text), texts.old, texts.new]), rights)
    syncDirectory(dirname(path))
  } catch (error) {
    throw fileTrouble('the old text could not be kept beside the journal', error)
  }
}

/**
 * The texts that were kept last, and by which operation. Null: there are none, or they are not whole, so that nothing of the config was touched.
 * Throws UNAVAILABLE, or DAMAGED for texts that a newer program wrote.
 */
export function recallTexts(path: string): (Texts & { readonly operation: ValuesId }) | null {
  try {
    const read = readRegular(path, BYTES_MAX, 'nofollow')
    return 'bytes' in read ? decoded(read.bytes) : null
  } catch (error) {
    if (error instanceof NewerLine) throw newer()
    if (codeOf(error) === 'ENOENT') return null
    throw fileTrouble('the texts kept beside the journal cannot be read', error)
  }
}

/**
 * From here on nobody takes an edit for a half of these texts, nor after a power cut: the file is emptied and synced before its name goes, which
 * then is no more than tidiness. Throws UNAVAILABLE.
 */
export function forgetTexts(path: string): void {
  try {
    const fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      ftruncateSync(fd)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw fileTrouble('the texts kept beside the journal could not be forgotten', error)
  }
  try {
    unlinkIfThere(path)
  } catch (error) {
    if (!isSystemError(error)) throw error
  }
}

/** More than two texts of the longest config. */
const BYTES_MAX = 64 * 1024 * 1024
const LINE_FEED = 10

interface Header {
  readonly operation: ValuesId
  readonly old: number
  readonly texts: string
}

function decoded(bytes: Buffer): (Texts & { readonly operation: ValuesId }) | null {
  const end = bytes.indexOf(LINE_FEED)
  const header = decodeLine(bytes.subarray(0, end), headerOf)?.content
  if (header === undefined) return null
  const between = end + 1 + header.old
  const texts = { old: bytes.subarray(end + 1, between), new: bytes.subarray(between) }
  return sumOf(texts) === header.texts ? { ...texts, operation: header.operation } : null
}

/** Its checksum holds, so this program wrote it. */
const headerOf = (fields: Fields): Header => ({
  operation: String(fields['operation']) as ValuesId,
  old: Number(fields['old']),
  texts: String(fields['texts']),
})

const sumOf = (texts: Texts): string => createHash('sha256').update(texts.old).update(texts.new).digest('hex')
