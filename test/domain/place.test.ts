import { describe, expect, test } from 'vitest'
import type { Identity } from '../../src/domain/handle.ts'
import { canonicalHost, isHere, isSameHost, isSameResource, placesOf, sharesServer } from '../../src/domain/place.ts'

const identity = (host: string, more: Partial<Identity> = {}): Identity => ({
  kind: 'postgres',
  scheme: 'postgres',
  host,
  port: 5432,
  name: 'app',
  tls: 'prefer',
  ...more,
})

describe('hosts', () => {
  test.each([
    ['DB1.Internal.', 'db1.internal'],
    ['127.1', '127.0.0.1'],
    ['0x7f.0.0.1', '127.0.0.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['fe80::1%ETH0', 'fe80::1%eth0'],
    ['cafe', 'cafe'],
    ['1.2.3.4.5', '1.2.3.4.5'],
    ['//run//redis.sock', '/run/redis.sock'],
  ])('%s is compared as %s', (host, canonical) => {
    expect(canonicalHost(host)).toBe(canonical)
  })

  test.each([
    'localhost',
    'LOCALHOST.',
    'app.localhost',
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '0:0:0:0:0:0:0:1',
    '0.0.0.0',
    '::',
    '::ffff:127.0.0.1',
  ])('%s is this machine', (host) => {
    expect(isHere(host)).toBe(true)
    expect(isSameHost(host, 'localhost')).toBe(true)
  })

  test.each(['db1', '10.0.0.1', 'localhost.example.test', '127.example.test', '::2', '128.0.0.1', 'mylocalhost'])('%s is not', (host) => {
    expect(isHere(host)).toBe(false)
    expect(isSameHost(host, 'localhost')).toBe(false)
  })

  test('a socket is of this machine, and is no other name of it', () => {
    expect(isHere('/run/redis.sock')).toBe(true)
    expect(isSameHost('/run/redis.sock', 'localhost')).toBe(false)
  })
})

describe('two handles lead to one resource', () => {
  test.each([
    ['another case', identity('DB1'), identity('db1'), true],
    ['two names of this machine', identity('127.0.0.1'), identity('::1'), true],
    ['another user, another TLS', identity('db1', { user: 'a' }), identity('db1', { user: 'b', tls: 'verify-full' }), true],
    ['another port', identity('db1'), identity('db1', { port: 5433 }), false],
    ['another name', identity('db1'), identity('db1', { name: 'other' }), false],
    ['another kind', identity('db1'), identity('db1', { kind: 'redis' }), false],
    ['a value that leads nowhere', identity('', { kind: 'opaque' }), identity('', { kind: 'opaque' }), false],
  ])('%s: %#', (_, one, other, same) => {
    expect(isSameResource(one, other)).toBe(same)
    expect(isSameResource(other, one)).toBe(same)
  })
})

describe('handles that list several hosts', () => {
  const list = (host: string, ...others: readonly string[]): Identity => ({ ...identity(host, { port: 1 }), others })

  test.each([
    ['the same list', list('h1', 'h2:2'), list('H1', 'h2.:2'), true, true],
    ['another order', list('h1', 'h2:1'), list('h2', 'h1:1'), true, true],
    ['one more', list('h1', 'h2:1'), list('h1', 'h2:1', 'h3:1'), false, true],
    ['one of them alone', list('h1', 'h2:1'), identity('h2', { port: 1 }), false, true],
    ['another port of one', list('h1', 'h2:1'), list('h1', 'h2:2'), false, true],
    ['none in common', list('h1', 'h2:1'), list('h3', 'h4:1'), false, false],
    ['an address in other letters', list('h1', '[::1]:1'), list('h1', '[0:0::1]:1'), true, true],
  ])('%s: %#', (_, one, other, same, shared) => {
    expect([isSameResource(one, other), isSameResource(other, one)]).toEqual([same, same])
    expect([sharesServer(one, other), sharesServer(other, one)]).toEqual([shared, shared])
  })

  test.each([
    ['one in common', list('h1', 'h2:1'), list('h3', 'H2:1'), 'm', true],
    ['one of them alone', list('h1', 'h2:1'), identity('h2', { port: 1 }), 'm', true],
    ['none in common', list('h1', 'h2:1'), list('h3', 'h4:1'), 'm', false],
    ['another name among them', list('h1', 'h2:1'), list('h1', 'h2:1'), 'other', false],
  ])('of those that only tell where it is, %s: %#', (_, one, other, watched, same) => {
    const [a, b] = [
      { ...one, watched: 'm' },
      { ...other, watched },
    ]
    expect([isSameResource(a, b), isSameResource(b, a), sharesServer(a, b)]).toEqual([same, same, same])
    expect(isSameResource(a, other)).toBe(false)
    expect(isSameResource(a, { ...b, name: 'elsewhere' })).toBe(false)
  })

  test('each server of them stands as if it were alone', () => {
    expect(placesOf(list('h1', '[::1]:2')).map(({ host, port, others }) => [host, port, others])).toEqual([
      ['h1', 1, undefined],
      ['::1', 2, undefined],
    ])
  })
})
