import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, lstatSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { AttachError, isAttachError } from '../domain/errors.ts'
import { EMPTY_HEAD, type Entry, type Head, headOf } from '../domain/operation.ts'
import { Damage } from '../ports/journal.ts'
import { isGap, type PlacedEntry, piecesBackwards, Shrunk } from './journal-tail.ts'
import { makeEmpty, mendRights, type Rights, unlinkIfThere, writeAll } from './replace-file.ts'
import { codeOf, fileTrouble, isSystemError } from './trouble.ts'

/** The end of a journal file: all that the next entry depends on. */
export interface Tail {
  readonly head: Head
  /** Bytes of whole lines. */
  readonly length: number
  /** The sum of the last line. */
  readonly sum: string
}

const EMPTY_TAIL: Tail = { head: EMPTY_HEAD, length: 0, sum: '' }

/** Without a lock a writer may be in the middle of a line. */
const TRIES_MAX = 3

/** Runs `read` on the open journal; null when there is none. A reading that met a writer is done again. Throws UNAVAILABLE or DAMAGED. */
export function readJournal<T>(path: string, read: (fd: number) => T): T | null {
  for (let tries = 1; ; tries += 1) {
    const fd = openToRead(path)
    if (fd === null) return null
    try {
      return read(fd)
    } catch (error) {
      const mayPass = error instanceof Shrunk || isAttachError(error, 'DAMAGED')
      if (tries < TRIES_MAX && mayPass) continue
      if (error instanceof Shrunk)
        throw new AttachError('UNAVAILABLE', 'the journal changes while it is read; nothing was changed', { hint: 'run the command again' })
      throw fileTrouble('the journal cannot be read', error)
    } finally {
      closeSync(fd)
    }
  }
}

export function tailOf(path: string): Tail {
  return readJournal(path, tailIn) ?? EMPTY_TAIL
}

/** The line `bytes` behind the whole lines, synced, or the file as it was. Throws UNAVAILABLE when that is proved, else UNKNOWN. */
export function appendLine(path: string, bytes: Uint8Array, { length }: Tail, rights: Rights): void {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    throw fileTrouble('the journal cannot be written', error)
  }
  try {
    try {
      const found = fstatSync(fd)
      mendRights(fd, rights, found)
      if (found.size > length) ftruncateSync(fd, length) // A torn tail: nobody ever relied on it.
    } catch (error) {
      throw fileTrouble('the journal cannot be written', error)
    }
    write(fd, bytes, length)
  } finally {
    closeSync(fd)
  }
}

/** An empty journal, where there is none that its owner may write. The caller has the lock. Its name is not yet synced. */
export function makeJournal(path: string, rights: Rights): void {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found !== undefined && (found.uid === rights.uid || found.size > 0)) return
    unlinkIfThere(path) // Half-made by a command of another user that was killed.
    makeEmpty(path, rights)
  } catch (error) {
    throw fileTrouble('the journal cannot be created', error)
  }
}

function tailIn(fd: number): Tail {
  let last: PlacedEntry | null = null
  const entries = function* (): Iterable<Entry> {
    for (const piece of piecesBackwards(fd)) {
      if (isGap(piece)) throw new Damage(piece.after, piece.before)
      last ??= piece
      yield piece.entry
    }
  }
  const head = headOf(entries())
  const newest = last as PlacedEntry | null
  return newest === null ? EMPTY_TAIL : { head, length: newest.end, sum: newest.sum }
}

function openToRead(path: string): number | null {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || (codeOf(error) === 'EACCES' && !isBegun(path))) return null
    throw fileTrouble('the journal cannot be read', error)
  }
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  throw new AttachError('UNAVAILABLE', 'the journal is not a regular file; nothing was changed', {
    hint: 'remove it, or set ATTACH_STATE_DIR',
  })
}

/**
 * What we may not read may be what a command of another user left that was killed as it began: directories without one in them (a record
 * stands in one of its own, and has one for its values before it has a journal), or an empty file.
 */
function isBegun(path: string): boolean {
  const record = dirname(path)
  try {
    return lstatSync(dirname(record)).nlink !== 2 && lstatSync(record).nlink !== 2 && lstatSync(path).size > 0
  } catch (error) {
    if (!isSystemError(error)) throw error
    return true
  }
}

function write(fd: number, bytes: Uint8Array, at: number): void {
  try {
    writeAll(fd, bytes, at)
    fsyncSync(fd)
  } catch (error) {
    try {
      ftruncateSync(fd, at)
    } catch (second) {
      throw new AttachError('UNKNOWN', `the journal may hold one entry more: ${codeOf(error)}, then ${codeOf(second)}`, { cause: error })
    }
    throw fileTrouble('the journal could not be written', error)
  }
}
