import type { Socket } from 'node:net'
import { NetError } from '../net/bounded.ts'
import { harmless, worthHiding } from '../net/said.ts'
import { protocolOf } from '../net/sniff.ts'
import { type Secured, upgrade } from '../net/tls.ts'
import { nextChunk } from '../net/wire.ts'
import type { ProbeContext, ProbeReport, Role } from '../ports/kind.ts'
import { wrongProtocol } from './failure.ts'
import { explained, Failed, probing, type Run, reachServer } from './probing.ts'
import { redisFailure } from './redis-failure.ts'
import type { Redis } from './redis-handle.ts'
import { command, isError, RESP_LIMITS, type Reply, readReply } from './resp.ts'
import { negotiated, tlsFindings, trustOf } from './tls.ts'

const SERVICE = 'Redis'
const ASK_FOR_TLS = 'rediss://'

/** Resolve, connect, TLS for rediss, HELLO with the login, PING, SELECT. Reads no key and writes none. */
export function probeRedis(resource: Redis, context: ProbeContext): Promise<ProbeReport> {
  return probing(context, SERVICE, async (run) => {
    let socket: Socket | null = null
    try {
      socket = await reachServer(run, resource.address)
      if (socket === null) return
      const secured = await secure(run, resource, socket)
      socket = secured?.socket ?? socket
      run.learn({ tls: secured === null ? null : negotiated(secured) })
      run.findings.push(...tlsFindings(secured, resource.host, run.today))
      if (run.passed()) return
      const talk = new Conversation(run, socket)
      if (await login(run, resource, talk)) return
      await use(run, resource, talk)
      run.passed()
    } catch (error) {
      socket?.destroy()
      throw await explained(run, error, { address: resource.address, service: SERVICE, tls: ASK_FOR_TLS })
    } finally {
      socket?.destroy()
    }
  })
}

async function secure(run: Run, { tls, files, host }: Redis, socket: Socket): Promise<Secured | null> {
  if (tls === 'disable') return null
  const trust = await trustOf(files, { ca: 'ssl_ca_certs', cert: 'ssl_certfile', key: 'ssl_keyfile' })
  return upgrade(socket, { mode: tls, host, trust, ms: run.exchangeMs, signal: run.signal })
}

/** Answers whether that is as deep as was asked for. */
async function login(run: Run, resource: Redis, talk: Conversation): Promise<boolean> {
  const { user, password } = resource
  const words = password === null ? [] : ['AUTH', user ?? 'default', password.reveal()]
  const hello = await talk.ask('HELLO', '3', ...words)
  if (run.passed()) return true
  if (!isError(hello)) {
    if (!Array.isArray(hello)) throw new NetError('talk', 'protocol')
    learnHello(run, resource, hello)
    return run.passed()
  }
  // Redis before 6, or a proxy: no HELLO. Everything else is an answer to the login.
  if (!['ERR', 'NOPROTO'].includes(hello.error) || /max number of clients|DB index/i.test(hello.text)) throw refused(run, hello, resource)
  await authenticate(run, resource, talk)
  return run.passed()
}

async function authenticate(run: Run, resource: Redis, talk: Conversation): Promise<void> {
  const { user, password } = resource
  if (password === null) return
  const both = user === null ? null : await talk.ask('AUTH', user, password.reveal())
  const tooNew = both !== null && isError(both) && /wrong number of arguments/i.test(both.text)
  const answer = both === null || tooNew ? await talk.ask('AUTH', password.reveal()) : both
  if (isError(answer)) throw refused(run, answer, resource)
  if (tooNew) {
    const detail = 'the server knows no users (older than Redis 6): only the password counted'
    run.findings.push({ id: 'redis.no_users', severity: 'info', status: 'pass', detail })
  }
}

async function use(run: Run, resource: Redis, talk: Conversation): Promise<void> {
  const pong = await talk.ask('PING')
  if (isError(pong)) throw refused(run, pong, resource)
  if (resource.db !== 0) {
    const selected = await talk.ask('SELECT', String(resource.db))
    if (isError(selected)) throw refused(run, selected, resource)
  }
  await learnRole(run, resource, talk)
}

