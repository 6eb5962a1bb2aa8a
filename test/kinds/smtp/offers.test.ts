import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import { offersIn, productOf } from '../../../src/kinds/smtp/offers.ts'
import { sandboxOf } from '../../../src/kinds/smtp/sandbox.ts'
import smtp from '../../../src/kinds/smtp/smtp.ts'

describe('what a greeting gives away', () => {
  test.each([
    ['mx.example.test ESMTP Postfix (Debian/GNU)', { product: 'Postfix' }],
    ['mx.example.test ESMTP Exim 4.96 Mon, 01 Jan 2026 00:00:00 +0000', { product: 'Exim', version: '4.96' }],
    ['mx.example.test ESMTP Sendmail 8.17.1/8.17.1; Mon', { product: 'Sendmail', version: '8.17.1' }],
    ['email-smtp.amazonaws.com ESMTP SimpleEmailService-d-ABC abc', { product: 'Amazon SES' }],
    ['SG ESMTP service ready at ismtpd0001', { product: 'SendGrid' }],
    ['smtp.gmail.com ESMTP a1-gsmtp', { product: 'Gmail' }],
    ['mailhog.example ESMTP MailHog', { product: 'MailHog' }],
    ['mail.example.test ESMTP ready', { product: 'SMTP' }],
  ])('%s', (greeting, told) => {
    expect(productOf(greeting)).toEqual(told)
  })
})

describe('what stands after EHLO', () => {
  test('is read in any case of letters, with AUTH as old clients want it too, and nothing else is taken for an offer', () => {
    const offers = offersIn({
      code: 250,
      lines: ['mail.example.test at your service', 'size 1000', 'AUTH PLAIN login', 'AUTH=LOGIN', '8bitmime', '-x-', '', '<script>'],
    })
    expect(offers).toEqual({
      name: 'mail.example.test',
      extensions: new Map([
        ['SIZE', '1000'],
        ['AUTH', 'LOGIN'],
        ['8BITMIME', ''],
      ]),
      mechanisms: ['PLAIN', 'LOGIN'],
      size: 1_000,
    })
  })

  test.each([
    [['h'], null],
    [['h', 'SIZE'], 0],
    [['h', 'SIZE 0'], 0],
    [['h', 'SIZE 35651584'], 35_651_584],
    [['h', 'SIZE many'], 0],
  ])('%j allows %s bytes', (lines, size) => {
    expect(offersIn({ code: 250, lines }).size).toBe(size)
  })
})

describe('what keeps mail instead of delivering it', () => {
  const told = (handle: string, greeting = 'h ESMTP') => sandboxOf(smtp.parse(new Secret(handle)), greeting)

  test.each([
    ['submission://api:token-token@sandbox.smtp.mailtrap.io:2525', 'the sandbox of Mailtrap'],
    ['smtp://u:p@smtp.mailtrap.io:2525', 'the sandbox of Mailtrap'],
    ['submission://api:token-token@live.smtp.mailtrap.io', ''],
    ['submission://u:p@smtp.ethereal.email', 'Ethereal, which delivers nothing'],
    ['submission://POSTMARK_API_TEST:POSTMARK_API_TEST@smtp.postmarkapp.com', 'the test token of Postmark'],
    ['submission://postmaster%40sandbox0a1b.mailgun.org:k@smtp.mailgun.org', 'a sandbox domain of Mailgun'],
    ['submission://postmaster%40mg.example.com:k@smtp.mailgun.org', ''],
    ['submission://apikey:k@smtp.sendgrid.net', ''],
  ])('%s: %j', (handle, what) => {
    expect(told(handle)).toEqual({ is: what })
  })

  test('is not to be seen at Amazon SES and Postmark, and that is said', () => {
    expect(told('submission://AK:s@email-smtp.eu-west-1.amazonaws.com')).toEqual({
      unknown: expect.stringContaining('aws sesv2 get-account'),
    })
    expect(told('submission://t:s@smtp.postmarkapp.com')).toEqual({ unknown: expect.stringContaining('DeliveryType') })
  })

  test('a catcher is known by its greeting, wherever it stands', () => {
    expect(told('smtp://localhost:1025', 'mailpit Mailpit ESMTP Service ready')).toEqual({ is: 'a mail catcher for developers' })
  })
})
