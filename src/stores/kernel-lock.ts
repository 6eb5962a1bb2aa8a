import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs'
import { AttachError } from '../domain/errors.ts'
import { makeEmptyAtOnce, mendRights, type Rights } from './replace-file.ts'
import { codeOf, fileTrouble } from './trouble.ts'

/** A lock that the kernel frees when this process dies, in any container of the host, and keeps while it is merely frozen. */
export interface KernelLock {
  /** Whether the lock file still has its name: one that was removed locks nobody out. */
  isStill(): boolean
  release(): void
}

/** Linux has flock(2) but Node does not: flock(1) takes it on the descriptor it inherits, and the open file keeps it. macOS locks in open(2). */
export type LockStyle = 'flock' | 'o_exlock'

export interface LockFile {
  readonly path: string
  readonly style: LockStyle
  readonly rights: Rights
  /** PATH, for flock. It is all that flock gets of the environment, which may hold secrets: a child shows its own to others. */
  readonly searchPath?: string
}

const DARWIN_O_SHLOCK = 0x10
const DARWIN_O_EXLOCK = 0x20
/** Where flock is looked for when nobody says otherwise. */
const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin'
/** Reading commands hold the lock for a moment; a writer never gives up on one of those. */
const PATIENCE_MS = 1_000
const POLL_MS = 25
/** flock(1): another holds it, or the time is over. */
const CONFLICT = 1
/** flock(1) ends with EX_DATAERR and EX_OSERR where flock(2) fails for another reason than that. */
const REFUSED: readonly number[] = [65, 71]
/** How often flock is asked anew when a signal, which was meant for somebody else, ends it before its answer. */
const ASKS_MAX = 3

/** `ended`: a signal ended flock before it could tell. A terminal's Ctrl-C is sent to it too, and says nothing of the lock. */
type Answer = 'got' | 'held' | 'ended'

/**
 * Waits for the lock up to `timeoutMs` (at least a second). Null when it is still held by then, or a wish to stop came.
 * Throws UNAVAILABLE where the kernel or the file system has no locks. The file is close-on-exec: no child inherits the lock.
 */
export async function lockExclusive(file: LockFile, timeoutMs: number, signal: AbortSignal): Promise<KernelLock | null> {
  const until = performance.now() + Math.max(timeoutMs, PATIENCE_MS)
  for (let first = true; first || (performance.now() < until && !signal.aborted); first = false) {
    const fd = openLock(file)
    if (fd === null) {
      await pause(POLL_MS)
      continue
    }
    try {
      const answer = file.style === 'o_exlock' ? 'got' : await taken(fd, file, until - performance.now(), signal)
      if (answer === 'ended') await pause(POLL_MS) // The signal may be for us as well: it is heard now.
      if (answer === 'got' && isNamed(file.path, fd)) return { isStill: () => isNamed(file.path, fd), release: () => closeSync(fd) }
    } catch (error) {
      closeSync(fd)
      throw error
    }
    closeSync(fd) // Still held; or somebody removed the file while we waited, and its lock is nobody's.
  }
  return null
}

/** Whether a living process holds the lock: a shared lock, asked for without waiting and dropped at once. Null when that cannot be told. */
export function isLocked(path: string, style: LockStyle, searchPath = USUAL_PATH): boolean | null {
  const locking = style === 'flock' ? 0 : DARWIN_O_SHLOCK
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | locking)
  } catch (error) {
    const code = codeOf(error)
    if (code === null) throw error
    return code === 'ENOENT' ? false : code === 'EAGAIN' ? true : null
  }
  try {
    if (style === 'o_exlock') return false
    const { status } = askFlock('-s', fd, searchPath)
    return status === 0 ? false : status === CONFLICT ? true : null
  } finally {
    closeSync(fd)
  }
}

