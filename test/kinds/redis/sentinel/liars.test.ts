import { describe, expect, test } from 'vitest'
import redis from '../../../../src/kinds/redis/redis.ts'
import { placeOf } from '../../../../src/kinds/redis/sentinel/handle.ts'
import { sentinelsTold, unreachable } from '../../../../src/kinds/redis/sentinel/judge.ts'
import { probe } from '../../../conformance/kind.ts'
import { type Liar, liar, script, silent } from '../../../support/liars.ts'
import { freePort } from '../../../support/ports.ts'
import { eventually } from '../../../support/processes.ts'

const limits = { connectMs: 400, statementMs: 500, totalMs: 4_000 }
const look = (...sentinels: readonly Liar[]) =>
  probe(redis, `redis-sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/m`, { limits })

const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`
const list = (...texts: readonly string[]) => `*${texts.length}\r\n${texts.map(bulk).join('')}`
/** A sentinel that names this, and tells no more. */
const naming = (host: string, port: number | string) => liar(script(list(host, `${port}`), '-NOPERM no\r\n', '-NOPERM no\r\n'))
const hello = (role: string) => `%2\r\n${bulk('server')}${bulk('redis')}${bulk('role')}${bulk(role)}`
const server = (role: string) => liar(script(hello(role), '+PONG\r\n', bulk(`role:${role}`)))

describe('a sentinel whose word is no address', () => {
  test.each([
    ['a host with escape sequences', list('\u001b[2J\u0007evil', '6379')],
    ['a host with a blank', list('h 1', '6379')],
    ['a host that would be an option', list('-h', '6379')],
    ['a path', list('/run/redis.sock', '6379')],
    ['a host without end', list('x'.repeat(2_000), '6379')],
    ['a host that turns the direction of text', list('\u202egro.elpmaxe', '6379')],
    ['no host', list('', '6379')],
    ['the port 0', list('h', '0')],
    ['a port that is too great', list('h', '65536')],
    ['a port that is a text', list('h', '1;id')],
    ['one word', list('h')],
    ['three words', list('h', '1', '2')],
    ['a number', ':1\r\n'],
    ['a list of lists', '*2\r\n*0\r\n*0\r\n'],
  ])('%s is refused for good, and is shown nowhere', async (_, reply) => {
    await using sentinel = await liar(script(reply))
    const report = await look(sentinel)
    expect(report).toMatchObject({ ok: false, class: 'permanent', code: 'bad-address', findings: [] })
    const text = JSON.stringify(report)
    expect(text).not.toMatch(/evil|elpmaxe|xxxx|\\u00|;id/)
    await eventually('all sockets closed', async () => expect(sentinel.open()).toBe(0), 2_000)
  })
})

describe('sentinels that are out of date', () => {
  test('a server that says that it is a replica is left for the one that another sentinel names', async () => {
    await using replica = await server('replica')
    await using master = await server('master')
    await using stale = await naming('127.0.0.1', replica.port)
    await using right = await naming('127.0.0.1', master.port)
    expect(await look(stale, right)).toMatchObject({
      ok: true,
      facts: { role: 'primary', more: { master: `127.0.0.1:${master.port}` } },
      findings: [{ id: 'redis.sentinel', status: 'warn', detail: expect.stringContaining(`names 127.0.0.1:${replica.port}`) }],
    })
    for (const each of [replica, master, stale, right])
      await eventually('all sockets closed', async () => expect(each.open()).toBe(0), 2_000)
  })

  test('a failover is under way where all name a replica: asked again, and transient', async () => {
    await using replica = await server('replica')
    await using stale = await naming('127.0.0.1', replica.port)
    expect(await look(stale)).toMatchObject({
      ok: false,
      class: 'transient',
      code: 'not-master',
      failedAt: 'use',
      reason: expect.stringContaining('a failover is under way'),
    })
    expect(stale.seen()).toBe(2)
  })

  test('an older server, which has no HELLO, is asked for its role', async () => {
    await using replica = await liar(
      script("-ERR unknown command 'HELLO'\r\n", '+PONG\r\n', '-NOPERM no\r\n', '-NOPERM no\r\n', list('slave', 'h')),
    )
    await using stale = await naming('127.0.0.1', replica.port)
    expect(await look(stale)).toMatchObject({ ok: false, code: 'not-master' })
    expect(replica.heard()).toContain('ROLE')
  })

  test('a master that cannot be reached is left for the one that another sentinel names', async () => {
    await using master = await server('master')
    await using stale = await naming('127.0.0.1', await freePort())
    await using right = await naming('127.0.0.1', master.port)
    expect(await look(stale, right)).toMatchObject({ ok: true, facts: { more: { master: `127.0.0.1:${master.port}` } } })
  })
})

describe('sentinels that do not name one', () => {
  test('a silent one beside one that does not know the name: it may yet be known', async () => {
    await using unknowing = await liar(script('*-1\r\n'))
    await using mute = await liar(silent)
    expect(await look(unknowing, mute)).toMatchObject({ ok: false, class: 'transient', code: 'no-such-master' })
    expect(await look(unknowing)).toMatchObject({ ok: false, class: 'permanent', code: 'no-such-master' })
  })

  test('one that asks for its own login says so, and the password of the master is not told to it', async () => {
    await using sentinel = await liar(script('-NOAUTH Authentication required.\r\n'))
    const report = await probe(redis, `redis-sentinel://:S3cretPw@127.0.0.1:${sentinel.port}/m`, { limits })
    expect(report).toMatchObject({
      ok: false,
      failedAt: 'login',
      class: 'permanent',
      code: 'NOAUTH',
      hint: expect.stringContaining('?sentinel_username=USER&sentinel_password=PASSWORD'),
    })
    expect(sentinel.heard()).not.toContain('S3cretPw')
  })

  test('a data server is no sentinel', async () => {
    await using data = await liar(script("-ERR unknown command 'SENTINEL', with args beginning with\r\n"))
    expect(await look(data)).toMatchObject({ ok: false, class: 'permanent', code: 'wrong-service' })
  })
})

