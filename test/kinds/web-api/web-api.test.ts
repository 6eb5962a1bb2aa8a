import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import { oauth } from '../../../src/kinds/web-api/recipes.ts'
import { WEB_APIS } from '../../../src/kinds/web-api/rows.ts'
import { webApiNamed, webApis } from '../../../src/kinds/web-api/web-api.ts'
import { type Kind, PROBE_LIMITS, type ProbeReport } from '../../../src/ports/kind.ts'
import { describeGuards } from '../../conformance/guards.ts'
import { describeKind, expectNoSecret, type Live } from '../../conformance/kind.ts'
import { type Answer, postmark, type StandIn, standIn } from '../../support/web-apis.ts'
import { describeMalformed, PIECE, type Row } from '../malformed.ts'

const TOKEN = 'a1b2c3d4-0000-4000-8000-123456789abc'
const OTHER = 'a1b2c3d4-1111-4000-8000-123456789abc'
/** No piece of them is a word of a report. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  postmark: [TOKEN],
  newrelic: ['0123456789012345678901234567890123456NRAL'.slice(0, 40)],
  loggly: [TOKEN],
  twitter: ['Qx1kconsumer0123456Zz', 'Qx2ksecret0123456789Zz', 'Qx3k0123456789-abcZz', 'Qx4ksecret0123456789Zz'],
  googlemaps: [`AIza${'B'.repeat(35)}`],
  lastfm: ['0123456789abcdef0123456789abcdef'],
}

const handleOf = (name: string, keys = KEYS[name] ?? [], at = '', scheme = name): string => {
  const [first = '', second, third, fourth] = keys
  return `${scheme}://${first}${second === undefined ? '' : `:${second}`}@${at}${third === undefined ? '' : `?token=${third}&token_secret=${fourth}`}`
}

describeKind({
  kind: webApiNamed('postmark'),
  valid: [
    [handleOf('postmark'), { host: 'api.postmarkapp.com', port: 443, tls: 'verify-full', provider: 'Postmark' }],
    [handleOf('postmark', ['POSTMARK_API_TEST'], 'proxy.internal:8443'), { host: 'proxy.internal', port: 8443 }],
    [handleOf('postmark', [TOKEN], '127.0.0.1:8080', 'postmark+http'), { scheme: 'postmark+http', tls: 'disable' }],
  ],
  invalid: ['postmark://', 'https://x@api.postmarkapp.com', handleOf('postmark', ['short'])],
  variables: [[{ token: TOKEN }, { host: 'api.postmarkapp.com' }]],
  at: (host, port) => handleOf('postmark', [TOKEN], `${host}:${port}`, 'postmark+http'),
  tlsAt: (host, port) => handleOf('postmark', [TOKEN], `${host}:${port}`),
  protocol: 'HTTP',
  secret: 'none',
  greeting: 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n',
  flood: { first: 'HTTP/1.1 200 OK\r\n\r\n', chunk: 'x'.repeat(64 * 1024) },
  refusal: null,
  lacks: ['replica', 'database', 'permission'],
  live: async (): Promise<Live> => {
    const server = await standIn(postmark({ [TOKEN]: { id: 7, name: 'Live one' } }))
    const at = (token: string, scheme: string) => handleOf('postmark', [token], `127.0.0.1:${server.port}`, scheme)
    return {
      good: at(TOKEN, 'postmark+http'),
      facts: { product: 'Postmark', more: { account: 'Live one' } },
      wrongPassword: at(OTHER, 'postmark+http'),
      noPassword: at('POSTMARK_API_TEST', 'postmark+http'),
      tlsNotOffered: at(TOKEN, 'postmark'),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  },
})

describeGuards({
  kind: webApiNamed('postmark'),
  start: async () => {
    const servers = { [TOKEN]: { id: 7, name: 'one' }, [OTHER]: { id: 8, name: 'two' } }
    const [old, next] = await Promise.all([standIn(postmark(servers)), standIn(postmark(servers))])
    const handle = (token: string, port: number) => handleOf('postmark', [token], `127.0.0.1:${port}`, 'postmark+http')
    return {
      old: (port = old.port) => handle(TOKEN, port),
      next: (port = next.port) => handle(OTHER, port),
      ports: { old: old.port, next: next.port },
      password: TOKEN,
      refused: handle('a1b2c3d4-2222-4000-8000-123456789abc', old.port),
      [Symbol.asyncDispose]: async () => {
        await Promise.all([old, next].map((server) => server[Symbol.asyncDispose]()))
      },
    }
  },
})

describe.each(webApis.map((kind) => [kind.name, kind] as const))('%s', (name, kind) => {
  const row = WEB_APIS.find((one) => one.name === name)
  const [first = '', ...others] = KEYS[name] ?? []
  const rest = (keys: readonly string[]): string => handleOf(name, keys)
  const rows: readonly Row[] = [
    ['', 'is empty'],
    [`"${rest([first, ...others])}"`, 'stands in quotes'],
    [` ${rest([first, ...others])}`, 'begins or ends with a blank'],
    [`${rest([first, ...others])}\n`, 'ends with a line break'],
    [`${name}:${PIECE}`, 'has no // after its scheme'],
    [`gopher://${PIECE}@h`, /^the handle has another scheme than/],
    [rest([PIECE, ...others]), /^the handle has a (token|key) that looks like none of/],
    [rest([`${first}${PIECE}${'x'.repeat(200)}`, ...others]), /^the handle has a (token|key) that looks like none of/],
    [`${name}://@`, /^the handle has no (token|key)$/],
    [handleOf(name, [first, ...others], `h:${PIECE}`), 'has a port that is not a number'],
    [handleOf(name, [first, ...others], 'h:70000'), 'has a port outside 1 to 65535'],
    [handleOf(name, [first, ...others], `h${others.length > 1 ? '' : `/${PIECE}`}`).replace('h?', `h/${PIECE}?`), /^the handle has a path/],
    [handleOf(name, [first, ...others], 'h h'), 'has a space in it'],
    [`{"token":"${PIECE}"}`, 'is JSON'],
    [handleOf(name, ['****', ...others]), /^the handle has a masked/],
  ]
  describeMalformed(kind, rows, 12)

  test('its variables make one handle, and are its parts again', () => {
    const parts = Object.keys(row?.variables[0]?.parts ?? {})
    const given = new Map(parts.map((part, at) => [part, new Secret(KEYS[name]?.[at] ?? '')]))
    const handle = kind.compose?.(given) ?? expect.fail('nothing was composed')
    expect(kind.identify(kind.parse(handle))).toMatchObject({ kind: name, host: row?.host, tls: 'verify-full' })
    expect(new Map([...(kind.decompose?.(handle) ?? [])].map(([part, value]) => [part, value.reveal()]))).toEqual(
      new Map(parts.map((part, at) => [part, KEYS[name]?.[at]])),
    )
  })
})

async function probed(name: string, answer: (request: Parameters<Parameters<typeof standIn>[0]>[0]) => Answer, keys = KEYS[name]) {
  await using server = await standIn(answer)
  const kind: Kind<unknown> = webApiNamed(name) as Kind<unknown> // Each parses what it made itself.
  const handle = handleOf(name, keys, `127.0.0.1:${server.port}`, `${name}+http`)
  const report = await kind.probe(kind.parse(new Secret(handle)), {
    signal: new AbortController().signal,
    depth: 'use',
    limits: PROBE_LIMITS,
    now: () => performance.now(),
    today: () => Date.parse('2026-01-01T00:00:00Z'),
  })
  for (const key of keys ?? []) expectNoSecret(JSON.stringify(report), key)
  return { report, calls: server.calls }
}

const SAID: readonly (readonly [
  api: string,
  what: string,
  answer: Answer,
  wanted: Partial<ProbeReport> & Readonly<Record<string, unknown>>,
])[] = [
  ['newrelic', 'a good key', { body: { return_value: { redirect_host: 'collector-001.newrelic.com' } } }, { ok: true }],
  [
    'newrelic',
    '200 but denied',
    { body: { exception: { message: 'Invalid license key', error_type: 'NewRelic::Agent::LicenseException' } } },
    { ok: false, failedAt: 'login', class: 'permanent', code: 'denied' },
  ],
  ['newrelic', '401', { status: 401, body: '' }, { ok: false, failedAt: 'login', class: 'permanent' }],
  ['lastfm', 'a good key', { body: { artists: { artist: [] } } }, { ok: true }],
  [
    'lastfm',
    'a bad key',
    { status: 403, body: { error: 10, message: 'Invalid API key' } },
    { ok: false, failedAt: 'login', code: 'lastfm-10' },
  ],
  ['lastfm', '200 but denied', { body: { error: 26, message: 'Suspended' } }, { ok: false, failedAt: 'login', class: 'permanent' }],
  ['lastfm', 'too many calls', { body: { error: 29, message: 'Rate Limit Exceeded' } }, { ok: false, failedAt: 'use', class: 'transient' }],
  ['twitter', 'good keys', { body: { data: { id: '7', username: 'shop' } } }, { ok: true }],
  ['twitter', 'a wrong key', { status: 401, body: { title: 'Unauthorized' } }, { ok: false, failedAt: 'login', class: 'permanent' }],
  [
    'twitter',
    'a used-up limit',
    { status: 429, headers: { 'retry-after': '900' }, body: { title: 'Too Many Requests' } },
    { ok: false, failedAt: 'use', class: 'transient', hint: 'wait 900 s' },
  ],
  ['postmark', 'an API that is down', { status: 503, body: '<html>' }, { ok: false, class: 'permanent', code: 'protocol' }],
  [
    'postmark',
    'an API that is down, in its own words',
    { status: 503, body: {} },
    { ok: false, failedAt: 'use', class: 'transient', code: 'http-503' },
  ],
  ['postmark', 'noise', { body: '[1]' }, { ok: false, code: 'protocol' }],
]

describe('one call tells', () => {
  test.each(SAID)('%s: %s', async (api, _, answer, wanted) => {
    const { report, calls } = await probed(api, () => answer)
    expect(report).toMatchObject(wanted)
    expect(calls).toHaveLength(1)
  })

  test('an account with a hostile name is made harmless, and a sandbox is told', async () => {
    const { report } = await probed('postmark', postmark({ [TOKEN]: { id: 7, name: `x\u001b[2J\u202e ${TOKEN}`, type: 'Sandbox' } }))
    expect(report).toMatchObject({
      ok: true,
      findings: expect.arrayContaining([expect.objectContaining({ id: 'api.sandbox', status: 'warn' })]),
    })
    expect(report.facts.more?.['account']).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  test.each(['loggly', 'googlemaps'])('%s is not called at all: shape and way there are looked at, and it says so', async (name) => {
    const { report, calls } = await probed(name, () => ({ body: {} }))
    expect(report).toMatchObject({ ok: true, stages: [{ depth: 'resolve' }, { depth: 'connect' }, { depth: 'secure' }] })
    expect(calls).toEqual([])
    const kind = webApiNamed(name)
    expect(kind.remarks(kind.parse(new Secret(handleOf(name))))).toMatchObject([{ id: 'probe.reachable', status: 'unknown' }])
  })

  test('a licence key of the EU leads to the collector there', () => {
    const kind = webApiNamed('newrelic')
    const key = `eu01xx${'0'.repeat(30)}NRAL`
    expect(kind.identify(kind.parse(new Secret(`newrelic://${key}@`)))).toMatchObject({ host: 'collector.eu01.nr-data.net' })
  })
})

describe('the signature of OAuth 1.0a', () => {
  /** RFC 5849, 3.4.1 and 3.4.2, done once more by hand. */
  test('is HMAC-SHA1 over method, address and sorted parameters', () => {
    const keys = new Map(['key', 'secret', 'token', 'token_secret'].map((part) => [part, new Secret(`${part}+/=`)]))
    const header = oauth(keys, 'https://api.x.com/2/users/me', 'abc', 1_700_000_000)
    const parameters =
      'oauth_consumer_key%3Dkey%252B%252F%253D%26oauth_nonce%3Dabc%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1700000000%26oauth_token%3Dtoken%252B%252F%253D%26oauth_version%3D1.0'
    const base = `GET&https%3A%2F%2Fapi.x.com%2F2%2Fusers%2Fme&${parameters}`
    const signature = createHmac('sha1', 'secret%2B%2F%3D&token_secret%2B%2F%3D').update(base).digest('base64')
    expect(header).toContain(`oauth_signature="${encodeURIComponent(signature)}"`)
    expect(header).not.toContain('secret%2B')
  })
})

