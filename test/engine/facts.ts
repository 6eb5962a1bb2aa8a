import type { Change, Key, Value } from '../../src/domain/change.ts'
import type { Effect } from '../../src/domain/effect.ts'
import type { Stands } from '../../src/domain/event.ts'
import type { Close, Intent, Release, Seq } from '../../src/domain/operation.ts'
import type { Secret } from '../../src/domain/secret.ts'
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
  | Hook
  /** What a dead process left running was ended. */
  | { readonly did: 'clear'; readonly by: string }
  | { readonly did: 'interrupt'; readonly by: string }
  /** A new value was sent, or the app made to pick it up, after a wish to stop. */
  | { readonly did: 'defied'; readonly by: string }
  | End

/** A run of hook and health: what it was told, what was so when it began, and what is heard of it. */
export interface Hook {
  readonly did: 'hook'
  readonly by: string
  /** The operation it is run for. */
  readonly of: Seq
  readonly stands: Stands
  readonly release: Release
  /** What the config holds: all that it can read. */
  readonly read: Texts
  /** The last entry of the journal: whose it is, and the release that stands there. */
  readonly head: { readonly by: string; readonly release: Release }
  /** What it does first about those that dead processes left running. */
  readonly orphans: 'ends' | 'leaves'
  /** `nothing`: its own process was killed meanwhile, and it goes on alone. */
  readonly says: 'yes' | 'no' | 'nothing'
}

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

/** The operation of an intent, and what is kept for it. */
export interface Recalled {
  readonly intent: Intent
  readonly changes: readonly Change[]
}

export const equal = (a: Texts, b: Texts): boolean => [...a].every(([key, text]) => b.get(key) === text)
export const isEdit = (fact: Fact): boolean => fact.did === 'edit' && TOUCHED.some((key) => fact.values.has(key))
export const plain = (value: Value | undefined): Text => value?.reveal() ?? null
export const textsOf = (entries: ReadonlyMap<Key, Secret>): Texts => new Map(TOUCHED.map((key) => [key, plain(entries.get(key))]))
export const befores = (changes: readonly Change[]): Texts => new Map(changes.map(({ key, before }) => [key, plain(before)]))
export const afters = (changes: readonly Change[]): Texts => new Map(changes.map(({ key, after }) => [key, plain(after)]))

/** A command, or a store, that behaves otherwise: where mutants live. */
export type Mutant = (context: Context) => Context
export const asIs: Mutant = (context) => context

/** What the world may choose for a command: whether the plan could be put back, whether there is a hook, and what each run of it says. */
export interface Luck {
  readonly revertible: readonly boolean[]
  readonly hook: readonly ('runs' | 'is skipped')[]
  readonly app: readonly ('yes' | 'no')[]
}
export const ANY: Luck = { revertible: [true, false], hook: ['runs', 'is skipped'], app: ['yes', 'no'] }
export const MIXED: Luck = { ...ANY, hook: ['runs'] }
export const GOOD: Luck = { revertible: [true], hook: ['runs'], app: ['yes'] }
export const NEVER_SETTLES: Luck = { ...MIXED, app: ['no'] }
export const KEEPS_UNSETTLED: Luck = { ...NEVER_SETTLES, revertible: [false] }
