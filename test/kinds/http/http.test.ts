import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import http from '../../../src/kinds/http/http.ts'
import { PROBE_LIMITS, type ProbeReport } from '../../../src/ports/kind.ts'
import { describeKind, expectNoSecret, type Live, PASSWORD } from '../../conformance/kind.ts'
import { answers } from '../../support/liars.ts'
import { webServer } from '../../support/web-server.ts'
import { describeMalformed, PIECE } from '../malformed.ts'

const encoded = encodeURIComponent(PASSWORD)

describeKind({
  kind: http,
  valid: [
    ['https://api.example.test', { host: 'api.example.test', port: 443, tls: 'verify-full' }],
    ['http://127.0.0.1:8080/health?x=1&flag', { host: '127.0.0.1', port: 8080, tls: 'disable' }],
    ['https://u:p@[::1]:8443/a/b', { host: '::1', port: 8443, user: 'u' }],
    ['HTTPS://Bücher.example?ssl=anything', { host: 'xn--bcher-kva.example' }],
    ['https://logs-01.loggly.com/inputs/token', { provider: 'Loggly' }],
  ],
  invalid: ['http://', 'ftp://h', 'http://h:99999', ''],
  at: (host, port) => `http://app:${encoded}@${host}:${port}/hook/${encoded}?token=${encoded}`,
  tlsAt: (host, port) => `https://app:${encoded}@${host}:${port}/`,
  protocol: 'HTTP',
  greeting: 'HTTP/1.1 200 OK\r\nServer: x\r\n',
  flood: { first: 'HTTP/1.1 200 OK\r\n', chunk: `x: ${'x'.repeat(8 * 1024)}\r\n` },
  refusal: null,
  lacks: ['replica', 'database', 'permission'],
  live: async (): Promise<Live> => {
    const server = await webServer(({ headers }) =>
      headers.authorization === `Basic ${Buffer.from(`app:${PASSWORD}`).toString('base64')}` ? 204 : 401,
    )
    const url = (login: string, scheme = 'http') => `${scheme}://${login}127.0.0.1:${server.port}/in/${encoded}`
    return {
      good: url(`app:${encoded}@`),
      facts: { product: 'stand-in', more: { status: 204 } },
      wrongPassword: url('app:wrong@'),
      noPassword: url(''),
      tlsNotOffered: url('', 'https'),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  },
})

const probed = async (handle: string): Promise<ProbeReport> =>
  await http.probe(http.parse(new Secret(handle)), {
    signal: new AbortController().signal,
    depth: 'use',
    limits: PROBE_LIMITS,
    now: () => performance.now(),
    today: Date.now,
  })

describe('what a status says', () => {
  test.each<[number, Partial<ProbeReport> & Readonly<Record<string, unknown>>]>([
    [200, { ok: true }],
    [302, { ok: true }],
    [404, { ok: true, facts: { product: 'stand-in', tls: null, more: { status: 404 } } }],
    [405, { ok: true }],
    [401, { ok: false, failedAt: 'login', class: 'permanent', code: 'http-401' }],
    [407, { ok: false, class: 'permanent' }],
    [429, { ok: false, failedAt: 'login', class: 'transient', hint: 'wait 7 s' }],
    [503, { ok: false, failedAt: 'login', class: 'transient', hint: 'wait 7 s' }],
  ])('%i', async (status, wanted) => {
    await using server = await webServer(() => status)
    const report = await probed(`http://127.0.0.1:${server.port}/a?b`)
    expect(report).toMatchObject(wanted)
    expect(report.findings).toContainEqual(
      expect.objectContaining({ id: 'probe.reachable', status: 'unknown', detail: expect.stringContaining(`status ${status}`) }),
    )
    expect(server.calls).toEqual(['HEAD /a?b'])
  })

  test('no redirect is followed, and what the server calls itself is made harmless', async () => {
    const reply = `HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/${PASSWORD}\r\nServer: a\u202eb ${PASSWORD}\r\nContent-Length: 0\r\n\r\n`
    const { liar } = await import('../../support/liars.ts')
    await using server = await liar(answers(Buffer.from(reply, 'utf8')))
    const report = await probed(`http://app:${encoded}@127.0.0.1:${server.port}`)
    expect(report).toMatchObject({ ok: true, facts: { more: { status: 301 } } })
    expect(server.seen()).toBe(1)
    expectNoSecret(JSON.stringify(report))
    expect(report.facts.product ?? '').not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })
})

test('parts are replaced, and every other byte stays', () => {
  const next = (handle: string, parts: Parameters<typeof http.replaceParts>[1]): string =>
    http.replaceParts(new Secret(handle), parts).reveal()
  expect(next('https://u:p@h:1/a?b=c&d', { host: 'g', port: '2', user: 'v', password: new Secret('q/') })).toBe(
    'https://v:q%2F@g:2/a?b=c&d',
  )
  expect(next('https://h?b', { name: 'x/y' })).toBe('https://h/x/y?b')
})

describeMalformed(http, [
  ['', 'is empty'],
  [`"https://u:${PIECE}@h"`, 'stands in quotes'],
  [` https://u:${PIECE}@h`, 'begins or ends with a blank'],
  [`https://u:${PIECE}@h\n`, 'ends with a line break'],
  [`https://u:${PIECE}@h\nx`, 'has more than one line'],
  [`https:u:${PIECE}@h`, 'has no // after its scheme'],
  [`//u:${PIECE}@h`, 'begins without a scheme'],
  [PIECE, 'has no scheme'],
  [`ftp://u:${PIECE}@h`, /^the handle has another scheme than/],
  ['https://', 'names no host'],
  [`https://u:${PIECE}@`, 'names no host'],
  [`https://u:${PIECE}@/x`, 'names no host'],
  [`https://u:${PIECE}@h:`, 'has nothing after the : of its host'],
  [`https://u:p@h:${PIECE}`, 'has a port that is not a number'],
  [`https://u:${PIECE}@h:0`, 'has a port outside 1 to 65535'],
  [`https://u:${PIECE}@h:70000`, 'has a port outside 1 to 65535'],
  [`https://u:${PIECE}@h,g`, 'names several hosts; one host only'],
  [`https://u:${PIECE}@h h`, 'has a space in it'],
  [`https://u:a@b${PIECE}@h`, 'has an unencoded @ in its user or password'],
  [`https://u:a/${PIECE}@h`, 'has an unencoded / in its user or password'],
  [`https://u:${PIECE}%@h`, 'has a % in its password that is not followed by two hexadecimal digits'],
  [`https://u:${PIECE}%ff@h`, 'has percent-encoded bytes in its password that are not UTF-8'],
  [`https://u:${PIECE}%00@h`, 'has a NUL byte in its password'],
  [`https://u:${PIECE}@h#x`, 'has an unencoded #'],
  [`https://u:****@h/${PIECE}`, 'has a masked password, as tools print it'],
  [`https://u:${PIECE}@[::1`, 'has a broken IPv6 address'],
  [`https://h/${PIECE}/é`, 'has a path or a query with other signs than ASCII'],
  [`https://u:${PIECE}@-h-`, 'has a host that is no host name'],
  [`curl https://u:${PIECE}@h`, 'has no scheme'],
])
