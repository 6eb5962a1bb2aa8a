import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Survey } from '../../../../../src/domain/survey.ts'
import { guards } from '../../../../../src/kinds/postgres/guards/guards.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../../../../support/postgres.ts'
import { compared, of, restored, surveyOf, troubles } from './databases.ts'
import { ROLES, SHOP } from './shop.sql.ts'

describe.runIf(havePostgres())('a database restored from a dump', () => {
  let server: PostgresServer
  let old: Survey
  beforeAll(async () => {
    server = await startPostgres({ config: ['autovacuum = off'] })
    await server.sql(ROLES)
    await server.sql('CREATE DATABASE shop')
    await server.sql(SHOP, 'shop')
    await restored(server, 'shop', 'copy')
    await server.sql('ANALYZE', 'copy')
    old = await surveyOf(handle('shop'))
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const handle = (database: string, user = 'app'): string => server.url({ user, password: 'pw', database })
  let copies = 0
  /** A copy that was damaged so. */
  async function damaged(damage: string): Promise<string> {
    copies += 1
    const name = `damaged_${copies}`
    await server.sql(`CREATE DATABASE ${name} TEMPLATE copy`)
    await runAll(damage, name)
    return name
  }

  /** Statements between `;;` are sent apart. */
  async function runAll(statements: string, database: string): Promise<void> {
    for (const part of statements.split(';;')) await server.sql(part, database)
  }

  test('passes with no error and no warning; what row security hides is unknown, by name', async () => {
    const findings = compared(old, await surveyOf(handle('copy')))
    expect(troubles(findings)).toEqual([
      'pg.empty error unknown: not known of 1 table (row security hides rows of it): billing.accounts',
      'pg.shrunken error unknown: not known of 1 table (row security hides rows of it): billing.accounts',
      'pg.sequences error unknown: not known of 1 sequence (row security hides rows of it): billing.accounts_id_seq for billing.accounts.id',
    ])
    expect(findings.map(({ id }) => id)).toEqual(guards.checks.map(({ id }) => id))
  })

  test('passes as well when a baseline of the old one, read back from its text, speaks for it', async () => {
    const facts = await guards.decode(JSON.parse(JSON.stringify(old.facts)))
    expect(facts).toEqual(old.facts)
    expect(troubles(compared({ ...old, facts }, await surveyOf(handle('copy')))).filter((trouble) => !trouble.includes('unknown'))).toEqual(
      [],
    )
    await expect(guards.decode({})).rejects.toThrow()
  })

  test('passes in all when the owner of everything asks', async () => {
    const [superOld, superCopy] = await Promise.all([
      surveyOf(server.url({ database: 'shop' })),
      surveyOf(server.url({ database: 'copy' })),
    ])
    expect(troubles(compared(superOld, superCopy))).toEqual([
      expect.stringMatching(/^pg\.sequences info warn: 1 sequence .*, as on the old one: public\.imported_id_seq/),
    ])
  })

  test.each<[what: string, damage: string, expected: Readonly<Record<string, readonly [severity: string, detail: RegExp]>>]>([
    [
      'a missing table',
      'DROP TABLE second_of_two, invoices',
      { 'pg.objects': ['error', /^2 tables missing: public\.(invoices|second_of_two), public\.(invoices|second_of_two)$/] },
    ],
    [
      'a missing column',
      'ALTER TABLE orders DROP COLUMN at CASCADE',
      {
        'pg.objects': ['error', /^1 view missing: public\.rich; 1 column missing: public\.orders\.at; 1 index missing: public\.orders_at$/],
      },
    ],
    [
      'another type of a column',
      'ALTER TABLE second_of_two ALTER no TYPE bigint',
      { 'pg.objects': ['error', /^1 column differs: public\.second_of_two\.no \(integer before, bigint now\)$/] },
    ],
    [
      'a column that may be null',
      'ALTER TABLE users ALTER name DROP NOT NULL',
      {
        'pg.objects': [
          'error',
          /^1 column differs: public\.users\.name \(character varying\(20\) NOT NULL before, character varying\(20\) now\)$/,
        ],
      },
    ],
    [
      'a lost default',
      'ALTER TABLE users ALTER at DROP DEFAULT',
      { 'pg.objects': ['error', /^1 column differs: public\.users\.at \(.* with a default before/] },
    ],
    [
      'a missing primary key',
      'ALTER TABLE big DROP CONSTRAINT big_pkey',
      { 'pg.objects': ['error', /^1 primary key missing: big_pkey on public\.big$/], 'pg.sequences': ['error', /no index begins with it/] },
    ],
    [
      'a missing foreign key',
      'ALTER TABLE orders DROP CONSTRAINT orders_user_fkey',
      { 'pg.objects': ['error', /^1 foreign key missing: orders_user_fkey on public\.orders$/] },
    ],
    ['a missing unique index', 'DROP INDEX orders_once', { 'pg.objects': ['error', /^1 unique index missing: public\.orders_once$/] }],
    [
      'a unique index that is not unique any more',
      'DROP INDEX orders_once; CREATE INDEX orders_once ON orders (id)',
      { 'pg.objects': ['error', /^1 unique index missing: public\.orders_once; 1 index more than before/] },
    ],
    ['a missing index', 'DROP INDEX orders_at', { 'pg.objects': ['warn', /^1 index missing: public\.orders_at$/] }],
    ['a missing view', 'DROP VIEW rich', { 'pg.objects': ['error', /^1 view missing: public\.rich$/] }],
    ['a missing function', 'DROP FUNCTION twice', { 'pg.objects': ['error', /^1 function missing: public\.twice\(integer,text\)$/] }],
    [
      'another body of a function',
      "CREATE OR REPLACE FUNCTION twice(int, text DEFAULT 'x') RETURNS int LANGUAGE sql AS 'SELECT $1 * 3'",
      { 'pg.objects': ['warn', /^1 function with another body: public\.twice\(integer,text\)$/] },
    ],
    [
      'a missing word of an enum',
      "ALTER TYPE state RENAME VALUE 'it''s shipped' TO 'gone'",
      { 'pg.objects': ['error', /^1 enum value missing: 'it''s shipped' of public\.state; 1 enum value more than before/] },
    ],
    ['a missing type', 'DROP TYPE money_pair', { 'pg.objects': ['error', /^1 type missing: public\.money_pair$/] }],
    ['a missing trigger', 'DROP TRIGGER touched ON users', { 'pg.objects': ['error', /^1 trigger missing: touched on public\.users$/] }],
    [
      'a missing schema',
      'DROP SCHEMA "dots.in.it" CASCADE',
      { 'pg.objects': ['error', /^1 schema missing: "dots\.in\.it"; 1 table missing: "dots\.in\.it"\."a\.b"$/] },
    ],
    [
      'more than before',
      'CREATE TABLE more (id int); CREATE TABLE and_more (id int)',
      { 'pg.objects': ['info', /^2 tables more than before: public\.(more|and_more), public\.(more|and_more)$/] },
    ],

    [
      'an index that is not valid',
      "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_at'::regclass",
      { 'pg.objects_invalid': ['warn', /^1 object .*: index public\.orders_at is not valid$/] },
    ],
    [
      'a unique index that is not valid',
      "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_once'::regclass",
      { 'pg.objects_invalid': ['error', /unique index public\.orders_once is not valid$/] },
    ],
    [
      'a constraint that is not validated',
      'ALTER TABLE orders DROP CONSTRAINT orders_user_fkey; ALTER TABLE orders ADD CONSTRAINT orders_user_fkey FOREIGN KEY ("user") REFERENCES users ON DELETE CASCADE NOT VALID',
      { 'pg.objects_invalid': ['warn', /^1 object .*: foreign key orders_user_fkey on public\.orders is not validated$/] },
    ],
    [
      'a materialized view without rows',
      'REFRESH MATERIALIZED VIEW sums WITH NO DATA',
      { 'pg.objects_invalid': ['warn', /materialized view public\.sums is not populated$/] },
    ],
    [
      'foreign keys that are not checked',
      'ALTER TABLE orders DISABLE TRIGGER ALL',
      { 'pg.objects_invalid': ['error', /foreign key orders_user_fkey on public\.orders is disabled/] },
    ],
    [
      'a trigger that sleeps',
      'ALTER TABLE users DISABLE TRIGGER touched',
      { 'pg.objects_invalid': ['error', /^1 object .*: trigger touched on public\.users is disabled$/] },
    ],

    [
      'an empty table',
      'TRUNCATE second_of_two',
      { 'pg.empty': ['error', /^1 table with rows on the old one is empty: public\.second_of_two \(20 rows before\)/] },
    ],
    [
      'an empty table whose dead rows are still there',
      'DELETE FROM big',
      { 'pg.empty': ['error', /public\.big \(about 3\d,\d{3} rows before\)|public\.big \(about 2\d,\d{3} rows before\)/] },
    ],
    [
      'half of the rows of a small table',
      'DELETE FROM users WHERE id % 2 = 0; DELETE FROM orders WHERE id > 1500',
      {
        'pg.shrunken': [
          'error',
          /^2 tables hold half of the rows or less: public\.orders \(\d[\d,]* rows of 3,000\), public\.users \(500 rows of 1,000\)/,
        ],
      },
    ],
    [
      'half of the rows of a big table, here and there',
      'DELETE FROM big WHERE id % 2 = 0',
      {
        'pg.shrunken': [
          'error',
          /^1 table holds half of the rows or less: public\.big \(about 1[3-7],\d{3} rows of about (2[5-9]|3[0-5]),\d{3}\)/,
        ],
      },
    ],
    [
      'the second half of a big table',
      'DELETE FROM big WHERE id > 15000',
      { 'pg.shrunken': ['error', /^1 table holds half of the rows or less: public\.big /] },
    ],
    [
      'half of a big table, with statistics and space as they should be',
      'DELETE FROM big WHERE id <= 15000;; VACUUM FULL ANALYZE big',
      { 'pg.shrunken': ['error', /^1 table holds half of the rows or less: public\.big \(15,000 rows of about/] },
    ],
    [
      'half of the rows of a bloated table',
      'DELETE FROM bloated WHERE id % 20 = 0',
      { 'pg.shrunken': ['error', /public\.bloated \(1,500 rows of about/] },
    ],
    [
      'half of a few rows',
      'DELETE FROM rounds WHERE ctid NOT IN (SELECT ctid FROM rounds LIMIT 12); DELETE FROM imported WHERE id = 1000',
      { 'pg.shrunken': ['error', /public\.rounds \(12 rows of 25\), public\.imported \(1 row of 2\)/] },
    ],
    [
      'half of next to nothing',
      'DELETE FROM imported WHERE id = 1000',
      { 'pg.shrunken': ['warn', /^1 table holds half of the rows or less: public\.imported \(1 row of 2\)/] },
    ],
    ['a partition that lost its rows', 'DELETE FROM events_1', { 'pg.empty': ['error', /public\.events_1 \(\d+ rows before\)/] }],
    [
      'rows that only the partitioned table shows',
      'DELETE FROM billing.log',
      { 'pg.empty': ['error', /billing\.log \(500 rows before\)/] },
    ],
    [
      'unlogged tables after a crash',
      'TRUNCATE sessions',
      { 'pg.unlogged': ['warn', /^1 unlogged table is empty: public\.sessions \(40 rows before\)$/] },
    ],

    [
      'a sequence that was not set',
      "SELECT setval('users_id_seq', 1, false)",
      {
        'pg.sequences': ['error', /^1 sequence would give out what is taken: public\.users_id_seq \(next 1, public\.users\.id has 1,000\)/],
        'pg.sequences_behind': ['warn', /public\.users_id_seq \(next 1, not 1,001: 1,000 fewer\)/],
      },
    ],
    [
      'a sequence one behind',
      "SELECT setval('orders_id_seq', 2999)",
      {
        'pg.sequences': ['error', /public\.orders_id_seq \(next 3,000, public\.orders\.id has 3,000\)/],
        'pg.sequences_behind': ['warn', /1 fewer/],
      },
    ],
    [
      'a sequence that goes down',
      "SELECT setval('countdown_id', -51)",
      {
        'pg.sequences': ['error', /public\.countdown_id \(next -53, public\.countdown\.id has -99\)/],
        'pg.sequences_behind': ['warn', /public\.countdown_id \(next -53, not -101: 24 fewer\)/],
      },
    ],
    [
      'a sequence of two tables',
      "SELECT setval('shared', 201)",
      {
        'pg.sequences': ['error', /^1 sequence would .*: public\.shared \(next 211, public\.second_of_two\.id has 391\)/],
        'pg.sequences_behind': ['warn', /public\.shared/],
      },
    ],
    [
      'a sequence of a partitioned table',
      "SELECT setval('events_id_seq', 7)",
      {
        'pg.sequences': ['error', /public\.events_id_seq \(next 8, public\.events\.id has 400\)/],
        'pg.sequences_behind': ['warn', /393 fewer/],
      },
    ],
    [
      'a sequence of a big table',
      "SELECT setval('big_id_seq', 30000, false)",
      {
        'pg.sequences': ['error', /public\.big_id_seq \(next 30,000, public\.big\.id has 30,000\)/],
        'pg.sequences_behind': ['warn', /1 fewer/],
      },
    ],
    [
      'a sequence that stands lower',
      "SELECT setval('set_aside', 549)",
      { 'pg.sequences_behind': ['warn', /^1 sequence stands lower .*: public\.set_aside \(next 550, not 600: 50 fewer\)$/] },
    ],

    [
      'another owner',
      'ALTER TABLE users OWNER TO deploy; GRANT ALL ON users, users_id_seq TO app',
      {
        'pg.owner': ['warn', /^1 object belongs to another role: table public\.users \(app before, deploy now\)$/],
      },
    ],
    [
      'a lost privilege on a table',
      'REVOKE INSERT ON billing.rates FROM app',
      { 'pg.grants': ['error', /^1 privilege that the role had on the old one is lost: INSERT on table billing\.rates$/] },
    ],
    [
      'lost privileges of every sort',
      `REVOKE USAGE ON SEQUENCE billing.rates_id_seq FROM app; REVOKE EXECUTE ON FUNCTION billing.charge FROM app; REVOKE CREATE ON SCHEMA public FROM app;
      DO $$ BEGIN EXECUTE format('REVOKE TEMP ON DATABASE %I FROM PUBLIC', current_database()); END $$`,
      {
        'pg.grants': [
          'error',
          /^4 privileges .* lost: TEMP on database damaged_\d+, CREATE on schema public, USAGE on sequence billing\.rates_id_seq and 1 more$/,
        ],
        'pg.sequences': ['error', /this role may not read it\): billing\.rates_id_seq/],
        'pg.sequences_behind': ['warn', /billing\.rates_id_seq/],
      },
    ],
    [
      'a lost schema',
      'REVOKE USAGE ON SCHEMA billing FROM app',
      {
        'pg.grants': ['error', /^1 privilege .* lost: USAGE on schema billing$/],
        'pg.empty': ['error', /billing\.rates/],
        'pg.shrunken': ['error', /billing\.rates/],
        'pg.sequences': ['error', /billing\.rates/],
      },
    ],
    [
      'a lost default privilege',
      'ALTER DEFAULT PRIVILEGES FOR ROLE deploy IN SCHEMA billing REVOKE INSERT ON TABLES FROM app',
      {
        'pg.default_grants': ['warn', /^1 default privilege missing: by deploy IN SCHEMA billing GRANT INSERT ON TABLES TO app$/],
      },
    ],
    [
      'row security that is off',
      'ALTER TABLE billing.accounts DISABLE ROW LEVEL SECURITY',
      { 'pg.row_security': ['error', /^row security does not hold any more for 1 table: billing\.accounts \(off\)$/] },
    ],
    [
      'a role that row security does not hold',
      'ALTER TABLE billing.accounts OWNER TO app',
      { 'pg.row_security': ['error', /billing\.accounts \(this role bypasses it\)$/] },
    ],
    [
      'fewer policies',
      'DROP POLICY more ON billing.accounts',
      { 'pg.row_security': ['warn', /^1 table with fewer policies: billing\.accounts \(1 of 2\)$/] },
    ],
    [
      'a missing policy that all rows had to pass',
      'DROP POLICY strict ON billing.rates',
      {
        'pg.row_security': [
          'error',
          /^1 policy .* changed: strict on billing\.rates \(restrictive, and missing\); 1 table with fewer policies: billing\.rates \(1 of 2\)$/,
        ],
      },
    ],
    [
      'a policy with another condition',
      'ALTER POLICY own ON billing.accounts USING (true)',
      { 'pg.row_security': ['error', /^1 policy .* changed: own on billing\.accounts \(another condition\)$/] },
    ],
    [
      'a policy for others',
      'ALTER POLICY own ON billing.accounts TO reader',
      { 'pg.row_security': ['error', /own on billing\.accounts \(to PUBLIC before, to reader now\)$/] },
    ],
    [
      'a policy for another command',
      'DROP POLICY more ON billing.accounts; CREATE POLICY more ON billing.accounts FOR UPDATE USING (amount > 0)',
      { 'pg.row_security': ['error', /more on billing\.accounts \(for SELECT before, for UPDATE now\)$/] },
    ],
    [
      'a policy that is enough where it was one of several',
      'DROP POLICY strict ON billing.rates; CREATE POLICY strict ON billing.rates USING (rate < 1000000)',
      { 'pg.row_security': ['error', /strict on billing\.rates \(restrictive before, permissive now\)$/] },
    ],
    [
      'a policy more that lets rows through',
      'CREATE POLICY all_of_them ON billing.accounts USING (true)',
      { 'pg.row_security': ['error', /^1 policy .* changed: all_of_them on billing\.accounts \(added\)$/] },
    ],
    [
      'row security that hides rows of the app',
      'ALTER TABLE parent ENABLE ROW LEVEL SECURITY; ALTER TABLE parent FORCE ROW LEVEL SECURITY',
      {
        'pg.row_security': ['error', /^row security hides rows of 1 table from this role, and did not: public\.parent \(off before\)$/],
      },
    ],

    [
      'older migrations',
      "DELETE FROM schema_migrations WHERE version > '20260101000027'",
      {
        'pg.migrations': [
          'error',
          /^Rails, dbmate or Ecto \(public\.schema_migrations\): older: 27 of 30 migrations ran, not 20260101000030, 20260101000029, 20260101000028$/,
        ],
      },
    ],
    [
      'newer migrations',
      "INSERT INTO schema_migrations VALUES ('20260202000000')",
      { 'pg.migrations': ['warn', /newer: 1 migration more than on the old one: 20260202000000$/] },
    ],
    [
      'other migrations',
      "UPDATE schema_migrations SET version = '2026x' WHERE version = '20260101000030'",
      { 'pg.migrations': ['error', /diverged: .* which has 2026x, the old one 20260101000030$/] },
    ],
    [
      'no migrations at all',
      'DROP TABLE schema_migrations',
      {
        'pg.migrations': ['error', /public\.schema_migrations of Rails, dbmate or Ecto is missing: 30 migrations on the old one$/],
        'pg.objects': ['error', /schema_migrations/],
      },
    ],
    [
      'data of another environment',
      "UPDATE ar_internal_metadata SET value = 'staging'",
      { 'pg.environment': ['error', /: staging now, production before \(public\.ar_internal_metadata of Rails\)$/] },
    ],
  ])('%s is found, and nothing else', async (_, damage, expected) => {
    const name = await damaged(damage)
    const findings = compared(old, await surveyOf(handle(name)))
    const changed = findings.filter(
      ({ id, severity, status }) => id in expected || (status !== 'pass' && status !== 'unknown' && severity !== 'info'),
    )
    expect(changed.map(({ id }) => id).sort()).toEqual(Object.keys(expected).sort())
    for (const finding of changed) {
      const [severity, detail] = expected[finding.id] ?? []
      expect(finding.detail).toMatch(detail ?? '')
      expect(finding.severity).toBe(severity)
      expect(finding.status).not.toBe('pass')
      if (finding.status === 'fail') expect(finding.remedy).toEqual(expect.any(String))
    }
    const remedies = changed.filter(({ remedy = '' }) => STATEMENT.test(remedy))
    if (remedies.length === 0) return
    for (const { remedy = '' } of remedies) await server.sql(remedy, name)
    const again = compared(old, await surveyOf(handle(name)))
    for (const { id } of remedies)
      expect(of(again, id).severity === 'info' || ['pass', 'unknown'].includes(of(again, id).status), `${id} once mended`).toBe(true)
  })
})

/** A remedy that is for psql as it stands. */
const STATEMENT = /^(SELECT setval|GRANT|ALTER|REINDEX|REFRESH|ANALYZE)[^;]*;/
