import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import smtp from '../../../src/kinds/smtp/smtp.ts'
import { PROBE_LIMITS } from '../../../src/ports/kind.ts'
import { probe } from '../../conformance/kind.ts'
import { type Certificates, makeCertificates } from '../../support/certificates.ts'
import { type PasswordStore, passwordStore } from '../../support/password-store.ts'
import { havePostfix, type PostfixServer, startPostfix, withTls } from '../../support/postfix.ts'
import { eventually } from '../../support/processes.ts'

const look = (handle: string) => probe(smtp, handle, { limits: PROBE_LIMITS })
const FROM = 'from=app%40example.test'

const PASSWORD = 'pw-of-the-app'
const STRICT_NAMES = 'smtpd_helo_restrictions=reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname'
const SENDERS =
  'smtpd_sender_restrictions=check_sender_access inline:{{root@example.test = REJECT}, {grey@example.test = 450 4.2.0 Greylisted}}'
const RECIPIENTS =
  'smtpd_recipient_restrictions=check_recipient_access inline:{{full@example.test = 452 4.2.2 full}, {slow@example.test = 450 4.2.0 Greylisted}}'

const doorsWith = ({ good, wrongHost, expired }: Certificates, { port: passwords }: PasswordStore) => ({
  plain: [],
  starttls: withTls(good),
  implicit: [...withTls(good), 'smtpd_tls_wrappermode=yes'],
  elsewhere: withTls(wrongHost),
  expired: withTls(expired),
  demanding: [...withTls(good), 'smtpd_tls_security_level=encrypt'],
  choosy: [SENDERS, RECIPIENTS, 'local_recipient_maps=inline:{app=1, slow=1, full=1}'],
  strict: ['smtpd_delay_reject=no', 'smtpd_helo_required=yes', STRICT_NAMES],
  closed: ['smtpd_delay_reject=no', 'smtpd_client_restrictions=reject'],
  relaying: ['smtpd_relay_restrictions=reject_unauth_destination'],
  login: [
    ...withTls(good),
    ...['smtpd_sasl_auth_enable=yes', 'smtpd_tls_auth_only=yes', `smtpd_sasl_type=dovecot`, `smtpd_sasl_path=inet:127.0.0.1:${passwords}`],
    ...[
      'smtpd_sender_login_maps=inline:{app@example.test=app, boss@example.test=boss}',
      'smtpd_relay_restrictions=permit_sasl_authenticated, reject',
    ],
    'smtpd_sender_restrictions=reject_sender_login_mismatch',
  ],
})

