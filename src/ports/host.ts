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
  /** Ends the process at once, with what stands: exit numbers live in cli. */
  exit(code: number): never
  /** Runs a command in our place: see `InPlace`. Throws INTERRUPTED when `signal` came before it began. */
  runInPlace(command: InPlace): Promise<Ended>
  /** Ends this process by a signal, so that whoever waits for it sees that. Returns where that cannot be had. */
  endBy(signal: string): void
  readonly stdout: Output
  readonly stderr: Output
  readonly stdin: Input
}

export type Environment = Readonly<Record<string, string | undefined>>

/** A command that gets our own streams and terminal, stands in our process group, and is sent on what signals us. */
export interface InPlace {
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
