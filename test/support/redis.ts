import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { end, eventually, findProgram, serverOrSkip } from './processes.ts'

const program = (): string | null => findProgram('redis-server') ?? findProgram('valkey-server')

/** Whether a real Redis can be started here. Says so when not. */
export const haveRedis = (): boolean => serverOrSkip('redis-server', program())

export interface RedisOptions {
  readonly password?: string
  /** A server certificate: the port speaks TLS alone. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Further words of the command line: `--replicaof 127.0.0.1 6379`. */
  readonly args?: readonly string[]
}

export interface RedisServer {
  readonly port: number
  readonly socket: string
  /** A handle. Default: the password of the server, database 0. */
  url(parts?: { readonly user?: string; readonly password?: string; readonly db?: number; readonly host?: string }): string
  /** Sends one command and answers the reply as it came. Not for a TLS port. */
  ask(...words: readonly string[]): Promise<string>
  start(): Promise<void>
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A real Redis on a free port of 127.0.0.1 that saves nothing. Takes a tenth of a second. */
export async function startRedis({ password, tls, args = [] }: RedisOptions = {}): Promise<RedisServer> {
  const folder = mkdtempSync('/tmp/att-re-')
  const port = await freePort()
  const socket = join(folder, 'redis.sock')
  const ports =
    tls === undefined
      ? ['--port', `${port}`]
      : [
          '--port',
          '0',
          '--tls-port',
          `${port}`,
          '--tls-cert-file',
          tls.cert,
          '--tls-key-file',
          tls.key,
          '--tls-auth-clients',
          'no',
          '--tls-ca-cert-file',
          tls.cert,
        ]
  const words = [...ports, '--bind', '127.0.0.1', '--unixsocket', socket, '--dir', folder, '--save', '', '--appendonly', 'no']
  const server = new LocalRedis({ port, socket, folder, password }, [
    ...words,
    ...(password === undefined ? [] : ['--requirepass', password]),
    ...args,
  ])
  await server.start()
  return server
}

interface Place {
  readonly port: number
  readonly socket: string
  readonly folder: string
  readonly password: string | undefined
}

class LocalRedis implements RedisServer {
  readonly #place: Place
  readonly #args: readonly string[]
  #process: ChildProcess | null = null

  constructor(place: Place, args: readonly string[]) {
    this.#place = place
    this.#args = args
  }

  get port(): number {
    return this.#place.port
  }

  get socket(): string {
    return this.#place.socket
  }

  url({ user = '', password = this.#place.password ?? '', db = 0, host = '127.0.0.1' }: Parameters<RedisServer['url']>[0] = {}): string {
    const login = password === '' ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`
    return `redis://${login}${host}:${this.port}/${db}`
  }

  async ask(...words: readonly string[]): Promise<string> {
    const { password, socket } = this.#place
    const login = password === undefined || words[0] === 'AUTH' ? '' : encoded(['AUTH', password])
    const text = await exchange(socket, login + encoded(words), login === '' ? 1 : 2)
    return login === '' ? text : text.slice(text.indexOf('\r\n') + 2)
  }

  async start(): Promise<void> {
    const path = program()
    if (path === null) throw new Error('redis-server is not installed')
    const child = spawn(path, this.#args, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#process = child
    let log = ''
    child.stdout?.on('data', (chunk) => {
      log = (log + chunk).slice(-2000)
    })
    await eventually('Redis answering', async () => {
      if (child.exitCode !== null) throw new Error(log)
      await exchange(this.#place.socket, encoded(['PING']), 1)
    })
  }

  async stop(): Promise<void> {
    if (this.#process !== null) await end(this.#process)
    this.#process = null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.#place.folder, { recursive: true, force: true })
  }
}

const encoded = (words: readonly string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`

/** Over the unix socket: writes, and waits until that many lines of reply came. */
function exchange(path: string, text: string, lines: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path })
    let reply = ''
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer')))
    socket.on('error', reject)
    socket.on('connect', () => socket.write(text))
    socket.on('data', (chunk) => {
      reply += chunk
      if (reply.split('\r\n').length > lines) {
        socket.destroy()
        resolve(reply)
      }
    })
  })
}
