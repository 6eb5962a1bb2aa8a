import type { Actor } from '../domain/operation.ts'
import type { Secret } from '../domain/secret.ts'

/** The world outside: everything ambient enters here and nowhere else. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>
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
  readonly stdout: Output
  readonly stderr: Output
  readonly stdin: Input
}

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
