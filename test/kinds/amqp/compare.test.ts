import { describe, expect, test } from 'vitest'
import type { Survey } from '../../../src/domain/survey.ts'
import type { AmqpFacts } from '../../../src/kinds/amqp/guards/facts.ts'
import type { Comparison } from '../../../src/ports/kind.ts'
import { judge, notPassed } from './sides.ts'

type Parts = { readonly [Part in keyof AmqpFacts]?: Partial<AmqpFacts[Part]> }

/** A healthy broker with one queue that is bound to one exchange. */
const facts = (name: string, parts: Parts = {}): Survey => ({
  kind: 'amqp',
  takenAt: '2026-01-01T00:00:00.000Z',
  resource: { unknown: 'not asked' },
  roundTripMs: { is: 1 },
  position: { unknown: 'not asked' },
  newest: { unknown: 'not asked' },
  facts: {
    server: {
      product: 'RabbitMQ',
      version: { is: '3.12.4' },
      cluster: { is: name },
      clusterId: { is: `id-${name}` },
      vhost: 'shop',
      ...parts.server,
    },
    alarm: { is: '', ...parts.alarm },
    limits: { is: { frameMax: 131_072, channelMax: 2_047, heartbeat: 60 }, ...parts.limits },
    vhostLimits: { is: { connections: null, queues: null }, ...parts.vhostLimits },
    access: { publishes: { is: true }, patterns: { is: { configure: '.*', write: '.*', read: '.*' } }, ...parts.access },
    topology: {
      is: { queues: [queue('orders')], exchanges: [queue('shop', 'topic')], bindings: ['shop to queue orders'], policies: [] },
      ...parts.topology,
    },
    standing: { unknown: 'its own list tells it' },
    waiting: { is: { queues: 1, holding: [], uncounted: 0 }, ...parts.waiting },
    ...(parts.standing === undefined ? {} : { standing: parts.standing }),
  },
})

const queue = (name: string, type = 'classic', words = '') => ({ name, type, arguments: words })
const holding = (name: string, ready: number, unacked = 0, consumers = 1) => ({ name, ready, unacked, consumers })
const blue = facts('blue')

const one = async (id: string, old: Survey | null, next: Survey, more: Partial<Comparison> = {}) => (await judge(old, next, more)).get(id)

describe('two brokers, by what they told', () => {
  test('that are alike pass everything', async () => {
    expect(notPassed(await judge(blue, facts('green')))).toEqual([])
  })

  test.each<readonly [string, Partial<AmqpFacts['server']>, object]>([
    ['of one version', {}, { status: 'pass', detail: 'RabbitMQ 3.12.4 on both' }],
    ['newer', { version: { is: '3.13.0' } }, { status: 'pass' }],
    ['older', { version: { is: '3.10.8' } }, { status: 'warn', detail: expect.stringContaining('it is older') }],
    ['of version 4', { version: { is: '4.1.0' } }, { status: 'warn', detail: expect.stringContaining('mirrored classic queues are gone') }],
    [
      'of another make',
      { product: 'LavinMQ', version: { is: '2.0.0' } },
      { status: 'warn', detail: expect.stringContaining('another product') },
    ],
    ['silent about it', { version: { unknown: 'no word' } }, { status: 'unknown' }],
  ])('mq.version: the new one is %s', async (_, server, finding) => {
    expect(await one('mq.version', blue, facts('green', { server }))).toMatchObject(finding)
  })

  test('mq.limits: smaller frames, fewer channels and a quicker heartbeat are told; 0 is without a limit', async () => {
    const limited = (frameMax: number, channelMax: number, heartbeat: number): Survey =>
      facts('green', { limits: { is: { frameMax, channelMax, heartbeat } } })
    expect(await one('mq.limits', blue, limited(8_192, 10, 5))).toMatchObject({
      status: 'warn',
      detail:
        'frames of 8 KiB (128 KiB), 10 channels a connection (2047), a heartbeat each 5 s (60 s); what the old one allows is in brackets',
    })
    expect(await one('mq.limits', blue, limited(0, 0, 0))).toMatchObject({ status: 'pass' })
    expect(await one('mq.limits', limited(0, 0, 0), blue)).toMatchObject({ status: 'warn', detail: expect.stringContaining('(no limit)') })
  })

  test('mq.identity and handle of one name: what RabbitMQ made up for its cluster tells two of one name apart', async () => {
    const twin = facts('blue', { server: { clusterId: { is: 'id-other' } } })
    expect(await one('mq.identity', blue, twin)).toMatchObject({ status: 'pass', detail: 'another cluster that has the same name, blue' })
    expect(await one('mq.identity', blue, facts('blue'))).toMatchObject({ status: 'warn', severity: 'info' })
    expect(await one('mq.identity', blue, facts('green'))).toMatchObject({
      status: 'pass',
      detail: 'another cluster: green, where the old one is blue',
    })
    const full = facts('blue', { waiting: { is: { queues: 1, holding: [holding('orders', 3)], uncounted: 0 } } })
    expect(await one('mq.left_behind', full, facts('blue')), 'the same queues').toMatchObject({ status: 'pass' })
    expect(await one('mq.left_behind', full, twin), 'and those of the twin are not').toMatchObject({ status: 'fail' })
  })

  test('mq.alarm: of the new one alone; unknown is no pass', async () => {
    const low = facts('green', { alarm: { is: 'low on disk' } })
    expect(await one('mq.alarm', null, low)).toMatchObject({ status: 'fail', detail: expect.stringContaining('(low on disk)') })
    expect(await one('mq.alarm', low, blue), 'that of the old one is no matter').toMatchObject({ status: 'pass' })
    const silent = { ...blue, facts: { ...(blue.facts as AmqpFacts), alarm: { unknown: 'the server confirms nothing' } } }
    expect(await one('mq.alarm', blue, silent)).toMatchObject({ status: 'unknown' })
  })

  test('mq.permissions: patterns that differ are a warning, none at all where there was one an error', async () => {
    const may = (configure: string, write = '.*', read = '.*'): Survey =>
      facts('green', { access: { patterns: { is: { configure, write, read } } } })
    expect(await one('mq.permissions', blue, may('^app'))).toMatchObject({
      status: 'warn',
      detail: 'configure ^app, and .* on the old one',
    })
    expect(await one('mq.permissions', blue, may('.*', '^$'))).toMatchObject({ status: 'fail' })
    expect(await one('mq.permissions', may('^app'), may('.*')), 'more').toMatchObject({ status: 'pass' })
    const untold = facts('green', { access: { patterns: { unknown: 'not told' } } })
    expect(await one('mq.permissions', blue, untold)).toMatchObject({ status: 'unknown', remedy: expect.stringContaining('administrator') })
  })
})

