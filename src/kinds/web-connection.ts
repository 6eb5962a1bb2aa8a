import type { Socket } from 'node:net'
import { NetError } from '../net/bounded.ts'
import { askHttp, type HttpAnswer, type HttpRequest } from '../net/http.ts'
import type { Exchange } from '../net/lines.ts'
import { reopened, type WebPlace } from './web.ts'

/** Node's own servers close after five seconds, and others later. */
const IDLE_MS = 2_000

/**
 * Requests to one place, one after another, over one connection. A server, or a proxy before it, closes it after an answer or after a while: the next
 * request opens another. One that broke off in the middle of an answer is not repeated. No redirect is followed, no cookie kept.
 */
export class WebConnection {
  readonly #place: WebPlace
  #socket: Socket
  #isOpen = true
  #usedAt: number | null = null

  constructor(place: WebPlace, socket: Socket) {
    this.#place = place
    this.#socket = socket
  }

  /** The connection that is open now. */
  get socket(): Socket {
    return this.#socket
  }

  /** `limits`: see `askHttp`. Throws NetError, Failed. An answer is an answer whatever its status. */
  async ask(request: () => HttpRequest, exchange: Exchange, limits?: Parameters<typeof askHttp>[3]): Promise<HttpAnswer> {
    const started = exchange.now()
    if (this.#isStale(started)) await this.#again(exchange)
    const left = exchange.ms - (exchange.now() - started)
    this.#isOpen = false
    const answer = await askHttp(this.#socket, request(), { ms: left, signal: exchange.signal }, limits)
    this.#isOpen = !/\bclose\b/i.test(answer.headers['connection'] ?? '')
    this.#usedAt = exchange.now()
    return answer
  }

  /** A server may have closed what was idle for so long, and its word of that may be on its way still. */
  #isStale(now: number): boolean {
    if (!this.#isOpen || !this.#socket.writable || this.#socket.readableEnded) return true
    return this.#usedAt !== null && now - this.#usedAt > IDLE_MS
  }

  async #again(exchange: Exchange): Promise<void> {
    this.#socket.destroy()
    this.#socket = await reopened(this.#place, exchange)
    if (!exchange.signal.aborted) return
    this.#socket.destroy()
    throw new NetError('talk', 'aborted')
  }
}
