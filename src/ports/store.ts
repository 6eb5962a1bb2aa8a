import type { Change, Key } from '../domain/change.ts'
import type { Seq } from '../domain/operation.ts'
import type { Secret } from '../domain/secret.ts'
import type { Journal } from './journal.ts'

/** Tells two states of a config apart. Never a guard: an edit of another key is not a conflict. */
export type Revision = string & { readonly __brand: 'Revision' }

/** What a config held at one moment. */
export interface Snapshot {
  readonly revision: Revision
  readonly entries: ReadonlyMap<Key, Secret>
  /** The config itself stands half written this moment; this is what it holds once that is finished, which a claim does. */
  readonly unfinished?: true
  /** It may be a half of two texts that somebody edited since. Nothing is decided by what a key holds then. */
  readonly muddled?: true
}

export interface Guard {
  /** CLAIMED unless this is still the last entry of the journal. */
  readonly ifHead: Seq
}

/** Where the values of a change come from: given now, or kept from what stood there before. */
export type Origin = 'new' | 'history'

export interface RehearsalNote {
  readonly code: string
  readonly message: string
  /** Those that will read it otherwise. */
  readonly readers: readonly string[]
  /** It was so before this change. */
  readonly standing?: boolean
}

/** How a set of changes would look in this store, found out without writing. */
export interface Rehearsal {
  /** Keys whose text refers to a touched key and therefore reads otherwise afterwards. */
  readonly following: readonly Key[]
  /** What a person should know about the text that would be written. `readers`: those that will read it otherwise. */
  readonly notes: readonly RehearsalNote[]
}

export interface ConfigStore {
  /** Where this is, fit to print: `.env.production`. */
  readonly label: string
  readonly journal: Journal

  /** What stands now, and never a half of it. Throws UNAVAILABLE or CONFIG_INVALID. */
  read(signal: AbortSignal): Promise<Snapshot>

  /**
   * Throws whatever `write` would throw for the same changes, or for putting them back, before it touched anything (CONFIG_INVALID, UNAVAILABLE).
   * Writes nothing. A store that can only be written in steps that others see says so in `notes`, and `write` keeps to what was said.
   */
  rehearse(changes: readonly Change[], origin: Origin, signal: AbortSignal): Promise<Rehearsal>

  /**
   * All of `changes` or none, on the text that stands now; every key not named stays byte-identical. Resolves when it landed. Throws exactly
   * one of CLAIMED (see Guard), CONFLICT (a key of `changes` does not hold its `before`), UNAVAILABLE (proved: nothing changed) and UNKNOWN
   * (it may have landed, or land yet). What a process that died in the middle left half written is finished when the operation is claimed.
   */
  write(changes: readonly Change[], guard: Guard, signal: AbortSignal): Promise<Revision>

  /** Frees what this process holds. An operation left open stays open. */
  [Symbol.asyncDispose](): Promise<void>
}
