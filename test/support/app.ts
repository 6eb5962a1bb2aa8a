import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { freePort } from './ports.ts'
import { end, findProgram, serverOrSkip } from './processes.ts'
import { type Scratch, scratch } from './scratch.ts'

/** The supervisor of the app under fixtures/app. */
export const SUPERVISOR = resolve(import.meta.dirname, '../../fixtures/app/supervisor.sh')

/** Whether the app's supervisor can run here: it needs `flock` of util-linux. Says so when not. */
export const haveSupervisor = (): boolean => serverOrSkip('flock (util-linux)', findProgram('flock'))

/** What the app's database must have. */
export const SCHEMA = 'create table visits (id serial primary key, at timestamptz not null default now())'

export type SupervisorVerb = 'start' | 'stop' | 'restart' | 'reload' | 'status'

export interface WhoAmI {
  readonly pid: number
  /** SHA-256 of the handle, hexadecimal. */
  readonly databaseUrl: string
  readonly config: string
  readonly reloads: number
}

export interface Health {
  readonly status: number
  readonly body: {
    readonly ok: boolean
    readonly database?: string
    readonly visits?: number
    readonly reason?: string
    readonly pid: number
  }
}

/** The app in a folder of its own, under its supervisor. */
export interface App {
  readonly place: Scratch
  readonly port: number
  supervise(verb: SupervisorVerb, env?: Readonly<Record<string, string>>): Promise<{ readonly exit: number; readonly said: string }>
  /** A supervisor that is not waited for, in a process group of its own. */
  supervising(verb: SupervisorVerb): ChildProcess
  /** Null when nothing listens. */
  whoAmI(): Promise<WhoAmI | null>
  health(): Promise<Health | null>
  visit(): Promise<number | null>
  log(): string
  /** Stops it and removes its files. Throws when a process of it is left. */
  [Symbol.asyncDispose](): Promise<void>
}

/** `databaseUrl`: its handle. `lines`: further lines of its `.env`. It does not run yet. */
export async function makeApp(databaseUrl: string, lines: readonly string[] = []): Promise<App> {
  const port = await freePort()
  const place = scratch(`${[`PORT=${port}`, `DATABASE_URL=${databaseUrl}`, ...lines].join('\n')}\n`)
  const command = (verb: SupervisorVerb, env: Readonly<Record<string, string>>, detached: 'detached' | 'attached') =>
    spawn(SUPERVISOR, [verb], {
      cwd: place.path,
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: detached === 'detached',
    })
  const ask = async (path: string, method = 'GET'): Promise<{ readonly status: number; readonly body: never } | null> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, signal: AbortSignal.timeout(10_000) }).catch(() => null)
    return response === null ? null : { status: response.status, body: JSON.parse(await response.text()) as never }
  }
  const app: App = {
    place,
    port,
    supervise: async (verb, env = {}) => await ended(command(verb, env, 'attached')),
    supervising: (verb) => command(verb, {}, 'detached'),
    whoAmI: async () => (await ask('/whoami'))?.body ?? null,
    health: () => ask('/healthz'),
    visit: async () => (await ask('/visit', 'POST'))?.status ?? null,
    log: () => (existsSync(place.at('run', 'app.log')) ? place.read('run/app.log') : ''),
    [Symbol.asyncDispose]: async () => {
      const stopped = await app.supervise('stop')
      const left = processesOf(place)
      place[Symbol.dispose]()
      if (stopped.exit !== 0 || left.length > 0) throw new Error(`the app was not stopped: ${stopped.said} ${left.join('; ')}`)
    },
  }
  return app
}

export const fingerprint = (databaseUrl: string): string => createHash('sha256').update(databaseUrl).digest('hex')

/** Processes that work in a folder, or name it in their command line: `29036 node app.js …`. Linux only; elsewhere none is seen. */
export function processesOf({ path }: Scratch): readonly string[] {
  if (!existsSync('/proc/self/cmdline')) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => ({ pid, ...lookAt(pid) }))
    .filter(({ words, cwd }) => words.includes(path) || cwd.startsWith(path))
    .map(({ pid, words }) => `${pid} ${words}`)
}

/** Empty where the process is gone meanwhile, or has ended and is not yet waited for. */
function lookAt(pid: string): { readonly words: string; readonly cwd: string } {
  try {
    const words = readFileSync(join('/proc', pid, 'cmdline'), 'utf8')
      .replaceAll('\0', ' ')
      .trim()
    return { words, cwd: readlinkSync(join('/proc', pid, 'cwd')) }
  } catch {
    return { words: '', cwd: '' }
  }
}

function ended(child: ChildProcess): Promise<{ readonly exit: number; readonly said: string }> {
  return new Promise((resolve, reject) => {
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        said += chunk
      })
    }
    child.on('error', reject)
    child.on('close', (code) => resolve({ exit: code ?? 128, said }))
  })
}

/** Ends a supervisor and all it started, but for what made a session of its own. */
export async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL')
  await end(child, 'SIGKILL')
}