describe.runIf(havePostfix())('a real Postfix', () => {
  let certificates: Certificates
  let passwords: PasswordStore
  let server: PostfixServer<keyof ReturnType<typeof doorsWith>>
  beforeAll(async () => {
    certificates = await makeCertificates()
    passwords = await passwordStore({ user: 'app', password: PASSWORD })
    server = await startPostfix(doorsWith(certificates, passwords))
  }, 60_000)
  afterEach(() => vi.unstubAllEnvs())
  afterAll(async () => {
    expect(server.queued(), 'nothing was ever sent').toEqual([])
    expect(server.log()).not.toMatch(/\bdata=/)
    await server[Symbol.asyncDispose]()
    await passwords[Symbol.asyncDispose]()
    certificates[Symbol.dispose]()
  })

  type Door = Parameters<typeof server.port>[0]
  const at = (door: Door, query = '', scheme = 'smtp', host = '127.0.0.1') => look(`${scheme}://${host}:${server.port(door)}${query}`)
  const trusting = () => `?cafile=${certificates.ca}`

  describe('that offers STARTTLS', () => {
    test('is verified, takes the envelope back, and is said goodbye to', async () => {
      expect(await at('starttls', `${trusting()}&${FROM}`, 'submission', 'localhost')).toMatchObject({
        ok: true,
        facts: {
          product: 'Postfix',
          tls: { verified: true, protocol: expect.stringMatching(/^TLSv1\.[23]$/) },
          more: { name: 'mail.example.test', auth: 'none', starttls: true, size: 10_240_000 },
        },
        findings: [],
      })
      const counted = 'ehlo=2 starttls=1 mail=1 rcpt=1 rset=1 quit=1 commands=7'
      await eventually('its log tells what was asked', async () => expect(server.log()).toContain(counted))
      expect(server.queued()).toEqual([])
    })

    test('is encrypted and not verified where the handle prefers TLS, and that is said', async () => {
      expect(await at('starttls', `?${FROM}`)).toMatchObject({
        ok: true,
        facts: { tls: { verified: false } },
        findings: [{ id: 'tls.unverified' }],
      })
    })

    test('is refused where its authority is not trusted, whatever the environment says', async () => {
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
      const failed = { ok: false, failedAt: 'secure', class: 'permanent', code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }
      expect(await at('starttls', '', 'submission', 'localhost')).toMatchObject(failed)
      expect(await at('starttls', '?verify_peer=true', 'smtp', 'localhost')).toMatchObject(failed)
      const loose = await at('starttls', '?verify_peer=false', 'submission', 'localhost')
      expect(loose).toMatchObject({ ok: true, facts: { tls: { verified: false } } })
    })

    test('is asked for the name that the handle gives for the certificate', async () => {
      const report = await at('starttls', `${trusting()}&tls.servername=mail.example.test`, 'submission', 'localhost')
      expect(report).toMatchObject({ failedAt: 'secure', code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    })

    test('is told as one that begins in plain text, to who wants TLS from the first byte on', async () => {
      expect(await at('starttls', '', 'smtps', 'localhost')).toMatchObject({
        ok: false,
        failedAt: 'secure',
        class: 'permanent',
        code: 'tls-not-offered',
        hint: expect.stringContaining('submission://'),
      })
    })

    test('and no login is not told the password', async () => {
      expect(await look(`smtp://app:pw-pw-pw@127.0.0.1:${server.port('starttls')}?${FROM}`)).toMatchObject({
        ok: false,
        failedAt: 'login',
        class: 'permanent',
        code: 'auth-not-offered',
      })
      expect(server.log()).not.toContain('auth=')
    })

    test('with no sender declared is told as not asked', async () => {
      expect(await at('starttls', '?ignoreTLS=true')).toMatchObject({
        ok: true,
        facts: { tls: null },
        findings: [{ id: 'smtp.no_sender', status: 'unknown', severity: 'info' }],
      })
    })

    test('is told an address beyond ASCII as SMTPUTF8 has it', async () => {
      expect(await at('starttls', '?from=m%C3%BCller%40example.test')).toMatchObject({ ok: true })
    })
  })

  test('TLS from the first byte on is spoken, and told to who begins in plain text', async () => {
    expect(await at('implicit', `${trusting()}&${FROM}`, 'smtps', 'localhost')).toMatchObject({
      ok: true,
      facts: { product: 'Postfix', tls: { verified: true } },
    })
    for (const scheme of ['smtp', 'submission']) {
      const limits = { ...PROBE_LIMITS, totalMs: 2_000 }
      const report = await probe(smtp, `${scheme}://localhost:${server.port('implicit')}`, { limits })
      expect(report).toMatchObject({ ok: false, class: 'permanent', code: 'wrong-protocol', hint: 'ask for TLS: smtps://' })
    }
  })

  test('a certificate of another host, and an expired one, fail at secure', async () => {
    const elsewhere = await at('elsewhere', trusting(), 'submission', 'localhost')
    expect(elsewhere).toMatchObject({ failedAt: 'secure', code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    expect(await at('expired', trusting(), 'submission', 'localhost')).toMatchObject({ failedAt: 'secure', code: 'CERT_HAS_EXPIRED' })
  })

  test('TLS that is asked for and not offered fails at secure', async () => {
    expect(await at('plain', '', 'submission')).toMatchObject({ failedAt: 'secure', class: 'permanent', code: 'tls-not-offered' })
  })

  test('one that asks for TLS itself says so, at the depth where TLS is missing', async () => {
    const report = await at('demanding', `?starttls=false&${FROM}`)
    expect(report).toMatchObject({ ok: false, failedAt: 'secure', class: 'permanent', code: '530' })
    expect(report.stages.map(({ depth }) => depth)).toEqual(['resolve', 'connect'])
  })

  test.each([
    [
      'from=root%40example.test',
      { failedAt: 'use', class: 'permanent', code: '554', reason: expect.stringContaining('refuses this sender') },
    ],
    ['from=grey%40example.test', { failedAt: 'use', class: 'transient', code: '450' }],
    [`${FROM}&to=slow%40example.test`, { failedAt: 'use', class: 'transient', code: '450', hint: expect.stringContaining('greylisting') }],
    [`${FROM}&to=full%40example.test`, { failedAt: 'use', class: 'transient', code: '452' }],
    [`${FROM}&to=nobody%40example.test`, { class: 'permanent', code: '550', reason: expect.stringContaining('no such mailbox') }],
    ['from=no-reply%40example.test', { ok: true, findings: [{ id: 'smtp.recipient', status: 'warn' }] }],
    [FROM, { ok: true, findings: [] }],
  ])('an envelope with %s is answered by what is refused of it, and by whether that passes', async (query, outcome) => {
    expect(await at('choosy', `?${query}`)).toMatchObject(outcome)
  })

  test.each([
    ['plain', '454'],
    ['relaying', '554'],
  ] as const)('one that relays for nobody (%s) refuses a recipient elsewhere for good, also where it says %s', async (door, code) => {
    expect(await at(door, `?${FROM}&to=you%40elsewhere.example`)).toMatchObject({
      ok: false,
      failedAt: 'use',
      class: 'permanent',
      code,
      reason: expect.stringContaining('takes no mail for other domains from here; server says:'),
    })
  })

  describe('that asks for a login', () => {
    const as = (password: string, query: string, scheme = 'submission') =>
      look(`${scheme}://app:${password}@localhost:${server.port('login')}${trusting()}&${query}`)

    test('offers it once there is TLS, lets the right password relay, and is told the password then alone', async () => {
      expect(await as(PASSWORD, `${FROM}&to=you%40elsewhere.example`)).toMatchObject({
        ok: true,
        facts: { more: { auth: 'PLAIN LOGIN', starttls: true } },
        findings: [],
      })
      expect(await as(PASSWORD, 'ignoreTLS=true', 'smtp')).toMatchObject({ failedAt: 'login', code: 'auth-not-offered' })
    })

    test('refuses a wrong password, for good; without one it asks for a login by its refusal of the sender', async () => {
      expect(await as('wrong-pw', FROM)).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent', code: '535' })
      expect(await at('login', `${trusting()}&${FROM}&to=you%40elsewhere.example`, 'submission', 'localhost')).toMatchObject({
        ok: false,
        failedAt: 'login',
        class: 'permanent',
        code: '553',
        reason: expect.stringContaining('asks for a login'),
      })
    })

    test('refuses a sender that belongs to another user, as Postfix tells it behind the recipient', async () => {
      expect(await as(PASSWORD, 'from=boss%40example.test')).toMatchObject({
        failedAt: 'use',
        class: 'permanent',
        code: '553',
        reason: expect.stringContaining('the server refuses this sender; server says: 5.7.1'),
      })
    })
  })

  test('one that takes strict names only takes the address that the client comes from, and refuses made-up ones', async () => {
    expect(await at('strict', `?${FROM}`)).toMatchObject({ ok: true })
    expect(await at('strict', `?name=app.example.com&${FROM}`)).toMatchObject({ ok: true })
    expect(await at('strict', '?name=localhost&ignoreTLS=true')).toMatchObject({ failedAt: 'speak', class: 'permanent', code: '504' })
  })

  test('one that takes nobody says so in its greeting', async () => {
    expect(await at('closed', '?ignoreTLS=true')).toMatchObject({ failedAt: 'speak', class: 'permanent', code: '554' })
  })
})
