import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Finding } from '../../../../../src/domain/finding.ts'
import { compareEnvironment, compareMigrations } from '../../../../../src/kinds/postgres/guards/content/compare/migrations.ts'
import { FRAMEWORKS } from '../../../../../src/kinds/postgres/guards/content/survey/frameworks.ts'
import type { EnvironmentTag, Ledger } from '../../../../../src/kinds/postgres/guards/content/survey/migrations.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../../../../support/postgres.ts'
import { compared, of, surveyOf } from './databases.ts'
import { ROLES } from './shop.sql.ts'

/** As each framework makes its table, with three migrations that ran; the last of them goes; what it leaves when it breaks. */
const SAMPLES: Readonly<Record<string, { readonly made: string; readonly older: string; readonly broken?: string }>> = {
  'golang-migrate': {
    made: 'CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (10, false)',
    older: 'UPDATE schema_migrations SET version = 9',
    broken: 'UPDATE schema_migrations SET dirty = true',
  },
  'Rails, dbmate or Ecto': {
    made: "CREATE TABLE schema_migrations (version varchar PRIMARY KEY); INSERT INTO schema_migrations VALUES ('1'), ('2'), ('3')",
    older: "DELETE FROM schema_migrations WHERE version = '3'",
  },
  Django: {
    made: "CREATE TABLE django_migrations (id serial, app varchar, name varchar, applied timestamptz); INSERT INTO django_migrations (app, name) VALUES ('a', '1'), ('a', '2'), ('b', '1')",
    older: "DELETE FROM django_migrations WHERE app = 'b'",
  },
  Alembic: {
    made: "CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES ('ae1027a6acf')",
    older: "UPDATE alembic_version SET version_num = '1975ea83b712'",
  },
  Flyway: {
    made: `CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar, description varchar, type varchar, script varchar, checksum int,
      installed_by varchar, installed_on timestamp, execution_time int, success boolean);
      INSERT INTO flyway_schema_history (installed_rank, version, script, success) VALUES (1, '1', 'V1__a.sql', true), (2, NULL, 'R__views.sql', true), (3, '2', 'V2__b.sql', true)`,
    older: 'DELETE FROM flyway_schema_history WHERE installed_rank = 3',
    broken: "INSERT INTO flyway_schema_history (installed_rank, version, script, success) VALUES (4, '3', 'V3__c.sql', false)",
  },
  Liquibase: {
    made: `CREATE TABLE databasechangelog (id varchar, author varchar, filename varchar, dateexecuted timestamp, orderexecuted int, exectype varchar);
      CREATE TABLE databasechangeloglock (id int, locked boolean, lockgranted timestamp, lockedby varchar);
      INSERT INTO databasechangelog VALUES ('1', 'ann', 'a.xml'), ('2', 'ann', 'a.xml'), ('1', 'bob', 'a.xml'); INSERT INTO databasechangeloglock VALUES (1, false)`,
    older: "DELETE FROM databasechangelog WHERE author = 'bob'",
    broken: 'UPDATE databasechangeloglock SET locked = true',
  },
  Prisma: {
    made: `CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64), finished_at timestamptz, migration_name varchar(255), logs text,
      rolled_back_at timestamptz, started_at timestamptz DEFAULT now(), applied_steps_count int DEFAULT 0);
      INSERT INTO _prisma_migrations (id, finished_at, migration_name, rolled_back_at) VALUES ('a', now(), '1_init', NULL), ('b', NULL, '2_more', now()), ('c', now(), '2_more', NULL)`,
    older: "DELETE FROM _prisma_migrations WHERE id = 'c'",
    broken: "INSERT INTO _prisma_migrations (id, migration_name) VALUES ('d', '3_broken')",
  },
  Knex: {
    made: `CREATE TABLE knex_migrations (id serial, name varchar, batch int, migration_time timestamptz); CREATE TABLE knex_migrations_lock (index serial, is_locked int);
      INSERT INTO knex_migrations (name, batch) VALUES ('1.js', 1), ('2.js', 1), ('3.js', 2); INSERT INTO knex_migrations_lock (is_locked) VALUES (0)`,
    older: "DELETE FROM knex_migrations WHERE name = '3.js'",
    broken: 'UPDATE knex_migrations_lock SET is_locked = 1',
  },
  Sequelize: {
    made: `CREATE TABLE "SequelizeMeta" (name varchar PRIMARY KEY); INSERT INTO "SequelizeMeta" VALUES ('1.js'), ('2.js')`,
    older: `DELETE FROM "SequelizeMeta" WHERE name = '2.js'`,
  },
  TypeORM: {
    made: `CREATE TABLE migrations (id serial, "timestamp" bigint, name varchar); INSERT INTO migrations ("timestamp", name) VALUES (1, 'A1'), (2, 'B2')`,
    older: "DELETE FROM migrations WHERE name = 'B2'",
  },
  Laravel: {
    made: "CREATE TABLE migrations (id serial, migration varchar, batch int); INSERT INTO migrations (migration, batch) VALUES ('1_a', 1), ('2_b', 1)",
    older: "DELETE FROM migrations WHERE migration = '2_b'",
  },
  'db-migrate': {
    made: "CREATE TABLE migrations (id serial, name varchar, run_on timestamp); INSERT INTO migrations (name) VALUES ('/1'), ('/2')",
    older: "DELETE FROM migrations WHERE name = '/2'",
  },
  Drizzle: {
    made: `CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial, hash text, created_at bigint); INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('aa', 1), ('bb', 2)`,
    older: "DELETE FROM drizzle.__drizzle_migrations WHERE hash = 'bb'",
  },
  'node-pg-migrate': {
    made: "CREATE TABLE pgmigrations (id serial, name varchar, run_on timestamp); INSERT INTO pgmigrations (name) VALUES ('1_a'), ('2_b')",
    older: "DELETE FROM pgmigrations WHERE name = '2_b'",
  },
  goose: {
    made: 'CREATE TABLE goose_db_version (id serial, version_id bigint, is_applied boolean, tstamp timestamp); INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (2, true)',
    older: 'DELETE FROM goose_db_version WHERE version_id = 2',
  },
  sqlx: {
    made: 'CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text, installed_on timestamptz, success boolean, checksum bytea, execution_time bigint); INSERT INTO _sqlx_migrations (version, success) VALUES (1, true), (2, true)',
    older: 'DELETE FROM _sqlx_migrations WHERE version = 2',
    broken: 'INSERT INTO _sqlx_migrations (version, success) VALUES (3, false)',
  },
  Diesel: {
    made: "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp); INSERT INTO __diesel_schema_migrations VALUES ('1'), ('2')",
    older: "DELETE FROM __diesel_schema_migrations WHERE version = '2'",
  },
  'Entity Framework': {
    made: `CREATE TABLE "__EFMigrationsHistory" ("MigrationId" varchar(150) PRIMARY KEY, "ProductVersion" varchar(32)); INSERT INTO "__EFMigrationsHistory" VALUES ('1_A', '8'), ('2_B', '8')`,
    older: `DELETE FROM "__EFMigrationsHistory" WHERE "MigrationId" = '2_B'`,
  },
  Doctrine: {
    made: "CREATE TABLE doctrine_migration_versions (version varchar PRIMARY KEY, executed_at timestamp, execution_time int); INSERT INTO doctrine_migration_versions VALUES ('M\\V1'), ('M\\V2')",
    older: "DELETE FROM doctrine_migration_versions WHERE version LIKE '%2'",
  },
  Phinx: {
    made: "CREATE TABLE phinxlog (version bigint PRIMARY KEY, migration_name varchar, start_time timestamp, end_time timestamp, breakpoint boolean); INSERT INTO phinxlog VALUES (1, 'A'), (2, 'B')",
    older: 'DELETE FROM phinxlog WHERE version = 2',
  },
  Atlas: {
    made: "CREATE SCHEMA atlas_schema_revisions; CREATE TABLE atlas_schema_revisions.atlas_schema_revisions (version varchar PRIMARY KEY, description varchar, applied bigint, total bigint, error text); INSERT INTO atlas_schema_revisions.atlas_schema_revisions VALUES ('1', 'a', 2, 2), ('2', 'b', 1, 1)",
    older: "DELETE FROM atlas_schema_revisions.atlas_schema_revisions WHERE version = '2'",
    broken: "INSERT INTO atlas_schema_revisions.atlas_schema_revisions VALUES ('3', 'c', 1, 2, 'syntax error')",
  },
  MikroORM: {
    made: "CREATE TABLE mikro_orm_migrations (id serial, name varchar, executed_at timestamptz); INSERT INTO mikro_orm_migrations (name) VALUES ('A'), ('B')",
    older: "DELETE FROM mikro_orm_migrations WHERE name = 'B'",
  },
  Strapi: {
    made: "CREATE TABLE strapi_migrations (id serial, name varchar, time timestamp); INSERT INTO strapi_migrations (name) VALUES ('A'), ('B')",
    older: "DELETE FROM strapi_migrations WHERE name = 'B'",
  },
}