describe('an address that is for others', () => {
  const failure = { class: 'permanent', code: 'x', reason: 'no', hint: 'look' } as const
  const health = { quorum: null, known: null, canFailOver: null, masterIsDown: null }
  const named = (from: string, master: string) =>
    ({ from: placeOf(from, 26379), said: 'master', master: placeOf(master, 6379), health }) as const

  test.each([
    ['10.0.0.5', '127.0.0.1', /another machine for whoever hears it.*replica-announce-ip/],
    ['127.0.0.1', '172.18.0.3', /inside of a container.*replica-announce-ip/],
    ['sentinel.example.test', '10.0.0.3', /inside of a container/],
    ['10.0.0.5', '10.0.0.6', /cannot be reached from here: no\|look; see redis-cli -h 10\.0\.0\.5 -p 26379 SENTINEL MASTER m$/],
    ['127.0.0.1', '127.0.0.1', /cannot be reached from here: no\|look/],
  ])('told by %s: %s', (from, master, words) => {
    const { reason, hint } = unreachable(named(from, master), 'm', failure)
    expect(`${reason}|${hint}`).toMatch(words)
  })

  test('what they say of themselves is told: down, disagreeing, too few', () => {
    const watch = { name: 'm', sentinels: [placeOf('h1', 1), placeOf('h2', 2)], user: null, password: null } as const
    const one = { ...named('h1', 'a'), health: { quorum: 2, known: 3, canFailOver: false, masterIsDown: true } }
    expect(sentinelsTold(watch, [one, named('h2', 'b')], one.master)).toMatchObject({
      id: 'redis.sentinel',
      status: 'warn',
      detail:
        '1 of 2 sentinels name a:6379 as the master m; h2:26379 names b:6379; h1:26379 holds that master for down; too few sentinels see each other: no failover would come about',
      remedy: 'redis-cli -h h1 -p 26379 SENTINEL CKQUORUM m',
    })
  })
})
