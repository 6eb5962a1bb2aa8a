import type { Stats } from 'node:fs'
import { NetError } from '../../net/bounded.ts'
import type { Depth, FailureClass } from '../../ports/kind.ts'
import { Failed } from '../probing.ts'

type Meaning = readonly [FailureClass, reason: string, hint: string]

/** What the codes of the operating system mean for a file. */
const CODES: Readonly<Record<string, Meaning>> = {
  ENOENT: ['permanent', 'there is no such file; SQLite would make an empty database there', 'check the path, or restore the file to it'],
  ENOTDIR: ['permanent', 'a part of the path is no folder', 'check the path'],
  ELOOP: ['permanent', 'links of the path lead in a circle', 'check where the links point: ls -l'],
  ENAMETOOLONG: ['permanent', 'the path is longer than the disk takes', 'check the path'],
  EACCES: [
    'permanent',
    'this user may not read the file, or not enter a folder on the way',
    'run it as the user of the app; namei -l PATH shows the rights',
  ],
  EPERM: ['permanent', 'this user may not open the file', 'run it as the user of the app'],
  EIO: ['permanent', 'the disk failed while it was read', 'look at the log of the kernel: dmesg'],
  ESTALE: ['transient', 'the network disk has lost the file', 'mount it again'],
  EMFILE: ['transient', 'too many files are open on this machine', 'close some, or raise the limit'],
  ENFILE: ['transient', 'too many files are open on this machine', 'close some, or raise the limit'],
  timeout: ['transient', 'the disk does not answer in time', 'a network disk may hang: look at its mount'],
}

/** A trouble of the disk as a failure of the probe. What is none of it stays what it is. */
export function asFailed(error: unknown): unknown {
  if (!(error instanceof NetError) || error.code === 'aborted') return error
  const [kind, reason, hint] = CODES[error.code] ?? ['permanent', `the file cannot be read (${error.code})`, 'check the path and the disk']
  return new Failed({ class: kind, code: error.code, reason, hint })
}

/** What stands at a path in the place of a file. Null: a file. Nothing of it is opened. */
export function noFile(stats: Stats): Failed | null {
  if (stats.isFile()) return null
  const what = stats.isDirectory()
    ? 'a folder'
    : stats.isFIFO()
      ? 'a pipe (FIFO)'
      : stats.isSocket()
        ? 'a socket'
        : stats.isCharacterDevice() || stats.isBlockDevice()
          ? 'a device'
          : 'no file'
  return failed('not-a-file', `${what} stands there, and was not opened`, 'name the file of the database')
}

export const failed = (
  code: string,
  reason: string,
  hint: string,
  more: { readonly class?: FailureClass; readonly failedAt?: Depth } = {},
) => new Failed({ class: 'permanent', code, reason, hint, ...more })
