import type { core } from 'zod'
import type { Told } from '../../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../../told-schema.ts'
import type { Questions } from '../../../questions.ts'
import { askParts, decimal, flag, list, notOfExtension, OF_APP, text, textOrNull } from './asking.ts'
import type { Ending, Read } from './reading.ts'

const WHOLE = /^-?\d{1,40}$/

const sequenceSchema = (z: Zod) =>
  z.strictObject({
    name: z.string(),
    /** Whole numbers, in decimal: they may be longer than ours. */
    step: z.string().regex(WHOLE),
    /** What it gives out next. */
    next: toldSchema(z, z.string().regex(WHOLE)),
    /** Columns that it feeds, each with the value that is the furthest in its direction; null, there is none. */
    feeds: z.array(z.strictObject({ table: z.string(), column: z.string(), furthest: toldSchema(z, z.string().regex(WHOLE).nullable()) })),
  })

export const sequencesSchema = (z: Zod) => toldSchema(z, z.array(sequenceSchema(z)))

export type Sequence = core.output<ReturnType<typeof sequenceSchema>>

/** A sequence, before it was asked where it stands. */
export interface Counter {
  readonly oid: string
  readonly name: string
  readonly step: string
  readonly readable: boolean
  readonly feeds: readonly Feed[]
}

export interface Feed {
  readonly ending: Ending
  readonly table: { readonly oid: string; readonly name: string }
}

export async function listCounters(questions: Questions): Promise<Told<Counter[]>> {
  const feeds = await list(questions, FEEDS, (row) => ({
    of: text(row, 'sequence'),
    root: textOrNull(row, 'root'),
    ending: {
      column: text(row, 'column'),
      end: text(row, 'step').startsWith('-') ? ('lowest' as const) : ('highest' as const),
      indexed: flag(row, 'indexed'),
    },
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
    return { oid, name: text(row, 'name'), step: decimal(row, 'step'), readable: flag(row, 'readable'), feeds: bySequence.get(oid) ?? [] }
  })
}

/** Which columns of which tables are to be looked at, by the oid of the table. */
export function endingsOf(counters: readonly Counter[]): ReadonlyMap<string, readonly Ending[]> {
  const endings = new Map<string, Ending[]>()
  for (const { table, ending } of counters.flatMap(({ feeds }) => feeds))
    endings.set(table.oid, [...(endings.get(table.oid) ?? []), ending])
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
  return counters.map(({ oid, name, step, feeds }) => ({
    name,
    step,
    next: nextOf(oid, step),
    feeds: feeds.map(({ table, ending }) => ({ table: table.name, column: ending.column, furthest: furthestOf(table.oid, ending) })),
  }))

  function nextOf(oid: string, step: string): Told<string> {
    const value = last.get(oid) ?? null
    if (value !== null) return { is: `${BigInt(value) + BigInt(step)}` }
    const direct = told.get(oid)
    if (direct === undefined) return { unknown: 'this role may not read it' }
    if ('unknown' in direct) return direct
    return { is: direct.is.called ? `${BigInt(direct.is.last) + BigInt(step)}` : direct.is.last }
  }

  function furthestOf(table: string, ending: Ending): Told<string | null> {
    const place = endings.get(table)?.indexOf(ending) ?? -1
    return ends.get(table)?.[place] ?? { unknown: 'it was not asked' }
  }
}

/**
 * Columns of whole numbers that take the next value as it is: a sequence is theirs, or is their default. A partition has the default of its
 * table, and is looked at with it.
 */
const FEEDS = `SELECT f.sequence::text AS sequence, c.oid::text AS oid, format('%I.%I', n.nspname, c.relname) AS name, quote_ident(a.attname) AS column,
    s.seqincrement::text AS step, CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid::text END AS root,
    EXISTS (SELECT FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum AND i.indisvalid
      AND i.indpred IS NULL AND ic.relam = (SELECT oid FROM pg_am WHERE amname = 'btree')) AS indexed
  FROM (
    SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS number, NULL::pg_node_tree AS expression FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
    UNION ALL
    SELECT d.refobjid, ad.adrelid, ad.adnum, ad.adbin FROM pg_attrdef ad
      JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = ad.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n'
      WHERE NOT EXISTS (SELECT FROM pg_depend o WHERE o.classid = 'pg_class'::regclass AND o.objid = d.refobjid AND o.refclassid = 'pg_class'::regclass
        AND o.refobjid = ad.adrelid AND o.refobjsubid = ad.adnum AND o.deptype IN ('a', 'i'))
  ) f
    JOIN pg_sequence s ON s.seqrelid = f.sequence AND NOT s.seqcycle
    JOIN pg_class c ON c.oid = f.relation AND c.relkind IN ('r', 'p')
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = f.number AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid AND coalesce(nullif(t.typbasetype, 0), t.oid) IN (20, 21, 23, 1700)
  WHERE ${OF_APP} AND ${notOfExtension('pg_class', 'c.oid')} AND CASE WHEN f.expression IS NULL THEN true WHEN a.attgenerated <> '' THEN false
      ELSE pg_get_expr(f.expression, 0) ~ '^[(]?nextval[(].*::regclass[)][)]?(::[a-z]+)?$' END`

const SEQUENCES = `SELECT c.oid::text AS oid, format('%I.%I', n.nspname, c.relname) AS name, s.seqincrement::text AS step,
    has_schema_privilege(n.oid, 'USAGE') AND has_sequence_privilege(c.oid, 'SELECT') AS readable
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
  WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND ${OF_APP} AND ${notOfExtension('pg_class', 'c.oid')}`

/** Null: it may not be asked, or gave out nothing yet. */
const LAST_VALUES = `SELECT c.oid::text AS oid, CASE WHEN has_sequence_privilege(c.oid, 'USAGE, SELECT')
    AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery()) THEN pg_sequence_last_value(c.oid)::text END AS last
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND ${OF_APP}`
