import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { type Bound, bounded, codeOf, NetError } from './bounded.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** Path and query, as they stand in the request line. */
  readonly target: string
  /** With `host`. No cookie and no credential is added to them. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** The connection stays open for another request. Default: it is closed. */
  readonly keep?: true
}

export interface HttpAnswer {
  readonly status: number
  /** Names in lower case; of repeated ones what Node makes of them. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** A longer body is no answer to a question of ours. */
const BODY_MAX = 1024 * 1024

/**
 * One request over a socket that is already open (RFC 9112). Node's own parser reads the answer; no redirect is followed, no proxy asked, nothing of the
 * environment has a say. Throws NetError at `talk`: `protocol` for what is no HTTP, `too-much`, `closed`, `timeout`, `aborted`.
 */
export async function askHttp(
  socket: Socket,
  asked: HttpRequest,
  bound: Omit<Bound, 'at'>,
  { bodyMax = BODY_MAX }: { readonly bodyMax?: number } = {},
): Promise<HttpAnswer> {
  return await bounded<HttpAnswer>({ ...bound, at: 'talk' }, (done, fail) => {
    const asking = request({
      createConnection: () => socket,
      method: asked.method,
      path: asked.target,
      headers: { ...asked.headers, ...bodyHeaders(asked), connection: asked.keep ? 'keep-alive' : 'close' },
      setHost: false,
      maxHeaderSize: 16 * 1024,
    })
    const onClose = () => fail(new NetError('talk', 'closed'))
    socket.once('close', onClose)
    // A socket that was dialled is paused, and Node's client does not wake it: not before it listens, or what came already would be lost.
    asking.once('socket', () => socket.resume())
    asking.on('error', (error) => fail(new NetError('talk', meaningOf(codeOf(error)))))
    asking.once('response', (answer) => {
      const pieces: Buffer[] = []
      let size = 0
      answer.on('error', (error) => fail(new NetError('talk', meaningOf(codeOf(error)))))
      answer.on('aborted', onClose)
      answer.on('data', (piece: Buffer) => {
        size += piece.length
        if (size > bodyMax) return fail(new NetError('talk', 'too-much'))
        pieces.push(piece)
      })
      answer.on('end', () => done({ status: answer.statusCode ?? 0, headers: headersOf(answer), body: Buffer.concat(pieces) }))
    })
    asking.end(asked.body)
    return () => {
      socket.off('close', onClose)
      asking.on('error', () => {}) // Whoever destroys the socket afterwards is told of it no more.
    }
  })
}

const bodyHeaders = ({ body, method }: HttpRequest): Readonly<Record<string, string>> =>
  body === undefined && (method === 'GET' || method === 'HEAD') ? {} : { 'content-length': `${Buffer.byteLength(body ?? '')}` }

function headersOf({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]))
}

/** What Node's parser complains about is no HTTP; a header without end is too much of it. */
const meaningOf = (code: string): string =>
  code === 'HPE_HEADER_OVERFLOW' ? 'too-much' : code.startsWith('HPE_') ? 'protocol' : code === 'ECONNRESET' ? 'closed' : code
