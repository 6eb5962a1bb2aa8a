import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { processHost } from '../../src/host/process-host.ts'
import type { CommandEnd, CommandRun } from '../../src/ports/host.ts'

const ROOT = resolve(import.meta.dirname, '..', '..')

/** What one command did, heard from outside. */
export interface Ran {
  readonly end: CommandEnd
  readonly lines: readonly string[]
  readonly pid: number
  readonly ms: number
}

/** Runs a command as attach does. */
export async function ran(line: CommandRun['line'], options: Partial<CommandRun> = {}): Promise<Ran> {
  const lines: string[] = []
  let pid = 0
  const started = performance.now()
  const end = await processHost().run({
    line,
    folder: tmpdir(),
    env: { PATH: process.env['PATH'] ?? '' },
    timeoutMs: 20_000,
    graceMs: 5_000,
    signal: new AbortController().signal,
    prints: (text) => lines.push(text),
    ...options,
    begins: (identity) => {
      pid = identity.pid
      options.begins?.(identity)
    },
  })
  return { end, lines, pid, ms: performance.now() - started }
}

/** A process that runs, and is not merely waiting to be buried. */
export function lives(pid: number): boolean {
  const stat = `/proc/${pid}/stat`
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(stat, 'utf8'))
  } catch {
    return false
  }
}

/** The living processes with this text in their command line, but not ours. */
export function processesWith(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => lives(pid) && commandLineOf(pid).includes(text))
}

function commandLineOf(pid: number): string {
  const path = `/proc/${pid}/cmdline`
  try {
    return existsSync(path) ? readFileSync(path, 'utf8').replaceAll('\0', ' ') : ''
  } catch {
    return ''
  }
}

/** A program made of sources of ours, to be run by node in a process that may be killed. */
export async function programOf(source: string): Promise<{ readonly path: string; [Symbol.dispose](): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'attach-program-'))
  const path = join(folder, 'program.mjs')
  await build({
    stdin: { contents: source, resolveDir: ROOT, loader: 'ts' },
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  })
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}
