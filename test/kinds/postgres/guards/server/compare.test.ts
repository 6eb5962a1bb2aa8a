import { describe, expect, test } from 'vitest'
import type { Finding } from '../../../../../src/domain/finding.ts'
import { forksIn } from '../../../../../src/kinds/postgres/guards/server/forks.ts'
import type { ServerFacts } from '../../../../../src/kinds/postgres/guards/server/survey.ts'
import { copied, oldFacts, restored, settingsWith, standby } from './facts.ts'
import { comparedFacts, TODAY } from './surveyed.ts'

type Parts = Partial<ServerFacts>
type Setting = Parameters<typeof comparedFacts>[2]

/** The finding of one check. */
function about(id: string, old: ServerFacts | null, next: ServerFacts, setting: Setting = {}): Finding {
  const found = comparedFacts(old, next, setting).find((finding) => finding.id === id)
  if (found === undefined) throw new Error(`no finding ${id}`)
  return found
}

/** The same between a server and a restored copy that tell these things otherwise. */
const between = (id: string, old: Parts, next: Parts, setting: Setting = {}): Finding => about(id, oldFacts(old), restored(next), setting)

describe('pg.recovery', () => {
  test('refuses a standby where writes are expected, and a primary where a replica is', () => {
    expect(about('pg.recovery', null, standby())).toMatchObject({ status: 'fail', remedy: expect.stringContaining('pg_promote') })
    expect(about('pg.recovery', null, standby(), { expect: 'replica' })).toMatchObject({ status: 'pass', detail: 'a standby' })
    expect(about('pg.recovery', null, restored(), { expect: 'replica' })).toMatchObject({ status: 'fail' })
    expect(about('pg.recovery', null, standby(), { expect: 'readable' })).toMatchObject({ status: 'pass' })
  })
})

describe('pg.read_only', () => {
  test.each([
    ['user', 'BEGIN READ WRITE; ALTER ROLE "app" RESET default_transaction_read_only; COMMIT'],
    ['database', 'BEGIN READ WRITE; ALTER DATABASE "shop" RESET default_transaction_read_only; COMMIT'],
    ['database user', 'BEGIN READ WRITE; ALTER ROLE "app" IN DATABASE "shop" RESET default_transaction_read_only; COMMIT'],
    ['global', 'BEGIN READ WRITE; ALTER ROLE ALL RESET default_transaction_read_only; COMMIT'],
    ['configuration file', 'ALTER SYSTEM SET default_transaction_read_only = off; SELECT pg_reload_conf()'],
    ['command line', 'ALTER SYSTEM SET default_transaction_read_only = off; SELECT pg_reload_conf()'],
    ['client', 'take default_transaction_read_only out of the options of the handle'],
  ])('names what sets it (%s) and the command that mends it', (source, remedy) => {
    expect(between('pg.read_only', {}, { readOnly: { is: { on: true, source } } })).toMatchObject({ status: 'fail', remedy })
  })

  test('quotes names that are odd', () => {
    const database = { is: { oid: '1', name: 'my "shop"', role: 'a"b' } }
    expect(between('pg.read_only', {}, { database, readOnly: { is: { on: true, source: 'database' } } }).remedy).toBe(
      'BEGIN READ WRITE; ALTER DATABASE "my ""shop""" RESET default_transaction_read_only; COMMIT',
    )
  })

  test('does not matter where only reads are expected', () => {
    expect(between('pg.read_only', {}, { readOnly: { is: { on: true, source: 'user' } } }, { expect: 'readable' }).status).toBe('pass')
  })
})

describe('pg.identity', () => {
  test.each([
    ['the very same database', oldFacts()],
    ['another database of the same server', oldFacts({ database: { is: { oid: '2', name: 'other', role: 'app' } } })],
    ['a cluster of its own', restored()],
    ['a standby of the same cluster (system identifier 7710578664747974041; timeline 1 against 1)', standby()],
    ['a physical copy of the old one that is no standby (system identifier 7710578664747974041; timeline 2 against 1)', copied()],
    ['a physical copy of the old one that is no standby', copied({ timeline: { unknown: 'not told' } })],
  ])('tells %s', (words, next) => {
    expect(about('pg.identity', oldFacts(), next)).toMatchObject({
      status: 'pass',
      severity: 'info',
      detail: expect.stringContaining(words),
    })
  })
})

