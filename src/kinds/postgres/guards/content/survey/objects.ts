import type { core } from 'zod'
import { oneLine } from '../../../../../domain/redact.ts'
import type { Told } from '../../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../../told-schema.ts'
import type { Questions, Row } from '../../../questions.ts'
import { list, text, textOrNull } from './asking.ts'
import { DATABASE, DEFINITIONS, FUNCTIONS, OTHERS, SCHEMAS, TYPES } from './of-schemas.ts'
import { COLUMNS, CONSTRAINTS, INDEXES, RELATIONS, TRIGGERS } from './of-tables.ts'

/** Something that queries name. There are very many: what it has not is left out. */
const thingSchema = (z: Zod) =>
  z.strictObject({
    /** `table`, `unique index` … */
    kind: z.string(),
    /** As the server quotes it: `public.orders`; of what a table has, `id`. */
    name: z.string(),
    /** The table that it belongs to, and is missing with. */
    table: z.exactOptional(z.string()),
    /** What of it must be the same. */
    shape: z.exactOptional(z.string()),
    /** A mark of the text that it was written with. */
    body: z.exactOptional(z.string()),
    /** A mark of how one major writes it down: see `MARK`. */
    mark: z.exactOptional(z.string()),
    /** Why it does not work. */
    flaw: z.exactOptional(z.string()),
    owner: z.exactOptional(z.string()),
    /** What the role may do with it: `SELECT INSERT`. */
    may: z.exactOptional(z.string()),
  })

export const objectsSchema = (z: Zod) => {
  const things = toldSchema(z, z.array(thingSchema(z)))
  return z.strictObject({
    database: things,
    schemas: things,
    relations: things,
    columns: things,
    indexes: things,
    constraints: things,
    triggers: things,
    functions: things,
    types: things,
    others: things,
    definitions: things,
  })
}

export type Thing = core.output<ReturnType<typeof thingSchema>>
export type Objects = core.output<ReturnType<typeof objectsSchema>>

/** How it is told apart from others. Two databases are one thing here, whatever they are called, and a sequence is the same whosever it is. */
export function keyOf({ kind, name, table = '' }: Thing): string {
  if (kind === 'database') return kind
  return kind === 'sequence' ? `${kind} ${name}` : `${kind} ${table} ${name}`
}

/** `public.orders.id`, `orders_pkey on public.orders`. */
export function nameOf({ kind, name, table }: Thing): string {
  if (table === undefined || kind.endsWith('index') || kind === 'sequence') return oneLine(name)
  return oneLine(kind === 'column' ? `${table}.${name}` : `${name} on ${table}`)
}

export async function surveyObjects(questions: Questions): Promise<Objects> {
  const all = (statement: string) => list(questions, statement, (row) => thing(row))
  const database = await all(DATABASE)
  const schemas = await all(SCHEMAS)
  const relations = await list(questions, RELATIONS, (row) => ({ oid: text(row, 'oid'), of: textOrNull(row, 'of'), thing: thing(row) }))
  if ('unknown' in relations) {
    const none = { unknown: `tables were not told: ${relations.unknown}` }
    return {
      database,
      schemas,
      relations,
      columns: none,
      indexes: none,
      constraints: none,
      triggers: none,
      functions: await all(FUNCTIONS),
      types: await all(TYPES),
      others: await all(OTHERS),
      definitions: await all(DEFINITIONS),
    }
  }
  const tables = new Map(relations.is.map(({ oid, thing: { name } }) => [oid, name]))
  const ofTables = async (statement: string): Promise<Told<Thing[]>> => {
    const told = await list(questions, statement, (row) => {
      const table = tables.get(text(row, 'of'))
      return table === undefined ? [] : [thing(row, table)]
    })
    return 'is' in told ? { is: told.is.flat() } : told
  }
  return {
    database,
    schemas,
    relations: { is: relations.is.map(({ of, thing }) => withTable(thing, of === null ? undefined : tables.get(of))) },
    columns: await ofTables(COLUMNS),
    indexes: await ofTables(INDEXES),
    constraints: await ofTables(CONSTRAINTS),
    triggers: await ofTables(TRIGGERS),
    functions: await all(FUNCTIONS),
    types: await all(TYPES),
    others: await all(OTHERS),
    definitions: await all(DEFINITIONS),
  }
}

const withTable = (thing: Thing, table: string | undefined): Thing => (table === undefined ? thing : { ...thing, table })

function thing(row: Row, table?: string): Thing {
  const some = (name: 'shape' | 'body' | 'mark' | 'flaw' | 'owner' | 'may') => {
    const value = name in row ? textOrNull(row, name) : null
    return value === null ? {} : { [name]: value }
  }
  return {
    kind: text(row, 'kind'),
    name: text(row, 'name'),
    ...(table === undefined ? {} : { table }),
    ...some('shape'),
    ...some('body'),
    ...some('mark'),
    ...some('flaw'),
    ...some('owner'),
    ...some('may'),
  }
}
