import type { Socket } from 'node:net'
import { found, unknown } from '../../domain/finding.ts'
import type { Secret } from '../../domain/secret.ts'
import { NetError } from '../../net/bounded.ts'
import { dial } from '../../net/dial.ts'
import { type Exchange, Lines } from '../../net/lines.ts'
import { harmless, worthHiding } from '../../net/said.ts'
import { protocolOf } from '../../net/sniff.ts'
import { type Secured, upgrade } from '../../net/tls.ts'
import { describeNet, wrongProtocol } from '../failure.ts'
import { Failed, type Run } from '../probing.ts'
import { negotiated, tlsFindings, trustOf } from '../tls.ts'
import { Binary, RESPONSE } from './binary.ts'
import { REMARKED } from './checks.ts'
import { ANSWER_BYTES_MAX, type Dialect, isMcError, type McError, type Stats } from './dialect.ts'
import { LOGIN_WANTED, loginFailure, memcachedFailure, NO_LOGIN_THERE, SERVICE, TLS_NOT_OFFERED } from './failure.ts'
import type { Memcached, Node } from './handle.ts'
import { isLocked, stranger, Text, versionIn } from './text.ts'

/** A conversation with one server that was let in. */
export interface LiveNode {
  readonly socket: Socket
  readonly node: Node
  readonly dialect: Dialect
  readonly login: 'none' | 'sasl' | 'token'
  /** To be taken out of what the server says. */
  readonly secrets: readonly Secret[]
}

/** TLS, version, login, stats. Null: it did not have to come to depth `use`. */
export async function converse(run: Run, plain: Socket, resource: Memcached, node: Node): Promise<LiveNode | null> {
  const secured = await secureOrTell(run, resource, node, plain)
  const socket = secured?.socket ?? plain
  run.learn({ tls: secured === null ? null : negotiated(secured) })
  run.findings.push(...tlsFindings(secured, node.host, run.today))
  if (run.passed()) return null
  const lines = new Lines(socket)
  lines.allow(ANSWER_BYTES_MAX)
  const greeted = await greet(run, lines, resource, node)
  if (run.passed()) return null
  const { dialect, login, version } = await greeted.logIn()
  if (run.passed()) return null
  await use(run, dialect, version, secretsOf(resource))
  run.passed()
  return { socket, node, dialect, login, secrets: secretsOf(resource) }
}

interface LoggedIn extends Pick<LiveNode, 'dialect' | 'login'> {
  /** Null: it was not told before the login. */
  readonly version: string | null
}

/** A server that spoke, and how to be let in there. */
interface Greeted {
  logIn(): Promise<LoggedIn>
}

const exchangeOf = (run: Run): Exchange => ({ ms: run.exchangeMs, signal: run.signal, now: run.now })

async function secure(run: Run, { tls, files }: Memcached, { host }: Node, socket: Socket): Promise<Secured | null> {
  if (tls === 'disable') return null
  const trust = await trustOf(files, { ca: 'ssl_ca_certs', cert: 'ssl_certfile', key: 'ssl_keyfile' })
  return upgrade(socket, { mode: tls, host, trust, ms: run.exchangeMs, signal: run.signal })
}

/** The same. What fails of it and is none of a certificate is explained by what speaks there in plain text. */
async function secureOrTell(run: Run, resource: Memcached, node: Node, socket: Socket): Promise<Secured | null> {
  try {
    return await secure(run, resource, node, socket)
  } catch (error) {
    if (!(error instanceof NetError) || !PUZZLING.has(error.code)) throw error
    const protocol = await spoken(run, node, { ...resource, tls: 'disable' })
    if (protocol === SERVICE) throw new Failed(TLS_NOT_OFFERED)
    if (protocol !== null) throw new Failed(wrongProtocol(protocol, SERVICE, { tls: null }))
    throw new Failed({ code: error.code, ...describeNet(error.code, { depth: 'secure', service: SERVICE }) })
  }
}

const HUNG_UP = new Set(['closed', 'ECONNRESET', 'EPIPE'])
const PUZZLING = new Set([...HUNG_UP, 'timeout', 'EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER'])

/** What speaks there, in TLS where the handle asks for it, asked over one more connection in words that memcached answers in either protocol. Null: nothing that is known. */
async function spoken(run: Run, node: Node, resource: Memcached): Promise<string | null> {
  let socket: Socket | null = null
  try {
    socket = await dial(node.address, { ms: run.exchangeMs, signal: run.signal, now: run.now })
    const secured = await secure(run, resource, node, socket)
    socket = secured?.socket ?? socket
    const lines = new Lines(socket)
    const first = await new Binary(lines).knock(exchangeOf(run))
    return first === RESPONSE ? SERVICE : protocolOf(Buffer.concat([Buffer.from([first]), lines.unread]))
  } catch {
    return null
  } finally {
    socket?.destroy()
  }
}