describe.runIf(havePostgres())('what a framework noted of its migrations in a real database', () => {
  let server: PostgresServer
  let databases = 0
  beforeAll(async () => {
    server = await startPostgres()
    await server.sql(ROLES)
    await server.sql('GRANT pg_read_all_data TO app')
  })
  afterAll(() => server[Symbol.asyncDispose]())

  async function surveyed(statements: string) {
    databases += 1
    await server.sql(`CREATE DATABASE db_${databases}`)
    await server.sql(statements, `db_${databases}`)
    return await surveyOf(server.url({ user: 'app', password: 'pw', database: `db_${databases}` }))
  }

  test('each framework has a sample here', () => {
    expect(Object.keys(SAMPLES).sort()).toEqual([...new Set(FRAMEWORKS.map(({ name }) => name))].sort())
  })

  test.each(Object.entries(SAMPLES))('%s', async (name, { made, older, broken }) => {
    const old = await surveyed(made)
    const same = of(compared(old, await surveyed(made)), 'pg.migrations')
    expect(same).toMatchObject({ status: 'pass', detail: expect.stringContaining(name) })
    const behind = of(compared(old, await surveyed(`${made}; ${older}`)), 'pg.migrations')
    expect(behind).toMatchObject({ status: 'fail', detail: expect.stringMatching(name === 'Alembic' ? /diverged/ : /older/) })
    if (broken === undefined) return
    const half = await surveyed(`${made}; ${broken}`)
    expect(of(compared(old, half), 'pg.migrations')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/dirty|failed|locked|not finished/),
    })
    expect(of(compared(null, half), 'pg.migrations'), 'with a dead old one as well').toMatchObject({ status: 'fail' })
    expect(of(compared(half, half), 'pg.migrations'), 'as on the old one').toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('as on the old one'),
    })
  })

  test('of very many histories those that are not read are unknown, and not missing', async () => {
    const schemas = (count: number) =>
      `DO $$ BEGIN FOR i IN 1..${count} LOOP EXECUTE format('CREATE SCHEMA t%s; CREATE TABLE t%s.schema_migrations AS SELECT 1::text AS version', i, i); END LOOP; END $$`
    const [old, next] = [await surveyed(schemas(120)), await surveyed(schemas(121))]
    expect(of(compared(old, next), 'pg.migrations')).toMatchObject({ status: 'warn', detail: expect.not.stringContaining('missing') })
    const same = of(compared(old, old), 'pg.migrations')
    expect(same).toMatchObject({ status: 'unknown', detail: expect.stringContaining('more of this sort') })
    const missing = of(compared(next, old), 'pg.migrations')
    expect(missing).toMatchObject({ status: 'fail', detail: expect.stringMatching(/^t121\.schema_migrations of .* is missing/) })
  })

  test('a view of such a name is not read: it would run what somebody wrote', async () => {
    const survey = await surveyed(
      "CREATE FUNCTION boom() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'boom'; END $$; CREATE VIEW schema_migrations AS SELECT boom() AS version; CREATE VIEW ar_internal_metadata AS SELECT boom() AS key, boom() AS value",
    )
    expect(of(compared(survey, survey), 'pg.migrations')).toMatchObject({
      status: 'pass',
      detail: expect.stringContaining('no table of a framework'),
    })
  })

  test('of a very long history the newest part is kept, and told apart', async () => {
    const long =
      "CREATE TABLE schema_migrations (version varchar PRIMARY KEY); INSERT INTO schema_migrations SELECT lpad(g::text, 14, '0') FROM generate_series(1, 5000) g"
    const old = await surveyed(long)
    expect(JSON.stringify(old).length).toBeLessThan(80_000)
    expect(of(compared(old, await surveyed(long)), 'pg.migrations')).toMatchObject({
      status: 'pass',
      detail: expect.stringContaining('5,000 migrations'),
    })
    const behind = of(
      compared(old, await surveyed(`${long}; DELETE FROM schema_migrations WHERE version = '00000000005000'`)),
      'pg.migrations',
    )
    expect(behind).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('older: 4,999 of 5,000 migrations ran, not 00000000005000'),
    })
    const holed = of(
      compared(old, await surveyed(`${long}; DELETE FROM schema_migrations WHERE version = '00000000000007'`)),
      'pg.migrations',
    )
    expect(holed).toMatchObject({ status: 'fail', detail: expect.stringContaining('4,999 migrations, not 5,000') })
  })
})

