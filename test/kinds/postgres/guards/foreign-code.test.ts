import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asDocument } from '../../../support/cli.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../../../support/postgres.ts'
import { scratch } from '../../../support/scratch.ts'
import { surveyOf, tablesIn } from './content/databases.ts'

/** What somebody else could leave in the database of an app: each calls `evil.ran`, which says so in the log of the server. */
const EVIL = `
  CREATE ROLE mallory LOGIN PASSWORD 'm';
  CREATE SCHEMA evil AUTHORIZATION mallory;
  GRANT USAGE ON SCHEMA evil TO app;
  SET ROLE mallory;
  CREATE FUNCTION evil.ran(what text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE LOG 'EVIL-RAN % as %', what, current_user; RETURN true; END $$;
  GRANT EXECUTE ON FUNCTION evil.ran TO PUBLIC;
  CREATE TYPE evil.yes AS (a int);
  CREATE FUNCTION evil.as_boolean(evil.yes) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.ran('cast to boolean') $$;
  CREATE FUNCTION evil.as_text(evil.yes) RETURNS text LANGUAGE sql AS $$ SELECT evil.ran('cast to text')::text $$;
  CREATE CAST (evil.yes AS boolean) WITH FUNCTION evil.as_boolean(evil.yes) AS IMPLICIT;
  CREATE CAST (evil.yes AS text) WITH FUNCTION evil.as_text(evil.yes) AS IMPLICIT;
  CREATE TABLE evil.flyway_schema_history (version text, script text, success evil.yes);
  CREATE TABLE evil.schema_migrations (version evil.yes);
  CREATE TABLE evil.ar_internal_metadata (key text, value evil.yes);
  INSERT INTO evil.flyway_schema_history VALUES ('1', 'a', ROW (1));
  INSERT INTO evil.schema_migrations VALUES (ROW (1));
  INSERT INTO evil.ar_internal_metadata VALUES ('environment', ROW (1));
  CREATE TABLE evil.hidden (id bigserial PRIMARY KEY);
  CREATE POLICY p ON evil.hidden USING (evil.ran('policy'));
  ALTER TABLE evil.hidden ENABLE ROW LEVEL SECURITY;
  CREATE VIEW evil.goose_db_version AS SELECT 1 AS id, evil.ran('view') AS is_applied, 1 AS version_id;
  CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT CASE WHEN evil.ran('shadow') THEN 'off' END $$;
  CREATE FUNCTION evil.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS $$ SELECT NOT evil.ran('shadow') $$;
  GRANT SELECT ON ALL TABLES IN SCHEMA evil TO PUBLIC;
  RESET ROLE;
  ALTER ROLE app IN DATABASE app SET search_path = evil, pg_catalog, public;
`

