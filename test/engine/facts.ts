import type { Key } from '../../src/domain/change.ts'
import type { Effect } from '../../src/domain/effect.ts'
import type { Close, Intent, Settled } from '../../src/domain/operation.ts'
import type { Context } from '../../src/engine/protocol.ts'

export const KEY = 'DATABASE_URL' as Key
export const SECOND = 'DATABASE_PASSWORD' as Key
/** The keys of every change here. */
export const TOUCHED: readonly Key[] = [KEY, SECOND]
export const OTHER = 'LOG_LEVEL' as Key

export type Text = string | null
/** What the touched keys hold. */
export type Texts = ReadonlyMap<Key, Text>
export const INITIAL: Texts = new Map([
  [KEY, 'x'],
  [SECOND, null],
])

/** What really happened, in order. No command sees this. */
export type Fact =
  | { readonly did: 'write'; readonly by: string; readonly was: Texts; readonly before: Texts; readonly after: Texts }
  | { readonly did: 'edit'; readonly by: 'hand'; readonly values: Texts }
  | { readonly did: 'hook'; readonly by: string; readonly loaded: Texts; readonly settled: Settled }
  | { readonly did: 'interrupt'; readonly by: string }
  /** A new value was sent, or the app made to pick it up, after a wish to stop. */
  | { readonly did: 'defied'; readonly by: string }
  | End

/** What a command said, and what stood when it said so. */
export interface End {
  readonly did: 'end'
  readonly by: string
  readonly said: string
  readonly effect: Effect
  readonly conflict: boolean
  readonly holds: Texts
  readonly close: Close | null
}

/** A closed operation, as the journal and the values beside it tell it. */
export interface Told {
  readonly intent: Intent
  readonly before: Texts
  readonly after: Texts
  readonly close: Close
}

/** A command, or a store, that behaves otherwise: where mutants live. */
export type Mutant = (context: Context) => Context
export const asIs: Mutant = (context) => context

/** What the world may choose for a command: whether the plan could be put back, and how each hook ends. */
export interface Luck {
  readonly revertible: readonly boolean[]
  readonly app: readonly Settled[]
}
export const ANY: Luck = { revertible: [true, false], app: ['yes', 'no', 'skipped'] }
export const MIXED: Luck = { revertible: [true, false], app: ['yes', 'no'] }
export const GOOD: Luck = { revertible: [true], app: ['yes'] }
export const KEEPS_UNSETTLED: Luck = { revertible: [false], app: ['no'] }
