import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import sqlite from '../../../src/kinds/sqlite/sqlite.ts'
import type { HandleParts } from '../../../src/ports/kind.ts'

const parsed = (handle: string) => sqlite.parse(new Secret(handle))
const remarks = (handle: string) => sqlite.remarks(parsed(handle)).map(({ id, status }) => `${id} ${status}`)

describe('a path that two readers take for two files is remarked on', () => {
  test.each([
    ['sqlite:////srv/x.db', []],
    ['sqlite:/srv/x.db', []],
    ['sqlite3:///srv/x.db', []],
    ['file:///srv/x.db', []],
    ['file:/srv/a%20b.db', []],
    ['file:./dev.db', ['sqlite.relative warn']],
    ['sqlite3:db/x.sqlite3', ['sqlite.relative warn']],
    ['sqlite:x.db', ['sqlite.relative warn']],
    ['sqlite:///x.db', ['sqlite.relative warn', 'sqlite.reader_differs warn']],
    ['sqlite://x.db', ['sqlite.relative warn', 'sqlite.reader_differs warn']],
    ['sqlite:////srv/a%20b.db', ['sqlite.reader_differs warn']],
    ['sqlite:/srv/x.db?mode=ro&mode=rw&zoom=1', ['handle.repeated_key warn', 'handle.unknown_key warn']],
  ])('%s', (handle, ids) => {
    expect(remarks(handle)).toEqual(ids)
  })

  test('a relative path is told as it is read here, and where it is read from', () => {
    const [finding] = sqlite.remarks(parsed('sqlite:db/x.db'))
    expect(finding?.detail).toBe(
      `a relative path: it is ${resolve('db/x.db')} from the directory where attach runs, and may be another file for the app`,
    )
  })
})

describe('what a handle says beside where it leads', () => {
  test('parameters are told as they stand; of one that nobody knows only the name', () => {
    const { parameters, defaultCredentials } = sqlite.traits(parsed('file:/srv/x.db?cache=shared&key=s3cret-of-cipher'))
    expect([...parameters]).toEqual([
      ['cache', 'shared'],
      ['key', '…'],
    ])
    expect(defaultCredentials).toBeNull()
  })
})

describe('replacing parts', () => {
  test.each<readonly [string, HandleParts, string]>([
    ['sqlite:////srv/old.db?timeout=5', { name: '/srv/new.db' }, 'sqlite:////srv/new.db?timeout=5'],
    ['sqlite:///old.db', { name: 'db/new one.db' }, 'sqlite:///db/new%20one.db'],
    ['sqlite://old.db', { name: 'new.db' }, 'sqlite:///new.db'],
    ['sqlite3:db/old.sqlite3', { name: '/srv/new.sqlite3' }, 'sqlite3:/srv/new.sqlite3'],
    ['sqlite3:///srv/old.sqlite3', { name: '/srv/new.sqlite3' }, 'sqlite3:///srv/new.sqlite3'],
    ['FILE:./dev.db?mode=rw', { name: './next.db' }, 'FILE:./next.db?mode=rw'],
    ['file:///srv/old.db', { name: '/srv/new.db' }, 'file:///srv/new.db'],
  ])('%s with another name keeps every other byte', (before, parts, after) => {
    const next = sqlite.replaceParts(new Secret(before), parts)
    expect(next.reveal()).toBe(after)
    expect(sqlite.identify(sqlite.parse(next)).host).toBe(resolve(parts.name ?? ''))
  })

  test.each<readonly [string, HandleParts]>([
    ['sqlite:x.db', { host: 'h' }],
    ['sqlite:x.db', { port: '1' }],
    ['sqlite:x.db', { user: 'u' }],
    ['sqlite:x.db', { password: new Secret('p') }],
    ['sqlite:x.db', { name: ':memory:' }],
    ['file:///srv/x.db', { name: 'y.db' }],
  ])('what a file does not have, or would not be a file any more, is HANDLE_INVALID (%#)', (before, parts) => {
    expect(() => sqlite.replaceParts(new Secret(before), parts)).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
  })
})

test('what no variable can say is HANDLE_INVALID', () => {
  for (const handle of ['sqlite:/srv/x.db?mode=ro', 'file:x.db?cache=shared'])
    expect(() => sqlite.decompose?.(new Secret(handle))).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
  expect(() => sqlite.compose?.(new Map())).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
})
