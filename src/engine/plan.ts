import { type Change, isEmpty, type Key, same, type Value } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import type { Head, Release, Verb } from '../domain/operation.ts'
import type { Snapshot } from '../ports/store.ts'
import { afterLast, changesBackTo, changesUndoing, editedOutside, type Released } from './history.ts'

export interface Edit {
  readonly key: Key
  readonly to: Value
}

/** What is asked for. Values are complete here; nothing is asked or read later. */
export type Request =
  | { readonly verb: 'attach' | 'swap'; readonly edits: readonly Edit[] }
  | { readonly verb: 'detach'; readonly keys: readonly Key[] }
  | { readonly verb: 'rollback' | 'undo'; readonly release: Release | null; readonly allowEdited: boolean }

/** What is known when the plan is made. */
export interface Known {
  readonly snapshot: Snapshot
  readonly head: Head
  /** What the last releases wrote under the keys of an attach, swap or detach. */
  readonly written: ReadonlyMap<Key, Value>
  /** The releases a rollback or undo must see, newest first, and the verb of the last one. */
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
  readonly undoes?: Release
  readonly backTo?: Release
}

export type Planned = { readonly type: 'plan'; readonly plan: Plan } | { readonly type: 'unchanged'; readonly keys: readonly Key[] }

/** Pure. Throws REFUSED, CONFLICT. */
export function plan(request: Request, known: Known): Planned {
  switch (request.verb) {
    case 'attach':
    case 'swap':
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
  if (last === 0) throw nothingThere('there is no release yet')
  if (asked !== null && asked > last) throw nothingThere(`there is no v${asked}; the last release is v${last}`)
  return asked ?? last - 1
}

export function undoTarget(asked: Release | null, last: Release): Release {
  if (last === 0) throw nothingThere('there is no release yet')
  if (asked === 0) throw nothingThere('v0 is what stood before the first release, not a release', 'attach rollback v0')
  if (asked !== null && asked > last) throw nothingThere(`there is no v${asked}; the last release is v${last}`)
  return asked ?? last
}

function planEdits(verb: 'attach' | 'swap', edits: readonly Edit[], known: Known): Planned {
  const { entries } = known.snapshot
  const changes = edits.map(({ key, to }): Change => ({ key, before: entries.get(key) ?? null, after: to }))
  const empty = verb === 'swap' ? changes.find(({ before }) => isEmpty(before)) : undefined
  if (empty !== undefined) {
    const found = empty.before === null ? 'is not attached' : 'stands there empty'
    throw new AttachError('REFUSED', `${empty.key} ${found}, and swap replaces what a key holds; nothing was changed`, {
      hint: `attach ${empty.key}`,
    })
  }
  const moved = changes.filter(({ before, after }) => !same(before, after))
  if (moved.length === 0) return { type: 'unchanged', keys: changes.map(({ key }) => key) }
  return planned(moved.some(({ before }) => !isEmpty(before)) ? 'swap' : verb, moved, known)
}

function planDetach(keys: readonly Key[], known: Known): Planned {
  const { entries } = known.snapshot
  const changes = keys
    .map((key): Change => ({ key, before: entries.get(key) ?? null, after: null }))
    .filter(({ before }) => before !== null)
  return changes.length === 0 ? { type: 'unchanged', keys } : planned('detach', changes, known)
}

function planned(verb: Verb, changes: readonly Change[], { head, written, snapshot }: Known): Planned {
  const edited = editedOutside(written, snapshot).filter((key) => changes.some((change) => change.key === key))
  return { type: 'plan', plan: { verb, changes, head, edited } }
}

function planRollback({ release, allowEdited }: Extract<Request, { release: unknown }>, known: Known): Planned {
  const { head, later, snapshot } = known
  const backTo = rollbackTarget(release, head.release)
  if (release === null) refuseToggling(later, backTo)
  const changes = changesBackTo(later, snapshot)
  const keys = later.flatMap(({ changes }) => changes.map(({ key }) => key))
  if (changes.length === 0) return { type: 'unchanged', keys: [...new Set(keys)] }
  const edited = editedOutside(afterLast(later), snapshot)
  if (edited.length > 0 && !allowEdited) throw editedSince(edited, 'attach status')
  return { type: 'plan', plan: { verb: 'rollback', changes, head, edited, backTo } }
}

function planUndo({ release, allowEdited }: Extract<Request, { release: unknown }>, known: Known): Planned {
  const { head, later, snapshot } = known
  const undoes = undoTarget(release, head.release)
  if (release === null) refuseToggling(later, undoes - 1)
  const target = later.find((released) => released.release === undoes)
  if (target === undefined) throw nothingThere(`v${undoes} is not in the journal`)
  const changes = changesUndoing(target, snapshot)
  if (changes.length === 0) return { type: 'unchanged', keys: target.changes.map(({ key }) => key) }
  const edited = editedOutside(afterLast([target]), snapshot)
  if (edited.length > 0 && !allowEdited) throw editedSince(edited, `attach rollback v${undoes - 1}`)
  return { type: 'plan', plan: { verb: 'undo', changes, head, edited, undoes } }
}

/** Up-arrow, Enter must not toggle production. */
function refuseToggling(later: readonly Released[], before: Release): void {
  const last = later[0]
  if (last === undefined || (last.intent.verb !== 'rollback' && last.intent.verb !== 'undo')) return
  const { release, intent } = last
  throw new AttachError(
    'REFUSED',
    `the last release, v${release}, was itself a ${intent.verb}; say which release is meant; nothing was changed`,
    {
      hint: `attach undo v${release} to take the ${intent.verb} back, or attach rollback v${Math.max(before - 1, 0)} to go further back`,
    },
  )
}

const editedSince = (keys: readonly Key[], hint: string): AttachError =>
  new AttachError('CONFLICT', `${keys.join(', ')} no longer holds what its release wrote: edited outside since; nothing was changed`, {
    hint: `${hint}, or --allow config.edited to go on over the edit`,
  })

const nothingThere = (why: string, hint = 'attach log'): AttachError =>
  new AttachError('REFUSED', `nothing to go back to: ${why}`, { hint })
