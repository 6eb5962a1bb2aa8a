import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { addAbortSignal, type Readable } from 'node:stream'
import { AttachError } from '../domain/errors.ts'
import type { Taken } from '../ports/host.ts'

/**
 * A regular file, a named pipe or `/dev/fd/N`, to its end. Opened without waiting: a pipe that nobody writes to is waited for in poll(2), where
 * `signal` ends it, and not in open(2), where nothing would. Throws INTERRUPTED when `signal` comes first.
 */
export async function readToEnd(path: string, limit: number, signal: AbortSignal): Promise<Taken> {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    const found = fstatSync(fd)
    if (found.isFIFO()) return await fromPipe(fd, limit, signal)
    try {
      if (found.isFile()) return fromFile(fd, limit)
      return { refused: found.isDirectory() ? 'is a directory' : 'is neither a file nor a pipe' }
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : null
    if (signal.aborted || code === null) throw signal.aborted ? interrupted() : error
    return { refused: WHY.get(code) ?? `cannot be read (${code})` }
  }
}

const WHY: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'does not exist'],
  ['ENOTDIR', 'does not exist'],
  ['EACCES', 'may not be read by this user'],
  ['EPERM', 'may not be read by this user'],
  ['ENXIO', 'is neither a file nor a pipe'],
])

const overFull = (limit: number): Taken => ({ refused: `has more than ${limit} bytes` })

/** What a size says is not believed: files of /proc have none. */
function fromFile(fd: number, limit: number): Taken {
  const bytes = Buffer.allocUnsafe(limit + 1)
  for (let size = 0; ; ) {
    const got = readSync(fd, bytes, size, bytes.length - size, null)
    size += got
    if (size > limit) return overFull(limit)
    if (got === 0) return { bytes: bytes.subarray(0, size) }
  }
}

async function fromPipe(fd: number, limit: number, signal: AbortSignal): Promise<Taken> {
  const { Socket } = await import('node:net')
  const pipe: Readable = addAbortSignal(signal, new Socket({ fd, readable: true, writable: false }))
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of pipe) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > limit) return overFull(limit)
    chunks.push(bytes)
  }
  return { bytes: Buffer.concat(chunks) }
}

const interrupted = (): AttachError =>
  new AttachError('INTERRUPTED', 'interrupted before anything was changed', { hint: 'run the command again' })