describe('pg.version', () => {
  test.each([
    [160_014, 150_018, 'fail', 'error', 'an older major'],
    [150_018, 160_014, 'pass', 'error', '15.18 → 16.14'],
    [150_018, 150_004, 'warn', 'warn', '15.4 lacks the fixes of 15.18'],
    [150_004, 150_018, 'pass', 'error', '15.4 → 15.18'],
    [120_020, 130_010, 'warn', 'warn', 'since 2025-11-13'],
    [90_624, 90_624, 'warn', 'warn', '9.6: no fixes for its major for years'],
    [180_004, 190_000, 'pass', 'error', '18.4 → 19.0'],
  ])('%i → %i is a %s', (old, next, status, severity, words) => {
    const finding = between('pg.version', { version: { is: old } }, { version: { is: next } })
    expect(finding).toMatchObject({ status, severity, detail: expect.stringContaining(words) })
  })

  test('knows the day from which a major gets no fixes', () => {
    const next = restored({ version: { is: 140_022 } })
    expect(about('pg.version', oldFacts({ version: { is: 140_022 } }), next).status).toBe('pass')
    expect(about('pg.version', null, next, { today: Date.parse('2026-11-21') })).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('2026-11-12'),
    })
  })
})

describe('pg.encoding and pg.locale', () => {
  const locale = (parts: Partial<Extract<ServerFacts['locale'], { is: unknown }>['is']>): ServerFacts['locale'] => ({
    is: { provider: 'c', collate: 'C', ctype: 'C', name: null, rules: null, ...parts },
  })

  test('refuse another encoding', () => {
    const finding = between('pg.encoding', {}, { encoding: { is: 'SQL_ASCII' } })
    expect(finding).toMatchObject({ status: 'fail', detail: expect.stringContaining('SQL_ASCII there and as UTF8 now') })
  })

  test.each([
    [
      'two spellings of one locale',
      { collate: 'en_US.UTF-8', ctype: 'en_US.UTF-8' },
      { collate: 'en_US.utf8', ctype: 'en_US.utf8' },
      'pass',
    ],
    ['C and POSIX', {}, { collate: 'POSIX', ctype: 'POSIX' }, 'pass'],
    ['C of libc and of PostgreSQL itself', {}, { provider: 'b', name: 'C' }, 'pass'],
    ['another order', { ctype: 'C.UTF-8' }, { collate: 'de_DE.UTF-8', ctype: 'C.UTF-8' }, 'warn'],
    ['another case', {}, { ctype: 'tr_TR.UTF-8' }, 'fail'],
    ['ICU in place of libc', { collate: 'de_DE.UTF-8', ctype: 'de_DE.UTF-8' }, { provider: 'i', name: 'de-DE' }, 'fail'],
    ['two spellings of one locale of ICU', { provider: 'i', name: 'en_US' }, { provider: 'i', name: 'en-US' }, 'pass'],
    ['another locale of ICU', { provider: 'i', name: 'de' }, { provider: 'i', name: 'sv' }, 'warn'],
    ['other rules of ICU', { provider: 'i', name: 'de' }, { provider: 'i', name: 'de', rules: '&a < b' }, 'warn'],
    ['a wider locale of PostgreSQL itself', { provider: 'b', name: 'C' }, { provider: 'b', name: 'C.UTF-8' }, 'fail'],
  ])('%s', (_, old, next, status) => {
    expect(between('pg.locale', { locale: locale(old) }, { locale: locale(next) }).status).toBe(status)
  })
})

