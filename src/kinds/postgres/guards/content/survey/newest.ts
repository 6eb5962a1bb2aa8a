import type { Fresh, Told } from '../../../../../domain/survey.ts'
import type { Questions } from '../../../questions.ts'
import { literal } from '../../server/words.ts'
import { flag, OF_APP, text, whole } from './asking.ts'
import type { ForeignCode } from './foreign-code.ts'
import { PAGE_BYTES } from './tables.ts'

/** A smaller table is read in full when no index helps. */
const READ_BYTES = 4_096 * PAGE_BYTES

/** The newest row, by the column that attach.yaml names. Times without a zone are taken for UTC. */
export async function newestOf(questions: Questions, fresh: Fresh | null, foreign: ForeignCode): Promise<Told<string>> {
  if (fresh === null) return { unknown: 'attach.yaml names no column that tells' }
  const path = await questions.ask(
    'SELECT pg_catalog.current_schemas(false)::pg_catalog.text[] AS path',
    ([row = {}]) => {
      const schemas: unknown = row['path']
      return Array.isArray(schemas) ? schemas.filter((schema) => typeof schema === 'string') : []
    },
    'own',
  )
  if ('unknown' in path) return path
  const places = await questions.ask(placesOf(fresh, path.is), (rows) =>
    rows.map((row) => ({
      foreign: foreign(text(row, 'oid')),
      table: text(row, 'name'),
      column: text(row, 'column'),
      type: text(row, 'type'),
      readable: flag(row, 'readable'),
      filtered: flag(row, 'filtered'),
      indexed: flag(row, 'indexed'),
      bytes: whole(row, 'bytes'),
    })),
  )
  if ('unknown' in places) return places
  const [place, other] = places.is
  const said = `${fresh.table}.${fresh.column}`
  if (place === undefined) return { unknown: `there is no column ${said}` }
  if (other !== undefined) return { unknown: `${said} may be of ${place.table} or ${other.table}: name its schema` }
  const { table, column, type, readable, filtered, indexed, bytes } = place
  if (type === 'other') return { unknown: `${said} is no time` }
  if (!readable) return { unknown: `this role may not read ${said}` }
  if (filtered) return { unknown: `row security hides rows of ${table}` }
  if (place.foreign !== null) return { unknown: `${table}: ${place.foreign}` }
  if (!indexed && bytes > READ_BYTES) return { unknown: `no index begins with ${said}, and the table is too big to be read` }
  const utc = type === 'timestamptz' ? `max(${column}) AT TIME ZONE 'UTC'` : `max(${column})::timestamp`
  const told = await questions.ask(
    `SELECT to_char(${utc}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS newest FROM ${table} WHERE ${column} < 'infinity'`,
    ([row = {}]) => (row['newest'] === null ? null : text(row, 'newest')),
  )
  if ('unknown' in told) return told
  if (told.is === null) return { unknown: `${table} has no rows` }
  return Number.isNaN(Date.parse(told.is)) ? { unknown: `the newest ${said} is no time of ours` } : { is: told.is }
}

/** `orders` is what the role's search_path finds first; `shop.orders` stands in its schema. */
const placesOf = ({ table, column }: Fresh, path: readonly string[]): string => {
  const wanted = literal(table)
  return `SELECT c.oid::text AS oid, format('%I.%I', n.nspname, c.relname) AS name, quote_ident(a.attname) AS column,
      CASE a.atttypid WHEN 1184 THEN 'timestamptz' WHEN 1114 THEN 'timestamp' WHEN 1082 THEN 'date' ELSE 'other' END AS type,
      has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable, row_security_active(c.oid) AS filtered,
      EXISTS (SELECT FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum
        AND i.indisvalid AND i.indpred IS NULL AND ic.relam = (SELECT oid FROM pg_am WHERE amname = 'btree')) AS indexed,
      CASE c.relkind WHEN 'r' THEN pg_relation_size(c.oid) ELSE ${Number.MAX_SAFE_INTEGER} END::text AS bytes
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = ${literal(column)} AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND ${OF_APP} AND (n.nspname || '.' || c.relname = ${wanted} OR c.oid = (
      SELECT v.oid FROM unnest(ARRAY[${path.map(literal).join(', ')}]::text[]) WITH ORDINALITY AS p (schema, place)
        JOIN pg_namespace s ON s.nspname = p.schema JOIN pg_class v ON v.relnamespace = s.oid AND v.relname = ${wanted} ORDER BY p.place LIMIT 1))
    LIMIT 2`
}
