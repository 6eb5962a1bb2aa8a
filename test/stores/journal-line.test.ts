import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Entry } from '../../src/domain/operation.ts'
import {
  decodeEntry,
  decodeLine,
  decodeValues,
  encodeLine,
  encodeValues,
  LINE_BYTES_MIN,
  NewerLine,
} from '../../src/stores/journal-line.ts'
import { change, claimAt, closeAt, intentAt, plain } from '../support/files.ts'

const count = z.number().int().min(0).max(1e12)
const shown = z.object({
  key: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  how: z.string().optional(),
  kept: z.boolean().optional(),
})
const settled = z.enum(['yes', 'no', 'skipped'])
const stamped = { seq: count, by: z.object({ user: z.string(), host: z.string(), pid: count }), at: z.string() }
const close = { type: z.literal('close'), ...stamped, intent: count, release: count, why: z.string().optional() }

/** The journal's entries, said a second time by somebody else. */
const ENTRY = z.union([
  z.object({
    type: z.literal('intent'),
    ...stamped,
    verb: z.enum(['attach', 'detach', 'swap', 'rollback', 'undo']),
    values: z.string(),
    shown: z.array(shown),
    revertible: z.boolean(),
    edited: z.array(z.string()),
    undoes: count.optional(),
    backTo: count.optional(),
    message: z.string().optional(),
    allowed: z.array(z.string()).optional(),
    unprobed: z.boolean().optional(),
    unhooked: z.boolean().optional(),
  }),
  z.object({ type: z.literal('claim'), ...stamped, intent: count, undo: z.boolean(), landed: z.boolean() }),
  z.object({ ...close, verdict: z.enum(['committed', 'reverted']), settled }),
  z.object({ ...close, verdict: z.literal('aborted'), settled: settled.optional() }),
  z.object({ ...close, verdict: z.literal('kept'), found: z.array(shown) }),
])

/** What our decoder makes of fields under a valid sum. */
function decoded(fields: object): unknown {
  const { text } = encodeLine(fields, '')
  return decodeLine(Buffer.from(text.slice(0, -1)), decodeEntry)?.content ?? null
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'constructor', '\ud800', 'x\udc80y', '\u2028', '\u0000', '","sum":"', '}\n{"v":1', '\u001b]0;x\u0007', '‮'),
)
const wild = fc.oneof(
  hostile,
  fc.integer(),
  fc.double(),
  fc.constantFrom(null, true, false, -1, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '1', [], {}, [null], [[]], ['__proto__']),
)
const number = fc.nat({ max: 1e12 })
const side = fc.option(hostile)
const shownOf = fc.record({ key: hostile, from: side, to: side, how: hostile, kept: fc.boolean() }, { requiredKeys: ['key', 'from', 'to'] })
const stampOf = { seq: number, by: fc.record({ user: hostile, host: hostile, pid: number }), at: hostile }
const settledOf = fc.constantFrom('yes', 'no', 'skipped')
const closeOf = { type: fc.constant('close'), ...stampOf, intent: number, release: number }
const valid: fc.Arbitrary<object> = fc.oneof(
  fc.record(
    {
      type: fc.constant('intent'),
      ...stampOf,
      verb: fc.constantFrom('attach', 'detach', 'swap', 'rollback', 'undo'),
      values: hostile,
      shown: fc.array(shownOf, { maxLength: 3 }),
      revertible: fc.boolean(),
      edited: fc.array(hostile, { maxLength: 3 }),
      undoes: number,
      backTo: number,
      message: hostile,
      allowed: fc.array(hostile, { maxLength: 3 }),
      unprobed: fc.boolean(),
    },
    { requiredKeys: ['type', 'seq', 'by', 'at', 'verb', 'values', 'shown', 'revertible', 'edited'] },
  ),
  fc.record({ type: fc.constant('claim'), ...stampOf, intent: number, undo: fc.boolean(), landed: fc.boolean() }),
  fc.record({ ...closeOf, verdict: fc.constantFrom('committed', 'reverted'), settled: settledOf }),
  fc.record(
    { ...closeOf, verdict: fc.constant('aborted'), settled: settledOf },
    { requiredKeys: ['type', 'seq', 'by', 'at', 'intent', 'release', 'verdict'] },
  ),
  fc.record({ ...closeOf, verdict: fc.constant('kept'), found: fc.array(shownOf, { maxLength: 3 }) }),
)
/** A valid entry with one field replaced, taken away or added. */
const mangled = fc.tuple(valid, fc.nat(), wild, fc.boolean()).map(([entry, at, value, cut]) => {
  const names = [...Object.keys(entry), 'settled', 'found', 'message', 'extra']
  const name = names[at % names.length] ?? 'type'
  const rest = Object.entries(entry).filter(([key]) => key !== name)
  return Object.fromEntries(cut ? rest : [...rest, [name, value]])
})

