import { type Finding, found, passed, type Severity, unknown } from '../../../../domain/finding.ts'
import { silenceOf } from '../../../comparing.ts'
import { counted, first, untoldOf } from '../../../words.ts'
import { COMPARED } from '../../checks.ts'
import type { MySqlSides } from '../sides.ts'
import type { ContentFacts } from './survey.ts'
import type { Thing } from './things.ts'

const GROUPS = ['columns', 'indexes', 'constraints', 'routines', 'triggers', 'events'] as const

interface Notice {
  readonly severity: Severity
  readonly text: string
}

/** What queries of the app name, and what may not be there. Pure. */
export const objects = (sides: MySqlSides): Finding => {
  const check = COMPARED.objects
  const next = sides.next.content
  if ('unknown' in next.tables) return unknown(check, `the new one: ${next.tables.unknown}`)
  if (sides.old === null) return unknown(check, silenceOf(sides.comparison))
  const old = sides.old.content
  if ('unknown' in old.tables) return unknown(check, `the old one: ${old.tables.unknown}`)
  const { missing, differing, added, unasked, known } = differences(tablesOf(old), tablesOf(next), { old, next })
  const wasBroken = new Set(brokenIn(old))
  const broken = brokenIn(next).filter((name) => !wasBroken.has(name))
  const notices: Notice[] = [
    ...byKind(missing).map(([kind, things]): Notice => {
      const text = `${counted(things.length, kind)} missing: ${first(things.map(nameOf))}`
      return { severity: kind === 'index' ? 'warn' : 'error', text }
    }),
    ...(differing.length === 0
      ? []
      : [
          {
            severity: 'error',
            text: `${counted(differing.length, 'object')} ${differing.length === 1 ? 'differs' : 'differ'}: ${first(differing.map(changeOf))}`,
          } as const,
        ]),
    ...(broken.length === 0
      ? []
      : [{ severity: 'error', text: `${counted(broken.length, 'view')} over what is not there: ${first(broken)}` } as const]),
  ]
  const silent = unasked.map((why) => `not compared: ${why}`)
  const more = added.length === 0 ? [] : [`${counted(added.length, 'object')} more than before: ${first(added.map(nameOf))}`]
  const texts = [...notices.sort((a, b) => rank(a) - rank(b)).map(({ text }) => text), ...silent, ...more]
  if (notices.length > 0)
    return found(check, texts.join('; '), {
      severity: notices.some(({ severity }) => severity === 'error') ? 'error' : 'warn',
      remedy:
        'restore again with routines, triggers and events (mysqldump --routines --triggers --events), run the migrations of the app, or GRANT: what an account may not use is missing to it',
    })
  if (unasked.length > 0) return unknown(check, texts.join('; '))
  if (added.length > 0) return found(check, texts.join('; '), { severity: 'info' })
  return passed(check, `${counted(known, 'object')}, columns included, as on the old one`)
}

const rank = ({ severity }: Notice): number => (severity === 'error' ? 0 : 1)

const tablesOf = ({ tables }: ContentFacts): readonly Thing[] =>
  'is' in tables ? tables.is.map(({ name, sort }) => ({ kind: sort, name, shape: '' })) : []

const brokenIn = ({ tables }: ContentFacts): readonly string[] =>
  'is' in tables ? tables.is.flatMap(({ name, broken }) => (broken ? [name] : [])) : []

interface Differences {
  readonly missing: Thing[]
  readonly differing: { readonly was: Thing; readonly is: Thing }[]
  readonly added: Thing[]
  readonly unasked: string[]
  readonly known: number
}

function differences(
  before: readonly Thing[],
  after: readonly Thing[],
  { old, next }: { readonly old: ContentFacts; readonly next: ContentFacts },
): Differences {
  const all = { missing: [] as Thing[], differing: [] as Differences['differing'], added: [] as Thing[], unasked: [] as string[], known: 0 }
  const [oldTables, nextTables] = [before, after].map((tables) => new Set(tables.map(({ name }) => name)))
  const compare = (was: readonly Thing[], is: readonly Thing[]): void => {
    const left = new Map(is.map((thing) => [keyOf(thing), thing]))
    all.known += was.length
    for (const thing of was) {
      const other = left.get(keyOf(thing))
      left.delete(keyOf(thing))
      // What is missing with its table is told with it.
      if (other === undefined && (thing.table === undefined || nextTables?.has(thing.table))) all.missing.push(thing)
      else if (other !== undefined && other.shape !== thing.shape && thing.kind !== 'event') all.differing.push({ was: thing, is: other })
    }
    all.added.push(...[...left.values()].filter(({ table }) => table === undefined || oldTables?.has(table)))
  }
  compare(before, after)
  for (const group of GROUPS) {
    const [was, is] = [old.things[group], next.things[group]]
    const why = untoldOf(was, is)
    if (why !== null) all.unasked.push(`${group} (${why})`)
    if ('is' in was && 'is' in is) compare(was.is, is.is)
  }
  return all
}

/** Names of columns and indexes are alike in any case. */
const keyOf = ({ kind, table = '', name }: Thing): string =>
  `${kind}\0${table}\0${table === '' || kind === 'trigger' ? name : name.toLowerCase()}`

const nameOf = ({ table, name, kind, shape }: Thing): string =>
  kind === 'primary key' ? `${table} (${shape})` : table === undefined || kind === 'trigger' ? name : `${table}.${name}`

const changeOf = ({ was, is }: Differences['differing'][number]): string => `${nameOf(was)} (${was.shape} before, ${is.shape} now)`

function byKind(all: readonly Thing[]): readonly (readonly [string, readonly Thing[]])[] {
  const kinds = [...new Set(all.map(({ kind }) => kind))]
  return kinds.map((kind) => [kind, all.filter((thing) => thing.kind === kind)] as const)
}
