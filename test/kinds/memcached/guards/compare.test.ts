import { describe, expect, test } from 'vitest'
import type { Finding } from '../../../../src/domain/finding.ts'
import type { MemcachedFacts } from '../../../../src/kinds/memcached/guards/survey.ts'
import type { Comparison } from '../../../../src/ports/kind.ts'
import { liar } from '../../../support/liars.ts'
import { haveMemcached, startMemcached } from '../../../support/memcached.ts'
import { facts, judge, node, survey, surveyOf } from './facts.ts'

const says = (id: string, old: MemcachedFacts | null, next: MemcachedFacts, more: Partial<Comparison> = {}): Finding =>
  judge(old === null ? null : surveyOf(old), surveyOf(next), more).get(id) ?? expect.fail(`no check ${id}`)

const list = (...places: readonly string[]): MemcachedFacts => facts(places.map((place) => node(place)))

describe('the list', () => {
  test.each([
    ['h1:1,h2:1', 'h1:1,h2:1', 'pass', 'the same 2 servers in the same order'],
    ['h1:1', 'H1.:1', 'pass', 'the same server'],
    ['[::1]:1', '[0:0::1]:1', 'pass', 'the same server'],
    ['h1:1', 'h2:1', 'pass', '1 server, none of which was in the old list'],
    ['h1:1,h2:1', 'n1:1,n2:1', 'pass', '2 servers, none of which was in the old list'],
    ['h1:1,h2:1', 'h2:1,h1:1', 'warn', 'the order of the list is another: h2:1, h1:1; clients that count by place look on other servers'],
    ['h1:1,h2:1', 'h1:1,h2:1,h3:1', 'warn', '3 servers, where the old list has 2: most keys move to another server'],
    ['h1:1,h2:1', 'h1:1', 'warn', '1 server, where the old list has 2: most keys move to another server'],
    ['h1:1,h2:1', 'n1:1', 'warn', '1 server, where the old list has 2: every key has another place'],
    ['h1:1,h2:1', 'h1:1,h3:1', 'warn', 'h3:1 takes the place of another: its share of the keys (1 in 2) is not there'],
    ['h1:1,h2:1', 'h1:1,h2:2', 'warn', 'h2:2 takes the place of another: its share of the keys (1 in 2) is not there'],
  ])('%s to %s: %s', (old, next, status, detail) => {
    expect(says('mc.nodes', list(...old.split(',')), list(...next.split(',')))).toMatchObject({ status, detail })
  })

  test('of a dead one it is not known', () => {
    expect(says('mc.nodes', null, list('h1:1'))).toMatchObject({ status: 'unknown', detail: 'the old resource failed at connect' })
  })
})

describe('the login', () => {
  const as = (login: 'none' | 'sasl' | 'token') => facts([node('h:1')], { is: login })
  test.each([
    ['none', 'none', 'pass'],
    ['none', 'sasl', 'pass'],
    ['sasl', 'token', 'pass'],
    ['sasl', 'none', 'fail'],
    ['token', 'none', 'fail'],
  ] as const)('%s to %s: %s', (old, next, status) => {
    expect(says('mc.sasl', as(old), as(next))).toMatchObject({ status, severity: 'error' })
  })
})

test.each([
  ['1.6.18', '1.6.18', 'pass', 'warn'],
  ['1.6.18', '1.6.20', 'pass', 'warn'],
  ['1.6.18', '1.6.9', 'warn', 'warn'],
  ['1.6.18', '1.4.39', 'warn', 'warn'],
  ['2.0.0', '1.6.18', 'fail', 'error'],
])('version %s to %s: %s', (old, next, status, severity) => {
  const at = (version: string) => facts([node('h1:1', { version: { is: version } }), node('h2:1', { version: { is: '9.9.9' } })])
  expect(says('mc.version', at(old), at(next))).toMatchObject({ status, severity })
})

