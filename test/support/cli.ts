import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'

const BIN = resolve(import.meta.dirname, '../../bin')

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
}

/** Runs the built command as a script would: no terminal, a clean environment. */
export async function attach(args: readonly string[], { binary = 'attach', cwd, input = '', env = {} }: RunOptions): Promise<Ran> {
  const program = join(BIN, `${binary}.js`)
  const { exitCode, stdout, stderr, signal } = await execa(process.execPath, [program, ...args], {
    cwd,
    input,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, ...env },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
  })
  if (exitCode === undefined) throw new Error(`attach was ended by ${signal ?? 'nobody'}`)
  return { exit: exitCode, stdout, stderr }
}

/** A folder of its own, with a `.env` in it when a text is given. */
export function folder(env?: string): { readonly path: string; readonly env: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'attach-test-'))
  if (env !== undefined) writeFileSync(join(path, '.env'), env)
  return { path, env: join(path, '.env'), remove: () => rmSync(path, { recursive: true, force: true }) }
}
