import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { havePostgres, type PostgresServer, postgresPrograms, startPostgres } from '../../../../support/postgres.ts'
import { run } from '../../../../support/processes.ts'
import { compared, noted, serverOf, surveyed, untoldOf } from './surveyed.ts'
import { typed } from './typed.ts'

const app = { user: 'app', password: 'app-pw', database: 'shop' }

describe.runIf(havePostgres())('two real servers', () => {
  let old: PostgresServer
  let next: PostgresServer
  const roles = `CREATE ROLE app LOGIN PASSWORD 'app-pw'; CREATE ROLE bare LOGIN PASSWORD 'bare-pw'`
  beforeAll(async () => {
    ;[old, next] = await Promise.all([
      startPostgres({ config: ['wal_level = logical', 'max_prepared_transactions = 5'] }),
      startPostgres({ config: ['wal_level = logical', 'max_prepared_transactions = 5'] }),
    ])
    await Promise.all([old, next].map((server) => server.sql(roles)))
    await old.sql('CREATE DATABASE shop OWNER app')
    await old.sql('CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1); ALTER TABLE orders OWNER TO app', 'shop')
    await next.sql('CREATE DATABASE shop OWNER app')
    await restore(old, next)
  })
  afterAll(async () => {
    await Promise.all([old, next].map((server) => server[Symbol.asyncDispose]()))
  })

  const both = async () => compared(await surveyed(old.url(app)), await surveyed(next.url(app)))

  test('of which one was restored from the other, pass without a remark', async () => {
    const findings = await both()
    expect(noted(findings)).toEqual([])
    expect(findings.get('pg.identity')).toMatchObject({ detail: expect.stringContaining('a cluster of its own') })
  })

  test('tell everything to a role without any right', async () => {
    await next.sql('REVOKE ALL ON SCHEMA public FROM PUBLIC; REVOKE TEMP ON DATABASE shop FROM PUBLIC', 'shop')
    try {
      expect(untoldOf(await surveyed(next.url({ ...app, user: 'bare', password: 'bare-pw' })))).toEqual([])
    } finally {
      await next.sql('GRANT USAGE ON SCHEMA public TO PUBLIC; GRANT TEMP ON DATABASE shop TO PUBLIC', 'shop')
    }
  })

  test('tell a role that may not see the system identifier all but that; what hangs on it is unknown', async () => {
    const whole = await surveyed(old.url(app))
    await old.sql('REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC', 'shop')
    try {
      const survey = await surveyed(old.url(app))
      expect(untoldOf(survey)).toEqual(['cluster'])
      expect(serverOf(survey).cluster).toEqual({ unknown: expect.stringContaining('may not see it') })
      expect(survey.resource, 'also where only one of two roles may').toEqual(whole.resource)
      expect(survey.position).toHaveProperty('unknown')
      const findings = compared(survey, await surveyed(next.url(app)))
      expect(noted(findings)).toEqual([
        ['pg.identity', 'unknown'],
        ['pg.missing_transactions', 'unknown'],
      ])
      expect(compared(survey, whole).get('pg.identity')).toMatchObject({ detail: 'the very same database' })
    } finally {
      await old.sql('GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC', 'shop')
    }
  })

  test('are one resource by every way that leads to one database, and another for every other', async () => {
    const socket = `postgres://app:app-pw@/shop?host=${old.socketFolder}&port=${old.port}`
    const ways = [old.url(app), socket, old.url({ ...app, host: 'localhost' }), old.url({ database: 'shop' })]
    const others = [old.url({ ...app, database: 'postgres' }), next.url(app)]
    const resources = await Promise.all([...ways, ...others].map(async (way) => JSON.stringify((await surveyed(way)).resource)))
    expect(new Set(resources.slice(0, ways.length)).size).toBe(1)
    expect(new Set(resources).size).toBe(1 + others.length)
    const sameServer = compared(await surveyed(old.url(app)), await surveyed(old.url({ ...app, database: 'postgres' })))
    expect(sameServer.get('pg.identity')).toMatchObject({ detail: 'another database of the same server' })
  })

  test.each([
    ['ALTER ROLE app', 'BEGIN READ WRITE; ALTER ROLE "app" RESET default_transaction_read_only; COMMIT'],
    ['ALTER DATABASE shop', 'BEGIN READ WRITE; ALTER DATABASE "shop" RESET default_transaction_read_only; COMMIT'],
    [
      'ALTER ROLE app IN DATABASE shop',
      'BEGIN READ WRITE; ALTER ROLE "app" IN DATABASE "shop" RESET default_transaction_read_only; COMMIT',
    ],
    ['ALTER ROLE ALL', 'BEGIN READ WRITE; ALTER ROLE ALL RESET default_transaction_read_only; COMMIT'],
    ['ALTER SYSTEM', 'ALTER SYSTEM SET default_transaction_read_only = off; SELECT pg_reload_conf()'],
  ])('are read-only by %s, and the remedy is true', async (alter, remedy) => {
    await typed(next, `${alter} SET default_transaction_read_only = on; SELECT pg_reload_conf()`)
    await expect.poll(async () => (await both()).get('pg.read_only')).toMatchObject({ status: 'fail', remedy })
    await typed(next, remedy)
    await expect.poll(async () => (await both()).get('pg.read_only')).toMatchObject({ status: 'pass' })
    await typed(next, 'ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()')
  })

  test('compare what the sessions of this role begin with, not the timeouts of the survey', async () => {
    await old.sql(`ALTER ROLE app SET statement_timeout = '7s'; ALTER ROLE app IN DATABASE shop SET search_path = app, public`)
    try {
      const finding = (await both()).get('pg.settings')
      expect(finding).toMatchObject({
        status: 'fail',
        detail: 'search_path app, public → "$user", public; statement_timeout 7 s → off',
      })
      await typed(next, finding?.remedy)
      expect((await both()).get('pg.settings')).toMatchObject({ status: 'pass' })
      const options = encodeURIComponent('-c search_path=other')
      const own = await surveyed(next.url({ ...app, query: `options=${options}` }))
      expect(compared(await surveyed(old.url(app)), own).get('pg.settings')).toMatchObject({
        status: 'fail',
        remedy: 'take search_path out of the options of the handle',
      })
    } finally {
      for (const server of [old, next]) await server.sql(`ALTER ROLE app RESET ALL; ALTER ROLE app IN DATABASE shop RESET ALL`)
    }
  })

  test('wait for the other side outside of a transaction: a server that ends idle ones does not end the survey', async () => {
    await next.sql(`ALTER ROLE app SET idle_in_transaction_session_timeout = '200ms'`)
    const slow = surveyed(old.url(app)).then(async (survey) => {
      await new Promise((resolve) => setTimeout(resolve, 800))
      return survey
    })
    try {
      expect(untoldOf(await surveyed(next.url(app), slow))).toEqual([])
    } finally {
      await next.sql('ALTER ROLE app RESET ALL')
    }
  })

  test('compare extensions, and the remedy is true', async () => {
    await old.sql('CREATE SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext; CREATE EXTENSION "uuid-ossp"', 'shop')
    try {
      const finding = (await both()).get('pg.extensions')
      expect(finding).toMatchObject({ status: 'fail', detail: 'missing there: hstore, uuid-ossp' })
      await next.sql('CREATE SCHEMA ext', 'shop')
      await typed(next, finding?.remedy)
      expect((await both()).get('pg.extensions')).toMatchObject({ status: 'pass' })
      await next.sql('ALTER EXTENSION hstore SET SCHEMA public', 'shop')
      const moved = (await both()).get('pg.extensions')
      expect(moved).toMatchObject({ status: 'warn', detail: 'hstore is in schema public there and in ext now' })
    } finally {
      for (const server of [old, next]) await server.sql('DROP EXTENSION IF EXISTS hstore, "uuid-ossp"; DROP SCHEMA IF EXISTS ext', 'shop')
    }
  })

  test('compare what the role is and may', async () => {
    const soon = new Date(Date.now() + 10 * 24 * 3_600_000).toISOString()
    const now = async () => compared(await surveyed(old.url(app)), await surveyed(next.url(app)), { today: Date.now() }).get('pg.role')
    await old.sql('CREATE ROLE owners; GRANT owners TO app')
    await next.sql(`CREATE ROLE owners; ALTER ROLE app CONNECTION LIMIT 20 VALID UNTIL '${soon}'`)
    const finding = await now()
    expect(finding).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^the password of app ends in \d+ days .*; no member of owners there; at most 20 connections for app/),
    })
    await typed(next, finding?.remedy)
    expect(await now()).toMatchObject({ status: 'pass' })
    for (const server of [old, next]) await server.sql('DROP ROLE owners')
  })

  test('count the connections that the app holds against those that are free', async () => {
    const clients = Array.from({ length: 4 }, () => new pg.Client({ connectionString: old.url(app) }))
    await Promise.all(clients.map((client) => client.connect()))
    await next.sql('ALTER ROLE app CONNECTION LIMIT 3')
    try {
      expect((await both()).get('pg.capacity')).toMatchObject({
        status: 'fail',
        detail: expect.stringContaining(`3 connections free there, 4 in use by the app's database now`),
      })
      await next.sql('ALTER ROLE app CONNECTION LIMIT 4')
      expect((await both()).get('pg.capacity')).toMatchObject({ status: 'pass' })
    } finally {
      await next.sql('ALTER ROLE app CONNECTION LIMIT -1')
      await Promise.all(clients.map((client) => client.end()))
    }
  })

  test('refuse to leave prepared transactions behind', async () => {
    await old.sql(`BEGIN; INSERT INTO orders VALUES (77); PREPARE TRANSACTION 'order-77'`, 'shop')
    expect((await both()).get('pg.prepared_left')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('1 prepared transaction is'),
    })
    await old.sql(`ROLLBACK PREPARED 'order-77'`, 'shop')
    expect((await both()).get('pg.prepared_left')).toMatchObject({ status: 'pass' })
  })

  test('see logical replication: one that feeds the new one, and one that stays behind', async () => {
    await old.sql('CREATE PUBLICATION everything FOR ALL TABLES', 'shop')
    await old.sql(`SELECT pg_create_logical_replication_slot('debezium', 'pgoutput')`, 'shop')
    await next.sql('TRUNCATE orders', 'shop')
    try {
      expect((await both()).get('pg.slots_left')).toMatchObject({
        status: 'warn',
        detail: expect.stringContaining('1 logical replication slot on the old one (debezium; 0 in use; 1 publication)'),
      })
      await old.sql(`SELECT pg_drop_replication_slot('debezium')`, 'shop')
      const source = `host=${old.socketFolder} port=${old.port} user=postgres password=${old.password} dbname=shop`
      await next.sql(`CREATE SUBSCRIPTION from_old CONNECTION '${source}' PUBLICATION everything`, 'shop')
      await expect
        .poll(async () => (await both()).get('pg.subscription'), { timeout: 15_000 })
        .toMatchObject({ status: 'warn', severity: 'warn', detail: expect.stringContaining('still brings writes of the old one') })
      expect((await both()).get('pg.slots_left')).toMatchObject({ status: 'pass' })
      await next.sql('ALTER SUBSCRIPTION from_old DISABLE', 'shop')
      expect((await both()).get('pg.subscription')).toMatchObject({ status: 'pass' })
    } finally {
      await next.sql('DROP SUBSCRIPTION IF EXISTS from_old', 'shop')
      await old.sql('DROP PUBLICATION everything', 'shop')
    }
  })

  test('compare locale, encoding and the order of text', async () => {
    await next.sql(`CREATE DATABASE turkish LOCALE_PROVIDER icu ICU_LOCALE 'tr' TEMPLATE template0`)
    await next.sql(`CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0`)
    const survey = await surveyed(old.url(app))
    const turkish = compared(survey, await surveyed(next.url({ database: 'turkish' })))
    expect(turkish.get('pg.locale')).toMatchObject({ status: 'fail', detail: expect.stringContaining('libc C → ICU tr') })
    const bytes = await surveyed(next.url({ database: 'bytes' }))
    expect(untoldOf(bytes)).toEqual([])
    expect(compared(survey, bytes).get('pg.encoding')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('SQL_ASCII there and as UTF8 now'),
    })
  })
})

/** What the manual says: dump and restore as the superuser, owners kept. */
async function restore(from: PostgresServer, to: PostgresServer): Promise<void> {
  const dump = await run(join(postgresPrograms(), 'pg_dump'), ['-d', from.url({ database: 'shop' })])
  await typed(to, dump)
}
