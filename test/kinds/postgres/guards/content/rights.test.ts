import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { guards } from '../../../../../src/kinds/postgres/guards/guards.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../../../../support/postgres.ts'
import { compared, of, surveyOf } from './databases.ts'
import { HOSTILE, LONG, ROLES } from './shop.sql.ts'

describe.runIf(havePostgres())('a database that is asked', () => {
  let server: PostgresServer
  let databases = 0
  beforeAll(async () => {
    server = await startPostgres()
    await server.sql(ROLES)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  async function database(content: string): Promise<string> {
    databases += 1
    const name = `db_${databases}`
    await server.sql(`CREATE DATABASE ${name}`)
    await server.sql(content, name)
    return name
  }
  const handle = (database: string, user = 'app'): string => server.url({ user, password: 'pw', database })
  const survey = (database: string, user = 'app') => surveyOf(handle(database, user))

  test('of whose tables the role may read some: the others are unknown, by name, and damage is still found', async () => {
    const content = `CREATE TABLE open (id serial PRIMARY KEY); CREATE TABLE shut (id serial PRIMARY KEY); CREATE TABLE half (id serial PRIMARY KEY);
      INSERT INTO open SELECT FROM generate_series(1, 100); INSERT INTO shut SELECT FROM generate_series(1, 100); INSERT INTO half SELECT FROM generate_series(1, 100);
      GRANT SELECT ON open, open_id_seq TO app; GRANT SELECT ON half TO app`
    const [old, next] = [await survey(await database(content)), await survey(await database(content))]
    const findings = compared(old, next)
    for (const id of ['pg.empty', 'pg.shrunken'])
      expect(of(findings, id)).toMatchObject({ status: 'unknown', detail: 'not known of 1 table (this role may not read it): public.shut' })
    expect(of(findings, 'pg.sequences')).toMatchObject({
      status: 'unknown',
      detail: 'not known of 2 sequences (this role may not read it): public.half_id_seq, public.shut_id_seq',
    })
    const damaged = await survey(await database(`${content}; SELECT setval('open_id_seq', 1); TRUNCATE half`))
    expect(of(compared(old, damaged), 'pg.sequences')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(
        /^1 sequence .*: public\.open_id_seq \(next 2, public\.open\.id has 100\); not known of 1 sequence .*: public\.shut_id_seq$/,
      ),
    })
    expect(of(compared(old, damaged), 'pg.empty')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/public\.half .*; not known of 1 table .*: public\.shut$/),
    })
  })

  test('by a role that may use a sequence and not read it: where it stands is known once it was used', async () => {
    const content = `CREATE TABLE t (id serial PRIMARY KEY); INSERT INTO t SELECT FROM generate_series(1, 9); GRANT SELECT ON t TO app; GRANT USAGE ON SEQUENCE t_id_seq TO app`
    const next = await survey(await database(content))
    expect(of(compared(null, next), 'pg.sequences')).toMatchObject({ status: 'pass' })
    const reset = await survey(await database(`${content}; SELECT setval('t_id_seq', 1, false)`))
    expect(of(compared(null, reset), 'pg.sequences')).toMatchObject({
      status: 'unknown',
      detail: expect.stringContaining('public.t_id_seq'),
    })
  })

  test('while a table is locked: that one is unknown, and the rest is told', async () => {
    const name = await database(`SET ROLE postgres; CREATE TABLE free (id serial PRIMARY KEY); CREATE TABLE taken (id serial PRIMARY KEY);
      INSERT INTO free SELECT FROM generate_series(1, 5); INSERT INTO taken SELECT FROM generate_series(1, 5); GRANT ALL ON ALL TABLES IN SCHEMA public TO app;
      GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app; ANALYZE`)
    const old = await survey(name)
    const locked = server.sql(`BEGIN; LOCK TABLE taken IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(6); COMMIT`, name)
    await server.sql('SELECT pg_sleep(0.3)')
    const next = await survey(name)
    expect(of(compared(old, next), 'pg.empty')).toMatchObject({
      status: 'unknown',
      detail: expect.stringMatching(/^not known of 1 table \(somebody holds a lock on it .*\): public\.taken$/),
    })
    expect(of(compared(old, next), 'pg.objects')).toMatchObject({ status: 'pass' })
    expect(of(compared(old, next), 'pg.sequences').detail).toMatch(/public\.taken_id_seq for public\.taken\.id$/)
    await locked
  })

  test('by another role than before: what each may do is compared, whatever it is called', async () => {
    const content = (role: string) =>
      `CREATE TABLE t (id int); ALTER TABLE t OWNER TO ${role}; GRANT CREATE ON SCHEMA public TO ${role}; ALTER DEFAULT PRIVILEGES FOR ROLE ${role} GRANT SELECT ON TABLES TO reader`
    const old = await survey(await database(content('app')))
    const findings = compared(old, await survey(await database(content('other')), 'other'))
    for (const id of ['pg.owner', 'pg.grants', 'pg.default_grants']) expect(of(findings, id), id).toMatchObject({ status: 'pass' })
    const lost = compared(old, await survey(await database(content('app')), 'other'))
    expect(of(lost, 'pg.grants')).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON TABLE public.t TO other;'),
    })
    expect(of(lost, 'pg.owner')).toMatchObject({ status: 'warn', remedy: 'ALTER TABLE public.t OWNER TO other;' })
  })

  test('whose row security holds for this role, and did not on the old one: the app loses sight of rows', async () => {
    const guarded = (owner: string) =>
      `CREATE TABLE t (id int); ALTER TABLE t OWNER TO ${owner}; GRANT ALL ON t TO app, other; INSERT INTO t VALUES (1); CREATE POLICY p ON t USING (id > 1); ALTER TABLE t ENABLE ROW LEVEL SECURITY`
    const hidden = { status: 'fail', detail: expect.stringContaining('from this role, and did not: public.t (this role bypassed it)') }
    const [owned, granted] = [await database(guarded('app')), await database(guarded('deploy'))]
    expect(of(compared(await survey(owned), await survey(granted)), 'pg.row_security')).toMatchObject(hidden)
    await server.sql('ALTER ROLE other BYPASSRLS')
    expect(of(compared(await survey(granted, 'other'), await survey(granted)), 'pg.row_security')).toMatchObject(hidden)
    await server.sql('ALTER ROLE other NOBYPASSRLS')
    expect(of(compared(await survey(granted), await survey(granted)), 'pg.row_security')).toMatchObject({ status: 'pass' })
  })

  test('cannot make anything run by its names', async () => {
    const quoted = `"${HOSTILE.replaceAll('"', '""')}"`
    const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`
    const content = (rows: number) => `SET standard_conforming_strings = on; CREATE SCHEMA ${quoted} AUTHORIZATION app; SET ROLE app;
      CREATE TABLE ${quoted}.${quoted} (${quoted} serial PRIMARY KEY); CREATE TABLE ${quoted}.${LONG} (${LONG} serial PRIMARY KEY);
      INSERT INTO ${quoted}.${quoted} SELECT FROM generate_series(1, ${rows}); RESET ROLE;
      CREATE TABLE orders (id int); INSERT INTO orders VALUES (1); ALTER TABLE orders OWNER TO app`
    const name = await database(
      `${content(20)}; SELECT setval(pg_get_serial_sequence(${literal(`${quoted}.${quoted}`)}, ${literal(HOSTILE)}), 3)`,
    )
    const [old, next] = [await survey(await database(content(20))), await survey(name)]
    const finding = of(compared(old, next), 'pg.sequences')
    expect(finding).toMatchObject({ status: 'fail', detail: expect.stringMatching(/\(next 4, .* has 20\)$/) })
    expect(finding.detail).not.toMatch(/\n/)
    await server.sql(finding.remedy ?? '', name)
    expect(of(compared(old, await survey(name)), 'pg.sequences')).toMatchObject({ status: 'pass' })
    expect(await server.sql('SELECT count(*)::int AS rows FROM orders', name)).toEqual([{ rows: 1 }])
    const empty = compared(old, await survey(await database(content(0))))
    expect(of(empty, 'pg.empty').detail).not.toMatch(/\n/)
  })

  test('is not led astray by what stands in the search_path of the role', async () => {
    const name =
      await database(`CREATE SCHEMA trap; GRANT USAGE ON SCHEMA trap TO app; CREATE TABLE t (id serial PRIMARY KEY); INSERT INTO t SELECT FROM generate_series(1, 5);
      GRANT SELECT ON t, t_id_seq TO app;
      CREATE FUNCTION trap.max(int) RETURNS int LANGUAGE sql AS 'SELECT 0'; CREATE FUNCTION trap.has_table_privilege(oid, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
      CREATE VIEW trap.pg_class AS SELECT * FROM pg_catalog.pg_class WHERE false;
      DO $$ BEGIN EXECUTE format('ALTER ROLE app IN DATABASE %I SET search_path = trap, pg_catalog, public', current_database()); END $$`)
    const findings = compared(null, await surveyOf(handle(name), { table: 't', column: 'id', withinMs: 1 }))
    expect(of(findings, 'pg.sequences')).toMatchObject({ status: 'pass', detail: expect.stringMatching(/^1 sequence /) })
    expect((await surveyOf(handle(name), { table: 't', column: 'id', withinMs: 1 })).newest).toEqual({ unknown: 't.id is no time' })
  })

  test('writes nothing', async () => {
    const name = await database('CREATE TABLE t (id serial PRIMARY KEY); ALTER TABLE t OWNER TO app')
    const written = () =>
      server.sql(
        `SELECT pg_current_xact_id_if_assigned(), xact_commit >= 0 AS here, tup_inserted, tup_updated, tup_deleted FROM pg_stat_database WHERE datname = '${name}'`,
      )
    const before = await written()
    await survey(name)
    expect(await written()).toEqual(before)
  })

  test('when the old one is dead, whose content is not known: what needs it is unknown, and the rest is told', async () => {
    const next = await survey(
      await database(`CREATE TABLE t (id serial PRIMARY KEY); INSERT INTO t SELECT FROM generate_series(1, 5); SELECT setval('t_id_seq', 2); ALTER TABLE t OWNER TO app;
      CREATE TABLE ar_internal_metadata (key varchar, value varchar); INSERT INTO ar_internal_metadata VALUES ('environment', 'staging'); ALTER TABLE ar_internal_metadata OWNER TO app`),
    )
    const findings = compared(null, next)
    expect(findings.map(({ id }) => id)).toEqual(guards.checks.map(({ id }) => id))
    expect(of(findings, 'pg.sequences')).toMatchObject({ status: 'fail' })
    expect(of(findings, 'pg.environment')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('staging, and the deploy is production'),
    })
    expect(of(compared(null, next, { deploy: 'staging' }), 'pg.environment')).toMatchObject({ status: 'pass' })
    expect(of(compared(null, next, { deploy: 'review-42' }), 'pg.environment')).toMatchObject({ status: 'unknown' })
    for (const id of [
      'pg.objects',
      'pg.empty',
      'pg.shrunken',
      'pg.unlogged',
      'pg.sequences_behind',
      'pg.owner',
      'pg.grants',
      'pg.row_security',
      'pg.migrations',
    ])
      expect(of(findings, id), id).toMatchObject({
        status: 'unknown',
        detail: expect.stringContaining('the old resource failed at connect'),
      })
    const empty = await survey(
      await database('CREATE TABLE t (id int); CREATE TABLE u (id int); ALTER TABLE t OWNER TO app; ALTER TABLE u OWNER TO app'),
    )
    expect(of(compared(null, empty), 'pg.empty')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^the new one holds no row in any of its 2 tables; the old/),
    })
  })

  test('that is a standby: its unlogged tables hold nothing, and the rest is as on its primary', async () => {
    const name = await database(
      'SET ROLE postgres; CREATE UNLOGGED TABLE gone (id serial PRIMARY KEY); CREATE TABLE kept (id serial PRIMARY KEY); INSERT INTO gone SELECT FROM generate_series(1, 9); INSERT INTO kept SELECT FROM generate_series(1, 9); GRANT ALL ON ALL TABLES IN SCHEMA public TO app; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app',
    )
    const old = await survey(name)
    await using standby = await server.standby()
    const findings = compared(old, await surveyOf(standby.url({ user: 'app', password: 'pw', database: name })))
    expect(of(findings, 'pg.unlogged')).toMatchObject({ status: 'warn', detail: expect.stringContaining('public.gone (9 rows before)') })
    for (const id of ['pg.objects', 'pg.empty', 'pg.shrunken', 'pg.grants', 'pg.sequences'])
      expect(of(findings, id), id).toMatchObject({ status: 'pass' })
  })

  test('whose big tables were never analysed: a warning until ANALYZE ran', async () => {
    const name =
      await database(`CREATE TABLE wide (id int, filler text); ALTER TABLE wide SET (autovacuum_enabled = off); INSERT INTO wide SELECT g, repeat('x', 200) FROM generate_series(1, 8000) g; CREATE TABLE small (id int);
      GRANT SELECT ON wide, small TO app`)
    const finding = of(compared(null, await survey(name)), 'pg.statistics')
    expect(finding).toMatchObject({ status: 'warn', detail: '1 big table was never analysed: public.wide (2 MiB)', remedy: 'ANALYZE;' })
    await server.sql(finding.remedy ?? '', name)
    expect(of(compared(null, await survey(name)), 'pg.statistics')).toMatchObject({ status: 'pass' })
    await server.sql('SELECT pg_stat_reset()', name)
    expect(of(compared(null, await survey(name)), 'pg.statistics'), 'the server forgot when').toMatchObject({ status: 'pass' })
  })
})
