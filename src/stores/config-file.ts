import { createHash } from 'node:crypto'
import { lstatSync, statSync } from 'node:fs'
import { AttachError } from '../domain/errors.ts'
import { ENV_BYTES_MAX } from '../formats/dotenv.ts'
import type { Revision } from '../ports/store.ts'
import { type Read, readRegular } from './read-file.ts'
import type { Rights } from './replace-file.ts'
import { codeOf, fileTrouble } from './trouble.ts'

/** A config as a file: its real path, and how it is named on the screen. */
export interface ConfigFile {
  readonly path: string
  readonly label: string
}

/** What stands in it. Null: there is no such file. Throws UNAVAILABLE, or CONFIG_INVALID for what no config can be. */
export function bytesOf({ path, label }: ConfigFile): Uint8Array | null {
  let read: Read
  try {
    read = readRegular(path, ENV_BYTES_MAX)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw fileTrouble(`${label} cannot be read`, error)
  }
  if ('bytes' in read) return read.bytes
  const why =
    read.refused === 'too large' ? `has ${read.size} bytes or more; attach reads at most ${ENV_BYTES_MAX} bytes` : `is ${read.refused}`
  throw new AttachError('CONFIG_INVALID', `${label} ${why}`, { hint: 'name another file with -c' })
}

/** What a config holds, or will hold once a write in place is finished that is under way or was killed. */
export interface Whole {
  readonly bytes: Uint8Array | null
  readonly unfinished?: true
}

/** Never a half of two texts. `kept`: where the texts of a write in place are kept meanwhile. Locks nothing. */
export async function wholeBytesOf(config: ConfigFile, kept: string): Promise<Whole> {
  for (let tries = 1; ; tries += 1) {
    const before = identityOf(kept)
    const bytes = bytesOf(config)
    if (identityOf(kept) !== before && tries < TRIES_MAX) continue // A write began or ended as we read.
    if (before === null || bytes === null) return { bytes }
    const [{ recallTexts }, { finished }] = await Promise.all([import('./kept-texts.ts'), import('./splice.ts')])
    const texts = recallTexts(kept)
    const whole = texts === null ? null : finished(bytes, texts)
    return whole === null ? { bytes } : { bytes: whole, unfinished: true }
  }
}

/** The rights of the file, or those that a new one gets. */
export function rightsOf({ path }: ConfigFile, { uid, gid }: Pick<Rights, 'uid' | 'gid'>): Rights {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return { mode: 0o600, uid, gid }
  return { mode: found.mode & 0o7777, uid: found.uid, gid: found.gid }
}

export const revisionOf = (bytes: Uint8Array | null): Revision =>
  (bytes === null ? 'absent' : createHash('sha256').update(bytes).digest('hex')) as Revision

const TRIES_MAX = 3

/** Null: there is no such file, or none that we may see. */
function identityOf(path: string): string | null {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false })
    return found === undefined ? null : `${found.ino} ${found.ctimeMs}`
  } catch (error) {
    if (codeOf(error) === null) throw error
    return null
  }
}