describe('pg.collation', () => {
  const stale: Parts = { collationVersion: { is: { recorded: '2.31', actual: '2.36' } } }
  const was: Parts = { collationVersion: { is: { recorded: '2.31', actual: '2.31' } } }
  const none: Parts = { collationVersion: { is: { recorded: null, actual: null } } }

  test('refuses a physical copy whose indexes were built with another version of the library', () => {
    expect(about('pg.collation', oldFacts(was), copied(stale))).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/version 2\.31 .* by 2\.36 now: indexes over text are corrupt/),
      remedy: 'REINDEX DATABASE "shop"; ALTER DATABASE "shop" REFRESH COLLATION VERSION',
    })
  })

  test('refuses it too when the old one is silent: nobody says that it was restored', () => {
    expect(about('pg.collation', null, restored(stale)).status).toBe('fail')
  })

  test('warns where the old one is no better, and where a restore may have built them anew', () => {
    expect(about('pg.collation', oldFacts(stale), copied(stale))).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('as on the old one'),
    })
    expect(about('pg.collation', oldFacts(was), restored(stale)).status).toBe('warn')
  })

  test('names single collations under indexes', () => {
    const outdated = ['public.a', 'public.b', 'public.c', 'public.d'].map((name) => ({ name, indexes: 2 }))
    expect(about('pg.collation', oldFacts(), copied({ outdated: { is: outdated } }))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('8 indexes were built with an older library version of public.a, public.b, public.c and 1 more'),
      remedy: expect.stringContaining('ALTER COLLATION public.a REFRESH VERSION'),
    })
  })

  test('warns of a restored copy that sorts by another version', () => {
    const next: Parts = { collationVersion: { is: { recorded: '2.36', actual: '2.36' } } }
    expect(about('pg.collation', oldFacts(was), restored(next))).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('ORDER BY'),
    })
    expect(about('pg.collation', oldFacts(was), copied(next)), 'refreshed, so it was built anew').toMatchObject({ status: 'warn' })
  })

  test('goes by the order itself where no version is kept', () => {
    const other: Parts = { ...none, order: { is: 'another' } }
    expect(about('pg.collation', oldFacts(none), copied(other))).toMatchObject({ status: 'fail', remedy: 'REINDEX DATABASE "shop"' })
    expect(about('pg.collation', oldFacts(none), restored(other)).status).toBe('warn')
    expect(about('pg.collation', oldFacts(none), copied(none)).status).toBe('pass')
  })

  test('leaves it to pg.locale where the locales differ', () => {
    const next: Parts = { order: { is: 'another' }, locale: { is: { provider: 'c', collate: 'C', ctype: 'C', name: null, rules: null } } }
    expect(about('pg.collation', oldFacts(), restored(next))).toMatchObject({
      status: 'pass',
      detail: expect.stringContaining('pg.locale'),
    })
  })
})

describe('pg.extensions', () => {
  const one = (name: string, version = '1.0', schema = 'public') => ({ name, version, schema })
  const all = (...is: readonly ReturnType<typeof one>[]): Parts => ({ extensions: { is: [...is] } })

  test('refuses what is missing, and says what the server can offer', () => {
    const available = { is: [one('hstore'), one('uuid-ossp')].map(({ name, version }) => ({ name, version })) }
    const finding = between('pg.extensions', all(one('hstore', '1.8', 'ext'), one('uuid-ossp'), one('postgis')), { ...all(), available })
    expect(finding).toMatchObject({
      status: 'fail',
      detail: 'missing there: hstore, uuid-ossp, postgis; not available on that server: postgis',
      remedy:
        'CREATE EXTENSION "hstore" SCHEMA "ext"; CREATE EXTENSION "uuid-ossp"; install postgis on that server, which does not offer it',
    })
  })

  test('names three and counts the rest', () => {
    const many = Array.from({ length: 15 }, (_, index) => one(`e${index}`))
    expect(between('pg.extensions', all(...many), { ...all(), available: { unknown: 'not told' } }).detail).toBe(
      'missing there: e0, e1, e2 and 12 more',
    )
  })

  test.each([
    ['an older version', one('hstore', '1.9'), one('hstore', '1.10'), 'pass'],
    ['a newer version', one('hstore', '1.10'), one('hstore', '1.9'), 'warn'],
    ['another schema', one('hstore'), one('hstore', '1.0', 'ext'), 'warn'],
  ])('%s on the old one', (_, old, next, status) => {
    expect(between('pg.extensions', all(old), all(next)).status).toBe(status)
  })

  test('more of them on the new one are no matter', () => {
    expect(between('pg.extensions', all(), all(one('hstore'))).status).toBe('pass')
  })
})

