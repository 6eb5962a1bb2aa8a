import { AttachError } from '../../domain/errors.ts'
import type { Told } from '../../domain/survey.ts'
import { NetError } from '../../net/bounded.ts'
import { harmless } from '../../net/said.ts'
import type { SurveyContext } from '../../ports/kind.ts'
import type { Live } from './probe.ts'
import { ServerRefused } from './session.ts'

export type Row = Readonly<Record<string, unknown>>

/** More than any schema needs; a server that says more is not answered. */
const SURVEY_BYTES = 64 * 1024 * 1024
const LOCK_MS = 1_000
/** Nothing that somebody wrote into the database runs, and names read alike on both sides. */
const GUARDED = [
  'SET LOCAL row_security = off',
  // With it the planner works out the constant parts of CHECK constraints.
  'SET LOCAL constraint_exclusion = off',
  'SET LOCAL quote_all_identifiers = off',
  'SET LOCAL idle_in_transaction_session_timeout = 0',
]
/** What not every server can be told: to read no view, whatever takes the place of a table (since 12.20, 13.16, 14.13, 15.8 and 16.4), and to compile no question. */
const OPTIONAL = new Map([
  ['restrict_nonsystem_relation_kind', `SET LOCAL restrict_nonsystem_relation_kind = 'view, foreign-table'`],
  ['jit', 'SET LOCAL jit = off'],
])
const CAN = `SELECT name FROM pg_catalog.pg_settings WHERE name OPERATOR(pg_catalog.=) ANY (ARRAY['${[...OPTIONAL.keys()].join(`', '`)}']::pg_catalog.text[])`

/** Asks one session many questions: each read-only, in a transaction of its own, within its bound. What the server refuses is unknown. */
export class Questions {
  readonly #live: Live
  readonly #context: SurveyContext
  readonly #until: number
  #open = false
  /** What of `OPTIONAL` this server can be told. */
  #optional: readonly string[] | null = null

  constructor(live: Live, context: SurveyContext) {
    this.#live = live
    this.#context = context
    this.#until = context.now() + context.limits.totalMs
    live.session.line.allow(SURVEY_BYTES)
  }

  /** What the server told of itself at login. */
  get parameters(): ReadonlyMap<string, string> {
    return this.#live.session.parameters
  }

  /** The process that answers, as it was announced; another one than `pg_backend_pid()` is a pooler's. */
  get processId(): number | null {
    return this.#live.session.processId
  }

  /** Bytes left of the whole. One answer that is longer breaks the session. */
  get room(): number {
    return this.#live.session.line.room
  }

  /** Milliseconds left of the whole. */
  get left(): number {
    return this.#until - this.#context.now()
  }

  /**
   * The rows of one statement, read by `read`. Unknown: the server refused (with the reason), or the time was over. `read` may throw on rows that
   * are not what was asked for: that is unknown too. Names mean what the catalog says, and nothing that somebody put into the search_path of the
   * role is called instead; `own`: they mean what they mean to the app. Throws PROBE_FAILED when the session broke, INTERRUPTED.
   */
  async ask<T>(statement: string, read: (rows: readonly Row[]) => T, names: 'catalog' | 'own' = 'catalog'): Promise<Told<T>> {
    const { signal, limits } = this.#context
    const statementMs = Math.min(limits.statementMs, this.left)
    if (statementMs < 1) return { unknown: 'no time was left to ask' }
    const begin = (): readonly string[] => {
      const words = [
        ...(this.#open ? ['ROLLBACK'] : []),
        'BEGIN READ ONLY',
        `SET LOCAL statement_timeout = ${Math.ceil(statementMs)}`,
        `SET LOCAL lock_timeout = ${LOCK_MS}`,
      ]
      this.#open = true
      return words
    }
    // In one round trip. Not in the startup packet: PgBouncer refuses it there.
    const send = async (...words: readonly string[]): Promise<readonly Row[]> =>
      await this.#live.session.rows([...begin(), ...words].join('; '), { at: 'talk', ms: statementMs + 500, signal })
    try {
      this.#optional ??= (await send(CAN)).flatMap(({ name }) => OPTIONAL.get(String(name)) ?? [])
      const path = names === 'catalog' ? ['SET LOCAL search_path = pg_catalog, pg_temp'] : []
      return { is: read(await send(...path, ...GUARDED, ...this.#optional, statement)) }
    } catch (error) {
      if (error instanceof ServerRefused) return { unknown: this.#reason(error, statementMs) }
      if (error instanceof NetError && error.code === 'aborted')
        throw new AttachError('INTERRUPTED', 'interrupted before anything was changed', { hint: 'run the command again' })
      if (error instanceof NetError) throw broken(error)
      return { unknown: 'the answer is not what PostgreSQL would say' }
    }
  }

  /** Ends the transaction of the last question. */
  async end(): Promise<void> {
    if (this.#open) await this.#live.session.rows('ROLLBACK', { at: 'talk', ms: 1_000, signal: this.#context.signal }).catch(() => {})
    this.#open = false
  }

  #reason({ server: { code, message } }: ServerRefused, statementMs: number): string {
    switch (code) {
      case '42501':
        return `this role may not see it (${harmless(message, this.#live.secrets) ?? code})`
      case '57014':
        return `the server took longer than ${Math.round(statementMs / 100) / 10} s`
      case '55P03':
        return `somebody holds a lock on it for longer than ${LOCK_MS / 1_000} s`
      default:
        return `the server refused to tell (${code}: ${harmless(message, this.#live.secrets) ?? 'no reason'})`
    }
  }
}

const broken = ({ code }: NetError): AttachError =>
  new AttachError('PROBE_FAILED', `the session broke off while it was asked about its data (${code})`, { hint: 'attach probe' })
