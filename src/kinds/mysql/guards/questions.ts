import type { Told } from '../../../domain/survey.ts'
import { harmless } from '../../../net/said.ts'
import type { SurveyContext } from '../../../ports/kind.ts'
import { Asking, Refused } from '../../asking.ts'
import { whyRefused } from '../failure.ts'
import type { Live } from '../probe.ts'
import { isMariaDb } from '../role.ts'
import { ServerRefused } from '../wire/greeting.ts'
import type { Row } from '../wire/session.ts'

/** More than any schema needs; a server that says more is not answered. */
const SURVEY_BYTES = 32 * 1024 * 1024
/** Longer lists are not compared; with it the server's answer has an end. */
export const ROWS_MAX = 50_000
const DENIED = [1044, 1045, 1142, 1143, 1227, 1370]
const SLOW = [1317, 1969, 3024]
const LOCKED = 1205

/** Asks one session many questions, none of which writes. What the server refuses is unknown. */
export class Questions {
  readonly asking: Asking
  readonly #live: Live
  readonly #statementMs: number

  constructor(live: Live, context: SurveyContext) {
    this.#live = live
    this.#statementMs = context.limits.statementMs
    this.asking = new Asking(context)
    live.session.allow(SURVEY_BYTES)
  }

  get live(): Live {
    return this.#live
  }

  /** The rows of one statement, read by `read`, which may throw on rows that are not what was asked for: that is unknown too. */
  async ask<T>(statement: string, read: (rows: readonly Row[]) => T): Promise<Told<T>> {
    return await this.asking.ask(async (exchange) => {
      try {
        return read(await this.#live.session.rows(statement, exchange))
      } catch (error) {
        throw error instanceof ServerRefused ? new Refused(this.#reason(error)) : error
      }
    })
  }

  /** One row each. Unknown when there are too many. */
  async list<T>(statement: string, read: (row: Row) => T): Promise<Told<T[]>> {
    const all = await this.ask(`${statement} LIMIT ${ROWS_MAX + 1}`, (rows) => rows.map(read))
    return 'is' in all && all.is.length > ROWS_MAX ? { unknown: `there are more than ${ROWS_MAX.toLocaleString('en-US')} of them` } : all
  }

  /**
   * From here on this session reads only, waits for no lock, ends what takes too long, and reads times as UTC. Statements are read in the usual
   * way, whatever the sql_mode of the app: what was asked before tells that. A proxy may refuse some of it.
   */
  async settle(): Promise<void> {
    const seconds = Math.max(1, Math.ceil(this.#statementMs / 1_000))
    const limit = isMariaDb(this.#live.product) ? `max_statement_time = ${seconds}` : `max_execution_time = ${seconds * 1_000}`
    const own = isMariaDb(this.#live.product) ? [] : ['SET SESSION information_schema_stats_expiry = 0'] // Else it would be written down.
    for (const statement of [
      'SET SESSION TRANSACTION READ ONLY',
      `SET SESSION ${limit}`,
      "SET SESSION lock_wait_timeout = 1, time_zone = '+00:00', sql_mode = ''",
      ...own,
    ])
      await this.ask(statement, () => null)
  }

  /** A text of the server, fit to be kept. */
  shown(text: string): string {
    return harmless(text, this.#live.secrets) ?? 'unknown'
  }

  #reason({ server }: ServerRefused): string {
    if (DENIED.includes(server.number)) return `this account may not see it (${server.number})`
    if (SLOW.includes(server.number)) return `the server took longer than ${this.#statementMs / 1_000} s`
    if (server.number === LOCKED) return 'somebody holds a lock on it for longer than 1 s'
    return `the server refused to tell: ${whyRefused(server, this.#live.secrets)}`
  }
}

/** A name in a statement. */
export const quotedName = (name: string): string => `\`${name.replaceAll('`', '``')}\``

/** What the server must say; anything else is not what MySQL would. */
export function text(row: Row, name: string): string {
  const value = row[name]
  if (typeof value !== 'string') throw new TypeError(`${name} is no text`)
  return value
}

export function whole(row: Row, name: string): number {
  const value = Number(text(row, name))
  if (!Number.isSafeInteger(value)) throw new TypeError(`${name} is no whole number`)
  return value
}

/** A whole number as text: it may be longer than ours. Null stays null. */
export function decimalOrNull(row: Row, name: string): string | null {
  const value = row[name] ?? null
  if (value !== null && !/^-?\d{1,40}$/.test(value)) throw new TypeError(`${name} is no whole number`)
  return value
}

/** A part of a statement that tells of one thing: `SELECT 3 AS place, …`. */
export interface Part {
  readonly place: number
  readonly sql: string
}

const CHUNK = 50

/** Asks the parts together, and one by one where one of them is refused: only that one is unknown. */
export async function askParts<T>(
  questions: Questions,
  parts: readonly Part[],
  read: (row: Row) => T,
): Promise<ReadonlyMap<number, Told<T>>> {
  const answers = new Map<number, Told<T>>()
  for (let from = 0; from < parts.length; from += CHUNK) await together(parts.slice(from, from + CHUNK))
  return answers

  async function together(some: readonly Part[]): Promise<void> {
    const told = await questions.ask(
      some.map(({ sql }) => `(${sql})`).join(' UNION ALL '),
      (rows) => new Map(rows.map((row) => [whole(row, 'place'), read(row)])),
    )
    if ('unknown' in told && some.length > 1 && questions.asking.left > 0) {
      for (const part of some) await together([part])
      return
    }
    for (const { place } of some) {
      const answer = 'is' in told ? told.is.get(place) : undefined
      answers.set(place, answer === undefined ? { unknown: 'unknown' in told ? told.unknown : 'it was not told' } : { is: answer })
    }
  }
}
