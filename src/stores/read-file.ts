import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** What stands in a file, or why it is not read. */
export type Read = { readonly bytes: Buffer } | { readonly refused: 'not a regular file' | 'too large'; readonly size: number }

/**
 * Reads a regular file of at most `max` bytes. A pipe is never waited for, and what a device or `/proc` gives without end is cut off. Throws the
 * system's own errors.
 */
export function readRegular(path: string, max: number, how: 'follow' | 'nofollow' = 'follow'): Read {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (how === 'nofollow' ? constants.O_NOFOLLOW : 0))
  try {
    const found = fstatSync(fd)
    if (!found.isFile()) return { refused: 'not a regular file', size: 0 }
    if (found.size > max) return { refused: 'too large', size: found.size }
    const chunks: Buffer[] = []
    for (let size = 0; ; ) {
      const chunk = Buffer.allocUnsafe(Math.max(found.size - size, 0) + 4_096)
      const got = readSync(fd, chunk)
      if (got === 0) return { bytes: Buffer.concat(chunks) }
      chunks.push(chunk.subarray(0, got))
      size += got
      if (size > max) return { refused: 'too large', size }
    }
  } finally {
    closeSync(fd)
  }
}
