import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificates, makeCertificates } from '../../../support/certificates.ts'
import { liar } from '../../../support/liars.ts'
import { haveMailServer, type MailServer, type MailServerOptions, startMailServer } from '../../../support/mail-server.ts'
import { havePostfix, type PostfixServer, startPostfix, withTls } from '../../../support/postfix.ts'
import { session } from '../session.ts'
import { compare, judge, notPassed, survey } from './pair.ts'

const PASSWORD = 'pw-of-the-app'
const QUEUE = 'smtp.queue_left unknown info'

describe.runIf(haveMailServer())('a mail server in the place of another', () => {
  let certificates: Certificates
  let old: MailServer
  beforeAll(async () => {
    certificates = await makeCertificates()
    old = await startMailServer({ password: PASSWORD, tls: certificates.good, more: { size: 10_000_000 } })
  }, 60_000)
  afterAll(async () => {
    await old[Symbol.asyncDispose]()
    certificates[Symbol.dispose]()
  })

  const handleOf = ({ port }: MailServer, query = '?from=app%40example.test') => `smtp://app:${PASSWORD}@127.0.0.1:${port}${query}`

  test.each<readonly [string, () => MailServerOptions, readonly string[]]>([
    ['the same', () => ({ tls: certificates.good, more: { size: 10_000_000 } }), []],
    ['no TLS', () => ({ more: { size: 10_000_000 } }), ['smtp.tls fail error']],
    [
      'fewer ways to log in',
      () => ({ tls: certificates.good, mechanisms: ['PLAIN'], more: { size: 10_000_000 } }),
      ['smtp.auth warn warn'],
    ],
    ['smaller messages', () => ({ tls: certificates.good, more: { size: 6_000_000 } }), ['smtp.size warn warn']],
    ['far smaller messages', () => ({ tls: certificates.good, more: { size: 1_000_000 } }), ['smtp.size fail error']],
    [
      'fewer extensions',
      () => ({ tls: certificates.good, more: { size: 10_000_000, hidePIPELINING: true, hide8BITMIME: true, hideSMTPUTF8: true } }),
      ['smtp.utf8 warn warn', 'smtp.eight_bit warn warn', 'smtp.pipelining warn info'],
    ],
    ['a mail catcher', () => ({ tls: certificates.good, more: { size: 10_000_000, banner: 'MailHog' } }), ['smtp.sandbox fail error']],
  ])('with %s is found out', async (_, options, findings) => {
    await using next = await startMailServer({ password: PASSWORD, ...options() })
    expect(notPassed(await compare(handleOf(old), handleOf(next)))).toEqual([...findings, QUEUE])
  })

  test('is asked for the sender of the old one where its own handle declares none, and refuses it or not', async () => {
    await using strict = await startMailServer({
      password: PASSWORD,
      tls: certificates.good,
      domain: 'other.test',
      more: { size: 10_000_000 },
    })
    const findings = await compare(handleOf(old), handleOf(strict, ''))
    expect(notPassed(findings)).toEqual(['smtp.sender fail error', 'smtp.relay unknown error', QUEUE])
    expect(findings.get('smtp.sender')?.detail).toBe('takes no mail from app@example.test: the server refuses this sender (553)')
    expect((await strict.seen()).envelopes).toEqual(['MAIL app@example.test'])
    await using open = await startMailServer({ password: PASSWORD, tls: certificates.good, more: { size: 10_000_000 } })
    expect(notPassed(await compare(handleOf(old), handleOf(open, '')))).toEqual([QUEUE])
    expect((await open.seen()).envelopes).toEqual(['MAIL app@example.test', 'RCPT app@example.test'])
  })

  test('where no handle declares a sender is not asked for one', async () => {
    await using next = await startMailServer({ password: PASSWORD, tls: certificates.good, more: { size: 10_000_000 } })
    expect(notPassed(await compare(handleOf(old, ''), handleOf(next, '')))).toEqual([
      'smtp.sender unknown error',
      'smtp.relay unknown error',
      QUEUE,
    ])
    expect((await next.seen()).envelopes).toEqual([])
  })
})

describe.runIf(havePostfix())('who a server is', () => {
  let certificates: Certificates
  let server: PostfixServer<'a' | 'again' | 'b' | 'nameless' | 'plain'>
  beforeAll(async () => {
    certificates = await makeCertificates()
    const tls = withTls(certificates.good)
    server = await startPostfix({
      a: tls,
      again: [...tls, 'smtpd_tls_wrappermode=yes'],
      b: withTls(certificates.ending),
      nameless: [...tls, 'myhostname=localhost'],
      plain: [],
    })
  }, 60_000)
  afterAll(async () => {
    expect(server.queued()).toEqual([])
    await server[Symbol.asyncDispose]()
    certificates[Symbol.dispose]()
  })
  const at = async (door: Parameters<typeof server.port>[0], scheme = 'smtp', query = '') =>
    await survey(`${scheme}://127.0.0.1:${server.port(door)}${query}`)

  test('is told by its name and its certificate together, whichever way to TLS is taken', async () => {
    const { resource } = await at('a')
    expect(resource).toEqual({ is: expect.stringMatching(/^mail\.example\.test ([0-9A-F]{2}:){31}[0-9A-F]{2}$/) })
    expect((await at('again', 'smtps', '?verify_peer=false')).resource).toEqual(resource)
    expect((await at('b')).resource, 'built anew under the old name').not.toEqual(resource)
  })

  test('is not known without TLS, or without a name of its own', async () => {
    expect((await at('plain')).resource).toEqual({ unknown: expect.stringContaining('a name alone is no proof') })
    expect((await at('nameless')).resource).toEqual({ unknown: 'the server has no name of its own' })
  })

  test('a survey of Postfix compares with itself, and its queue stays empty', async () => {
    const told = await at('a', 'smtp', '?from=app%40example.test')
    expect(notPassed(await judge(told, told))).toEqual([QUEUE])
  })
})

describe('a mail server that lies in the middle of being asked', () => {
  const LIMIT = 4_000

  test.each([
    ['hangs up', { NOOP: '' }],
    ['refuses', { NOOP: '502 5.5.1 no\r\n' }],
    ['says noise', { NOOP: '\u001b[2J\u0007\r\n' }],
  ])('one that %s over NOOP is a clean end', async (_, answers) => {
    let asked = 0
    await using server = await liar((socket) => {
      session({ RSET: '250 ok\r\n', ...answers })(socket)
      socket.on('data', (chunk) => {
        asked += chunk.toString().includes('NOOP') ? 1 : 0
        if (asked > 0 && answers.NOOP === '') socket.destroy()
      })
    })
    const started = performance.now()
    const told = await survey(`smtp://127.0.0.1:${server.port}?from=a%40b.test`).catch((error: unknown) => error)
    expect(performance.now() - started).toBeLessThan(LIMIT)
    if (answers.NOOP.startsWith('502'))
      expect(told).toMatchObject({ roundTripMs: { unknown: expect.stringContaining('the server refused NOOP (502)') } })
    else expect(told).toMatchObject({ code: 'PROBE_FAILED' })
  })

  test('what it calls itself is made harmless before it is kept', async () => {
    const name = 'mail\u001b[31m\u202e::error::x'
    await using server = await liar(session({ EHLO: `250-${name}\r\n250-8BITMIME\r\n250 AUTH PL\u001bAIN LOGIN\r\n` }))
    const told = JSON.stringify(await survey(`smtp://127.0.0.1:${server.port}?from=a%40b.test`))
    expect(told).not.toMatch(/[\p{Cc}\p{Cf}]|(?<!\\)\\u00/u)
  })
})
