import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { haveMariaDb, type MariaDbServer, startMariaDb } from '../../../support/mariadb.ts'
import { eventually } from '../../../support/processes.ts'
import { judge, notPassed, survey } from './pair.ts'

const SHOP = `
CREATE TABLE customers (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL, note TEXT, KEY by_name (name));
CREATE TABLE orders (id TINYINT AUTO_INCREMENT PRIMARY KEY, customer INT, at DATETIME, UNIQUE KEY one (customer, at), CONSTRAINT whose FOREIGN KEY (customer) REFERENCES customers (id));
CREATE TABLE big (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, payload VARCHAR(200));
CREATE TABLE schema_migrations (version VARCHAR(20) PRIMARY KEY);
CREATE VIEW names AS SELECT name FROM customers;
CREATE PROCEDURE nothing() SELECT 1;
CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1;
CREATE TRIGGER stamp BEFORE INSERT ON orders FOR EACH ROW SET NEW.at = COALESCE(NEW.at, NOW());
CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DO DELETE FROM big WHERE id = 0;
INSERT INTO customers (name) SELECT CONCAT('c', seq) FROM seq_1_to_40;
INSERT INTO orders (customer, at) SELECT seq, '2026-01-01' + INTERVAL seq DAY FROM seq_1_to_20;
INSERT INTO big (payload) SELECT REPEAT('x', 150) FROM seq_1_to_6000;
INSERT INTO schema_migrations VALUES ('20260101'), ('20260102');
ANALYZE TABLE big;`

/** What is done to the new one, what is found of it, and in which words. */
type Damage = readonly [sql: string, id: string, status: string, words: RegExp]

const DAMAGES: readonly Damage[] = [
  ['DROP TABLE orders', 'my.objects', 'fail', /^1 table missing: orders$/],
  ['ALTER TABLE customers DROP COLUMN note', 'my.objects', 'fail', /1 column missing: customers\.note/],
  [
    'ALTER TABLE customers MODIFY name VARCHAR(20) NOT NULL',
    'my.objects',
    'fail',
    /customers\.name \(varchar\(40\) not null before, varchar\(20\) not null now\)/,
  ],
  ['ALTER TABLE customers DROP KEY by_name', 'my.objects', 'warn', /^1 index missing: customers\.by_name$/],
  [
    'ALTER TABLE orders DROP FOREIGN KEY whose, DROP KEY one, ADD KEY one (customer, at)',
    'my.objects',
    'fail',
    /1 unique index missing: orders\.one; 1 foreign key missing: orders\.whose/,
  ],
  ['DROP VIEW names', 'my.objects', 'fail', /1 view missing: names/],
  ['ALTER TABLE customers RENAME COLUMN name TO called', 'my.objects', 'fail', /1 view over what is not there: names/],
  ['DROP PROCEDURE nothing; DROP FUNCTION one', 'my.objects', 'fail', /1 procedure missing: nothing; 1 function missing: one/],
  ['DROP TRIGGER stamp', 'my.objects', 'fail', /1 trigger missing: stamp/],
  ['DROP EVENT tidy', 'my.objects', 'fail', /1 event missing: tidy/],
  ['CREATE TABLE more (id INT)', 'my.objects', 'warn', /^1 object more than before: more$/],
  ['DELETE FROM orders', 'my.empty', 'fail', /^1 table with rows on the old one is empty: orders \(20 rows before\)$/],
  ['DELETE FROM customers WHERE id > 20 AND id NOT IN (SELECT customer FROM orders)', 'my.shrunken', 'fail', /customers \(20 rows of 40\)/],
  ['DELETE FROM big WHERE id > 100', 'my.shrunken', 'fail', /big \(100 rows of about [\d,]+\)/],
  [
    'UPDATE orders SET id = 127 WHERE id = 20',
    'my.auto_increment',
    'fail',
    /orders\.id is at 127, the last of tinyint: no row can be added/,
  ],
  [
    'DELETE FROM customers WHERE id > 30; ALTER TABLE customers AUTO_INCREMENT = 31',
    'my.auto_increment',
    'warn',
    /customers\.id gives 31 next, and \d+ on the old one/,
  ],
  ['ALTER TABLE big ENGINE = MyISAM', 'my.engines', 'warn', /^1 table kept by another engine: big \(MyISAM, InnoDB before\)$/],
  ["DELETE FROM schema_migrations WHERE version = '20260102'", 'my.migrations', 'fail', /older: 1 of 2 migrations ran, not 20260102/],
  ["INSERT INTO schema_migrations VALUES ('20260103')", 'my.migrations', 'warn', /newer: 1 migration more/],
  [
    'ALTER TABLE customers MODIFY note TEXT CHARACTER SET latin1',
    'my.charset',
    'fail',
    /1 column differs: customers\.note \(latin1 latin1_swedish_ci, utf8mb4 utf8mb4_general_ci before\)/,
  ],
  ['ALTER TABLE customers MODIFY note TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', 'my.charset', 'warn', /utf8mb4_bin/],
]