const ledger = (names: readonly string[], more: Partial<Ledger> = {}): Ledger => ({
  framework: 'Rails, dbmate or Ecto',
  table: 'public.schema_migrations',
  keeps: 'all',
  read: { is: { count: names.length, names: [...names], trouble: null } },
  ...more,
})

describe('two histories', () => {
  const between = (old: Ledger | null, next: Ledger | null): Finding =>
    compareMigrations(old === null ? null : [old], 'the old one did not answer', next === null ? [] : [next])

  test.each([
    ['the same', ['1', '2'], ['1', '2'], 'pass'],
    ['older: a true subset', ['1', '2'], ['1'], 'fail'],
    ['newer: a true superset', ['1'], ['1', '2'], 'warn'],
    ['diverged', ['1', '2'], ['1', '3'], 'fail'],
    ['older by all', ['1'], [], 'fail'],
    ['newer by all', [], ['1'], 'warn'],
  ])('%s', (_, old, next, status) => {
    expect(between(ledger(old), ledger(next)).status).toBe(status)
  })

  test('that cannot be read on either side are unknown, by name', () => {
    const read = { unknown: 'this role may not read it' }
    expect(between(ledger(['1']), ledger([], { read }))).toMatchObject({
      status: 'unknown',
      detail: expect.stringContaining('public.schema_migrations'),
    })
    expect(between(ledger([], { read }), ledger(['1']))).toMatchObject({
      status: 'unknown',
      detail: expect.stringContaining('the old one'),
    })
    expect(between(null, ledger(['1']))).toMatchObject({ status: 'unknown', detail: 'the old one did not answer' })
  })
})

