import { createServer, type Server } from 'node:http'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import { Rows } from '../../../src/kinds/amqp/guards/rows.ts'
import * as mq from '../../support/amqp.ts'
import { type Liar, liar } from '../../support/liars.ts'
import { survey } from './sides.ts'

/** A broker that answers what a session asks, with something else than its management API beside it. */
async function broker(answer: (path: string) => { readonly status?: number; readonly body: string } | null): Promise<Beside> {
  const flow = mq.method(1, 20, 21, Buffer.from([1]))
  const session = [mq.channelOpen, flow, flow, flow, flow, flow, mq.channelGoodbye, mq.method(0, 10, 51)]
  const asked: string[] = []
  for (let tries = 0; tries < 50; tries += 1) {
    const amqp = await liar(mq.steps(...mq.upTo(Buffer.concat([mq.channelOpen, mq.confirming]), mq.ack, mq.channelGoodbye, ...session)))
    const web = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization === undefined ? 'without' : 'with'} a login`)
      const said = answer(request.url ?? '')
      if (said !== null) response.writeHead(said.status ?? 200).end(said.body)
    })
    const isUp = amqp.port + 10_000 <= 65_535 && (await listens(web, amqp.port + 10_000))
    if (isUp) {
      return {
        amqp,
        asked,
        [Symbol.asyncDispose]: async () => {
          web.closeAllConnections()
          web.close()
          await amqp[Symbol.asyncDispose]()
        },
      }
    }
    await amqp[Symbol.asyncDispose]()
  }
  throw new Error('no two ports are free')
}

interface Beside extends AsyncDisposable {
  readonly amqp: Liar
  readonly asked: readonly string[]
}

const listens = (server: Server, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })

const overview = (name: string): string => JSON.stringify({ cluster_name: name, rabbitmq_version: '3.12.1' })

describe('what stands where the management API would be', () => {
  const told = async (broken: Beside, more: Parameters<typeof survey>[1] = {}) => {
    const { facts, roundTripMs } = await survey(`amqp://app:pw-of-app@127.0.0.1:${broken.amqp.port}/shop`, more)
    expect(roundTripMs).toEqual({ is: expect.any(Number) })
    expect(JSON.stringify(facts)).not.toContain('pw-of-app')
    return facts
  }

  test('is not believed when it is that of another broker', async () => {
    await using broken = await broker(() => ({ body: overview('elsewhere') }))
    const { topology, waiting } = await told(broken)
    const where = `127.0.0.1:${broken.amqp.port + 10_000}`
    expect(topology).toEqual({ unknown: `the management API of another broker answers at ${where}` })
    expect(waiting).toEqual(topology)
    expect(broken.asked).toEqual(['/api/overview with a login'])
  })

  test.each<[string, string, number?]>([
    ['a web page', '<html>'],
    ['a web page that is not found', 'nope', 404],
    ['JSON of something else', '[]'],
  ])('is not taken for one when it is %s', async (_what, body, status = 200) => {
    await using broken = await broker(() => ({ body, status }))
    expect((await told(broken)).topology).toEqual({ unknown: expect.stringMatching(/no management API|answers 404/) })
  })

  test('is not waited for: two seconds, or less', async () => {
    await using broken = await broker(() => null)
    const started = performance.now()
    const facts = await told(broken, { limits: { statementMs: 300, totalMs: 5_000 } })
    expect(facts.topology).toEqual({ unknown: expect.stringContaining('does not answer (timeout)') })
    expect(performance.now() - started).toBeLessThan(3_000)
  })

  test('is asked no more after it fell silent once', async () => {
    await using broken = await broker((path) => (path.endsWith('/overview') ? { body: overview('liars') } : null))
    const facts = await told(broken, { limits: { statementMs: 300, totalMs: 5_000 } })
    expect(facts.waiting).toHaveProperty('unknown')
    expect(facts.vhostLimits).toEqual({ unknown: 'the management API answers no more' })
    expect(broken.asked).toHaveLength(2)
  })

  test('may answer nonsense in parts: those are unknown, the others are told', async () => {
    await using broken = await broker((path) => ({
      body: path.endsWith('/overview') ? overview('liars') : path.includes('vhost-limits') ? '[]' : '[{"name":5}]',
    }))
    expect(await told(broken)).toMatchObject({ vhostLimits: { is: {} }, topology: { unknown: expect.any(String) } })
  })
})

describe('the answers of the management API', () => {
  const rows = new Rows([new Secret('pw-of-app')])
  const queue = (name: string, more: object = {}) => ({ name, durable: true, auto_delete: false, arguments: {}, type: 'classic', ...more })

  test('queues that die with their connection are none', () => {
    const told = rows.queues([
      queue('a'),
      queue('b', { exclusive: true }),
      queue('c', { owner_pid_details: {} }),
      queue('d', { auto_delete: true }),
    ])
    expect(told.map(({ name, isDurable, ready }) => [name, isDurable, ready])).toEqual([
      ['a', true, null],
      ['d', false, null],
    ])
  })

  test('exchanges that every vhost has, and those that do not stay, are none', () => {
    const exchange = (name: string, durable = true) => ({ name, durable, auto_delete: false, type: 'topic', arguments: { b: 1, a: [2] } })
    expect(rows.exchanges([exchange(''), exchange('amq.topic'), exchange('shop'), exchange('brief', false)])).toEqual([
      { raw: 'shop', name: 'shop', type: 'topic', arguments: '{"a":[2],"b":1}' },
    ])
  })

  test('bindings of what does not stay are none', () => {
    const binding = (source: string, to: string, is = 'queue') => ({
      source,
      destination: to,
      destination_type: is,
      routing_key: '',
      arguments: {},
    })
    const lasting = { queue: new Set(['orders']), exchange: new Set(['shop']) }
    const all = [binding('', 'orders'), binding('shop', 'orders'), binding('shop', 'brief'), binding('passing', 'orders')]
    expect(rows.bindings([...all, binding('amq.topic', 'shop', 'exchange'), binding('shop', 'passing', 'exchange')], lasting)).toEqual([
      'shop to queue orders',
      'amq.topic to exchange shop',
    ])
  })

  test('names are made harmless, and long ones stay apart', () => {
    const [hostile, secret, ...long] = rows.queues([
      queue('\u001b[2J'),
      queue('pw-of-app-queue'),
      queue(`${'x'.repeat(200)}1`),
      queue(`${'x'.repeat(200)}2`),
    ])
    expect(hostile?.name).toBe('\\u001b[2J')
    expect(secret?.name).toBe('[secret]-queue')
    expect(long[0]?.name).not.toBe(long[1]?.name)
    expect(long[0]?.name.length).toBeLessThan(200)
  })

  test.each<readonly [string, () => unknown]>([
    ['no list', () => rows.queues({})],
    ['a list of no objects', () => rows.bindings([1], { queue: new Set(), exchange: new Set() })],
    ['an object without a name', () => rows.exchanges([{ durable: true }])],
    ['more than is compared', () => rows.queues(Array.from({ length: 5_001 }, () => queue('q')))],
    ['no permissions in this vhost', () => rows.patterns([{ vhost: 'other' }], 'shop')],
    ['no identity', () => rows.clusterId([])],
  ])('%s is no answer', (_, read) => {
    expect(read).toThrow()
  })
})
