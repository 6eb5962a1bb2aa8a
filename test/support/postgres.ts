import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { freePort } from './ports.ts'
import { end, eventually, findProgram, run, serverOrSkip } from './processes.ts'

const FOLDERS = ['/usr/lib/postgresql/*/bin', '/opt/homebrew/opt/postgresql*/bin', '/usr/local/pgsql/bin']

/** Whether a real PostgreSQL can be started here. Says so when not. */
export const havePostgres = (): boolean => serverOrSkip('PostgreSQL (initdb)', findProgram('initdb', FOLDERS))

/** The folder of the client programs of the server's own version: pg_dump, psql … */
export const postgresPrograms = (): string => dirname(realpathSync(program('initdb')))

export interface PostgresOptions {
  /** Lines for postgresql.conf. */
  readonly config?: readonly string[]
  /** The whole of pg_hba.conf. Default: SCRAM passwords, also on the socket. */
  readonly hba?: readonly string[]
  /** A server certificate: ssl=on. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

export interface Parts {
  readonly user?: string
  readonly password?: string
  readonly database?: string
  readonly host?: string
  readonly query?: string
}

export interface PostgresServer {
  readonly port: number
  /** Folder of the unix socket. */
  readonly socketFolder: string
  readonly folder: string
  /** The superuser: `postgres`. */
  readonly password: string
  /** A handle. Default: the superuser, database `postgres`, 127.0.0.1. */
  url(parts?: Parts): string
  /** Runs statements as the superuser. The rows of the last. */
  sql(text: string, database?: string): Promise<readonly Record<string, unknown>[]>
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  /** A hot standby of this server, streaming from it. */
  standby(): Promise<PostgresServer>
  /** Ends it and removes its files. */
  [Symbol.asyncDispose](): Promise<void>
}

const PASSWORD = 'sup3r-s3cret'
const HBA = [
  'local all all scram-sha-256',
  'local replication all scram-sha-256',
  'host all all 127.0.0.1/32 scram-sha-256',
  'host replication all 127.0.0.1/32 scram-sha-256',
  'host all all ::1/128 scram-sha-256',
]

/** A real PostgreSQL on a free port of 127.0.0.1, with its files in a temporary folder. Takes about two seconds. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const folder = makeFolder()
  const secret = join(folder, 'password')
  writeFileSync(secret, `${PASSWORD}\n`, { mode: 0o600 })
  own(secret)
  await runAs('initdb', [
    '-D',
    join(folder, 'data'),
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    `--pwfile=${secret}`,
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  ])
  return launched(folder, options)
}

async function launched(folder: string, { config = [], hba = HBA, tls }: PostgresOptions): Promise<PostgresServer> {
  const data = join(folder, 'data')
  const port = await freePort()
  const lines = [
    `port = ${port}`,
    `listen_addresses = '127.0.0.1'`,
    `unix_socket_directories = '${folder}'`,
    ...[
      'fsync = off',
      'synchronous_commit = off',
      'full_page_writes = off',
      'max_wal_senders = 4',
      'shared_buffers = 16MB',
      'wal_level = replica',
    ],
    ...(tls === undefined
      ? []
      : [
          'ssl = on',
          `ssl_cert_file = '${placed(folder, 'server.crt', tls.cert)}'`,
          `ssl_key_file = '${placed(folder, 'server.key', tls.key)}'`,
        ]),
    ...config,
  ]
  appendFileSync(join(data, 'postgresql.conf'), `\n${lines.join('\n')}\n`)
  writeFileSync(join(data, 'pg_hba.conf'), `${hba.join('\n')}\n`)
  const server = new LocalPostgres(folder, port)
  await server.start()
  return server
}

class LocalPostgres implements PostgresServer {
  readonly folder: string
  readonly port: number
  readonly password = PASSWORD
  #process: ChildProcess | null = null

  constructor(folder: string, port: number) {
    this.folder = folder
    this.port = port
  }

  get socketFolder(): string {
    return this.folder
  }

  url({ user = 'postgres', password = PASSWORD, database = 'postgres', host = '127.0.0.1', query = '' }: Parts = {}): string {
    const login = `${encodeURIComponent(user)}${password === '' ? '' : `:${encodeURIComponent(password)}`}`
    return `postgresql://${login}@${host}:${this.port}/${encodeURIComponent(database)}${query === '' ? '' : `?${query}`}`
  }

  async sql(text: string, database = 'postgres'): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({ host: this.folder, port: this.port, user: 'postgres', password: PASSWORD, database, ssl: false })
    client.on('error', () => {})
    try {
      await client.connect()
      const results: unknown = await client.query(text)
      const last: unknown = Array.isArray(results) ? results.at(-1) : results
      return typeof last === 'object' && last !== null && 'rows' in last && Array.isArray(last.rows) ? last.rows : []
    } finally {
      await client.end().catch(() => {})
    }
  }

  async start(): Promise<void> {
    const child = spawn(program('postgres'), ['-D', join(this.folder, 'data')], {
      ...identity(),
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#process = child
    let log = ''
    child.stderr?.on('data', (chunk) => {
      log = (log + chunk).slice(-4000)
    })
    await eventually('PostgreSQL taking connections', async () => {
      if (child.exitCode !== null) throw new Error(log)
      await this.sql('SELECT 1')
    }).catch((error) => {
      throw new Error(`PostgreSQL did not start: ${log}`, { cause: error })
    })
  }

  /** SIGINT is PostgreSQL's fast shutdown: sessions are ended. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    if (this.#process !== null) await end(this.#process, signal)
    this.#process = null
  }

  async standby(): Promise<PostgresServer> {
    const folder = makeFolder()
    const source = `host=${this.folder} port=${this.port} user=postgres password=${PASSWORD}`
    await runAs('pg_basebackup', ['-D', join(folder, 'data'), '-R', '-X', 'stream', '-c', 'fast', '--no-sync', '-d', source])
    return launched(folder, {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGQUIT')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** PostgreSQL does not run as root: there, its own user does it. */
const IDENTITY = process.getuid?.() === 0 ? lookUp('postgres') : null

function lookUp(name: string): { readonly uid: number; readonly gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) }
}

const identity = () => IDENTITY ?? {}

const own = (path: string) => {
  if (IDENTITY !== null) chownSync(path, IDENTITY.uid, IDENTITY.gid)
}

/** Short, because the path of a unix socket has room for 107 bytes. */
function makeFolder(): string {
  const folder = mkdtempSync('/tmp/att-pg-')
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'data'), { mode: 0o700 })
  own(folder)
  own(join(folder, 'data'))
  return folder
}

function placed(folder: string, name: string, from: string): string {
  const path = join(folder, name)
  writeFileSync(path, readFileSync(from), { mode: 0o600 })
  own(path)
  return path
}

function program(name: string): string {
  const path = findProgram(name, FOLDERS)
  if (path === null) throw new Error(`${name} is not installed`)
  return path
}

const runAs = (name: string, args: readonly string[]) => run(program(name), args, { ...identity(), cwd: '/tmp' })
