import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import type { ProcessIdentity } from '../ports/host.ts'
import { makeEmpty, type Rights, unlinkIfThere, writeAll } from './replace-file.ts'
import { codeOf, fileTrouble } from './trouble.ts'

/** A command of the deploy's own that runs, or ran when its attach died. */
export interface RecordedRun extends ProcessIdentity {
  /** The name of the host that it was begun on. */
  readonly host: string
}

/** `by`: whose word it is, a user id. `unreadable`: it is another user's. */
export type FoundRun = { readonly type: 'run'; readonly run: RecordedRun; readonly by: number } | { readonly type: 'unreadable' }

/** Owned by whoever runs the command, so that another user's word is told from ours; without a secret, and readable for the next one. */
const MODE = 0o644
const BYTES_MAX = 4_096

/** Not synced: what a power cut takes away runs no longer. A torn record is none, and its command never began. Throws UNAVAILABLE. */
export function writeHookRecord(path: string, run: RecordedRun, owner: Pick<Rights, 'uid' | 'gid'>): void {
  try {
    unlinkIfThere(path)
    makeEmpty(path, { ...owner, mode: MODE })
    const fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW)
    try {
      writeAll(fd, Buffer.from(`${JSON.stringify(run)}\n`))
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw fileTrouble('the record of the hook could not be written', error)
  }
}

/** Null: there is none, or what stands there is no record of ours: a link, torn, too large. Throws UNAVAILABLE. */
export function readHookRecord(path: string): FoundRun | null {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const { nlink, uid, size } = fstatSync(fd)
      const bytes = Buffer.alloc(BYTES_MAX)
      const isOurs = fstatSync(fd).isFile() && nlink === 1 && size < BYTES_MAX
      const run = isOurs ? decoded(bytes.toString('utf8', 0, readSync(fd, bytes))) : null
      return run === null ? null : { type: 'run', run, by: uid }
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    const code = codeOf(error) ?? ''
    if (['ENOENT', 'ELOOP', 'EMLINK', 'ENXIO', 'EISDIR'].includes(code)) return null
    if (code === 'EACCES') return { type: 'unreadable' }
    throw fileTrouble('the record of the hook cannot be read', error)
  }
}

/** Throws UNAVAILABLE. */
export function removeHookRecord(path: string): void {
  try {
    unlinkIfThere(path)
  } catch (error) {
    throw fileTrouble('the record of the hook could not be removed', error)
  }
}

function decoded(text: string): RecordedRun | null {
  if (!text.endsWith('\n')) return null
  try {
    const { pid, start, boot, namespace, host } = JSON.parse(text)
    const isProcess = Number.isSafeInteger(pid) && pid > 1
    if (!isProcess || !isWord(start) || !isWord(boot) || !isWord(namespace) || typeof host !== 'string') return null
    return { pid, start, boot, namespace, host }
  } catch {
    return null
  }
}

const isWord = (word: unknown): word is string | null => word === null || (typeof word === 'string' && word.length <= 200)
