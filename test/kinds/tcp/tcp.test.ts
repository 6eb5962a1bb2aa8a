import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import tcp from '../../../src/kinds/tcp/tcp.ts'
import { PROBE_LIMITS, type ProbeReport } from '../../../src/ports/kind.ts'
import { expectNoSecret, PASSWORD } from '../../conformance/kind.ts'
import { type Certificates, makeCertificates } from '../../support/certificates.ts'
import { answers, greets, liar, silent } from '../../support/liars.ts'
import { freePort } from '../../support/ports.ts'
import { eventually } from '../../support/processes.ts'
import { describeMalformed, PIECE } from '../malformed.ts'

const encoded = encodeURIComponent(PASSWORD)
const identity = (handle: string) => tcp.identify(tcp.parse(new Secret(handle)))

async function probed(handle: string, limits = PROBE_LIMITS, signal = new AbortController().signal): Promise<ProbeReport> {
  const report = await tcp.probe(tcp.parse(new Secret(handle)), {
    signal,
    depth: 'use',
    limits,
    now: () => performance.now(),
    today: Date.now,
  })
  expectNoSecret(JSON.stringify(report))
  return report
}

describe('a service that no kind speaks', () => {
  test.each([
    [
      'mongodb://app:pw@h1,h2:27018/shop',
      { host: 'h1', port: 27_017, others: ['h2:27018'], user: 'app', tls: 'disable', service: 'MongoDB' },
    ],
    ['mongodb://h/x?tls=true', { tls: 'verify-full' }],
    ['mongodb+srv://app:pw@cluster0.example.test/x', { host: 'cluster0.example.test', tls: 'verify-full' }],
    ['kafka://[::1],h:1', { host: '::1', port: 9_092, others: ['h:1'] }],
    ['nats://h', { port: 4_222, service: 'NATS' }],
    ['tls://h:1', { tls: 'verify-full' }],
    ['tcp://h:1', { tls: 'disable' }],
    ['mqtts://h', { port: 8_883, tls: 'verify-full' }],
  ])('%s is read as far as its hosts', (handle, wanted) => {
    expect(identity(handle)).toMatchObject({ kind: 'tcp', ...wanted })
  })

  test('is reachable, and never called healthy', async () => {
    await using server = await liar(silent)
    const report = await probed(`mongodb://app:${encoded}@127.0.0.1:${server.port}/x`)
    expect(report).toMatchObject({ ok: true, stages: [{ depth: 'resolve' }, { depth: 'connect' }, { depth: 'secure' }] })
    expect(report.findings).toContainEqual(
      expect.objectContaining({ id: 'probe.reachable', status: 'unknown', detail: expect.stringContaining('MongoDB') }),
    )
    await eventually('all sockets closed', async () => expect(server.open()).toBe(0), 2_000)
    expect(server.heard()).toBe('')
  })

  test('of several hosts one that answers is enough, and the others are told', async () => {
    await using server = await liar(silent)
    const dead = await freePort()
    const report = await probed(`kafka://127.0.0.1:${dead},127.0.0.1:${server.port}`)
    expect(report).toMatchObject({ ok: true })
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        id: 'tcp.host',
        status: 'warn',
        detail: expect.stringContaining(`127.0.0.1:${dead} does not answer: refused`),
      }),
    )
    expect(await probed(`kafka://127.0.0.1:${dead},nowhere.invalid`)).toMatchObject({
      ok: false,
      failedAt: 'connect',
      code: 'ECONNREFUSED',
      class: 'transient',
    })
    await eventually('all sockets closed', async () => expect(server.open()).toBe(0), 2_000)
  })

  test('fails where it should: no such host, nobody there, a name without records, too late, and stopped', async () => {
    expect(await probed('nats://nowhere.invalid')).toMatchObject({ ok: false, failedAt: 'resolve', class: 'permanent' })
    expect(await probed(`nats://127.0.0.1:${await freePort()}`)).toMatchObject({ ok: false, failedAt: 'connect', class: 'transient' })
    expect(await probed('mongodb+srv://nowhere.invalid/x', { ...PROBE_LIMITS, connectMs: 2_000 })).toMatchObject({
      ok: false,
      failedAt: 'resolve',
    })
    expect(await probed('nats://127.0.0.1', PROBE_LIMITS, AbortSignal.abort())).toMatchObject({ ok: false, code: 'aborted' })
  })
})