/** Each has the planner work out a call with constant arguments before a query on it runs. */
const PLANNED: readonly (readonly [what: string, statements: string])[] = [
  ['an expression of an index', 'CREATE TABLE T (id int, x int); CREATE INDEX ON T ((x + planned.f(1)))'],
  ['a condition of an index', 'CREATE TABLE T (id int, x int); CREATE INDEX ON T (x) WHERE planned.f(1) = 1'],
  ['extended statistics', 'CREATE TABLE T (id int, x int); CREATE STATISTICS planned.T_s ON (x + planned.f(1)), id FROM T'],
  ['an argument that is constant after all', 'CREATE TABLE T (id int, x int); CREATE INDEX ON T (planned.f(coalesce(1, x)))'],
  ['an inlined function', 'CREATE TABLE T (id int, x int); CREATE INDEX ON T (planned.inlined(x))'],
  ['an inlined function with a body of the standard', 'CREATE TABLE T (id int, x int); CREATE INDEX ON T (planned.standard(x))'],
  ['an operator', 'CREATE TABLE T (id int, x int); CREATE INDEX ON T ((x + (1 OPERATOR(planned.|+|) 1)))'],
  ['a cast', 'CREATE TABLE T (id int, x int); CREATE INDEX ON T ((CAST(ROW (1)::planned.one AS int)))'],
  ['a primary key beside it', 'CREATE TABLE T (id serial PRIMARY KEY, x int); CREATE INDEX ON T ((x + planned.f(1)))'],
  ['a partition key', 'CREATE TABLE T (id int, x int) PARTITION BY RANGE ((x + planned.f(1))); CREATE TABLE T_1 PARTITION OF T DEFAULT'],
  [
    'an index of one partition',
    'CREATE TABLE T (id int, x int) PARTITION BY RANGE (x); CREATE TABLE T_1 PARTITION OF T DEFAULT; CREATE INDEX ON T_1 ((x + planned.f(1)))',
  ],
  ['a check', 'CREATE TABLE T (id int, x int CHECK (x + planned.f(1) > 0)); ALTER ROLE app SET constraint_exclusion = on'],
  ['a ledger', 'CREATE SCHEMA T; CREATE TABLE T.schema_migrations (version text); CREATE INDEX ON T.schema_migrations ((planned.f(1)))'],
  [
    'a child of a ledger',
    'CREATE SCHEMA T; CREATE TABLE T.django_migrations (app text, name text); CREATE TABLE T.child () INHERITS (T.django_migrations); CREATE INDEX ON T.child ((planned.f(1)))',
  ],
  [
    'a check of a ledger',
    'CREATE SCHEMA T; CREATE TABLE T.flyway_schema_history (version text, script text, success boolean CHECK (success OR planned.f(1) = 1))',
  ],
  [
    'a tag',
    'CREATE SCHEMA T; CREATE TABLE T.ar_internal_metadata (key text, value text); CREATE INDEX ON T.ar_internal_metadata (value) WHERE planned.f(1) = 1',
  ],
  ['the age of rows', 'CREATE TABLE T (at timestamptz); CREATE INDEX ON T ((planned.f(1)))'],
  ['a member of an extension', 'CREATE TABLE T (id int, x int); CREATE INDEX ON T ((x + planned.member(1)))'],
]

const PLANNED_BY = `
  CREATE SCHEMA planned;
  CREATE FUNCTION planned.f(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE LOG 'PLANNED-RAN as %', current_user; RETURN 1; END $$;
  CREATE FUNCTION planned.member(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE LOG 'PLANNED-RAN as %', current_user; RETURN 1; END $$;
  CREATE FUNCTION planned.inlined(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + planned.f(1)';
  CREATE FUNCTION planned.standard(a int) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT a + planned.f(1); END;
  CREATE FUNCTION planned.plus(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT planned.f(1)';
  CREATE OPERATOR planned.|+| (FUNCTION = planned.plus, LEFTARG = int, RIGHTARG = int);
  CREATE TYPE planned.one AS (a int);
  CREATE FUNCTION planned.as_int(planned.one) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN planned.f(1); END $$;
  CREATE CAST (planned.one AS int) WITH FUNCTION planned.as_int(planned.one);
  CREATE EXTENSION IF NOT EXISTS plpgsql; ALTER EXTENSION plpgsql ADD FUNCTION planned.member(int);
  CREATE TABLE planned.harmless (id serial PRIMARY KEY, name text, at timestamptz);
  CREATE INDEX ON planned.harmless (lower(name)) WHERE length(name) > 0;
  INSERT INTO planned.harmless (name) VALUES ('a');
`

let marks = 0

/** All that the server has logged until now: it writes a mark, and the log is read when it is there. */
async function logOf(server: PostgresServer): Promise<string> {
  marks += 1
  const mark = `MARK-${marks}-`
  await server.sql(`DO $$ BEGIN RAISE LOG '${mark}'; END $$`)
  const read = () => readFileSync(join(server.folder, 'data', 'log', 'all.log'), 'utf8')
  await expect.poll(read, { timeout: 10_000 }).toContain(mark)
  return read()
}