/** Settings of the whole server, and what brings them back. */
const SETTINGS: readonly (readonly [sql: string, id: string, status: string, words: RegExp, back: string])[] = [
  ['SET GLOBAL read_only = 1', 'my.read_only', 'fail', /it is read-only \(read_only\): every write would fail/, 'SET GLOBAL read_only = 0'],
  ['SET GLOBAL tx_read_only = 1', 'my.read_only', 'fail', /tx_read_only/, 'SET GLOBAL tx_read_only = 0'],
  [
    "SET GLOBAL sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')",
    'my.sql_mode',
    'fail',
    /^the new one has ANSI_QUOTES$/,
    'SET GLOBAL sql_mode = DEFAULT',
  ],
  ["SET GLOBAL sql_mode = ''", 'my.sql_mode', 'warn', /^the new one lacks STRICT_TRANS_TABLES, /, 'SET GLOBAL sql_mode = DEFAULT'],
  [
    "SET GLOBAL time_zone = '+05:30'",
    'my.time_zone',
    'warn',
    /^sessions are \+05:30 from UTC, and \+00:00 on the old one/,
    "SET GLOBAL time_zone = '+00:00'",
  ],
  [
    "SET GLOBAL tx_isolation = 'READ-COMMITTED'",
    'my.settings',
    'warn',
    /^transaction_isolation REPEATABLE-READ → READ-COMMITTED$/,
    "SET GLOBAL tx_isolation = 'REPEATABLE-READ'",
  ],
  [
    'SET GLOBAL max_allowed_packet = 1048576',
    'my.max_allowed_packet',
    'warn',
    /^1 MiB at most, and 16 MiB on the old one$/,
    'SET GLOBAL max_allowed_packet = 16777216',
  ],
  [
    'SET GLOBAL max_connections = 20',
    'my.capacity',
    'warn',
    /^20 connections at most, and 151 on the old one$/,
    'SET GLOBAL max_connections = 151',
  ],
  [
    "REVOKE DELETE, TRIGGER ON `shop%`.* FROM app@'127.0.0.1'",
    'my.grants',
    'fail',
    /^lost on the new one: DELETE on its database, TRIGGER on its database$/,
    "GRANT DELETE, TRIGGER ON `shop%`.* TO app@'127.0.0.1'",
  ],
  [
    "ALTER USER app@'127.0.0.1' WITH MAX_USER_CONNECTIONS 3",
    'my.capacity',
    'warn',
    /^the account may have 3 connections, and any number on the old one$/,
    "ALTER USER app@'127.0.0.1' WITH MAX_USER_CONNECTIONS 0",
  ],
  ['SET GLOBAL event_scheduler = ON', 'my.events', 'pass', /no event runs twice/, 'SET GLOBAL event_scheduler = OFF'],
]

