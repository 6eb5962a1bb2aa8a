import { randomBytes } from 'node:crypto'
import { fstatSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import process from 'node:process'
import { isatty } from 'node:tty'
import type { Actor } from '../domain/operation.ts'
import type { Host, Output } from '../ports/host.ts'
import { writeFully } from './output.ts'

/** The real process. */
export function processHost(): Host {
  const { env } = process
  return {
    env,
    inherited: { ...env },
    cwd: process.cwd(),
    actor: actorOf(env),
    platform: process.platform,
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    now: () => new Date().toISOString(),
    clock: () => performance.now(),
    random: (bytes) => randomBytes(bytes).toString('hex'),
    onSignal: (heard) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => heard(signal))
    },
    exit: (code) => process.exit(code),
    readToEnd: async (path, limit, signal) => (await import('./read-to-end.ts')).readToEnd(path, limit, signal),
    capture: async (command) => (await import('./capture.ts')).capture(command),
    runInForeground: async (command) => (await import('./foreground.ts')).runInForeground(command),
    endBy,
    run: async (command) => (await import('./run.ts')).run(command),
    findProcess: async (pid) => (await import('./process-identity.ts')).findProcess(pid),
    endGroup: async (leader, graceMs) => (await import('./process-group.ts')).endGroup(leader, graceMs),
    stdout: outputOf(1, env),
    stderr: outputOf(2, env),
    stdin: {
      isTerminal: isTerminal(0),
      readAll: async (limit, signal) => (await import('./input.ts')).readAll(limit, signal),
      ask: async (question, signal) => (await import('./input.ts')).ask(question, signal),
      askHidden: async (question, signal) => (await import('./input.ts')).askHidden(question, signal),
    },
  }
}

/** What ends a process and leaves no image of its memory, in which our secrets are, on the disk. */
const WITHOUT_CORE: readonly string[] = ['SIGHUP', 'SIGINT', 'SIGKILL', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGTERM']

function endBy(signal: string): void {
  if (!WITHOUT_CORE.includes(signal)) return
  process.removeAllListeners(signal) // Without a listener the system does what the signal does by itself.
  process.kill(process.pid, signal)
}

const COLUMNS_DEFAULT = 80

function outputOf(fd: 1 | 2, env: Host['env']): Output {
  const terminal = isTerminal(fd)
  return {
    isTerminal: terminal,
    get columns() {
      const stream = fd === 1 ? process.stdout : process.stderr
      return (terminal ? stream.columns : Number(env['COLUMNS'])) || COLUMNS_DEFAULT
    },
    write: (text) => writeFully(fd, text),
  }
}

/** isatty(3), asked only where it can be true. */
function isTerminal(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice() && isatty(fd)
  } catch {
    return false // Closed.
  }
}

/** Who does it: the person behind sudo, else the user's name, else the number. A container may have no name for it. */
function actorOf(env: Host['env']): Actor {
  return { user: env['SUDO_USER'] || userName(), host: hostname(), pid: process.pid }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.geteuid?.() ?? 'unknown'}`
  }
}
