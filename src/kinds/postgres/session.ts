import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ClientConfig, Connection } from 'pg'
import type { Secret } from '../../domain/secret.ts'
import { type Bound, bounded, codeOf, NetError } from '../../net/bounded.ts'
import type { ServerError } from './failure.ts'
import { Line } from './line.ts'

/** How the server asked who we are. `none` when it did not. */
export type Asked = 'none' | 'cleartext' | 'md5' | 'scram-sha-256' | 'other'

/** What a session hears while it logs in. */
export interface Hearing {
  /** The server said its first word, and it is PostgreSQL's. */
  spoke(): void
  /** The server let us in. */
  entered(): void
}

export interface Login {
  readonly user: string
  readonly database: string
  readonly password: Secret | null
  readonly options: string | null
  readonly channelBinding: 'disable' | 'prefer' | 'require'
}

/** The server's own error. A value, because everything else that the driver throws stays behind. */
export class ServerRefused extends Error {
  override readonly name = 'ServerRefused'
  readonly server: ServerError

  constructor(server: ServerError) {
    super(server.code)
    this.server = server
  }
}

/** The server asked for a password, and the handle has none. Or it wants a way of login that we cannot go. */
export class LoginImpossible extends Error {
  override readonly name = 'LoginImpossible'
  readonly code: 'no-password' | 'channel-binding' | 'auth-method'

  constructor(code: LoginImpossible['code']) {
    super(code)
    this.code = code
  }
}

/**
 * A PostgreSQL session over a socket that is already open. `pg` speaks the protocol; it never sees the handle, and nothing of its
 * environment (PGOPTIONS, PGPASSWORD, ~/.pgpass …) has a say. Throws ServerRefused, LoginImpossible, NetError.
 */
export class Session {
  readonly #client: { query(text: string): Promise<unknown> }
  readonly #line: Line
  #trouble: unknown = null
  #asked: Asked = 'none'
  #processId: number | null = null
  readonly #parameters = new Map<string, string>()

  private constructor(client: { query(text: string): Promise<unknown> }, line: Line) {
    this.#client = client
    this.#line = line
  }

  static async open(
    socket: Socket,
    login: Login,
    { bound, hearing }: { readonly bound: Bound; readonly hearing: Hearing },
  ): Promise<Session> {
    const { default: pg } = await import('pg')
    const line = new Line(socket)
    const connection = new pg.Connection({ stream: () => line, ssl: false })
    const startup = {
      user: login.user,
      database: login.database,
      application_name: 'attach',
      ...(login.options === null ? {} : { options: login.options }),
    }
    const config: ClientConfig & { readonly connection: Connection } = {
      connection,
      ...startup,
      host: 'localhost',
      port: 5432,
      ssl: false,
      sslnegotiation: 'postgres',
      enableChannelBinding: socket instanceof TLSSocket && login.channelBinding !== 'disable',
      password: () => passwordOf(login),
    }
    const client = new pg.Client(config)
    // What is sent is exactly this: the driver would add what its environment says.
    Object.defineProperty(client, 'getStartupConf', { value: () => startup })
    const session = new Session(client, line)
    session.#listen(connection, { login, hearing })
    client.on('error', (error: unknown) => session.#note(error))
    await bounded<void>(bound, (done, fail) => {
      client.connect().then(
        () => done(),
        (error) => fail(session.#explained(error)),
      )
      return () => {}
    })
    return session
  }

  /** How the server asked who we are. */
  get asked(): Asked {
    return this.#asked
  }

  /** The process that the server announced. A pooler announces one of its own. */
  get processId(): number | null {
    return this.#processId
  }

  /** What the server still may say: bytes over it break the session. */
  get line(): Pick<Line, 'allow' | 'room'> {
    return this.#line
  }

  /** What the server told of itself while we logged in, and since: `server_encoding`, `in_hot_standby` (14 and newer) … */
  get parameters(): ReadonlyMap<string, string> {
    return this.#parameters
  }

  /** One statement, or several joined by `;`. The rows of the last. */
  async rows(text: string, bound: Bound): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return bounded(bound, (done, fail) => {
      this.#client.query(text).then(
        (result) => done(rowsOf(result)),
        (error) => fail(this.#explained(error)),
      )
      return () => {}
    })
  }

  #listen(connection: Connection, { login, hearing }: { readonly login: Login; readonly hearing: Hearing }): void {
    const asks = (asked: Asked) => () => {
      this.#asked = asked
      hearing.spoke()
    }
    connection.on('authenticationCleartextPassword', asks('cleartext'))
    connection.on('authenticationMD5Password', asks('md5'))
    connection.on('authenticationSASL', (message: { readonly mechanisms?: readonly string[] }) => {
      asks('scram-sha-256')()
      if (login.channelBinding !== 'require' || message.mechanisms?.includes('SCRAM-SHA-256-PLUS')) return
      this.#note(new LoginImpossible('channel-binding'))
      this.#line.destroy()
    })
    connection.on('authenticationOk', () => {
      hearing.spoke()
      hearing.entered()
    })
    connection.on(
      'parameterStatus',
      ({ parameterName, parameterValue }: { readonly parameterName?: string; readonly parameterValue?: string }) => {
        if (parameterName !== undefined && parameterValue !== undefined && this.#parameters.size < 64)
          this.#parameters.set(parameterName, parameterValue)
      },
    )
    connection.on('backendKeyData', (message: { readonly processID?: number }) => {
      this.#processId = message.processID ?? null
    })
  }

  #note(error: unknown): void {
    this.#trouble ??= error
  }

  /** Only what we know by its shape leaves the driver. What the line itself met comes first: the driver only sees it close. */
  #explained(error: unknown): Error {
    const first = this.#line.trouble ?? this.#trouble ?? error
    for (const each of [first, error]) {
      if (each instanceof LoginImpossible || each instanceof NetError) return each
      if (isServerError(each)) return new ServerRefused({ code: each.code, message: each.message })
    }
    const text = first instanceof Error ? first.message : ''
    if (/^SASL: (Only mechanism|Mechanism)/.test(text) || /^Unknown authenticationOk message type/.test(text))
      return new LoginImpossible('auth-method')
    if (/^SASL:|^received invalid response|^Received unexpected/.test(text)) return new NetError('talk', 'protocol')
    if (/^Connection terminated|^Client (has|was)/.test(text)) return new NetError('talk', 'closed')
    const code = codeOf(first)
    return new NetError('talk', code === 'unknown' ? 'protocol' : code)
  }
}

async function passwordOf({ password }: Login): Promise<string> {
  if (password === null) throw new LoginImpossible('no-password')
  return password.reveal()
}

const isServerError = (error: unknown): error is { readonly code: string; readonly message: string } =>
  error instanceof Error && 'severity' in error && error.severity !== undefined && 'code' in error && typeof error.code === 'string'

function rowsOf(result: unknown): readonly Readonly<Record<string, unknown>>[] {
  const last: unknown = Array.isArray(result) ? result.at(-1) : result
  return typeof last === 'object' && last !== null && 'rows' in last && Array.isArray(last.rows) ? last.rows : []
}