describe('pg.settings', () => {
  const changed = (name: string, old: string, next: string): Finding =>
    between('pg.settings', { settings: settingsWith({ [name]: old }) }, { settings: settingsWith({ [name]: next }) })

  test.each([
    ['search_path', '"$user", public', 'app, public', 'fail'],
    ['search_path', '"$user", public', '"$user",public', 'pass'],
    ['search_path', '"shop",public,ext', 'shop, public, Ext', 'pass'],
    ['search_path', '"Shop", public', 'shop, public', 'fail'],
    ['search_path', '"a,b"', 'a, b', 'fail'],
    ['session_replication_role', 'origin', 'replica', 'fail'],
    ['fsync', 'on', 'off', 'fail'],
    ['fsync', 'off', 'on', 'pass'],
    ['full_page_writes', 'on', 'off', 'fail'],
    ['synchronous_commit', 'on', 'off', 'warn'],
    ['synchronous_commit', 'off', 'on', 'pass'],
    ['wal_level', 'logical', 'replica', 'warn'],
    ['wal_level', 'replica', 'logical', 'pass'],
    ['statement_timeout', '5000', '0', 'warn'],
    ['lock_timeout', '0', '1500', 'warn'],
    ['TimeZone', 'UTC', 'Etc/UTC', 'pass'],
    ['TimeZone', 'UTC', 'Europe/Berlin', 'warn'],
    ['DateStyle', 'ISO, MDY', 'ISO, DMY', 'warn'],
    ['default_transaction_isolation', 'read committed', 'serializable', 'warn'],
    ['bytea_output', 'hex', 'escape', 'warn'],
  ])('%s from %s to %s is a %s', (name, old, next, status) => {
    expect(changed(name, old, next).status).toBe(status)
  })

  test('tells from what to what, in words, and the command', () => {
    expect(changed('statement_timeout', '5000', '0')).toMatchObject({
      detail: 'statement_timeout 5 s → off',
      remedy: `ALTER ROLE "app" IN DATABASE "shop" SET statement_timeout = '5000'`,
    })
    expect(changed('search_path', 'app, public', 'public').remedy).toBe('ALTER ROLE "app" IN DATABASE "shop" SET search_path = app, public')
    expect(changed('wal_level', 'logical', 'replica').remedy).toContain('restart')
  })

  test('tells the worst first', () => {
    const old = settingsWith({ statement_timeout: '5000', search_path: 'app' })
    const finding = between('pg.settings', { settings: old }, { settings: settingsWith({}) })
    expect(finding).toMatchObject({
      status: 'fail',
      severity: 'error',
      detail: 'search_path app → "$user", public; statement_timeout 5 s → off',
    })
  })

  test('takes a timeout that a server does not know as off', () => {
    const next = settingsWith({ transaction_timeout: '0' })
    expect(between('pg.settings', {}, { settings: next }).status).toBe('pass')
    expect(between('pg.settings', {}, { settings: settingsWith({ transaction_timeout: '60000' }) }).detail).toBe(
      'transaction_timeout off → 60 s',
    )
  })

  test('finds a schema of the path that is missing, or that the role may not use', () => {
    expect(between('pg.settings', { schemas: { is: ['app', 'public'] } }, { schemas: { is: ['public'] } })).toMatchObject({
      status: 'fail',
      remedy: 'GRANT USAGE ON SCHEMA "app" TO "app"',
    })
  })
})

describe('pg.role', () => {
  type Role = Extract<ServerFacts['role'], { is: unknown }>['is']
  const role = (parts: Partial<Role>): Parts => ({
    role: { is: { name: 'app', superuser: false, limit: -1, databaseLimit: -1, validUntil: null, memberOf: [], ...parts } },
  })
  const day = 24 * 3_600_000

  test.each<[string, Partial<Role>, Partial<Role>, string]>([
    ['a connection limit', {}, { limit: 5 }, 'at most 5 connections for app (any number now)'],
    ['a lower limit of the database', { databaseLimit: 50 }, { databaseLimit: 10 }, 'at most 10 connections for the database (50 now)'],
    ['a superuser', {}, { superuser: true }, 'app is a superuser there and not now'],
    ['no superuser any more', { superuser: true }, {}, 'app is no superuser there'],
    ['a lost membership', { memberOf: ['owners', 'readers'] }, { memberOf: ['readers'] }, 'no member of owners there'],
    ['an end that is near', {}, { validUntil: TODAY + 12 * day }, 'the password of app ends in 12 days (2026-06-13)'],
  ])('warns of %s', (_, old, next, detail) => {
    expect(between('pg.role', role(old), role(next))).toMatchObject({ status: 'warn', severity: 'warn', detail })
  })

  test('lets pass a higher limit, a far end, a gained membership', () => {
    expect(between('pg.role', role({ limit: 5 }), role({ limit: 10, validUntil: TODAY + 90 * day, memberOf: ['readers'] })).status).toBe(
      'pass',
    )
  })

  test('sees the end of a password without the old one', () => {
    expect(about('pg.role', null, restored(role({ validUntil: TODAY + day / 2 })))).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('within a day'),
    })
  })
})