describe('TLS that the handle asks for', () => {
  let certificates: Certificates
  beforeAll(async () => {
    certificates = await makeCertificates()
  })
  afterAll(() => certificates[Symbol.dispose]())

  test('is verified, and plain text is told by what speaks there', async () => {
    const { createServer } = await import('node:tls')
    const { readFileSync } = await import('node:fs')
    const server = createServer({ cert: readFileSync(certificates.good.cert), key: readFileSync(certificates.good.key) }, (socket) =>
      socket.on('error', () => {}),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    try {
      expect(await probed(`tls://127.0.0.1:${port}`)).toMatchObject({ ok: false, failedAt: 'secure', class: 'permanent' })
    } finally {
      server.close()
    }
    await using plain = await liar(greets('220 mail.example.test ESMTP\r\n'))
    expect(await probed(`mqtts://127.0.0.1:${plain.port}`)).toMatchObject({
      ok: false,
      failedAt: 'secure',
      code: 'wrong-protocol',
      reason: expect.stringContaining('SMTP'),
    })
    await using web = await liar(answers('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect(await probed(`mqtts://127.0.0.1:${web.port}`)).toMatchObject({ ok: false, failedAt: 'secure', class: 'permanent' })
  })
})

describeMalformed(tcp, [
  ['', 'is empty'],
  [`"nats://u:${PIECE}@h"`, 'stands in quotes'],
  [`nats://u:${PIECE}@h `, 'begins or ends with a blank'],
  [`nats:${PIECE}`, 'has no // after its scheme'],
  [PIECE, 'has no scheme'],
  [`gopher://u:${PIECE}@h:1`, /^the handle has another scheme than/],
  [`tcp://u:${PIECE}@h`, 'names no port'],
  [`tls://u:${PIECE}@h`, 'names no port'],
  ['nats://', 'names no host'],
  [`nats://u:${PIECE}@`, 'names no host'],
  [`nats://u:${PIECE}@h:x`, 'has a port that is not a number'],
  [`nats://u:${PIECE}@h:70000`, 'has a port outside 1 to 65535'],
  [`kafka://u:${PIECE}@h1,,h2`, /^the handle /],
  [`kafka://u:${PIECE}@h1,h2:x`, 'has a port that is not a number'],
  [`kafka://${Array.from({ length: 65 }, (_, at) => `h${at}`).join(',')}`, 'lists more than 64 hosts'],
  [`mongodb+srv://u:${PIECE}@h:1/x`, 'names a port or several hosts, and +srv has both looked up'],
  [`mongodb+srv://u:${PIECE}@h,g/x`, 'names a port or several hosts, and +srv has both looked up'],
  [`mongodb://u:a@${PIECE}@h/x`, 'has an unencoded @ in its user or password'],
  [`mongodb://u:a/${PIECE}@h/x`, 'has an unencoded / in its user or password'],
  [`mongodb://u:${PIECE}%@h/x`, 'has a % in its password that is not followed by two hexadecimal digits'],
  [`mongodb://u%0a:${PIECE}@h/x`, 'has a control or invisible character in its user'],
  [`mongodb://u:${PIECE}@h/x#y`, 'has an unencoded #'],
  [`mongodb://u:****@h/${PIECE}`, 'has a masked password, as tools print it'],
  [`mongodb://u:${PIECE}@[::1/x`, 'has a broken IPv6 address'],
  [`mongodb://u:${PIECE}@-h-/x`, 'has a host that is no host name'],
])