describe('limits', () => {
  const MiB = 1024 ** 2
  test('less memory over all, and smaller items, are told with figures', () => {
    const old = list('h1:1', 'h2:1')
    const next = facts([node('n1:1', { memory: { is: 64 * MiB }, itemMax: { is: MiB / 2 } })])
    expect(says('mc.limits', old, next)).toMatchObject({
      status: 'warn',
      detail: '64 MiB of memory, where the old one has 128 MiB; items of 512 KiB at most, where the old one takes 1 MiB',
      remedy: 'start memcached with -m for the memory and -I for the items as on the old one',
    })
    expect(says('mc.limits', next, old)).toMatchObject({ status: 'pass' })
  })

  test('what one of them does not tell is not known of all', () => {
    const next = facts([node('n1:1'), node('n2:1', { itemMax: { unknown: 'the server refused stats settings' } })])
    expect(says('mc.limits', list('h:1'), next)).toMatchObject({
      status: 'unknown',
      detail: 'the new one: n2:1: the server refused stats settings',
    })
  })
})

describe('evictions', () => {
  const as = (evicts: boolean, evictions = 0) => facts([node('h:1', { evicts: { is: evicts }, evictions: { is: evictions } })])

  test('a cache evicts, and has not done so yet', () => {
    expect(says('mc.evictions', null, as(true))).toMatchObject({ status: 'pass' })
    expect(says('mc.evictions', null, as(true, 1_200))).toMatchObject({
      status: 'warn',
      detail: 'has thrown 1,200 items away since it started: it is too small for what it holds',
    })
  })

  test.each(['store', 'queue'] as const)('a %s may not be thrown away', (use) => {
    expect(says('mc.evictions', as(true), as(true), { use })).toMatchObject({
      status: 'fail',
      severity: 'error',
      detail: `throws items of a ${use} away when it is full, as the old one does`,
    })
    expect(says('mc.evictions', as(true), as(false), { use })).toMatchObject({ status: 'pass' })
  })

  test('a cache that refuses writes when it is full is told', () => {
    expect(says('mc.evictions', as(true), as(false), { use: 'cache' })).toMatchObject({ status: 'warn' })
    expect(says('mc.evictions', as(true), as(false))).toMatchObject({ status: 'pass', detail: 'refuses writes when it is full' })
  })
})

describe('a cold cache', () => {
  const holding = (items: number, gets = 0, hits = 0) => facts([node('h:1', { load: { is: { items, gets, hits, uptime: 100 } } })])

  test('is told with what will fall through', () => {
    expect(says('mc.cold', holding(12_000, 50_000, 49_000), holding(0))).toMatchObject({
      status: 'warn',
      severity: 'warn',
      detail:
        'holds 0 items, where the old one holds 12,000 items and answers 490 of 500 reads a second (average since its start): these fall through to what stands behind',
    })
  })

  test('is lost data where it is more than a cache', () => {
    expect(says('mc.cold', holding(10), holding(0), { use: 'store' })).toMatchObject({ status: 'fail', severity: 'error' })
  })

  test('half of it is warm enough, and an empty one leaves nothing cold', () => {
    expect(says('mc.cold', holding(10), holding(5))).toMatchObject({ status: 'pass' })
    expect(says('mc.cold', holding(10), holding(4))).toMatchObject({ status: 'warn' })
    expect(says('mc.cold', holding(0), holding(0))).toMatchObject({ status: 'pass' })
  })

  test('a server that began this very second is no division by nothing', () => {
    const fresh = facts([node('h:1', { load: { is: { items: 9, gets: 3, hits: 1, uptime: 0 } } })])
    expect(says('mc.cold', fresh, holding(0)).detail).toContain('answers 1 of 3 reads a second')
  })
})

test.each([
  ['h1:1', 'h1:1', 'warn', 'the very same server'],
  ['h1:1,h2:1', 'h2:1,h1:1', 'warn', 'the very same servers'],
  ['h1:1,h2:1', 'h1:1,h3:1', 'warn', '1 of 2 servers are in the old list too'],
  ['h1:1', 'h2:1', 'pass', 'another server'],
])('identity: %s to %s', (old, next, status, detail) => {
  expect(says('mc.identity', list(...old.split(',')), list(...next.split(',')))).toMatchObject({ status, severity: 'info', detail })
})

