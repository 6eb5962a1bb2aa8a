import type { Duplex } from 'node:stream'
import { NetError } from './bounded.ts'
import { nextChunk } from './wire.ts'

/** How long a question and its answer may take together. */
export interface Exchange {
  /** Milliseconds. */
  readonly ms: number
  readonly signal: AbortSignal
  /** Monotonic clock, milliseconds. */
  readonly now: () => number
}

/** No answer to a question of ours comes near. */
const BYTES_MAX = 64 * 1024

/**
 * A conversation in lines that end with LF or CRLF, as SMTP, memcached and beanstalkd have it. What came and was not asked for yet is kept for the
 * next question. After an error it is of no use: an answer may still be on its way. Throws NetError: `closed`, `timeout`, `aborted`, `too-much`.
 */
export class Lines {
  readonly #socket: Duplex
  #buffer: Buffer = Buffer.alloc(0)
  #limit = BYTES_MAX

  constructor(socket: Duplex) {
    this.#socket = socket
  }

  /** From here on a line, or a block of bytes, may be as long as this. */
  allow(bytes: number): void {
    this.#limit = bytes
  }

  /** What came and was not read: for telling which protocol it is. */
  get unread(): Buffer {
    return this.#buffer
  }

  send(text: string | Buffer): void {
    this.#socket.write(text)
  }

  /** The next line, without its end. Bytes are read as latin1: what is UTF-8 in them is for who asked to decode. */
  async line(exchange: Exchange): Promise<string> {
    const deadline = exchange.now() + exchange.ms
    for (;;) {
      const end = this.#buffer.indexOf(0x0a)
      if (end >= 0) {
        const line = this.#buffer.toString('latin1', 0, end)
        this.#buffer = this.#buffer.subarray(end + 1)
        return line.endsWith('\r') ? line.slice(0, -1) : line
      }
      if (this.#buffer.length > this.#limit) throw new NetError('talk', 'too-much')
      await this.#more(deadline, exchange)
    }
  }

  /** Exactly so many bytes. */
  async bytes(count: number, exchange: Exchange): Promise<Buffer> {
    if (count > this.#limit) throw new NetError('talk', 'too-much')
    const deadline = exchange.now() + exchange.ms
    while (this.#buffer.length < count) await this.#more(deadline, exchange)
    const block = this.#buffer.subarray(0, count)
    this.#buffer = this.#buffer.subarray(count)
    return block
  }

  async #more(deadline: number, { now, signal }: Exchange): Promise<void> {
    const chunk = await nextChunk(this.#socket, deadline - now(), signal)
    if (chunk === null) throw new NetError('talk', 'closed')
    this.#buffer = Buffer.concat([this.#buffer, chunk])
  }
}
