import type { Socket } from 'node:net'
import type { Secret } from '../../domain/secret.ts'
import { NetError } from '../../net/bounded.ts'
import { harmless, worthHiding } from '../../net/said.ts'
import { type Secured, upgrade } from '../../net/tls.ts'
import type { Facts, ProbeContext, ProbeReport, Role } from '../../ports/kind.ts'
import { type Opened, openProbe, probeOnly } from '../opening.ts'
import { Failed, type Run } from '../probing.ts'
import { negotiated, tlsFindings, trustOf } from '../tls.ts'
import { ASK_FOR_TLS, Conversation, SERVICE } from './conversation.ts'
import { redisFailure } from './failure.ts'
import type { Redis } from './handle.ts'
import { fieldsOf } from './info.ts'
import { fieldOf, isError, isList, type Reply } from './resp.ts'

/** A conversation that is logged in and has its database. */
export interface Live {
  readonly conversation: Conversation
  readonly socket: Socket
  /** What the server told on the way. */
  readonly facts: Facts
  /** Names of its modules, which HELLO tells to every user. Null: there is no HELLO. */
  readonly modules: readonly string[] | null
  readonly database: number
  /** To be taken out of what the server says. */
  readonly secrets: readonly Secret[]
}

/** Resolve, connect, TLS for rediss, HELLO with the login, PING, SELECT. Reads no key and writes none. */
export const probeRedis = (resource: Redis, context: ProbeContext): Promise<ProbeReport> => probeOnly(openRedis(resource, context))

/** The same, and the conversation stays open when it came to depth `use`. */
export async function openRedis(resource: Redis, context: ProbeContext): Promise<Opened<Live>> {
  const { watch, address } = resource
  if (watch !== null) return (await import('./sentinel/open.ts')).openWatched(resource, watch, context)
  return openProbe(context, { address, service: SERVICE, askForTls: ASK_FOR_TLS }, (run, plain) => converse(run, plain, resource))
}

/** Null: it did not have to come to depth `use`. */
export async function converse(run: Run, plain: Socket, resource: Redis): Promise<Live | null> {
  const secured = await secure(run, resource, plain)
  const socket = secured?.socket ?? plain
  run.learn({ tls: secured === null ? null : negotiated(secured) })
  run.findings.push(...tlsFindings(secured, resource.host, run.today))
  if (run.passed()) return null
  const conversation = new Conversation(socket)
  const talk: Talk = { ask: (...words) => conversation.ask(words, { ms: run.exchangeMs, signal: run.signal, now: run.now }) }
  const { isDeepEnough, modules } = await login(run, resource, talk)
  if (isDeepEnough) return null
  await use(run, resource, talk)
  run.passed()
  return { conversation, socket, facts: run.facts, modules, database: resource.db, secrets: secretsOf(resource) }
}

/** One question, one answer, within the bounds of the probe. */
interface Talk {
  ask(...words: readonly string[]): Promise<Reply>
}

/** `ms`: where less time is left than for a question. */
export async function secure(run: Run, { tls, files, host }: Redis, socket: Socket, ms = run.exchangeMs): Promise<Secured | null> {
  if (tls === 'disable') return null
  const trust = await trustOf(files, { ca: 'ssl_ca_certs', cert: 'ssl_certfile', key: 'ssl_keyfile' })
  return upgrade(socket, { mode: tls, host, trust, ms, signal: run.signal })
}

interface LoggedIn {
  /** No more was asked for. */
  readonly isDeepEnough: boolean
  readonly modules: Live['modules']
}

async function login(run: Run, resource: Redis, talk: Talk): Promise<LoggedIn> {
  const { user, password } = resource
  const words = password === null ? [] : ['AUTH', user ?? 'default', password.reveal()]
  const hello = await talk.ask('HELLO', '3', ...words)
  if (run.passed()) return { isDeepEnough: true, modules: null }
  if (!isError(hello)) {
    if (!Array.isArray(hello)) throw new NetError('talk', 'protocol')
    learnHello(run, resource, hello)
    return { isDeepEnough: run.passed(), modules: modulesOf(hello, resource) }
  }
  // Redis before 6, or a proxy: no HELLO. Everything else is an answer to the login.
  if (!['ERR', 'NOPROTO'].includes(hello.error) || /max number of clients|DB index/i.test(hello.text)) throw refused(run, hello, resource)
  await authenticate(run, resource, talk)
  return { isDeepEnough: run.passed(), modules: null }
}

async function authenticate(run: Run, resource: Redis, talk: Talk): Promise<void> {
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

async function use(run: Run, resource: Redis, talk: Talk): Promise<void> {
  const pong = await talk.ask('PING')
  if (isError(pong)) throw refused(run, pong, resource)
  if (resource.db !== 0) {
    const selected = await talk.ask('SELECT', String(resource.db))
    if (isError(selected)) throw refused(run, selected, resource)
  }
  await learnRole(run, resource, talk)
}

/** HELLO told the role of a server since Redis 6. An older one is asked; a user without the right leaves it unknown. */
async function learnRole(run: Run, resource: Redis, talk: Talk): Promise<void> {
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
    const value = fieldOf(hello, name)
    return typeof value === 'string' ? shown(value, resource) : undefined
  }
  const mode = field('mode')
  if (mode === 'sentinel') {
    throw new Failed({
      class: 'permanent',
      code: 'wrong-service',
      reason: 'a Redis Sentinel answers there, not a data server',
      hint: 'write redis-sentinel://HOST:26379/MASTER, or name the server that the sentinel watches',
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

/** Each is a map with its name in it. */
function modulesOf(hello: readonly Reply[], resource: Redis): readonly string[] | null {
  const modules = fieldOf(hello, 'modules')
  if (!isList(modules)) return null
  const names = modules.map((module) => (isList(module) ? fieldOf(module, 'name') : undefined))
  return names.flatMap((name) => (typeof name === 'string' ? [shown(name, resource)] : []))
}

const roleOf = (word: string | undefined): Role =>
  word === 'master' ? 'primary' : word === 'replica' || word === 'slave' ? 'replica' : 'unknown'

const writableOf = (role: Role): boolean | 'unknown' => (role === 'unknown' ? 'unknown' : role === 'primary')

/** A server may say the password of the sentinels too: whoever runs them may have set it there. */
export const secretsOf = ({ password, user, host, watch }: Redis) => [
  ...worthHiding(password, [user, host]),
  ...worthHiding(watch?.password ?? null, [watch?.user ?? null, host]),
]

const shown = (text: string, resource: Redis): string => harmless(text, secretsOf(resource)) ?? 'unknown'

const refused = (run: Run, reply: { readonly error: string; readonly text: string }, resource: Redis) =>
  new Failed(redisFailure(reply, run.at, secretsOf(resource)))
