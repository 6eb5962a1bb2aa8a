import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Survey } from '../../../../../src/domain/survey.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../../../../support/postgres.ts'
import { compared, restored, surveyOf } from './databases.ts'
import { DEFINITIONS } from './definitions.sql.ts'
import { ROLES } from './shop.sql.ts'

/** Neither of them is of interest here. */
const IDS = /^pg\.(objects|objects_invalid|empty|shrunken|grants|owner|unlogged|sequences|sequences_behind|row_security)$/

describe.runIf(havePostgres())('what stands there under its name', () => {
  let server: PostgresServer
  let old: Survey
  beforeAll(async () => {
    server = await startPostgres({ config: ['autovacuum = off', 'wal_level = logical'] })
    await server.sql(ROLES)
    await server.sql('CREATE DATABASE shop')
    await server.sql(DEFINITIONS, 'shop')
    await restored(server, 'shop', 'copy')
    old = await surveyOf(handle('shop'))
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const handle = (database: string): string => server.url({ user: 'app', password: 'pw', database })
  const troublesBetween = (was: Survey, is: Survey): readonly string[] =>
    compared(was, is)
      .filter(({ id, status }) => IDS.test(id) && status !== 'pass')
      .map(({ id, severity, status, detail }) => `${id} ${status === 'unknown' ? status : severity}: ${detail}`)
      .filter((trouble) => !/unknown: not known of 1 table \((the old one: )?this role may not read it\): defs\.narrow$/.test(trouble))

  let copies = 0
  const troublesOf = async (damage: string): Promise<readonly string[]> => {
    copies += 1
    const name = `damaged_${copies}`
    await server.sql(`CREATE DATABASE ${name} TEMPLATE copy`)
    await server.sql(`SET search_path = defs, public; ${damage}`, name)
    const troubles = troublesBetween(old, await surveyOf(handle(name)))
    await server.sql(`DROP DATABASE ${name}`)
    return troubles
  }

  test('is the same once it was restored from a dump, in a copy of the files, and in a database made after it', async () => {
    const copy = await surveyOf(handle('copy'))
    expect(troublesBetween(old, copy)).toEqual([])
    expect(troublesBetween(copy, old)).toEqual([])
    await restored(server, 'copy', 'copy_of_copy')
    expect(troublesBetween(old, await surveyOf(handle('copy_of_copy')))).toEqual([])
    expect(await troublesOf('SELECT 1')).toEqual([])
    await using files = await server.copy()
    expect(troublesBetween(old, await surveyOf(files.url({ user: 'app', password: 'pw', database: 'shop' })))).toEqual([])
  })

  test.each<[what: string, damage: string, expected: RegExp]>([
    [
      'a unique constraint of another column',
      'ALTER TABLE places DROP CONSTRAINT places_code_key; ALTER TABLE places ADD UNIQUE (name); ALTER TABLE places RENAME CONSTRAINT places_name_key TO places_code_key',
      /^pg.objects error: 1 unique constraint differs: places_code_key on defs\.places \(UNIQUE \(code\) before, UNIQUE \(name\) now\)$/,
    ],
    [
      'a unique index that holds for some rows',
      'DROP INDEX visits_once; CREATE UNIQUE INDEX visits_once ON visits (place, at) WHERE place > 5',
      /^pg.objects error: 1 unique index differs: defs\.visits_once \(btree \(place, at\) before, \(place, at\) WHERE … now\)$/,
    ],
    [
      'an index of another order',
      'DROP INDEX visits_price; CREATE INDEX visits_price ON visits (price) INCLUDE (place)',
      /^pg.objects warn: 1 index differs/,
    ],
    [
      'an index of another expression',
      `DROP INDEX visits_kind; CREATE INDEX visits_kind ON visits (upper(kind)) WHERE kind IN ('walk', 'ride')`,
      /^pg.objects warn: 1 index with another definition: defs\.visits_kind$/,
    ],
    [
      'a foreign key to another table',
      'ALTER TABLE visits DROP CONSTRAINT visits_place; INSERT INTO others SELECT generate_series(1, 20); ALTER TABLE visits ADD CONSTRAINT visits_place FOREIGN KEY (place) REFERENCES others ON DELETE CASCADE DEFERRABLE',
      /^pg.objects error: 1 foreign key differs: visits_place on defs\.visits \(FOREIGN KEY \(place\) REFERENCES defs\.places\(id\) ON DELETE CASCADE DEFERRABLE before/,
    ],
    [
      'a foreign key without its action',
      'ALTER TABLE visits DROP CONSTRAINT visits_place, ADD CONSTRAINT visits_place FOREIGN KEY (place) REFERENCES places DEFERRABLE',
      /^pg.objects error: 1 foreign key differs/,
    ],
    [
      'a foreign key that cannot wait',
      'ALTER TABLE visits ALTER CONSTRAINT visits_place NOT DEFERRABLE',
      /^pg.objects error: 1 foreign key differs/,
    ],
    [
      'a check that all rows pass',
      'ALTER TABLE visits DROP CONSTRAINT visits_price_check, ADD CONSTRAINT visits_price_check CHECK (true)',
      /^pg.objects warn: 1 check constraint with another definition: visits_price_check on defs\.visits$/,
    ],
    [
      'a check of fewer words',
      `ALTER TABLE places DROP CONSTRAINT places_country_check, ADD CONSTRAINT places_country_check CHECK (country IN ('de', 'fr'))`,
      /^pg.objects warn: 1 check constraint with another definition/,
    ],
    [
      'a trigger of another function',
      'DROP TRIGGER visits_touched ON visits; CREATE TRIGGER visits_touched BEFORE UPDATE ON visits FOR EACH ROW EXECUTE FUNCTION not_touched()',
      /^pg.objects error: 1 trigger differs: visits_touched on defs\.visits \(BEFORE UPDATE ON defs\.visits FOR EACH ROW EXECUTE FUNCTION defs\.touched\(\) before/,
    ],
    [
      'a trigger of another moment',
      'DROP TRIGGER visits_touched ON visits; CREATE TRIGGER visits_touched AFTER INSERT ON visits FOR EACH ROW EXECUTE FUNCTION touched()',
      /^pg.objects error: 1 trigger differs/,
    ],
    [
      'a trigger of another condition',
      `DROP TRIGGER visits_when ON visits; CREATE TRIGGER visits_when AFTER UPDATE OF price ON visits FOR EACH ROW WHEN (OLD.kind = 'walk') EXECUTE FUNCTION touched('a', 'b')`,
      /^pg.objects warn: 1 trigger with another definition/,
    ],
    [
      'a view of other rows',
      'CREATE OR REPLACE VIEW walks AS SELECT v.id, p.name FROM visits v JOIN places p ON p.id = v.place',
      /^pg.objects warn: 1 view with another definition: defs\.walks$/,
    ],
    [
      'a view that asks as whoever uses it',
      'ALTER VIEW walks SET (security_barrier)',
      /^pg.objects error: 1 view differs: defs\.walks \(none before, security_barrier=true now\)$/,
    ],
    [
      'another body of the standard',
      'CREATE OR REPLACE FUNCTION standard(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a + 2; END',
      /^pg.objects warn: 1 function with another definition: defs\.standard\(integer\)$/,
    ],
    [
      'a function that acts as its caller',
      'ALTER FUNCTION price SECURITY INVOKER',
      /^pg.objects error: 1 function differs: defs\.price\(integer,bigint\) \(RETURNS bigint IMMUTABLE SECURITY DEFINER 1 with defaults before, RETURNS bigint IMMUTABLE 1/,
    ],
    ['a function without its search_path', 'ALTER FUNCTION price RESET ALL', /^pg.objects warn: 1 function with another definition/],
    [
      'an argument without a default',
      `DROP FUNCTION price; CREATE FUNCTION price(int, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT $1 * $2'; ALTER FUNCTION price OWNER TO app`,
      /^pg.objects error: 1 function differs/,
    ],
    [
      'an identity that takes no values',
      'ALTER TABLE visits ALTER id SET GENERATED ALWAYS',
      /^pg.objects error: 1 column differs: defs\.visits\.id \(bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY before, bigint NOT NULL GENERATED ALWAYS/,
    ],
    [
      'another default',
      `ALTER TABLE visits ALTER kind SET DEFAULT 'ride'`,
      /^pg.objects warn: 1 column with another default: defs\.visits\.kind$/,
    ],
    [
      'another expression of a column',
      'ALTER TABLE visits DROP gross; ALTER TABLE visits ADD gross numeric GENERATED ALWAYS AS (price * 1.07) STORED',
      /^pg.objects warn: 1 column with another definition: defs\.visits\.gross$/,
    ],
    [
      'another collation',
      'DROP VIEW walks; ALTER TABLE places ALTER name TYPE text COLLATE "POSIX"; CREATE VIEW walks AS SELECT 1::bigint AS id, NULL::text COLLATE "C" AS name; ALTER VIEW walks OWNER TO app',
      /^pg.objects error: 1 column differs: defs\.places\.name \(text COLLATE pg_catalog\."C" before, text COLLATE pg_catalog\."POSIX" now\); 1 view with/,
    ],
    [
      'a domain without its condition',
      'ALTER DOMAIN percent DROP CONSTRAINT percent_check',
      /^pg.objects error: 1 domain constraint missing: percent_check of defs\.percent$/,
    ],
    [
      'a domain of another condition',
      'ALTER DOMAIN percent DROP CONSTRAINT percent_check; ALTER DOMAIN percent ADD CONSTRAINT percent_check CHECK (VALUE > 0)',
      /^pg.objects warn: 1 domain constraint with another definition: percent_check of defs\.percent$/,
    ],
    [
      'a partition that was detached',
      'ALTER TABLE parts DETACH PARTITION parts_2',
      /^pg.objects error: 1 table differs: defs\.parts_2 \(PARTITION OF defs\.parts before, none now\)/,
    ],
    [
      'a partition of other bounds',
      'ALTER TABLE parts DETACH PARTITION parts_2; ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM (100) TO (151)',
      /^pg.objects warn: 1 table with another definition: defs\.parts_2$/,
    ],
    [
      'a sequence of other bounds',
      'ALTER SEQUENCE wide_id_seq MAXVALUE 1000 CYCLE',
      /^pg.objects error: 1 sequence differs: defs\.wide_id_seq/,
    ],
    ['a missing rule', 'DROP RULE no_deletes ON others', /^pg.objects error: 1 rule missing: no_deletes on defs\.others$/],
    [
      'another rule',
      'CREATE OR REPLACE RULE no_deletes AS ON DELETE TO others DO INSTEAD SELECT 1',
      /^pg.objects warn: 1 rule with another definition: no_deletes on defs\.others$/,
    ],
    ['a missing event trigger', 'DROP EVENT TRIGGER noted', /^pg.objects warn: 1 event trigger missing: noted$/],
    ['a missing publication', 'DROP PUBLICATION changes', /^pg.objects warn: 1 publication missing: changes$/],
    ['missing statistics', 'DROP STATISTICS together', /^pg.objects warn: 1 statistics object missing: defs\.together$/],
    [
      'a missing mapping of a user',
      'DROP USER MAPPING FOR app SERVER elsewhere',
      /^pg.objects error: 1 user mapping missing: for CURRENT_USER on elsewhere$/,
    ],
    [
      'another replica identity',
      'ALTER TABLE others REPLICA IDENTITY DEFAULT',
      /^pg.objects warn: 1 replica identity missing: FULL of defs\.others$/,
    ],

    [
      'a foreign key that sleeps on one partition',
      'ALTER TABLE parts_1 DISABLE TRIGGER ALL',
      /^pg.objects_invalid error: 2 objects .*: (foreign key parts_place on defs\.parts is disabled|trigger parts_touched on defs\.parts is disabled), /,
    ],

    [
      'a lost privilege on one column',
      'REVOKE SELECT (shown), UPDATE (shown) ON narrow FROM app',
      /^pg.grants error: 2 privileges .* lost: SELECT, UPDATE on column defs\.narrow\.shown$/,
    ],
    ['TRUNCATE', 'REVOKE TRUNCATE ON wide FROM app', /^pg.grants error: 1 privilege .* lost: TRUNCATE on table defs\.wide$/],
    [
      'setval',
      "REVOKE UPDATE, SELECT ON SEQUENCE wide_id_seq FROM app; SELECT nextval('wide_id_seq')",
      /^pg.grants error: 2 privileges .* lost: SELECT, UPDATE on sequence defs\.wide_id_seq$/,
    ],
    ['a lost type', 'REVOKE USAGE ON TYPE colour FROM app', /^pg.grants error: 1 privilege .* lost: USAGE on enum defs\.colour$/],
    [
      'a lost server',
      'REVOKE USAGE ON FOREIGN SERVER elsewhere FROM app',
      /^pg.grants error: 1 privilege .* lost: USAGE on foreign server elsewhere$/,
    ],
  ])('%s is found', async (_, damage, expected) => {
    const troubles = await troublesOf(damage)
    expect(troubles.filter((trouble) => !trouble.includes('unknown'))).toEqual([expect.stringMatching(expected)])
  })

  test('a privilege on a whole table is one on each of its columns', async () => {
    expect(await troublesOf('GRANT SELECT, UPDATE ON narrow TO app; REVOKE SELECT (shown), UPDATE (shown) ON narrow FROM app')).toEqual([])
  })
})
