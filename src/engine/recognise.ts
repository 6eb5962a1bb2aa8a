import { type Change, isEmpty } from '../domain/change.ts'
import type { ExpectedResource } from '../domain/deploy.ts'
import { AttachError, isAttachError } from '../domain/errors.ts'
import type { Finding } from '../domain/finding.ts'
import type { Secret } from '../domain/secret.ts'
import type { Kinds, Recognition, Resource } from '../ports/kind.ts'
import type { Origin, Snapshot } from '../ports/store.ts'
import { isKept, type Plan } from './plan.ts'

/** One resource of a plan: what stands there, and what would. Nothing was contacted for it. */
export interface Recognised {
  /** Of its handle: where several variables make one, under the name of their attachment. */
  readonly change: Change
  /** What is odd about the variables that hold it. Absent: nothing. */
  readonly findings?: readonly Finding[]
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
  { asked, declared, origin, entries }: Recognising,
  kinds: Kinds,
): Promise<readonly Recognised[]> {
  const recognised: Recognised[] = []
  const kept = plan.changes.filter(({ key }) => isKept(plan, key))
  for (const change of kept) recognised.push({ change, next: null, old: null })
  const moved = plan.changes.filter((change) => !kept.includes(change))
  for (const { keys, kind: told, findings, problem, ...change } of await kinds.joined(moved, entries)) {
    const { before, after } = change
    if (problem !== null && origin === 'new') throw badHandle(change.key, problem)
    const kind = asked ?? told ?? declared.get(change.key)?.kind ?? null
    const old = before === null || isEmpty(before) ? null : await readIfAny(before, kinds)
    const next = after === null || (isEmpty(after) && kind === null) ? null : await nextOf(change.key, after)
    recognised.push({ change, next, old, ...(findings.length === 0 ? {} : { findings }) })

    async function nextOf(key: string, value: Secret): Promise<Resource> {
      if (origin === 'new') return await read(key, value, { asked: kind, was: before }, kinds)
      return (await readIfAny(value, kinds)) ?? (await kinds.read(value, { asked: 'opaque', was: null }))
    }
  }
  return recognised
}

export interface Recognising {
  /** `--kind`. */
  readonly asked: string | null
  readonly declared: ReadonlyMap<string, ExpectedResource>
  readonly origin: Origin
  /** The config as it stands. */
  readonly entries: Snapshot['entries']
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
    throw badHandle(key, error)
  }
}

const badHandle = (key: string, { message, hint }: AttachError): AttachError =>
  new AttachError('HANDLE_INVALID', `${key}: ${message}; nothing was contacted`, hint === undefined ? {} : { hint })
