import { constants, type Stats } from 'node:fs'
import { access, type FileHandle, lstat, open, realpath, stat, statfs } from 'node:fs/promises'
import { type Bound, bounded, codeOf, NetError } from '../../net/bounded.ts'

/** How long one look at the disk may take: a network disk may hang for ever. */
export type Look = Omit<Bound, 'at'>

/** A name on the disk, and the file that is meant by it. */
export interface Found {
  /** Behind all links. */
  readonly path: string
  readonly isLink: boolean
  readonly stats: Stats
}

/** Throws NetError with the code of the operating system, `timeout`, `aborted`. */
export const findFile = (path: string, look: Look): Promise<Found> =>
  within(look, async () => {
    const isLink = (await lstat(path)).isSymbolicLink()
    const real = await realpath(path)
    return { path: real, isLink, stats: await stat(real) }
  })

/**
 * Opens a file for reading, as far as it is one. It changes nothing, and waits for no other end of a pipe. Answers null for what is no regular file.
 * An open that comes too late is closed again.
 */
export const openFile = (path: string, look: Look): Promise<FileHandle | null> => {
  let isLate = false
  return within(look, async () => {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    const isFile = (await file.stat()).isFile()
    if (isFile && !isLate) return file
    await file.close()
    return null
  }).catch((error: unknown) => {
    isLate = true
    throw error
  })
}

/** The first bytes of an open file. */
export const firstBytes = (file: FileHandle, length: number, look: Look): Promise<Buffer> =>
  within(look, async () => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0)
    return buffer.subarray(0, bytesRead)
  })

export const statsOf = (file: FileHandle, look: Look): Promise<Stats> => within(look, () => file.stat())

/** What stands beside a database under a name of its own. Null: nothing, or no regular file. Throws NetError where it may not be read. */
export async function besides(path: string, length: number, look: Look): Promise<{ readonly size: number; readonly bytes: Buffer } | null> {
  let file: FileHandle | null = null
  try {
    file = await openFile(path, look)
    if (file === null) return null
    const { size } = await statsOf(file, look)
    return { size, bytes: await firstBytes(file, length, look) }
  } catch (error) {
    if (error instanceof NetError && error.code === 'ENOENT') return null
    throw error
  } finally {
    if (file !== null) letGo(file)
  }
}

/** Closes a file, and does not wait for it: a disk that hangs would keep whoever does. Twice is as once. */
export function letGo(file: FileHandle): void {
  file.close().catch(() => {})
}

/** Why this user may not do that, by access(2): nothing is opened for it. Null: it may. Throws NetError for every other trouble. */
export async function refusal(path: string, what: 'read' | 'write' | 'write in', look: Look): Promise<string | null> {
  const { R_OK, W_OK, X_OK } = constants
  const mode = what === 'read' ? R_OK : what === 'write' ? W_OK : W_OK | X_OK
  try {
    await within(look, () => access(path, mode))
    return null
  } catch (error) {
    if (error instanceof NetError && ['EACCES', 'EPERM', 'EROFS'].includes(error.code)) return error.code
    throw error
  }
}

/** The magic number of the filesystem, as statfs(2) has it. */
export const filesystemOf = (path: string, look: Look): Promise<number> => within(look, async () => (await statfs(path)).type >>> 0)

function within<T>({ ms, signal }: Look, how: () => Promise<T>): Promise<T> {
  return bounded<T>({ at: 'talk', ms, signal }, (done, fail) => {
    how().then(done, (error: unknown) => fail(new NetError('talk', codeOf(error))))
    return () => {}
  })
}
