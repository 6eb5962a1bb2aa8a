import type { Change, Key } from '../domain/change.ts'
import { REMARKS } from '../domain/checks.ts'
import type { ExpectedResource } from '../domain/deploy.ts'
import { AttachError, isAttachError } from '../domain/errors.ts'
import { type Finding, found } from '../domain/finding.ts'
import type { Handle } from '../domain/handle.ts'
import { invalid } from '../domain/handle-grammar.ts'
import { kindNamed, rowOfScheme, schemeOf } from '../kinds/registry.ts'
import { type FoundSet, isShown, type NamedSet, ownKeys, partNamed, setOf, setsIn } from '../kinds/variables.ts'
import type { JoinedChange, Kind } from '../ports/kind.ts'

type Entries = ReadonlyMap<Key, Handle>
type Declared = ReadonlyMap<string, ExpectedResource>

/** One resource of a deploy. */
export interface Attachment {
  /** What it is called: its key; of several variables, the one that names them. */
  readonly key: Key
  /** All that hold its handle. */
  readonly keys: readonly Key[]
  /** Of these, what no other service uses. */
  readonly own: readonly Key[]
  /** The handle. Null: variables that make none, and `finding` says why. */
  readonly handle: Handle | null
  /** Its kind, where variables or attach.yaml tell. Null: the value tells. */
  readonly kind: string | null
  readonly finding: Finding | null
}

/** What stands in a config, each resource once: variables that make one handle are one. In the order of the config. Throws HANDLE_INVALID never. */
export async function attachmentsOf(entries: Entries, declared: Declared): Promise<readonly Attachment[]> {
  const sets = setsIn(entries, namedIn(declared))
  const told = new Set<FoundSet>()
  const attachments: Attachment[] = []
  for (const [key, value] of entries) {
    const set = setOf(key, sets)
    if (set === undefined)
      attachments.push({ key, keys: [key], own: [key], handle: value, kind: declared.get(key)?.kind ?? null, finding: null })
    else if (!told.has(set)) attachments.push(await attachmentOf(set))
    if (set !== undefined) told.add(set)
  }
  return attachments
}

async function attachmentOf(set: FoundSet): Promise<Attachment> {
  const base = { key: set.name, keys: [...set.keys.values()], own: ownKeys(set), kind: set.kind }
  if (set.missing.length > 0) return { ...base, handle: null, finding: partial(set) }
  try {
    return { ...base, handle: composed(await kindNamed(set.kind).load(), set), finding: null }
  } catch (error) {
    if (!isAttachError(error, 'HANDLE_INVALID')) throw error
    return {
      ...base,
      handle: null,
      finding: { ...found(PARTIAL, error.message), ...(error.hint === undefined ? {} : { remedy: error.hint }) },
    }
  }
}

/** See `Kinds.joined`. */
export async function joinedChanges(
  changes: readonly Change[],
  entries: Entries,
  named: readonly NamedSet[],
): Promise<readonly JoinedChange[]> {
  const after = new Map(entries)
  for (const change of changes) {
    if (change.after === null) after.delete(change.key)
    else after.set(change.key, change.after)
  }
  const [was, is] = [setsIn(entries, named), setsIn(after, named)]
  const joined: JoinedChange[] = []
  const done = new Set<Key>()
  for (const change of changes) {
    const { key } = change
    if (done.has(key)) continue
    const [old, next] = [setOf(key, was), setOf(key, is)]
    if (old === undefined && next === undefined) joined.push({ ...change, keys: [key], kind: null, findings: [], problem: null })
    else joined.push(await joinedChange(old, next))
    for (const set of [old, next]) for (const member of set?.keys.values() ?? []) done.add(member)
    done.add(key)
  }
  return joined
}

async function joinedChange(old: FoundSet | undefined, next: FoundSet | undefined): Promise<JoinedChange> {
  const set = next ?? old
  if (set === undefined) throw new AttachError('BUG', 'BUG: a change of no set was joined')
  const { handle: before } = old === undefined ? NOTHING : await madeOf(old)
  const { handle: after, problem } = next === undefined ? NOTHING : await madeOf(next)
  return {
    key: set.name,
    before,
    after,
    keys: [...set.keys.values()],
    kind: set.kind,
    findings: next === undefined || next.missing.length === 0 ? [] : [partial(next)],
    problem,
  }
}

