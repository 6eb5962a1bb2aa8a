import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Told } from '../../../../../src/domain/survey.ts'
import { compareAge, duration } from '../../../../../src/kinds/postgres/guards/content/compare/age.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../../../../support/postgres.ts'
import { surveyOf } from './databases.ts'
import { ROLES } from './shop.sql.ts'

const fresh = { table: 'orders', column: 'at', withinMs: 15 * 60_000 }
const today = Date.parse('2026-01-02T12:00:00Z')

describe('the age of the data', () => {
  const age = (next: Told<string>, old: Told<string> | null = null, asked: typeof fresh | null = fresh) =>
    compareAge({ fresh: asked, today, next: { newest: next }, old: old === null ? null : { newest: old } })

  test('is not asked for unless attach.yaml does', () => {
    expect(age({ unknown: 'x' }, null, null)).toMatchObject({ status: 'pass' })
  })

  test('over what attach.yaml allows is refused, with figures', () => {
    expect(age({ is: '2026-01-02T11:46:00.000Z' })).toMatchObject({ status: 'pass', detail: 'the newest orders.at is 14 min old' })
    expect(age({ is: '2026-01-02T05:48:00.000Z' })).toMatchObject({
      status: 'fail',
      detail: 'the newest orders.at is 6 h 12 min old (2026-01-02T05:48:00.000Z), and may be 15 min',
    })
  })

  test('over that of the old one is a warning, with figures', () => {
    const old = { is: '2026-01-02T11:59:00.000Z' }
    expect(age({ is: '2026-01-02T11:50:00.000Z' }, old)).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('9 min older than on the old one'),
    })
    expect(age({ is: '2026-01-02T11:58:59.500Z' }, old)).toMatchObject({ status: 'pass' })
  })

  test('that cannot be read is unknown, never a pass', () => {
    expect(age({ unknown: 'there is no column orders.at' })).toMatchObject({ status: 'unknown', detail: 'there is no column orders.at' })
  })

  test('is said in its two greatest parts', () => {
    expect([0, 400, 59_000, 61_000, 90_061_000, 172_800_000].map(duration)).toEqual(['0 s', '0 s', '59 s', '1 min 1 s', '1 d 1 h', '2 d'])
  })
})

describe.runIf(havePostgres())('the newest row of a real database', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres()
    await server.sql(ROLES)
    await server.sql('CREATE DATABASE shop')
    await server.sql(
      `CREATE SCHEMA shop; CREATE SCHEMA hidden; GRANT USAGE ON SCHEMA shop TO app; ALTER ROLE app SET search_path = "$user", shop, public;
      CREATE TABLE shop.orders (at timestamptz, plain timestamp, day date, count int, later timestamptz, "odd "" name" timestamptz);
      CREATE INDEX ON shop.orders (at);
      INSERT INTO shop.orders VALUES ('2026-01-01 12:00:00.5+02', '2026-01-01 12:00', '2026-01-03', 5, 'infinity', '2026-01-04 00:00Z'), ('2025-12-31', NULL, NULL, NULL, '2026-01-05 01:02:03Z', NULL);
      CREATE TABLE public.orders (at timestamptz); INSERT INTO public.orders VALUES ('2030-01-01');
      CREATE TABLE public.empty (at timestamptz); CREATE TABLE public.shut (at timestamptz); CREATE TABLE hidden.away (at timestamptz);
      CREATE TABLE public.wide (at timestamptz, filler text); INSERT INTO wide SELECT now(), repeat('x', 1900) FROM generate_series(1, 17000); ALTER TABLE wide ALTER filler SET STORAGE PLAIN;
      GRANT SELECT ON shop.orders, public.orders, public.empty, public.wide TO app; GRANT SELECT ON hidden.away TO app;
      CREATE TABLE public.tenants (at timestamptz); ALTER TABLE tenants ENABLE ROW LEVEL SECURITY; GRANT SELECT ON tenants TO app;
      CREATE VIEW public.seen AS SELECT now() AS at; GRANT SELECT ON seen TO app`,
      'shop',
    )
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const newest = async (table: string, column: string) =>
    (await surveyOf(server.url({ user: 'app', password: 'pw', database: 'shop' }), { table, column, withinMs: 1 })).newest

  test.each([
    ['orders', 'at', '2026-01-01T10:00:00.500Z'],
    ['shop.orders', 'at', '2026-01-01T10:00:00.500Z'],
    ['public.orders', 'at', /^20(29-12-31|30-01-01)T/],
    ['orders', 'plain', '2026-01-01T12:00:00.000Z'],
    ['orders', 'day', '2026-01-03T00:00:00.000Z'],
    ['orders', 'later', '2026-01-05T01:02:03.000Z'],
    ['orders', 'odd " name', '2026-01-04T00:00:00.000Z'],
  ])('%s.%s tells it', async (table, column, time) => {
    expect(await newest(table, column)).toEqual({ is: typeof time === 'string' ? time : expect.stringMatching(time) })
  })

  test.each([
    ['orders', 'count', 'orders.count is no time'],
    ['orders', "at'; DROP TABLE orders; --", "there is no column orders.at'; DROP TABLE orders; --"],
    ['nothing', 'at', 'there is no column nothing.at'],
    ['seen', 'at', 'there is no column seen.at'],
    ['empty', 'at', 'public.empty has no rows'],
    ['shut', 'at', 'this role may not read shut.at'],
    ['hidden.away', 'at', 'this role may not read hidden.away.at'],
    ['tenants', 'at', 'row security hides rows of public.tenants'],
    ['wide', 'at', 'no index begins with wide.at, and the table is too big to be read'],
  ])('%s.%s does not, and why is said', async (table, column, why) => {
    expect(await newest(table, column)).toEqual({ unknown: why })
  })
})
