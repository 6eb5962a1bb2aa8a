import { createHash } from 'node:crypto'
import type { Change, Key } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import {
  type Actor,
  type Close,
  type Entry,
  type Intent,
  type Settled,
  type Shown,
  type ValuesId,
  VERBS,
  type Verb,
} from '../domain/operation.ts'
import { Secret } from '../domain/secret.ts'

/**
 * The version of the lines this program writes and knows. The frame of a line (`{"v":`, the sum at its end and what it covers) is the same
 * in every version to come: so damage is told from a newer version.
 */
const VERSION = 1

/** No line of an entry is shorter, in bytes: damage of so many bytes cannot hold more lines than this allows. */
export const LINE_BYTES_MIN = 180

/** A line that is whole, but written by a newer attach. */
export class NewerLine extends Error {}

export interface Line<T> {
  readonly content: T
  /** The checksum of the line before: the lines are a chain. */
  readonly previous: string
  readonly sum: string
}

/** One line of JSON: `{"v":1,"prev":…, content …,"sum":…}` and a line feed. The sum covers everything before it. */
export function encodeLine(content: object, previous: string): { readonly text: string; readonly sum: string } {
  const body = JSON.stringify({ v: VERSION, prev: previous, ...content }).slice(0, -1)
  const sum = sumOf(body)
  return { text: `${body},"sum":"${sum}"}\n`, sum }
}

/** Null when the line is not whole. Throws NewerLine. `line` has no line feed. The sum is of the bytes as they stand, before anything reads them. */
export function decodeLine<T>(line: Buffer, decode: (fields: Fields) => T): Line<T> | null {
  const end = line.length - SEAL_BYTES
  if (end <= 0) return null
  const sum = /^,"sum":"([0-9a-f]{32})"\}$/.exec(line.toString('latin1', end))?.[1]
  const body = line.subarray(0, end)
  if (sum === undefined || sumOf(body) !== sum) return null
  const fields = parsed(`${body.toString('utf8')}}`)
  const version = fields?.['v']
  if (fields === null || typeof version !== 'number' || version < VERSION) return null
  if (version > VERSION) throw new NewerLine(`format ${version}`)
  try {
    return { content: decode(fields), previous: textOf(fields['prev']), sum }
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}

/** `,"sum":"` 32 digits `"}` */
const SEAL_BYTES = 42

const sumOf = (body: string | Buffer): string => createHash('sha256').update(body).digest('hex').slice(0, 32)

function parsed(text: string): Fields | null {
  try {
    return fieldsOf(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** What is not an entry, though its checksum holds. */
class Malformed extends Error {}

export type Fields = Readonly<Record<string, unknown>>

export function decodeEntry(fields: Fields): Entry {
  const stamped = { seq: count(fields['seq']), by: actor(fields['by']), at: textOf(fields['at']) }
  switch (fields['type']) {
    case 'intent':
      return { type: 'intent', ...stamped, ...intent(fields) }
    case 'claim':
      return { type: 'claim', ...stamped, intent: count(fields['intent']), undo: flag(fields['undo']), landed: flag(fields['landed']) }
    case 'close':
      return close(fields, stamped)
    default:
      throw new Malformed('type')
  }
}

export interface KeptValues {
  readonly seq: number
  readonly id: ValuesId
  readonly changes: readonly Change[]
}

export const encodeValues = ({ seq, id, changes }: KeptValues): string => {
  const plain = changes.map(({ key, before, after }) => ({ key, before: before?.reveal() ?? null, after: after?.reveal() ?? null }))
  return encodeLine({ seq, id, changes: plain }, '').text
}

export function decodeValues(fields: Fields): KeptValues {
  const value = (plain: unknown): Secret | null => (plain === null ? null : new Secret(textOf(plain)))
  const change = (fields: Fields): Change => ({ key: key(fields['key']), before: value(fields['before']), after: value(fields['after']) })
  return { seq: count(fields['seq']), id: textOf(fields['id']) as ValuesId, changes: list(fields['changes'], change) }
}

export const newer = (): AttachError =>
  new AttachError('DAMAGED', 'the journal was written by a newer attach; nothing was changed', { hint: 'install the newest attach' })

function intent(fields: Fields): Omit<Intent, 'type' | 'seq' | 'by' | 'at'> {
  return {
    verb: verb(fields['verb']),
    values: textOf(fields['values']) as ValuesId,
    shown: list(fields['shown'], shown),
    revertible: flag(fields['revertible']),
    edited: texts(fields['edited']).map(key),
    ...optional('undoes', fields, count),
    ...optional('backTo', fields, count),
    ...optional('message', fields, textOf),
    ...optional('allowed', fields, texts),
    ...optional('unprobed', fields, flag),
    ...optional('unhooked', fields, flag),
  }
}

function close(fields: Fields, stamped: Pick<Close, 'seq' | 'by' | 'at'>): Close {
  const named = { intent: count(fields['intent']), release: count(fields['release']), ...optional('why', fields, textOf) }
  const common = { type: 'close', ...stamped, ...named } as const
  switch (fields['verdict']) {
    case 'committed':
    case 'reverted':
      return { ...common, verdict: fields['verdict'], settled: settled(fields['settled']) }
    case 'aborted':
      return { ...common, verdict: 'aborted', ...optional('settled', fields, settled) }
    case 'kept':
      return { ...common, verdict: 'kept', found: list(fields['found'], shown) }
    default:
      throw new Malformed('verdict')
  }
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : null
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new Malformed('text')
  return value
}

/** Beyond any journal: a number near the end of what can be counted is forged. */
const COUNT_MAX = 1e12

function count(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > COUNT_MAX) throw new Malformed('count')
  return value
}

function flag(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Malformed('flag')
  return value
}

function list<T>(value: unknown, item: (fields: Fields) => T): readonly T[] {
  if (!Array.isArray(value)) throw new Malformed('list')
  return value.map((one: unknown) => {
    const fields = fieldsOf(one)
    if (fields === null) throw new Malformed('item')
    return item(fields)
  })
}

function texts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new Malformed('texts')
  return value.map(textOf)
}

const key = (value: unknown): Key => textOf(value) as Key

const shown = (fields: Fields): Shown => {
  const side = (value: unknown): string | null => (value === null ? null : textOf(value))
  return {
    key: key(fields['key']),
    from: side(fields['from']),
    to: side(fields['to']),
    ...optional('how', fields, textOf),
    ...optional('kept', fields, flag),
  }
}

const actor = (value: unknown): Actor => {
  const fields = fieldsOf(value)
  if (fields === null) throw new Malformed('actor')
  return { user: textOf(fields['user']), host: textOf(fields['host']), pid: count(fields['pid']) }
}

function verb(value: unknown): Verb {
  const found = VERBS.find((one) => one === value)
  if (found === undefined) throw new Malformed('verb')
  return found
}

const SETTLED: readonly Settled[] = ['yes', 'no', 'skipped']
function settled(value: unknown): Settled {
  const found = SETTLED.find((one) => one === value)
  if (found === undefined) throw new Malformed('settled')
  return found
}

function optional<N extends string, T>(name: N, fields: Fields, decode: (value: unknown) => T): { readonly [name in N]?: T } {
  const value = fields[name]
  if (value === undefined) return {}
  const present: { [name in N]?: T } = {}
  present[name] = decode(value)
  return present
}
