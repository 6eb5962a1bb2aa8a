import { chmodSync, closeSync, ftruncateSync, openSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import sqlite from '../../../src/kinds/sqlite/sqlite.ts'
import { PROBE_LIMITS } from '../../../src/ports/kind.ts'
import { probe } from '../../conformance/kind.ts'
import { attach } from '../../support/cli.ts'
import { NOBODY, rootOrSkip } from '../../support/files.ts'
import { treeOf } from '../../support/scratch.ts'
import { haveSqlite, rows, sqliteFolder } from '../../support/sqlite.ts'

const look = (handle: string) => probe(sqlite, handle, { limits: PROBE_LIMITS })

describe.runIf(haveSqlite())('a real SQLite file', () => {
  test('is left as it was: no byte, no time and no name beside it', async () => {
    await using folder = sqliteFolder()
    const { path } = await folder.hold('app.db', `PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; ${rows(50)}`)
    const before = treeOf(folder.at('.'))
    for (const handle of [`sqlite:${path}`, `file:${path}?mode=rwc`, `sqlite:${path}?immutable=1`])
      expect(await look(handle)).toMatchObject({ ok: true })
    expect(treeOf(folder.at('.'))).toEqual(before)
  })

  test('in WAL mode tells how many pages are not in the file yet, and nothing is odd about that', async () => {
    await using folder = sqliteFolder()
    const holder = await folder.hold('app.db', `PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; ${rows(50)}`)
    const report = await look(`sqlite:${holder.path}`)
    expect(report).toMatchObject({ ok: true, facts: { version: expect.stringMatching(/^3\.\d+/), more: { mode: 'wal' } }, findings: [] })
    expect(report.facts.more?.['wal_pages_pending']).toBeGreaterThan(1)
    await holder.run('PRAGMA wal_checkpoint(FULL);')
    expect(await look(`sqlite:${holder.path}`)).toMatchObject({ ok: true, facts: { more: { wal_pages_pending: 0 } } })
    await holder.run(`PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO orders (note) VALUES ('x');`)
    expect((await look(`sqlite:${holder.path}`)).facts.more?.['wal_pages_pending']).toBeGreaterThan(0)
  })

  test('a transaction that was cut off is told: its journal stands beside the file', async () => {
    await using folder = sqliteFolder()
    const holder = await folder.hold('app.db', rows(2_000))
    await holder.run("PRAGMA cache_size=5; BEGIN; UPDATE orders SET note = note || 'y';")
    await holder.kill()
    expect(statSync(`${holder.path}-journal`).size).toBeGreaterThan(512)
    expect(await look(`sqlite:${holder.path}`)).toMatchObject({ findings: [{ id: 'sqlite.journal', status: 'warn' }] })
  })

  test('a journal that is kept for the next transaction is none that was cut off', async () => {
    await using folder = sqliteFolder()
    const path = folder.make('app.db', `PRAGMA journal_mode=PERSIST; ${rows(10)}`)
    expect(statSync(`${path}-journal`).size).toBeGreaterThan(0)
    expect(await look(`sqlite:${path}`)).toMatchObject({ ok: true, findings: [] })
  })

  test('a file that is cut short fails at use, for good', async () => {
    await using folder = sqliteFolder()
    const path = folder.make('app.db', rows(500))
    const whole = statSync(path).size
    truncateSync(path, whole / 2)
    const report = await look(`sqlite:${path}`)
    expect(report).toMatchObject({ ok: false, failedAt: 'use', class: 'permanent', code: 'cut-short' })
    expect(report.ok ? '' : report.reason).toContain(whole.toLocaleString('en-US'))
  })

  test('a file that is longer than its header says is no worse', async () => {
    await using folder = sqliteFolder()
    const path = folder.make('app.db', rows(10))
    truncateSync(path, statSync(path).size + 4096)
    expect(await look(`sqlite:${path}`)).toMatchObject({ ok: true, findings: [{ id: 'sqlite.long', status: 'pass' }] })
  })

  test('a file without bytes is a database without tables, and is told', async () => {
    await using folder = sqliteFolder()
    writeFileSync(folder.at('empty.db'), '')
    expect(await look(`sqlite:${folder.at('empty.db')}`)).toMatchObject({
      ok: true,
      facts: { writable: true, more: { bytes: 0 } },
      findings: [{ id: 'sqlite.empty', status: 'warn' }],
    })
  })

  test('of a huge one the header alone is read', async () => {
    await using folder = sqliteFolder()
    const path = folder.make('huge.db', 'CREATE TABLE t (a);')
    const file = openSync(path, 'r+')
    ftruncateSync(file, 8 * 1024 ** 4)
    closeSync(file)
    const started = performance.now()
    expect(await look(`sqlite:${path}`)).toMatchObject({ ok: true, facts: { more: { bytes: 8 * 1024 ** 4 } } })
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  test('behind a link it is the file that is meant, and what stands beside that', async () => {
    await using folder = sqliteFolder()
    const holder = await folder.hold('app.db', `PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; ${rows(5)}`)
    symlinkSync('app.db', folder.at('link.db'))
    const report = await look(`sqlite:${folder.at('link.db')}`)
    expect(report).toMatchObject({ ok: true, findings: [{ id: 'sqlite.link', status: 'pass', detail: `a link to ${holder.path}` }] })
    expect(report.facts.more?.['wal_pages_pending']).toBeGreaterThan(0)
  })

  test('an absolute path that was written with three slashes is told where it stands', async () => {
    await using folder = sqliteFolder()
    const path = folder.make('app.db', rows(1))
    const report = await look(`sqlite://${path}`)
    expect(report).toMatchObject({ ok: false, failedAt: 'resolve', code: 'ENOENT' })
    expect(report.ok ? '' : report.hint).toBe(`one stands at ${path}: an absolute path is written with four slashes`)
  })

  test('a handle that asks for reading alone is not writable', async () => {
    await using folder = sqliteFolder()
    const path = folder.make('app.db', rows(1))
    for (const query of ['mode=ro', 'immutable=1'])
      expect(await look(`file:${path}?${query}`)).toMatchObject({ ok: true, facts: { writable: false } })
  })

  test('a file in use by a writer is looked at without a lock', async () => {
    await using folder = sqliteFolder()
    const holder = await folder.hold('app.db', rows(1))
    await holder.run('BEGIN EXCLUSIVE;')
    expect(await look(`sqlite:${holder.path}`)).toMatchObject({ ok: true })
    await holder.run('COMMIT;')
    expect(readFileSync(holder.path).subarray(0, 15).toString()).toBe('SQLite format 3')
  })
})

/** Rights mean nothing to root: the built command is run as somebody else. */
describe.runIf(haveSqlite() && rootOrSkip('running as another user'))('a real SQLite file of another user', () => {
  let said: (handle: string) => Promise<{ readonly ok: boolean } & Record<string, unknown>>
  beforeAll(() => {
    said = async (handle) => {
      const { stdout } = await attach(['probe', handle, '--json'], { cwd: '/tmp', uid: NOBODY })
      return JSON.parse(stdout).probes[0].report
    }
  })

  test('that may be read alone is readable and not writable', async () => {
    await using folder = sqliteFolder()
    const path = folder.make('app.db', rows(1))
    chmodSync(folder.at('.'), 0o755)
    expect(await said(`sqlite:${path}`)).toMatchObject({ ok: true, facts: { writable: false } })
    chmodSync(path, 0o666)
    expect(await said(`sqlite:${path}`), 'a transaction makes a journal in the folder').toMatchObject({ facts: { writable: false } })
    chmodSync(folder.at('.'), 0o777)
    expect(await said(`sqlite:${path}`)).toMatchObject({ ok: true, facts: { writable: true } })
  })

  test('that may not be read, or stands in a closed folder, is told as it is', async () => {
    await using folder = sqliteFolder()
    const path = folder.make('app.db', rows(1))
    chmodSync(folder.at('.'), 0o755)
    chmodSync(path, 0o600)
    expect(await said(`sqlite:${path}`)).toMatchObject({ ok: false, failedAt: 'connect', class: 'permanent', code: 'EACCES' })
    chmodSync(folder.at('.'), 0o700)
    expect(await said(`sqlite:${path}`)).toMatchObject({ ok: false, failedAt: 'resolve', class: 'permanent', code: 'EACCES' })
  })

  test('in WAL mode cannot even be read where nobody may make its -shm', async () => {
    await using folder = sqliteFolder()
    const path = folder.make('app.db', `PRAGMA journal_mode=WAL; ${rows(1)}`)
    chmodSync(folder.at('.'), 0o755)
    expect(await said(`sqlite:${path}`)).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent', code: 'wal-unreadable' })
    expect(await said(`sqlite:${path}?immutable=1`)).toMatchObject({ ok: true, facts: { writable: false } })
  })
})
