import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Pair } from './certificates.ts'
import { freePort } from './ports.ts'
import { end, eventually, findProgram, serverOrSkip } from './processes.ts'
import { identity, own } from './server-user.ts'

/** Whether a real memcached can be started here. Says so when not. */
export const haveMemcached = (): boolean => serverOrSkip('memcached', findProgram('memcached'))

export interface Login {
  readonly user: string
  readonly password: string
}

export interface MemcachedOptions {
  /** SASL PLAIN over the binary protocol, which is then the only one. */
  readonly sasl?: Login
  /** The login of the text protocol, which is then the only one. */
  readonly token?: Login
  readonly tls?: Pair
  /** A socket in the place of TCP. */
  readonly socket?: 'yes'
  /** Further words of the command line: `-m 128`. */
  readonly args?: readonly string[]
}

export interface MemcachedServer {
  readonly port: number
  /** Its process. */
  readonly pid: number
  /** `memcached://127.0.0.1:PORT`, with a login where one is given. */
  url(login?: Login): string
  /** Says lines, and answers what came back once `end` is in it. Only where nobody has to log in. */
  tell(lines: string, end: string): Promise<string>
  /** That many small items. */
  fill(items: number): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A real memcached on a free port of 127.0.0.1, or on a socket. Takes a tenth of a second. */
export async function startMemcached({ sasl, token, tls, socket, args = [] }: MemcachedOptions = {}): Promise<MemcachedServer> {
  const path = findProgram('memcached') ?? 'memcached'
  const folder = mkdtempSync('/tmp/att-mc-')
  chmodSync(folder, 0o755)
  own(folder)
  const port = await freePort()
  const place = socket === undefined ? port : join(folder, 'mc.sock')
  const words = [...(socket === undefined ? ['-l', '127.0.0.1', '-p', `${port}`] : ['-s', `${place}`, '-a', '777']), '-t', '1', ...args]
  const env: Record<string, string> = { PATH: process.env['PATH'] ?? '' }
  const passwords = sasl === undefined ? null : await saslauthd(join(folder, 'mux'), sasl)
  if (sasl !== undefined) {
    words.push('-S')
    env['SASL_CONF_PATH'] = folder
    writeFileSync(join(folder, 'memcached.conf'), `mech_list: plain\npwcheck_method: saslauthd\nsaslauthd_path: ${join(folder, 'mux')}\n`)
  }
  if (token !== undefined) {
    writeFileSync(join(folder, 'tokens'), `${token.user}:${token.password}\n`)
    words.push('-Y', join(folder, 'tokens'))
  }
  if (tls !== undefined) words.push('-Z', '-o', `ssl_chain_cert=${tls.cert},ssl_key=${tls.key}`)
  const child = spawn(path, words, { ...identity(), env, stdio: ['ignore', 'ignore', 'pipe'] })
  await listening(child, place)
  const tell = (lines: string, wanted: string) => exchange(place, lines, wanted)
  return {
    port,
    pid: child.pid ?? 0,
    url: (login) => {
      const who = login === undefined ? '' : `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@`
      return `memcached://${who}${socket === undefined ? `127.0.0.1:${port}` : place}`
    },
    tell,
    fill: async (items) => {
      const sets = Array.from({ length: items }, (_, at) => `set key${at} 0 0 1 noreply\r\nx\r\n`).join('')
      await tell(`${sets}version\r\n`, 'VERSION')
    },
    [Symbol.asyncDispose]: async () => {
      await end(child)
      passwords?.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A port of 127.0.0.1, or the path of a socket. */
type Place = number | string

/** Waits until it takes connections. */
export async function listening(child: ChildProcess, place: Place): Promise<void> {
  let log = ''
  child.stderr?.on('data', (chunk) => {
    log = (log + chunk).slice(-2_000)
  })
  await eventually('a server listening', async () => {
    if (child.exitCode !== null) throw new Error(log)
    const socket = await opened(place)
    socket.destroy()
  })
}

/** One connection. */
export function opened(place: Place): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = typeof place === 'string' ? connect({ path: place }) : connect({ host: '127.0.0.1', port: place })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}

/** Says lines, and answers what came back once `end` is in it. */
export async function exchange(place: Place, lines: string, end: string): Promise<string> {
  const socket = await opened(place)
  return await new Promise((resolve, reject) => {
    let reply = ''
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no answer with ${end} in it, but ${reply}`)))
    socket.on('close', () => reject(new Error(`hung up after ${reply}`)))
    socket.on('data', (chunk) => {
      reply += chunk.toString('latin1')
      if (!reply.includes(end)) return
      resolve(reply)
      socket.destroy()
    })
    socket.write(lines)
  })
}

/**
 * What Cyrus SASL asks about a password: four counted texts (user, password, service, realm), and an answer of one. The daemon that does so is not
 * installed with memcached. https://www.cyrusimap.org/sasl/
 */
function saslauthd(path: string, { user, password }: Login): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let heard = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      heard = Buffer.concat([heard, chunk])
      const [name, word, , realm] = texts(heard)
      if (realm === undefined) return
      const verdict = name === user && word === password ? 'OK' : 'NO'
      socket.end(Buffer.concat([Buffer.from([0, verdict.length]), Buffer.from(verdict)]))
    })
  })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(path, () => {
      chmodSync(path, 0o777)
      resolve(server)
    })
  })
}

function texts(bytes: Buffer): readonly string[] {
  const found: string[] = []
  for (let at = 0; at + 2 <= bytes.length; ) {
    const from = at + 2
    at = from + bytes.readUInt16BE(at)
    if (at <= bytes.length) found.push(bytes.toString('utf8', from, at))
  }
  return found
}
