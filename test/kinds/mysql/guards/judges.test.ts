import { describe, expect, test } from 'vitest'
import type { Survey, Told } from '../../../../src/domain/survey.ts'
import { typeOf } from '../../../../src/kinds/mysql/guards/content/things.ts'
import { covers, readGrants } from '../../../../src/kinds/mysql/guards/server/grants.ts'
import { positionOf } from '../../../../src/kinds/mysql/guards/server/gtid.ts'
import type { MySqlFacts } from '../../../../src/kinds/mysql/guards/sides.ts'
import { judge } from './pair.ts'

// What only MySQL 8 and 9, or a cluster, would tell: surveys as they are documented.

type Parts = { readonly [Part in keyof MySqlFacts]?: Partial<MySqlFacts[Part]> }
const none = { is: [] }

function facts({ server, account, content }: Parts = {}): MySqlFacts {
  return {
    server: {
      product: { is: 'MySQL' },
      version: { is: '8.4.3' },
      role: { is: 'primary' },
      readOnly: none,
      idle: { is: '' },
      identity: { is: { uid: 'a', place: 'db1:3306' } },
      database: 'shop',
      gtid: { is: { of: 'MySQL', set: `${A}:1-100` } },
      variables: { is: { max_connections: '151', max_user_connections: '0', sql_mode: '', lower_case_table_names: '0' } },
      clock: { is: { ahead: 0, knowsZones: true } },
      connections: { is: { inUse: 10, most: 50 } },
      ...server,
    },
    account: { grants: none, plugin: { is: 'caching_sha2_password' }, sessions: { is: 5 }, ...account },
    content: {
      text: { is: { charset: 'utf8mb4', collation: 'utf8mb4_0900_ai_ci' } },
      tables: none,
      things: { columns: none, indexes: none, constraints: none, routines: none, triggers: none, events: none },
      counters: none,
      migrations: none,
      ...content,
    },
  }
}

const A = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
const B = '4e11fa47-71ca-11e1-9e33-c80aa9429562'
const told: Pick<Survey, 'kind' | 'takenAt'> = { kind: 'mysql', takenAt: '2026-01-01T00:00:00.000Z' }
const silent: Told<never> = { unknown: 'not asked' }
const surveyOf = (parts: Parts = {}): Survey => ({
  ...told,
  resource: silent,
  roundTripMs: silent,
  position: silent,
  newest: silent,
  facts: facts(parts),
})
const found = async (id: string, next: Parts, old: Parts = {}) => {
  const finding = (await judge(surveyOf(old), surveyOf(next))).get(id)
  return `${finding?.status} ${finding?.severity}: ${finding?.detail}`
}

const gtid = (set: string, of: 'MySQL' | 'MariaDB' = 'MySQL'): Parts => ({ server: { gtid: { is: { of, set } } } })
const server = (some: Partial<MySqlFacts['server']>): Parts => ({ server: some })

describe('what two servers told', () => {
  test.each<readonly [string, Parts, Parts, RegExp]>([
    ['my.gtid', gtid(`${A}:1-100`), {}, /^pass .*has every transaction/],
    ['my.gtid', gtid(`${A}:1-90,${B}:1-5`), {}, /^warn .*lacks 10 transactions/],
    ['my.gtid', gtid(`${A}:1-40:51-100`), {}, /^warn .*lacks 10 transactions/],
    ['my.gtid', gtid(`${B}:1-100`), {}, /^pass .*not in one line of replication/],
    ['my.gtid', gtid('0-7-90', 'MariaDB'), gtid('0-7-91', 'MariaDB'), /^warn .*lacks 1 transaction of/],
    ['my.gtid', gtid('0-1-90', 'MariaDB'), gtid('0-1-500', 'MariaDB'), /^unknown /],
    ['my.fork_version', server({ version: { is: '8.0.40' } }), {}, /^fail error: MySQL 8\.0\.40, where the old one is MySQL 8\.4\.3/],
    ['my.fork_version', server({ version: { is: '8.4.1' } }), {}, /^warn warn/],
    [
      'my.fork_version',
      server({ product: { is: 'MariaDB' }, version: { is: '11.4.2' } }),
      {},
      /^warn warn: .*what one of them alone knows fails/,
    ],
    ['my.fork_version', server({ product: { is: 'Amazon Aurora MySQL' } }), {}, /^pass/],
    ['my.identity', server({ identity: { is: { uid: 'b', place: 'db2:3306' } } }), {}, /^pass info: another server/],
    ['my.identity', {}, {}, /^warn info: the very same server/],
    ['my.identity', server({ identity: { is: { uid: 'a', place: 'db2:3306' } } }), {}, /^unknown info: a copy of its files/],
    ['my.role', server({ role: { is: 'replica' } }), {}, /^fail error: it follows another server/],
    ['my.role', server({ role: { unknown: 'may not ask' } }), {}, /^unknown/],
    ['my.read_only', server({ readOnly: { is: ['innodb_read_only'] } }), {}, /^fail error: it is read-only \(innodb_read_only\)/],
    ['my.state', server({ idle: { is: 'offline_mode is on' } }), {}, /^fail error: it answers, and takes no work: offline_mode is on/],
    [
      'my.auth',
      { account: { plugin: { is: 'caching_sha2_password' } } },
      { account: { plugin: { is: 'mysql_native_password' } } },
      /^warn warn: .*older clients cannot/,
    ],
    [
      'my.capacity',
      server({ connections: { is: { inUse: 150, most: 150 } } }),
      { account: { sessions: { is: 20 } } },
      /^fail error: 1 of 151 connections free, and the app uses 19/,
    ],
    [
      'my.name_case',
      server({ variables: { is: { lower_case_table_names: '1' } } }),
      {},
      /^fail error: lower_case_table_names is 1, and 0 on the old one/,
    ],
  ])('%s %#: %s', async (id, next, old, words) => {
    expect(await found(id, next, old)).toMatch(words)
  })
})

