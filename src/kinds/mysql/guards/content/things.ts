import type { core } from 'zod'
import type { Told } from '../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import type { Row } from '../../wire/session.ts'
import { type Questions, ROWS_MAX, text } from '../questions.ts'

const thingSchema = (z: Zod) =>
  z.strictObject({
    kind: z.string(),
    /** The table that it is a part of, or stands on. */
    table: z.string().optional(),
    name: z.string(),
    /** What must be alike: the type of a column, the columns of an index … */
    shape: z.string(),
    /** How a column keeps its text: `utf8mb4 utf8mb4_general_ci`. */
    text: z.string().optional(),
  })

export type Thing = core.output<ReturnType<typeof thingSchema>>

export const thingsSchema = (z: Zod) => {
  const some = toldSchema(z, z.array(thingSchema(z)))
  return z.strictObject({ columns: some, indexes: some, constraints: some, routines: some, triggers: some, events: some })
}

export type Things = core.output<ReturnType<typeof thingsSchema>>

/** What an account may not use the server does not list: it is missing to the app. */
export async function listThings(questions: Questions): Promise<Things> {
  return {
    columns: await questions.list(COLUMNS, columnOf),
    indexes: await indexesOf(questions),
    constraints: await questions.list(CONSTRAINTS, (row) => thing(row, text(row, 'sort').toLowerCase())),
    routines: await questions.list(ROUTINES, (row) => thing(row, text(row, 'sort').toLowerCase())),
    triggers: await questions.list(TRIGGERS, (row) => thing(row, 'trigger')),
    events: await questions.list(EVENTS, (row) => thing(row, 'event')),
  }
}

function thing(row: Row, kind: string): Thing {
  const table = row['on_table'] ?? null
  return { kind, ...(table === null ? {} : { table }), name: text(row, 'name'), shape: row['shape'] ?? '' }
}

function columnOf(row: Row): Thing {
  const extra = (row['extra'] ?? '').toLowerCase()
  const charset = row['charset_name'] ?? null
  const words = [
    typeOf(text(row, 'type_text')),
    ...(text(row, 'nullable') === 'NO' ? ['not null'] : []),
    ...(extra.includes('auto_increment') ? ['auto_increment'] : []),
    ...(/generated|virtual|persistent/.test(extra) && !extra.includes('default_generated') ? ['generated'] : []),
  ]
  return {
    kind: 'column',
    table: text(row, 'on_table'),
    name: text(row, 'name'),
    shape: words.join(' '),
    ...(charset === null ? {} : { text: `${threeBytes(charset)} ${threeBytes(row['collated'] ?? '')}` }),
  }
}

/** MySQL dropped the width of whole numbers in 8.0.19, which never meant anything; it calls `json` what is a `longtext` to MariaDB. */
export const typeOf = (type: string): string =>
  type
    .toLowerCase()
    .replace(/\b(tinyint|smallint|mediumint|int|bigint)\(\d+\)/g, '$1')
    .replace(/^year\(4\)$/, 'year')
    .replace(/^longtext$/, 'json or longtext')
    .replace(/^json$/, 'json or longtext')

/** One name for what both called utf8 once. */
export const threeBytes = (name: string): string => name.replace(/^utf8(?=$|_)/, 'utf8mb3')

async function indexesOf(questions: Questions): Promise<Told<Thing[]>> {
  const rows = await questions.ask(`${INDEXES} LIMIT ${4 * ROWS_MAX}`, (all) => {
    if (all.length >= 4 * ROWS_MAX) throw new RangeError('too many')
    return all
  })
  if ('unknown' in rows) return rows
  const indexes = new Map<string, Thing & { readonly columns: string[] }>()
  for (const row of rows.is) {
    const [table, name] = [text(row, 'on_table'), text(row, 'name')]
    const key = `${table}\0${name}`
    const column = `${row['part'] ?? 'an expression'}${row['part_length'] ? `(${row['part_length']})` : ''}`
    const known = indexes.get(key)
    if (known !== undefined) known.columns.push(column)
    else indexes.set(key, { kind: kindOf(row, name), table, name, shape: '', columns: [column] })
  }
  return { is: [...indexes.values()].map(({ columns, ...index }) => ({ ...index, shape: columns.join(', ') })) }
}

const kindOf = (row: Row, name: string): string => (name === 'PRIMARY' ? 'primary key' : row['loose'] === '0' ? 'unique index' : 'index')

const OWN = (schema: string): string => `WHERE ${schema} = DATABASE()`

const COLUMNS = `SELECT TABLE_NAME AS on_table, COLUMN_NAME AS name, COLUMN_TYPE AS type_text, IS_NULLABLE AS nullable, EXTRA AS extra,
  CHARACTER_SET_NAME AS charset_name, COLLATION_NAME AS collated FROM information_schema.COLUMNS ${OWN('TABLE_SCHEMA')} ORDER BY TABLE_NAME, ORDINAL_POSITION`

const INDEXES = `SELECT TABLE_NAME AS on_table, INDEX_NAME AS name, NON_UNIQUE AS loose, COLUMN_NAME AS part, SUB_PART AS part_length
  FROM information_schema.STATISTICS ${OWN('TABLE_SCHEMA')} ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`

/** MariaDB checks a JSON column by a constraint of its name: what one of the two makes by itself is not compared. */
const CONSTRAINTS = `SELECT TABLE_NAME AS on_table, CONSTRAINT_NAME AS name, CONSTRAINT_TYPE AS sort, '' AS shape FROM information_schema.TABLE_CONSTRAINTS
  ${OWN('CONSTRAINT_SCHEMA')} AND CONSTRAINT_TYPE = 'FOREIGN KEY' ORDER BY 1, 2`

const ROUTINES = `SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS sort, '' AS shape FROM information_schema.ROUTINES ${OWN('ROUTINE_SCHEMA')}
  AND ROUTINE_TYPE IN ('PROCEDURE', 'FUNCTION') ORDER BY 1`

const TRIGGERS = `SELECT EVENT_OBJECT_TABLE AS on_table, TRIGGER_NAME AS name, CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION) AS shape
  FROM information_schema.TRIGGERS ${OWN('TRIGGER_SCHEMA')} ORDER BY 1, 2`

const EVENTS = `SELECT EVENT_NAME AS name, STATUS AS shape FROM information_schema.EVENTS ${OWN('EVENT_SCHEMA')} ORDER BY 1`
