import { type Change, isEmpty, type Key, same, type Value } from '../domain/change.ts'
import { AttachError, assert } from '../domain/errors.ts'
import type { KeyedFinding } from '../domain/finding.ts'
import { nearest } from '../domain/nearest.ts'
import type { Head, Release, Verb } from '../domain/operation.ts'
import type { Snapshot } from '../ports/store.ts'
import { afterLast, changesBackTo, changesUndoing, editedOutside, type Released } from './history.ts'

export interface Edit {
  readonly key: Key
  readonly to: Value
  /** What the value was made from: the handle whose parts it replaces, or what stood under another key. It must still stand there. */
  readonly madeFrom?: { readonly key: Key; readonly value: Value }
  /** The key that what is replaced stays under. Is no key that is edited itself. */
  readonly keepOldAs?: Key
  /** It holds a part of a handle whose whole was given: a part that the new one does not have goes. */
  readonly isPart?: true
}

export type EditVerb = 'attach' | 'swap' | 'failover'

/** What is asked for. Values are complete here; nothing is asked or read later. */
export type Request =
  | { readonly verb: EditVerb; readonly edits: readonly Edit[] }
  | { readonly verb: 'detach'; readonly keys: readonly Key[] }
  | { readonly verb: 'rollback' | 'undo'; readonly release: Release | null; readonly allowEdited: boolean }

/** What is known when the plan is made. */
export interface Known {
  readonly snapshot: Snapshot
  readonly head: Head
  /** What the last release that touched each key wrote: the last of all, or for a rollback the last up to where it goes. */
  readonly written: ReadonlyMap<Key, Value>
  /** The releases a rollback or undo must see, newest first. */
  readonly later: readonly Released[]
}

/** What an operation would do. */
export interface Plan {
  readonly verb: Verb
  readonly changes: readonly Change[]
  /** Read before the config was: whatever begins in between takes our place in the journal. */
  readonly head: Head
  /** Keys found to be edited outside since the last release that wrote them. */
  readonly edited: readonly Key[]
  /** Keys of `changes` that hold what is kept of a replaced handle, or held it: nothing of them is probed, for it may be dead. Absent: none. */
  readonly kept?: readonly Key[]
  /** What was found before anything was contacted, and does not stand in the way. Absent: nothing was asked. */
  readonly findings?: readonly KeyedFinding[]
  readonly undoes?: Release
  readonly backTo?: Release
}

export type Planned = { readonly type: 'plan'; readonly plan: Plan } | { readonly type: 'unchanged'; readonly keys: readonly Key[] }

/** Whether a key is changed to keep an old handle, or to undo that. */
export const isKept = ({ kept = [] }: Pick<Plan, 'kept'>, key: Key): boolean => kept.includes(key)

/** Pure. Throws REFUSED, CONFLICT. */
export function plan(request: Request, known: Known): Planned {
  switch (request.verb) {
    case 'attach':
    case 'swap':
    case 'failover':
      return planEdits(request.verb, request.edits, known)
    case 'detach':
      return planDetach(request.keys, known)
    case 'rollback':
      return planRollback(request, known)
    case 'undo':
      return planUndo(request, known)
  }
}

/** The release a rollback goes back to, and the first one it needs to know of after it. */
export function rollbackTarget(asked: Release | null, last: Release): Release {
  expectRelease(asked)
  if (last === 0) throw nothingThere('there is no release yet')
  if (asked !== null && asked > last) throw nothingThere(`there is no v${asked}; the last release is v${last}`)
  return asked ?? last - 1
}

export function undoTarget(asked: Release | null, last: Release): Release {
  expectRelease(asked)
  if (last === 0) throw nothingThere('there is no release yet')
  if (asked === 0) throw nothingThere('v0 is what stood before the first release, not a release', 'attach rollback v0')
  if (asked !== null && asked > last) throw nothingThere(`there is no v${asked}; the last release is v${last}`)
  return asked ?? last
}

function expectRelease(asked: Release | null): void {
  if (asked === null || (Number.isSafeInteger(asked) && asked >= 0)) return
  throw new AttachError('USAGE', 'a release is a whole number from 0 on; nothing was contacted', { hint: 'attach log' })
}

function planEdits(verb: EditVerb, edits: readonly Edit[], known: Known): Planned {
  const { entries } = known.snapshot
  const stale = edits.find(({ madeFrom }) => madeFrom !== undefined && !same(madeFrom.value, entries.get(madeFrom.key) ?? null))
  if (stale?.madeFrom !== undefined) {
    throw new AttachError('CONFLICT', `${stale.madeFrom.key} was changed since it was read to make the new value; nothing was changed`, {
      hint: 'run the command again',
    })
  }
  const changes = edits.map(({ key, to }): Change => ({ key, before: entries.get(key) ?? null, after: to }))
  const whole = changes.filter((_, at) => edits[at]?.isPart !== true)
  const empty = verb !== 'attach' ? whole.find(({ before }) => isEmpty(before)) : undefined
  if (empty !== undefined) {
    const near = empty.before === null ? nearest(empty.key, entries.keys()) : null
    const found = empty.before === null ? `is not attached${near === null ? '' : ` (did you mean ${near}?)`}` : 'stands there empty'
    throw new AttachError('REFUSED', `${empty.key} ${found}, and ${verb} replaces what a key holds; nothing was changed`, {
      hint: near === null ? `attach ${empty.key}` : `attach ${verb} ${near}`,
    })
  }
  const moved = changes.filter(({ before, after }) => !same(before, after))
  if (moved.length === 0) return { type: 'unchanged', keys: changes.map(({ key }) => key) }
  const kept = keptOf(moved, edits, known)
  const replaces = moved.some(({ before }) => !isEmpty(before))
  return planned(verb === 'attach' && replaces ? 'swap' : verb, [...moved, ...kept], known, kept)
}

