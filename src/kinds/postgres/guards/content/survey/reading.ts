import type { Told } from '../../../../../domain/survey.ts'
import type { Questions, Row } from '../../../questions.ts'
import { askParts, type Part, whole } from './asking.ts'
import { PAGE_BYTES, type Store } from './tables.ts'

/** How many rows a table holds. */
export interface RowsTold {
  readonly count: number
  readonly by: 'count' | 'sample' | 'statistics'
}

/** A column whose last value is looked for: the highest, or the lowest where its sequence goes down. */
export interface Ending {
  readonly column: string
  readonly end: 'highest' | 'lowest'
  /** An index begins with it. */
  readonly indexed: boolean
}

/** Rows by the oid of their table, and the ends of its columns in the order in which they were asked for. */
export interface Read {
  readonly rows: ReadonlyMap<string, Told<RowsTold>>
  readonly ends: ReadonlyMap<string, readonly Told<string | null>[]>
}

/** Of a table so many pages are read, and of all tables together so many are read in full. */
const TABLE_PAGES = 512
const COUNTED_PAGES = 16_384
/** So many of the biggest are sampled. Of the rest the server's own statistics must do. */
const SAMPLED_MAX = 32
/** Reading ends when so much time is left for other questions. */
const LEFT_MS = 8_000

const pagesOf = ({ bytes }: Store): number => Math.ceil(bytes / PAGE_BYTES)

/** Which tables are counted, and which are sampled: the small ones first, then the biggest. */
export function planReading(stores: readonly Store[]): { readonly counted: readonly Store[]; readonly sampled: readonly Store[] } {
  const readable = stores
    .filter(({ holds, barred, lost }) => holds === 'rows' && barred === null && !lost)
    .sort((a, b) => a.bytes - b.bytes)
  let pages = 0
  const counted = readable.filter((store) => {
    if (pagesOf(store) > TABLE_PAGES || pages + pagesOf(store) > COUNTED_PAGES) return false
    pages += pagesOf(store)
    return true
  })
  const rest = readable.slice(counted.length).reverse()
  return { counted, sampled: rest.slice(0, SAMPLED_MAX) }
}

/** Counts what is small, samples what is big, and looks for the ends of columns: all at once in a small table, by an index in a big one. */
export async function readTables(
  questions: Questions,
  stores: readonly Store[],
  endings: ReadonlyMap<string, readonly Ending[]>,
): Promise<Read> {
  const { counted, sampled } = planReading(stores)
  const rows = new Map<string, Told<RowsTold>>()
  for (const { oid, barred, lost } of stores) {
    if (lost) rows.set(oid, { is: { count: 0, by: 'count' } })
    else if (barred !== null) rows.set(oid, { unknown: barred })
  }
  const ends = new Map<string, readonly Told<string | null>[]>()

  const counts = await askParts(
    questions,
    counted.map((store) => countOf(store, endings.get(store.oid) ?? [])),
    readCount,
    LEFT_MS,
  )
  for (const [oid, told] of counts) {
    rows.set(oid, 'is' in told ? { is: { count: told.is.count, by: 'count' } } : told)
    ends.set(
      oid,
      (endings.get(oid) ?? []).map((_, at) => ('is' in told ? { is: told.is.ends[at] ?? null } : told)),
    )
  }
  for (const store of sampled) {
    const told = await sample(questions, store)
    if (told !== null) rows.set(store.oid, { is: told })
  }
  const others = stores.filter(({ oid }) => !counts.has(oid) && endings.has(oid))
  const looks = others.flatMap((store) => (endings.get(store.oid) ?? []).flatMap((ending, at) => lookFor(store, ending, at) ?? []))
  const looked = await askParts(questions, looks, (row) => endOf(row['ended']), LEFT_MS)
  for (const { oid, barred, lost } of others) {
    const why = lost ? { is: null } : { unknown: barred ?? 'no index begins with it' }
    ends.set(
      oid,
      (endings.get(oid) ?? []).map((_, at) => looked.get(`${oid} ${at}`) ?? why),
    )
  }
  return { rows, ends }
}

/** Of a table its own rows, not those of tables that inherit from it. */
const from = ({ sort, name }: Store): string => (sort === 'table' ? `ONLY ${name}` : name)

const furthest = ({ column, end }: Ending): string => `trunc(${end === 'highest' ? 'max' : 'min'}(${column})::numeric)::text`

const countOf = (store: Store, endings: readonly Ending[]): Part => ({
  oid: store.oid,
  sql: `SELECT '${store.oid}' AS oid, count(*)::text AS counted, json_build_array(${endings.map(furthest).join(', ')}) AS ends FROM ${from(store)}`,
})

function readCount(row: Row): { readonly count: number; readonly ends: readonly (string | null)[] } {
  const ends: unknown = row['ends']
  return { count: whole(row, 'counted'), ends: Array.isArray(ends) ? ends.map(endOf) : [] }
}

function lookFor(store: Store, ending: Ending, at: number): Part | null {
  if (store.barred !== null || store.lost || !ending.indexed) return null
  const oid = `${store.oid} ${at}`
  return { oid, sql: `SELECT '${oid}' AS oid, (SELECT ${furthest(ending)} FROM ${from(store)}) AS ended` }
}

function endOf(value: unknown): string | null {
  if (value === null) return null
  if (typeof value !== 'string' || !/^-?\d+$/.test(value)) throw new TypeError('no whole number')
  return value
}

/** So many pages with rows make a sample that can be trusted to an eighth. */
const SAMPLE_PAGES_MIN = 64

/**
 * Pages are taken by chance, the same ones each time, each with the rows that are alive on it: dead ones and old statistics do not count. Null: the rows that are left lie
 * too far apart for that, or it took too long; what the server last heard must do.
 */
async function sample(questions: Questions, store: Store): Promise<RowsTold | null> {
  const share = Math.min(1, TABLE_PAGES / pagesOf(store))
  const by = share === 1 ? 'count' : 'sample'
  const told = await one(`SELECT coalesce(sum(p.counted), 0)::text AS counted, count(*)::text AS pages FROM (
    SELECT count(*) AS counted FROM ${from(store)} TABLESAMPLE SYSTEM (${(share * 100).toFixed(8)}) REPEATABLE (1) GROUP BY tableoid, split_part(ctid::text, ',', 1)) p`)
  if (told === null) return null
  if (by === 'count' || told.pages >= SAMPLE_PAGES_MIN) return { count: Math.round(told.counted / share), by }
  const some = await one(`SELECT CASE WHEN EXISTS (SELECT FROM ${from(store)}) THEN '1' ELSE '0' END AS counted, '0' AS pages`)
  return some?.counted === 0 ? { count: 0, by: 'count' } : null

  async function one(statement: string): Promise<{ readonly counted: number; readonly pages: number } | null> {
    if (questions.left < LEFT_MS) return null
    const answer = await questions.ask(statement, ([row = {}]) => ({ counted: whole(row, 'counted'), pages: whole(row, 'pages') }))
    return 'is' in answer ? answer.is : null
  }
}