describe('pg.capacity', () => {
  const using = (ofDatabase: number, parts: Partial<Extract<ServerFacts['connections'], { is: unknown }>['is']> = {}): Parts => ({
    connections: { is: { max: 100, reserved: 3, used: ofDatabase, ofDatabase, ofRole: ofDatabase, ...parts } },
  })

  test('refuses fewer free connections than are in use now', () => {
    expect(between('pg.capacity', using(38), using(1, { used: 70 }))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining(`28 connections free there, 37 in use by the app's database now`),
    })
    expect(between('pg.capacity', using(28), using(1, { used: 70 })).status).toBe('pass')
  })

  test('counts the limits of role and database', () => {
    const role = (limit: number, databaseLimit: number): Parts => ({
      role: { is: { name: 'app', superuser: false, limit, databaseLimit, validUntil: null, memberOf: [] } },
    })
    expect(between('pg.capacity', using(12), { ...using(1), ...role(10, -1) }).detail).toContain('10 connections free there, 11 in use')
    expect(between('pg.capacity', using(12), { ...using(1), ...role(-1, 10) }).status).toBe('fail')
    expect(between('pg.capacity', using(12), { ...using(1), ...role(11, 11) }).status).toBe('pass')
  })

  test('warns of a lower maximum', () => {
    expect(between('pg.capacity', using(5, { max: 200 }), using(1))).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('at most 97 connections there and 197 now'),
    })
  })

  test('counts as free what the app gives back on the same server', () => {
    const parts: Parts = { ...using(60), database: { is: { oid: '2', name: 'other', role: 'app' } } }
    expect(about('pg.capacity', oldFacts(using(60)), oldFacts({ ...parts, ...using(1, { used: 61 }) })).status).toBe('pass')
  })

  test('does not judge a pooler by the server behind it', () => {
    expect(between('pg.capacity', using(80), { ...using(1, { used: 70 }), pooled: { is: true } }).status).toBe('unknown')
  })
})

describe('pg.pooler', () => {
  test.each([
    [false, true, 'warn', 'in transaction mode'],
    [true, false, 'warn', 'no pooler answers there'],
    [true, true, 'pass', 'both'],
    [false, false, 'pass', 'either'],
  ])('%s → %s is a %s', (old, next, status, words) => {
    expect(between('pg.pooler', { pooled: { is: old } }, { pooled: { is: next } })).toMatchObject({
      status,
      detail: expect.stringContaining(words),
    })
  })
})

