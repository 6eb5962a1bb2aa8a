import { createServer, type Socket } from 'node:net'

/** A server that does not keep to its protocol. */
export interface Liar {
  readonly port: number
  /** Connections so far. */
  readonly seen: () => number
  /** Connections that are open now. */
  readonly open: () => number
  /** Everything that was said to it. */
  readonly heard: () => string
  [Symbol.asyncDispose](): Promise<void>
}

export type Behaviour = (socket: Socket) => void

/** Starts one on a free port of 127.0.0.1. */
export function liar(behave: Behaviour): Promise<Liar> {
  const sockets = new Set<Socket>()
  let seen = 0
  let heard = ''
  const server = createServer((socket) => {
    seen += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
    })
    behave(socket)
  })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return reject(new Error('no port'))
      resolve({
        port: address.port,
        seen: () => seen,
        open: () => sockets.size,
        heard: () => heard,
        [Symbol.asyncDispose]: () =>
          new Promise((done) => {
            for (const socket of sockets) socket.destroy()
            server.close(() => done())
          }),
      })
    })
  })
}

/** Accepts and never speaks. */
export const silent: Behaviour = () => {}

/** Speaks first, whatever is asked. */
export const greets =
  (text: string | Buffer): Behaviour =>
  (socket) => {
    socket.write(text)
  }

/** Answers everything it is asked with the same. */
export const answers =
  (text: string | Buffer): Behaviour =>
  (socket) => {
    socket.on('data', () => socket.write(text))
  }

/** Answers every line that it is told with the same. */
export const answersLines =
  (text: string): Behaviour =>
  (socket) => {
    socket.on('data', (chunk) => socket.write(text.repeat(chunk.toString('latin1').split('\n').length - 1)))
  }

/** Answers the first, second … question with the first, second … text, and then nothing. A null hangs up. */
export const script =
  (...lines: readonly (string | Buffer | null)[]): Behaviour =>
  (socket) => {
    let at = 0
    socket.on('data', () => {
      const line = lines[at]
      at += 1
      if (line === null) socket.destroy()
      else if (line !== undefined) socket.write(line)
    })
  }

/** One byte at a time, slower than any deadline of a test. */
export const drips =
  (text: string | Buffer, everyMs = 100): Behaviour =>
  (socket) => {
    const bytes = Buffer.from(text)
    let at = 0
    const timer = setInterval(() => {
      socket.write(bytes.subarray(at % bytes.length, (at % bytes.length) + 1))
      at += 1
    }, everyMs)
    socket.on('close', () => clearInterval(timer))
    socket.on('data', () => {})
  }

/** Answers with as many bytes as are taken, for ever. */
export const floods =
  (first: string | Buffer, chunk: string | Buffer): Behaviour =>
  (socket) => {
    socket.once('data', () => floodsAtOnce(first, chunk)(socket))
  }

/** The same, without having been asked. */
export const floodsAtOnce =
  (first: string | Buffer, chunk: string | Buffer): Behaviour =>
  (socket) => {
    const pour = () => {
      while (!socket.destroyed && socket.write(chunk)) {
        // until the other end takes no more
      }
    }
    socket.write(first)
    socket.on('drain', pour)
    pour()
  }

/** Hangs up as soon as it is spoken to. */
export const hangsUp: Behaviour = (socket) => {
  socket.once('data', () => socket.destroy())
}

/** What other protocols say, to whoever asks in the wrong one. */
export const FOREIGNERS: readonly { readonly protocol: string; readonly behaviour: Behaviour }[] = [
  { protocol: 'HTTP', behaviour: answers('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n') },
  { protocol: 'SMTP', behaviour: greets('220 mail.example.test ESMTP ready\r\n') },
  { protocol: 'SSH', behaviour: greets('SSH-2.0-OpenSSH_9.6\r\n') },
  { protocol: 'MySQL', behaviour: greets(Buffer.concat([Buffer.from([0x4a, 0, 0, 0, 10]), Buffer.from('8.0.36\0')])) },
  { protocol: 'NATS', behaviour: greets('INFO {"server_id":"x"}\r\n') },
  { protocol: 'memcached', behaviour: answersLines('ERROR\r\n') },
  { protocol: 'beanstalkd', behaviour: answersLines('UNKNOWN_COMMAND\r\n') },
  { protocol: 'AMQP', behaviour: script('AMQP\0\0\u0009\u0001', null) },
]
