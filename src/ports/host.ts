import type { CommandLine } from '../domain/deploy.ts'
import type { Actor } from '../domain/operation.ts'
import type { Secret } from '../domain/secret.ts'

/** The world outside: everything ambient enters here and nowhere else. */
export interface Host {
  readonly env: Environment
  /** The environment as the caller gave it. `env` is without what makes drivers and Node talk, and with what keeps them short. */
  readonly inherited: Environment
  readonly cwd: string
  readonly actor: Actor
  /** ISO 8601, UTC. */
  now(): string
  /** Monotonic, milliseconds. */
  clock(): number
  /** Lower-case hex of that many random bytes. */
  random(bytes: number): string
  /** `linux`, `darwin`. */
  readonly platform: string
  /** Effective ids. */
  readonly uid: number
  readonly gid: number
  /** Calls back for each signal that asks this process to end. Once listened to, none of them ends it by itself. */
  onSignal(heard: (signal: StopSignal) => void): void
  /** Ends the process at once, with what stands, and every command that is still running: exit numbers live in cli. */
  exit(code: number): never
  /** What a file or a pipe holds, to its end; a pipe's writer is waited for. Throws INTERRUPTED when `signal` comes first. */
  readToEnd(path: string, limit: number, signal: AbortSignal): Promise<Taken>
  /** Runs a shell command for what it prints. Ends it, and what it started, when `signal` aborts or it prints too much. */
  capture(command: ShellCommand): Promise<Captured>
  /** Runs a command on the terminal and the streams of the caller: see `Foreground`. Throws INTERRUPTED when `signal` came before it began. */
  runInForeground(command: Foreground): Promise<Ended>
  /** Ends this process by a signal, so that whoever waits for it sees that. Returns where that cannot be had. */
  endBy(signal: string): void
  /** Runs a command to its end, or ends it. Throws only what `begins` throws. */
  run(command: CommandRun): Promise<CommandEnd>
  /** Null: no such process runs. */
  findProcess(pid: number): Promise<FoundProcess | null>
  /** Ends the process group of that number: SIGTERM, and after `graceMs` SIGKILL. */
  endGroup(leader: number, graceMs: number): Promise<GroupEnd>
  readonly stdout: Output
  readonly stderr: Output
  readonly stdin: Input
}

export type Environment = Readonly<Record<string, string | undefined>>

/** A command that gets our own streams and terminal, stands in our process group, and is sent on what signals us. */
export interface Foreground {
  readonly program: string
  readonly args: readonly string[]
  /** All of it: nothing of ours is added. The program is looked for in its PATH. */
  readonly env: Environment
  /** Absolute. */
  readonly cwd: string
  /** Called as it begins: from here on signals are the command's. */
  readonly begun: () => void
  readonly signal: AbortSignal
}

/** `refused`: why nothing is taken, in words that fit behind its name. */
export type Taken = { readonly bytes: Uint8Array } | { readonly refused: string }

/** A command for `sh -c`. It stays in our session and may ask on the terminal; its standard input is empty. */
export interface ShellCommand {
  readonly run: string
  readonly env: Environment
  /** Absolute. */
  readonly cwd: string
  /** Bytes it may print. */
  readonly limit: number
  /** A line of its standard error, cut where it is long: a text of others. */
  readonly onLine: (line: string) => void
  readonly signal: AbortSignal
}

/** `stopped`: by the signal. `full`: it printed too much. */
export interface Captured {
  readonly ended: Ended | { readonly by: 'stopped' } | { readonly by: 'full' }
  readonly output: Uint8Array
}

/** How a command ended. `failed`: it never began; `code` is the system's word, such as ENOENT. */
export type Ended =
  | { readonly by: 'exit'; readonly code: number }
  | { readonly by: 'signal'; readonly signal: string; readonly number: number }
  | { readonly by: 'failed'; readonly code: string }

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

export interface Output {
  readonly isTerminal: boolean
  readonly columns: number
  /** Never throws and never ends the process, also when the other end is gone. */
  write(text: string): void
}

export interface Input {
  readonly isTerminal: boolean
  /** All of it, as bytes. Throws USAGE when it is over `limit` bytes, INTERRUPTED when `signal` comes first. */
  readAll(limit: number, signal: AbortSignal): Promise<Uint8Array>
  /** One line from the terminal. `null` at its end. */
  ask(question: string, signal: AbortSignal): Promise<string | null>
  /** One line from the terminal, not echoed. `null` at its end. */
  askHidden(question: string, signal: AbortSignal): Promise<Secret | null>
}

/** A command that is not ours. It runs in a session and a process group of its own, with nothing to read and no terminal. */
export interface CommandRun {
  readonly line: CommandLine
  readonly folder: string
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Between SIGTERM and SIGKILL, when its time is over. */
  readonly graceMs: number
  /** Ends it, as its time limit does. */
  readonly signal: AbortSignal
  /** Called once its process stands, before it begins. When this throws, or attach dies in it, the command never begins. */
  readonly begins: (process: ProcessIdentity) => void
  /** Hears what it prints on both outputs, in order, line by line: at most 64 KiB, and 16 KiB of one line. */
  readonly prints: (line: string) => void
}

/** `outputOpen`: something that it left running holds its output, and can no longer write there. */
export type CommandEnd = { readonly outputOpen: boolean } & (
  | { readonly how: 'exit'; readonly status: number }
  /** By a signal of others. */
  | { readonly how: 'signal'; readonly signal: string }
  /** By us, with its whole group. `gone`: false when something of it could not be ended. */
  | { readonly how: 'timeout' | 'stopped'; readonly gone: boolean }
  | { readonly how: 'not started'; readonly code: string }
)

/** Tells a process from every other one that has, had or will have its number, here and elsewhere. Null: this system does not tell. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it began, as the system counts it. */
  readonly start: string | null
  /** The run of the system that it belongs to. */
  readonly boot: string | null
  /** Where its number counts. */
  readonly namespace: string | null
}

export interface FoundProcess {
  readonly identity: ProcessIdentity
  /** Real user id. */
  readonly uid: number
  readonly group: number
}

/** `barred`: it belongs to somebody else. `alive`: something of it could not be ended. */
export type GroupEnd = 'ended' | 'barred' | 'alive'