/** HELLO told the role of a server since Redis 6. An older one is asked; a user without the right leaves it unknown. */
async function learnRole(run: Run, resource: Redis, talk: Conversation): Promise<void> {
  const info = await talk.ask('INFO', 'replication')
  const replication = typeof info === 'string' ? fieldsOf(info) : null
  if (run.facts.role === undefined) {
    const server = await talk.ask('INFO', 'server')
    const version = typeof server === 'string' ? fieldsOf(server).get('redis_version') : undefined
    const role = roleOf(replication?.get('role'))
    run.learn({
      product: SERVICE,
      role,
      writable: writableOf(role),
      ...(version === undefined ? {} : { version: shown(version, resource) }),
    })
  }
  if (replication?.get('master_link_status') === 'down') {
    const detail = 'a replica that has lost its primary: what it holds gets older'
    run.findings.push({ id: 'redis.link_down', severity: 'warn', status: 'warn', detail, remedy: 'look at the log of the replica' })
  }
  run.learn({ more: { db: resource.db } })
}

function learnHello(run: Run, resource: Redis, hello: readonly Reply[]): void {
  const field = (name: string): string | undefined => {
    const at = hello.findIndex((each, index) => index % 2 === 0 && each === name)
    const value = at < 0 ? undefined : hello[at + 1]
    return typeof value === 'string' ? shown(value, resource) : undefined
  }
  const mode = field('mode')
  if (mode === 'sentinel') {
    throw new Failed({
      class: 'permanent',
      code: 'wrong-service',
      reason: 'a Redis Sentinel answers there, not a data server',
      hint: 'name the server that the sentinel watches',
    })
  }
  const server = field('server')
  const version = field('version')
  const role = roleOf(field('role'))
  run.learn({
    product: server === 'valkey' ? 'Valkey' : SERVICE,
    ...(version === undefined ? {} : { version }),
    role,
    writable: writableOf(role),
    ...(mode === undefined ? {} : { more: { mode } }),
  })
}

const roleOf = (word: string | undefined): Role =>
  word === 'master' ? 'primary' : word === 'replica' || word === 'slave' ? 'replica' : 'unknown'

const writableOf = (role: Role): boolean | 'unknown' => (role === 'unknown' ? 'unknown' : role === 'primary')

/** `name:value` lines of INFO. */
const fieldsOf = (info: string): ReadonlyMap<string, string> =>
  new Map(
    info.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(':')
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const]
    }),
  )

const secretsOf = ({ password, user, host }: Redis) => worthHiding(password, [user, host])

const shown = (text: string, resource: Redis): string => harmless(text, secretsOf(resource)) ?? 'unknown'

const refused = (run: Run, reply: { readonly error: string; readonly text: string }, resource: Redis) =>
  new Failed(redisFailure(reply, run.at, secretsOf(resource)))

/** One question, one answer. */
class Conversation {
  readonly #run: Run
  readonly #socket: Socket
  #buffer: Buffer = Buffer.alloc(0)

  constructor(run: Run, socket: Socket) {
    this.#run = run
    this.#socket = socket
  }

  async ask(...words: readonly string[]): Promise<Reply> {
    const { signal, now, exchangeMs } = this.#run
    const deadline = now() + exchangeMs
    this.#socket.write(command(...words))
    for (;;) {
      const found = this.#whole()
      if (found !== null) {
        this.#buffer = this.#buffer.subarray(found.length)
        return found.reply
      }
      const chunk = await nextChunk(this.#socket, deadline - now(), signal)
      if (chunk === null) throw new NetError('talk', 'closed')
      this.#buffer = Buffer.concat([this.#buffer, chunk]).subarray(0, RESP_LIMITS.bytes + 1)
    }
  }

  #whole(): ReturnType<typeof readReply> {
    if (this.#buffer.length === 0) return null
    try {
      return readReply(this.#buffer)
    } catch (error) {
      const protocol = protocolOf(this.#buffer)
      if (protocol === null || protocol === SERVICE) throw error
      throw new Failed(wrongProtocol(protocol, SERVICE, { tls: ASK_FOR_TLS }))
    }
  }
}
