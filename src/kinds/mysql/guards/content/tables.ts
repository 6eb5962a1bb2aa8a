import type { core } from 'zod'
import type { Told } from '../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import { askParts, decimalOrNull, type Questions, quotedName, text } from '../questions.ts'

const tableSchema = (z: Zod) =>
  z.strictObject({
    name: z.string(),
    sort: z.enum(['table', 'view']),
    /** Empty for a view. */
    engine: z.string(),
    bytes: z.number(),
    /** `count`: all of them. `statistics`: more than are counted, so many as the server thinks. */
    rows: toldSchema(z, z.strictObject({ count: z.number(), by: z.enum(['count', 'statistics']) })),
    /** A view over what is not there any more. */
    broken: z.boolean(),
  })

export const tablesSchema = (z: Zod) => toldSchema(z, z.array(tableSchema(z)))

export type Table = core.output<ReturnType<typeof tableSchema>>

/** A table as the server lists it. */
export interface Listed extends Omit<Table, 'rows'> {
  readonly estimate: number
  /** What the next row gets. Null: it counts nothing. */
  readonly upcoming: string | null
}

const LISTED = `SELECT TABLE_NAME AS name, TABLE_TYPE AS sort, ENGINE AS kept_by, TABLE_ROWS AS estimate, DATA_LENGTH AS size, AUTO_INCREMENT AS upcoming,
  TABLE_COMMENT AS remark FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED') ORDER BY 1`

export const listTables = (questions: Questions): Promise<Told<Listed[]>> =>
  questions.list(LISTED, (row) => {
    const isView = text(row, 'sort') === 'VIEW'
    return {
      name: text(row, 'name'),
      sort: isView ? 'view' : 'table',
      engine: isView ? '' : questions.shown(row['kept_by'] ?? 'none'),
      bytes: numberOf(row['size']),
      estimate: numberOf(row['estimate']),
      upcoming: decimalOrNull(row, 'upcoming'),
      broken: isView && /^View '.*' references invalid/s.test(row['remark'] ?? ''),
    }
  })

const numberOf = (value: string | null | undefined): number => (Number.isSafeInteger(Number(value)) ? Number(value ?? 0) : 0)

/** So many rows are counted; of more the server's own guess has to do. */
const COUNTED_MAX = 1_000
/** Of so many tables, the first by name. */
const TABLES_MAX = 3_000
/** Their rows stand on other servers: looking at them would ask those. */
const REMOTE = /^(FEDERATED|CONNECT|SPIDER|S3)$/i

/** Views are not looked into: that would run what somebody wrote into them. */
export async function countRows(questions: Questions, listed: readonly Listed[]): Promise<Table[]> {
  const counted = listed
    .map((table, place) => ({ table, place }))
    .filter(({ table }) => table.sort === 'table' && !REMOTE.test(table.engine))
  const told = await askParts(
    questions,
    counted.slice(0, TABLES_MAX).map(({ table, place }) => ({
      place,
      sql: `SELECT ${place} AS place, (SELECT COUNT(*) FROM (SELECT 1 FROM ${quotedName(table.name)} LIMIT ${COUNTED_MAX + 1}) counted) AS found`,
    })),
    (row) => Number(text(row, 'found')),
  )
  return listed.map(({ estimate, upcoming: _upcoming, ...table }, place) => ({ ...table, rows: rowsOf(table, told.get(place), estimate) }))
}

function rowsOf({ sort, engine }: Pick<Table, 'sort' | 'engine'>, told: Told<number> | undefined, estimate: number): Table['rows'] {
  if (sort === 'view') return { unknown: 'a view has no rows of its own' }
  if (REMOTE.test(engine)) return { unknown: 'its rows stand on another server' }
  if (told === undefined) return { unknown: `more than ${TABLES_MAX} tables are not counted` }
  if ('unknown' in told) return told
  return { is: told.is <= COUNTED_MAX ? { count: told.is, by: 'count' } : { count: Math.max(told.is, estimate), by: 'statistics' } }
}
