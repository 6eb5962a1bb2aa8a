import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import postgres from '../../../src/kinds/postgres/postgres.ts'
import { PROBE_LIMITS, SURVEY_LIMITS } from '../../../src/ports/kind.ts'
import { type ProbeOptions, probe } from '../../conformance/kind.ts'
import { type Certificates, makeCertificates } from '../../support/certificates.ts'
import { hangsUp, liar, silent } from '../../support/liars.ts'
import { freePort } from '../../support/ports.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { eventually } from '../../support/processes.ts'
import { relay } from '../../support/relay.ts'

vi.mock('node:dns/promises', async (original) => {
  const actual = await original<typeof import('node:dns/promises')>()
  const lookup = (name: string, options: import('node:dns').LookupAllOptions) =>
    name === 'gone.example.com' ? Promise.reject(Object.assign(new Error('gone'), { code: 'ENOTFOUND' })) : actual.lookup(name, options)
  return { ...actual, lookup }
})

const PW = 'app-pw'
const HERE = '127.0.0.1'

describe.runIf(havePostgres())('a list of real PostgreSQL servers', { timeout: 60_000 }, () => {
  let primary: PostgresServer
  let standby: PostgresServer
  let dead: number
  beforeAll(async () => {
    primary = await startPostgres()
    await primary.sql(`CREATE ROLE app LOGIN PASSWORD '${PW}'`)
    await primary.sql('CREATE DATABASE shop OWNER app')
    standby = await primary.standby()
    dead = await freePort()
    await eventually('the standby has the role', async () => {
      expect(await standby.sql(`SELECT 1 FROM pg_roles WHERE rolname = 'app'`)).toHaveLength(1)
      expect(await standby.sql(`SELECT 1 FROM pg_database WHERE datname = 'shop'`)).toHaveLength(1)
    })
  }, 60_000)
  afterAll(async () => {
    for (const server of [standby, primary]) await server[Symbol.asyncDispose]()
  })

  const at = (port: number): string => `${HERE}:${port}`
  const handle = (ports: readonly number[], query = ''): string =>
    `postgres://app:${PW}@${ports.map(at).join()}/shop${query === '' ? '' : `?${query}`}`
  const look = (text: string, options: ProbeOptions = {}) => probe(postgres, text, { limits: PROBE_LIMITS, ...options })
  const standing = (want: string, ...ports: readonly number[]) => look(handle(ports, `target_session_attrs=${want}`))

  test('whose first is down and whose second answers is well, and says so of each', async () => {
    const report = await look(handle([dead, primary.port]))
    expect(report).toMatchObject({
      ok: true,
      facts: { role: 'primary', writable: true, more: { server: at(primary.port), hosts: 2 } },
      findings: [
        {
          id: 'pg.host',
          status: 'warn',
          detail: `1 of 2 hosts did not answer: ${at(dead)} refused; ${at(primary.port)} answers`,
          remedy: 'start it, or take it out of the list',
        },
      ],
    })
    expect(report.stages.map(({ depth }) => depth)).toEqual(['resolve', 'connect', 'secure', 'speak', 'login', 'use'])
  })

  test('whose first name leads nowhere goes on to the second', async () => {
    expect(await look(`postgres://app:${PW}@gone.example.com,${at(primary.port)}/shop`)).toMatchObject({
      ok: true,
      findings: [
        { id: 'pg.host', detail: `1 of 2 hosts did not answer: gone.example.com:5432: no such host; ${at(primary.port)} answers` },
      ],
    })
  })

  test('whose first answers is well, and the others are not asked', async () => {
    await using second = await liar(silent)
    expect(await look(handle([primary.port, second.port]))).toMatchObject({
      ok: true,
      findings: [
        { id: 'pg.host', severity: 'info', status: 'unknown', detail: `${at(primary.port)} answers; 1 further host was not asked` },
      ],
    })
    expect(second.seen()).toBe(0)
  })

  test('with a host that accepts and does not speak goes on within the whole deadline', async () => {
    await using mute = await liar(silent)
    const limits = { connectMs: 300, statementMs: 400, totalMs: 4_000 }
    const report = await look(handle([mute.port, mute.port, primary.port]), { limits })
    expect(report).toMatchObject({ ok: true, facts: { more: { server: at(primary.port) } } })
    expect(report.findings[0]).toMatchObject({ status: 'warn', remedy: expect.stringContaining('without connect_timeout') })
    await eventually('its sockets are closed', async () => expect(mute.open()).toBe(0))
    const short = await look(handle([mute.port, mute.port]), { limits: { ...limits, totalMs: 900 } })
    expect(short).toMatchObject({ ok: false, failedAt: 'secure', class: 'transient', code: 'timeout' })
    if (!short.ok) expect(short.reason.split('; ')).toHaveLength(2)
    expect(short.totalMs).toBeLessThan(1_400)
  })

  test('none of which listens is refused, and each is told', async () => {
    const other = await freePort()
    expect(await look(handle([dead, other]))).toMatchObject({
      ok: false,
      failedAt: 'connect',
      class: 'transient',
      code: 'ECONNREFUSED',
      reason: `${at(dead)} refused; ${at(other)} refused`,
    })
  })

  test('that begins with a standby is the primary behind it where read-write or primary is asked for, and no socket stays open', async () => {
    await using through = await relay(standby.port)
    for (const want of ['read-write', 'primary']) {
      const report = await standing(want, through.port, primary.port)
      expect(report).toMatchObject({
        ok: true,
        facts: { role: 'primary', writable: true, more: { server: at(primary.port) } },
        findings: [
          { id: 'pg.host', severity: 'info', status: 'warn', detail: `${at(through.port)} is a standby; ${at(primary.port)} answers` },
        ],
      })
    }
    await eventually('the passed over one is closed', async () => expect(through.open()).toBe(0))
  })

  test('is the standby behind the primary where a standby or a read-only session is asked for', async () => {
    for (const want of ['read-only', 'standby', 'prefer-standby'])
      expect(await standing(want, primary.port, standby.port), want).toMatchObject({
        ok: true,
        facts: { role: 'replica', writable: false, more: { server: at(standby.port) } },
      })
    expect(await standing('any', standby.port, primary.port)).toMatchObject({ ok: true, facts: { more: { server: at(standby.port) } } })
  })

  test('without a standby is the primary where one is only preferred', async () => {
    expect(await standing('prefer-standby', dead, primary.port)).toMatchObject({
      ok: true,
      facts: { role: 'primary', more: { server: at(primary.port) } },
      findings: [
        { id: 'pg.host', status: 'warn', detail: `1 of 2 hosts did not answer: ${at(dead)} refused; ${at(primary.port)} answers` },
      ],
    })
    expect(await look(handle([primary.port], 'target_session_attrs=prefer-standby'))).toMatchObject({ ok: true, findings: [] })
  })

  test('of standbys alone fails at use where read-write is asked for, until one is promoted', async () => {
    await using through = await relay(standby.port)
    expect(await standing('read-write', standby.port, dead, through.port)).toMatchObject({
      ok: false,
      failedAt: 'use',
      class: 'transient',
      code: 'target-session-attrs',
      reason: `${at(standby.port)} is a standby; ${at(dead)} refused; ${at(through.port)} is a standby, and the handle asks for target_session_attrs=read-write`,
      hint: 'promote it, or name the primary',
      facts: { role: 'replica' },
    })
    await eventually('every socket is closed', async () => expect(through.open()).toBe(0))
  })

  test('one host alone is held to target_session_attrs too', async () => {
    expect(await standing('read-write', standby.port)).toMatchObject({
      ok: false,
      failedAt: 'use',
      class: 'transient',
      reason: 'the server is a standby, and the handle asks for target_session_attrs=read-write',
    })
    expect(await standing('standby', primary.port)).toMatchObject({ ok: false, failedAt: 'use', class: 'permanent' })
    expect(await standing('read-write', primary.port)).toMatchObject({ ok: true, findings: [] })
  })

  test('a wrong password ends the search, as in libpq', async () => {
    await using second = await liar(silent)
    const report = await look(handle([dead, primary.port, second.port]).replace(PW, 'not-app-pw'))
    expect(report).toMatchObject({
      ok: false,
      failedAt: 'login',
      class: 'permanent',
      code: '28P01',
      reason: expect.stringContaining(`${at(dead)} refused; ${at(primary.port)}: wrong user or password`),
      hint: expect.stringContaining('libpq asks no further host'),
    })
    expect(second.seen()).toBe(0)
    expect(JSON.stringify(report)).not.toContain('not-app-pw')
  })

  test('so does a server that hangs up, and one without TLS where it is required', async () => {
    await using rude = await liar(hangsUp)
    await using second = await liar(silent)
    expect(await look(handle([rude.port, second.port], 'sslmode=disable'))).toMatchObject({ ok: false, failedAt: 'speak', code: 'closed' })
    expect(await look(handle([primary.port, second.port], 'sslmode=require'))).toMatchObject({ ok: false, code: 'tls-not-offered' })
    expect(second.seen()).toBe(0)
  })

  test('a server that still starts does not', async () => {
    const body = 'SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0'
    const head = Buffer.from([0x45, 0, 0, 0, body.length + 4])
    await using starting = await liar((socket) => socket.once('data', () => socket.end(Buffer.concat([head, Buffer.from(body)]))))
    expect(await look(handle([starting.port, primary.port], 'sslmode=disable'))).toMatchObject({
      ok: true,
      facts: { more: { server: at(primary.port) } },
      findings: [{ id: 'pg.host', status: 'warn', detail: expect.stringContaining('does not take connections now') }],
    })
  })

  test('guards ask the host that was taken', async () => {
    const context = { signal: new AbortController().signal, now: () => performance.now(), today: Date.now }
    const resource = postgres.parse(new Secret(handle([dead, standby.port, primary.port], 'target_session_attrs=read-write')))
    const opened = await postgres.open?.(resource, { ...context, depth: 'use', limits: PROBE_LIMITS })
    await using session = opened?.session ?? expect.fail('no session')
    const survey = await session.survey({ ...context, limits: SURVEY_LIMITS, fresh: null, against: Promise.resolve(null) })
    expect(survey.facts).toMatchObject({ server: { inRecovery: { is: false } } })
  })

  test('only to a depth is gone through to the first that comes so deep', async () => {
    expect(await look(handle([dead, primary.port]), { depth: 'connect' })).toMatchObject({
      ok: true,
      facts: { more: { server: at(primary.port) } },
    })
    expect(await look(handle([dead, primary.port]), { depth: 'resolve' })).toMatchObject({
      ok: true,
      findings: [{ detail: `${at(dead)} has an address; 1 further host was not asked` }],
    })
  })
})

