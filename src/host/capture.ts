import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import process from 'node:process'
import type { Readable } from 'node:stream'
import type { Captured, Ended, ShellCommand } from '../ports/host.ts'

/** How long what was asked to end may take, before it is ended. */
const GRACE_MS = 1_000
/** How long the last words of what has ended are waited for: something it started may hold its standard error open. */
const LAST_WORDS_MS = 200
const LINE_MAX = 2_000

/**
 * A child in our process group: one of its own would be in the background, where asking on the terminal stops it. It is over when it has ended and
 * nobody holds its standard output open, as in `$(…)`.
 */
export async function capture({ run, env, cwd, limit, onLine, signal }: ShellCommand): Promise<Captured> {
  if (signal.aborted) return { ended: { by: 'stopped' }, output: Buffer.alloc(0) }
  const child = spawn('/bin/sh', ['-c', run], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  let size = 0
  const full = new AbortController()
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > limit) full.abort()
    else chunks.push(chunk)
  })
  const flush = eachLine(child.stderr, onLine)
  const ended = await firstOf(endOf(child), [signal, full.signal])
  if (ended === null) await endAll(child)
  else await Promise.race([over(child.stderr), pause(LAST_WORDS_MS)])
  child.stdout.destroy()
  child.stderr.destroy()
  flush()
  return { ended: ended ?? { by: full.signal.aborted ? 'full' : 'stopped' }, output: Buffer.concat(chunks) }
}

/** Answers when it has ended and its output is over; a command that never began has neither. */
async function endOf(child: ChildProcess): Promise<Ended> {
  const ended = await new Promise<Ended>((resolve) => {
    child.once('error', (error) => resolve({ by: 'failed', code: 'code' in error ? String(error.code) : 'unknown' }))
    child.once('exit', (code, by) => {
      resolve(by === null ? { by: 'exit', code: code ?? 0 } : { by: 'signal', signal: by, number: constants.signals[by] })
    })
  })
  if (ended.by !== 'failed' && child.stdout !== null) await over(child.stdout)
  return ended
}

const over = (stream: Readable): Promise<void> =>
  stream.closed ? Promise.resolve() : new Promise((resolve) => stream.once('close', () => resolve()))

/** Null: a signal came first. */
function firstOf<T>(work: Promise<T>, signals: readonly AbortSignal[]): Promise<T | null> {
  const stopped = signals.map(
    (signal) => new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true })),
  )
  return Promise.race([work, ...stopped])
}

/** Asks the command and all that it started to end, then ends them. */
async function endAll(child: ChildProcess): Promise<void> {
  const pids = child.pid === undefined ? [] : familyOf(child.pid)
  tell(pids, 'SIGTERM')
  for (const until = performance.now() + GRACE_MS; pids.some(isThere) && performance.now() < until; ) await pause(20)
  tell(pids, 'SIGKILL')
}

function tell(pids: readonly number[], signal: NodeJS.Signals | 0): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended, or became another user's.
    }
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** A process and its descendants, by proc(5). Where there is no /proc, the process alone: the others see their pipes closed. */
function familyOf(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
    return [pid, ...children.flatMap(familyOf)]
  } catch {
    return [pid]
  }
}

/** Answers what says the last line, where that has no line end. */
function eachLine(stream: Readable, onLine: (line: string) => void): () => void {
  let rest = ''
  const say = (line: string): void => onLine(line.length > LINE_MAX ? `${line.slice(0, LINE_MAX)} …` : line)
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n/)
    rest = (lines.pop() ?? '').slice(0, LINE_MAX + 1) // What is cut off anyway is not kept.
    for (const line of lines) say(line)
  })
  return () => {
    if (rest !== '') say(rest)
    rest = ''
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
