import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { vi } from 'vitest'
import sqlite from '../../../src/kinds/sqlite/sqlite.ts'
import { describeFileKind } from '../../conformance/kind.ts'
import { haveSqlite, rows, sqliteFolder } from '../../support/sqlite.ts'

vi.setConfig({ testTimeout: 20_000 })
const here = (name: string): string => resolve(name)

describeFileKind({
  kind: sqlite,
  valid: [
    ['sqlite:data.db', { host: here('data.db'), scheme: 'sqlite', tls: 'disable' }],
    ['sqlite:./db/../data.db', { host: here('data.db') }],
    ['sqlite:/srv/data.db', { host: '/srv/data.db' }],
    ['sqlite://data.db', { host: here('data.db') }],
    ['sqlite://db/data.db', { host: here('db/data.db') }],
    ['sqlite:///data.db', { host: here('data.db') }],
    ['sqlite:///db/data.db', { host: here('db/data.db') }],
    ['sqlite:////srv/data.db', { host: '/srv/data.db' }],
    ['SQLITE:////srv//data.db', { host: '/srv/data.db', scheme: 'sqlite' }],
    ['sqlite+aiosqlite:////srv/data.db', { host: '/srv/data.db' }],
    ['sqlite+pysqlite:///data.db?timeout=10', { host: here('data.db') }],
    ['spatialite:////srv/geo.db', { host: '/srv/geo.db' }],
    ['sqlite3:db/production.sqlite3', { host: here('db/production.sqlite3') }],
    ['sqlite3:/srv/data.sqlite3', { host: '/srv/data.sqlite3' }],
    ['sqlite3:///srv/data.sqlite3', { host: '/srv/data.sqlite3' }],
    ['file:./dev.db', { host: here('dev.db'), scheme: 'file' }],
    ['file:dev.db?connection_limit=1', { host: here('dev.db') }],
    ['file:/srv/data.db?mode=ro&cache=shared', { host: '/srv/data.db' }],
    ['file:///srv/data.db', { host: '/srv/data.db' }],
    ['file://localhost/srv/data.db', { host: '/srv/data.db' }],
    ['file:/srv/a%20b%3F.db', { host: '/srv/a b?.db' }],
    ['sqlite:////srv/@app/x:1.db', { host: '/srv/@app/x:1.db' }],
  ],
  invalid: [
    'sqlite:',
    'sqlite://',
    'sqlite::memory:',
    'sqlite:///:memory:',
    'file://server/share/x.db',
    'sqlite:///C:/x.db',
    'redis://h',
    '',
  ],
  variables: [
    [{ name: '/srv/app/database.sqlite' }, { host: '/srv/app/database.sqlite' }],
    [{ name: 'db/a b#1%.sqlite' }, { host: here('db/a b#1%.sqlite') }],
  ],
  at: (path) => `sqlite:${path}`,
  broken: [
    Buffer.from('SQLite format 3\0cut'),
    randomBytes(8192),
    Buffer.from('-- a dump\nPRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n'),
    Buffer.alloc(4096),
    Buffer.from('x'),
  ],
  live: haveSqlite() ? open : null,
})

async function open() {
  const folder = sqliteFolder()
  const path = folder.make('good.db', `PRAGMA user_version = 7; ${rows(100)}`)
  return {
    good: `sqlite:${path}`,
    facts: {
      product: 'SQLite',
      role: 'primary',
      writable: true,
      more: { bytes: 57_344, pages: 14, mode: 'rollback', user_version: 7 },
    } as const,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}
