import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import smtp from '../../../src/kinds/smtp/smtp.ts'
import { PROBE_LIMITS } from '../../../src/ports/kind.ts'
import { expectNoSecret, probe } from '../../conformance/kind.ts'
import { type Certificates, makeCertificates } from '../../support/certificates.ts'
import { liar } from '../../support/liars.ts'
import { haveMailServer, type MailServer, startMailServer } from '../../support/mail-server.ts'
import { session } from './session.ts'

/** A name that is not of this machine, and leads to it: how far a password would travel is told by the name. */
const AFAR = 'mail.example.test'
vi.mock('node:dns/promises', async (original) => {
  const real = await original<typeof import('node:dns/promises')>()
  const lookup = async (name: string, options: object) =>
    name === AFAR ? [{ address: '127.0.0.1', family: 4 }] : await real.lookup(name, options)
  return { ...real, lookup }
})

const PASSWORD = 'pw-of-the-app'
const look = (handle: string) => probe(smtp, handle, { limits: PROBE_LIMITS })

describe.runIf(haveMailServer())('a real mail server that asks for a login', () => {
  let certificates: Certificates
  let plain: MailServer
  let secure: MailServer
  beforeAll(async () => {
    certificates = await makeCertificates()
    plain = await startMailServer({ password: PASSWORD })
    secure = await startMailServer({ password: PASSWORD, tls: certificates.good, domain: 'example.test' })
  }, 60_000)
  afterAll(async () => {
    await Promise.all([plain, secure].map((server) => server[Symbol.asyncDispose]()))
    certificates[Symbol.dispose]()
  })

  const at = ({ port }: MailServer, query = '', { scheme = 'smtp', host = '127.0.0.1', password = PASSWORD } = {}) =>
    look(`${scheme}://app:${encodeURIComponent(password)}@${host}:${port}${query}`)

  test.each(['plain', 'login', 'cram-md5'])(
    'is logged in to by %s where the handle names it, and a wrong password fails there',
    async (auth) => {
      expect(await at(plain, `?auth=${auth}`)).toMatchObject({ ok: true })
      expect((await plain.seen()).tried.at(-1)).toBe(auth.toUpperCase())
      expect(await at(plain, `?auth=${auth}`, { password: 'not-this-one' })).toMatchObject({
        ok: false,
        failedAt: 'login',
        class: 'permanent',
        code: '535',
      })
    },
  )

  test('is logged in to by the strongest way that it offers; a password in clear text on this machine is remarked on', async () => {
    const before = (await plain.seen()).tried.length
    expect(await at(plain)).toMatchObject({ ok: true, findings: [{ id: 'smtp.no_sender' }] })
    expect((await plain.seen()).tried.slice(before)).toEqual(['CRAM-MD5'])
    expect(await at(plain, '?auth=plain')).toMatchObject({ ok: true, findings: [{ id: 'auth.cleartext', status: 'warn' }, {}] })
  })

  test('is told a password that does not fit into one command', async () => {
    const password = `${'long '.repeat(200)}ü`
    await using server = await startMailServer({ password, mechanisms: ['PLAIN'] })
    expect(await at(server, '', { password })).toMatchObject({ ok: true })
  })

  test('is asked again what it offers once there is TLS, and takes the sender that it knows alone', async () => {
    const trust = `?cafile=${certificates.ca}`
    const secured = { scheme: 'submission', host: 'localhost' }
    expect(await at(secure, `${trust}&from=app%40example.test&name=app.example.com`, secured)).toMatchObject({
      ok: true,
      facts: { tls: { verified: true }, more: { auth: 'PLAIN LOGIN CRAM-MD5', starttls: true } },
      findings: [],
    })
    expect(await secure.seen()).toMatchObject({ envelopes: ['MAIL app@example.test', 'RCPT app@example.test'], mails: 0 })
    expect((await secure.seen()).names.at(-1)).toBe('app.example.com')
    expect(await at(secure, `${trust}&from=app%40elsewhere.example`, secured)).toMatchObject({
      failedAt: 'use',
      class: 'permanent',
      code: '553',
      reason: expect.stringContaining('refuses this sender'),
    })
  })

  test('is not told the password over the network in clear text, and not by CRAM-MD5 either', async () => {
    for (const query of ['', '?auth=plain', '?ignoreTLS=true', '?auth=cram-md5']) {
      const before = (await plain.seen()).tried.length
      expect(await at(plain, query, { host: AFAR })).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent', code: 'tls-needed' })
      expect((await plain.seen()).tried.length).toBe(before)
    }
    expect(await at(secure, '', { host: AFAR }), 'TLS that is preferred is TLS').toMatchObject({ ok: true })
  })

  test('says that it asks for a login once a sender is named; without one that is not known', async () => {
    expect(await look(`smtp://127.0.0.1:${plain.port}?from=app%40example.test`)).toMatchObject({
      ok: false,
      failedAt: 'login',
      class: 'permanent',
      code: '530',
      stages: [{ depth: 'resolve' }, { depth: 'connect' }, { depth: 'secure' }, { depth: 'speak' }],
    })
    expect(await look(`smtp://127.0.0.1:${plain.port}`)).toMatchObject({
      ok: true,
      findings: [{ id: 'smtp.no_login', status: 'unknown', severity: 'warn' }, { id: 'smtp.no_sender' }],
    })
  })

  test('that offers no login, or none that is spoken here, fails there', async () => {
    await using none = await startMailServer({ mechanisms: [] })
    expect(await at(none)).toMatchObject({ failedAt: 'login', class: 'permanent', code: 'auth-not-offered' })
    await using oauth = await startMailServer({ mechanisms: ['XOAUTH2'] })
    expect(await at(oauth)).toMatchObject({ code: 'auth-not-offered', reason: expect.stringContaining('spoken here: XOAUTH2') })
    await using few = await startMailServer({ password: PASSWORD, mechanisms: ['LOGIN'] })
    expect(await at(few, '?auth=plain')).toMatchObject({
      code: 'auth-not-offered',
      reason: expect.stringContaining('does not offer PLAIN'),
    })
  })
})

