import type { Socket } from 'node:net'
import type { Secret } from '../../domain/secret.ts'
import { NetError } from '../../net/bounded.ts'
import type { Exchange } from '../../net/lines.ts'
import { harmless, worthHiding } from '../../net/said.ts'
import { type Secured, upgrade } from '../../net/tls.ts'
import type { ProbeContext, ProbeReport } from '../../ports/kind.ts'
import { describeNet } from '../failure.ts'
import { type Opened, openProbe } from '../opening.ts'
import { Failed, type Run } from '../probing.ts'
import { systemUser } from '../system-user.ts'
import { negotiated, tlsFindings, trustOf } from '../tls.ts'
import { impossible, mysqlFailure } from './failure.ts'
import type { MySql } from './handle.ts'
import { readerFindings } from './readers.ts'
import { idleBecause, isMariaDb, productOf, ROLE_STATUS, ROLE_VARIABLES, readOnlyBy, roleOf, type Words } from './role.ts'
import { CAN, type Greeting, readGreeting, ServerRefused } from './wire/greeting.ts'
import { askForTls, type Channel, LoginImpossible, logIn } from './wire/login.ts'
import { Packets, SERVICE } from './wire/packets.ts'
import { Session } from './wire/session.ts'

/** A session that is logged in and has its database. */
export interface Live {
  readonly session: Session
  readonly socket: Socket
  /** What the server told on the way. */
  readonly product: string
  readonly version: string
  /** The way of login. */
  readonly plugin: string
  /** To be taken out of what the server says. */
  readonly secrets: readonly Secret[]
}

/** Resolve, connect, greeting, TLS, login, the database, and what the server is. Writes nothing. */
export async function probeMySql(resource: MySql, context: ProbeContext): Promise<ProbeReport> {
  const { report, live } = await openMySql(resource, context)
  if (live !== null) leave(live.session, live.socket)
  return report
}

/** The same, and the session stays open when it came to depth `use`. */
export const openMySql = (resource: MySql, context: ProbeContext): Promise<Opened<Live>> =>
  openProbe(context, { address: resource.address, service: SERVICE, askForTls: null }, (run, socket) => converse(run, socket, resource))

/** Whoever only hangs up is counted as an error. */
export function leave(session: Session, socket: Socket): void {
  session.quit()
  socket.destroySoon()
}

/** Null: it did not have to come to depth `use`. */
async function converse(run: Run, plain: Socket, resource: MySql): Promise<Live | null> {
  const packets = new Packets(plain)
  const secrets = worthHiding(resource.password, [resource.user, resource.database, resource.host])
  try {
    const greeted = resource.tls === 'disable' ? null : await greeting(run, packets)
    const secured = greeted === null ? null : await secure(run, resource, { packets, greeting: greeted, plain })
    const socket = secured?.socket ?? plain
    run.learn({ tls: secured === null ? null : negotiated(secured) })
    run.findings.push(...tlsFindings(secured, resource.host, run.today), ...readerFindings(resource, secured))
    if (run.passed()) return null
    const hello = greeted ?? (await greeting(run, packets))
    learnVersion(run, hello, secrets)
    if (run.passed()) return null
    const login = { user: resource.user ?? systemUser(), password: resource.password, channel: channelOf(resource, secured) }
    const plugin = await logIn(packets, hello, { login, exchange: exchange(run) })
    const session = new Session(packets)
    if (run.passed()) {
      session.quit()
      socket.destroySoon()
      return null
    }
    if (resource.database !== null) await session.choose(resource.database, exchange(run))
    const told = await ask(run, session, { greeting: hello, plugin, secrets })
    run.passed()
    return { session, socket, plugin, secrets, ...told }
  } catch (error) {
    if (error instanceof ServerRefused && error.server.number === DENIED && resource.password === null) throw new Failed(NO_PASSWORD)
    if (error instanceof ServerRefused) throw new Failed(mysqlFailure(error.server, run.at, secrets))
    if (error instanceof LoginImpossible) throw new Failed(impossible(error))
    throw error
  }
}

const DENIED = 1045
const NO_PASSWORD = {
  failedAt: 'login',
  class: 'permanent',
  code: '1045',
  reason: 'the server lets this user not in without a password, and the handle has none',
  hint: 'write the password into the handle; if it needs none, the user may not come from this address',
} as const

const exchange = (run: Run): Exchange => ({ ms: run.exchangeMs, signal: run.signal, now: run.now })

/** The server speaks first, before TLS: what it says, or fails to say, belongs to `speak`, whenever it is listened to. */
async function greeting(run: Run, packets: Packets): Promise<Greeting> {
  const { at } = run
  run.enter('speak')
  const read = readGreeting(await packets.next(exchange(run)))
  run.enter(at)
  return read
}

