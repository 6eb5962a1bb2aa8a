import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { CommandLine } from '../domain/deploy.ts'
import type { CommandEnd, CommandRun } from '../ports/host.ts'
import { endsWithUs, outlivesUs } from './ends-with-us.ts'
import { outputLines } from './output-lines.ts'
import { type OutputPipe, openPipe } from './output-pipe.ts'
import { endGroup, signalGroup } from './process-group.ts'
import { identify } from './process-identity.ts'

/**
 * Waits for our word before it becomes the command: what has a process has not begun. When attach dies before the word, `read` meets the end
 * of its input and nothing runs. Standard error goes where standard output goes, so that lines keep their order.
 */
const GATE = 'read -r ATTACH_GATE && exec "$@" </dev/null 2>&1'

/**
 * Runs a command to its end: that of its own process. What it left running in the background is left alone, also after a failure: it may be the
 * app. Only a command that is ended by its time limit or by `signal` is ended with all of its group. See `Host.run`.
 */
export async function run(command: CommandRun): Promise<CommandEnd> {
  if (command.signal.aborted) return { how: 'stopped', gone: true, outputOpen: false }
  const pipe = openPipe()
  try {
    const child = start(command, pipe)
    if (child.pid === undefined) return { how: 'not started', code: await failureOf(child), outputOpen: false }
    return await runAs(child.pid, child, pipe?.from ?? child.stdout, command)
  } catch (error) {
    if (isFromSpawn(error)) return { how: 'not started', code: error.code, outputOpen: false }
    throw error
  } finally {
    pipe?.from.destroy()
  }
}

function start({ line, folder, env }: CommandRun, pipe: OutputPipe | null): ChildProcess {
  try {
    return spawn('/bin/sh', ['-c', GATE, 'attach', ...wordsOf(line)], {
      cwd: folder,
      env,
      detached: true,
      stdio: ['pipe', pipe?.to ?? 'pipe', 'ignore'],
    })
  } finally {
    pipe?.closeTo()
  }
}

/** A text is the shell's, which calls itself `hook` in what it complains about. */
const wordsOf = (line: CommandLine): readonly string[] => (typeof line === 'string' ? ['/bin/sh', '-c', line, 'hook'] : line)

async function runAs(pid: number, child: ChildProcess, output: Readable | null, command: CommandRun): Promise<CommandEnd> {
  endsWithUs(pid)
  const ended = new Promise<Ended>((resolve) => child.once('exit', (status, signal) => resolve({ how: 'by itself', status, signal })))
  const reading = read(output, command.prints)
  child.stdin?.on('error', () => {}) // It ended before it heard our word.
  try {
    command.begins(identify(pid))
  } catch (error) {
    child.stdin?.destroy()
    signalGroup(pid, 'SIGKILL')
    await ended
    outlivesUs(pid)
    throw error
  }
  child.stdin?.end('\n')
  const limit = limitOf(command)
  const end = await Promise.race([ended, limit.reached])
  limit.drop()
  if (end.how === 'by itself') {
    outlivesUs(pid)
    const outputOpen = await reading.end()
    const { status, signal } = end
    return status === null ? { how: 'signal', signal: signal ?? 'unknown', outputOpen } : { how: 'exit', status, outputOpen }
  }
  const gone = (await endGroup(pid, command.graceMs)) === 'ended'
  if (gone) outlivesUs(pid)
  child.unref()
  return { how: end.how, gone, outputOpen: await reading.end() }
}

type Ended =
  | { readonly how: 'by itself'; readonly status: number | null; readonly signal: string | null }
  | { readonly how: 'timeout' | 'stopped' }

/** Each is heard one turn of the event loop late: a command that ended while this process was frozen is found ended, not over its time. */
function limitOf({ timeoutMs, signal }: CommandRun): { readonly reached: Promise<Ended>; drop(): void } {
  let drop = (): void => {}
  const reached = new Promise<Ended>((resolve) => {
    const stop = (): unknown => setImmediate(() => resolve({ how: 'stopped' }))
    const timer = setTimeout(() => setImmediate(() => resolve({ how: 'timeout' })), timeoutMs)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop() // `begins` may have taken its time.
    drop = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
  })
  return { reached, drop: () => drop() }
}

/** How long an output that is still open may be silent, and how long it may go on, once its process ended. */
const QUIET_MS = 100
const REST_MS = 1_000

interface Reading {
  /** Takes what is there, then lets go. True: somebody still holds the other end. */
  end(): Promise<boolean>
}

function read(output: Readable | null, prints: (line: string) => void): Reading {
  const lines = outputLines(prints)
  let isOpen = output !== null
  let pieces = 0
  let changed = (): void => {}
  output?.on('data', (piece: Buffer) => {
    pieces += 1
    lines.take(piece)
  })
  for (const event of ['end', 'close', 'error'] as const) {
    output?.on(event, () => {
      isOpen = false
      changed()
    })
  }
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      changed = resolve
      setTimeout(() => setImmediate(resolve), QUIET_MS) // One turn later: what came meanwhile is read first.
    })
  return {
    end: async () => {
      const until = performance.now() + REST_MS
      for (let before = -1; isOpen && before !== pieces && performance.now() < until; ) {
        before = pieces
        await pause()
      }
      const wasOpen = isOpen
      output?.destroy()
      lines.end()
      return wasOpen
    },
  }
}

const failureOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => child.once('error', (error) => resolve(isFromSpawn(error) ? error.code : 'unknown')))

/** Of spawn(3) itself: no such folder, no room for a process, a text with a NUL in it. */
const isFromSpawn = (error: unknown): error is Error & { readonly code: string } =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  (error.code.startsWith('ERR_INVALID_ARG') || ('syscall' in error && String(error.syscall).startsWith('spawn')))