describe.runIf(haveMariaDb())('two real MariaDB, one in the place of the other', () => {
  let old: MariaDbServer
  let next: MariaDbServer
  let made = 0
  /** Nothing is done to the old one. */
  let before: Awaited<ReturnType<typeof survey>>
  beforeAll(async () => {
    const args = ['--default-time-zone=+00:00', '--character-set-server=utf8mb4', '--collation-server=utf8mb4_general_ci']
    ;[old, next] = await Promise.all([startMariaDb({ serverId: 101, args }), startMariaDb({ serverId: 201, args })])
    for (const server of [old, next])
      await server.sql(
        `CREATE USER app@'127.0.0.1' IDENTIFIED BY 'app-pw-1'; GRANT ALL ON \`shop%\`.* TO app@'127.0.0.1'; CREATE DATABASE shop0`,
      )
    for (const server of [old, next]) await server.sql(SHOP, 'shop0')
    before = await survey(at(old, 'shop0'))
  }, 60_000)
  afterAll(async () => {
    await Promise.all([old, next].map((server) => server?.[Symbol.asyncDispose]()))
  })

  const at = (server: MariaDbServer, database: string) => server.url({ user: 'app', password: 'app-pw-1', database })
  const compare = async (database: string) => await judge(before, await survey(at(next, database)))

  test('a true copy passes everything but what nobody can know', async () => {
    expect(notPassed(await compare('shop0'))).toEqual(['my.gtid unknown'])
  })

  test.each(DAMAGES)('%s: %s %s', async (sql, id, status, words) => {
    made += 1
    const name = `shop${made}`
    await next.sql(`CREATE DATABASE ${name}; USE ${name}; ${SHOP} ${sql}`)
    const finding = (await compare(name)).get(id)
    expect({ status: finding?.status, detail: finding?.detail }).toEqual({ status, detail: expect.stringMatching(words) })
  })

  test.each(SETTINGS)('%s: %s %s', async (sql, id, status, words, back) => {
    await next.sql(sql)
    const finding = (await compare('shop0').finally(() => next.sql(back))).get(id)
    expect({ status: finding?.status, detail: finding?.detail }).toEqual({ status, detail: expect.stringMatching(words) })
  })

  test('events that run on both at once are warned about', async () => {
    for (const server of [old, next]) await server.sql('SET GLOBAL event_scheduler = ON')
    const running = await survey(at(old, 'shop0'))
    const both = (await judge(running, await survey(at(next, 'shop0')))).get('my.events')
    await next.sql('SET GLOBAL event_scheduler = OFF')
    const lost = (await judge(running, await survey(at(next, 'shop0')))).get('my.events')
    await old.sql('SET GLOBAL event_scheduler = OFF')
    expect(both).toMatchObject({ status: 'warn', detail: '1 event run on both at once: tidy' })
    expect(lost).toMatchObject({ status: 'warn', detail: expect.stringContaining('would run no more') })
  })

  test('an account that may see little leaves unknown what it may not read', async () => {
    await next.sql(
      `CREATE USER few@'127.0.0.1' IDENTIFIED BY 'app-pw-1'; GRANT SELECT (id), INSERT ON shop0.customers TO few@'127.0.0.1'; GRANT SELECT ON shop0.big TO few@'127.0.0.1'`,
    )
    const few = await survey(next.url({ user: 'few', password: 'app-pw-1', database: 'shop0' }))
    const findings = await judge(await survey(at(old, 'shop0')), few)
    expect(findings.get('my.objects')).toMatchObject({ status: 'fail', detail: expect.stringContaining('missing') })
    expect(findings.get('my.grants')).toMatchObject({ status: 'fail' })
    expect(few.facts.account.grants).toEqual({
      is: expect.arrayContaining([
        { right: 'SELECT (id)', on: 'its database.customers' },
        { right: 'INSERT', on: 'its database.customers' },
      ]),
    })
    expect(JSON.stringify(few)).not.toMatch(/IDENTIFIED|\*[0-9A-F]{40}/)
  })

  test('a locked table, and a slow server, hold nothing up', async () => {
    const lock = next.sql('LOCK TABLES orders WRITE; SELECT SLEEP(60)', 'shop0').catch(() => 'ended')
    const id = await eventually('it is locked', async () => {
      const found = await next.sql(`SELECT ID FROM information_schema.PROCESSLIST WHERE INFO = 'SELECT SLEEP(60)'`)
      expect(found).toMatch(/^\d+$/)
      return found
    })
    const started = performance.now()
    const told = await survey(at(next, 'shop0'), { limits: { statementMs: 1_200, totalMs: 10_000 } })
    expect(performance.now() - started).toBeLessThan(12_000)
    await next.sql(`KILL ${id}`)
    await lock
    const tables = 'is' in told.facts.content.tables ? told.facts.content.tables.is : []
    expect(tables.find(({ name }) => name === 'orders')?.rows).toEqual({ unknown: expect.stringMatching(/lock|longer/) })
    expect(tables.find(({ name }) => name === 'customers')?.rows).toEqual({ is: { count: 40, by: 'count' } })
  })

  test('a survey writes nothing', async () => {
    const before = await next.sql('SELECT @@gtid_binlog_pos')
    await survey(at(next, 'shop0'))
    expect(await next.sql('SELECT @@gtid_binlog_pos')).toBe(before)
  })

  test('the newest row is told by the column that attach.yaml names', async () => {
    const fresh = (table: string, column: string) => ({ table, column, withinMs: 60_000 })
    const newest = async (table: string, column: string) => (await survey(at(old, 'shop0'), { fresh: fresh(table, column) })).newest
    expect(await newest('orders', 'at')).toEqual({ is: '2026-01-21T00:00:00.000Z' })
    expect(await newest('shop0.orders', 'at')).toEqual({ is: '2026-01-21T00:00:00.000Z' })
    expect(await newest('orders', 'customer')).toEqual({ unknown: 'orders.customer is a int, and no time' })
    expect(await newest('orders', 'nothing')).toEqual({ unknown: 'there is no column orders.nothing' })
    expect(await newest("orders' OR 1", 'at')).toEqual({ unknown: expect.stringContaining('no name that is asked for') })
    const asked = fresh('orders', 'at')
    const told = await survey(at(old, 'shop0'), { fresh: asked })
    expect((await judge(told, told, { fresh: asked })).get('my.age')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('the newest orders.at is'),
    })
  })

  test('a handle without a database is compared as far as a server goes', async () => {
    const root = await survey(old.url())
    expect(root.facts.content.tables).toEqual({ unknown: 'the handle names no database' })
    expect((await judge(root, await survey(next.url()))).get('my.objects')).toMatchObject({ status: 'unknown' })
  })

  test('a replica is told as one, counts in one line with its primary, and what it lacks is told', async () => {
    await using replica = await old.replica(102)
    const app = { user: 'app', password: 'app-pw-1', database: 'shop0' }
    const [primary, kept] = [await survey(old.url(app)), await survey(replica.url(app))]
    expect(primary.position).toMatchObject({ is: { line: 'domain 0, written by server 101' } })
    expect(kept.position).toEqual(primary.position)
    const findings = await judge(primary, kept)
    expect(findings.get('my.role')).toMatchObject({ status: 'fail', detail: expect.stringContaining('it follows another server') })
    expect(findings.get('my.read_only')).toMatchObject({ status: 'fail' })
    expect(findings.get('my.gtid')).toMatchObject({ status: 'pass' })
    expect((await judge(primary, kept, { expect: 'replica' })).get('my.role')).toMatchObject({ status: 'pass' })
    await replica.sql('STOP SLAVE')
    await old.sql('CREATE TABLE later (id INT); DROP TABLE later', 'shop0')
    const behind = await judge(await survey(old.url(app)), await survey(replica.url(app)))
    expect(behind.get('my.gtid')).toMatchObject({ status: 'warn', detail: 'lacks 2 transactions of the old one' })
    expect(behind.get('my.role'), 'stopped: this account may not ask').toMatchObject({ status: 'unknown' })
    const asRoot = await judge(primary, await survey(replica.url({ database: 'shop0' })))
    expect(asRoot.get('my.role')).toMatchObject({ status: 'fail' })
  })
})