describe('a line of the journal', () => {
  test('gives back the entry it was made of, whatever its words hold', () => {
    fc.assert(
      fc.property(valid, (entry) => {
        expect(decoded(entry)).toEqual(entry)
      }),
      { numRuns: 500 },
    )
  })

  test('is read exactly as the schema reads it: what one refuses, the other refuses too', () => {
    let refused = 0
    fc.assert(
      fc.property(fc.oneof(valid, mangled), (fields) => {
        const schema = ENTRY.safeParse(JSON.parse(JSON.stringify(fields)))
        if (!schema.success) refused += 1
        expect(decoded(fields)).toEqual(schema.success ? schema.data : null)
      }),
      { numRuns: 2_000 },
    )
    expect(refused).toBeGreaterThan(200)
  })

  test.each<[string, (entry: Record<string, unknown>) => object]>([
    ['a negative number', (entry) => ({ ...entry, seq: -1 })],
    ['a number too big to be exact', (entry) => ({ ...entry, release: 2 ** 53 })],
    ['half a number', (entry) => ({ ...entry, intent: 1.5 })],
    ['a verdict that nobody knows', (entry) => ({ ...entry, verdict: 'done' })],
    ['a type that nobody knows', (entry) => ({ ...entry, type: 'note' })],
    ['an actor that is a list', (entry) => ({ ...entry, by: [] })],
    ['an actor without a process', (entry) => ({ ...entry, by: { user: 'a', host: 'b' } })],
  ])('with %s is no entry', (_, change) => {
    expect(decoded(change({ ...closeAt(2, 1, 1) }))).toBeNull()
  })

  test('cannot reach the prototype of anything', () => {
    const text = JSON.stringify({ ...closeAt(2, 1, 1), extra: 1 }).replace('"extra":1', '"__proto__":{"seq":99,"polluted":true}')
    expect(decoded(JSON.parse(text))).toEqual(closeAt(2, 1, 1))
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('is one line, however many its words hold', () => {
    fc.assert(
      fc.property(valid, (entry) => {
        expect(encodeLine(entry, '').text.replace(/[^\n\r]/g, '')).toBe('\n')
      }),
    )
  })

  test('with any one byte changed is no line', () => {
    const line = Buffer.from(encodeLine(intentAt(7, { message: 'ünï \ud800' }), 'a'.repeat(32)).text.slice(0, -1))
    for (let at = 0; at < line.length; at += 1) {
      for (const flip of [0x01, 0x20, 0x80, 0xff]) {
        const bent = Buffer.from(line)
        bent.writeUInt8(bent.readUInt8(at) ^ flip, at)
        expect(decodeLine(bent, decodeEntry), `byte ${at} ^ ${flip}`).toBeNull()
      }
    }
  })

  test('is never shorter than what damage is measured by', () => {
    const by = { user: '', host: '', pid: 0 }
    const least: readonly Entry[] = [
      { ...claimAt(1, 1), by, at: '' },
      { ...closeAt(1, 1, 1, { verdict: 'aborted' }), by, at: '' },
      { ...closeAt(1, 1, 1, { verdict: 'kept', found: [] }), by, at: '' },
      { ...closeAt(1, 1, 1, { verdict: 'committed', settled: 'no' }), by, at: '' },
    ]
    for (const entry of least) expect(encodeLine(entry, 'a'.repeat(32)).text.length).toBeGreaterThanOrEqual(LINE_BYTES_MIN)
  })

  test('of a newer version is told from damage', () => {
    const line = (version: unknown): Buffer => {
      const { text } = encodeLine({ ...closeAt(2, 1, 1), v: version }, '')
      return Buffer.from(text.slice(0, -1))
    }
    expect(() => decodeLine(line(2), decodeEntry)).toThrow(NewerLine)
    for (const version of [0, -1, '2', null, {}]) expect(decodeLine(line(version), decodeEntry)).toBeNull()
    const bent = Buffer.from(line(1).toString().replace('"v":1', '"v":3'))
    expect(decodeLine(bent, decodeEntry), 'a flipped bit makes no newer version').toBeNull()
  })

  test.each([
    ['nothing', ''],
    ['a sum alone', `,"sum":"${'0'.repeat(32)}"}`],
    ['no JSON', '{"v":1,oops'],
    ['JSON that is no object', '[1'],
  ])('is no line: %s', (_, body) => {
    expect(decodeLine(Buffer.from(body), decodeEntry)).toBeNull()
    const { text } = encodeLine({}, '')
    expect(decodeLine(Buffer.from(`${body}${text.slice(-43, -1)}`), decodeEntry)).toBeNull()
  })
})

describe('the values of an operation', () => {
  test('come back as they were kept: every byte, lone surrogates too', () => {
    const value = fc.option(hostile)
    const changes = fc.array(fc.tuple(value, value, hostile), { maxLength: 4 })
    fc.assert(
      fc.property(number, hostile, changes, (seq, id, sides) => {
        const kept = sides.map(([before, after, key]) => change(before, after, key as ReturnType<typeof change>['key']))
        const text = encodeValues({ seq, id: id as ReturnType<typeof intentAt>['values'], changes: kept })
        const line = decodeLine(Buffer.from(text.slice(0, -1)), decodeValues)
        expect([line?.content.seq, line?.content.id, plain(line?.content.changes ?? [])]).toEqual([seq, id, plain(kept)])
      }),
      { numRuns: 500 },
    )
  })
})
