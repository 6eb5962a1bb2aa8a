import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Survey } from '../../../../../src/domain/survey.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../../../../support/postgres.ts'
import { compared, of, restored, surveyOf } from './databases.ts'
import { ROLES } from './shop.sql.ts'

const CONTENT = `
  GRANT CREATE ON SCHEMA public TO app;
  SET ROLE app;
  CREATE TABLE kept (id serial PRIMARY KEY, what text); INSERT INTO kept (what) SELECT 'x' FROM generate_series(1, 30);
  CREATE UNLOGGED TABLE passing (id int); INSERT INTO passing VALUES (1);
  CREATE SEQUENCE small AS smallint MAXVALUE 100; SELECT setval('small', 40);
  CREATE SEQUENCE round MAXVALUE 1000 CYCLE; CREATE TABLE slots (id int DEFAULT nextval('round') PRIMARY KEY); INSERT INTO slots SELECT FROM generate_series(1, 20);
  CREATE SEQUENCE came_round MAXVALUE 10 CYCLE; CREATE TABLE again (id int DEFAULT nextval('came_round')); INSERT INTO again SELECT FROM generate_series(1, 25);
  CREATE SEQUENCE down INCREMENT -1 MINVALUE -50; SELECT setval('down', -20);
  CREATE SEQUENCE tens; CREATE TABLE by_tens (id bigint DEFAULT 10 * nextval('tens') PRIMARY KEY); INSERT INTO by_tens SELECT FROM generate_series(1, 5);
  CREATE SEQUENCE numbers; CREATE TABLE invoices (number text DEFAULT 'INV-' || nextval('numbers')); INSERT INTO invoices SELECT FROM generate_series(1, 5);
  CREATE MATERIALIZED VIEW sums AS SELECT what, count(*) AS n FROM kept GROUP BY 1 UNION ALL SELECT g::text, 1 FROM generate_series(1, 20) g;
  SELECT lo_from_bytea(0, 'x') FROM generate_series(1, 20);
  RESET ROLE;
  ALTER DEFAULT PRIVILEGES FOR ROLE deploy REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  ALTER DEFAULT PRIVILEGES FOR ROLE deploy GRANT SELECT ON TABLES TO app;
  ALTER DEFAULT PRIVILEGES FOR ROLE deploy IN SCHEMA public GRANT USAGE ON SEQUENCES TO app;
`
const IDS = /^pg\.(empty|shrunken|unlogged|sequences|default_grants)$/