/** The replaced handles that are to stay, each under its other key. Where nothing was held nothing is kept. */
function keptOf(moved: readonly Change[], edits: readonly Edit[], { snapshot: { entries } }: Known): readonly Change[] {
  const kept = moved.flatMap(({ key, before }): readonly Change[] => {
    const as = edits.find((edit) => edit.key === key)?.keepOldAs
    return as === undefined || isEmpty(before) ? [] : [{ key: as, before: entries.get(as) ?? null, after: before }]
  })
  const keys = [...edits, ...kept].map(({ key }) => key)
  assert(new Set(keys).size === keys.length, 'a key that keeps an old handle is not changed otherwise')
  return kept.filter(({ before, after }) => !same(before, after))
}

function planDetach(keys: readonly Key[], known: Known): Planned {
  const { entries } = known.snapshot
  const changes = keys
    .map((key): Change => ({ key, before: entries.get(key) ?? null, after: null }))
    .filter(({ before }) => before !== null)
  return changes.length === 0 ? { type: 'unchanged', keys } : planned('detach', changes, known)
}

function planned(verb: Verb, changes: readonly Change[], { head, written, snapshot }: Known, kept: readonly Change[] = []): Planned {
  const edited = editedOutside(written, snapshot).filter((key) => changes.some((change) => change.key === key))
  return { type: 'plan', plan: { verb, changes, head, edited, kept: keysOf(kept) } }
}

function planRollback({ release, allowEdited }: Extract<Request, { release: unknown }>, known: Known): Planned {
  const { head, later, snapshot } = known
  const backTo = rollbackTarget(release, head.release)
  if (release === null) refuseToggling(later)
  const changes = changesBackTo(later, known.written, snapshot)
  const keys = later.flatMap(({ changes }) => changes.map(({ key }) => key))
  if (changes.length === 0) return { type: 'unchanged', keys: [...new Set(keys)] }
  const edited = editedOutside(afterLast(later), snapshot)
  if (edited.length > 0 && !allowEdited) throw editedSince(edited, `attach rollback v${backTo} --allow config.edited goes on over the edit`)
  return { type: 'plan', plan: { verb: 'rollback', changes, head, edited, kept: keptBy(later, changes), backTo } }
}

function planUndo({ release, allowEdited }: Extract<Request, { release: unknown }>, known: Known): Planned {
  const { head, later, snapshot } = known
  const undoes = undoTarget(release, head.release)
  if (release === null) refuseToggling(later)
  const target = later.find((released) => released.release === undoes)
  if (target === undefined) throw nothingThere(`v${undoes} is not in the journal`)
  const changes = changesUndoing(target, snapshot)
  if (changes.length === 0) return { type: 'unchanged', keys: target.changes.map(({ key }) => key) }
  const edited = editedOutside(afterLast([target]), snapshot)
  const since = later.filter((released) => released.release > undoes && released.changes.some(({ key }) => edited.includes(key))).at(-1)
  if (since !== undefined) throw changedSince(edited, target.release, since.release)
  if (edited.length > 0 && !allowEdited)
    throw editedSince(
      edited,
      `attach undo v${undoes} --allow config.edited goes on over the edit, as attach rollback v${undoes - 1} does with it`,
    )
  return { type: 'plan', plan: { verb: 'undo', changes, head, edited, kept: keptBy([target], changes), undoes } }
}

/** Keys that no release of these changed but to keep an old handle there. */
function keptBy(releases: readonly Released[], changes: readonly Change[]): readonly Key[] {
  const shown = releases.flatMap(({ intent }) => intent.shown)
  return keysOf(changes).filter((key) => shown.filter((one) => one.key === key).every(({ kept }) => kept === true))
}

const keysOf = (changes: readonly Change[]): readonly Key[] => changes.map(({ key }) => key)

/** Up-arrow, Enter must not toggle production. */
function refuseToggling(later: readonly Released[]): void {
  const last = later[0]
  if (last === undefined || (last.intent.verb !== 'rollback' && last.intent.verb !== 'undo')) return
  const { release, intent } = last
  const standsAt = intent.backTo ?? (intent.undoes ?? 1) - 1
  const back = `attach undo v${release} takes the ${intent.verb} back`
  throw new AttachError(
    'REFUSED',
    `the last release, v${release}, was itself ${intent.verb === 'undo' ? 'an undo' : 'a rollback'}; say which release is meant; nothing was changed`,
    {
      hint: standsAt > 0 ? `${back}, attach rollback v${standsAt - 1} goes further back` : back,
    },
  )
}

const editedSince = (keys: readonly Key[], hint: string): AttachError =>
  new AttachError('CONFLICT', `${keys.join(', ')} no longer holds what its release wrote: edited outside since; nothing was changed`, {
    hint,
  })

const changedSince = (keys: readonly Key[], release: Release, since: Release): AttachError =>
  new AttachError(
    'CONFLICT',
    `${keys.join(', ')} no longer holds what v${release} wrote: v${since} changed it since; nothing was changed`,
    {
      hint: `attach rollback v${release - 1} goes back over all of them`,
    },
  )

const nothingThere = (why: string, hint = 'attach log'): AttachError =>
  new AttachError('REFUSED', `nothing to go back to: ${why}; nothing was changed`, { hint })
