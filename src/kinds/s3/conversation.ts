import type { Socket } from 'node:net'
import type { HttpAnswer, HttpRequest } from '../../net/http.ts'
import type { Exchange } from '../../net/lines.ts'
import { hostHeader, type WebPlace } from '../web.ts'
import { WebConnection } from '../web-connection.ts'
import type { S3 } from './handle.ts'
import { queryOf, signed, uriPath } from './sign.ts'

export const SERVICE = 'S3'
export const ASK_FOR_TLS = 'endpoint=https://…'

/** A page of 1,000 keys, each 1,024 bytes and encoded, is no longer. */
const BODY_MAX = 4 * 1024 * 1024

export interface Question {
  readonly method: HttpRequest['method']
  /** Of an object, whole. Absent: the bucket itself. Null: the service, which lists buckets. */
  readonly key?: string | null
  readonly query?: readonly (readonly [name: string, value: string])[]
  readonly body?: string
  /** Names in lower case. They are signed too. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Where requests go: the bucket may stand in the host. */
export const placeOf = ({ endpoint, style, bucket, files }: S3): WebPlace => ({
  host: style === 'host' ? `${bucket}.${endpoint.host}` : endpoint.host,
  port: endpoint.port,
  tls: endpoint.tls,
  files,
  fileWords: { ca: 'ca', cert: 'cert', key: 'key' },
})

/** Signed requests to one bucket. */
export class Conversation {
  readonly #s3: S3
  readonly #place: WebPlace
  readonly #connection: WebConnection
  readonly #today: () => number

  /** `today`: wall clock, by which requests are signed. */
  constructor(s3: S3, socket: Socket, today: () => number) {
    this.#s3 = s3
    this.#place = placeOf(s3)
    this.#connection = new WebConnection(this.#place, socket)
    this.#today = today
  }

  /** The connection that is open now. */
  get socket(): Socket {
    return this.#connection.socket
  }

  /** Throws NetError, Failed. An answer is an answer whatever its status. */
  async ask(question: Question, exchange: Exchange): Promise<HttpAnswer> {
    return this.#connection.ask(() => this.#request(question), exchange, { bodyMax: BODY_MAX })
  }

  #request({ method, key, query = [], body, headers: more = {} }: Question): HttpRequest {
    const { endpoint, bucket, style, login, region } = this.#s3
    const isOfService = key === null
    const ofBucket = isOfService || style === 'host' ? '' : `/${bucket}`
    const ofObject = key === undefined || key === null ? '' : `/${uriPath(key)}`
    const path = `${endpoint.base}${ofBucket}${ofObject}` || '/'
    const host = hostHeader(isOfService ? endpoint : this.#place)
    const headers = signed({ method, path, query, headers: { host, ...more }, body: body ?? '' }, { login, region, at: this.#today() })
    const text = queryOf(query)
    return { method, target: text === '' ? path : `${path}?${text}`, headers, ...(body === undefined ? {} : { body }), keep: true }
  }
}
