import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { handleOf, type Parts, type PostgresServer } from './postgres.ts'
import { end, eventually, findProgram, serverOrSkip } from './processes.ts'
import { identity, makeFolder, own } from './server-user.ts'

const program = (): string | null => findProgram('pgbouncer', ['/usr/sbin', '/opt/homebrew/bin'])

/** Whether a real PgBouncer can be started here. Says so when not. */
export const havePgBouncer = (): boolean => serverOrSkip('pgbouncer', program())

export interface PgBouncerOptions {
  readonly poolMode: 'session' | 'transaction' | 'statement'
  /** Passwords of further roles than the superuser, as they are at the server. */
  readonly users?: Readonly<Record<string, string>>
  /** Further lines for its `[pgbouncer]` section. */
  readonly config?: readonly string[]
}

export interface PgBouncer {
  readonly port: number
  /** A handle that leads through it. Default: the superuser, database `postgres`, 127.0.0.1. */
  url(parts?: Parts): string
  [Symbol.asyncDispose](): Promise<void>
}

/** A real PgBouncer before a server, on a free port of 127.0.0.1, for every database of it. */
export async function startPgBouncer(server: PostgresServer, { poolMode, users = {}, config = [] }: PgBouncerOptions): Promise<PgBouncer> {
  const folder = makeFolder()
  const port = await freePort()
  const place = (name: string, lines: readonly string[]): string => {
    const path = join(folder, name)
    writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 })
    own(path)
    return path
  }
  const passwords = Object.entries({ postgres: server.password, ...users })
  const list = place(
    'users.txt',
    passwords.map(([user, password]) => `"${user}" "${password}"`),
  )
  const settings = place('pgbouncer.ini', [
    '[databases]',
    `* = host=127.0.0.1 port=${server.port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    `unix_socket_dir = ${folder}`,
    'auth_type = scram-sha-256',
    `auth_file = ${list}`,
    `pool_mode = ${poolMode}`,
    ...config,
  ])
  const path = program()
  if (path === null) throw new Error('pgbouncer is not installed')
  // It does not run as root.
  const child = spawn(path, [settings], { ...identity(), cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  await listening(child)
  return {
    port,
    url: (parts) => handleOf(port, parts),
    [Symbol.asyncDispose]: () => ended(child, folder),
  }
}

async function listening(child: ChildProcess): Promise<void> {
  let log = ''
  child.stderr?.on('data', (chunk) => {
    log = (log + chunk).slice(-4000)
  })
  await eventually('PgBouncer taking connections', async () => {
    if (child.exitCode === null && !/process up/.test(log)) throw new Error('not yet')
  })
  if (child.exitCode !== null) throw new Error(`PgBouncer did not start: ${log}`)
}

async function ended(child: ChildProcess, folder: string): Promise<void> {
  await end(child)
  rmSync(folder, { recursive: true, force: true })
}
