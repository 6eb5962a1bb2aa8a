import type { Key } from '../domain/change.ts'
import type { Handle } from '../domain/handle.ts'
import type { VariableSet } from '../domain/variables.ts'
import type { HandleVariables } from '../ports/kind.ts'
import { KINDS, type KindRow } from './registry.ts'

type Entries = ReadonlyMap<Key, Handle>

/** Variables that attach.yaml names: of one resource, by the parts of its handle. */
export interface NamedSet {
  /** The name of the resource there. */
  readonly name: Key
  readonly kind: string
  readonly keys: Readonly<Record<string, string>>
}

/** Variables of a config that together hold one handle, or would if none were missing. */
export interface FoundSet {
  /** What the attachment is called: the variable that holds the first needed part, or the resource of attach.yaml. */
  readonly name: Key
  readonly kind: string
  readonly set: VariableSet
  /** Who holds each part. */
  readonly keys: ReadonlyMap<string, Key>
  readonly values: HandleVariables
  /** Needed parts that nobody holds. Empty: the set is whole. */
  readonly missing: readonly string[]
}

/**
 * The sets of variables that stand in a config, by their names alone: whole ones, and those of which enough stands there to say that the rest is
 * missing. An empty variable holds nothing. No variable belongs to two sets, but for those that several services use. Pure.
 */
export function setsIn(entries: Entries, named: readonly NamedSet[] = [], rows: readonly KindRow[] = KINDS): readonly FoundSet[] {
  const declared = named.flatMap((one) => declaredSet(one, entries, rows) ?? [])
  const found = rows.flatMap(({ name, variables = [] }) => variables.flatMap((set) => foundSet(name, set, entries) ?? []))
  const taken = new Set<Key>(declared.flatMap(({ keys }) => [...keys.values()]))
  const sets: FoundSet[] = [...declared]
  for (const one of [...found].sort(byWeight)) {
    const own = ownKeys(one)
    if (own.some((key) => taken.has(key))) continue
    for (const key of own) taken.add(key)
    sets.push(one)
  }
  return sets
}

/** The set that a variable belongs to. Undefined: it stands alone. Pure. */
export const setOf = (key: Key, sets: readonly FoundSet[]): FoundSet | undefined =>
  sets.find(({ name, keys }) => name === key || [...keys.values()].includes(key))

/** The variables of a set that no other service uses. */
export const ownKeys = ({ set, keys }: FoundSet): readonly Key[] => [...keys.values()].filter((key) => set.shared?.includes(key) !== true)

/** Of which kind, and of which part of its handles, a variable is by its name. Null: of none that is known. Pure. */
export function partNamed(
  key: string,
  rows: readonly KindRow[] = KINDS,
): { readonly row: KindRow; readonly set: VariableSet; readonly part: string } | null {
  for (const row of rows)
    for (const set of row.variables ?? [])
      for (const [part, names] of Object.entries(set.parts)) if (names.includes(key)) return { row, set, part }
  return null
}

/** Parts whose values may be shown: they lead somewhere, and let nobody in. */
const SHOWN = [
  ...[
    'host',
    'hosts',
    'servers',
    'nodes',
    'port',
    'name',
    'user',
    'database',
    'db',
    'index',
    'vhost',
    'bucket',
    'prefix',
    'region',
    'endpoint',
  ],
  ...['path_style', 'scheme', 'tls', 'sslmode', 'encryption', 'from', 'tube'],
]

/** Whether what a part holds may be printed. */
export const isShown = (part: string): boolean => SHOWN.includes(part)

/** Whole sets first, then those with more of their own. */
const byWeight = (a: FoundSet, b: FoundSet): number =>
  Number(a.missing.length > 0) - Number(b.missing.length > 0) || ownKeys(b).length - ownKeys(a).length

/** So many variables of a set that is not whole tell that it is meant to be one. */
const TELLING = 2

function foundSet(kind: string, set: VariableSet, entries: Entries): FoundSet | null {
  if (set.told !== undefined && !set.told.says.test(entries.get(set.told.by as Key)?.reveal() ?? '')) return null
  const [first = ''] = set.needs
  const found = heldBy(set.parts, entries)
  const missing = set.needs.filter((part) => !found.keys.has(part))
  const one = { name: found.keys.get(first) ?? [...found.keys.values()][0], kind, set, ...found, missing }
  if (one.name === undefined) return null
  const named = { ...one, name: one.name }
  const own = ownKeys(named)
  const isAnchored = own.some((key) => key === found.keys.get(first))
  return missing.length === 0 ? (own.length > 0 ? named : null) : isAnchored || own.length >= TELLING ? named : null
}

function declaredSet({ name, kind, keys }: NamedSet, entries: Entries, rows: readonly KindRow[]): FoundSet | null {
  const usual = rows.find((row) => row.name === kind)?.variables?.[0]
  if (usual === undefined) return null
  const parts = Object.fromEntries(Object.entries(keys).map(([part, key]) => [part, [key]]))
  const found = heldBy(parts, entries)
  if (found.keys.size === 0) return null
  return { name, kind, set: { parts, needs: usual.needs }, ...found, missing: usual.needs.filter((part) => !found.keys.has(part)) }
}

function heldBy(parts: Readonly<Record<string, readonly string[]>>, entries: Entries): Pick<FoundSet, 'keys' | 'values'> {
  const keys = new Map<string, Key>()
  const values = new Map<string, Handle>()
  for (const [part, names] of Object.entries(parts)) {
    const key = names.find((name) => (entries.get(name as Key)?.reveal() ?? '') !== '') as Key | undefined
    const value = key === undefined ? undefined : entries.get(key)
    if (key === undefined || value === undefined) continue
    keys.set(part, key)
    values.set(part, value)
  }
  return { keys, values }
}
