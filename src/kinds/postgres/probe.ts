import type { Socket } from 'node:net'
import type { Finding } from '../../domain/finding.ts'
import type { Secret } from '../../domain/secret.ts'
import { NetError } from '../../net/bounded.ts'
import { harmless, worthHiding } from '../../net/said.ts'
import { protocolOf, SSL_REQUEST } from '../../net/sniff.ts'
import { type Secured, upgrade } from '../../net/tls.ts'
import { nextChunk } from '../../net/wire.ts'
import { DEPTHS, type ProbeContext, type ProbeReport } from '../../ports/kind.ts'
import { wrongProtocol } from '../failure.ts'
import { reach } from '../host.ts'
import { explained, Failed, probing, type Run, reachServer } from '../probing.ts'
import { systemUser } from '../system-user.ts'
import { negotiated, tlsFindings, trustOf } from '../tls.ts'
import { postgresFailure } from './failure.ts'
import type { Postgres } from './handle.ts'
import { readerFindings } from './readers.ts'
import { SERVICE, search } from './search.ts'
import { type Login, LoginImpossible, ServerRefused, Session } from './session.ts'
import { type Standing, unmet } from './wanted.ts'

const ASK_FOR_TLS = 'sslmode=require&sslnegotiation=direct'

/** A session that is logged in, and what it talks over. */
export interface Live {
  readonly session: Session
  readonly socket: Socket
  /** To be taken out of what the server says. */
  readonly secrets: readonly Secret[]
}

/** Resolve, connect, SSLRequest, login, and one question inside a read-only transaction. Writes nothing. */
export async function probePostgres(resource: Postgres, context: ProbeContext): Promise<ProbeReport> {
  const { report, live } = await openPostgres(resource, context)
  live?.socket.destroy()
  return report
}

/** The same, and the session stays open when it came to depth `use`. */
export async function openPostgres(
  resource: Postgres,
  context: ProbeContext,
): Promise<{ readonly report: ProbeReport; readonly live: Live | null }> {
  // Loading the driver is no time of the server's.
  if (DEPTHS.indexOf(context.depth) >= DEPTHS.indexOf('speak')) await import('pg')
  let live: Live | null = null
  const report = await probing(context, SERVICE, async (run) => {
    live = await search(run, resource, async (one) => await connected(run, one))
  })
  return { report, live }
}

async function connected(run: Run, resource: Postgres): Promise<Live | null> {
  try {
    return await converse(run, resource, 'as asked')
  } catch (error) {
    if (resource.tls !== 'prefer' || !isBrokenHandshake(run, error)) throw error
    // libpq: where TLS is only preferred and cannot be agreed on, the second try is in plain text.
    run.again('resolve')
    return await converse(run, resource, 'plain text')
  }
}

const isBrokenHandshake = (run: Run, error: unknown): boolean =>
  error instanceof NetError && error.at === 'secure' && error.code !== 'aborted' && error.code !== 'timeout' && run.left > 100

/** Null: it did not have to come to depth `use`. */
async function converse(run: Run, resource: Postgres, how: 'as asked' | 'plain text'): Promise<Live | null> {
  const { address } = resource
  let socket: Socket | null = null
  let live: Live | null = null
  try {
    socket = await reachServer(run, address)
    if (socket === null) return null
    const plain = how === 'plain text' || resource.tls === 'disable'
    const secured = plain ? null : await secure(run, resource, socket)
    socket = secured?.socket ?? socket
    run.learn({ tls: secured === null ? null : negotiated(secured) })
    run.findings.push(...tlsFindings(secured, resource.host, run.today), ...readerFindings(resource, secured))
    if (run.passed()) return null
    live = await talk(run, resource, { socket, plain: secured === null })
    return live
  } catch (error) {
    socket?.destroy()
    throw await explained(run, error, { address, service: SERVICE, tls: ASK_FOR_TLS })
  } finally {
    if (live === null || run.signal.aborted) socket?.destroy() // Too late: nobody would close it.
  }
}

/** Asks for TLS and speaks it. `null`: the server has none, and the handle can do without. */
async function secure(run: Run, resource: Postgres, socket: Socket): Promise<Secured | null> {
  const { tls: mode, direct, host, files } = resource
  if (mode === 'disable') return null
  const trust = await trustOf(files, { ca: 'sslrootcert', cert: 'sslcert', key: 'sslkey' })
  const options = { mode, host, trust, ms: run.exchangeMs, signal: run.signal }
  if (direct) return upgrade(socket, { ...options, alpn: 'postgresql' })
  socket.write(SSL_REQUEST)
  const answer = await nextChunk(socket, run.exchangeMs, run.signal)
  if (answer === null) throw new NetError('talk', 'closed')
  if (answer.length === 1 && answer[0] === 0x53) return upgrade(socket, options)
  if (answer.length === 1 && answer[0] === 0x4e) {
    if (mode === 'prefer') return null
    throw new Failed({
      class: 'permanent',
      code: 'tls-not-offered',
      reason: 'the server offers no TLS, and the handle asks for it',
      hint: 'turn ssl on at the server; or say sslmode=disable if the way there is safe',
    })
  }
  throw unexpected(answer)
}

function unexpected(answer: Buffer): Error {
  const protocol = protocolOf(answer)
  if (protocol === SERVICE || protocol === null) {
    return answer[0] === 0x45
      ? new Failed({
          class: 'transient',
          code: 'refused-early',
          reason: 'the server is out of resources and takes no session',
          hint: 'look at its log',
        })
      : new NetError('talk', 'protocol')
  }
  return new Failed(wrongProtocol(protocol, SERVICE, { tls: ASK_FOR_TLS }))
}

