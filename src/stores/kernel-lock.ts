import { spawn, spawnSync } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs'
import { AttachError } from '../domain/errors.ts'
import { fileTrouble } from './trouble.ts'

/** A lock that the kernel frees when this process dies, in any container of the host, and keeps while it is merely frozen. */
export interface KernelLock {
  /** The open lock file. It is close-on-exec: no child inherits the lock. */
  readonly fd: number
  release(): void
}

/** Linux has flock(2) but Node does not: flock(1) takes it on the descriptor it inherits, and the open file keeps it. macOS locks in open(2). */
export type LockStyle = 'flock' | 'o_exlock'

const DARWIN_O_SHLOCK = 0x10
const DARWIN_O_EXLOCK = 0x20
/** Reading commands hold the lock for a moment; a writer never gives up on one of those. */
const PATIENCE_MS = 1_000
const CONFLICT = 1

/**
 * Waits for the lock up to `timeoutMs` (at least a second). Returns null when it is still held by then.
 * Throws UNAVAILABLE where the kernel or the file system has no locks.
 */
export async function lockExclusive(path: string, style: LockStyle, timeoutMs: number, signal: AbortSignal): Promise<KernelLock | null> {
  const until = Date.now() + Math.max(timeoutMs, PATIENCE_MS)
  for (;;) {
    const fd = openLock(path, style, 'exclusive')
    if (fd === null) {
      if (Date.now() >= until || signal.aborted) return null
      await pause(25)
      continue
    }
    if (style === 'o_exlock' || take(fd, path) || (await waitFor(fd, until - Date.now(), signal))) {
      if (isStill(path, fd)) return { fd, release: () => closeSync(fd) }
      closeSync(fd) // Somebody removed the file while we waited for it: that lock is nobody's.
      continue
    }
    closeSync(fd)
    return null
  }
}

/** Whether a living process holds the lock: a shared lock, asked for without waiting and dropped at once. Null when that cannot be told. */
export function isLocked(path: string, style: LockStyle): boolean | null {
  let fd: number | null
  try {
    fd = style === 'o_exlock' ? openLock(path, style, 'shared') : openSync(path, constants.O_RDONLY)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? false : null
  }
  if (fd === null) return true
  try {
    if (style === 'o_exlock') return false
    const { status } = spawnSync('flock', ['-s', '-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
    return status === 0 ? false : status === CONFLICT ? true : null
  } finally {
    closeSync(fd)
  }
}

/** Null: held by another (where opening is locking). */
function openLock(path: string, style: LockStyle, how: 'shared' | 'exclusive'): number | null {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
  const locking = how === 'shared' ? DARWIN_O_SHLOCK : DARWIN_O_EXLOCK
  try {
    return style === 'flock' ? openSync(path, flags, 0o600) : openSync(path, flags | constants.O_NONBLOCK | locking, 0o600)
  } catch (error) {
    if (style === 'o_exlock' && error instanceof Error && 'code' in error && error.code === 'EAGAIN') return null
    throw fileTrouble('the lock file could not be opened', error)
  }
}

function take(fd: number, path: string): boolean {
  const { status, error } = spawnSync('flock', ['-x', '-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
  if (status === 0) return true
  if (status === CONFLICT) return false
  const why =
    error !== undefined && 'code' in error && error.code === 'ENOENT' ? 'the flock command is missing' : 'the file system refuses locks'
  throw new AttachError('UNAVAILABLE', `no kernel lock can be had on ${path}: ${why}; nothing was changed`, {
    hint: why.startsWith('the flock') ? 'install util-linux' : 'set ATTACH_STATE_DIR to a directory on a local disk',
  })
}

/** Waits in the kernel's queue: no polling, and a dead holder is followed at once. */
function waitFor(fd: number, ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const seconds = String(Math.max(ms, 1) / 1000)
    const child = spawn('flock', ['-x', '-w', seconds, '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
    const stop = (): void => {
      child.kill('SIGKILL')
    }
    signal.addEventListener('abort', stop, { once: true })
    const end = (got: boolean): void => {
      signal.removeEventListener('abort', stop)
      resolve(got)
    }
    child.once('error', () => end(false))
    child.once('exit', (code) => end(code === 0))
  })
}

function isStill(path: string, fd: number): boolean {
  const held = fstatSync(fd)
  const named = statSync(path, { throwIfNoEntry: false })
  return named !== undefined && named.ino === held.ino && named.dev === held.dev
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