describe('two keys of one API', () => {
  let server: StandIn
  const SANDBOX = 'a1b2c3d4-3333-4000-8000-123456789abc'
  beforeAll(async () => {
    server = await standIn(
      postmark({ [TOKEN]: { id: 7, name: 'one' }, [OTHER]: { id: 8, name: 'two' }, [SANDBOX]: { id: 9, name: 'three', type: 'Sandbox' } }),
    )
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const found = async (from: string, to: string): Promise<readonly string[]> => {
    const kind = webApiNamed('postmark')
    const clocks = { now: () => performance.now(), today: () => Date.now() }
    const { signal } = new AbortController()
    const survey = async (token: string) => {
      const handle = new Secret(handleOf('postmark', [token], `127.0.0.1:${server.port}`, 'postmark+http'))
      const opened = await kind.open?.(kind.parse(handle), { signal, depth: 'use', limits: PROBE_LIMITS, ...clocks })
      const told = await opened?.session?.survey({
        signal,
        limits: { statementMs: 1_000, totalMs: 3_000 },
        fresh: null,
        against: Promise.resolve(null),
        ...clocks,
      })
      await opened?.session?.[Symbol.asyncDispose]()
      return told ?? expect.fail('it was not let in')
    }
    const guards = (await kind.guards?.()) ?? expect.fail('no guards')
    const [old, next] = [await survey(from), await survey(to)]
    const plain = { oldSilent: null, expect: 'writable', fresh: null, use: null, today: Date.now(), deploy: 'production' } as const
    return guards.compare({ old, next, ...plain }).map(({ id, status }) => `${id} ${status}`)
  }

  test('of another account are a warning, and a sandbox refuses', async () => {
    expect(await found(TOKEN, TOKEN)).toEqual(['api.sandbox pass', 'api.account pass'])
    expect(await found(TOKEN, OTHER)).toEqual(['api.sandbox pass', 'api.account warn'])
    expect(await found(TOKEN, SANDBOX)).toEqual(['api.sandbox fail', 'api.account warn'])
    expect(await found(SANDBOX, SANDBOX)).toEqual(['api.sandbox warn', 'api.account pass'])
  })
})
