import type { core } from 'zod'
import type { Told } from '../../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../../told-schema.ts'
import type { Questions } from '../../../questions.ts'
import { askParts, decimal, flag, list, text, textOrNull } from './asking.ts'
import { FEEDS, LAST_VALUES, SEQUENCES } from './of-sequences.ts'
import type { Ending, Read } from './reading.ts'

const WHOLE = /^-?\d{1,40}$/

const sequenceSchema = (z: Zod) =>
  z.strictObject({
    name: z.string(),
    /** Whole numbers, in decimal: they may be longer than ours. */
    step: z.string().regex(WHOLE),
    /** The first and the last that it gives out, and what comes then. */
    first: z.string().regex(WHOLE),
    last: z.string().regex(WHOLE),
    beyond: z.enum(['nothing', 'the first again']),
    persistence: z.enum(['permanent', 'unlogged']),
    /** What it gives out next. */
    next: toldSchema(z, z.string().regex(WHOLE)),
    /** Columns that it feeds, each with the value that is the furthest in its direction; null, there is none. */
    feeds: z.array(z.strictObject({ table: z.string(), column: z.string(), furthest: toldSchema(z, z.string().regex(WHOLE).nullable()) })),
  })

export const sequencesSchema = (z: Zod) => toldSchema(z, z.array(sequenceSchema(z)))

export type Sequence = core.output<ReturnType<typeof sequenceSchema>>

/** Why the column says nothing of the sequence. */
export const NOT_PLAIN = 'its default is more than the next value'

/** A sequence, before it was asked where it stands. */
export interface Counter extends Omit<Sequence, 'next' | 'feeds'> {
  readonly oid: string
  readonly readable: boolean
  readonly feeds: readonly Feed[]
}

/** `ending`: null where the column takes something else than the next value as it is. */
export interface Feed {
  readonly column: string
  readonly ending: Ending | null
  readonly table: { readonly oid: string; readonly name: string }
}

export async function listCounters(questions: Questions): Promise<Told<Counter[]>> {
  const feeds = await list(questions, FEEDS, (row) => ({
    of: text(row, 'sequence'),
    root: textOrNull(row, 'root'),
    column: text(row, 'column'),
    ending: flag(row, 'plain')
      ? {
          column: text(row, 'column'),
          end: text(row, 'step').startsWith('-') ? ('lowest' as const) : ('highest' as const),
          indexed: flag(row, 'indexed'),
        }
      : null,
    table: { oid: text(row, 'oid'), name: text(row, 'name') },
  }))
  if ('unknown' in feeds) return feeds
  const fed = new Set(feeds.is.map(({ of, table }) => `${of} ${table.oid}`))
  const bySequence = new Map<string, Feed[]>()
  for (const { of, root, ...feed } of feeds.is) {
    if (root === null || !fed.has(`${of} ${root}`)) bySequence.set(of, [...(bySequence.get(of) ?? []), feed])
  }
  return list(questions, SEQUENCES, (row) => {
    const oid = text(row, 'oid')
    return {
      oid,
      name: text(row, 'name'),
      step: decimal(row, 'step'),
      first: decimal(row, 'first'),
      last: decimal(row, 'last'),
      beyond: flag(row, 'cycles') ? 'the first again' : 'nothing',
      persistence: flag(row, 'unlogged') ? 'unlogged' : 'permanent',
      readable: flag(row, 'readable'),
      feeds: bySequence.get(oid) ?? [],
    }
  })
}

/** Which columns of which tables are to be looked at, by the oid of the table. */
export function endingsOf(counters: readonly Counter[]): ReadonlyMap<string, readonly Ending[]> {
  const endings = new Map<string, Ending[]>()
  for (const { table, ending } of counters.flatMap(({ feeds }) => feeds))
    if (ending !== null) endings.set(table.oid, [...(endings.get(table.oid) ?? []), ending])
  return endings
}

/** Where they stand. Asked after the columns that they feed: what is inserted meanwhile is no duplicate. */
export async function sequencesOf(questions: Questions, counters: readonly Counter[], { ends }: Pick<Read, 'ends'>): Promise<Sequence[]> {
  const called = await questions.ask(
    LAST_VALUES,
    (rows) => new Map(rows.map((row) => [text(row, 'oid'), row['last'] === null ? null : decimal(row, 'last')])),
  )
  const last = 'is' in called ? called.is : new Map<string, string | null>()
  // It keeps to itself where a sequence stands that gave out nothing yet.
  const silent = counters.filter(({ oid, readable }) => readable && (last.get(oid) ?? null) === null)
  const told = await askParts(
    questions,
    silent.map(({ oid, name }) => ({ oid, sql: `SELECT '${oid}' AS oid, last_value::text AS last, is_called AS called FROM ${name}` })),
    (row) => ({ last: decimal(row, 'last'), called: flag(row, 'called') }),
  )
  const endings = endingsOf(counters)
  return counters.map(({ oid, readable: _readable, feeds, ...counter }) => ({
    ...counter,
    next: nextOf(oid, counter),
    feeds: feeds.map(({ table, column, ending }) => ({
      table: table.name,
      column,
      furthest: ending === null ? { unknown: NOT_PLAIN } : furthestOf(table.oid, ending),
    })),
  }))

  function nextOf(oid: string, { step, first, last: end, beyond }: Omit<Sequence, 'next' | 'feeds'>): Told<string> {
    const after = (value: string): string => {
      const next = BigInt(value) + BigInt(step)
      const isOver = step.startsWith('-') ? next < BigInt(end) : next > BigInt(end)
      return isOver && beyond === 'the first again' ? first : `${next}`
    }
    const value = last.get(oid) ?? null
    if (value !== null) return { is: after(value) }
    const direct = told.get(oid)
    if (direct === undefined) return { unknown: 'this role may not read it' }
    if ('unknown' in direct) return direct
    return { is: direct.is.called ? after(direct.is.last) : direct.is.last }
  }

  function furthestOf(table: string, ending: Ending): Told<string | null> {
    const place = endings.get(table)?.indexOf(ending) ?? -1
    return ends.get(table)?.[place] ?? { unknown: 'it was not asked' }
  }
}
