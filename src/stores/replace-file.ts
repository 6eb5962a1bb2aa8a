import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { AttachError } from '../domain/errors.ts'
import { codeOf, fileTrouble } from './trouble.ts'

/** What a replaced file must keep. */
export interface Keep {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** A regular file with these bytes and these rights at `path`, synced. The name must be free; what is left of a failed try is removed. */
export function writeNew(path: string, bytes: Uint8Array, keep: Keep): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  const fd = openSync(path, flags, 0o600)
  try {
    try {
      writeAll(fd, bytes)
      const made = fstatSync(fd)
      if (made.uid !== keep.uid || made.gid !== keep.gid) fchownSync(fd, keep.uid, keep.gid)
      if ((made.mode & 0o7777) !== keep.mode) fchmodSync(fd, keep.mode)
      fsyncSync(fd)
      const { size } = fstatSync(fd)
      if (size !== bytes.length)
        throw new AttachError('UNAVAILABLE', `${size} of ${bytes.length} bytes reached the disk; nothing was changed`)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    unlinkSync(path)
    throw error
  }
}

/** Every byte, however few the system takes at a time. */
export function writeAll(fd: number, bytes: Uint8Array, position?: number): void {
  let at = 0
  while (at < bytes.length) at += writeSync(fd, bytes, at, bytes.length - at, position === undefined ? null : position + at)
}

/** Makes the names in a directory survive a power cut. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * Puts the finished file `temp` in the place of `path`, in one step. Throws UNAVAILABLE when it is proved that `path` is what it was, else UNKNOWN.
 * rename(2); a file that is mounted on its own (a container's bind mount) answers EBUSY.
 */
export function putInPlace(temp: string, path: string): void {
  const before = statSync(path).ino
  try {
    renameSync(temp, path)
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.ino !== before)
      throw new AttachError('UNKNOWN', `the config may have been replaced: ${codeOf(error)}`)
    unlinkSync(temp)
    if (codeOf(error) !== 'EBUSY' && codeOf(error) !== 'EXDEV') throw fileTrouble('the config could not be replaced', error)
    throw new AttachError('UNAVAILABLE', 'the config is mounted on its own and cannot be replaced by rename; nothing was changed', {
      hint: 'run attach where the directory of the config is, outside the container',
    })
  }
  syncOrUnknown(path)
}

/** Gives the finished file `temp` the name `path`, which must be free: CONFLICT when it no longer is. */
export function putAsNew(temp: string, path: string): void {
  try {
    linkSync(temp, path)
  } catch (error) {
    unlinkSync(temp)
    if (codeOf(error) === 'EEXIST')
      throw new AttachError('CONFLICT', 'the config was created by somebody else meanwhile; nothing was changed')
    throw fileTrouble('the config could not be created', error)
  }
  try {
    unlinkSync(temp)
  } catch (error) {
    throw new AttachError('UNKNOWN', `the config was created, but its first name stayed: ${codeOf(error)}`)
  }
  syncOrUnknown(path)
}

function syncOrUnknown(path: string): void {
  try {
    syncDirectory(dirname(path))
  } catch (error) {
    throw new AttachError('UNKNOWN', `the config was replaced, but its directory could not be synced: ${codeOf(error)}`)
  }
}
