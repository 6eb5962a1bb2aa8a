import { closeSync, constants, openSync, readdirSync, readFileSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Change } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import type { Intent, Seq } from '../domain/operation.ts'
import { damaged, decodeLine, decodeValues, encodeValues, type KeptValues, NewerLine, newer } from './journal-line.ts'
import { type Keep, syncDirectory, writeNew } from './replace-file.ts'
import { codeOf, fileTrouble } from './trouble.ts'

/** Writes `<directory>/<seq>`, synced, in the place of what a command left there that died before its intent. Throws UNAVAILABLE. */
export function keepValues(directory: string, values: KeptValues, rights: Keep): void {
  const path = join(directory, String(values.seq))
  const bytes = Buffer.from(encodeValues(values))
  try {
    try {
      writeNew(path, bytes, rights)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      unlinkSync(path)
      writeNew(path, bytes, rights)
    }
    syncDirectory(directory)
  } catch (error) {
    throw fileTrouble('the old values could not be kept for undo', error)
  }
}

/** The changes that an intent names. Throws REFUSED when they were pruned, DAMAGED when they are not its own. */
export function recallValues(directory: string, intent: Intent): readonly Change[] {
  const text = readValues(join(directory, String(intent.seq)))
  if (text === null) {
    throw new AttachError('REFUSED', 'the values of that release are no longer kept; nothing was changed', { hint: 'attach log' })
  }
  try {
    const line = decodeLine(text.replace(/\n$/, ''), decodeValues)
    if (line === null || line.content.seq !== intent.seq || line.content.id !== intent.values)
      throw damaged(`in the values of entry ${intent.seq}`)
    return line.content.changes
  } catch (error) {
    if (error instanceof NewerLine) throw newer()
    throw error
  }
}

/** Removes the values of every entry up to `last` that is not in `kept`. Only names that this file gives are looked at. */
export function dropValuesExcept(directory: string, kept: ReadonlySet<Seq>, last: Seq): void {
  for (const name of readdirSync(directory)) {
    if (!/^[1-9]\d{0,15}$/.test(name)) continue
    const seq = Number(name)
    if (seq <= last && !kept.has(seq)) unlinkSync(join(directory, name))
  }
}

function readValues(path: string): string | null {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw fileTrouble('the values beside the journal cannot be read', error)
  }
  try {
    return readFileSync(fd, 'utf8')
  } catch (error) {
    throw fileTrouble('the values beside the journal cannot be read', error)
  } finally {
    closeSync(fd)
  }
}