describe('what hangs on the old server', () => {
  const prepared = (transactions: number, most: number): Parts => ({ prepared: { is: { transactions, most } } })
  const slot = (name: string, active = true): Parts => ({ slots: { is: [{ name, active }] }, publications: { is: 1 } })
  const subscribed = (parts: Partial<{ name: string; enabled: boolean; slot: string; copying: number }> = {}): Parts => ({
    subscriptions: { is: [{ name: 'from_old', enabled: true, slot: 'to_new', copying: 0, ...parts }] },
  })

  test('prepared transactions refuse; where a copy holds them too they warn', () => {
    expect(between('pg.prepared_left', prepared(2, 10), prepared(0, 10))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('2 prepared transactions are'),
    })
    expect(about('pg.prepared_left', oldFacts(prepared(2, 10)), copied(prepared(2, 10))).status).toBe('warn')
    expect(about('pg.prepared_left', oldFacts(prepared(2, 10)), copied(prepared(1, 10))).status).toBe('fail')
    expect(between('pg.prepared_left', prepared(0, 10), prepared(2, 10)).status).toBe('pass')
  })

  test('a server without prepared transactions warns, and refuses where they are in use', () => {
    expect(between('pg.two_phase', prepared(0, 10), prepared(0, 0))).toMatchObject({ status: 'warn', severity: 'warn' })
    expect(between('pg.two_phase', prepared(1, 10), prepared(0, 0))).toMatchObject({ status: 'fail', severity: 'error' })
    expect(between('pg.two_phase', prepared(0, 10), prepared(0, 1)).status).toBe('pass')
  })

  test('logical slots warn, but not those that feed the new one or went with it', () => {
    expect(between('pg.slots_left', slot('debezium'), {})).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('debezium; 1 in use; 1 publication'),
    })
    expect(between('pg.slots_left', slot('to_new'), subscribed()).status).toBe('pass')
    expect(between('pg.slots_left', slot('debezium'), slot('debezium', false)).status).toBe('pass')
    // What copies the tables to the new one is gone when it is through.
    const copying = subscribed({ copying: 1 })
    expect(between('pg.slots_left', slot('pg_16394_sync_16385_7710578811111111111'), copying).status).toBe('pass')
    expect(between('pg.slots_left', slot('pg_16394_sync_16385_7710578822222222222'), copying).status).toBe('warn')
  })

  test('an enabled subscription of the new one warns, one that is not through refuses', () => {
    expect(between('pg.subscription', slot('to_new'), subscribed())).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('writes of the old one'),
      remedy: expect.stringContaining('ALTER SUBSCRIPTION "from_old" DISABLE'),
    })
    expect(about('pg.subscription', null, restored(subscribed())).status).toBe('warn')
    expect(between('pg.subscription', {}, subscribed({ copying: 3 }))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('3 tables'),
    })
    expect(between('pg.subscription', {}, subscribed({ enabled: false })).status).toBe('pass')
    expect(between('pg.subscription', {}, subscribed({ enabled: false, copying: 1 })).status, 'nobody will copy the rest').toBe('fail')
    expect(between('pg.subscription', subscribed({ copying: 1 }), subscribed({ copying: 1 })).status, 'as on the old one').toBe('pass')
    expect(between('pg.subscription', subscribed(), subscribed()).status).toBe('pass')
  })
})

