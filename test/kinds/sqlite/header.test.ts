import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HEADER_BYTES, isHeader, readHeader } from '../../../src/kinds/sqlite/header.ts'
import { walOf } from '../../../src/kinds/sqlite/sidecars.ts'

/** As SQLite 3.40.1 writes it for one table in two pages, with some fields set otherwise. */
function header(fields: Readonly<Record<number, readonly [value: number, bytes: 1 | 2 | 4]>> = {}): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes.write('SQLite format 3\0', 'latin1')
  const usual = {
    ...{ 16: [4096, 2], 18: [1, 1], 19: [1, 1], 21: [64, 1], 22: [32, 1], 23: [32, 1], 24: [2, 4], 28: [2, 4] },
    ...{ 40: [1, 4], 44: [4, 4], 56: [1, 4], 60: [7, 4], 92: [2, 4], 96: [3_040_001, 4] },
  }
  for (const [at, [value = 0, length = 1]] of Object.entries({ ...usual, ...fields })) bytes.writeUIntBE(value, Number(at), length)
  return bytes
}

describe('the header of a database', () => {
  test('is read as SQLite wrote it', () => {
    expect(readHeader(header())).toEqual({
      ...{ pageSize: 4096, mode: 'rollback', pages: 2, changes: 2, schemaCookie: 1, userVersion: 7, applicationId: 0 },
      ...{ encoding: 'UTF-8', version: '3.40.1' },
    })
  })

  test.each<readonly [string, Parameters<typeof header>[0], object]>([
    ['a page of 64 KiB is written as 1', { 16: [1, 2] }, { pageSize: 65_536 }],
    ['WAL mode', { 18: [2, 1], 19: [2, 1] }, { mode: 'wal' }],
    ['a count of pages that an older SQLite left behind does not count', { 92: [1, 4] }, { pages: null }],
    ['UTF-16', { 56: [3, 4] }, { encoding: 'UTF-16be' }],
    ['a user_version below zero', { 60: [0xffffffff, 4] }, { userVersion: -1 }],
    ['an SQLite that does not say its version', { 96: [0, 4] }, { version: null }],
  ])('%s', (_, fields, part) => {
    expect(readHeader(header(fields))).toMatchObject(part)
  })

  test.each<readonly [string, Parameters<typeof header>[0]]>([
    ['a page size that is no power of two', { 16: [4097, 2] }],
    ['a page size below 512', { 16: [256, 2] }],
    ['a format that nobody reads yet', { 19: [3, 1] }],
    ['other payload fractions', { 21: [65, 1] }],
    ['a text encoding that there is not', { 56: [4, 4] }],
  ])('%s is a broken one', (_, fields) => {
    expect(readHeader(header(fields))).toMatchObject({ code: 'broken-header' })
  })

  test.each([
    [Buffer.from('1f8b0800', 'hex'), 'gzip'],
    [Buffer.from('PK\x03\x04rest'), 'zip'],
    [Buffer.from('PGDMP\x01\x0e'), 'PostgreSQL'],
    [Buffer.from('version https://git-lfs.github.com/spec/v1\n'), 'Git LFS'],
    [Buffer.from('-- made by hand\nCREATE TABLE t (a);\n'), 'SQL text'],
    [Buffer.from('{"a":1}\n'), 'a text file'],
    [Buffer.alloc(100), 'zeros'],
    [Buffer.from(Array.from({ length: 100 }, (_, at) => (at * 151 + 7) % 251)), 'encrypted'],
    [Buffer.from('\x7fELF\x02\x01\x01\0'), 'another format'],
  ])('other files are told by how they begin (%#)', (bytes, what) => {
    const read = readHeader(bytes)
    expect(isHeader(read) ? '' : `${read.reason}; ${read.hint}`).toContain(what)
  })

  test('any bytes are a header or a stranger, and never anything else', () => {
    const start = fc.constantFrom('', 'SQLite format 3\0')
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 100 }), (begin, bytes) => {
        const read = readHeader(Buffer.concat([Buffer.from(begin), bytes]).subarray(0, HEADER_BYTES))
        expect(isHeader(read) || /^(not-a-database|broken-header)$/.test(read.code)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('any bytes of a log and its index are read, and never more pages than the log has room for', () => {
    const bytes = fc.uint8Array({ maxLength: 140 })
    fc.assert(
      fc.property(bytes, bytes, fc.nat(1_000_000), (wal, shm, size) => {
        const head = Buffer.concat([Buffer.from('377f0682', 'hex'), wal])
        const read = walOf(size, head, Buffer.from(shm), 4096)
        if (read !== null) expect(read.pending).toBeLessThanOrEqual(Math.max(0, Math.floor((size - 32) / 4120)))
      }),
      { numRuns: 1_000 },
    )
  })
})
