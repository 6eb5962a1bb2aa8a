import { connect, createServer, type Socket } from 'node:net'

/** Stands between a client and a real server, and can fail as a network does. */
export interface Relay {
  readonly port: number
  /** Connections that are open now. */
  readonly open: () => number
  /** From here on nothing that the server says arrives. */
  freeze(): void
  /** Every connection breaks. */
  cut(): void
  /** Called with each chunk of the client, before it is passed on. */
  onSaid(heard: (chunk: Buffer) => void): void
  [Symbol.asyncDispose](): Promise<void>
}

/** To a port of 127.0.0.1. */
export function relay(to: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  let isFrozen = false
  let heard: (chunk: Buffer) => void = () => {}
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1')
    for (const socket of [client, upstream]) {
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
        sockets.delete(client)
      })
    }
    sockets.add(client)
    client.on('data', (chunk) => {
      heard(chunk)
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      if (!isFrozen) client.write(chunk)
    })
  })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return reject(new Error('no port'))
      const cut = () => {
        for (const socket of sockets) socket.destroy()
      }
      resolve({
        port: address.port,
        open: () => sockets.size,
        freeze: () => {
          isFrozen = true
        },
        cut,
        onSaid: (listener) => {
          heard = listener
        },
        [Symbol.asyncDispose]: () =>
          new Promise((done) => {
            cut()
            server.close(() => done())
          }),
      })
    })
  })
}
