import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import redis from '../../../../src/kinds/redis/redis.ts'
import { PROBE_LIMITS } from '../../../../src/ports/kind.ts'
import { probe } from '../../../conformance/kind.ts'
import { makeCertificates } from '../../../support/certificates.ts'
import { eventually } from '../../../support/processes.ts'
import { haveRedis, startRedis } from '../../../support/redis.ts'
import { MASTER, type Sentinels, startSentinels, startTlsSentinel } from '../../../support/redis-sentinel.ts'
import { compare, notPassed } from '../guards/pair.ts'

const look = (handle: string) => probe(redis, handle, { limits: PROBE_LIMITS })

describe.runIf(haveRedis())('real sentinels, from a whole group to a single one', () => {
  let all: Sentinels
  beforeAll(async () => {
    all = await startSentinels({ password: 'pw-pw-pw' })
  }, 60_000)
  afterAll(() => all[Symbol.asyncDispose]())
  const handle = (name = MASTER, db = 0) => `redis-sentinel://:pw-pw-pw@${all.hosts}/${name}/${db}`
  const masterOf = async () => {
    const report = await look(handle())
    expect(report).toMatchObject({ ok: true, facts: { role: 'primary', writable: true } })
    return report.facts.more?.['master']
  }

  test('the master that they name is probed, and told', async () => {
    const [master] = all.servers
    expect(await look(handle(MASTER, 2))).toMatchObject({
      ok: true,
      facts: { role: 'primary', writable: true, more: { sentinels: 3, master: `127.0.0.1:${master.port}`, db: 2 } },
      findings: [
        {
          id: 'redis.sentinel',
          status: 'pass',
          detail: `3 of 3 sentinels name 127.0.0.1:${master.port} as the master ${MASTER}`,
        },
      ],
    })
  })

  test('a name that none of them knows is permanent', async () => {
    expect(await look(handle('nosuch'))).toMatchObject({
      ok: false,
      failedAt: 'connect',
      class: 'permanent',
      code: 'no-such-master',
      reason: expect.stringContaining('do not know a master called nosuch'),
      hint: expect.stringMatching(/^redis-cli -h 127\.0\.0\.1 -p \d+ SENTINEL MASTERS/),
    })
  })

  test('a sentinel where a data server is meant, and a data server where a sentinel is meant, are told', async () => {
    const [master] = all.servers
    expect(await look(`redis://127.0.0.1:${all.ports[0]}`)).toMatchObject({
      code: 'wrong-service',
      hint: expect.stringContaining('redis-sentinel://'),
    })
    expect(await look(`redis-sentinel://127.0.0.1:${all.ports[0]},127.0.0.1:${master.port}/${MASTER}`)).toMatchObject({
      ok: false, // The login of the master is missing.
      code: 'NOAUTH',
      findings: [{ id: 'redis.sentinel', status: 'warn' }],
    })
  })

  test('guards meet the master: by its own handle it is the very same server', async () => {
    const [master] = all.servers
    const findings = await compare(master.url(), handle())
    expect(findings.get('redis.identity')).toMatchObject({ status: 'warn', detail: 'the very same server' })
    expect(notPassed(findings)).toEqual(['redis.identity warn info'])
  })

  test('a failover is followed', async () => {
    const before = await masterOf()
    expect(await all.ask(0, 'SENTINEL', 'FAILOVER', MASTER)).toContain('+OK')
    const after = await eventually(
      'another master',
      async () => {
        const report = await look(handle())
        const master = report.facts.more?.['master']
        // All of them: the others hear of it a moment after the first.
        if (!report.ok || master === before || report.findings[0]?.status !== 'pass') throw new Error('not yet')
        return master
      },
      30_000,
    )
    expect(after).toBe(`127.0.0.1:${all.servers[1].port}`)
  }, 40_000)

  test('one that is silent is a warning, and two leave less than the quorum', async () => {
    await all.stop(2)
    expect(await look(handle())).toMatchObject({
      ok: true,
      findings: [
        {
          id: 'redis.sentinel',
          status: 'warn',
          severity: 'warn',
          detail: expect.stringContaining(
            `2 of 3 sentinels name 127.0.0.1:${all.servers[1].port} as the master ${MASTER}; 127.0.0.1:${all.ports[2]} does not answer`,
          ),
        },
      ],
    })
    await all.stop(1)
    expect(await look(handle())).toMatchObject({
      ok: true,
      findings: [{ status: 'warn', detail: expect.stringContaining('1 answer, and a failover needs 2 that agree') }],
    })
    const left = handle().replace(/@[^/]*/, `@127.0.0.1:${all.ports[0]}`)
    await eventually('too few seen', async () => {
      const report = await look(left)
      expect(report.findings[0]?.detail).toContain('too few sentinels see each other')
    })
  }, 30_000)

  test('a master that is down is named, and cannot be reached', async () => {
    for (const at of [1, 2]) await all.stop(at)
    await all.servers[1].stop()
    expect(await look(handle())).toMatchObject({
      ok: false,
      failedAt: 'connect',
      class: 'transient',
      code: 'ECONNREFUSED',
      reason: expect.stringMatching(
        /^the sentinels name 127\.0\.0\.1:\d+ as the master mymaster, and it cannot be reached from here: refused/,
      ),
      hint: expect.stringMatching(/redis-cli -h 127\.0\.0\.1 -p \d+ SENTINEL MASTER mymaster$/),
    })
    await all.stop(0)
    expect(await look(handle())).toMatchObject({
      ok: false,
      failedAt: 'connect',
      class: 'transient',
      reason: expect.stringMatching(/^none of 3 sentinels names a master: /),
    })
  })
})

describe.runIf(haveRedis())('a real sentinel with TLS', () => {
  test('it and the master are verified, each by its own name; a name that is not in the certificate of the master is told', async () => {
    using certificates = await makeCertificates()
    await using good = await startRedis({ tls: certificates.good })
    await using elsewhere = await startRedis({ tls: certificates.wrongHost })
    const files = { ...certificates.good, ca: certificates.ca }
    await using one = await startTlsSentinel(good.port, files)
    await using other = await startTlsSentinel(elsewhere.port, files)
    const at = (port: number, query: string, scheme = 'rediss-sentinel') => look(`${scheme}://localhost:${port}/${MASTER}${query}`)
    const ca = `?ssl_ca_certs=${certificates.ca}`
    expect(await at(one.port, ca)).toMatchObject({
      ok: true,
      facts: { tls: { verified: true }, more: { master: `127.0.0.1:${good.port}` } },
    })
    expect(await at(one.port, '')).toMatchObject({ ok: false, failedAt: 'secure', code: 'SELF_SIGNED_CERT_IN_CHAIN' })
    expect(await at(one.port, '', 'redis-sentinel')).toMatchObject({
      ok: false,
      code: 'wrong-protocol',
      hint: 'ask for TLS: rediss-sentinel://',
    })
    expect(await at(other.port, ca)).toMatchObject({
      ok: false,
      failedAt: 'secure',
      class: 'permanent',
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      hint: expect.stringContaining('announce-hostnames'),
    })
    expect(await at(other.port, `${ca}&ssl_check_hostname=false`)).toMatchObject({ ok: true })
  })
})