describe.runIf(havePostgres())('a list with TLS', { timeout: 60_000 }, () => {
  let certificates: Certificates
  let server: PostgresServer
  beforeAll(async () => {
    certificates = await makeCertificates()
    server = await startPostgres({ tls: certificates.good })
  }, 60_000)
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    certificates[Symbol.dispose]()
  })

  test('checks the name of the host that it connects to, and its words hold for all', async () => {
    const dead = await freePort()
    const query = `sslmode=verify-full&sslrootcert=${certificates.ca}`
    const report = await probe(
      postgres,
      `postgres://postgres:${server.password}@db.example.com:${dead},localhost:${server.port}/postgres?hostaddr=${HERE},${HERE}&${query}`,
      {
        limits: PROBE_LIMITS,
      },
    )
    expect(report).toMatchObject({ ok: true, facts: { tls: { verified: true }, more: { server: `localhost:${server.port}` } } })
    const other = await probe(
      postgres,
      `postgres://postgres:${server.password}@localhost:${dead},db.example.com:${server.port}/postgres?hostaddr=${HERE},${HERE}&${query}`,
      {
        limits: PROBE_LIMITS,
      },
    )
    expect(other).toMatchObject({
      ok: false,
      failedAt: 'secure',
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      reason: expect.stringContaining(`localhost:${dead} refused; db.example.com:${server.port}: the certificate`),
    })
  })
})
