import {
  closeSync,
  fchmodSync,
  fchownSync,
  constants as flags,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { AttachError } from '../domain/errors.ts'
import { codeOf, fileTrouble, isSystemError } from './trouble.ts'

/** Who a file belongs to and who may do what with it. */
export interface Rights {
  /** Permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** A file of this group with this mode is as good, whoever of the group it belongs to. */
  readonly members?: 'accepted'
}

/**
 * A regular file with these bytes and these rights at `path`, synced. The name must be free; what is left of a failed try is removed. `dress`: gives
 * the empty file what else it needs, and throws where it cannot.
 */
export function writeNew(path: string, bytes: Uint8Array, rights: Rights, dress: (fd: number) => void = () => {}): void {
  const fd = create(path)
  try {
    try {
      dress(fd) // While we may still open it by every name.
      mendRights(fd, rights, fstatSync(fd)) // First, so that a half-made file is never looser than the whole one, and never a stranger's.
      writeAll(fd, bytes)
      fsyncSync(fd)
      const { size } = fstatSync(fd)
      if (size !== bytes.length)
        throw new AttachError('UNAVAILABLE', `${size} of ${bytes.length} bytes reached the disk; nothing was changed`, {
          hint: 'free some disk space, then run the command again',
        })
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    discard(path)
    throw error
  }
}

/** An empty file. The name must be free. */
export function makeEmpty(path: string, rights: Rights): void {
  const fd = create(path)
  try {
    mendRights(fd, rights, fstatSync(fd))
  } finally {
    closeSync(fd)
  }
}

/**
 * The same, but the file has its rights from the moment its name stands: a process that dies meanwhile leaves nobody locked out. Where another
 * process makes it in the same moment, whose name came first stands.
 */
export function makeEmptyAtOnce(path: string, rights: Rights): void {
  const temp = firstNameOf(path)
  try {
    unlinkIfThere(temp)
    makeEmpty(temp, rights)
    linkSync(temp, path)
  } catch (error) {
    const code = codeOf(error) ?? ''
    if (WITHOUT_LINKS.includes(code)) makeEmpty(path, rights)
    else if (code !== 'EEXIST' && code !== 'ENOENT') throw error
  }
  unlinkIfThere(temp)
}

/** What link(2) says where the file system has no hard links. */
export const WITHOUT_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

/** The name that `makeEmptyAtOnce` gives first. */
export const firstNameOf = (path: string): string => `${path}.new`

const create = (path: string): number => openSync(path, flags.O_WRONLY | flags.O_CREAT | flags.O_EXCL | flags.O_NOFOLLOW, 0o600)

/** Mends what a process left half-made that died, or what a stricter umask took away. Throws EPERM where that is not ours to do. */
export function mendRights(fd: number, { mode, uid, gid, members }: Rights, found: Stats): void {
  const isMembers = members === 'accepted' && found.nlink === 1 && found.gid === gid && (found.mode & 0o7777) === mode
  if (isMembers) return
  const isOthers = found.uid !== uid || found.gid !== gid
  if (found.uid !== uid && found.nlink > 1) {
    throw new AttachError('UNAVAILABLE', 'a file of the history has another name elsewhere and another owner; nothing was changed', {
      hint: 'remove it from .attach, or set ATTACH_STATE_DIR',
    })
  }
  if (isOthers) fchownSync(fd, uid, gid)
  if (isOthers || (found.mode & 0o7777) !== mode) fchmodSync(fd, mode) // chown(2) may clear bits.
}

/** Every byte, however few the system takes at a time. */
export function writeAll(fd: number, bytes: Uint8Array, position?: number): void {
  let at = 0
  while (at < bytes.length) at += writeSync(fd, bytes, at, bytes.length - at, position === undefined ? null : position + at)
}

/** Makes the names in a directory survive a power cut. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, flags.O_RDONLY | flags.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * Puts the finished file `temp` in the place of `path`, in one step; `syncName` makes it last. Throws UNAVAILABLE when it is proved that `path` is
 * what it was, else UNKNOWN.
 * rename(2); a file that is mounted on its own (a container's bind mount) answers EBUSY.
 */
export function putOver(temp: string, path: string): void {
  let before: number | undefined
  try {
    before = inodeOf(path)
    renameSync(temp, path)
  } catch (error) {
    if (before !== undefined && inodeOf(path) !== before)
      throw new AttachError('UNKNOWN', `the config may have been replaced: ${codeOf(error) ?? 'a bug of ours'}`, { cause: error })
    discard(temp)
    if (codeOf(error) !== 'EBUSY' && codeOf(error) !== 'EXDEV') throw fileTrouble('the config could not be replaced', error)
    throw new AttachError('UNAVAILABLE', 'the config is mounted on its own and cannot be replaced by rename; nothing was changed', {
      hint: 'run attach where the directory of the config is, outside the container',
    })
  }
}

/** Gives the finished file `temp` the name `path`, which must be free: CONFLICT when it no longer is. `syncName` makes it last. */
export function putAsNew(temp: string, path: string): void {
  try {
    linkSync(temp, path)
  } catch (error) {
    discard(temp)
    if (codeOf(error) === 'EEXIST')
      throw new AttachError('CONFLICT', 'the config was created by somebody else meanwhile; nothing was changed', { hint: 'attach status' })
    throw fileTrouble('the config could not be created', error)
  }
  try {
    unlinkSync(temp)
  } catch (error) {
    throw new AttachError('UNKNOWN', 'the config was created, but its first name stayed', { cause: error })
  }
}

/** Makes the name that was just given survive a power cut. Throws UNKNOWN. */
export function syncName(path: string): void {
  try {
    syncDirectory(dirname(path))
  } catch (error) {
    throw new AttachError(
      'UNKNOWN',
      `the config was replaced, but its directory could not be synced: ${codeOf(error) ?? 'a bug of ours'}`,
      {
        cause: error,
      },
    )
  }
}

export function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

/** Removes what a failed try left. That it failed is the news; what cannot be removed now is removed by name when the operation closes. */
function discard(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (!isSystemError(error)) throw error
  }
}

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino
