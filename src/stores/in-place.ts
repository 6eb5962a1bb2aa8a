import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, lstatSync, openSync, readSync, renameSync } from 'node:fs'
import { AttachError, isAttachError } from '../domain/errors.ts'
import type { ValuesId } from '../domain/operation.ts'
import { forgetTexts, keepTexts, recallTexts } from './kept-texts.ts'
import { holdFile } from './kernel-lock.ts'
import { type Rights, writeAll } from './replace-file.ts'
import { filled, finished, firstDifference, isMuddled, type Texts } from './splice.ts'
import { codeOf, fileTrouble } from './trouble.ts'

/** A write in place: which file, where its texts are kept meanwhile, and for which operation. */
export interface InPlace {
  /** The real path of the config. */
  readonly path: string
  readonly label: string
  /** Where both texts are kept. */
  readonly kept: string
  /** Of the file that keeps them. */
  readonly recordRights: Rights
  readonly operation: ValuesId
  /** Whether we still may write: the lock is ours. */
  readonly mayWrite: () => boolean
}

/**
 * Writes one text over another in the same file, so that mode, owner, links, mount and attributes stay by nature. The order of the steps:
 *
 * 1. Both texts are kept and synced. From here on any torn state can be told and finished.
 * 2. A longer text gets its room first, as line feeds at the end, synced: a full disk says so while every reader still reads the old text.
 * 3. One write from the first byte that differs, filled up with line feeds to the old length: at each moment the file is as long as the longer
 *    text, its beginning new and its end old, cut in one place only.
 * 4. Synced, and only then cut to the new length: a file that has the new length is never half old.
 * 5. The kept texts are forgotten, before anybody edits the new text and it is taken for a half.
 *
 * False when the file is not what `texts.old` says any more: nothing was written. Throws UNAVAILABLE when it is proved that the old text stands
 * (read back after it was put back), else UNKNOWN.
 */
export function writeInPlace(texts: Texts, target: InPlace): boolean {
  keepTexts(target.kept, target.operation, texts, target.recordRights)
  let isDone: boolean
  try {
    isDone = put(texts, target)
  } catch (error) {
    if (isAttachError(error, 'UNAVAILABLE')) tryToForget(target) // The old text stands.
    throw error
  }
  if (isDone) forgetOr('UNKNOWN', target)
  else tryToForget(target)
  return isDone
}

const held = (label: string): AttachError =>
  new AttachError('UNAVAILABLE', `another attach command writes ${label} by another name; nothing was changed`, {
    hint: 'run the command again',
  })

const put = (texts: Texts, target: InPlace): boolean =>
  withConfig(target, (fd) => {
    if (!holdFile(fd)) throw held(target.label)
    if (!holds(fd, texts.old)) return false
    if (!target.mayWrite()) throw gone('the history beside the config was removed')
    try {
      overwrite(fd, texts)
    } catch (error) {
      takeBack(fd, texts.old, target, error)
    }
    if (!isNamed(target.path, fd)) throw unsure('UNKNOWN', `${target.label} was replaced by another program as it was written`)
    return true
  })

/** A write in place that is to be brought to its end. */
export interface Left extends Pick<InPlace, 'path' | 'label' | 'kept'> {
  /** Whether it is this operation's write that may be unfinished. */
  readonly isMeant: (operation: ValuesId) => boolean
  /** What is thrown when the file cannot be written. */
  readonly otherwise: 'UNKNOWN' | 'INCOMPLETE'
}

/**
 * For whoever has the lock: a write in place that did not come to its end is brought there, to the new text, or to the old one where nothing of the
 * new one stands yet. Bytes that are neither text's are left alone. Then the kept texts are forgotten. True when it wrote. When the file
 * cannot be written it stays as it is, and so do the kept texts.
 */
export function finishInPlace(left: Left): boolean {
  let came: 'written' | 'nothing' | 'muddled'
  try {
    const texts = recallTexts(left.kept)
    came = texts !== null && left.isMeant(texts.operation) ? finish(texts, left) : 'nothing'
  } catch (error) {
    const why = codeOf(error) ?? (error instanceof AttachError ? error.message.split(';')[0] : 'a bug of ours')
    throw unsure(left.otherwise, `${left.label} is half written and could not be finished: ${why}`, error)
  }
  if (came !== 'muddled') forgetOr(left.otherwise, left)
  else if (left.otherwise === 'INCOMPLETE') setTextsAside(left.kept) // No operation is open that could say so.
  return came === 'written'
}

/** For a person: what a config was, and was to be, that somebody edited while it was half written. */
export const setTextsAside = (kept: string): void => renameSync(kept, `${kept}.left`)

/** `muddled`: somebody edited what may be a half; it is left to a person, and the texts are kept. */
function finish(texts: Texts, { path, label }: Left): 'written' | 'nothing' | 'muddled' {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return 'nothing' // Nothing stands.
  return withConfig({ path, label }, (fd) => {
    const found = contentsOf(fd)
    const text = finished(found, texts)
    if (text === null) return isMuddled(found, texts) ? 'muddled' : 'nothing'
    try {
      overwriteWith(fd, text)
    } catch (error) {
      if (codeOf(error) === null || text === texts.old) throw error
      overwriteWith(fd, texts.old)
    }
    return 'written'
  })
}

/** The text stands, but a later edit could be taken for a half of it: nothing goes on from here. */
function forgetOr(code: Left['otherwise'], { kept, label }: Pick<InPlace, 'kept' | 'label'>): void {
  try {
    forgetTexts(kept)
  } catch (error) {
    if (!isAttachError(error)) throw error
    throw unsure(code, `${label} is whole, but ${error.message.split(';')[0]}`, error)
  }
}

/** Nothing was written. What is kept all the same goes when the operation closes. */
function tryToForget({ kept }: InPlace): void {
  try {
    forgetTexts(kept)
  } catch (error) {
    if (!isAttachError(error)) throw error
  }
}

const unsure = (code: Left['otherwise'], message: string, cause?: unknown): AttachError =>
  new AttachError(code, message, { hint: 'attach recover', cause })

function overwrite(fd: number, { old, new: text }: Texts): void {
  const length = Math.max(old.length, text.length)
  if (length > old.length) {
    writeAll(fd, filled(new Uint8Array(), length - old.length), old.length)
    fsyncSync(fd)
  }
  const from = firstDifference(old, text)
  writeAll(fd, filled(text, length).subarray(from), from)
  fsyncSync(fd)
  if (text.length === length) return
  ftruncateSync(fd, text.length)
  fsyncSync(fd)
}

/** Always throws. A sync that failed is not asked again: what it was to sync is written anew first. */
function takeBack(fd: number, old: Uint8Array, { label }: InPlace, cause: unknown): never {
  const why = codeOf(cause)
  if (why === null) throw cause
  try {
    overwriteWith(fd, old)
    if (holds(fd, old)) throw fileTrouble(`${label} could not be written in place, and its old text was put back`, cause)
  } catch (second) {
    if (codeOf(second) === null) throw second
    throw unsure('UNKNOWN', `${label} is half written: ${why}, and then ${codeOf(second)} as its old text was put back`, cause)
  }
  throw unsure('UNKNOWN', `${label} is half written: ${why}, and its old text did not come back`, cause)
}

/** Whatever the file holds: these bytes, synced, and no others. */
function overwriteWith(fd: number, text: Uint8Array): void {
  const { size } = fstatSync(fd)
  writeAll(fd, filled(text, size), 0)
  fsyncSync(fd)
  if (size <= text.length) return
  ftruncateSync(fd, text.length)
  fsyncSync(fd)
}

/** The config itself, opened for reading and writing: never a link, a pipe, or another file that took its name meanwhile. */
function withConfig<T>(target: Pick<InPlace, 'path' | 'label'>, act: (fd: number) => T): T {
  let fd: number
  try {
    fd = openSync(target.path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (codeOf(error) === 'ELOOP') throw gone(`${target.label} became a symbolic link`)
    throw fileTrouble(`${target.label} could not be opened for writing`, error)
  }
  try {
    if (!fstatSync(fd).isFile()) throw gone(`${target.label} is no regular file any more`)
    return act(fd)
  } finally {
    closeSync(fd)
  }
}

const gone = (why: string): AttachError =>
  new AttachError('UNAVAILABLE', `${why} meanwhile; nothing was changed`, { hint: 'run the command again' })

function isNamed(path: string, fd: number): boolean {
  const [held, named] = [fstatSync(fd), lstatSync(path, { throwIfNoEntry: false })]
  return named?.ino === held.ino && named.dev === held.dev
}

/** Read through the very descriptor that is written. A file that is longer is told too. */
function holds(fd: number, text: Uint8Array): boolean {
  return fstatSync(fd).size === text.length && Buffer.compare(contentsOf(fd), text) === 0
}

function contentsOf(fd: number): Buffer {
  const { size } = fstatSync(fd)
  const bytes = Buffer.alloc(size)
  let at = 0
  while (at < size) {
    const got = readSync(fd, bytes, at, size - at, at)
    if (got === 0) break
    at += got
  }
  return bytes.subarray(0, at)
}
