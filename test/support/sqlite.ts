import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { end, findProgram, serverOrSkip } from './processes.ts'

const program = (): string | null => findProgram('sqlite3')

/** Whether real database files can be made here. Says so when not. */
export const haveSqlite = (): boolean => serverOrSkip('sqlite3', program())

export interface SqliteFolder {
  at(name: string): string
  /** Runs statements on a file of that name, and closes it. Answers its path. */
  make(name: string, sql: string): string
  /** The same, and keeps it open. */
  hold(name: string, sql: string): Promise<Holder>
  [Symbol.asyncDispose](): Promise<void>
}

/** A process that has a database open. */
export interface Holder {
  readonly path: string
  run(sql: string): Promise<void>
  /** As when power fails: nothing is finished, undone or checkpointed. */
  kill(): Promise<void>
}

/** Real databases in a folder of their own. */
export function sqliteFolder(): SqliteFolder {
  const folder = mkdtempSync('/tmp/att-sq-')
  const held: ChildProcess[] = []
  const at = (name: string): string => join(folder, name)
  const sqlite = program() ?? 'sqlite3'
  return {
    at,
    make: (name, sql) => {
      const { status, stderr } = spawnSync(sqlite, ['-batch', '-bail', '-init', '/dev/null', at(name), sql], { encoding: 'utf8' })
      if (status !== 0) throw new Error(`sqlite3 failed: ${stderr}`)
      return at(name)
    },
    hold: async (name, sql) => {
      const child = spawn(sqlite, ['-batch', '-bail', '-init', '/dev/null', at(name)], { stdio: ['pipe', 'pipe', 'ignore'] })
      held.push(child)
      const holder: Holder = { path: at(name), run: (more) => saidTo(child, more), kill: () => end(child, 'SIGKILL') }
      await holder.run(sql)
      return holder
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(held.map((child) => end(child, 'SIGKILL')))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

let said = 0

/** Waits until the statements were run. */
function saidTo(child: ChildProcess, sql: string): Promise<void> {
  said += 1
  const done = `done-${said}-done`
  return new Promise((resolve, reject) => {
    let text = ''
    const onData = (chunk: Buffer): void => {
      text += chunk
      if (!text.includes(done)) return
      child.stdout?.off('data', onData)
      resolve()
    }
    child.stdout?.on('data', onData)
    child.once('close', () => reject(new Error('sqlite3 ended')))
    child.stdin?.write(`${sql}\n.print ${done}\n`)
  })
}

/** A table with rows in it. */
export const rows = (count: number): string =>
  `CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, note TEXT);
   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) INSERT INTO orders (note) SELECT hex(randomblob(200)) FROM n;`
