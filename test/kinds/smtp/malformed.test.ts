import { describe, vi } from 'vitest'
import smtp from '../../../src/kinds/smtp/smtp.ts'
import { describeMalformed, PIECE as P } from '../malformed.ts'

const { contact } = vi.hoisted(() => ({
  contact: () => {
    throw new Error('parsing a handle contacted something')
  },
}))
vi.mock('node:dns', async (original) => ({ ...(await original<object>()), lookup: contact, resolve: contact, resolve4: contact }))
vi.mock('node:dns/promises', async (original) => ({ ...(await original<object>()), lookup: contact, resolve: contact }))
vi.mock('node:net', async (original) => ({ ...(await original<object>()), connect: contact, createConnection: contact }))
vi.mock('node:tls', async (original) => ({ ...(await original<object>()), connect: contact }))
vi.mock('node:fs/promises', async (original) => ({ ...(await original<object>()), readFile: contact, open: contact }))

const CONTRADICTS = 'asks for TLS in two ways that contradict each other'
const ALL = 'has another scheme than smtp, smtps, submission, submissions'

describe('malformed handles of mail servers', () => {
  describeMalformed(smtp, [
    ['', 'is empty'],
    ['smtp://', 'names no host'],
    [`smtp://app:${P}@`, 'names no host'],
    [`smtp://app:${P}@:587`, 'has a port and no host'],
    [`app:${P}@mail:587`, 'has no scheme'],
    ['mail.example.com:587', 'has no scheme'],
    [`SMTP_URL=smtp://app:${P}@h`, 'begins with the name of a variable'],
    [`{"host":"h","password":"${P}"}`, 'is JSON'],
    [`"smtp://app:${P}@h"`, 'stands in quotes'],
    [`smtp://app:${P}@h\n`, 'ends with a line break'],
    [`smtp://app:${P}@h\r\nRCPT TO:<x@y>`, 'has more than one line'],
    [`smtp://app:${P} @h`, 'has a space in it'],
    [`smtp:/app:${P}@h`, 'has no // after its scheme'],
    [`imap://app:${P}@h`, ALL],
    [`sendgrid+smtp://${P}@default`, ALL],
    [`smtp://app@example.com:${P}@h`, 'has an unencoded @ in its user or password'],
    [`smtp://app:${P}/${P}@h`, 'has an unencoded / in its user or password'],
    [`smtp://app:${P}#${P}@h`, 'has an unencoded # in its user or password'],
    [`smtp://app:${P}%@h`, 'has a % in its password that is not followed by two hexadecimal digits'],
    [`smtp://app:${P}%00@h`, 'has a NUL byte in its password'],
    [`smtp://ap%0d%0ap:${P}@h`, 'has a control or invisible character in its user'],
    [`smtp://app:${P}@h:0`, 'has a port outside 1 to 65535'],
    [`smtp://app:${P}@h:five`, 'has a port that is not a number'],
    [`smtp://app:${P}@mx1,mx2`, 'names several hosts; one host only'],
    [`smtp://app:${P}@-h`, 'has a host that is no host name'],
    [`smtp://${P}@h`, 'has a user and no password'],
    [`smtp://:${P}@h`, 'has a password and no user'],
    ['smtp://app:<password>@h', 'has a placeholder instead of the password'],
    ['smtp://apikey:$SENDGRID_API_KEY@h', 'has a placeholder instead of the password'],
    ['smtp://app:*****@h', 'has a masked password, as tools print it'],
    [`smtp://app:${P}@h/inbox`, 'has a path, and a mail server has none'],
    [`smtp://app:${P}@h?tls_mode=strict`, /^the handle asks about TLS in words that this kind does not have/],
    [`smtp://app:${P}@h?sslmode=require`, /^the handle asks about TLS in words that this kind does not have/],
    [`smtp://app:${P}@h?verify_peer_name=false`, /^the handle asks about TLS in words that this kind does not have/],
    [`smtp://app:${P}@h?secure=maybe`, 'has an unknown word for secure'],
    [`smtp://app:${P}@h?requireTLS=strict`, 'has an unknown word for requireTLS'],
    [`smtp://app:${P}@h?ssl=v3`, 'has an unknown word for ssl'],
    [`smtp://app:${P}@h?tls=verify`, 'has an unknown word for tls'],
    [`smtp://app:${P}@h?encryption=aes`, 'has an unknown word for encryption'],
    [`smtp://app:${P}@h?verify_peer=perhaps`, 'has an unknown word for verify_peer'],
    [`smtp://app:${P}@h?starttls=__proto__`, 'has an unknown word for starttls'],
    [`smtps://app:${P}@h?requireTLS=true`, CONTRADICTS],
    [`smtps://app:${P}@h?secure=false`, CONTRADICTS],
    [`submission://app:${P}@h?ssl=true`, CONTRADICTS],
    [`submission://app:${P}@h?ignoreTLS=true`, CONTRADICTS],
    [`smtp://app:${P}@h?requireTLS=true&auto_tls=false`, CONTRADICTS],
    [`submission://app:${P}@h?verify_peer=1&tls.rejectUnauthorized=false`, 'asks both for a checked certificate and for none'],
    [`smtp://app:${P}@h?auth=xoauth2`, 'has an unknown word for auth'],
    [`smtp://app:${P}@h?auth=none`, 'has a user, and says auth=none'],
    ['smtp://h:25?from=app@example.com', 'has an unencoded @ in its query'],
    [`smtp://app:${P}@h?from=nobody`, 'has a from that is no mail address'],
    [`smtp://app:${P}@h?from=a%40b%3E%0d%0aRCPT%20TO%3A%3Cc%40d`, 'has a from that is no mail address'],
    [`smtp://app:${P}@h?from=%3Ca%40b%3E%20SIZE%3D1`, 'has a from that is no mail address'],
    [`smtp://app:${P}@h?from=a%40b.example%0d%0aDATA`, 'has a from that is no mail address'],
    [`smtp://app:${P}@h?from=a%40b.example&to=c%40d.example%0d%0aDATA`, 'has a to that is no mail address'],
    [`smtp://app:${P}@h?from=a%40b%00c`, 'has a NUL byte in its query part from'],
    [`smtp://app:${P}@h?to=a%40b.example`, 'names a recipient and no sender'],
    [`smtp://app:${P}@h?from=a%40b.example&to=a%20b%40c`, 'has a to that is no mail address'],
    [`smtp://app:${P}@h?name=x%0d%0aQUIT`, 'has a name for EHLO that is no host name'],
    [`smtp://app:${P}@h?name=%5B300.1.1.1%5D`, 'has a name for EHLO that is no host name'],
  ])
})
