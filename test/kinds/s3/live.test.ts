import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import { Conversation, placeOf } from '../../../src/kinds/s3/conversation.ts'
import { parseS3 } from '../../../src/kinds/s3/handle.ts'
import { listing } from '../../../src/kinds/s3/probe.ts'
import { type Certificates, makeCertificates } from '../../support/certificates.ts'
import { answers, type Behaviour, liar } from '../../support/liars.ts'
import { haveS3rver, S3RVER_LOGIN, type S3Server, s3Handle, startS3 } from '../../support/s3.ts'
import type { Said } from '../../support/s3-gate.ts'
import { gated, look } from './gated.ts'

describe.runIf(haveS3rver())('a real store', () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startS3({ buckets: ['shop', 'empty'] })
    for (const key of ['a', 'in/ü voice+1.pdf', 'in/b']) server.put('shop', key, 'hello')
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('a bucket, an empty one, and a prefix with odd characters in it', async () => {
    const expected = { ok: true, facts: { role: 'unknown', writable: 'unknown', tls: null } }
    expect(await look(s3Handle(server.port))).toMatchObject(expected)
    expect(await look(s3Handle(server.port, { bucket: 'empty' }))).toMatchObject(expected)
    expect(await look(s3Handle(server.port, { bucket: 'shop/in/%C3%BC%20voice%2B~%27(*)/' }))).toMatchObject(expected)
    expect(await look(`minio://${S3RVER_LOGIN}@127.0.0.1:${server.port}/shop/in/`)).toMatchObject(expected)
  })

  test('a bucket that is not there, a key that is not known, and a clock that is wrong', async () => {
    expect(await look(s3Handle(server.port, { bucket: 'nowhere' }))).toMatchObject({
      failedAt: 'use',
      class: 'permanent',
      code: 'NoSuchBucket',
    })
    const unknown = await look(s3Handle(server.port, { login: 'NOBODY:x-x-x-x' }))
    expect(unknown).toMatchObject({ failedAt: 'login', class: 'permanent', code: 'InvalidAccessKeyId' })
    const skewed = await look(s3Handle(server.port), () => Date.now() - 20 * 60_000)
    expect(skewed).toMatchObject({
      failedAt: 'login',
      code: 'RequestTimeTooSkewed',
      reason: expect.stringContaining('20 minutes behind that of the server'),
    })
  })

  test('it writes nothing', async () => {
    const before = server.keys('shop')
    expect(await look(s3Handle(server.port))).toMatchObject({ ok: true })
    expect(server.keys('shop')).toEqual(before)
  })

  describe('behind a gate that reckons each signature again', () => {
    test('secrets and prefixes with every odd character in them are signed right, also those of temporary credentials', async () => {
      await using one = await gated(server)
      expect(await look(one.handle())).toMatchObject({ ok: true, facts: { more: { region: 'us-east-1' } } })
      expect(await look(one.handle({ bucket: 'shop/in/%C3%BC%20voice%2B~%27(*)%25/' }))).toMatchObject({ ok: true })
      expect(await look(one.handle({ query: '&session_token=IQoJ%2F%2B%3D%3D' }))).toMatchObject({ ok: true })
      expect(one.gate.arrived.every((line) => /^(HEAD|GET) \/shop/.test(line))).toBe(true)
    })

    test('a wrong secret fails at login, and the reason says which of the two is wrong', async () => {
      await using one = await gated(server)
      const report = await look(one.handle({ login: 'APP:another-one' }))
      expect(report).toMatchObject({
        failedAt: 'login',
        class: 'permanent',
        code: 'SignatureDoesNotMatch',
        reason: expect.stringMatching(/^the secret is not that of the access key/),
      })
    })

    test('the bucket may stand in the host', async () => {
      await using one = await gated(server, { domain: 'store.example' })
      const s3 = parseS3(new Secret(one.handle({ query: '&path_style=false' }).replace('127.0.0.1', 'store.example')))
      expect(placeOf(s3).host).toBe('shop.store.example')
      const socket = connect(one.gate.port, '127.0.0.1')
      await new Promise((connected) => socket.once('connect', connected))
      const conversation = new Conversation(s3, socket, Date.now)
      const exchange = { ms: 5_000, signal: new AbortController().signal, now: () => performance.now() }
      expect((await conversation.ask(listing(s3, 2), exchange)).status).toBe(200)
      expect((await conversation.ask({ method: 'GET', key: 'in/ü voice+1.pdf' }, exchange)).body.toString()).toBe('hello')
      expect((await conversation.ask({ method: 'GET', key: null }, exchange)).status).toBe(200)
      expect(one.gate.arrived.at(-2)).toBe('GET /in/%C3%BC%20voice%2B1.pdf')
      conversation.socket.destroy()
    })

    const wrong: readonly (readonly [string, Said, object])[] = [
      [
        'an expired token',
        { status: 400, code: 'ExpiredToken' },
        { failedAt: 'login', class: 'permanent', reason: 'the session token has expired' },
      ],
      ['a slow down', { status: 503, code: 'SlowDown' }, { failedAt: 'use', class: 'transient', code: 'SlowDown' }],
      ['a failure inside', { status: 500, code: 'InternalError' }, { failedAt: 'use', class: 'transient' }],
      [
        'a code that nobody knows, of a server that fails',
        { status: 503, code: 'XMinioServerNotInitialized' },
        { failedAt: 'use', class: 'transient' },
      ],
      ['a code that nobody knows', { status: 409, code: 'Odd' }, { failedAt: 'use', class: 'permanent', code: 'Odd' }],
      ['no code at all', { status: 429 }, { failedAt: 'use', class: 'transient', code: 'http-429' }],
      [
        'a bucket that is new',
        { status: 307, code: 'TemporaryRedirect', headers: { location: 'http://127.0.0.1:1/' } },
        { failedAt: 'use', class: 'transient' },
      ],
      [
        'a bucket of another region',
        { status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'eu-west-1', location: 'http://127.0.0.1:1/' } },
        {
          failedAt: 'use',
          class: 'permanent',
          reason: 'the bucket is in the region eu-west-1',
          hint: 'write region=eu-west-1 in the handle',
        },
      ],
      [
        'a region that is hostile',
        { status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': '$(reboot)' } },
        { reason: expect.not.stringContaining('reboot'), hint: expect.not.stringContaining('reboot') },
      ],
      ['all access disabled', { status: 403, code: 'AllAccessDisabled' }, { failedAt: 'use', class: 'permanent' }],
    ]

    test.each(wrong)('%s is told by its code, at its depth, with its class', async (_, said, expected) => {
      await using one = await gated(server, { rule: () => said })
      expect(await look(one.handle())).toMatchObject({ ok: false, ...expected })
      expect(one.gate.arrived.length, 'no redirect is followed').toBe(2)
    })

    test('a signature for another region fails at login, and the right one is named', async () => {
      await using one = await gated(server, { region: 'eu-central-1' })
      const report = await look(one.handle())
      expect(report).toMatchObject({
        failedAt: 'login',
        code: 'AuthorizationHeaderMalformed',
        hint: 'write region=eu-central-1 in the handle',
      })
      expect(await look(one.handle({ query: '&region=eu-central-1' }))).toMatchObject({ ok: true })
    })

    test('the right region is read from whichever answer names it', async () => {
      const named = { 'x-amz-bucket-region': 'eu-north-1' }
      for (const teller of ['HEAD', 'GET']) {
        await using one = await gated(server, {
          rule: ({ method }) => ({ status: 400, code: 'AuthorizationHeaderMalformed', ...(method === teller ? { headers: named } : {}) }),
        })
        expect(await look(one.handle()), teller).toMatchObject({ failedAt: 'login', hint: 'write region=eu-north-1 in the handle' })
      }
    })

    test('a bucket that answers HEAD and may not be listed is there, and the right that is missing is named', async () => {
      await using one = await gated(server, { rule: ({ method }) => (method === 'GET' ? { status: 403, code: 'AccessDenied' } : null) })
      const report = await look(one.handle())
      expect(report).toMatchObject({
        failedAt: 'use',
        class: 'permanent',
        code: 'AccessDenied',
        reason: expect.stringMatching(/^the bucket is there, and .*s3:ListBucket is missing/),
      })
      expect(report.stages.map(({ depth }) => depth)).toContain('login')
    })

    test('a key that may list under its prefix alone may not ask HEAD, and that is fine', async () => {
      const rule = ({ method, query }: { readonly method: string; readonly query: URLSearchParams }): Said | null =>
        method === 'HEAD' || query.get('prefix') !== 'in/' ? { status: 403, code: 'AccessDenied' } : null
      await using one = await gated(server, { rule })
      expect(await look(one.handle({ bucket: 'shop/in/' }))).toMatchObject({ ok: true })
      expect(await look(one.handle())).toMatchObject({ failedAt: 'use', code: 'AccessDenied' })
    })

    test('a bucket that is open to everyone needs no key', async () => {
      await using one = await gated(server, {
        rule: ({ by }) => (by === null ? { status: 200, xml: '<ListBucketResult><Name>shop</Name></ListBucketResult>' } : null),
      })
      expect(await look(one.handle({ login: '' }))).toMatchObject({ ok: true })
    })
  })
})