describe('a mail server that is not what it should be', () => {
  const offering = (mechanisms: string) => `250-mail.example.test\r\n250 AUTH ${mechanisms}\r\n`

  test('one that offers CRAM-MD5 and cannot serve it is logged in to in a plain way, once, and that is told', async () => {
    await using server = await liar(
      session({
        EHLO: offering('CRAM-MD5 PLAIN'),
        'AUTH CRAM-MD5': '334 PDE+\r\n',
        'AUTH PLAIN': '235 2.7.0 ok\r\n',
        NOOP: '250 ok\r\n',
        '*': '535 5.7.8 no\r\n',
      }),
    )
    expect(await look(`smtp://app:${PASSWORD}@127.0.0.1:${server.port}`)).toMatchObject({
      ok: true,
      findings: [{ id: 'smtp.mechanism', detail: 'CRAM-MD5 is offered and refused; PLAIN is taken' }, { id: 'auth.cleartext' }, {}],
    })
  })

  test.each([
    ['454 4.7.0 Temporary authentication failure', 'transient', '454'],
    ['421 4.7.0 too many connections', 'transient', '421'],
    ['534 5.7.9 Application-specific password required', 'permanent', '534'],
    ['538 5.7.11 Encryption required', 'permanent', '538'],
    ['504 5.5.4 Unrecognized authentication type', 'permanent', '504'],
    ['535 5.7.8 no', 'permanent', '535'],
  ])('a login that is answered with %s is %s', async (reply, kind, code) => {
    await using server = await liar(session({ EHLO: offering('PLAIN'), 'AUTH PLAIN': `${reply}\r\n` }))
    expect(await look(`smtp://app:${PASSWORD}@127.0.0.1:${server.port}`)).toMatchObject({ ok: false, class: kind, code })
  })

  test('one that asks for more after the password, or grants what it was not asked, is no such server', async () => {
    for (const reply of ['334 bW9yZQ==', '250 fine', '220 hm']) {
      await using server = await liar(session({ EHLO: offering('PLAIN'), 'AUTH PLAIN': `${reply}\r\n` }))
      expect(await look(`smtp://app:${PASSWORD}@127.0.0.1:${server.port}`)).toMatchObject({ failedAt: 'login', code: 'protocol' })
      expect(server.heard().match(/AUTH/g)).toHaveLength(1)
    }
  })

  test('what comes in plain text behind the answer to STARTTLS is refused, and nothing more is said', async () => {
    await using server = await liar(
      session({ EHLO: '250-mail.example.test\r\n250 STARTTLS\r\n', STARTTLS: '220 go on\r\n250-mail.example.test\r\n250 AUTH PLAIN\r\n' }),
    )
    for (const scheme of ['submission', 'smtp']) {
      const report = await look(`${scheme}://app:${PASSWORD}@127.0.0.1:${server.port}`)
      expect(report).toMatchObject({ failedAt: 'secure', class: 'permanent', code: 'starttls-injection' })
    }
    expect(server.heard()).not.toContain('AUTH')
  })

  test('STARTTLS that was taken out on the way, or refused, keeps the password from being told where TLS is asked for', async () => {
    for (const answers of [{}, { EHLO: '250-mail.example.test\r\n250 STARTTLS\r\n', STARTTLS: '454 4.7.0 not now\r\n' }]) {
      await using server = await liar(session({ EHLO: offering('PLAIN'), ...answers }))
      for (const handle of [`submission://app:${PASSWORD}@127.0.0.1:${server.port}`, `smtp://app:${PASSWORD}@${AFAR}:${server.port}`])
        expect(await look(handle)).toMatchObject({ ok: false })
      expect(server.heard()).not.toContain('AUTH')
    }
  })

  test.each([
    ['IMAP', '* OK [CAPABILITY IMAP4rev1] ready.\r\n'],
    ['POP3', '+OK Dovecot ready.\r\n'],
    ['FTP', '220 ProFTPD Server ready.\r\n'],
  ])('one that speaks %s is told by its name, at once', async (protocol, greeting) => {
    await using server = await liar((socket) => socket.write(greeting))
    const report = await look(`smtp://127.0.0.1:${server.port}`)
    expect(report).toMatchObject({ ok: false, class: 'permanent', code: 'wrong-protocol', reason: `${protocol} answers there, not SMTP` })
    expect(server.seen()).toBe(1)
  })

  test('one on a host that is named after files is no file server', async () => {
    await using server = await liar(session({}, '220 ftp.example.test ESMTP ready\r\n'))
    expect(await look(`smtp://127.0.0.1:${server.port}`)).toMatchObject({ ok: true })
  })

  test('one that knows HELO alone is spoken to as of old', async () => {
    await using server = await liar(session({ EHLO: '502 5.5.1 unknown\r\n', HELO: '250 mail.example.test\r\n' }))
    expect(await look(`smtp://127.0.0.1:${server.port}`)).toMatchObject({ ok: true, facts: { more: { auth: 'none' } } })
  })

  test.each([
    ['codes that change within a reply', '220-a\r\n250 b\r\n', 'protocol'],
    ['a reply without a code', 'hello there\r\n', 'protocol'],
    ['a line without end', `220 ${'x'.repeat(70_000)}`, 'too-much'],
    ['lines without end', '220-x\r\n'.repeat(400), 'too-much'],
  ])('%s is no SMTP', async (_, greeting, code) => {
    await using server = await liar((socket) => socket.write(greeting))
    expect(await look(`smtp://127.0.0.1:${server.port}`)).toMatchObject({ ok: false, class: 'permanent', code })
  })

  test('a token that is user and password at once is shown nowhere', async () => {
    const token = 'd4a7c1f0-0000-4bbb-9ccc-0123456789ab'
    await using server = await liar(session({ EHLO: offering('PLAIN'), 'AUTH PLAIN': `535 5.7.8 unknown token ${token}\r\n` }))
    const handle = `smtp://${token}:${token}@127.0.0.1:${server.port}`
    const report = await look(handle)
    expect(report).toMatchObject({ code: '535' })
    const resource = smtp.parse(new Secret(handle))
    expectNoSecret(JSON.stringify([report, smtp.identify(resource), smtp.remarks(resource), [...smtp.traits(resource).parameters]]), token)
  })
})
