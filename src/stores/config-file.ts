import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
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

/** The rights of the file, or those that a new one gets. */
export function rightsOf({ path }: ConfigFile, { uid, gid }: Pick<Rights, 'uid' | 'gid'>): Rights {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return { mode: 0o600, uid, gid }
  return { mode: found.mode & 0o7777, uid: found.uid, gid: found.gid }
}

export const revisionOf = (bytes: Uint8Array | null): Revision =>
  (bytes === null ? 'absent' : createHash('sha256').update(bytes).digest('hex')) as Revision
