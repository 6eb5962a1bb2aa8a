import { type Fresh, type Told, told } from '../../../../domain/survey.ts'
import { type Questions, quotedName, text } from '../questions.ts'

/** A smaller table is read in full when no index helps. */
const READ_BYTES = 32 * 1024 * 1024

/** The newest row, by the column that attach.yaml names. Times without a zone are taken for UTC. */
export async function newestOf(questions: Questions, fresh: Fresh | null, database: string | null): Promise<Told<string>> {
  if (fresh === null) return { unknown: 'attach.yaml names no column that tells' }
  const said = `${fresh.table}.${fresh.column}`
  const [table, schema] = fresh.table.split('.').reverse()
  if (table === undefined || (schema !== undefined && schema !== database))
    return { unknown: `${said} is not in the database of the handle` }
  if (/['\\]/.test(table + fresh.column)) return { unknown: `${said} is no name that is asked for` }
  const place = await questions.ask(
    `SELECT c.DATA_TYPE AS sort, t.DATA_LENGTH AS size, (SELECT COUNT(*) FROM information_schema.STATISTICS s WHERE s.TABLE_SCHEMA = c.TABLE_SCHEMA
      AND s.TABLE_NAME = c.TABLE_NAME AND s.COLUMN_NAME = c.COLUMN_NAME AND s.SEQ_IN_INDEX = 1) AS indexed
      FROM information_schema.COLUMNS c JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
      WHERE c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = '${table}' AND c.COLUMN_NAME = '${fresh.column}' AND t.TABLE_TYPE = 'BASE TABLE'`,
    ([row]) =>
      row === undefined ? null : { type: text(row, 'sort'), bytes: Number(row['size'] ?? 0), isIndexed: text(row, 'indexed') !== '0' },
  )
  if ('unknown' in place) return place
  const is = told(place)
  if (is === null) return { unknown: `there is no column ${said}` }
  if (!['datetime', 'timestamp', 'date'].includes(is.type)) return { unknown: `${said} is a ${is.type}, and no time` }
  if (!is.isIndexed && is.bytes > READ_BYTES) return { unknown: `no index begins with ${said}, and the table is too big to read in full` }
  const newest = await questions.ask(
    `SELECT CAST(MAX(${quotedName(fresh.column)}) AS CHAR) AS newest FROM ${quotedName(table)}`,
    ([row]) => row?.['newest'] ?? null,
  )
  if ('unknown' in newest) return newest
  const time =
    newest.is === null
      ? Number.NaN
      : Date.parse(`${newest.is.replace(' ', 'T').replace(/(\.\d{3})\d+$/, '$1')}${newest.is.includes(' ') ? 'Z' : ''}`)
  return Number.isNaN(time) ? { unknown: `${said} holds no time` } : { is: new Date(time).toISOString() }
}
