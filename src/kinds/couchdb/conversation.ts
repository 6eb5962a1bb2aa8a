import type { Socket } from 'node:net'
import { NetError } from '../../net/bounded.ts'
import { askHttp, type HttpAnswer } from '../../net/http.ts'
import type { Exchange } from '../../net/lines.ts'
import { basicLogin, hostHeader, reopened, type WebPlace } from '../web.ts'
import type { CouchDB } from './handle.ts'

export const SERVICE = 'CouchDB'
export const ASK_FOR_TLS = 'couchdbs://'

/** `as`: nobody is told who asks before it is known what answers. */
export interface Question {
  readonly target: string
  readonly as: 'nobody' | 'user'
}

export const placeOf = ({ host, port, tls }: CouchDB): WebPlace => ({ host, port, tls })

/** The path of a database, and what is asked of it. */
export const pathOf = (name: string, rest = ''): string => `/${encodeURIComponent(name)}${rest}`

/**
 * GET after GET, over one connection. A server, or a proxy before it, closes it after an answer or after a while: the next question opens another. One
 * that broke off in the middle of an answer is not repeated. No redirect is followed, no cookie kept.
 */
export class Conversation {
  readonly #couch: CouchDB
  #socket: Socket
  #isOpen = true
  #usedAt: number | null = null

  constructor(couch: CouchDB, socket: Socket) {
    this.#couch = couch
    this.#socket = socket
  }

  /** The connection that is open now. */
  get socket(): Socket {
    return this.#socket
  }

  /** Throws NetError, Failed. An answer is an answer whatever its status. */
  async ask({ target, as }: Question, exchange: Exchange): Promise<HttpAnswer> {
    const started = exchange.now()
    if (this.#isStale(started)) await this.#again(exchange)
    const { login } = this.#couch
    const authorization = as === 'user' && login !== null ? { authorization: basicLogin(login.user, login.password.reveal()) } : {}
    const headers = { host: hostHeader(placeOf(this.#couch)), accept: 'application/json', ...authorization }
    this.#isOpen = false
    const left = exchange.ms - (exchange.now() - started)
    const answer = await askHttp(this.#socket, { method: 'GET', target, headers, keep: true }, { ms: left, signal: exchange.signal })
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
    this.#socket = await reopened(placeOf(this.#couch), exchange)
    if (!exchange.signal.aborted) return
    this.#socket.destroy()
    throw new NetError('talk', 'aborted')
  }
}

/** Node's own servers close after five seconds, and others later. */
const IDLE_MS = 2_000
