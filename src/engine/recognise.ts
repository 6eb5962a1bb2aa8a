import { type Change, isEmpty } from '../domain/change.ts'
import type { ExpectedResource } from '../domain/deploy.ts'
import { AttachError, isAttachError } from '../domain/errors.ts'
import type { Secret } from '../domain/secret.ts'
import type { Kinds, Recognition, Resource } from '../ports/kind.ts'
import type { Origin } from '../ports/store.ts'
import { isKept, type Plan } from './plan.ts'

/** One key of a plan with the resources its values lead to. Nothing was contacted for it. */
export interface Recognised {
  readonly change: Change
  /** Null: nothing would be attached, or it is only kept. */
  readonly next: Resource | null
  /** Null: nothing was attached, its handle cannot be read, or it was only kept. */
  readonly old: Resource | null
}

/**
 * Reads every handle of a plan. Pure but for loading kinds. Throws HANDLE_INVALID, USAGE: but not for a value from history, which stood there
 * once and may stand there again, whatever it is, nor for one that is kept.
 */
export async function recognise(
  plan: Pick<Plan, 'changes' | 'kept'>,
  {
    asked,
    declared,
    origin,
  }: { readonly asked: string | null; readonly declared: ReadonlyMap<string, ExpectedResource>; readonly origin: Origin },
  kinds: Kinds,
): Promise<readonly Recognised[]> {
  const recognised: Recognised[] = []
  for (const change of plan.changes) {
    const { before, after } = change
    if (isKept(plan, change.key)) {
      recognised.push({ change, next: null, old: null })
      continue
    }
    const kind = asked ?? declared.get(change.key)?.kind ?? null
    const old = before === null || isEmpty(before) ? null : await readIfAny(before, kinds)
    const next = after === null || (isEmpty(after) && kind === null) ? null : await nextOf(change.key, after)
    recognised.push({ change, next, old })

    async function nextOf(key: string, value: Secret): Promise<Resource> {
      if (origin === 'new') return await read(key, value, { asked: kind, was: before }, kinds)
      return (await readIfAny(value, kinds)) ?? (await kinds.read(value, { asked: 'opaque', was: null }))
    }
  }
  return recognised
}

/** Null: no kind that attach speaks can read it. */
export async function readIfAny(value: Secret, kinds: Kinds): Promise<Resource | null> {
  try {
    return await kinds.read(value, { asked: null, was: null })
  } catch (error) {
    if (!isAttachError(error, 'HANDLE_INVALID', 'USAGE')) throw error
    return null
  }
}

/** Reads one handle; what is wrong with it is said with the name of its key. */
export async function read(key: string, value: Secret, recognition: Recognition, kinds: Kinds): Promise<Resource> {
  try {
    return await kinds.read(value, recognition)
  } catch (error) {
    if (!isAttachError(error, 'HANDLE_INVALID')) throw error
    throw new AttachError(
      'HANDLE_INVALID',
      `${key}: ${error.message}; nothing was contacted`,
      error.hint === undefined ? {} : { hint: error.hint },
    )
  }
}