describe.runIf(haveS3rver())('a real store with TLS', () => {
  let certificates: Certificates
  let server: S3Server
  beforeAll(async () => {
    certificates = await makeCertificates()
    const { cert, key } = certificates.good
    server = await startS3({ tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } })
  })
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    certificates?.[Symbol.dispose]()
  })

  test('https is verified, or fails at secure', async () => {
    const at = (query: string) => look(`s3+https://${S3RVER_LOGIN}@127.0.0.1:${server.port}/shop${query}`)
    expect(await at('')).toMatchObject({ ok: false, failedAt: 'secure', class: 'permanent', code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
    expect(await at(`?ca=${certificates.ca}`)).toMatchObject({ ok: true, facts: { tls: { verified: true } }, findings: [] })
    expect(await at('?ca=/nowhere.pem')).toMatchObject({ ok: false, failedAt: 'secure', code: 'file-unreadable' })
  })

  test('nothing in the environment makes it trust more', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      expect(await look(`s3+https://${S3RVER_LOGIN}@127.0.0.1:${server.port}/shop`)).toMatchObject({ ok: false, failedAt: 'secure' })
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    }
  })

  test('plain text to a TLS port is told', async () => {
    const report = await look(s3Handle(server.port))
    expect(report).toMatchObject({ ok: false, class: 'permanent', code: 'wrong-protocol', hint: 'ask for TLS: endpoint=https://…' })
  })
})