describe('mq.left_behind', () => {
  const waiting = (is: object): Survey => facts('blue', { waiting: { is: { queues: 5, holding: [], uncounted: 0, ...is } } })
  const green = facts('green')

  test('messages are counted, also those that a consumer has in its hands', async () => {
    const queues = [holding('a', 1), holding('b', 2_000, 3), holding('c', 5, 0, 0), holding('d', 4)]
    expect(await one('mq.left_behind', waiting({ holding: queues }), green)).toMatchObject({
      status: 'fail',
      detail:
        '2,013 messages would be left on the old one: 2,003 in b (3 of them with a consumer), 5 in c, 4 in d and 1 more queue; nobody reads c',
    })
  })

  test('a baseline speaks of then, and does not stand in the way', async () => {
    const found = await one('mq.left_behind', waiting({ holding: [holding('a', 1)] }), green, { kept: true })
    expect(found).toMatchObject({ status: 'warn', detail: '1 message waited on the old one when its baseline was taken: 1 in a' })
  })

  test('a queue that told no count is no empty queue', async () => {
    expect(await one('mq.left_behind', waiting({ uncounted: 2 }), green)).toMatchObject({
      status: 'unknown',
      detail: 'no message waits in 5 queues; 2 queues told no count',
    })
  })

  test('without the management API it is unknown, and how to get it is said', async () => {
    const silent: Survey = {
      ...blue,
      facts: { ...(blue.facts as AmqpFacts), waiting: { unknown: 'no management API answers at mq:15672' } },
    }
    expect(await one('mq.left_behind', silent, green)).toMatchObject({
      status: 'unknown',
      detail: 'the old one: no management API answers at mq:15672',
      remedy: expect.stringContaining('rabbitmq-plugins enable rabbitmq_management'),
    })
  })

  test('where only the login changes nothing is left behind', async () => {
    const full = waiting({ holding: [holding('a', 1)] })
    const hidden = {
      ...full,
      facts: { ...(full.facts as AmqpFacts), server: { ...(full.facts as AmqpFacts).server, cluster: { unknown: '' } } },
    }
    expect(await one('mq.left_behind', hidden, hidden, { within: true })).toMatchObject({ status: 'pass' })
    expect(await one('mq.left_behind', hidden, hidden)).toMatchObject({ status: 'fail' })
  })
})
