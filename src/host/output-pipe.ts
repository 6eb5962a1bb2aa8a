import { spawnSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/** A real pipe(7): `from` for us, `to` for the process that is to write. */
export interface OutputPipe {
  readonly from: Socket
  readonly to: number
  /** Ours of `to`: as long as it is open the pipe has no end. */
  closeTo(): void
}

/**
 * Node gives a child a socket in the place of a pipe, and on Linux a socket cannot be opened by its name: `echo … >/dev/stderr` in a hook
 * would fail there and nowhere else. A FIFO whose name is gone is a pipe in every respect. Null where none can be made, and where sockets do.
 */
export function openPipe(): OutputPipe | null {
  if (process.platform !== 'linux') return null
  let folder: string | null = null
  const opened: number[] = []
  try {
    folder = mkdtempSync(join(tmpdir(), 'attach-'))
    const path = join(folder, 'output')
    const made = spawnSync('mkfifo', ['-m', '600', path], { stdio: 'ignore', env: { PATH: '/usr/bin:/bin' } })
    if (made.status !== 0) return null
    const from = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    opened.push(from)
    const to = openSync(path, constants.O_WRONLY) // Does not wait: there is a reader.
    opened.push(to)
    const socket = new Socket({ fd: from, readable: true, writable: false })
    return { from: socket, to, closeTo: () => closeSync(to) }
  } catch {
    for (const fd of opened) closeSync(fd)
    return null // No room for it, or a file system that has none: then a socket must do.
  } finally {
    if (folder !== null) removed(folder)
  }
}

/** Its name is needed no more. One that cannot be removed is an empty file in the folder for such. */
function removed(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
  }
}