describe.runIf(havePostgres())('a database in which somebody else may make objects', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres({ config: ['logging_collector = on', `log_directory = 'log'`, `log_filename = 'all.log'`] })
    await server.sql(`CREATE ROLE app LOGIN PASSWORD 'pw'`)
    await server.sql('CREATE DATABASE app OWNER app')
    await server.sql('CREATE DATABASE other OWNER app')
    await server.sql(EVIL, 'app')
  })
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
  })

  test('runs nothing of it in a probe and in a survey', async () => {
    const url = (database: string) => server.url({ user: 'app', password: 'pw', database })
    using place = scratch(`DATABASE_URL=${url('other')}\n`)
    const { exit, document } = await asDocument(['compare', `DATABASE_URL=${url('app')}`], { cwd: place.path })
    expect([0, 3], JSON.stringify(document.error)).toContain(exit)
    expect(document.findings.length).toBeGreaterThan(40)
    expect(await logOf(server)).not.toContain('EVIL-RAN')
    await server.sql(`SELECT evil.ran('shown')`, 'app')
    expect(await logOf(server), 'this test can see it').toContain('EVIL-RAN shown as postgres')
  })

  test.each(['app', 'postgres'])('calls none of its functions while it plans, as %s', async (user) => {
    await server.sql('DROP DATABASE IF EXISTS planned')
    await server.sql('CREATE DATABASE planned')
    await server.sql(PLANNED_BY, 'planned')
    const names = PLANNED.map((_, at) => `part_${at}_`)
    for (const [at, [, statements]] of PLANNED.entries())
      await server.sql(`SET search_path = planned; ${statements.replaceAll(/\bT(_\w+)?\b/g, `part_${at}_$1`)}`, 'planned')
    for (const schema of ['planned', 'part_12_', 'part_13_', 'part_14_', 'part_15_'])
      await server.sql(
        `GRANT USAGE ON SCHEMA ${schema} TO app; GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO app; GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO app`,
        'planned',
      )
    const handle = user === 'app' ? server.url({ user, password: 'pw', database: 'planned' }) : server.url({ database: 'planned' })
    const before = (await logOf(server)).length
    const surveys = [
      await surveyOf(handle),
      await surveyOf(handle, { table: `planned.${names[16]}`, column: 'at', withinMs: 1 }),
      await surveyOf(handle, { table: 'planned.harmless', column: 'at', withinMs: 1 }),
    ]
    const shown = (await logOf(server)).slice(before)
    expect(shown.split('\n').filter((line) => line.includes('PLANNED-RAN'))).toEqual([])
    expect(shown.split('\n').filter((line) => line.includes('ERROR'))).toEqual([])
    const [survey] = surveys
    const tables = survey === undefined ? [] : tablesIn(survey)
    expect(tables.find(({ name }) => name === 'planned.harmless')?.rows, 'a harmless one is read').toEqual({
      is: { count: 1, by: 'count' },
    })
    for (const name of names.filter((_, at) => ![11, 12, 13, 14, 15].includes(at)))
      expect(
        tables.filter((table) => table.name.startsWith(`planned.${name}`)).map(({ rows }) => rows),
        name,
      ).toEqual([{ unknown: expect.stringMatching(/call a function of a user/) }])
    expect(surveys[1]?.newest).toMatchObject({ unknown: expect.stringMatching(/call a function of a user/) })
    expect(surveys[2]?.newest).toEqual({ unknown: 'planned.harmless has no rows' })
    // Every one of them would have run, had it been planned.
    for (const [at, [what]] of PLANNED.entries()) {
      const tables = await server.sql(
        `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname || '.' || c.relname ~ 'part_${at}_' ORDER BY c.relkind, 1`,
        'planned',
      )
      const from = (await logOf(server)).length
      for (const { name } of tables)
        await server.sql(
          `SET constraint_exclusion = on; SELECT count(*) FROM ${name} t WHERE ${what.startsWith('a check of') ? 'NOT success' : what === 'a check' ? 'x < 0' : 'true'}`,
          'planned',
        )
      expect((await logOf(server)).slice(from), what).toContain('PLANNED-RAN')
    }
  })
})