describe('what is no store', () => {
  const page = (status: string, body: string, headers = ''): string =>
    `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  /** An answer to HEAD has no body. */
  const web =
    (status: string, body: string, headers?: string): Behaviour =>
    (socket) =>
      socket.on('data', (asked) => {
        const isHead = asked.toString('latin1').startsWith('HEAD ')
        socket.write(page(status, body, headers) + (isHead ? '' : body))
      })

  test.each([
    ['a web site', web('200 OK', '<html>hello</html>'), { class: 'permanent', code: 'wrong-service', failedAt: 'speak' }],
    [
      'a console',
      web('302 Found', '', 'Location: http://127.0.0.1:1/login\r\n'),
      { class: 'permanent', code: 'wrong-service', failedAt: 'speak' },
    ],
    [
      'a gateway whose store is down',
      web('502 Bad Gateway', '<html>bad</html>'),
      { class: 'transient', code: 'http-502', failedAt: 'speak' },
    ],
    [
      'a TLS port that says so',
      web('400 Bad Request', 'Client sent an HTTP request to an HTTPS server.\n'),
      { class: 'permanent', code: 'wrong-protocol' },
    ],
    [
      'a store whose list is no list',
      web('200 OK', '<Other/>', 'x-amz-request-id: 1\r\n'),
      { class: 'permanent', code: 'wrong-service', failedAt: 'use' },
    ],
    [
      'a list with a document type',
      web('200 OK', '<!DOCTYPE a [<!ENTITY x "y">]><ListBucketResult/>', 'x-amz-request-id: 1\r\n'),
      { class: 'permanent', failedAt: 'use' },
    ],
  ])('%s is told as what it is', async (_, behaviour, expected) => {
    await using server = await liar(behaviour)
    expect(await look(s3Handle(server.port))).toMatchObject({ ok: false, ...expected })
    expect(server.seen()).toBeLessThanOrEqual(2)
  })

  test('a body without end is cut off', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x')
    await using server = await liar((socket) =>
      socket.on('data', (asked) => {
        if (asked.toString('latin1').startsWith('HEAD '))
          return socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nx-amz-id-2: 1\r\n\r\n')
        socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 9000000\r\n\r\n')
        const pour = () => {
          while (!socket.destroyed && socket.write(chunk)) {
            // until the other end takes no more
          }
        }
        socket.on('drain', pour)
        return pour()
      }),
    )
    expect(await look(s3Handle(server.port))).toMatchObject({ ok: false, class: 'permanent', code: 'too-much' })
  })

  test('a store that hangs up after every answer is asked over another connection each time', async () => {
    const list = '<ListBucketResult><Name>shop</Name></ListBucketResult>'
    await using server = await liar((socket) =>
      socket.once('data', (asked) => {
        const isHead = asked.toString('latin1').startsWith('HEAD ')
        socket.end(page('200 OK', list, 'x-amz-request-id: 1\r\nConnection: close\r\n') + (isHead ? '' : list))
      }),
    )
    expect(await look(s3Handle(server.port))).toMatchObject({ ok: true })
    expect(server.seen()).toBe(2)
  })

  test('no header of an answer reaches the report but in our words', async () => {
    await using server = await liar(
      answers('HTTP/1.1 200 OK\r\nServer: \x1b[31mred\r\nx-amz-bucket-region: a\x07b\r\nx-amz-id-2: 1\r\n\r\n'),
    )
    const report = await look(s3Handle(server.port))
    expect(JSON.stringify(report)).not.toMatch(/red|\\u0007|\\u001b/)
  })
})
