import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Change } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import type { Intent, Seq } from '../domain/operation.ts'
import { decodeLine, decodeValues, encodeValues, type KeptValues, NewerLine, newer } from './journal-line.ts'
import { readRegular } from './read-file.ts'
import { type Rights, syncDirectory, unlinkIfThere, writeNew } from './replace-file.ts'
import { codeOf, fileTrouble } from './trouble.ts'

/** Writes `<directory>/<seq>`, synced, in the place of what a command left there that died before its intent. Throws UNAVAILABLE. */
export function keepValues(directory: string, values: KeptValues, rights: Rights): void {
  const path = join(directory, String(values.seq))
  const bytes = Buffer.from(encodeValues(values))
  try {
    try {
      writeNew(path, bytes, rights)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      unlinkIfThere(path)
      writeNew(path, bytes, rights)
    }
    syncDirectory(directory)
  } catch (error) {
    throw fileTrouble('the old values could not be kept for undo', error)
  }
}

/** The changes that an intent names. Throws REFUSED when they were pruned, DAMAGED when they are not its own. */
export function recallValues(directory: string, intent: Intent): readonly Change[] {
  const bytes = readValues(join(directory, String(intent.seq)))
  if (bytes === null) {
    throw new AttachError('REFUSED', 'the values of that release are no longer kept; nothing was changed', { hint: 'attach log' })
  }
  try {
    const line = bytes.at(-1) === LINE_FEED ? decodeLine(bytes.subarray(0, -1), decodeValues) : null
    if (line !== null && line.content.seq === intent.seq && line.content.id === intent.values) return line.content.changes
  } catch (error) {
    if (error instanceof NewerLine) throw newer()
    throw error
  }
  throw new AttachError('DAMAGED', `the values of entry ${intent.seq} are damaged; nothing was changed`, { hint: 'attach log' })
}

/** The entries whose values stand in `directory`. Only names that this file gives count. */
export function keptSeqs(directory: string): readonly Seq[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^[1-9]\d{0,14}$/.test(name))
      .map(Number)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw fileTrouble('the values beside the journal cannot be read', error)
  }
}

/** Removes the values of one entry. Throws the system's own error. */
export const dropValues = (directory: string, seq: Seq): void => unlinkIfThere(join(directory, String(seq)))

const LINE_FEED = 10

/** More than any change of a config can hold. */
const BYTES_MAX = 128 * 1024 * 1024

/** What cannot be values of ours gives none: their checksum will not hold. */
function readValues(path: string): Buffer | null {
  try {
    const read = readRegular(path, BYTES_MAX, 'nofollow')
    return 'bytes' in read ? read.bytes : Buffer.alloc(0)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw fileTrouble('the values beside the journal cannot be read', error)
  }
}
