import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join, resolve } from 'node:path'
import { createServer } from 'node:tls'
import { freePort } from './ports.ts'
import { end, eventually, serverOrSkip } from './processes.ts'

const PROGRAM = resolve(import.meta.dirname, '../npm-servers/node_modules/pouchdb-server/bin/pouchdb-server')

/** Whether PouchDB Server, which comes from npm and speaks the API of CouchDB, can be started here. Says so when not. */
export const haveCouchDB = (): boolean => serverOrSkip('pouchdb-server', existsSync(PROGRAM) ? PROGRAM : null)

export interface CouchServer {
  readonly port: number
  /** A handle. Default: the admin, without a database. */
  url(parts?: { readonly user?: string | null; readonly password?: string; readonly name?: string; readonly scheme?: string }): string
  /** A request of the admin; the answer is JSON. Throws what the server refuses. */
  send(method: 'GET' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>>
  [Symbol.asyncDispose](): Promise<void>
}

export const ADMIN = 'root'

/** One with an admin, in memory, on a free port of 127.0.0.1, in a process and a folder of its own. It takes three seconds. */
export async function startCouchDB({ password }: { readonly password: string }): Promise<CouchServer> {
  const folder = mkdtempSync('/tmp/att-co-')
  const port = await freePort()
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ admins: { [ADMIN]: password } }))
  const words = [PROGRAM, '--in-memory', '--port', `${port}`, '--host', '127.0.0.1', '-n', '--dir', folder]
  const child = spawn(process.execPath, words, { cwd: folder, stdio: 'ignore' })
  const server: CouchServer = {
    port,
    url: ({ user = ADMIN, password: given = password, name = '', scheme = 'couchdb' } = {}) => {
      const login = user === null ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(given)}@`
      return `${scheme}://${login}127.0.0.1:${port}${name === '' ? '' : `/${name}`}`
    },
    send: async (method, path, body) => {
      const authorization = `Basic ${Buffer.from(`${ADMIN}:${password}`).toString('base64')}`
      const headers = { authorization, 'content-type': 'application/json' }
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
      return JSON.parse(text) as Readonly<Record<string, unknown>> // The answer of a server that the test started.
    },
    [Symbol.asyncDispose]: async () => {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await eventually('PouchDB Server answering', () => answering(child, server), 60_000)
  return server
}

async function answering(child: ChildProcess, server: CouchServer): Promise<void> {
  if (child.exitCode !== null) throw new Error('pouchdb-server ended')
  await server.send('GET', '/_session')
}

export interface TlsFront {
  readonly port: number
  [Symbol.asyncDispose](): Promise<void>
}

/** TLS before a port of plain text, as a proxy has it. `cert` and `key` are files. */
export function tlsBefore(to: number, { cert, key }: { readonly cert: string; readonly key: string }): Promise<TlsFront> {
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (client) => {
    const upstream = createConnection(to, '127.0.0.1')
    for (const socket of [client, upstream]) {
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream).pipe(client)
  })
  server.on('tlsClientError', () => {})
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      done({ port, [Symbol.asyncDispose]: () => new Promise((closed) => server.close(() => closed())) })
    })
  })
}
