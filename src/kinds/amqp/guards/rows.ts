import { createHash } from 'node:crypto'
import type { Secret } from '../../../domain/secret.ts'
import { harmless } from '../../../net/said.ts'
import type { AmqpFacts } from './facts.ts'

/** More rows than these are not compared. */
const ROWS_MAX = 5_000

/** One object of an answer of the management API. */
type Row = Readonly<Record<string, unknown>>

/** Reads what the management API answers. Throws on what is no such answer. */
export class Rows {
  readonly #secrets: readonly Secret[]

  constructor(secrets: readonly Secret[]) {
    this.#secrets = secrets
  }

  /** Queues that outlive their connection. */
  queues(answer: unknown): readonly QueueRow[] {
    return rowsOf(answer)
      .filter((row) => row['exclusive'] !== true && row['owner_pid_details'] === undefined)
      .map((row) => ({
        raw: text(row, 'name'),
        name: this.#shown(text(row, 'name')),
        isDurable: row['durable'] === true && row['auto_delete'] !== true,
        type: typeof row['type'] === 'string' ? this.#shown(row['type']) : 'classic',
        arguments: this.#flat(row['arguments'] ?? {}),
        ready: countOf(row['messages_ready']),
        unacked: countOf(row['messages_unacknowledged']),
        consumers: countOf(row['consumers']),
      }))
  }

  /** Those that somebody made, and that stay. */
  exchanges(answer: unknown): readonly ExchangeRow[] {
    return rowsOf(answer)
      .filter((row) => row['durable'] === true && row['auto_delete'] !== true && !/^$|^amq\./.test(text(row, 'name')))
      .map((row) => ({
        raw: text(row, 'name'),
        name: this.#shown(text(row, 'name')),
        type: this.#shown(text(row, 'type')),
        arguments: this.#flat(row['arguments'] ?? {}),
      }))
  }

  /** Those between things that stay: the default exchange is bound to every queue by itself. */
  bindings(answer: unknown, lasting: { readonly queue: ReadonlySet<string>; readonly exchange: ReadonlySet<string> }): readonly string[] {
    const stays = (name: string): boolean => lasting.exchange.has(name) || name.startsWith('amq.')
    return rowsOf(answer)
      .filter((row) => {
        const [source, destination] = [text(row, 'source'), text(row, 'destination')]
        return stays(source) && (row['destination_type'] === 'queue' ? lasting.queue.has(destination) : stays(destination))
      })
      .map((row) => {
        const key = text(row, 'routing_key')
        const by = `${key === '' ? '' : ` by ${key}`}${isEmpty(row['arguments']) ? '' : ` ${canonical(row['arguments'])}`}`
        return this.#shown(`${text(row, 'source')} to ${text(row, 'destination_type')} ${text(row, 'destination')}${by}`)
      })
  }

  policies(answer: unknown): readonly string[] {
    return rowsOf(answer).map((row) =>
      this.#shown(
        `${text(row, 'name')}: ${text(row, 'apply-to')} ${text(row, 'pattern')} ${canonical(row['definition'] ?? {})} ${row['priority'] ?? 0}`,
      ),
    )
  }

  vhostLimits(answer: unknown): { readonly connections: number | null; readonly queues: number | null } {
    const value = rowsOf(answer)[0]?.['value']
    const limits = isRow(value) ? value : {}
    return { connections: countOf(limits['max-connections']), queues: countOf(limits['max-queues']) }
  }

  /** Throws where the user has none in this vhost: nothing is known then. */
  patterns(answer: unknown, vhost: string): Extract<AmqpFacts['access']['patterns'], { readonly is: unknown }>['is'] {
    const row = rowsOf(answer).find((each) => each['vhost'] === vhost)
    if (row === undefined) throw new Error('no permissions in this vhost')
    return { configure: this.#shown(text(row, 'configure')), write: this.#shown(text(row, 'write')), read: this.#shown(text(row, 'read')) }
  }

  clusterId(answer: unknown): string {
    return this.#shown(text(rowsOf(answer).find((row) => row['name'] === 'internal_cluster_id') ?? {}, 'value'))
  }

  #flat(value: unknown): string {
    return isEmpty(value) ? '' : this.#shown(canonical(value))
  }

  /** What would be cut off still tells two apart. */
  #shown(name: string): string {
    const whole =
      name.length <= SHOWN_MAX ? name : `${name.slice(0, SHOWN_MAX)}… ${createHash('sha256').update(name).digest('hex').slice(0, 16)}`
    return name === '' ? '' : (harmless(whole, this.#secrets) ?? 'a name that cannot be shown')
  }
}

const SHOWN_MAX = 150

export interface ExchangeRow {
  /** As it is asked for. */
  readonly raw: string
  readonly name: string
  readonly type: string
  readonly arguments: string
}

export interface QueueRow extends ExchangeRow {
  readonly isDurable: boolean
  /** Null: not counted yet. */
  readonly ready: number | null
  readonly unacked: number | null
  readonly consumers: number | null
}

function rowsOf(answer: unknown): readonly Row[] {
  if (!Array.isArray(answer) || !answer.every(isRow)) throw new Error('no list')
  if (answer.length > ROWS_MAX) throw new Error('too many')
  return answer
}

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)

const isEmpty = (value: unknown): boolean => !isRow(value) || Object.keys(value).length === 0

function text(row: Row, name: string): string {
  const value = row[name]
  if (typeof value !== 'string') throw new Error(`no ${name}`)
  return value
}

const countOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null)

/** JSON whose keys stand in order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isRow(value)) return JSON.stringify(value) ?? 'null'
  const fields = Object.keys(value).sort()
  return `{${fields.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`
}