describe.runIf(havePostgres())('what a copy lost', () => {
  let server: PostgresServer
  let old: Survey
  beforeAll(async () => {
    server = await startPostgres({ config: ['autovacuum = off'] })
    await server.sql(ROLES)
    await server.sql('CREATE DATABASE shop')
    await server.sql(CONTENT, 'shop')
    await restored(server, 'shop', 'copy')
    old = await surveyOf(handle('shop'))
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const handle = (database: string): string => server.url({ user: 'app', password: 'pw', database })
  let copies = 0
  const damaged = async (damage: string): Promise<string> => {
    copies += 1
    await server.sql(`CREATE DATABASE damaged_${copies} TEMPLATE copy`)
    await server.sql(damage, `damaged_${copies}`)
    return `damaged_${copies}`
  }
  const troubles = async (was: Survey | null, name: string): Promise<readonly string[]> =>
    compared(was, await surveyOf(handle(name)))
      .filter(({ id, status }) => IDS.test(id) && status !== 'pass')
      .map(({ id, severity, status, detail }) => `${id} ${status === 'unknown' ? status : severity}: ${detail}`)

  test('is nothing after a faithful restore', async () => {
    expect(await troubles(old, 'copy')).toEqual([])
  })

  test.each<[what: string, damage: string, expected: readonly RegExp[]]>([
    [
      'a table that is unlogged now',
      'ALTER TABLE kept SET UNLOGGED',
      [/^pg\.unlogged warn: 2 objects that were kept through a crash are unlogged now: public\.kept, public\.kept_id_seq$/],
    ],
    [
      'one that is empty as well',
      'ALTER TABLE kept SET UNLOGGED; TRUNCATE kept',
      [/^pg\.empty error: 1 table .*public\.kept \(30 rows before\)$/, /^pg\.unlogged warn: 2 objects/],
    ],
    [
      'a sequence that is unlogged now',
      'ALTER SEQUENCE small SET UNLOGGED',
      [/^pg\.unlogged warn: 1 object that was kept through a crash is unlogged now: public\.small$/],
    ],
    [
      'a materialized view without rows',
      'DROP MATERIALIZED VIEW sums; CREATE MATERIALIZED VIEW sums AS SELECT what, count(*) AS n FROM kept WHERE false GROUP BY 1; ALTER MATERIALIZED VIEW sums OWNER TO app',
      [/^pg\.empty error: 1 table .*public\.sums \(21 rows before\)$/],
    ],
    [
      'large objects',
      'SELECT lo_unlink(oid) FROM pg_largeobject_metadata',
      [/^pg\.empty error: 1 table .*pg_catalog\.pg_largeobject_metadata \(20 rows before\)$/],
    ],
    [
      'half of the large objects',
      'SELECT lo_unlink(oid) FROM (SELECT oid FROM pg_largeobject_metadata LIMIT 12) l',
      [/^pg\.shrunken error: 1 table .*pg_largeobject_metadata \(8 rows of 20\)$/],
    ],
    [
      'a sequence at its end',
      `SELECT setval('small', 100)`,
      [/^pg\.sequences error: 1 sequence at the end, so that every insert fails: public\.small \(the last is 100\)$/],
    ],
    [
      'one that goes down at its end',
      `SELECT setval('down', -50)`,
      [/^pg\.sequences error: 1 sequence at the end, .*public\.down \(the last is -50\)$/],
    ],
    [
      'a sequence of a table at its end',
      `SELECT setval('kept_id_seq', 2147483647)`,
      [/^pg\.sequences error: 1 sequence at the end, .*public\.kept_id_seq \(the last is 2,147,483,647\)$/],
    ],
    [
      'one that would begin again and was set back',
      `SELECT setval('round', 1)`,
      [/^pg\.sequences error: 1 sequence would give out what is taken: public\.round \(next 2, public\.slots\.id has 20\)$/],
    ],
    [
      'one whose default does more',
      `SELECT setval('tens', 1)`,
      [
        /^pg\.sequences unknown: not known of 1 sequence \(its default is more than the next value\): public\.tens for public\.by_tens\.id$/,
      ],
    ],
    [
      'one whose default is a text',
      `SELECT setval('numbers', 1)`,
      [/^pg\.sequences unknown: not known of 1 sequence \(its default is more .*\): public\.numbers for public\.invoices\.number$/],
    ],
    [
      'a default privilege that was taken away',
      'ALTER DEFAULT PRIVILEGES FOR ROLE deploy GRANT EXECUTE ON FUNCTIONS TO PUBLIC',
      [/^pg\.default_grants warn: 1 default privilege missing: by deploy REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC$/],
    ],
  ])('%s is found', async (_, damage, expected) => {
    const name = await damaged(damage)
    expect(await troubles(old, name)).toEqual(expected.map((pattern) => expect.stringMatching(pattern)))
    const findings = compared(old, await surveyOf(handle(name))).filter(
      ({ id, remedy }) => IDS.test(id) && /^(SELECT setval|ALTER)/.test(remedy ?? ''),
    )
    for (const { remedy = '' } of findings) await server.sql(remedy, name)
    const again = compared(old, await surveyOf(handle(name)))
    for (const { id } of findings) expect(of(again, id).status, `${id} once mended`).toBe('pass')
  })

  test('is not what the old one lacked as well', async () => {
    const ended = await surveyOf(handle(await damaged(`SELECT setval('small', 100)`)))
    expect(of(compared(ended, ended), 'pg.sequences')).toMatchObject({
      severity: 'info',
      detail: expect.stringMatching(/^1 sequence at the end, as on the old one/),
    })
    expect(of(compared(null, ended), 'pg.sequences')).toMatchObject({ status: 'fail' })
    const plain = of(compared(null, await surveyOf(handle('copy'))), 'pg.sequences')
    expect(plain).toMatchObject({ status: 'unknown', detail: expect.stringMatching(/^not known of 2 sequences \(its default is more/) })
  })

  test('names no right that is of no help', async () => {
    const name = await damaged('SELECT 1')
    const locked = server.sql('BEGIN; LOCK TABLE kept IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(8); COMMIT', name)
    await server.sql('SELECT pg_sleep(0.3)')
    const findings = compared(old, await surveyOf(handle(name)))
    expect(of(findings, 'pg.empty')).toMatchObject({ status: 'unknown', remedy: expect.stringMatching(/^ask again/) })
    await locked
  })
})
