import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { end, eventually, findProgram, run, serverOrSkip } from './processes.ts'
import { identity, makeFolder, own, placed } from './server-user.ts'

const FOLDERS = ['/usr/sbin', '/usr/local/sbin']
const program = (): string | null => findProgram('mariadbd', FOLDERS)

/** Whether a real MariaDB can be started here. Says so when not. */
export const haveMariaDb = (): boolean => serverOrSkip('mariadbd', program())

export interface MariaDbOptions {
  /** A server certificate: it offers TLS. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string }
  /** Further words of the command line: `--read-only=1`. */
  readonly args?: readonly string[]
  /** Names it in replication, and makes it keep a binary log. */
  readonly serverId?: number
}

export interface MariaDbParts {
  readonly user?: string
  readonly password?: string
  readonly database?: string
  readonly host?: string
  readonly query?: string
  readonly scheme?: string
}

export interface MariaDbServer {
  readonly port: number
  readonly socket: string
  /** A handle. Default: root without a password, no database, 127.0.0.1. */
  url(parts?: MariaDbParts): string
  /** Runs statements as root, and answers the rows of all as text: a line each, columns parted by tabs. */
  sql(text: string, database?: string): Promise<string>
  start(): Promise<void>
  stop(): Promise<void>
  /** Another one that follows it. */
  replica(serverId: number): Promise<MariaDbServer>
  [Symbol.asyncDispose](): Promise<void>
}

/** A real MariaDB on a free port of 127.0.0.1, with its files in a temporary folder. Takes a second. */
export async function startMariaDb({ tls, args = [], serverId }: MariaDbOptions = {}): Promise<MariaDbServer> {
  const folder = makeFolder()
  const [data, socket] = [join(folder, 'data'), join(folder, 'my.sock')]
  mkdirSync(data, { mode: 0o700 })
  own(data)
  const port = await freePort()
  await run(
    'mariadb-install-db',
    ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db', `--tmpdir=${folder}`, ...SMALL],
    {
      ...identity(),
      cwd: folder,
    },
  )
  const words = [
    ...[
      '--no-defaults',
      `--datadir=${data}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${socket}`,
      '--skip-log-error',
      `--tmpdir=${folder}`,
    ],
    ...[...SMALL, '--innodb-buffer-pool-size=16M', '--innodb-flush-log-at-trx-commit=0', '--skip-name-resolve'],
    ...(serverId === undefined ? [] : [`--server-id=${serverId}`, '--log-bin=bin']),
    ...(tls === undefined ? [] : [`--ssl-cert=${placed(folder, 'crt', tls.cert)}`, `--ssl-key=${placed(folder, 'key', tls.key)}`]),
    ...(tls?.ca === undefined ? [] : [`--ssl-ca=${placed(folder, 'ca', tls.ca)}`]),
    ...args,
  ]
  const server = new LocalMariaDb({ port, socket, folder }, words)
  await server.start()
  return server
}

const SMALL = ['--innodb-flush-method=nosync', '--innodb-log-file-size=4M', '--innodb-data-file-path=ibdata1:12M:autoextend']

interface Place {
  readonly port: number
  readonly socket: string
  readonly folder: string
}

class LocalMariaDb implements MariaDbServer {
  readonly #place: Place
  readonly #words: readonly string[]
  #process: ChildProcess | null = null

  constructor(place: Place, words: readonly string[]) {
    this.#place = place
    this.#words = words
  }

  get port(): number {
    return this.#place.port
  }

  get socket(): string {
    return this.#place.socket
  }

  url({ user = 'root', password = '', database = '', host = '127.0.0.1', query = '', scheme = 'mysql' }: MariaDbParts = {}): string {
    const login = `${encodeURIComponent(user)}${password === '' ? '' : `:${encodeURIComponent(password)}`}`
    const name = database === '' ? '' : `/${encodeURIComponent(database)}`
    return `${scheme}://${login}@${host}:${this.port}${name}${query === '' ? '' : `?${query}`}`
  }

  async sql(text: string, database = 'mysql'): Promise<string> {
    return (await run('mariadb', ['--no-defaults', '-uroot', '-S', this.socket, '-N', '-B', '-D', database, '-e', text])).trim()
  }

  async start(): Promise<void> {
    const path = program()
    if (path === null) throw new Error('mariadbd is not installed')
    const child = spawn(path, this.#words, { ...identity(), cwd: this.#place.folder, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process = child
    let log = ''
    child.stderr?.on('data', (chunk) => {
      log = (log + chunk).slice(-4_000)
    })
    await eventually('MariaDB taking connections', async () => {
      if (child.exitCode !== null) throw new Error(log)
      await this.sql('SELECT 1')
    }).catch((error) => {
      throw new Error(`MariaDB did not start: ${log}`, { cause: error })
    })
  }

  async stop(): Promise<void> {
    if (this.#process !== null) await end(this.#process)
    this.#process = null
  }

  async replica(serverId: number): Promise<MariaDbServer> {
    const replica = await startMariaDb({ serverId, args: ['--read-only=1'] })
    await this.sql(`CREATE USER IF NOT EXISTS repl@'127.0.0.1' IDENTIFIED BY 'repl-pw'; GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'`)
    await replica.sql(
      `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${this.port}, MASTER_USER='repl', MASTER_PASSWORD='repl-pw', MASTER_USE_GTID=slave_pos; START SLAVE`,
    )
    await this.caughtUp(replica)
    return replica
  }

  private async caughtUp(replica: MariaDbServer): Promise<void> {
    const position = await this.sql('SELECT @@gtid_binlog_pos')
    await eventually('the replica has caught up', async () => {
      const waited = await replica.sql(`SELECT MASTER_GTID_WAIT('${position}', 5)`)
      if (waited !== '0') throw new Error(await replica.sql('SHOW SLAVE STATUS'))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process?.kill('SIGKILL')
    await this.stop()
    rmSync(this.#place.folder, { recursive: true, force: true })
  }
}
