import { type Finding, found, passed, type Severity, unknown } from '../../../../../domain/finding.ts'
import { CONTENT } from '../checks.ts'
import { isOtherDefinition } from '../survey/mark.ts'
import { keyOf, nameOf, type Objects, type Thing } from '../survey/objects.ts'
import { counted, first, untoldOf } from '../words.ts'

/** What of one kind was noticed: `2 tables missing: …`. */
interface Notice {
  readonly severity: Severity
  readonly text: string
}

export const GROUPS = [
  'schemas',
  'relations',
  'columns',
  'constraints',
  'indexes',
  'triggers',
  'functions',
  'types',
  'others',
  'definitions',
] as const

export const byKey = (things: readonly Thing[]): ReadonlyMap<string, Thing> => new Map(things.map((thing) => [keyOf(thing), thing]))

export function compareObjects(old: Objects, next: Objects): Finding {
  const check = CONTENT.objects
  const { missing, differing, rewritten, added, unasked, known } = differences(old, next)
  const notices: Notice[] = [
    ...byKind(missing, ({ kind }) => kind).map(
      ([kind, things]): Notice => ({
        severity: isLight(kind) ? 'warn' : 'error',
        text: `${counted(things.length, kind)} missing: ${first(things.map(nameOf).sort())}`,
      }),
    ),
    ...byKind(differing, ({ was }) => was.kind).map(([kind, pairs]) => differs(kind, pairs)),
    ...byKind(rewritten, ({ was }) => was.kind).map(([kind, pairs]) => wasRewritten(kind, pairs)),
  ]
  const more = added.length === 0 ? [] : [`${figureOf(added)} more than before: ${first(added.map(nameOf).sort())}`]
  const silent = unasked.map((why) => `not compared: ${why}`)
  const texts = [...notices.sort((a, b) => rank(a) - rank(b)).map(({ text }) => text), ...silent, ...more]
  if (notices.length > 0) {
    const severity = notices.some((notice) => notice.severity === 'error') ? 'error' : 'warn'
    return found(check, texts.join('; '), { severity, remedy: remedyFor(missing) })
  }
  if (unasked.length > 0) return unknown(check, texts.join('; '))
  if (added.length > 0) return found(check, texts.join('; '), { severity: 'info' })
  return passed(check, `${counted(known, 'object')}, columns included, as on the old one`)
}

const rank = ({ severity }: Notice): number => (severity === 'error' ? 0 : 1)

const figureOf = (things: readonly Thing[]): string =>
  counted(things.length, things.every(({ kind }) => kind === things[0]?.kind) ? (things[0]?.kind ?? 'object') : 'object')

/** Without them no query fails. */
const isLight = (kind: string): boolean =>
  ['index', 'statistics object', 'publication', 'event trigger', 'replica identity', 'foreign server'].includes(kind)

const SHAPE_MAX = 160
const short = ({ shape = 'none' }: Thing): string => (shape.length > SHAPE_MAX ? `${shape.slice(0, SHAPE_MAX - 1)}…` : shape)

function differs(kind: string, pairs: readonly Pair[]): Notice {
  const names = pairs.map(({ was, is }) => `${nameOf(was)} (${short(was)} before, ${short(is)} now)`)
  return {
    severity: isLight(kind) ? 'warn' : 'error',
    text: `${counted(pairs.length, kind)} ${pairs.length === 1 ? 'differs' : 'differ'}: ${first(names)}`,
  }
}

/** What it does is known by its text alone, which may say the same in other words. */
function wasRewritten(kind: string, pairs: readonly Pair[]): Notice {
  const what = pairs.every(({ was, is }) => was.body !== is.body) ? 'body' : kind === 'column' ? 'default' : 'definition'
  const names = first(pairs.map(({ was }) => nameOf(was)))
  return { severity: 'warn', text: `${counted(pairs.length, kind.replace(/ definition$/, ''))} with another ${what}: ${names}` }
}

function remedyFor(missing: readonly Thing[]): string {
  const [one] = missing
  const kinds = new Set(missing.map(({ kind }) => kind))
  if (one !== undefined && [...kinds].every((kind) => kind === 'index' || kind === 'unique index'))
    return 'pg_restore --section=post-data --exit-on-error -d NEW DUMP, or CREATE INDEX CONCURRENTLY'
  return 'pg_restore --list DUMP tells what the dump holds; restore it again with pg_restore --exit-on-error -d NEW DUMP, or run the migrations of the app on the new one'
}

interface Pair {
  readonly was: Thing
  readonly is: Thing
}

interface Differences {
  readonly missing: Thing[]
  readonly differing: Pair[]
  /** The same as far as can be told, in other words. */
  readonly rewritten: Pair[]
  readonly added: Thing[]
  /** Groups that one side did not tell, and why. */
  readonly unasked: string[]
  /** How many the old one told. */
  readonly known: number
}

function differences(old: Objects, next: Objects): Differences {
  const found: Differences = { missing: [], differing: [], rewritten: [], added: [], unasked: [], known: 0 }
  const [tables, oldTables] = [tablesIn(next), tablesIn(old)]
  let known = 0
  for (const group of GROUPS) {
    // Whose definition is missing is missing itself.
    const isDefined = group === 'definitions'
    const [before, after] = [old[group], next[group]]
    const why = untoldOf(before, after)
    if (why !== null) found.unasked.push(`${group} (${why})`)
    if (!('is' in before && 'is' in after)) continue
    if (!isDefined) known += before.is.length
    const left = new Map(byKey(after.is))
    for (const was of before.is) {
      const key = keyOf(was)
      const is = left.get(key)
      left.delete(key)
      // What is missing with its table is told with it.
      if (is === undefined && !isDefined && isOfThese(was, tables)) found.missing.push(was)
      else if (is !== undefined && is.shape !== was.shape) found.differing.push({ was, is })
      else if (is !== undefined && (is.body !== was.body || isOtherDefinition(was.mark, is.mark))) found.rewritten.push({ was, is })
    }
    found.added.push(...[...left.values()].filter((is) => !isDefined && isOfThese(is, oldTables)))
  }
  return { ...found, known }
}

/** Null: they were not told. */
const tablesIn = ({ relations }: Objects): ReadonlySet<string> | null =>
  'is' in relations ? new Set(relations.is.map(({ name }) => name)) : null

const isOfThese = ({ table }: Thing, tables: ReadonlySet<string> | null): boolean =>
  table === undefined || tables === null || tables.has(table)

function byKind<T>(all: readonly T[], kindOf: (one: T) => string): readonly (readonly [string, readonly T[]])[] {
  const kinds = new Map<string, T[]>()
  for (const one of all) {
    const same = kinds.get(kindOf(one))
    if (same === undefined) kinds.set(kindOf(one), [one])
    else same.push(one)
  }
  return [...kinds]
}
