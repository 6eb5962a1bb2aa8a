import type { core } from 'zod'
import type { Told } from '../../../../../domain/survey.ts'
import { countSchema, toldSchema, type Zod } from '../../../../told-schema.ts'
import type { Questions, Row } from '../../../questions.ts'
import { flag, list, notOfExtension, OF_APP, text, textOrNull, whole } from './asking.ts'
import type { ForeignCode } from './foreign-code.ts'
import type { RowsTold } from './reading.ts'

/** How its rows were counted: all of them, those of some of its pages, or as the server last heard. */
const COUNTED_BY = ['count', 'sample', 'statistics'] as const

const tableSchema = (z: Zod) =>
  z.strictObject({
    name: z.string(),
    persistence: z.enum(['permanent', 'unlogged']),
    bytes: countSchema(z),
    rows: toldSchema(z, z.strictObject({ count: countSchema(z), by: z.enum(COUNTED_BY) })),
    /** Whether the planner has statistics of it. */
    analysed: z.boolean(),
  })

export const tablesSchema = (z: Zod) => toldSchema(z, z.array(tableSchema(z)))

export type Table = core.output<ReturnType<typeof tableSchema>>

/** They are of no table; that they are there is as easily lost as rows are. */
export const LARGE_OBJECTS = 'pg_catalog.pg_largeobject_metadata'

/** Null: there are none. */
export async function countLargeObjects(questions: Questions): Promise<Table | null> {
  const told = await questions.ask('SELECT count(*)::text AS counted FROM pg_largeobject_metadata', ([row = {}]) => whole(row, 'counted'))
  if ('is' in told && told.is === 0) return null
  const rows: Table['rows'] = 'is' in told ? { is: { count: told.is, by: 'count' } } : told
  return { name: LARGE_OBJECTS, persistence: 'permanent', bytes: 0, rows, analysed: true }
}

/** Of the server. A page holds as many bytes unless somebody compiled it otherwise; then more or fewer rows are read, nothing else. */
export const PAGE_BYTES = 8_192

/** A table that holds rows of its own, or a partitioned one that is read in place of its partitions. */
export interface Store {
  readonly oid: string
  readonly name: string
  readonly sort: 'table' | 'partitioned'
  /** Its rows are counted. Those of a partitioned table are, as a rule, counted with its partitions. */
  readonly holds: 'rows' | 'nothing'
  readonly persistence: Table['persistence']
  readonly bytes: number
  /** Unlogged, on a standby: there, and after a promotion, it has no rows, and it cannot be asked. */
  readonly lost: boolean
  /** Why its rows may not be read. Null: they may. */
  readonly barred: string | null
  /** How many rows the server last heard of. Null: it did not. */
  readonly estimate: number | null
  readonly analysed: boolean
}

interface Listed extends Store {
  /** The partitioned table that it is a part of. */
  readonly root: string | null
}

/** All that hold rows. A partition that only its parent may be asked for is left to that. */
export async function listStores(questions: Questions, foreign: ForeignCode): Promise<Told<Store[]>> {
  const listing = (bytes: string) => list(questions, TABLES(bytes), (row) => listedOf(row, foreign))
  const sized = await listing('pg_relation_size(c.oid)')
  // Somebody holds a lock: what the server last heard is enough.
  const all = 'is' in sized ? sized : await listing(`c.relpages::bigint * ${PAGE_BYTES}`)
  return 'is' in all ? { is: throughParents(all.is) } : all
}

function listedOf(row: Row, foreign: ForeignCode): Listed {
  const estimate = Math.max(whole(row, 'estimate'), whole(row, 'live'))
  return {
    oid: text(row, 'oid'),
    name: text(row, 'name'),
    sort: flag(row, 'partitioned') ? 'partitioned' : 'table',
    persistence: flag(row, 'unlogged') ? 'unlogged' : 'permanent',
    holds: flag(row, 'partitioned') ? 'nothing' : 'rows',
    bytes: whole(row, 'bytes'),
    lost: flag(row, 'lost'),
    barred: barredOf({ readable: flag(row, 'readable'), filtered: flag(row, 'filtered') }) ?? foreign(text(row, 'oid')),
    estimate: estimate > 0 ? estimate : null,
    analysed: flag(row, 'analysed'),
    root: textOrNull(row, 'root'),
  }
}

function barredOf({ readable, filtered }: Readonly<Record<'readable' | 'filtered', boolean>>): string | null {
  if (!readable) return 'this role may not read it'
  return filtered ? 'row security hides rows of it' : null
}

function throughParents(all: readonly Listed[]): Store[] {
  const roots = new Map(all.flatMap(({ oid, sort, barred }) => (sort === 'partitioned' && barred === null ? [[oid, [] as Listed[]]] : [])))
  const left = all.filter((each) => {
    const parts = each.sort === 'table' && each.barred !== null && each.root !== null ? roots.get(each.root) : undefined
    parts?.push(each)
    return parts === undefined
  })
  return left.map(({ root: _root, ...store }) => {
    const parts = roots.get(store.oid) ?? []
    if (parts.length === 0) return store
    const estimate = parts.some((part) => part.estimate === null) ? null : sum(parts.map((part) => part.estimate ?? 0))
    return { ...store, holds: 'rows', bytes: sum(parts.map(({ bytes }) => bytes)), estimate }
  })
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0)

/** `rows`: what reading told, by oid. */
export function tablesOf(stores: readonly Store[], rows: ReadonlyMap<string, Told<RowsTold>>, analysed: ReadonlySet<string>): Table[] {
  return stores
    .filter(({ holds }) => holds === 'rows')
    .map((store) => ({
      name: store.name,
      persistence: store.persistence,
      bytes: store.bytes,
      rows:
        rows.get(store.oid) ??
        (store.estimate === null ? { unknown: 'the server has no statistics of it' } : { is: { count: store.estimate, by: 'statistics' } }),
      analysed: store.analysed || analysed.has(store.oid),
    }))
}

/** Fewer rows than fill so many pages are planned well enough without statistics. */
export const BIG_BYTES = 128 * PAGE_BYTES
const ASKED_MAX = 200

/** The server forgets when it analysed a table in a crash and in a restore of its files; what it found then it keeps. */
export async function analysedAmong(questions: Questions, stores: readonly Store[]): Promise<ReadonlySet<string>> {
  const some = stores.filter(({ analysed, bytes }) => !analysed && bytes >= BIG_BYTES).slice(0, ASKED_MAX)
  if (some.length === 0) return new Set()
  const told = await questions.ask(
    `SELECT c.oid::text AS oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid IN (${some.map(({ oid }) => `${Number(oid)}`).join(', ')})
        AND EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname)`,
    (rows) => new Set(rows.map((row) => text(row, 'oid'))),
  )
  return 'is' in told ? told.is : new Set()
}

const TABLES = (
  bytes: string,
): string => `SELECT c.oid::text AS oid, format('%I.%I', n.nspname, c.relname) AS name, (${bytes})::text AS bytes,
    c.relkind = 'p' AS partitioned, c.relpersistence = 'u' AS unlogged,
    c.relpersistence = 'u' AND pg_is_in_recovery() AS lost,
    CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid::text END AS root,
    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable, row_security_active(c.oid) AS filtered,
    greatest(c.reltuples, 0)::bigint::text AS estimate, pg_stat_get_live_tuples(c.oid)::text AS live,
    coalesce(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) IS NOT NULL AS analysed
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE (c.relkind IN ('r', 'p') OR c.relkind = 'm' AND c.relispopulated) AND c.relpersistence <> 't' AND ${OF_APP}
    AND ${notOfExtension('pg_class', 'c.oid')}`