describe('histories on one side alone', () => {
  const silent = 'the old one did not answer'

  test('on the new one are told, and are not called the same', () => {
    expect(compareMigrations([], silent, [ledger(['1', '2'])])).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('public.schema_migrations of Rails, dbmate or Ecto is on the new one alone: 2 migrations'),
    })
    expect(compareMigrations([], silent, [ledger([])])).toMatchObject({ status: 'pass' })
  })

  test('on the old one are missing', () => {
    expect(compareMigrations([ledger(['1'])], silent, [])).toMatchObject({ status: 'fail', detail: expect.stringContaining('is missing') })
  })
})

describe('two environments', () => {
  const tag = (value: string | null): EnvironmentTag => ({ framework: 'Rails', table: 'public.ar_internal_metadata', value: { is: value } })
  const between = (old: string | null, next: string | null, deploy = 'production') =>
    compareEnvironment([tag(old)], '', [tag(next)], deploy)

  test('differ, whatever the deploy is called', () => {
    expect(between('production', 'production', 'staging').status).toBe('pass')
    expect(between('production', 'staging')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('staging now, production before'),
    })
    expect(between('production', null)).toMatchObject({ status: 'unknown' })
    expect(compareEnvironment([tag('production')], '', [], 'production')).toMatchObject({ status: 'unknown' })
  })

  test('a tag of the new one alone is weighed against the name of the deploy', () => {
    for (const old of [[], [tag(null)]]) {
      expect(compareEnvironment(old, '', [tag('production')], 'production')).toMatchObject({ status: 'pass' })
      expect(compareEnvironment(old, '', [tag('staging')], 'production')).toMatchObject({
        status: 'fail',
        detail: expect.stringContaining('staging, and the deploy is production'),
      })
      expect(compareEnvironment(old, '', [tag('staging')], 'eu-west')).toMatchObject({
        status: 'unknown',
        detail: expect.stringContaining('the old one carries no tag'),
      })
    }
  })
})
