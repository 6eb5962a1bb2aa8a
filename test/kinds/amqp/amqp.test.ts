import { afterAll, describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import amqp from '../../../src/kinds/amqp/amqp.ts'
import { PROBE_LIMITS, type ProbeReport } from '../../../src/ports/kind.ts'
import { describeGuards } from '../../conformance/guards.ts'
import { describeKind, expectNoSecret, type Live, PASSWORD, probe } from '../../conformance/kind.ts'
import { closed, cut, start, steps } from '../../support/amqp.ts'
import { type Certificates, makeCertificates } from '../../support/certificates.ts'
import { eventually } from '../../support/processes.ts'
import { haveRabbit, type Rabbit, startRabbit } from '../../support/rabbitmq.ts'
import { compare, notPassed, survey } from './sides.ts'

/** One server for all of this file: vhosts and users keep the cases apart. */
let starting: Promise<{ readonly rabbit: Rabbit; readonly certificates: Certificates }> | null = null

const server = (): NonNullable<typeof starting> => {
  starting ??= (async () => {
    const certificates = await makeCertificates()
    return { rabbit: await startRabbit({ certificates }), certificates }
  })()
  return starting
}

afterAll(async () => {
  const started = await starting
  await started?.rabbit[Symbol.asyncDispose]()
  started?.certificates[Symbol.dispose]()
}, 30_000)

const encoded = encodeURIComponent(PASSWORD)
const FOREVER = 60_000

describeKind({
  kind: amqp,
  protocol: 'AMQP',
  valid: [
    ['amqp://app:pw@mq', { host: 'mq', port: 5672, name: '/', user: 'app', tls: 'disable' }],
    ['amqp://app:pw@mq:5673/shop', { port: 5673, name: 'shop' }],
    ['amqp://app:pw@mq/', { name: '/' }],
    ['amqp://app:pw@mq/%2F', { name: '/' }],
    ['amqp://app:pw@mq//', { name: '/' }],
    ['amqp://app:pw@mq/shop%2Feu', { name: 'shop/eu' }],
    ['amqp://mq', { user: 'guest', name: '/' }],
    ['AMQP://app:p%40ss@MQ:5672/V', { host: 'mq', name: 'V' }],
    ['amqp://app:@mq', { user: 'app' }],
    ['amqp://app:pw@[::1]:5672', { host: '::1', port: 5672 }],
    ['amqps://app:pw@mq', { port: 5671, tls: 'verify-full' }],
    ['amqps://app:pw@mq?verify=verify_peer&cacertfile=/ca.pem', { tls: 'verify-full' }],
    ['amqps://app:pw@mq?verify=verify_none&fail_if_no_peer_cert=false', { tls: 'require' }],
    ['amqps://app:pw@mq?server_name_indication=disable', { tls: 'verify-ca' }],
    ['amqps://app:pw@mq?server_name_indication=mq.example.test', { host: 'mq', tls: 'verify-full' }],
    ['amqps://mq?auth_mechanism=EXTERNAL&certfile=/c.pem', { tls: 'verify-full' }],
    ['amqp://app:pw@mq?auth_mechanism=amqplain&heartbeat=0&channel_max=0&frame_max=131072', { user: 'app' }],
    ['amqps://app:pw@kangaroo.rmq.cloudamqp.com/app', { provider: 'CloudAMQP' }],
    ['amqps://app:pw@b-1234.mq.eu-west-1.amazonaws.com:5671', { provider: 'Amazon MQ' }],
  ],
  invalid: ['amqp://', 'http://h', 'amqp://h:99999', 'amqp://user@h', 'amqp://u:p@h1,h2', ''],
  variables: [
    [
      { host: 'mq', port: '5673', user: 'app', password: 'p@s/s:%', vhost: '/' },
      { host: 'mq', port: 5673, user: 'app', name: '/' },
    ],
    [
      { host: 'mq', user: 'app', password: 'pw', vhost: 'shop/eu', tls: 'true' },
      { port: 5671, name: 'shop/eu', tls: 'verify-full' },
    ],
    [{ host: '::1' }, { host: '::1', port: 5672, user: 'guest' }],
    [{ host: 'mq', vhost: '' }, { name: '/' }],
  ],
  at: (host, port) => `amqp://app:${encoded}@${host}:${port}/shop`,
  tlsAt: (host, port) => `amqps://app:${encoded}@${host}:${port}/shop`,
  greeting: start(),
  flood: { first: Buffer.from([1, 0, 0, 0x7f, 0xff, 0xff, 0xff]), chunk: 'x'.repeat(64 * 1024) },
  refusal: (text) => steps(start(), closed(403, cut(text))),
  lacks: ['replica'],
  live: haveRabbit() ? open : null,
})

async function open(): Promise<Live> {
  const { rabbit } = await server()
  await rabbit.vhost('shop/eu')
  await rabbit.user('app', PASSWORD)
  await rabbit.permit('shop/eu', 'app')
  const of = (vhost: string, password = PASSWORD): string => rabbit.url({ user: 'app', password, vhost })
  return {
    good: of('shop/eu'),
    facts: { product: 'RabbitMQ', version: expect.stringMatching(/^\d+\.\d+/), writable: true, more: { cluster: 'attach-test' } },
    wrongPassword: of('shop/eu', `${PASSWORD}-not`),
    noPassword: of('shop/eu', ''),
    noSuchDatabase: of('nowhere'),
    notAllowed: { handle: of('/'), failedAt: 'use' },
    tlsNotOffered: of('shop/eu').replace('amqp:', 'amqps:'),
    [Symbol.asyncDispose]: async () => {},
  }
}

describe.runIf(haveRabbit())('on a real RabbitMQ', () => {
  describeGuards({
    kind: amqp,
    unasked: ['mq.vhost'],
    start: async () => {
      const { rabbit } = await server()
      const password = 's3cret-of-mq'
      await rabbit.user('comparing', password, 'administrator')
      for (const vhost of ['one', 'two']) {
        await rabbit.vhost(vhost)
        await rabbit.permit(vhost, 'comparing')
      }
      const of = (vhost: string, port: number, pw = password): string => rabbit.url({ user: 'comparing', password: pw, vhost, port })
      return {
        old: (port = rabbit.port) => of('one', port),
        next: (port = rabbit.port) => of('two', port),
        ports: { old: rabbit.port, next: rabbit.port },
        password,
        refused: of('one', rabbit.port, 'wrong'),
        [Symbol.asyncDispose]: async () => {},
      }
    },
  })
})

const look = (handle: string): Promise<ProbeReport> => probe(amqp, handle, { limits: PROBE_LIMITS })

/** While the alarm of a resource is set. */
async function during<T>(resource: 'disk' | 'memory', rabbit: Rabbit, how: () => Promise<T>): Promise<T> {
  await rabbit.evaluate(`rabbit_alarm:set_alarm({{resource_limit, ${resource}, node()}, []}).`)
  try {
    return await how()
  } finally {
    await rabbit.evaluate(`rabbit_alarm:clear_alarm({resource_limit, ${resource}, node()}).`)
  }
}

/** The handle of a user who may not publish to the default exchange. */
async function reader(rabbit: Rabbit): Promise<string> {
  await rabbit.user('reader', 'reader-pw')
  await rabbit.permit('/', 'reader', { configure: '', write: '^app\\.', read: '.*' })
  return rabbit.url({ user: 'reader', password: 'reader-pw' })
}

describe.runIf(haveRabbit())('a probe of a real RabbitMQ', { timeout: FOREVER }, () => {
  test('leaves nothing behind: no queue, no exchange, no binding, no message, no connection', async () => {
    const { rabbit } = await server()
    await rabbit.vhost('clean')
    const standing = async (): Promise<unknown> =>
      await Promise.all(
        ['queues', 'exchanges', 'bindings'].map((what) => rabbit.manage('GET', `${what}/clean?columns=name,source,destination`)),
      )
    const before = await standing()
    expect(await look(rabbit.url({ vhost: 'clean' }))).toMatchObject({ ok: true, facts: { writable: true }, findings: [] })
    expect(await standing()).toEqual(before)
    const here = async () => expect(await rabbit.evaluate('length(rabbit_networking:connections()).')).toContain('0')
    await eventually('the connection is gone', here, 5_000)
  })

  test('a user that may not publish is let in, and the refusal shows that no alarm is set', async () => {
    const { rabbit } = await server()
    expect(await look(await reader(rabbit))).toMatchObject({
      ok: true,
      facts: { writable: 'unknown' },
      findings: [{ id: 'mq.alarm', status: 'pass', detail: expect.stringContaining('no alarm is set; the user may not publish') }],
    })
    expect((await survey(await reader(rabbit))).facts).toMatchObject({ alarm: { is: '' }, access: { publishes: { is: false } } })
  })

  test.each(['disk', 'memory'] as const)(
    'a broker with a %s alarm answers, and blocks whoever publishes, allowed to or not',
    async (resource) => {
      const { rabbit } = await server()
      const url = await reader(rabbit)
      const asked = async () => [await look(rabbit.url()), await look(url), await survey(rabbit.url())] as const
      const [report, refused, told] = await during(resource, rabbit, asked)
      for (const each of [report, refused])
        expect(each).toMatchObject({
          ok: true,
          facts: { writable: false, more: { blocked: `low on ${resource}` } },
          findings: [{ id: 'mq.alarm', status: 'fail', detail: expect.stringContaining(`server says: low on ${resource}`) }],
        })
      expect(told.facts.alarm).toEqual({ is: `low on ${resource}` })
      expect(told.facts.waiting, 'the management API answers all the same').toHaveProperty('is')
      expect(told.roundTripMs).toHaveProperty('unknown')
    },
  )

  test('the management API tells each user what it may see', async () => {
    const { rabbit } = await server()
    await rabbit.user('unseeing', 'unseeing-pw')
    await rabbit.user('seeing', 'seeing-pw', 'management')
    for (const user of ['unseeing', 'seeing']) await rabbit.permit('/', user)
    const of = async (user: string) => (await survey(rabbit.url({ user, password: `${user}-pw` }))).facts
    const lacks = { unknown: 'the user may not ask the management API (it lacks the tag management)' }
    expect(await of('unseeing')).toMatchObject({ waiting: lacks, topology: lacks, vhostLimits: lacks, access: { patterns: lacks } })
    const told = { waiting: { is: {} }, topology: { is: {} }, vhostLimits: { is: {} } }
    expect(await of('seeing')).toMatchObject({
      ...told,
      access: { patterns: { unknown: 'the user may not see it (the tag administrator may)' } },
    })
    expect((await survey(rabbit.url())).facts).toMatchObject({
      ...told,
      access: { patterns: { is: {} } },
      server: { clusterId: { is: expect.any(String) } },
    })
  })

  test('limits of connections, of a user and of a vhost, are for now', async () => {
    const { rabbit } = await server()
    await rabbit.vhost('full')
    await rabbit.user('many', 'many-pw')
    await rabbit.permit('full', 'many')
    const of = (vhost: string): Promise<ProbeReport> => look(rabbit.url({ user: 'many', password: 'many-pw', vhost }))
    const refused = {
      ok: false,
      failedAt: 'use',
      class: 'transient',
      code: 'NOT_ALLOWED',
      reason: expect.stringContaining('a limit of connections'),
    }
    await rabbit.manage('PUT', 'user-limits/many/max-connections', { value: 0 })
    expect(await of('full')).toMatchObject(refused)
    await rabbit.manage('DELETE', 'user-limits/many/max-connections')
    await rabbit.manage('PUT', 'vhost-limits/full/max-connections', { value: 0 })
    expect(await of('full')).toMatchObject(refused)
    await rabbit.manage('DELETE', 'vhost-limits/full/max-connections')
    expect(await of('full')).toMatchObject({ ok: true })
  })

  test('amqps is verified, or fails at secure; a certificate may be the login', async () => {
    const { rabbit, certificates } = await server()
    await rabbit.user('certuser', 'never-used-pw')
    await rabbit.permit('/', 'certuser')
    const { ca, client } = certificates
    const { user, password } = { user: 'admin', password: 'admin-of-rabbit' }
    const at = (query: string, host = '127.0.0.1', login = `${user}:${password}@`): Promise<ProbeReport> =>
      look(`amqps://${login}${host}:${rabbit.tlsPort}${query}`)
    expect(await at('')).toMatchObject({ ok: false, failedAt: 'secure', class: 'permanent', code: 'SELF_SIGNED_CERT_IN_CHAIN' })
    expect(await at(`?cacertfile=${ca}`, 'localhost')).toMatchObject({
      ok: true,
      facts: { writable: true, tls: { verified: true } },
      findings: [],
    })
    expect(await at('?verify=verify_none')).toMatchObject({
      ok: true,
      facts: { tls: { verified: false } },
      findings: [{ id: 'tls.unverified' }],
    })
    const named = `?cacertfile=${ca}&server_name_indication=`
    expect(await at(`${named}mq.example.test`)).toMatchObject({ ok: false, failedAt: 'secure', code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    expect(await at(`${named}disable`)).toMatchObject({ ok: true })
    const external = `?cacertfile=${ca}&certfile=${client.cert}&keyfile=${client.key}&auth_mechanism=external`
    expect(await at(external, 'localhost', '')).toMatchObject({ ok: true, facts: { writable: true } })
    expect(await look(`amqp://${user}:${password}@127.0.0.1:${rabbit.tlsPort}`)).toMatchObject({
      code: 'wrong-protocol',
      hint: 'ask for TLS: amqps://',
    })
  })
})

describe.runIf(haveRabbit())('two vhosts of a real RabbitMQ', { timeout: FOREVER }, () => {
  const both = async (name: string): Promise<{ readonly rabbit: Rabbit; readonly old: string; readonly next: string }> => {
    const { rabbit } = await server()
    const [old, next] = [`${name}-old`, `${name}-new`]
    for (const vhost of [old, next]) await rabbit.vhost(vhost)
    return { rabbit, old: rabbit.url({ vhost: old }), next: rabbit.url({ vhost: next }) }
  }

  test('that are alike pass everything but that they are two', async () => {
    const { old, next } = await both('alike')
    expect(notPassed(await compare(old, next))).toEqual(['mq.vhost warn'])
    expect((await compare(old, next)).get('mq.identity')?.detail).toBe('another vhost of the same cluster, attach-test')
    expect(notPassed(await compare(old, old))).toEqual(['mq.identity warn'])
  })

  test('messages that wait on the old one are counted, at once', async () => {
    const { rabbit, old, next } = await both('left')
    for (const queue of ['orders', 'mail']) await rabbit.manage('PUT', `queues/left-old/${queue}`, { durable: true })
    await rabbit.manage('PUT', 'queues/left-new/orders', { durable: true })
    await rabbit.manage('PUT', 'queues/left-new/mail', { durable: true })
    const message = { properties: {}, routing_key: 'orders', payload: 'x', payload_encoding: 'string' }
    for (let count = 0; count < 3; count += 1) await rabbit.manage('POST', 'exchanges/left-old/amq.default/publish', message)
    const findings = await compare(old, next)
    expect(findings.get('mq.left_behind')).toMatchObject({
      status: 'fail',
      severity: 'error',
      detail: '3 messages would be left on the old one: 3 in orders; nobody reads orders',
      remedy: expect.stringContaining('rabbitmqctl list_queues -p left-old name messages consumers'),
    })
    await rabbit.manage('DELETE', 'queues/left-old/orders/contents')
    expect((await compare(old, next)).get('mq.left_behind')).toMatchObject({ status: 'pass', detail: 'no message waits in 2 queues' })
  })

  test('what is missing on the new one is named, and what is otherwise is a warning', async () => {
    const { rabbit, old, next } = await both('shape')
    const make = async (vhost: string): Promise<void> => {
      await rabbit.manage('PUT', `queues/${vhost}/orders`, { durable: true, arguments: { 'x-message-ttl': 1_000 } })
      await rabbit.manage('PUT', `exchanges/${vhost}/shop`, { type: 'topic', durable: true })
      await rabbit.manage('POST', `bindings/${vhost}/e/shop/q/orders`, { routing_key: 'order.*', arguments: {} })
      await rabbit.manage('PUT', `policies/${vhost}/ha`, { pattern: '^orders$', definition: { 'max-length': 10 }, 'apply-to': 'queues' })
    }
    await make('shape-old')
    expect((await compare(old, next)).get('mq.topology')).toMatchObject({
      status: 'fail',
      detail:
        '1 durable queue of the old one is missing: orders; 1 durable exchange of the old one is missing: shop; ' +
        '1 binding of the old one is missing: shop to queue orders by order.*; ' +
        '1 policy of the old one is missing or another: ha: queues ^orders$ {"max-length":10} 0',
    })
    await make('shape-new')
    expect((await compare(old, next)).get('mq.topology')).toMatchObject({
      status: 'pass',
      detail: expect.stringContaining('1 durable queue'),
    })
    await rabbit.manage('DELETE', 'bindings/shape-new/e/shop/q/orders/order.*')
    expect((await compare(old, next)).get('mq.topology')).toMatchObject({ status: 'fail', detail: expect.stringMatching(/^1 binding of/) })
    await rabbit.manage('POST', 'bindings/shape-new/e/shop/q/orders', { routing_key: 'order.*', arguments: {} })
    await rabbit.manage('DELETE', 'queues/shape-new/orders')
    await rabbit.manage('PUT', 'queues/shape-new/orders', { durable: true, arguments: { 'x-queue-type': 'quorum' } })
    await rabbit.manage('POST', 'bindings/shape-new/e/shop/q/orders', { routing_key: 'order.*', arguments: {} })
    expect((await compare(old, next)).get('mq.topology')).toMatchObject({
      status: 'warn',
      detail: 'queue orders is quorum {"x-queue-type":"quorum"}, and classic {"x-message-ttl":1000} on the old one',
    })
  })

  test('a new one whose management API is closed is asked by name for what the old one has', async () => {
    const { rabbit, old } = await both('names')
    await rabbit.user('nameless', 'nameless-pw')
    await rabbit.permit('names-new', 'nameless')
    const next = rabbit.url({ user: 'nameless', password: 'nameless-pw', vhost: 'names-new' })
    for (const queue of ['a', 'b', 'c']) await rabbit.manage('PUT', `queues/names-old/${queue}`, { durable: true })
    await rabbit.manage('PUT', 'exchanges/names-old/shop', { type: 'topic', durable: true })
    for (const queue of ['a', 'c']) await rabbit.manage('PUT', `queues/names-new/${queue}`, { durable: true })
    expect((await compare(old, next)).get('mq.topology')).toMatchObject({
      status: 'fail',
      detail: 'of 4 durable queues and exchanges of the old one, missing: queue b, exchange shop',
    })
    await rabbit.manage('PUT', 'queues/names-new/b', { durable: true })
    await rabbit.manage('PUT', 'exchanges/names-new/shop', { type: 'topic', durable: true })
    expect((await compare(old, next)).get('mq.topology')).toMatchObject({
      status: 'unknown',
      detail: expect.stringContaining('stand there'),
    })
    const standing = await rabbit.manage('GET', 'queues/names-new?columns=name')
    expect(standing, 'asking makes nothing').toEqual([{ name: 'a' }, { name: 'b' }, { name: 'c' }])
  })

  test('rights and limits that are less are found', async () => {
    const { rabbit, old } = await both('less')
    await rabbit.user('less', 'less-pw', 'administrator')
    await rabbit.permit('less-new', 'less', { configure: '', write: '^app\\.', read: '.*' })
    await rabbit.manage('PUT', 'vhost-limits/less-new/max-queues', { value: 3 })
    const findings = await compare(old, rabbit.url({ user: 'less', password: 'less-pw', vhost: 'less-new' }))
    expect(findings.get('mq.permissions')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('may publish to the default exchange'),
    })
    expect(findings.get('mq.vhost_limits')).toMatchObject({ status: 'warn', detail: '3 queues at most (no limit on the old one)' })
    await rabbit.permit('less-new', 'less', { configure: '', write: '.*', read: '^app\\.' })
    expect((await compare(old, rabbit.url({ user: 'less', password: 'less-pw', vhost: 'less-new' }))).get('mq.permissions')).toMatchObject({
      status: 'fail',
      detail: 'configure nothing, and .* on the old one; read ^app\\., and .* on the old one',
    })
  })

  test('over TLS the management API is asked over TLS, and not otherwise', async () => {
    const { rabbit, certificates } = await server()
    const at = (query: string): Promise<Awaited<ReturnType<typeof survey>>> =>
      survey(`amqps://admin:admin-of-rabbit@127.0.0.1:${rabbit.tlsPort}/%2F?${query}`)
    expect((await at(`cacertfile=${certificates.ca}`)).facts.topology).toHaveProperty('is')
    expect((await at('verify=verify_none')).facts.topology).toHaveProperty('is')
  })

  test('a survey holds no message, and no password', async () => {
    const { rabbit } = await server()
    await rabbit.vhost('quiet')
    await rabbit.user('quiet', PASSWORD, 'administrator')
    await rabbit.permit('quiet', 'quiet')
    await rabbit.manage('PUT', `queues/quiet/${encodeURIComponent(`q-${PASSWORD}`)}`, { durable: true })
    const told = await survey(rabbit.url({ user: 'quiet', password: PASSWORD, vhost: 'quiet' }))
    expect(told.facts.topology).toMatchObject({ is: { queues: [{ name: 'q-[secret]' }] } })
    expectNoSecret(JSON.stringify(told))
    expect(new Secret(PASSWORD).toString()).toBe('[secret]')
  })
})