describe('pg.missing_transactions', () => {
  const at = (bytes: number, transaction: number, paused = false): Parts => ({
    progress: { is: { at: `${bytes}`, transaction: `${transaction}`, paused } },
  })
  const missing = (old: Parts, next: ServerFacts, setting: Setting = {}) => about('pg.missing_transactions', oldFacts(old), next, setting)

  test('counts what a standby lacks', () => {
    expect(missing(at(5_000, 700), standby(at(5_000, 700)), { expect: 'replica' }).status).toBe('pass')
    expect(missing(at(9_120, 712), standby(at(5_000, 700)), { expect: 'replica' })).toMatchObject({
      status: 'warn',
      detail: 'it lacks 12 transactions and 4,120 bytes of WAL of the old one',
    })
  })

  test('refuses a replica whose replay is paused, also when the old one is silent', () => {
    const paused = standby(at(5_000, 700, true))
    expect(missing(at(9_120, 712), paused, { expect: 'replica' })).toMatchObject({
      status: 'fail',
      severity: 'error',
      detail: 'replay is paused there: it gets older, by 12 transactions and 4,120 bytes of WAL so far',
      remedy: 'SELECT pg_wal_replay_resume()',
    })
    expect(about('pg.missing_transactions', null, paused, { expect: 'replica' }).status).toBe('fail')
    expect(missing(at(9_120, 712), paused).status).toBe('warn')
  })

  test('tells of a copy that goes its own way what it lacks at least, or that nobody can see it', () => {
    expect(missing(at(9_000, 712), copied(at(9_500, 700)))).toMatchObject({
      status: 'warn',
      detail: 'it lacks 12 transactions of the old one at least',
    })
    // One transaction on each side since they parted makes both come to the same.
    expect(missing(at(9_000, 700), copied(at(9_500, 700)))).toMatchObject({
      status: 'unknown',
      detail: expect.stringMatching(/^both have come to the same transaction: .* not told/),
    })
    expect(missing(at(9_000, 700), copied(at(9_500, 712)))).toMatchObject({
      status: 'unknown',
      detail: expect.stringContaining('12 transactions more'),
    })
    const follower: Parts = { ...at(9_000, 700), inRecovery: { is: true } }
    expect(missing(follower, copied({ ...at(9_500, 712), timeline: { is: 1 } })).status).toBe('pass')
    expect(missing(follower, copied(at(9_500, 712))).status, 'it may have left before').toBe('unknown')
  })

  test('goes by where they parted, where that is told', () => {
    const forked = (bytes: number): Parts => ({ forks: { is: [{ timeline: 1, at: `${bytes}` }] } })
    expect(missing(at(9_000, 700), copied({ ...at(9_500, 700), ...forked(9_000) })).status).toBe('pass')
    expect(missing(at(9_000, 700), copied({ ...at(9_500, 700), ...forked(8_000) }))).toMatchObject({
      status: 'warn',
      detail: 'it lacks 1,000 bytes of WAL of the old one, written since they parted',
    })
    const promoted: Parts = { ...at(9_000, 700), timeline: { is: 3 }, forks: { is: [{ timeline: 2, at: '5000' }] } }
    expect(missing(promoted, copied(at(9_500, 700))).status, 'the old one was promoted').toBe('warn')
    expect(forksIn('1\t0/3000158\tno recovery target specified\n\n2\t1/A0\tbefore 2026\nnonsense\n')).toEqual([
      { timeline: 1, at: '50331992' },
      { timeline: 2, at: '4294967456' },
    ])
  })

  test('counts beyond what our own numbers hold', () => {
    const far: Parts = { progress: { is: { at: '18446744073709551615', transaction: '9007199254740995', paused: false } } }
    const near: Parts = { progress: { is: { at: '18446744073709551610', transaction: '9007199254740993', paused: false } } }
    expect(missing(far, standby(near)).detail).toBe('it lacks 2 transactions and 5 bytes of WAL of the old one')
  })

  test('takes the head of a page that nobody has begun for nothing', () => {
    expect(missing(at(8_192 * 3 + 24, 700), standby(at(8_192 * 3, 700))).status).toBe('pass')
    expect(missing(at(8_192 * 3 + 32, 700), standby(at(8_192 * 3, 700))).status).toBe('warn')
    expect(missing(at(8_192 * 3 + 48, 700), standby(at(8_192 * 3 + 24, 700))).status).toBe('warn')
  })

  test('has nothing to say of another cluster', () => {
    expect(missing(at(9_000, 712), restored(at(1, 1)))).toMatchObject({
      status: 'pass',
      detail: expect.stringContaining('no physical copy'),
    })
  })
})

describe('pg.wraparound and pg.size', () => {
  test.each([
    [9, 9, 'pass'],
    [1_500_000_001, 9, 'warn'],
    [9, 1_500_000_001, 'warn'],
    [1_900_000_001, 9, 'fail'],
  ])('%i transactions and %i row locks ago is a %s', (transactions, locks, status) => {
    expect(about('pg.wraparound', null, restored({ ages: { is: { transactions, locks } } })).status).toBe(status)
  })

  test.each([
    [1_000_000_000, 690_000_000, 'warn', 'rows may be missing'],
    [1_000_000_000, 710_000_000, 'pass', '677 MB there, 954 MB now'],
    [1_000_000_000, 1_510_000_000, 'warn', '151 %'],
    [7_600_000, 30_000_000, 'pass', 'there'],
  ])('%i → %i bytes is a %s', (old, next, status, words) => {
    expect(between('pg.size', { bytes: { is: old } }, { bytes: { is: next } })).toMatchObject({
      status,
      detail: expect.stringContaining(words),
    })
  })
})

test('a detail stays one short line, whatever a server says', () => {
  const long = 'x'.repeat(900)
  const next = restored({
    extensions: { is: [] },
    encoding: { is: long },
    settings: settingsWith({ search_path: long }),
    schemas: { is: [long] },
    locale: { is: { provider: long, collate: long, ctype: long, name: long, rules: long } },
  })
  const old = oldFacts({
    extensions: { is: Array.from({ length: 500 }, (_, index) => ({ name: `${long}${index}`, version: long, schema: long })) },
  })
  for (const { id, detail } of comparedFacts(old, next)) expect(detail.length, id).toBeLessThan(600)
})
