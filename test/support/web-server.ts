import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A web server on a free port of 127.0.0.1 that answers with a status, and asks to wait 7 s where that says so. */
export interface WebServer {
  readonly port: number
  /** Method and target of each request. */
  readonly calls: readonly string[]
  [Symbol.asyncDispose](): Promise<void>
}

export async function webServer(statusOf: (request: IncomingMessage) => number): Promise<WebServer> {
  const calls: string[] = []
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`)
    request.resume()
    response.writeHead(statusOf(request), { server: 'stand-in', 'retry-after': '7' }).end()
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
