import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asDocument } from '../../../support/cli.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../../../support/postgres.ts'
import { scratch } from '../../../support/scratch.ts'

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

const logOf = ({ folder }: PostgresServer): string => readFileSync(join(folder, 'data', 'log', 'all.log'), 'utf8')

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
    expect(logOf(server)).not.toContain('EVIL-RAN')
    await server.sql(`SELECT evil.ran('shown')`, 'app')
    expect(logOf(server), 'this test can see it').toContain('EVIL-RAN shown as postgres')
  })
})