interface Made {
  readonly handle: Handle | null
  /** Why there is none, although nothing is missing. */
  readonly problem: AttachError | null
}

const NOTHING: Made = { handle: null, problem: null }

async function madeOf(set: FoundSet): Promise<Made> {
  if (set.missing.length > 0) return NOTHING
  try {
    return { handle: composed(await kindNamed(set.kind).load(), set), problem: null }
  } catch (error) {
    if (!isAttachError(error, 'HANDLE_INVALID')) throw error
    return { handle: null, problem: error }
  }
}

function composed(kind: Kind, set: FoundSet): Handle {
  if (kind.compose === undefined) throw new AttachError('BUG', `BUG: ${kind.name} has variables and puts none together`)
  return kind.compose(set.values)
}

const PARTIAL = REMARKS.find(({ id }) => id === 'handle.partial') ?? REMARKS[0]

/** What is missing, by the names that it usually has. */
function partial(set: FoundSet): Finding {
  const names = set.missing.map((part) => set.set.parts[part]?.[0] ?? part)
  const there = [...set.keys.values()].join(', ')
  return found(
    PARTIAL,
    `${there} ${set.keys.size === 1 ? 'is' : 'are'} part of a handle of ${set.kind}, and ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} missing`,
    {
      remedy: `attach ${names.map((name) => `${name}=-`).join(' ')}`,
    },
  )
}

/** What attach.yaml says of variables. */
export const namedIn = (declared: Declared): readonly NamedSet[] =>
  [...declared].flatMap(([name, { kind, variables }]) =>
    // The brand is given here: the name stands for the variables, and is a key of attach.yaml.
    kind === null || variables === null ? [] : [{ name: name as Key, kind, keys: variables }],
  )

/** Whether what a key holds is a part of a handle that lets nobody in. */
export function isShownAt(key: Key, named: readonly NamedSet[]): boolean {
  const part = named.flatMap(({ keys }) => Object.entries(keys)).find(([, each]) => each === key)?.[0] ?? partNamed(key)?.part
  return part !== undefined && isShown(part)
}

/** A resource of attach.yaml whose variables hold nothing yet. */
function declaredAs(key: Key, named: readonly NamedSet[]) {
  const one = named.find(({ name }) => name === key)
  const usual = one === undefined ? undefined : kindNamed(one.kind).variables?.[0]
  if (one === undefined || usual === undefined) return undefined
  return {
    kind: one.kind,
    set: { parts: Object.fromEntries(Object.entries(one.keys).map(([part, name]) => [part, [name]])), needs: usual.needs },
    keys: null,
  }
}

/**
 * What the variables of a set would hold if a handle were to stand in their place: those that stand there keep their names, others get the usual
 * ones, and a part that the handle does not have is null. Null: the key belongs to no set, or the handle is of another kind. Throws HANDLE_INVALID.
 */
export async function apartOf(
  key: Key,
  handle: Handle,
  entries: Entries,
  named: readonly NamedSet[],
): Promise<ReadonlyMap<Key, Handle | null> | null> {
  const found = setOf(key, setsIn(entries, named)) ?? declaredAs(key, named)
  const usual = partNamed(key)
  const [kind, set] = found === undefined ? [usual?.row.name, usual?.set] : [found.kind, found.set]
  if (kind === undefined || set === undefined || rowOfScheme(schemeOf(handle.reveal()) ?? '')?.name !== kind) return null
  if (found === undefined && usual?.part !== set.needs[0]) return null
  const parts = (await kindNamed(kind).load()).decompose?.(handle, Object.keys(set.parts))
  if (parts === undefined) return null
  const unheld = [...parts.keys()].find((part) => !Object.hasOwn(set.parts, part))
  if (unheld !== undefined)
    throw invalid(
      `says something (${unheld}) that none of the variables of ${key} holds`,
      'leave it out of the handle, or name a variable for it in attach.yaml',
    )
  const apart = new Map<Key, Handle | null>()
  for (const [part, names] of Object.entries(set.parts)) {
    const value = parts.get(part) ?? null
    const holder = found?.keys?.get(part) ?? (found === undefined && part === usual?.part ? key : (names[0] as Key | undefined)) // Names of a set are keys.
    if (holder !== undefined && (value !== null || found?.keys?.has(part) === true)) apart.set(holder, value)
  }
  return apart
}