function greet(run: Run, lines: Lines, resource: Memcached, node: Node): Promise<Greeted> {
  return resource.login === null ? greetOpenly(run, lines, resource, node) : greetAsUser(run, lines, resource)
}

async function greetOpenly(run: Run, lines: Lines, resource: Memcached, node: Node): Promise<Greeted> {
  const text = new Text(lines)
  try {
    const version = await text.greet(exchangeOf(run))
    if (isLocked(version)) return closed
    if (isMcError(version)) throw refused(version, resource)
    return { logIn: async () => ({ dialect: text, login: 'none', version }) }
  } catch (error) {
    const hungUp = error instanceof NetError && HUNG_UP.has(error.code)
    if (hungUp && (await spoken(run, node, resource)) === SERVICE) return closed
    throw error
  }
}

/** It speaks, and asks for a login that the handle does not have. */
const closed: Greeted = {
  logIn: async () => {
    throw new Failed(LOGIN_WANTED)
  },
}

async function greetAsUser(run: Run, lines: Lines, resource: Memcached): Promise<Greeted> {
  const { login, password } = loginOf(resource)
  const binary = new Binary(lines)
  const first = await binary.knock(exchangeOf(run))
  if (first === RESPONSE) {
    const told = await binary.knocked(exchangeOf(run))
    const version = isMcError(told) ? null : told
    return {
      logIn: async () => {
        const error = await binary.authenticate(login, exchangeOf(run))
        if (error !== null) throw new Failed(loginFailure(error, secretsOf(resource)))
        return { dialect: binary, login: 'sasl', version }
      },
    }
  }
  const head = String.fromCharCode(first)
  // Of words only the beginning is in; of noise no line would ever end.
  if (!/[A-Z]/.test(head) && !lines.unread.includes(0x0a)) throw stranger(head, lines)
  const told = versionIn(`${head}${await lines.line(exchangeOf(run))}`, lines)
  if (isMcError(told) && told.error === 'ERROR' && told.text === '')
    return { logIn: async () => await Promise.reject(new Failed(NO_LOGIN_THERE)) }
  if (!isMcError(told)) throw new NetError('talk', 'protocol')
  if (!isLocked(told)) throw refused(told, resource)
  return {
    logIn: async () => {
      const text = new Text(lines)
      const error = await text.authenticate(`${login.user} ${password}`, 'something', exchangeOf(run))
      if (error !== null) throw new Failed(loginFailure(error, secretsOf(resource)))
      return { dialect: text, login: 'token', version: null }
    },
  }
}

function loginOf({ login }: Memcached) {
  if (login === null) throw new Failed(LOGIN_WANTED)
  return { login, password: login.password.reveal() }
}

/** What it tells of itself. One that does not is asked for a key that nobody has: that is what the app would do. */
async function use(run: Run, dialect: Dialect, told: string | null, secrets: readonly Secret[]): Promise<void> {
  const version = told ?? (await dialect.version(exchangeOf(run)))
  if (isMcError(version)) throw new Failed(memcachedFailure(version, secrets))
  run.learn({ product: 'memcached', version: harmless(version, secrets) ?? 'unknown', role: 'primary', writable: true })
  const stats = await dialect.stats('', exchangeOf(run))
  if (!isMcError(stats)) return learnStats(run, stats)
  run.findings.push(unknown(REMARKED.stats, `the server does not tell its statistics (${stats.error})`))
  const missed = await dialect.miss(exchangeOf(run))
  if (missed !== null) throw new Failed(memcachedFailure(missed, secrets))
}

function learnStats(run: Run, stats: Stats): void {
  const items = numberIn(stats, 'curr_items')
  if (items !== null) run.learn({ more: { items } })
  if (stats.get('accepting_conns') === '0')
    run.findings.push(found({ ...REMARKED.stats, severity: 'warn' }, 'the server takes no further connections for now: all are in use'))
}

/** Null: it has no such number. */
export function numberIn(stats: Stats, name: string): number | null {
  const text = stats.get(name)
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null
}

const secretsOf = ({ login, nodes }: Memcached): readonly Secret[] =>
  login === null ? [] : worthHiding(login.password, [login.user, ...nodes.map(({ host }) => host)])

const refused = (error: McError, resource: Memcached): Failed => new Failed(memcachedFailure(error, secretsOf(resource)))