interface Reached {
  readonly packets: Packets
  readonly greeting: Greeting
  readonly plain: Socket
}

/** `null`: the server has no TLS, and the handle can do without. A handshake that fails is no reason to go on without. */
async function secure(run: Run, { tls: mode, files, host }: MySql, { packets, greeting, plain }: Reached): Promise<Secured | null> {
  if (mode === 'disable') return null
  if ((greeting.can & CAN.tls) === 0) {
    if (mode === 'prefer') return null
    throw new Failed(NOT_OFFERED)
  }
  const trust = await trustOf(files, { ca: 'ssl-ca', cert: 'ssl-cert', key: 'ssl-key' })
  askForTls(packets, greeting)
  try {
    const secured = await upgrade(plain, { mode, host, trust, ms: run.exchangeMs, signal: run.signal })
    packets.over(secured.socket)
    return secured
  } catch (error) {
    // It is MySQL that answers: there is nothing to find out by connecting once more.
    if (error instanceof NetError && error.code !== 'aborted')
      throw new Failed({ code: error.code, ...describeNet(error.code, { depth: 'secure', service: SERVICE }) })
    throw error
  }
}

const NOT_OFFERED = {
  failedAt: 'secure',
  class: 'permanent',
  code: 'tls-not-offered',
  reason: 'the server offers no TLS, and the handle asks for it',
  hint: 'give the server a certificate (ssl_cert, ssl_key); or say ssl-mode=DISABLED if the way there is safe',
} as const

const channelOf = ({ host }: MySql, secured: Secured | null): Channel =>
  host.startsWith('/') ? 'socket' : secured === null ? 'plain' : secured.verified ? 'verified' : 'encrypted'

const shown = (text: string, secrets: readonly Secret[]): string => harmless(text, secrets) ?? 'unknown'

function learnVersion(run: Run, { version }: Greeting, secrets: readonly Secret[]): void {
  const told = productOf(version, '', false)
  run.learn({ product: told.product, version: shown(told.version, secrets) })
}

interface Hello {
  readonly greeting: Greeting
  readonly plugin: string
  readonly secrets: readonly Secret[]
}

/** One round of questions that write nothing. What the user may not ask stays unknown. */
async function ask(run: Run, session: Session, { greeting, plugin, secrets }: Hello): Promise<Pick<Live, 'product' | 'version'>> {
  const variables = await words(run, session, `SHOW VARIABLES WHERE Variable_name IN (${quoted(ROLE_VARIABLES)})`)
  const status = await words(run, session, `SHOW GLOBAL STATUS WHERE Variable_name IN (${quoted(ROLE_STATUS)})`)
  const told = productOf(
    variables.get('version') ?? greeting.version,
    variables.get('version_comment') ?? '',
    variables.has('aurora_version'),
  )
  const { product, version } = { product: told.product, version: shown(told.version, secrets) }
  const followed = variables.has('aurora_version') ? null : await followedBy((statement) => session.rows(statement, exchange(run)), product)
  const readOnly = readOnlyBy(variables)
  const idle = idleBecause(variables, status)
  const role = roleOf(variables, status, followed)
  run.learn({
    product,
    version,
    role,
    writable: variables.has('read_only') ? readOnly.length === 0 && idle === null : 'unknown',
    more: { auth: shown(plugin, secrets), ...(readOnly.length === 0 ? {} : { readOnlyBy: readOnly.join(', ') }) },
  })
  if (idle !== null)
    run.findings.push({
      id: 'my.idle',
      severity: 'warn',
      status: 'warn',
      detail: `it answers, and takes no work: ${idle}`,
      remedy: 'name another server, or mend this one',
    })
  return { product, version }
}

export const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ')

/** Names and values. A server that refuses to tell (a proxy) told none. */
async function words(run: Run, session: Session, statement: string): Promise<Words> {
  try {
    const rows = await session.rows(statement, exchange(run))
    return new Map(rows.map((row) => [row['Variable_name'] ?? '', row['Value'] ?? '']))
  } catch (error) {
    if (error instanceof ServerRefused) return new Map()
    throw error
  }
}

/** How many sources it follows. Null: the user may not ask, as is usual. MySQL before 8.0.22 and MariaDB before 10.5.1 know the older words alone. */
export async function followedBy(rows: (statement: string) => Promise<readonly unknown[]>, product: string): Promise<number | null> {
  for (const statement of isMariaDb(product) ? ['SHOW ALL SLAVES STATUS'] : ['SHOW REPLICA STATUS', 'SHOW SLAVE STATUS']) {
    try {
      return (await rows(statement)).length
    } catch (error) {
      if (!(error instanceof ServerRefused)) throw error
      if (error.server.number !== SYNTAX) return null
    }
  }
  return null
}

const SYNTAX = 1064