describe.runIf(haveMemcached())('on real servers', () => {
  test('a list is asked server by server, and what is wrong with the new one is found', async () => {
    const login = { user: 'app', password: 'a-word-of-ours' }
    await using one = await startMemcached({ args: ['-m', '100', '-I', '2m'] })
    await using two = await startMemcached({ args: ['-m', '100', '-I', '2m', '-M'] })
    await using small = await startMemcached({ args: ['-m', '20'] })
    await using locked = await startMemcached({ sasl: login })
    await one.fill(30)
    await two.fill(20)
    await one.tell('get key1 nothing\r\n', 'END')
    const old = await survey(`127.0.0.1:${one.port},127.0.0.1:${two.port}`)
    expect(old.facts.nodes).toMatchObject([
      {
        place: `127.0.0.1:${one.port}`,
        evicts: { is: true },
        run: { is: { pid: one.pid } },
        load: { is: { items: 30, gets: 2, hits: 1 } },
      },
      { place: `127.0.0.1:${two.port}`, evicts: { is: false }, run: { is: { pid: two.pid } }, load: { is: { items: 20 } } },
    ])
    const next = await survey(small.url())
    const findings = judge(old, next)
    expect(Object.fromEntries([...findings].map(([id, { status }]) => [id, status]))).toEqual({
      'mc.nodes': 'warn',
      'mc.sasl': 'pass',
      'mc.version': 'pass',
      'mc.limits': 'warn',
      'mc.evictions': 'pass',
      'mc.cold': 'warn',
      'mc.identity': 'pass',
    })
    expect(judge(await survey(locked.url(login)), next).get('mc.sasl')).toMatchObject({ status: 'fail' })
    const turned = await survey(`localhost:${two.port},127.0.0.1:${one.port}`)
    expect(turned.resource).not.toEqual(old.resource)
    expect((await survey(`localhost:${one.port},localhost:${two.port}`)).resource).toEqual(old.resource)
    expect(judge(old, turned).get('mc.identity')).toMatchObject({ status: 'warn', detail: 'the very same servers' })
  })
})

test('a proxy that tells nothing of itself leaves all unknown that it was not asked', async () => {
  await using server = await liar((socket) => {
    socket.on('data', (chunk) => {
      const lines = chunk.toString('latin1').trim().split('\r\n')
      for (const line of lines) socket.write(line === 'version' ? 'VERSION 1.6.18\r\n' : line.startsWith('get') ? 'END\r\n' : 'ERROR\r\n')
    })
  })
  const told = await survey(`memcached://127.0.0.1:${server.port}`)
  expect(told.resource).toEqual({ unknown: 'the server refused stats: the server does not know the question' })
  const passed = [...judge(told, told).values()].filter(({ status }) => status === 'pass').map(({ id }) => id)
  expect(passed).toEqual(['mc.nodes', 'mc.sasl', 'mc.version'])
})

test('numbers that are none are not told', async () => {
  await using server = await liar((socket) => {
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1')
      const stats = 'STAT pid -7\r\nSTAT curr_items \u001b[2J\r\nSTAT limit_maxbytes 1e9\r\nSTAT evictions maybe\r\nEND\r\n'
      socket.write(text.startsWith('stats') ? stats : 'VERSION 1.6\r\n'.repeat(text.split('\n').length - 1))
    })
  })
  const { facts: told } = await survey(`memcached://127.0.0.1:${server.port}`)
  expect(told.nodes[0]).toMatchObject({
    run: { unknown: 'the server does not tell pid, time, uptime' },
    memory: { unknown: 'the server does not tell limit_maxbytes' },
    evicts: { unknown: 'the server does not tell whether it evicts' },
  })
})
