import type { Duplex } from 'node:stream'
import { bounded, codeOf, NetError } from './bounded.ts'

/** The next bytes of a socket, `null` at its end. The socket is paused before and after. Throws NetError at `talk`. */
export function nextChunk(socket: Duplex, ms: number, signal: AbortSignal): Promise<Buffer | null> {
  return bounded<Buffer | null>({ at: 'talk', ms, signal }, (done, fail) => {
    const onChunk = (chunk: Buffer) => {
      socket.pause()
      done(chunk)
    }
    const onEnd = () => done(null)
    const onError = (error: Error) => fail(new NetError('talk', codeOf(error)))
    if (socket.destroyed || socket.readableEnded) {
      onEnd()
      return () => {}
    }
    socket.on('data', onChunk).on('end', onEnd).on('close', onEnd).on('error', onError)
    socket.resume()
    return () => {
      socket.pause()
      socket.off('data', onChunk).off('end', onEnd).off('close', onEnd).off('error', onError)
    }
  })
}

export interface GatherOptions {
  readonly ms: number
  readonly limit: number
  readonly signal: AbortSignal
  /** Waits no longer once this many bytes came. */
  readonly enough: number
}

/** What comes within `ms`, at most `limit` bytes. What came is what there is: an error ends it like an end. */
export async function gather(socket: Duplex, { ms, limit, signal, enough }: GatherOptions): Promise<Buffer> {
  const chunks: Buffer[] = []
  const deadline = performance.now() + ms
  for (let size = 0; size < enough && performance.now() < deadline; ) {
    const chunk = await nextChunk(socket, deadline - performance.now(), signal).catch(() => null)
    if (chunk === null) break
    chunks.push(chunk)
    size += chunk.length
  }
  return Buffer.concat(chunks).subarray(0, limit)
}