/** Null: held by another (where opening is locking), or the file went just now. */
function openLock({ path, style, rights }: LockFile): number | null {
  const flags = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK | (style === 'flock' ? 0 : DARWIN_O_EXLOCK)
  try {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) makeEmptyAtOnce(path, rights)
    const fd = openSync(path, flags)
    try {
      mendRights(fd, rights, fstatSync(fd))
      return fd
    } catch (error) {
      closeSync(fd)
      throw error
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || (style === 'o_exlock' && codeOf(error) === 'EAGAIN')) return null
    throw fileTrouble('the lock file beside the journal could not be opened', error)
  }
}

async function taken(fd: number, file: LockFile, ms: number, signal: AbortSignal): Promise<Answer> {
  const { status, error } = askFlock('-x', fd, file.searchPath)
  const answer = answerOf(status, file.path, error)
  return answer === 'got' ? answer : await waitFor(fd, file, ms, signal)
}

/**
 * A lock of an open file itself, for a write in place: a file with several names has a history under each, and their locks know nothing of each
 * other. Closing the file frees it. False: another still holds it after ten seconds. Where there is no flock there is none to wait for.
 */
export function holdFile(fd: number): boolean {
  const { status } = spawnSync('flock', ['-x', '-w', '10', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd], env: { PATH: USUAL_PATH } })
  return status !== CONFLICT
}

/** Without waiting. */
function askFlock(mode: '-s' | '-x', fd: number, searchPath = USUAL_PATH): SpawnSyncReturns<Buffer> {
  for (let asked = 1; ; asked += 1) {
    const said = spawnSync('flock', [mode, '-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd], env: { PATH: searchPath } })
    if (said.signal === null || asked === ASKS_MAX) return said
  }
}

/**
 * Waits in the kernel's queue: no polling, and a dead holder is followed at once. flock stays in our process group: a Ctrl-Z stops it too, so that
 * a stopped command is given no lock, and it ends with a hook that is ended.
 */
function waitFor(fd: number, { path, searchPath = USUAL_PATH }: LockFile, ms: number, signal: AbortSignal): Promise<Answer> {
  if (ms <= 0 || signal.aborted) return Promise.resolve('held')
  return new Promise((resolve, reject) => {
    const child = spawn('flock', ['-x', '-w', String(ms / 1_000), '3'], {
      stdio: ['ignore', 'ignore', 'ignore', fd],
      env: { PATH: searchPath },
    })
    const stop = (): void => {
      child.kill('SIGKILL')
    }
    signal.addEventListener('abort', stop, { once: true })
    const end = (status: number | null, error?: Error): void => {
      signal.removeEventListener('abort', stop)
      try {
        resolve(signal.aborted ? 'held' : answerOf(status, path, error))
      } catch (trouble) {
        reject(trouble)
      }
    }
    child.once('error', (error) => end(null, error))
    child.once('exit', (status) => end(status))
  })
}

/** Throws UNAVAILABLE where flock could not be asked, or says that there is no lock to be had. */
function answerOf(status: number | null, path: string, error: Error | undefined): Answer {
  if (status === 0) return 'got'
  if (status === CONFLICT) return 'held'
  if (status === null && error === undefined) return 'ended'
  const { why, hint } = refusalOf(status, codeOf(error))
  throw new AttachError('UNAVAILABLE', `no kernel lock can be had on ${path}: ${why}; nothing was changed`, { hint })
}

function refusalOf(status: number | null, code: string | null): { readonly why: string; readonly hint: string } {
  if (status === null)
    return code === 'ENOENT'
      ? { why: 'the flock command is missing', hint: 'install util-linux' }
      : { why: `the flock command cannot be run (${code ?? 'unknown'})`, hint: 'flock --version' }
  return REFUSED.includes(status)
    ? { why: 'the file system refuses locks', hint: 'set ATTACH_STATE_DIR to a directory on a local disk' }
    : { why: `flock ended with exit ${status}`, hint: 'flock --version' }
}

function isNamed(path: string, fd: number): boolean {
  const held = fstatSync(fd)
  const named = statSync(path, { throwIfNoEntry: false })
  return named !== undefined && named.ino === held.ino && named.dev === held.dev
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
