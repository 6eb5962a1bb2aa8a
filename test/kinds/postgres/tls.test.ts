import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import postgres from '../../../src/kinds/postgres/postgres.ts'
import { PROBE_LIMITS, type ProbeReport } from '../../../src/ports/kind.ts'
import { probe } from '../../conformance/kind.ts'
import { type Certificates, makeCertificates, type Pair } from '../../support/certificates.ts'
import { liar, script } from '../../support/liars.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { eventually } from '../../support/processes.ts'

/** Whether the server sends its authority along or not. */
const UNTRUSTED = /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN)$/

const ids = (report: ProbeReport): readonly string[] => report.findings.map(({ id }) => id)

describe.runIf(havePostgres())('a real PostgreSQL with TLS', () => {
  let certificates: Certificates
  let server: PostgresServer
  let shown: Pair | null = null

  beforeAll(async () => {
    certificates = await makeCertificates()
    const hba = [
      'local all postgres scram-sha-256',
      'hostssl all certuser 127.0.0.1/32 cert',
      'hostnossl all shy 127.0.0.1/32 reject',
      'host all all 127.0.0.1/32 scram-sha-256',
    ]
    server = await startPostgres({ tls: certificates.good, hba, config: [`ssl_ca_file = '${certificates.ca}'`] })
    await server.sql(`CREATE ROLE certuser LOGIN; CREATE ROLE shy LOGIN PASSWORD 'shy-pw'`)
    shown = certificates.good
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    certificates[Symbol.dispose]()
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  const look = (query: string, host = '127.0.0.1') =>
    probe(postgres, server.url({ query, host }), { limits: PROBE_LIMITS, today: () => Date.now() })

  /** The server shows another certificate from its next connection on. */
  async function show(pair: Pair): Promise<void> {
    if (shown === pair) return
    writeFileSync(join(server.folder, 'server.crt'), readFileSync(pair.cert))
    writeFileSync(join(server.folder, 'server.key'), readFileSync(pair.key))
    const [before] = await server.sql('SELECT pg_conf_load_time()::text AS t, pg_reload_conf()')
    await eventually('reload', async () =>
      expect((await server.sql('SELECT pg_conf_load_time()::text AS t'))[0]?.['t']).not.toBe(before?.['t']),
    )
    shown = pair
  }

  test('a certificate that holds is verified where it is asked for, and reported where it is not', async () => {
    await show(certificates.good)
    const root = `sslrootcert=${certificates.ca}`
    for (const mode of ['verify-full', 'verify-ca', 'require']) {
      const report = await look(`sslmode=${mode}&${root}`)
      expect(report).toMatchObject({
        ok: true,
        facts: { tls: { protocol: 'TLSv1.3', verified: true, expires: expect.stringMatching(/^\d{4}-.*Z$/) } },
      })
      expect(ids(report)).toEqual([])
    }
  })

  test('an authority that is not known here fails verification, and passes encryption with a warning', async () => {
    await show(certificates.good)
    for (const mode of ['verify-full', 'verify-ca']) {
      expect(await look(`sslmode=${mode}`)).toMatchObject({
        ok: false,
        failedAt: 'secure',
        class: 'permanent',
        code: expect.stringMatching(UNTRUSTED),
      })
    }
    for (const query of ['', 'sslmode=prefer', 'sslmode=allow', 'sslmode=require', 'ssl=true']) {
      const report = await look(query)
      expect(report).toMatchObject({ ok: true, facts: { tls: { verified: false } } })
      expect(ids(report)).toContain('tls.unverified')
      expect(ids(report).includes('tls.reader_differs'), query).toBe(query !== '')
    }
  })

  test('plain text where it is asked for', async () => {
    expect(await look('sslmode=disable')).toMatchObject({ ok: true, facts: { tls: null } })
  })

  test('a certificate of another host fails verify-full alone', async () => {
    await show(certificates.wrongHost)
    const root = `sslrootcert=${certificates.ca}`
    expect(await look(`sslmode=verify-full&${root}`)).toMatchObject({ ok: false, failedAt: 'secure', code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    const report = await look(`sslmode=verify-ca&${root}`)
    expect(report).toMatchObject({ ok: true, facts: { tls: { verified: false } } })
    expect(ids(report)).toEqual(['tls.unverified', 'tls.reader_differs'])
  })

  test('an expired certificate fails verification, and is named where none is asked for', async () => {
    await show(certificates.expired)
    const root = `sslrootcert=${certificates.ca}`
    for (const mode of ['verify-full', 'verify-ca']) {
      expect(await look(`sslmode=${mode}&${root}`)).toMatchObject({
        ok: false,
        failedAt: 'secure',
        class: 'permanent',
        code: 'CERT_HAS_EXPIRED',
      })
    }
    const report = await look('sslmode=require')
    expect(report.ok).toBe(true)
    expect(ids(report)).toEqual(expect.arrayContaining(['tls.unverified', 'tls.expiring']))
  })

  test('a certificate that ends soon is warned about', async () => {
    await show(certificates.ending)
    const report = await look(`sslmode=verify-full&sslrootcert=${certificates.ca}`)
    expect(report).toMatchObject({
      ok: true,
      findings: [{ id: 'tls.expiring', status: 'warn', detail: expect.stringMatching(/in [45] days/) }],
    })
  })

  test('the environment does not weaken what the handle asks for', async () => {
    await show(certificates.good)
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    vi.stubEnv('PGSSLMODE', 'disable')
    expect(await look('sslmode=verify-full')).toMatchObject({ ok: false, failedAt: 'secure' })
  })

  test('a name is checked as a name', async () => {
    await show(certificates.good)
    expect(await look(`sslmode=verify-full&sslrootcert=${certificates.ca}`, 'localhost')).toMatchObject({
      ok: true,
      facts: { tls: { verified: true } },
    })
  })

  test('a file that is named and not there fails at secure', async () => {
    const report = await look('sslmode=verify-full&sslrootcert=/nowhere/ca.pem')
    expect(report).toMatchObject({
      ok: false,
      failedAt: 'secure',
      code: 'file-unreadable',
      reason: 'the file that sslrootcert names cannot be read here',
    })
  })

  test("a client's certificate is shown to the server", async () => {
    await show(certificates.good)
    const { cert, key } = certificates.client
    const files = `sslmode=require&sslcert=${cert}&sslkey=${key}`
    expect(await probe(postgres, server.url({ user: 'certuser', password: '', query: files }), { limits: PROBE_LIMITS })).toMatchObject({
      ok: true,
      facts: { more: { user: 'certuser', auth: 'none' } },
    })
    expect(
      await probe(postgres, server.url({ user: 'certuser', password: '', query: 'sslmode=require' }), { limits: PROBE_LIMITS }),
    ).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent', code: '28000' })
  })

  test('a server that wants TLS refuses plain text at login', async () => {
    const handle = server.url({ user: 'shy', password: 'shy-pw', query: 'sslmode=disable' })
    expect(await probe(postgres, handle, { limits: PROBE_LIMITS })).toMatchObject({
      ok: false,
      failedAt: 'login',
      class: 'permanent',
      code: '28000',
    })
  })

  test('channel binding is used over TLS, and missed without', async () => {
    await show(certificates.good)
    expect(await look('sslmode=require&channel_binding=require')).toMatchObject({ ok: true })
    expect(await look('sslmode=disable&channel_binding=require')).toMatchObject({
      ok: false,
      failedAt: 'login',
      code: 'channel-binding',
      class: 'permanent',
    })
    expect(await look('sslmode=require&channel_binding=disable')).toMatchObject({ ok: true })
  })

  test('bytes that come with the consent to TLS are not taken', async () => {
    await using server = await liar(script(Buffer.concat([Buffer.from('S'), Buffer.from('R\0\0\0\x08\0\0\0\0')])))
    expect(await probe(postgres, `postgres://app:pw-pw@127.0.0.1:${server.port}/x`)).toMatchObject({
      ok: false,
      failedAt: 'secure',
      code: 'protocol',
    })
    expect(server.heard()).not.toContain('app')
  })

  test('where TLS is only preferred and cannot be agreed on, plain text is tried once', async () => {
    await using server = await liar((socket) => {
      socket.once('data', (first) => {
        if (first.length === 8) {
          socket.write('S')
          socket.once('data', () => socket.end('no handshake'))
        } else socket.end()
      })
    })
    const prefer = await probe(postgres, `postgres://app:pw-pw@127.0.0.1:${server.port}/x`)
    expect(prefer.ok ? '' : prefer.failedAt).not.toBe('secure')
    expect(server.heard()).toContain('user\0app\0')
    const require = await probe(postgres, `postgres://app:pw-pw@127.0.0.1:${server.port}/x?sslmode=require`)
    expect(require).toMatchObject({ ok: false, failedAt: 'secure' })
  })
})
