import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { havePostgres, type PostgresServer, startPostgres } from '../../../../support/postgres.ts'
import { compared, serverOf, surveyed, untoldOf } from './surveyed.ts'
import { typed } from './typed.ts'

const app = { user: 'app', password: 'app-pw', database: 'shop' }

describe.runIf(havePostgres())('physical copies of a real server', () => {
  let primary: PostgresServer
  beforeAll(async () => {
    primary = await startPostgres()
    await primary.sql(`CREATE ROLE app LOGIN PASSWORD 'app-pw'`)
    await primary.sql(`CREATE DATABASE shop OWNER app LOCALE_PROVIDER icu ICU_LOCALE 'de' TEMPLATE template0`)
    await primary.sql('CREATE TABLE orders (id int); ALTER TABLE orders OWNER TO app', 'shop')
  })
  afterAll(async () => {
    await primary[Symbol.asyncDispose]()
  })

  const write = () => primary.sql('INSERT INTO orders VALUES (1)', 'shop')

  /** The new one is asked when the old one has told. */
  async function compare(next: PostgresServer, expectation: 'writable' | 'replica' = 'writable') {
    const old = await surveyed(primary.url(app))
    return compared(old, await surveyed(next.url(app), old), { expect: expectation })
  }

  test('a standby tells everything, is another resource, and lacks nothing once it has caught up', async () => {
    await using standby = await primary.standby()
    await write()
    const old = await surveyed(primary.url(app))
    const survey = await surveyed(standby.url(app))
    expect(untoldOf(survey)).toEqual([])
    expect(survey.resource).not.toEqual(old.resource)
    expect(survey.position).toMatchObject({ is: { line: expect.stringMatching(/^\d+$/) } })
    expect([old.position, survey.position].map((position) => ('is' in position ? position.is.line : null))).toEqual(
      [serverOf(old).cluster, serverOf(old).cluster].map((cluster) => ('is' in cluster ? cluster.is : '')),
    )
    await expect.poll(async () => (await compare(standby, 'replica')).get('pg.missing_transactions')).toMatchObject({ status: 'pass' })
    const findings = await compare(standby)
    expect(findings.get('pg.recovery')).toMatchObject({ status: 'fail' })
    expect(findings.get('pg.identity')).toMatchObject({
      detail: expect.stringMatching(/^a standby of the same cluster .*; timeline 1 against 1/),
    })
    expect((await compare(standby, 'replica')).get('pg.recovery')).toMatchObject({ status: 'pass' })
  })

  test('a standby whose replay is paused is refused as a replica, with what it lacks', async () => {
    await using standby = await primary.standby()
    await standby.sql('SELECT pg_wal_replay_pause()')
    await expect.poll(() => standby.sql('SELECT pg_get_wal_replay_pause_state() AS it')).toEqual([{ it: 'paused' }])
    for (const _ of [1, 2, 3]) await write()
    const finding = (await compare(standby, 'replica')).get('pg.missing_transactions')
    expect(finding).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/paused there: it gets older, by 3 transactions and [\d,]+ bytes of WAL/),
    })
    expect((await compare(standby)).get('pg.missing_transactions')).toMatchObject({ status: 'warn' })
    await typed(standby, finding?.remedy)
    await expect.poll(async () => (await compare(standby, 'replica')).get('pg.missing_transactions')).toMatchObject({ status: 'pass' })
  })

  test('a promoted standby is a copy on a timeline of its own, and lacks what was written since', async () => {
    await using standby = await primary.standby()
    await expect.poll(async () => (await compare(standby, 'replica')).get('pg.missing_transactions')).toMatchObject({ status: 'pass' })
    const before = await surveyed(standby.url(app))
    await standby.sql('SELECT pg_promote()')
    const findings = await compare(standby)
    expect(findings.get('pg.recovery')).toMatchObject({ status: 'pass' })
    expect(findings.get('pg.identity')).toMatchObject({ detail: expect.stringMatching(/no standby .*; timeline 2 against 1/) })
    // The role of the app may not read where they parted.
    expect(findings.get('pg.missing_transactions')).toMatchObject({
      status: 'unknown',
      detail: expect.stringMatching(/^both have come to the same/),
    })
    const asked = async () => {
      const old = await surveyed(primary.url({ database: 'shop' }))
      return compared(old, await surveyed(standby.url({ database: 'shop' }), old)).get('pg.missing_transactions')
    }
    expect(await asked()).toMatchObject({
      detail: expect.stringMatching(
        /^it (parted from the old one where that one stands|lacks [\d,]+ bytes of WAL of the old one, written since)/,
      ),
    })
    await write()
    await standby.sql('INSERT INTO orders VALUES (2)', 'shop')
    expect((await compare(standby)).get('pg.missing_transactions')?.status, 'one transaction each').not.toBe('pass')
    expect(await asked(), 'one transaction each').toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^it lacks .* of WAL of the old one, written since they parted$/),
    })
    await write()
    await write()
    await write()
    expect((await compare(standby)).get('pg.missing_transactions')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^it lacks \d transactions? .*at least/),
    })
    for (const _ of [1, 2, 3, 4]) await standby.sql('INSERT INTO orders VALUES (2)', 'shop')
    expect((await compare(standby)).get('pg.missing_transactions')?.status).not.toBe('pass')
    expect((await surveyed(standby.url(app))).resource, 'its promotion made it no other server').toEqual(before.resource)
    expect((await surveyed(standby.url(app))).resource).not.toEqual((await surveyed(primary.url(app))).resource)
  })

  test('a restored base backup is a copy and another resource', async () => {
    await using copy = await primary.copy()
    const [old, next] = [await surveyed(primary.url(app)), await surveyed(copy.url(app))]
    expect(next.resource).not.toEqual(old.resource)
    expect(serverOf(next).cluster).toEqual(serverOf(old).cluster)
    expect(serverOf(next).inRecovery).toEqual({ is: false })
    expect((await compare(copy)).get('pg.identity')).toMatchObject({
      detail: expect.stringContaining('a physical copy of the old one that is no standby'),
    })
  })

  test('a copy that sorts by another version of its library is refused, and the remedy is true', async () => {
    await using copy = await primary.copy()
    expect((await compare(copy)).get('pg.collation')).toMatchObject({ status: 'pass' })
    await copy.sql(`UPDATE pg_database SET datcollversion = '1.1' WHERE datname = 'shop'`)
    const finding = (await compare(copy)).get('pg.collation')
    expect(finding).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/sorted by version 1\.1 of its library, and is by [\d.]+ now/),
    })
    await typed(copy, finding?.remedy)
    expect((await compare(copy)).get('pg.collation')).toMatchObject({ status: 'pass' })
  })

  test('so is one with an index over a collation of its own that changed', async () => {
    await using copy = await primary.copy()
    await copy.sql(
      `CREATE COLLATION german (provider = icu, locale = 'de'); CREATE TABLE names (name text COLLATE german PRIMARY KEY)`,
      'shop',
    )
    await copy.sql(`UPDATE pg_collation SET collversion = '1.1' WHERE collname IN ('german', 'fr-x-icu')`, 'shop')
    const finding = (await compare(copy)).get('pg.collation')
    expect(finding).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('1 index was built with an older library version of public.german'),
    })
    await typed(copy, finding?.remedy)
    expect((await compare(copy)).get('pg.collation')).toMatchObject({ status: 'pass' })
  })
})
