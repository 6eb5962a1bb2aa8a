import type { Told } from '../../../../../domain/survey.ts'
import type { Questions, Row } from '../../../questions.ts'

/** A schema `n` of the app, and none of the server. */
export const OF_APP = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`

/** What an extension brought along comes and goes with it. */
export const notOfExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = '${catalog}'::regclass AND x.objid = ${oid} AND x.deptype = 'e')`

/** What of these the role may do with it. */
export const MAY = (of: string, oid: string, words: readonly string[]): string =>
  `concat_ws(' ', ${words.map((word) => `CASE WHEN has_${of}_privilege(${oid}, '${word}') THEN '${word}' END`).join(', ')})`

/** A role as it can be typed; the one that asks is CURRENT_USER. */
export const ROLE = (oid: string): string =>
  `CASE WHEN ${oid} = 0 THEN 'PUBLIC' WHEN pg_get_userbyid(${oid}) = current_user THEN 'CURRENT_USER' ELSE quote_ident(pg_get_userbyid(${oid})) END`

/** More than one list of names is compared; with it the server's answer has an end. */
const ROWS_MAX = 50_000

/** What the protocol adds to a row, at most. */
const ROW_BYTES = 64
/** So many rows are asked for as they are, and none of them is expected to be longer than this. */
const FEW_ROWS = 10_000
const LONG_ROW_BYTES = 3_000

/**
 * One row each. Unknown when there are too many of them, or when they would take more than half of what may still be told: then the server tells
 * none of them, and there is room for other lists.
 */
export async function list<T>(questions: Questions, statement: string, read: (row: Row) => T): Promise<Told<T[]>> {
  const few = Math.min(FEW_ROWS, Math.floor(questions.room / 2 / LONG_ROW_BYTES))
  const all = await questions.ask(`${statement} LIMIT ${few + 1}`, (rows) => (rows.length > few ? null : rows.map(read)))
  if ('unknown' in all) return all
  return all.is === null ? measured(questions, statement, read) : { is: all.is }
}

async function measured<T>(questions: Questions, statement: string, read: (row: Row) => T): Promise<Told<T[]>> {
  const most = Math.floor(questions.room / 2)
  const all = await questions.ask(
    `SELECT * FROM (SELECT s.*, (sum(pg_column_size(s) + ${ROW_BYTES}) OVER ())::text AS answer_bytes, row_number() OVER () AS answer_place
      FROM (${statement} LIMIT ${ROWS_MAX + 1}) s) sized WHERE answer_bytes::bigint <= ${most} OR answer_place = 1`,
    ([first, ...others]) => {
      if (first === undefined) return []
      return whole(first, 'answer_bytes') > most ? null : [first, ...others].map(read)
    },
  )
  if ('unknown' in all) return all
  if (all.is === null) return { unknown: 'there is more of it than a survey holds' }
  return all.is.length > ROWS_MAX ? { unknown: `there are more than ${ROWS_MAX.toLocaleString('en-US')} of them` } : { is: all.is }
}

/** A part of a statement that tells of one thing. Its row names the thing: `SELECT '16384' AS oid, …`. */
export interface Part {
  readonly oid: string
  readonly sql: string
}

/** Planning grows faster than the number of parts. */
const CHUNK = 50

/**
 * Asks the parts together, and one by one where one of them is refused: only that one is unknown. `left`: milliseconds that are left of the
 * whole when no more is asked.
 */
export async function askParts<T>(
  questions: Questions,
  parts: readonly Part[],
  read: (row: Row) => T,
  left = 0,
): Promise<ReadonlyMap<string, Told<T>>> {
  const answers = new Map<string, Told<T>>()
  for (let from = 0; from < parts.length; from += CHUNK) await together(parts.slice(from, from + CHUNK))
  return answers

  async function together(some: readonly Part[]): Promise<void> {
    const told: Told<ReadonlyMap<string, T>> =
      questions.left < left
        ? { unknown: 'no time was left to ask' }
        : await questions.ask(
            some.map(({ sql }) => sql).join(' UNION ALL '),
            (rows) => new Map(rows.map((row) => [text(row, 'oid'), read(row)])),
          )
    if ('unknown' in told && some.length > 1 && questions.left > left) {
      for (const part of some) await together([part])
      return
    }
    for (const { oid } of some) {
      const answer = 'is' in told ? told.is.get(oid) : undefined
      answers.set(oid, answer === undefined ? { unknown: 'unknown' in told ? told.unknown : 'it was not told' } : { is: answer })
    }
  }
}

/** What the server must say; anything else is not what PostgreSQL would. */
export function text(row: Row, name: string): string {
  const value = row[name]
  if (typeof value !== 'string') throw new TypeError(`${name} is no text`)
  return value
}

/** A whole number as text: it may be longer than ours. */
export function decimal(row: Row, name: string): string {
  const value = text(row, name)
  if (!/^-?\d{1,40}$/.test(value)) throw new TypeError(`${name} is no whole number`)
  return value
}

export const textOrNull = (row: Row, name: string): string | null => (row[name] === null ? null : text(row, name))

export function flag(row: Row, name: string): boolean {
  const value = row[name]
  if (typeof value !== 'boolean') throw new TypeError(`${name} is no boolean`)
  return value
}

export function whole(row: Row, name: string): number {
  const value = Number(text(row, name))
  if (!Number.isSafeInteger(value)) throw new TypeError(`${name} is no whole number`)
  return value
}
