import type { Socket } from 'node:net'
import type { HttpAnswer } from '../../net/http.ts'
import type { Exchange } from '../../net/lines.ts'
import { basicLogin, hostHeader, type WebPlace } from '../web.ts'
import { WebConnection } from '../web-connection.ts'
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

/** GET after GET. */
export class Conversation {
  readonly #couch: CouchDB
  readonly #connection: WebConnection

  constructor(couch: CouchDB, socket: Socket) {
    this.#couch = couch
    this.#connection = new WebConnection(placeOf(couch), socket)
  }

  /** The connection that is open now. */
  get socket(): Socket {
    return this.#connection.socket
  }

  /** Throws NetError, Failed. An answer is an answer whatever its status. */
  async ask({ target, as }: Question, exchange: Exchange): Promise<HttpAnswer> {
    const { login } = this.#couch
    const authorization = as === 'user' && login !== null ? { authorization: basicLogin(login.user, login.password.reveal()) } : {}
    const headers = { host: hostHeader(placeOf(this.#couch)), accept: 'application/json', ...authorization }
    return this.#connection.ask(() => ({ method: 'GET', target, headers, keep: true }), exchange)
  }
}
