import type { core } from 'zod'
import type { Told } from '../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import { askParts, decimalOrNull, type Questions, quotedName } from '../questions.ts'
import type { Listed } from './tables.ts'
import type { Things } from './things.ts'

const counterSchema = (z: Zod) =>
  z.strictObject({
    table: z.string(),
    column: z.string(),
    type: z.string(),
    /** What the next row gets. Null: the server does not say. */
    upcoming: z.string().nullable(),
    /** The greatest that stands there. Null: no row. */
    top: toldSchema(z, z.string().nullable()),
  })

export const countersSchema = (z: Zod) => toldSchema(z, z.array(counterSchema(z)))

export type Counter = core.output<ReturnType<typeof counterSchema>>

/** The greatest is read off an index that begins with the column, and where none does it is not looked for. */
export async function surveyCounters(
  questions: Questions,
  tables: readonly Listed[],
  { columns, indexes }: Things,
): Promise<Told<Counter[]>> {
  if ('unknown' in columns) return columns
  const upcoming = new Map(tables.map((table) => [table.name, table.upcoming]))
  const counters = columns.is.filter(({ shape, table }) => / auto_increment$/.test(shape) && table !== undefined && upcoming.has(table))
  const leading = new Set('is' in indexes ? indexes.is.map(({ table, shape }) => `${table}\0${shape.split(', ')[0]?.toLowerCase()}`) : [])
  const asked = counters
    .map(({ table = '', name }, place) => ({ table, name, place }))
    .filter(({ table, name }) => leading.has(`${table}\0${name.toLowerCase()}`))
  const tops = await askParts(
    questions,
    asked.map(({ table, name, place }) => ({
      place,
      sql: `SELECT ${place} AS place, MAX(${quotedName(name)}) AS top FROM ${quotedName(table)}`,
    })),
    (row) => decimalOrNull(row, 'top'),
  )
  return {
    is: counters.map(({ table = '', name, shape }, place) => ({
      table,
      column: name,
      type: shape.replace(/ (not null|auto_increment)/g, ''),
      upcoming: upcoming.get(table) ?? null,
      top: tops.get(place) ?? { unknown: 'no index begins with it' },
    })),
  }
}
