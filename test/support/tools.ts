import { spawn } from 'node:child_process'
import { chmodSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { programOf } from './cli.ts'
import { type PostgresServer, postgresPrograms } from './postgres.ts'
import { scratch } from './scratch.ts'

const CLIENTS = ['pg_dump', 'pg_restore', 'psql', 'createdb', 'dropdb']

/** The programs that scripts of docs/ use: attach as it is built, PostgreSQL's clients of the server's own version. */
export interface Tools {
  /** PATH, and what an operator sets for libpq: the password stands in a file. */
  environment(server: PostgresServer, database: string): Readonly<Record<string, string>>
  /** PATH alone. */
  readonly path: string
  /** Every call so far, one a line: its name and arguments. */
  argv(): string
  [Symbol.dispose](): void
}

export function makeTools(clients: 'with clients' | 'attach alone' = 'with clients'): Tools {
  const folder = scratch()
  const install = (name: string, words: string) => {
    folder.write(`bin/${name}`, `#!/bin/sh\nprintf '%s\\n' "${name} $*" >>'${folder.at('argv')}'\nexec ${words} "$@"\n`)
    chmodSync(folder.at('bin', name), 0o755)
  }
  install('attach', `'${process.execPath}' '${programOf('attach')}'`)
  if (clients === 'with clients') for (const name of CLIENTS) install(name, `'${join(postgresPrograms(), name)}'`)
  const path = `${folder.at('bin')}:${process.env['PATH'] ?? ''}`
  return {
    path,
    environment: ({ port, password }, database) => {
      folder.write('pgpass', `127.0.0.1:${port}:*:postgres:${password}\n`)
      chmodSync(folder.at('pgpass'), 0o600)
      const PGPASSFILE = folder.at('pgpass')
      return { PATH: path, PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'postgres', PGDATABASE: database, PGPASSFILE }
    },
    argv: () => (existsSync(folder.at('argv')) ? folder.read('argv') : ''),
    [Symbol.dispose]: folder[Symbol.dispose],
  }
}

/** Runs a script as a person without a terminal would. `said`: both streams, as they came. */
export async function runScript(
  program: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<{ readonly exit: number | null; readonly said: string }> {
  const child = spawn(program, args, { cwd, env: { HOME: cwd, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk
    })
  }
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { exit, said }
}
