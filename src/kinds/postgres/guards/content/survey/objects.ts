import type { core } from 'zod'
import { oneLine } from '../../../../../domain/redact.ts'
import type { Told } from '../../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../../told-schema.ts'
import type { Questions, Row } from '../../../questions.ts'
import { list, notOfExtension, OF_APP, text, textOrNull } from './asking.ts'

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
  }
}

const withTable = (thing: Thing, table: string | undefined): Thing => (table === undefined ? thing : { ...thing, table })

function thing(row: Row, table?: string): Thing {
  const some = (name: 'shape' | 'flaw' | 'owner' | 'may') => {
    const value = name in row ? textOrNull(row, name) : null
    return value === null ? {} : { [name]: value }
  }
  return {
    kind: text(row, 'kind'),
    name: text(row, 'name'),
    ...(table === undefined ? {} : { table }),
    ...some('shape'),
    ...some('flaw'),
    ...some('owner'),
    ...some('may'),
  }
}

const MAY = (of: string, oid: string, words: readonly string[]): string =>
  `concat_ws(' ', ${words.map((word) => `CASE WHEN has_${of}_privilege(${oid}, '${word}') THEN '${word}' END`).join(', ')})`

const DATABASE = `SELECT 'database' AS kind, quote_ident(d.datname) AS name, quote_ident(pg_get_userbyid(d.datdba)) AS owner,
    ${MAY('database', 'd.oid', ['CONNECT', 'CREATE', 'TEMP'])} AS may
  FROM pg_database d WHERE d.datname = current_database()`

const SCHEMAS = `SELECT 'schema' AS kind, quote_ident(n.nspname) AS name, quote_ident(pg_get_userbyid(n.nspowner)) AS owner, ${MAY('schema', 'n.oid', ['USAGE', 'CREATE'])} AS may
  FROM pg_namespace n WHERE ${OF_APP} AND ${notOfExtension('pg_namespace', 'n.oid')}`

/** A sequence that belongs to a table has its owner, and is missing with it. */
const RELATIONS = `SELECT c.oid::text AS oid,
    CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table'
      WHEN 'c' THEN 'type' ELSE 'table' END AS kind,
    format('%I.%I', n.nspname, c.relname) AS name,
    CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN 'not populated' END AS flaw,
    d.refobjid::text AS of, CASE WHEN d.refobjid IS NULL THEN quote_ident(pg_get_userbyid(c.relowner)) END AS owner,
    CASE c.relkind WHEN 'S' THEN ${MAY('sequence', 'c.oid', ['USAGE'])} WHEN 'c' THEN ''
      ELSE ${MAY('table', 'c.oid', ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])} END AS may
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_depend d ON c.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
      AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') AND ${OF_APP} AND ${notOfExtension('pg_class', 'c.oid')}`

/** Its default is not compared as a text: the same one may be written in two ways. Partitions have the identity of their table, and tell so from 17 on. */
const COLUMNS = `SELECT a.attrelid::text AS of, 'column' AS kind, quote_ident(a.attname) AS name,
    concat_ws(' ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
      CASE WHEN a.attidentity <> '' THEN CASE WHEN NOT c.relispartition THEN 'GENERATED AS IDENTITY' END WHEN a.attgenerated <> '' THEN 'GENERATED'
        WHEN a.atthasdef THEN 'with a default' END) AS shape
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND a.attnum > 0 AND NOT a.attisdropped AND ${OF_APP}`

/** Those behind constraints are told with them, those of partitions with those of their table. */
const INDEXES = `SELECT i.indrelid::text AS of, CASE WHEN i.indisunique THEN 'unique index' ELSE 'index' END AS kind,
    format('%I.%I', n.nspname, c.relname) AS name, CASE WHEN NOT i.indisvalid THEN 'not valid' END AS flaw
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${OF_APP} AND NOT c.relispartition
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))`

const CONSTRAINTS = `SELECT k.conrelid::text AS of, quote_ident(k.conname) AS name,
    CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint' WHEN 'f' THEN 'foreign key' WHEN 'x' THEN 'exclusion constraint'
      ELSE 'check constraint' END AS kind,
    CASE WHEN k.oid IN (SELECT t.tgconstraint FROM pg_trigger t WHERE t.tgconstraint <> 0 AND t.tgenabled IN ('D', 'R')) THEN 'disabled'
      WHEN NOT k.convalidated THEN 'not validated'
      WHEN NOT i.indisvalid THEN 'not valid' END AS flaw
  FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
    LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
  WHERE k.contype IN ('p', 'u', 'f', 'x', 'c') AND k.conrelid <> 0 AND k.conparentid = 0 AND ${OF_APP}`

/** Those that a partition has from its table are told with that; 12 and older do not know them apart. */
const TRIGGERS = `SELECT t.tgrelid::text AS of, 'trigger' AS kind, quote_ident(t.tgname) AS name,
    CASE WHEN t.tgenabled IN ('D', 'R') THEN 'disabled' END AS flaw
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace 
  WHERE NOT t.tgisinternal AND coalesce(to_jsonb(t) ->> 'tgparentid', '0') = '0' AND ${OF_APP}`

const FUNCTIONS = `SELECT 'function' AS kind, p.oid::regprocedure::text AS name, md5(p.prosrc) AS shape,
    quote_ident(pg_get_userbyid(p.proowner)) AS owner, ${MAY('function', 'p.oid', ['EXECUTE'])} AS may
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${OF_APP} AND ${notOfExtension('pg_proc', 'p.oid')}`

/** Of the words of an enum each is a thing of its own: one of them may be missing. */
const TYPES = `SELECT * FROM (
    SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'type' END AS kind, format('%I.%I', n.nspname, t.typname) AS name,
      CASE t.typtype WHEN 'd' THEN concat_ws(' ', format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'NOT NULL' END) END AS shape
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd', 'r') AND ${OF_APP} AND ${notOfExtension('pg_type', 't.oid')}
    UNION ALL
    SELECT 'enum value', format('%L of %I.%I', e.enumlabel, n.nspname, t.typname), NULL
    FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE ${OF_APP} AND ${notOfExtension('pg_type', 't.oid')}) all_types`
