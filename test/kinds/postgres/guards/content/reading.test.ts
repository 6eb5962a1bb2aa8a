import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareEmptiness, compareSizes, pairsOf } from '../../../../../src/kinds/postgres/guards/content/compare/rows.ts'
import { planReading } from '../../../../../src/kinds/postgres/guards/content/survey/reading.ts'
import { PAGE_BYTES, type Store, type Table } from '../../../../../src/kinds/postgres/guards/content/survey/tables.ts'

const store = (pages: number, more: Partial<Store> = {}): Store => ({
  oid: '1',
  name: 'public.t',
  sort: 'table',
  holds: 'rows',
  persistence: 'permanent',
  bytes: pages * PAGE_BYTES,
  lost: false,
  barred: null,
  estimate: null,
  analysed: true,
  ...more,
})

describe('which tables are read', () => {
  test('small ones are counted, the biggest of the rest are sampled, and what may not be read is left alone', () => {
    const [small, big, huge, shut] = [store(10), store(1_000), store(100_000), store(5, { barred: 'this role may not read it' })]
    expect(planReading([huge, shut, big, small])).toEqual({ counted: [small], sampled: [huge, big] })
  })

  test('however many there are, and however big: what is read has an end', () => {
    const sizes = fc.array(fc.oneof(fc.nat(600), fc.nat(1_000_000)), { maxLength: 3_000 })
    fc.assert(
      fc.property(sizes, (pages) => {
        const { counted, sampled } = planReading(pages.map((each) => store(each)))
        expect(counted.reduce((all, { bytes }) => all + bytes, 0)).toBeLessThanOrEqual(16_384 * PAGE_BYTES)
        expect(sampled.length).toBeLessThanOrEqual(32)
        expect(Math.max(0, ...counted.map(({ bytes }) => bytes))).toBeLessThanOrEqual(512 * PAGE_BYTES)
      }),
      { numRuns: 30 },
    )
  })
})

type Rows = Extract<Table['rows'], { is: unknown }>['is']
const table = (count: number | null, by: Rows['by'] = 'count', bytes = 1_000_000): Table => ({
  name: 'public.t',
  persistence: 'permanent',
  bytes,
  rows: count === null ? { unknown: 'this role may not read it' } : { is: { count, by } },
  analysed: true,
})
const sizes = (was: Table, is: Table) => compareSizes(pairsOf([was], [is])).status
const emptiness = (was: Table, is: Table) => compareEmptiness(pairsOf([was], [is])).status

describe('whether a table has shrunken', () => {
  test('counted rows speak for themselves, whatever the bytes say', () => {
    expect(sizes(table(1_000), table(1_000, 'count', 1_000))).toBe('pass')
    expect(sizes(table(1_000), table(501))).toBe('pass')
    expect(sizes(table(1_000), table(500))).toBe('fail')
    expect(sizes(table(10), table(5))).toBe('fail')
    expect(sizes(table(9), table(4)), 'of a few rows it is a warning').toBe('warn')
    expect(sizes(table(1), table(1))).toBe('pass')
  })

  test('a sample may be some way off, and half of the rows are found all the same', () => {
    expect(sizes(table(100_000, 'sample'), table(75_000, 'sample'))).toBe('pass')
    expect(sizes(table(100_000, 'sample'), table(55_000, 'sample'))).toBe('fail')
    expect(sizes(table(100_000, 'sample'), table(62_000, 'sample'))).toBe('pass')
    expect(sizes(table(100_000, 'sample'), table(50_000))).toBe('fail')
  })

  test('what the server last heard counts only where the bytes say the same', () => {
    expect(sizes(table(100_000, 'statistics'), table(50_000, 'statistics'))).toBe('pass')
    expect(sizes(table(100_000, 'statistics'), table(50_000, 'statistics', 500_000))).toBe('fail')
    expect(sizes(table(100_000, 'statistics'), table(99_000, 'statistics', 500_000)), 'the old one is bloated').toBe('pass')
  })

  test('what is not known on either side is unknown, never a pass', () => {
    expect(sizes(table(null), table(10))).toBe('unknown')
    expect(sizes(table(10), table(null))).toBe('unknown')
  })
})

describe('whether a table is empty', () => {
  test('where there were rows', () => {
    expect(emptiness(table(1), table(0))).toBe('fail')
    expect(emptiness(table(1), table(1))).toBe('pass')
    expect(emptiness(table(0), table(0))).toBe('pass')
    expect(emptiness(table(0), table(null)), 'nothing was there to lose').toBe('pass')
    expect(emptiness(table(1), table(null))).toBe('unknown')
    expect(emptiness(table(null), table(0)), 'it may have been full').toBe('unknown')
    expect(emptiness(table(null), table(5)), 'it is not empty, whatever was').toBe('pass')
  })
})
