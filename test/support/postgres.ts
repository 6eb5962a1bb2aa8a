import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from './ports.ts'
import { type PostgresMajor, postgresPrograms, programsOf } from './postgres-programs.ts'
import { end, eventually, run } from './processes.ts'
import { identity, makeFolder, own, placed } from './server-user.ts'

export { havePostgres, POSTGRES_MAJORS, type PostgresMajor, postgresPrograms } from './postgres-programs.ts'

export interface PostgresOptions {
  /** Default: the newest that the operating system has. The packages of the others have a server and no client programs: no `standby()`, no `copy()`. */
  readonly major?: PostgresMajor
  /** Further words for initdb, stronger than the usual ones (UTF8, locale C). */
  readonly init?: readonly string[]
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
  /** What a restored base backup is: a physical copy of this server that goes its own way. */
  copy(): Promise<PostgresServer>
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
  const folder = makeServerFolder()
  const programs = options.major === undefined ? postgresPrograms() : programsOf(options.major, folder)
  const secret = join(folder, 'password')
  writeFileSync(secret, `${PASSWORD}\n`, { mode: 0o600 })
  own(secret)
  await runAs(join(programs, 'initdb'), [
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
    ...(options.init ?? []),
  ])
  return launched(folder, programs, options)
}

async function launched(folder: string, programs: string, { config = [], hba = HBA, tls }: PostgresOptions): Promise<PostgresServer> {
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
  const server = new LocalPostgres(folder, port, programs)
  await server.start()
  return server
}

export function handleOf(
  port: number,
  { user = 'postgres', password = PASSWORD, database = 'postgres', host = '127.0.0.1', query = '' }: Parts = {},
): string {
  const login = `${encodeURIComponent(user)}${password === '' ? '' : `:${encodeURIComponent(password)}`}`
  return `postgresql://${login}@${host}:${port}/${encodeURIComponent(database)}${query === '' ? '' : `?${query}`}`
}

class LocalPostgres implements PostgresServer {
  readonly folder: string
  readonly port: number
  readonly password = PASSWORD
  readonly #programs: string
  #process: ChildProcess | null = null

  constructor(folder: string, port: number, programs: string) {
    this.folder = folder
    this.port = port
    this.#programs = programs
  }

  get socketFolder(): string {
    return this.folder
  }

  url(parts?: Parts): string {
    return handleOf(this.port, parts)
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
    const child = spawn(join(this.#programs, 'postgres'), ['-D', join(this.folder, 'data')], {
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

  standby(): Promise<PostgresServer> {
    return this.#copied(['-R'])
  }

  copy(): Promise<PostgresServer> {
    return this.#copied([])
  }

  async #copied(words: readonly string[]): Promise<PostgresServer> {
    const folder = makeServerFolder()
    const source = `host=${this.folder} port=${this.port} user=postgres password=${PASSWORD}`
    const usual = ['-D', join(folder, 'data'), '-X', 'stream', '-c', 'fast', '--no-sync', '-d', source]
    await runAs(join(this.#programs, 'pg_basebackup'), [...usual, ...words])
    return launched(folder, this.#programs, {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGQUIT')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function makeServerFolder(): string {
  const folder = makeFolder()
  mkdirSync(join(folder, 'data'), { mode: 0o700 })
  own(join(folder, 'data'))
  return folder
}

const runAs = (path: string, args: readonly string[]) => run(path, args, { ...identity(), cwd: '/tmp' })
