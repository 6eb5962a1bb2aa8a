import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import mysql from '../../src/kinds/mysql/mysql.ts'
import opaque from '../../src/kinds/opaque.ts'
import postgres from '../../src/kinds/postgres/postgres.ts'
import redis from '../../src/kinds/redis/redis.ts'
import type { HandleParts, Kind } from '../../src/ports/kind.ts'

type Row = readonly [before: string, parts: HandleParts, after: string]

const secret = new Secret('n&w p@ss')

const POSTGRES: readonly Row[] = [
  ['postgres://u:p%3d@old:1/x?sslmode=require', { host: 'new.example' }, 'postgres://u:p%3d@new.example:1/x?sslmode=require'],
  ['postgres://u:p@old/x', { password: secret }, 'postgres://u:n%26w%20p%40ss@old/x'],
  ['postgres://u:p@old/x', { host: '::1', port: '7' }, 'postgres://u:p@[::1]:7/x'],
  ['postgres://u:p@old/x', { host: '/run/pg' }, 'postgres://u:p@%2Frun%2Fpg/x'],
  ['postgres:///x?host=/run/pg&port=1', { host: '/tmp', port: '2' }, 'postgres:///x?host=%2Ftmp&port=2'],
  ['postgres://h/x?user=u&password=p', { user: 'v', password: secret }, 'postgres://h/x?user=v&password=n%26w%20p%40ss'],
  ['postgres://h?dbname=a', { name: 'b' }, 'postgres://h?dbname=b'],
  ['postgres://h', { name: 'a/b' }, 'postgres://h/a%2Fb'],
]

const REDIS: readonly Row[] = [
  ['redis://:p@old:1/2', { host: 'new', name: '3' }, 'redis://:p@new:1/3'],
  ['redis://:p@old?db=2', { name: '3' }, 'redis://:p@old?db=3'],
  ['redis://old', { password: secret }, 'redis://:n%26w%20p%40ss@old'],
  ['unix:///run/r.sock?password=p', { password: secret }, 'unix:///run/r.sock?password=n%26w%20p%40ss'],
  ['unix:///run/r.sock?database=1', { name: '4' }, 'unix:///run/r.sock?database=4'],
  ['rediss://u:p@old/0', { user: 'v', port: '7' }, 'rediss://v:p@old:7/0'],
  ['redis-sentinel://:p@h1,h2:1/m', { name: '3', password: secret }, 'redis-sentinel://:n%26w%20p%40ss@h1,h2:1/m/3'],
  [
    'redis-sentinel://:p@h1:1/m/2?sentinel_password=s',
    { host: 'h2', port: '7', name: '3' },
    'redis-sentinel://:p@h2:7/m/3?sentinel_password=s',
  ],
  ['redis-sentinel://u:p@h1,h2/2?sentinelMasterId=m', { name: '3', user: 'v' }, 'redis-sentinel://v:p@h1,h2/3?sentinelMasterId=m'],
  ['redis-sentinel://:p@h1/1#m', { name: '3' }, 'redis-sentinel://:p@h1/3#m'],
]

const MYSQL: readonly Row[] = [
  ['mysql://u:p%3d@old:1/x?ssl-mode=REQUIRED', { host: 'new.example' }, 'mysql://u:p%3d@new.example:1/x?ssl-mode=REQUIRED'],
  ['mysql2://u:p@old/x', { password: secret }, 'mysql2://u:n%26w%20p%40ss@old/x'],
  ['mariadb://u:p@old/x', { host: '::1', port: '7' }, 'mariadb://u:p@[::1]:7/x'],
  [
    'jdbc:mysql://old/x?user=u&password=p',
    { host: 'new', user: 'v', password: secret },
    'jdbc:mysql://new/x?user=v&password=n%26w%20p%40ss',
  ],
  ['mysql://u:p@h/x?socket=/run/a.sock', { name: 'y', user: 'v' }, 'mysql://v:p@h/y?socket=/run/a.sock'],
  ['mysql://h', { name: 'a/b' }, 'mysql://h/a%2Fb'],
  ['mysql://u:p@h/x?ssl={"rejectUnauthorized":true}', { name: 'y' }, 'mysql://u:p@h/y?ssl={"rejectUnauthorized":true}'],
]

const holds = (kind: Kind, rows: readonly Row[]) => {
  test.each(rows)(`${kind.name}: %s with some parts replaced keeps every other byte`, (before, parts, after) => {
    expect(kind.replaceParts(new Secret(before), parts).reveal()).toBe(after)
  })
}

describe('replacing parts', () => {
  holds(postgres, POSTGRES)
  holds(redis, REDIS)
  holds(mysql, MYSQL)

  test.each<readonly [Kind, string, HandleParts]>([
    [postgres, 'postgres://h/x', { port: '0' }],
    [postgres, 'postgres://h/x', { port: 'x' }],
    [postgres, 'postgres://h/x', { host: 'a b' }],
    [postgres, 'postgres://h/x', { host: 'a@b' }],
    [postgres, 'postgres://h/x', { host: 'a,b' }],
    [postgres, 'postgres://h/x?hostaddr=10.0.0.1', { host: 'new' }],
    [redis, 'redis://h', { name: 'shop' }],
    [redis, 'redis://h', { user: 'u' }],
    [redis, 'unix:///run/r.sock', { host: 'h' }],
    [redis, 'unix:///run/r.sock', { name: '1' }],
    [mysql, 'mysql://h/x', { port: '0' }],
    [mysql, 'mysql://h/x', { host: 'a@b' }],
    [mysql, 'mysql://h/x?socket=/run/a.sock', { host: 'new' }],
    [mysql, 'mysql://%2Frun%2Fa.sock/x', { port: '1' }],
    [opaque, 'token', { host: 'h' }],
  ])('what would not be a handle any more is HANDLE_INVALID (%#)', (kind, before, parts) => {
    expect(() => kind.replaceParts(new Secret(before), parts)).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
  })
})
