import smtp from '../../../src/kinds/smtp/smtp.ts'
import { describeKind, type Live, PASSWORD } from '../../conformance/kind.ts'
import type { Behaviour } from '../../support/liars.ts'
import { haveMailServer, startMailServer } from '../../support/mail-server.ts'

const encoded = encodeURIComponent(PASSWORD)

/** Greets, offers a login, and refuses it with a text. */
const refuses =
  (text: string): Behaviour =>
  (socket) => {
    socket.write('220 mail.example.test ESMTP\r\n')
    let at = 0
    socket.on('data', () => {
      at += 1
      socket.write(at === 1 ? '250-mail.example.test\r\n250 AUTH PLAIN\r\n' : `535 ${text.replace(/[\r\n]+/g, ' ')}\r\n`)
    })
  }

describeKind({
  kind: smtp,
  valid: [
    ['smtp://mail', { host: 'mail', port: 25, tls: 'prefer' }],
    ['smtp://app:pw@mail', { port: 587, user: 'app', tls: 'prefer' }],
    ['smtp://app:pw@mail:2525/', { port: 2525 }],
    ['smtps://app:pw@mail.example.test', { port: 465, tls: 'verify-full' }],
    ['submission://mail', { port: 587, tls: 'verify-full' }],
    ['submissions://mail', { port: 465, tls: 'verify-full' }],
    ['smtp+starttls://mail:25', { port: 25, tls: 'verify-full' }],
    ['smtp+tls://mail', { port: 587, tls: 'verify-full' }],
    ['smtp+ssl://mail', { port: 465, tls: 'verify-full' }],
    ['SMTP://[::1]:25', { host: '::1', port: 25 }],
    ['smtp://app%40example.com:p%40ss@h:587?requireTLS=true', { user: 'app@example.com', tls: 'verify-full' }],
    ['smtp://h?require_tls=1', { tls: 'verify-full', port: 587 }],
    ['smtp://h:25?ignoreTLS=true', { tls: 'disable' }],
    ['smtp://h:25?auto_tls=false', { tls: 'disable' }],
    ['smtp://h:25?starttls=never&ssl=False', { tls: 'disable' }],
    ['smtp://h:587?starttls=auto', { tls: 'prefer' }],
    ['smtp://h:587?starttls_auto=true&ssl=true', { tls: 'verify-full' }],
    ['smtps://h?tls.rejectUnauthorized=false', { tls: 'require' }],
    ['submission://h?verify_peer=0', { tls: 'require' }],
    ['smtp://h:465?encryption=tls', { tls: 'verify-full', port: 465 }],
    ['smtp://h?secure=true', { tls: 'verify-full', port: 465 }],
    ['smtp://h:25?tls=opportunistic', { tls: 'prefer' }],
    ['smtp://bücher.example:25', { host: 'xn--bcher-kva.example' }],
    ['smtp://h:25?from=App%20%3Capp%40example.com%3E&to=ops%40example.com&name=app.example.com', { host: 'h' }],
    ['submission://x:y@smtp.postmarkapp.com', { provider: 'Postmark' }],
    ['submission://apikey:SG.x@smtp.sendgrid.net', { provider: 'SendGrid', user: 'apikey' }],
    ['submission://AK:s@email-smtp.eu-west-1.amazonaws.com', { provider: 'Amazon SES' }],
    ['submission://api:t@sandbox.smtp.mailtrap.io:2525', { provider: 'Mailtrap' }],
    ['submission://postmaster%40mg.example.com:k@smtp.eu.mailgun.org', { provider: 'Mailgun' }],
  ],
  invalid: ['smtp://', 'http://h', 'smtp://h:99999', 'smtp://user@h', 'smtp://h/inbox', ''],
  variables: [
    [{ host: 'mail.example.test' }, { port: 25, tls: 'prefer' }],
    [
      { host: 'h', port: '2525', user: 'app@example.com', password: 'p@ss/ #%ü' },
      { port: 2525, user: 'app@example.com' },
    ],
    [
      { host: 'h', port: '587', user: 'a', password: 'p', starttls: 'True' },
      { tls: 'verify-full', port: 587 },
    ],
    [
      { host: 'h', user: 'a', password: 'p', ssl: '1' },
      { tls: 'verify-full', port: 465 },
    ],
    [{ host: 'h', port: '465', secure: 'true' }, { tls: 'verify-full' }],
    [{ host: 'h', port: '465', encryption: 'tls' }, { tls: 'verify-full' }],
    [{ host: 'h', port: '587', encryption: 'tls', from: 'App <app@example.com>' }, { tls: 'verify-full' }],
    [{ host: 'h', port: '25', starttls: 'False', ssl: 'False' }, { tls: 'disable' }],
    [
      { host: '::1', port: '25', starttls_auto: 'true', openssl_verify_mode: 'none' },
      { host: '::1', tls: 'prefer' },
    ],
    [{ host: 'h', port: '587', user: 'u', password: 'p', auth: 'cram_md5', name: 'app.example.com' }, { user: 'u' }],
  ],
  at: (host, port) => `smtp://app:${encoded}@${host}:${port}`,
  tlsAt: (host, port) => `smtps://app:${encoded}@${host}:${port}`,
  protocol: 'SMTP',
  first: 'server',
  greeting: '220 mail.example.test ESMTP\r\n',
  flood: { first: '220-mail.example.test\r\n', chunk: '220-x\r\n'.repeat(4_000) },
  refusal: refuses,
  lacks: ['replica'],
  live: haveMailServer() ? open : null,
})

async function open(): Promise<Live> {
  const [server, idle] = await Promise.all([
    startMailServer({ password: PASSWORD, domain: 'example.com', more: { name: 'mail.example.test', banner: 'Postfix' } }),
    startMailServer({ password: PASSWORD }),
  ])
  const from = 'from=app%40example.com'
  const at = `127.0.0.1:${server.port}`
  return {
    good: `smtp://app:${encoded}@${at}?${from}`,
    facts: { product: 'Postfix', tls: null, more: { name: 'mail.example.test', auth: 'PLAIN LOGIN CRAM-MD5', starttls: false } },
    wrongPassword: `smtp://app:${encoded}-not@${at}`,
    noPassword: `smtp://${at}?${from}`,
    // The sender is what a mail server knows or does not.
    noSuchDatabase: `smtp://app:${encoded}@${at}?from=app%40elsewhere.example`,
    notAllowed: { handle: `smtp://app:${encoded}@${at}?from=root%40elsewhere.example`, failedAt: 'use' },
    tlsNotOffered: `submission://app:${encoded}@127.0.0.1:${idle.port}`,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([server, idle].map((each) => each[Symbol.asyncDispose]()))
    },
  }
}
