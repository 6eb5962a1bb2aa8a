import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { attach } from '../../support/cli.ts'
import { haveSqlite, rows, sqliteFolder } from '../../support/sqlite.ts'

describe.runIf(haveSqlite())('the command, with handles of files', () => {
  test('a handle needs no slashes, stands for itself as a word, and is shown as it is written', async () => {
    await using folder = sqliteFolder()
    folder.make('a.db', rows(10))
    const here = { cwd: folder.at('.') }
    const probed = await attach(['probe', 'sqlite:a.db'], here)
    expect([probed.exit, probed.stderr]).toEqual([0, expect.any(String)])
    expect(probed.stdout).toContain(folder.at('a.db'))
    expect((await attach(['DATABASE_URL=file:./a.db?cache=shared'], here)).exit).toBe(0)
    const { stdout } = await attach(['ls', '--json'], here)
    expect(JSON.parse(stdout).attachments).toMatchObject([{ key: 'DATABASE_URL', kind: 'sqlite', target: 'file:./a.db' }])
    symlinkSync('a.db', folder.at('b.db'))
    const swapped = await attach(['swap', 'DATABASE_URL=sqlite:b.db', '-y'], here)
    expect([swapped.exit, swapped.stdout + swapped.stderr]).toEqual([3, expect.stringContaining('handle.same_resource')])
  })

  test('where finds the keys that lead to a file, however they write its path', async () => {
    await using folder = sqliteFolder()
    const path = folder.make('a.db', rows(1))
    const here = { cwd: folder.at('.') }
    expect((await attach(['DATABASE_URL=sqlite3:a.db'], here)).exit).toBe(0)
    for (const sought of [`sqlite:///${path}`, 'sqlite:./a.db', path]) {
      const { stdout } = await attach(['where', sought, '--json'], here)
      expect(JSON.parse(stdout).attachments).toMatchObject([{ key: 'DATABASE_URL', kind: 'sqlite', target: `sqlite3:${path}` }])
    }
  })

  test('a path in a variable of Laravel is a handle, and stays a path when it is swapped', async () => {
    await using folder = sqliteFolder()
    const [a, b] = [folder.make('a.db', rows(1)), folder.make('b.db', rows(1))]
    const here = { cwd: folder.at('.') }
    writeFileSync(folder.at('.env'), `DB_CONNECTION=sqlite\nDB_DATABASE=${a}\n`)
    const { stdout } = await attach(['ls', '--json'], here)
    expect(JSON.parse(stdout).attachments).toMatchObject([{ key: 'DB_DATABASE', kind: 'sqlite', target: `sqlite:${a}` }])
    const swapped = await attach(['swap', `DB_DATABASE=sqlite:${b}`, '-y'], here)
    expect([swapped.exit, swapped.stderr]).toEqual([0, expect.any(String)])
    expect(readFileSync(folder.at('.env'), 'utf8')).toBe(`DB_CONNECTION=sqlite\nDB_DATABASE=${b}\n`)
  })

  test('a file whose rows stand in the -wal of the old one is refused', async () => {
    await using folder = sqliteFolder()
    const here = { cwd: folder.at('.') }
    await folder.hold('old.db', `PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; ${rows(100)}`)
    folder.make('new.db', rows(100))
    const compared = await attach(['compare', 'sqlite:old.db', 'sqlite:new.db', '--json'], here)
    const findings: readonly { readonly id: string; readonly status: string }[] = JSON.parse(compared.stdout).findings
    expect(findings.filter(({ status }) => status === 'unknown')).toEqual([])
    expect(findings).toContainEqual(expect.objectContaining({ id: 'sqlite.wal_left', status: 'fail' }))
    expect((await attach([`DATABASE_URL=sqlite:///old.db`], here)).exit).toBe(0)
    const refused = await attach(['swap', 'DATABASE_URL', '--name', 'new.db', '-y'], here)
    expect([refused.exit, refused.stdout + refused.stderr]).toEqual([3, expect.stringContaining('sqlite.wal_left')])
    const allowed = await attach(['swap', 'DATABASE_URL', '--name', 'new.db', '-y', '--allow', 'sqlite.wal_left'], here)
    expect([allowed.exit, allowed.stderr]).toEqual([0, expect.any(String)])
  })
})
