import { describe, vi } from 'vitest'
import sqlite from '../../../src/kinds/sqlite/sqlite.ts'
import { describeMalformed, PIECE as P } from '../malformed.ts'

const { contact } = vi.hoisted(() => ({
  contact: () => {
    throw new Error('parsing a handle looked at the disk')
  },
}))
vi.mock('node:fs/promises', async (original) => ({
  ...(await original<object>()),
  open: contact,
  stat: contact,
  lstat: contact,
  realpath: contact,
  access: contact,
}))

const IN_MEMORY = 'names a database in memory: it ends with the process, and there is nothing to attach'

describe('malformed handles of SQLite', () => {
  describeMalformed(sqlite, [
    ['', 'is empty'],
    ['sqlite:', 'names no file'],
    ['sqlite://', 'names no file'],
    ['sqlite:///', 'names no file'],
    ['sqlite3:///', 'names no file'],
    ['file:', 'names no file'],
    ['sqlite:?mode=ro', 'names no file'],
    [':memory:', 'is a database in memory: it ends with the process, and there is nothing to attach'],
    ['sqlite::memory:', IN_MEMORY],
    ['sqlite://:memory:', IN_MEMORY],
    ['sqlite:///:memory:', IN_MEMORY],
    ['file::memory:?cache=shared', IN_MEMORY],
    [`file:${P}?mode=memory&cache=shared`, IN_MEMORY],
    [`sqlite:///C:/Users/${P}.db`, 'names a path of Windows'],
    [`sqlite:C:/Users/${P}.db`, 'names a path of Windows'],
    [`sqlite://C:/${P}.db`, 'names a path of Windows'],
    [`file:///c:/${P}.db`, 'names a path of Windows'],
    [`sqlite:C:\\Users\\${P}.db`, 'has a backslash in it'],
    [`C:\\Users\\${P}.db`, 'has no scheme'],
    [`file://server/share/${P}.db`, 'names a host, and a file is on this machine'],
    [`file://app:${P}@server/x.db`, 'names a host, and a file is on this machine'],
    [`sqlite://app:${P}@server/x.db`, 'names a user or a host, and a file has none'],
    ['sqlite://server:8080/x.db', 'names a user or a host, and a file has none'],
    [`/srv/${P}.db`, 'has no scheme'],
    [`./${P}.db`, 'has no scheme'],
    [`libsql://${P}.turso.io`, 'has another scheme than sqlite, sqlite3, file, sqlite+pysqlite'],
    [`sqlite+pysqlcipher://:${P}@//srv/x.db`, 'has another scheme than sqlite, sqlite3, file, sqlite+pysqlite'],
    [`jdbc:sqlite:/srv/${P}.db`, 'begins with jdbc:, which only Java reads'],
    [`DATABASE_URL=sqlite:///${P}.db`, 'begins with the name of a variable'],
    [`"sqlite:////srv/${P}.db"`, 'stands in quotes'],
    [`sqlite:////srv/${P}.db\n`, 'ends with a line break'],
    [` sqlite:////srv/${P}.db`, 'begins or ends with a blank'],
    [`sqlite:////srv/my ${P}.db`, 'has a space in it'],
    [`sqlite:////srv/${P}\u0000.db`, 'has a control character in it'],
    [`sqlite:////srv/${P}\u202e.db`, 'has an invisible character in it'],
    [`sqlite:////srv/${P}%1b.db`, 'has a control or invisible character in its path'],
    [`sqlite:////srv/${P}%00.db`, 'has a NUL byte in its path'],
    [`sqlite:////srv/${P}%zz.db`, 'has a % in its path that is not followed by two hexadecimal digits'],
    [`sqlite:////srv/${P}%c3.db`, 'has percent-encoded bytes in its path that are not UTF-8'],
    [`sqlite:////srv/${P}#1.db`, 'has an unencoded #'],
    [`sqlite:////srv/${P}/`, 'names a folder where a file stands'],
    [`sqlite:////srv/${P}/..`, 'names a folder where a file stands'],
    ['sqlite:.', 'names a folder where a file stands'],
    ['sqlite:///$' + '{DB_PATH}', 'has a placeholder instead of the path'],
    ['sqlite:///<path>', 'has a placeholder instead of the path'],
    [`file:/srv/${P}.db?mode=write`, 'has an unknown word for mode'],
    [`file:/srv/${P}.db?cache=none`, 'has an unknown word for cache'],
    [`file:/srv/${P}.db?mode`, 'has a part of its query without ='],
    [`sqlite:////srv/${P}.db?sslmode=require`, 'asks about TLS, and a file has none'],
  ])
})