describe('positions', () => {
  test.each<readonly [Parts, unknown]>([
    [gtid(`${A}:1-100`), { is: { line: A, at: '100', unit: 'transactions' } }],
    [gtid(`${B}:1-5,${A}:1-100`), { is: { line: `${A} ${B}`, at: '105', unit: 'transactions' } }],
    [gtid(`${A}:1-50:60-100`), { unknown: expect.stringContaining('gaps') }],
    [gtid(`${A}:1-18446744073709551615`), { is: { line: A, at: '18446744073709551615', unit: 'transactions' } }],
    [gtid('0-7-90', 'MariaDB'), { is: { line: 'domain 0, written by server 7', at: '90', unit: 'transactions' } }],
    [gtid('0-1-90', 'MariaDB'), { unknown: expect.stringContaining('server_id is 1') }],
    [gtid('0-7-90,1-8-3', 'MariaDB'), { unknown: expect.stringContaining('several domains') }],
  ])('%j', (parts, position) => {
    expect(positionOf(facts(parts).server)).toEqual(position)
  })
})

describe('grants', () => {
  const read = (...lines: readonly string[]) => readGrants(lines, 'shop_1').map(({ right, on }) => `${right} on ${on}`)

  test('no more is kept of them than rights and places', () => {
    expect(read("GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*0123456789ABCDEF0123456789ABCDEF01234567'")).toEqual([])
    expect(read('GRANT SELECT, INSERT (`a`, `b`) ON `shop_1`.`orders` TO `app`@`%`')).toEqual([
      'SELECT on its database.orders',
      'INSERT (a) on its database.orders',
      'INSERT (b) on its database.orders',
    ])
    expect(read('GRANT SELECT ON `shop\\_%`.* TO `app`@`%`', 'GRANT EXECUTE ON PROCEDURE `shop_1`.`p` TO `app`@`%`')).toEqual([
      'SELECT on its database',
      'EXECUTE on its database.p',
    ])
    expect(read('GRANT `reader`@`%`,`writer`@`%` TO `app`@`%`')).toEqual(['ROLE reader on ', 'ROLE writer on '])
    expect(read('GRANT ALL PRIVILEGES ON `shop_1`.* TO `app`@`%`')).toHaveLength(18)
  })

  test.each([
    [{ right: 'SELECT', on: '*' }, { right: 'SELECT', on: 'its database.orders' }, true],
    [{ right: 'SELECT', on: 'its database' }, { right: 'SELECT (a)', on: 'its database.orders' }, true],
    [{ right: 'SELECT', on: 'its database' }, { right: 'SELECT', on: '*' }, false],
    [{ right: 'INSERT', on: '*' }, { right: 'SELECT', on: '*' }, false],
    [{ right: 'SELECT', on: '*' }, { right: 'ROLE reader', on: '' }, false],
  ])('%j covers %j: %s', (has, wanted, answer) => {
    expect(covers(has, wanted)).toBe(answer)
  })
})

test.each([
  ['int(11)', 'int'],
  ['bigint(20) unsigned', 'bigint unsigned'],
  ['json', 'json or longtext'],
  ['varchar(20)', 'varchar(20)'],
  ['decimal(10,2)', 'decimal(10,2)'],
])('the type %s is compared as %s', (type, shape) => {
  expect(typeOf(type)).toBe(shape)
})
