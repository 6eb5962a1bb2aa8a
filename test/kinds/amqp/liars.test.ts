import { describe, expect, test } from 'vitest'
import amqp from '../../../src/kinds/amqp/amqp.ts'
import { PROBE_LIMITS, type ProbeLimits } from '../../../src/ports/kind.ts'
import { probe } from '../../conformance/kind.ts'
import * as mq from '../../support/amqp.ts'
import { type Behaviour, liar } from '../../support/liars.ts'
import { eventually } from '../../support/processes.ts'

const look = async (behaviour: Behaviour, login = 'app:pw-of-app@', limits: ProbeLimits = PROBE_LIMITS) => {
  await using server = await liar(behaviour)
  const report = await probe(amqp, `amqp://${login}127.0.0.1:${server.port}/shop`, { limits })
  await eventually('all sockets closed', async () => expect(server.open()).toBe(0), 2_000)
  return { report, heard: server.heard() }
}

describe('a server that lets us in no further than', () => {
  test.each<readonly [string, readonly Buffer[], object]>([
    [
      'the choice of a mechanism: it wants a certificate',
      [mq.start({ mechanisms: 'EXTERNAL' })],
      { failedAt: 'login', class: 'permanent', code: 'auth-mechanism', reason: 'the server takes no password: it offers EXTERNAL' },
    ],
    [
      'the choice of a mechanism: it offers words that are none',
      [mq.start({ mechanisms: '\u001b[2J ::error:: nope' })],
      { failedAt: 'login', code: 'auth-mechanism', reason: 'the server takes no password: it offers none that is known' },
    ],
    ['a second question of the login', [mq.start(), mq.method(0, 10, 20)], { failedAt: 'login', class: 'permanent', code: 'protocol' }],
    [
      'the login, and closes it',
      [mq.start(), mq.closed(403, 'ACCESS_REFUSED - no')],
      { failedAt: 'login', class: 'permanent', code: 'ACCESS_REFUSED', reason: 'wrong user or password; server says: ACCESS_REFUSED - no' },
    ],
    [
      'the vhost, which is down',
      [mq.start(), mq.tune(), mq.closed(541, "INTERNAL_ERROR - access to vhost 'shop' refused for user 'app': vhost 'shop' is down")],
      { failedAt: 'use', class: 'transient', code: 'INTERNAL_ERROR', reason: expect.stringContaining('the vhost is down') },
    ],
    [
      'the vhost, and is stopped just then',
      [mq.start(), mq.tune(), mq.closed(320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'")],
      { failedAt: 'use', class: 'transient', code: 'CONNECTION_FORCED' },
    ],
    [
      'the vhost, by a number of its own',
      [mq.start(), mq.tune(), mq.closed(999, 'no')],
      { failedAt: 'use', class: 'permanent', code: 'AMQP-999' },
    ],
    [
      'frames that it does not understand',
      [mq.start(), mq.tune(), mq.closed(501, 'FRAME_ERROR')],
      { failedAt: 'use', class: 'permanent', code: 'FRAME_ERROR' },
    ],
    ['an answer out of turn', [mq.start(), mq.open], { failedAt: 'login', class: 'permanent', code: 'protocol' }],
    ['a message for us', mq.upTo(mq.method(1, 60, 60)), { failedAt: 'use', class: 'permanent', code: 'protocol' }],
  ])('%s', async (_, said, failure) => {
    const { report } = await look(mq.steps(...said))
    expect(report).toMatchObject({ ok: false, ...failure })
  })

  test('a login that it hangs up on, as servers did that could not say why', async () => {
    const silent =
      (capabilities: Readonly<Record<string, boolean>>): Behaviour =>
      (socket) => {
        socket.once('data', () => {
          socket.write(mq.start({ capabilities }))
          socket.once('data', () => socket.end())
        })
      }
    expect((await look(silent({}))).report).toMatchObject({ failedAt: 'login', class: 'permanent', code: 'ACCESS_REFUSED' })
    const able = { authentication_failure_close: true }
    expect((await look(silent(able))).report).toMatchObject({ failedAt: 'login', class: 'transient', code: 'closed' })
  })

  test.each([
    ['AMQP\0\u0001\0\0', 'AMQP 1.0'],
    ['AMQP\u0003\u0001\0\0', 'AMQP 1.0'],
    ['AMQP\u0001\u0001\0\u000a', 'AMQP 0-10'],
    ['AMQP\0\0\u0008\0', 'AMQP 0-8-0'],
  ])('another version of the protocol: %j is %s', async (bytes, version) => {
    const { report } = await look((socket) => socket.once('data', () => socket.end(Buffer.from(bytes, 'latin1'))))
    expect(report).toMatchObject({ ok: false, failedAt: 'speak', class: 'permanent', code: 'protocol-version' })
    expect(report.ok ? '' : report.reason).toBe(`the server speaks ${version} there, and not 0-9-1`)
  })

  test('guest, which a handle without a user means, is named', async () => {
    const { report } = await look(mq.steps(mq.start(), mq.closed(403, 'ACCESS_REFUSED')), '')
    expect(report).toMatchObject({ ok: false, failedAt: 'login', hint: expect.stringContaining('is there a user guest') })
  })
})

describe('a publisher is told to be', () => {
  const begun = [Buffer.concat([mq.channelOpen, mq.confirming])] as const

  test.each<readonly [string, readonly Buffer[], object]>([
    ['let through', [...begun, mq.ack, mq.channelGoodbye], { facts: { writable: true }, findings: [] }],
    ['let through, among heartbeats', [...begun, Buffer.concat([mq.heartbeat, mq.ack]), mq.channelGoodbye], { facts: { writable: true } }],
    [
      'blocked, though its message was confirmed',
      [...begun, Buffer.concat([mq.blocked('low on memory'), mq.ack])],
      { facts: { writable: false }, findings: [{ id: 'mq.alarm', status: 'fail' }] },
    ],
    [
      'refused by a nack',
      [...begun, mq.nack, mq.channelGoodbye],
      { facts: { writable: 'unknown' }, findings: [{ id: 'mq.alarm', status: 'unknown' }] },
    ],
    [
      'without the right',
      [...begun, mq.channelClosed(403, 'ACCESS_REFUSED - amq.default')],
      { facts: { writable: 'unknown' }, findings: [{ status: 'pass', detail: expect.stringContaining('may not publish') }] },
    ],
    [
      'in want of confirms',
      [Buffer.concat([mq.channelOpen, mq.channelClosed(540, 'NOT_IMPLEMENTED')])],
      { facts: { writable: 'unknown' }, findings: [{ status: 'unknown' }] },
    ],
  ])('%s', async (_, said, outcome) => {
    const { report } = await look(mq.steps(...mq.upTo(...said)))
    expect(report).toMatchObject({ ok: true, ...outcome })
  })

  test('kept waiting: no confirm within a second is a failure to publish, and whether it can write is not known', async () => {
    const started = performance.now()
    const { report } = await look(mq.steps(...mq.upTo(...begun)))
    expect(report).toMatchObject({
      ok: true,
      facts: { writable: 'unknown' },
      findings: [{ id: 'mq.alarm', status: 'fail', detail: 'the broker did not confirm a message within 1 s: publishers wait' }],
    })
    expect(performance.now() - started).toBeLessThan(4_000)
  })

  test('unable to know, where the server confirms nothing: then nothing is published', async () => {
    const { report, heard } = await look(mq.steps(mq.start({ capabilities: {} }), mq.tune(), mq.open))
    expect(report).toMatchObject({ ok: true, facts: { writable: 'unknown' }, findings: [{ status: 'unknown' }] })
    expect(heard).not.toContain('attach-probe')
  })

  test('without the right, by a broker of another make: whether it looks at alarms first is not known', async () => {
    const { report } = await look(
      mq.steps(mq.start({ product: 'Rival' }), mq.tune(), mq.open, ...begun, mq.channelClosed(403, 'ACCESS_REFUSED - no')),
    )
    expect(report).toMatchObject({
      ok: true,
      findings: [{ id: 'mq.alarm', status: 'unknown', detail: expect.stringContaining('server says') }],
    })
  })

  test('a broker that says hostile things of its alarm, or of itself, is quoted harmlessly', async () => {
    const { report } = await look(mq.steps(...mq.upTo(...begun, mq.blocked('\u001b[2J\n::error::x:: low pw-of-app'))))
    const said = [report.facts.more?.['blocked'], ...report.findings.map(({ detail }) => detail)].join()
    expect(said).not.toMatch(/[\p{Cc}]|::error::|pw-of-app/u)
    expect(said).toContain('low [secret]')
  })

  test('heartbeats without end are too much', async () => {
    const flood: Behaviour = (socket) => {
      socket.once('data', () => socket.write(Buffer.concat([mq.start(), ...Array.from({ length: 6_000 }, () => mq.heartbeat)])))
    }
    expect((await look(flood)).report).toMatchObject({ ok: false, failedAt: 'login', code: 'too-much' })
  })

  test('what is agreed upon is no more than the server allows', async () => {
    const limits = { connectMs: 300, statementMs: 400, totalMs: 900 }
    const { heard } = await look(
      mq.steps(mq.start(), mq.tune({ channelMax: 2, frameMax: 8_192, heartbeat: 0 }), mq.open),
      undefined,
      limits,
    )
    expect(heard).toContain('\0\x0a\0\x1f\0\x02\0\0\x20\0\0\x1e')
  })
})