async function talk(
  run: Run,
  resource: Postgres,
  { socket, plain }: { readonly socket: Socket; readonly plain: boolean },
): Promise<Live | null> {
  const login = loginOf(resource)
  const secrets = worthHiding(resource.password, [resource.user, resource.database, resource.host])
  let stop: () => void = () => {}
  const deepEnough = new Promise<'enough'>((resolve) => {
    stop = () => resolve('enough')
  })
  const hearing = {
    spoke: () => {
      if (run.at === 'speak' && run.passed()) stop()
    },
    entered: () => {
      if (run.at === 'login' && run.passed()) stop()
    },
  }
  try {
    const opening = Session.open(socket, login, { bound: { at: 'talk', ms: run.exchangeMs, signal: run.signal }, hearing })
    opening.catch(() => {})
    const session = await Promise.race([opening, deepEnough])
    if (session === 'enough') return null
    run.findings.push(...loginFindings(session, { plain, host: resource.host, hasPassword: resource.password !== null }))
    const failure = unmet(resource.wanted, await ask(run, session, secrets))
    if (failure !== null) throw failure
    run.passed()
    return { session, socket, secrets }
  } catch (error) {
    if (error instanceof ServerRefused) throw new Failed(postgresFailure(error.server, run.at, secrets))
    if (error instanceof LoginImpossible) throw new Failed(IMPOSSIBLE[error.code])
    throw error
  }
}

/** libpq: no user is the operating system's, no database is the user's. */
function loginOf({ user, database, password, options, channelBinding }: Postgres): Login {
  const name = user ?? systemUser()
  return { user: name, database: database ?? name, password, options, channelBinding }
}

const IMPOSSIBLE: Readonly<Record<LoginImpossible['code'], Failed['failure']>> = {
  'no-password': {
    failedAt: 'login',
    class: 'permanent',
    code: 'no-password',
    reason: 'the server asks for a password, and the handle has none',
    hint: 'write the password into the handle',
  },
  'channel-binding': {
    failedAt: 'login',
    class: 'permanent',
    code: 'channel-binding',
    reason: 'the handle asks for channel binding, and the server offers none',
    hint: 'use TLS and SCRAM passwords at the server, or leave channel_binding=require out',
  },
  'auth-method': {
    failedAt: 'login',
    class: 'permanent',
    code: 'auth-method',
    reason: 'the server asks for a way of login that attach cannot go (GSSAPI, SSPI …)',
    hint: 'use a password user, or --no-probe',
  },
}

function loginFindings(
  session: Session,
  { plain, host, hasPassword }: { readonly plain: boolean; readonly host: string; readonly hasPassword: boolean },
): readonly Finding[] {
  if (session.asked === 'cleartext' && plain && reach(host) !== 'local') {
    return [
      {
        id: 'auth.cleartext',
        severity: 'warn',
        status: 'warn',
        detail: 'the server asked for the password in clear text, and nothing is encrypted',
        remedy: 'ask for TLS, or use scram-sha-256 in pg_hba.conf',
      },
    ]
  }
  if (session.asked === 'none' && hasPassword) {
    return [
      {
        id: 'auth.unasked',
        severity: 'info',
        status: 'unknown',
        detail: 'the server let us in without asking for the password: whether it is right is not known',
      },
    ]
  }
  return []
}

const QUESTION = `SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS recovering,
  current_setting('default_transaction_read_only') AS read_only, current_database()::text AS database, current_user::text AS "user",
  pg_backend_pid() AS pid, version() AS banner`

async function ask(run: Run, session: Session, secrets: readonly Secret[]): Promise<Standing> {
  const bound = () => ({ at: 'talk', ms: run.exchangeMs, signal: run.signal }) as const
  // Not in the startup packet: PgBouncer refuses it there.
  await session.rows(
    `BEGIN READ ONLY; SET LOCAL statement_timeout = ${Math.ceil(run.statementMs)}; SET LOCAL lock_timeout = 1000; SET LOCAL search_path = pg_catalog, pg_temp`,
    bound(),
  )
  const [row] = await session.rows(QUESTION, bound())
  await session.rows('COMMIT', bound())
  if (row === undefined) throw new NetError('talk', 'protocol')
  const text = (value: unknown) => harmless(typeof value === 'string' ? value : '', secrets) ?? 'unknown'
  const recovering = row['recovering'] === true
  const readOnly = row['read_only'] !== 'off'
  const banner = text(row['banner'])
  run.learn({
    product: /cockroach/i.test(banner)
      ? 'CockroachDB'
      : /yugabyte|-YB-/i.test(banner)
        ? 'YugabyteDB'
        : /redshift/i.test(banner)
          ? 'Amazon Redshift'
          : SERVICE,
    version: text(row['version']).split(' ')[0] ?? 'unknown',
    role: recovering ? 'replica' : 'primary',
    writable: !recovering && !readOnly,
    more: {
      database: text(row['database']),
      user: text(row['user']),
      auth: session.asked,
      pooler: typeof row['pid'] === 'number' && row['pid'] !== session.processId,
      ...(readOnly && !recovering ? { readOnlyByDefault: true } : {}),
    },
  })
  return { recovering, readOnly }
}
