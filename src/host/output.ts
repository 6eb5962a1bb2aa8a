import { writeSync } from 'node:fs'

/** How long a reader that does not read may hold us up. What it has not taken by then is dropped. */
const PATIENCE_MS = 5_000
const nap = new Int32Array(new SharedArrayBuffer(4))

/** Writes all of `text`, now. A closed other end is not our failure: the journal has the result, and `attach log` shows it. */
export function writeFully(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  const until = performance.now() + PATIENCE_MS
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      const isFull = error instanceof Error && 'code' in error && error.code === 'EAGAIN'
      if (!isFull || performance.now() > until) return
      Atomics.wait(nap, 0, 0, 5)
    }
  }
}
