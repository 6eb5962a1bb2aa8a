import { copyFileSync, linkSync, renameSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Survey } from '../../../../src/domain/survey.ts'
import type { SqliteFacts } from '../../../../src/kinds/sqlite/guards/survey.ts'
import { haveSqlite, rows, type SqliteFolder, sqliteFolder } from '../../../support/sqlite.ts'
import { compare, judge, sessionOf, survey, surveying, withFacts } from './pair.ts'

describe.runIf(haveSqlite())('one SQLite file in the place of another', () => {
  let folder: SqliteFolder
  let old: string
  beforeAll(() => {
    folder = sqliteFolder()
    old = folder.make('old.db', `PRAGMA user_version=7; PRAGMA application_id=305419896; ${rows(400)}`)
  })
  afterAll(async () => {
    await folder?.[Symbol.asyncDispose]()
  })

  test('a copy of a file at rest passes, but that neither stays in /tmp', async () => {
    copyFileSync(old, folder.at('copy.db'))
    const findings = await compare(old, folder.at('copy.db'))
    expect([...findings.values()].filter(({ status }) => status !== 'pass')).toMatchObject([
      { id: 'sqlite.ephemeral', status: 'warn', severity: 'info' },
    ])
    expect(findings.get('sqlite.identity')?.detail).toBe('another file')
  })

  test('the same inode under another name is the very same file', async () => {
    linkSync(old, folder.at('hard.db'))
    const findings = await compare(old, folder.at('hard.db'))
    expect(findings.get('sqlite.identity')).toMatchObject({ status: 'warn', severity: 'info', detail: 'the very same file' })
    expect(findings.get('sqlite.wal_left')?.status).toBe('pass')
  })

  test.each([
    [6, 'fail', 'user_version 6, where the old one has 7: migrations are missing'],
    [8, 'warn', 'user_version 8, where the old one has 7: it was migrated further than the app that runs now'],
    [7, 'pass', 'user_version 7 on both'],
  ])('a user_version of %i after 7 is a %s', async (version, status, detail) => {
    const next = folder.make(`v${version}.db`, `PRAGMA user_version=${version}; ${rows(400)}`)
    expect((await compare(old, next)).get('sqlite.version')).toMatchObject({ status, detail })
  })

  test.each([
    ['other.db', 'PRAGMA application_id=1;', 'fail', '0x00000001, where the old one has 0x12345678'],
    ['nobody.db', '', 'fail', 'names no app, where the old one has 0x12345678'],
  ])('the file of another app stops a swap (%s)', async (name, pragma, status, detail) => {
    const next = folder.make(name, `${pragma} ${rows(400)}`)
    expect((await compare(old, next)).get('sqlite.application')).toMatchObject({ status, detail })
  })

  test('an app that names itself where the old file did not is worth a look', async () => {
    const [before, after] = [folder.make('unnamed.db', rows(1)), folder.make('named.db', `PRAGMA application_id=1; ${rows(1)}`)]
    expect((await compare(before, after)).get('sqlite.application')).toMatchObject({ status: 'warn' })
  })

  test('an empty file, and one without tables, stop a swap; one far smaller is worth a look', async () => {
    writeFileSync(folder.at('empty.db'), '')
    const bare = folder.make('bare.db', 'PRAGMA user_version=7;')
    for (const next of [folder.at('empty.db'), bare])
      expect((await compare(old, next)).get('sqlite.size')).toMatchObject({
        status: 'fail',
        detail: expect.stringContaining('without tables'),
      })
    expect((await compare(old, folder.make('small.db', rows(20)))).get('sqlite.size')).toMatchObject({ status: 'warn' })
    expect((await compare(folder.at('empty.db'), bare)).get('sqlite.size')).toMatchObject({ status: 'pass' })
    expect((await compare(old, folder.at('empty.db'))).get('sqlite.version')).toMatchObject({ status: 'unknown' })
  })

  test('rows that stand in the -wal of the old file are left behind by a copy of the .db alone', async () => {
    const holder = await folder.hold('live.db', `PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; ${rows(100)}`)
    for (const end of ['', '-wal', '-shm']) copyFileSync(`${holder.path}${end}`, `${folder.at('whole.db')}${end}`)
    copyFileSync(holder.path, folder.at('alone.db'))
    const alone = (await compare(holder.path, folder.at('alone.db'))).get('sqlite.wal_left')
    expect(alone).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/^\d+ pages of the old one stand in its -wal and not in its file: a copy/),
    })
    expect((await compare(holder.path, folder.at('whole.db'))).get('sqlite.wal_left')).toMatchObject({ status: 'pass' })
    await holder.run('PRAGMA wal_checkpoint(FULL);')
    copyFileSync(holder.path, folder.at('after.db'))
    expect((await compare(holder.path, folder.at('after.db'))).get('sqlite.wal_left')).toMatchObject({ status: 'pass' })
  })

  test('a -wal whose process was killed, and whose -shm is gone, is taken for unfinished', async () => {
    const holder = await folder.hold('dead.db', `PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; ${rows(100)}`)
    await holder.kill()
    renameSync(`${holder.path}-shm`, folder.at('gone-shm'))
    copyFileSync(holder.path, folder.at('dead-copy.db'))
    expect((await compare(holder.path, folder.at('dead-copy.db'))).get('sqlite.wal_left')).toMatchObject({ status: 'fail' })
  })

  test('a transaction that was cut off stops a swap, on either side', async () => {
    const holder = await folder.hold('hot.db', rows(2_000))
    await holder.run("PRAGMA cache_size=5; BEGIN; UPDATE orders SET note = note || 'y';")
    await holder.kill()
    for (const [from, to] of [
      [old, holder.path],
      [holder.path, old],
    ] as const)
      expect((await compare(from, to)).get('sqlite.wal_left')).toMatchObject({
        status: 'fail',
        detail: expect.stringContaining('-journal'),
      })
  })

  test('another text encoding, and WAL mode that was left, are worth a look', async () => {
    const [wal, utf16] = [
      folder.make('wal.db', `PRAGMA journal_mode=WAL; ${rows(10)}`),
      folder.make('utf16.db', `PRAGMA encoding='UTF-16le'; ${rows(10)}`),
    ]
    const findings = await compare(wal, utf16)
    expect(findings.get('sqlite.encoding')).toMatchObject({ status: 'warn', detail: 'UTF-16le, where the old one is UTF-8' })
    expect(findings.get('sqlite.mode')).toMatchObject({ status: 'warn' })
    expect((await compare(utf16, wal)).get('sqlite.mode')).toMatchObject({ status: 'pass' })
    expect(findings.get('sqlite.page')?.detail).toMatch(/^\d+ pages of 4 KiB, last written by SQLite 3\.\d+\.\d+; the old one: \d+ pages/)
  })

  describe('where the disk is another', () => {
    let here: Survey
    beforeAll(async () => {
      here = await survey(old)
    })
    const stays: SqliteFacts['place'] = { is: { on: 'disk', isTemporary: false } }
    const placed = async (place: SqliteFacts['place'], content: Partial<SqliteFacts> = {}) =>
      await judge(withFacts(here, { place: stays }), withFacts(here, { place, ...content }))

    test.each<readonly [on: 'memory' | 'layers' | 'disk', isTemporary: boolean, status: string]>([
      ['memory', false, 'warn'],
      ['layers', false, 'warn'],
      ['disk', true, 'warn'],
      ['disk', false, 'pass'],
    ])('what lies in %s (temporary: %s) is a %s', async (on, isTemporary, status) => {
      expect((await placed({ is: { on, isTemporary } })).get('sqlite.ephemeral')).toMatchObject({ status, severity: 'warn' })
    })

    test('a network disk is worth a look, and stops a swap in WAL mode', async () => {
      const place = { is: { on: 'network', isTemporary: false } } as const
      expect((await placed(place)).get('sqlite.network')).toMatchObject({ status: 'warn' })
      expect((await placed({ is: { on: 'fuse', isTemporary: false } })).get('sqlite.network')).toMatchObject({ status: 'warn' })
      const { content } = here.facts as SqliteFacts
      if (!('is' in content) || content.is.header === null) throw new Error('the file told nothing')
      const wal: SqliteFacts['content'] = { is: { ...content.is, header: { ...content.is.header, mode: 'wal' } } }
      expect((await placed(place, { content: wal })).get('sqlite.network')).toMatchObject({ status: 'fail', severity: 'error' })
    })

    test.each(['file', 'folder', 'disk', 'handle'] as const)(
      'what cannot be written for its %s stops a swap that expects to write',
      async (writes) => {
        const next = withFacts(here, { access: { is: { writes, folder: writes !== 'folder' } } })
        expect((await judge(here, next)).get('sqlite.access')).toMatchObject({ status: 'fail', remedy: expect.any(String) })
        expect((await judge(here, next, { expect: 'readable' })).get('sqlite.access')).toMatchObject({ status: 'pass' })
        expect((await judge(here, here, { expect: 'replica' })).get('sqlite.access')).toMatchObject({ status: 'fail' })
      },
    )

    test('a baseline may tell of an inode that another file has by now', async () => {
      expect((await judge(here, here, { kept: true })).get('sqlite.identity')).toMatchObject({ status: 'unknown' })
    })
  })

  test('a file that was replaced since the probe is a broken session, and an interruption is one', async () => {
    const path = folder.make('moved.db', rows(1))
    await using session = await sessionOf(`sqlite:${path}`)
    copyFileSync(old, folder.at('other-inode.db'))
    renameSync(folder.at('other-inode.db'), path)
    await expect(session.survey(surveying())).rejects.toMatchObject({ code: 'PROBE_FAILED' })
    await expect(session.survey(surveying({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: 'INTERRUPTED' })
  })
})
