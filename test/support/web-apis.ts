import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A stand-in for a web API on a free port of 127.0.0.1, written from its public documentation. */
export interface StandIn {
  readonly port: number
  /** Method and target of each call. */
  readonly calls: readonly string[]
  [Symbol.asyncDispose](): Promise<void>
}

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

export async function standIn(answer: (request: IncomingMessage) => Answer): Promise<StandIn> {
  const calls: string[] = []
  const server = createServer((request, response) => {
    request.resume()
    if (request.method === 'HEAD') return void response.writeHead(404).end()
    calls.push(`${request.method} ${request.url}`)
    const { status = 200, headers = {}, body } = answer(request)
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    calls,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** https://postmarkapp.com/developer/api/server-api and /developer/api/overview#error-codes */
export const postmark =
  (servers: Readonly<Record<string, { readonly id: number; readonly name: string; readonly type?: 'Live' | 'Sandbox' }>>) =>
  ({ headers, url }: IncomingMessage): Answer => {
    const token = String(headers['x-postmark-server-token'] ?? '')
    if (url !== '/server') return { status: 404, body: { ErrorCode: 404, Message: 'no such page' } }
    if (token === '')
      return { status: 401, body: { ErrorCode: 10, Message: 'No Account or Server API tokens were supplied in the HTTP headers.' } }
    const server = servers[token]
    if (server === undefined)
      return { status: 401, body: { ErrorCode: 10, Message: `Request does not contain a valid Server token (${token}).` } }
    return { body: { ID: server.id, Name: server.name, ApiTokens: [token], DeliveryType: server.type ?? 'Live', SmtpApiActivated: true } }
  }
