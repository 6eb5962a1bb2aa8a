import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import type { Document } from '../../src/domain/document.ts'

const BIN = resolve(import.meta.dirname, '../../bin')
/** Two cores are kept busy by this many at once; more only wait for each other's deadlines. */
const AT_ONCE = 4

export interface Ran {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly binary?: 'attach' | 'detach'
  readonly cwd: string
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** Run as this user and the group of that number. Only root can. */
  readonly uid?: number
  /** Another group than that. */
  readonly gid?: number
  /** Octal, as the shell's `umask` takes it. */
  readonly umask?: string
}

/** A command on its way. */
export interface Running {
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  /** What it said on stderr so far. */
  stderr(): string
  /** `exit` is null when a signal ended it. */
  readonly ended: Promise<Omit<Ran, 'exit'> & { readonly exit: number | null; readonly signal: string | null }>
}

/** Runs the built command as a script would: no terminal, a clean environment. Four at once at most. */
export async function attach(args: readonly string[], options: RunOptions): Promise<Ran> {
  await place()
  try {
    const { exit, signal, stdout, stderr } = await begin(args, options).ended
    if (exit === null) throw new Error(`attach was ended by ${signal ?? 'nobody'}`)
    return { exit, stdout, stderr }
  } finally {
    free()
  }
}

/** The same, not waited for: to be watched, frozen or ended on its way. */
export function begin(
  args: readonly string[],
  { binary = 'attach', cwd, input = '', env = {}, uid, gid = uid, umask }: RunOptions,
): Running {
  const command = [process.execPath, programOf(binary), ...args]
  const [program = '', ...words] = umask === undefined ? command : ['/bin/sh', '-c', `umask ${umask}; exec "$@"`, 'sh', ...command]
  const child = execa(program, words, {
    cwd,
    input,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: 50_000_000,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  })
  const ended = child.then(({ exitCode, signal, stdout, stderr }) => ({
    exit: exitCode ?? null,
    signal: signal ?? null,
    stdout: String(stdout),
    stderr: String(stderr),
  }))
  let said = ''
  child.stderr?.on('data', (piece: Buffer) => {
    said += piece
  })
  return { pid: child.pid ?? 0, kill: (signal) => void child.kill(signal), stderr: () => said, ended }
}

/** The file a command line runs, for shells and terminals. */
export const programOf = (binary: 'attach' | 'detach'): string => join(BIN, `${binary}.js`)

/** What `--json` printed: exactly one document, and nothing beside it. */
export function documentIn(stdout: string): Document {
  if (!/^\{.*\}\n$/.test(stdout)) throw new Error(`stdout is not one line of JSON: ${JSON.stringify(stdout.slice(0, 400))}`)
  return JSON.parse(stdout)
}

/** Runs with `--json`. */
export async function asDocument(args: readonly string[], options: RunOptions): Promise<Ran & { readonly document: Document }> {
  const ran = await attach(['--json', ...args], options)
  return { ...ran, document: documentIn(ran.stdout) }
}

/** A folder of its own, with a `.env` in it when a text is given. */
export function folder(env?: string): { readonly path: string; readonly env: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'attach-test-'))
  if (env !== undefined) writeFileSync(join(path, '.env'), env)
  return { path, env: join(path, '.env'), remove: () => rmSync(path, { recursive: true, force: true }) }
}

let running = 0
const waiting: (() => void)[] = []

async function place(): Promise<void> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
  running += 1
}

function free(): void {
  running -= 1
  waiting.shift()?.()
}
