import { describe, expect, test } from 'vitest'
import type { Finding } from '../../../../src/domain/finding.ts'
import type { SmtpFacts } from '../../../../src/kinds/smtp/guards/survey.ts'
import { facts, surveyOf } from './facts.ts'
import { judge, notPassed } from './pair.ts'

type Parts = Partial<SmtpFacts>

const judged = async (old: Parts | null, next: Parts = {}): Promise<ReadonlyMap<string, Finding>> =>
  await judge(old === null ? null : surveyOf(facts(old)), surveyOf(facts(next)))

/** What one check says of two servers. */
const says = async (id: string, ...sides: Parameters<typeof judged>): Promise<Finding> =>
  (await judged(...sides)).get(id) ?? expect.fail(`no check ${id}`)

test('two servers that offer the same differ in nothing; the queue of the old one is never seen', async () => {
  expect(notPassed(await judged({}))).toEqual(['smtp.queue_left unknown info'])
})

test('of a dead one nothing is known, and what the new one tells by itself is still told', async () => {
  const findings = await judged(null, { sandbox: { is: 'the sandbox of Mailtrap' } })
  expect(notPassed(findings)).toEqual([
    ...['smtp.tls unknown error', 'smtp.auth unknown warn', 'smtp.sandbox fail error', 'smtp.size unknown warn', 'smtp.utf8 unknown warn'],
    ...['smtp.eight_bit unknown warn', 'smtp.pipelining unknown info', 'smtp.dsn unknown info', 'smtp.identity unknown info'],
    'smtp.queue_left unknown info',
  ])
  expect(findings.get('smtp.queue_left')?.detail).toBe('the old resource failed at connect')
})

describe('TLS', () => {
  const tls = (way: 'implicit' | 'starttls' | 'none', protocol = '', verified: 'verified' | 'unverified' = 'unverified') => ({
    tls: { is: { way, protocol, verified: verified === 'verified' } },
  })

  test.each([
    [tls('starttls', 'TLSv1.3', 'verified'), tls('none'), 'fail', 'error'],
    [tls('implicit', 'TLSv1.3'), tls('none'), 'fail', 'error'],
    [tls('starttls', 'TLSv1.3', 'verified'), tls('implicit', 'TLSv1.3'), 'warn', 'warn'],
    [tls('starttls', 'TLSv1.3'), tls('starttls', 'TLSv1.2'), 'warn', 'info'],
    [tls('starttls', 'TLSv1.2'), tls('starttls', 'TLSv1.3'), 'pass', 'error'],
    [tls('starttls', 'TLSv1.3'), tls('implicit', 'TLSv1.3'), 'pass', 'error'],
    [tls('none'), tls('none'), 'pass', 'error'],
    [tls('none'), tls('starttls', 'TLSv1.3'), 'pass', 'error'],
  ])('%j in the place of which comes %j: %s', async (old, next, status, severity) => {
    expect(await says('smtp.tls', old, next)).toMatchObject({ status, severity })
  })
})

describe('the login', () => {
  test('ways that are missing are named', async () => {
    const finding = await says('smtp.auth', { auth: { is: ['CRAM-MD5', 'PLAIN'] } }, { auth: { is: ['PLAIN'] } })
    expect(finding).toMatchObject({ status: 'warn', detail: 'CRAM-MD5 of the old one is missing; it offers PLAIN' })
    expect(await says('smtp.auth', {}, { auth: { is: ['PLAIN', 'LOGIN', 'XOAUTH2'] } })).toMatchObject({ status: 'pass' })
  })

  test('one that asks for none any more is warned about; one that never did is not', async () => {
    const nobody: Parts = { login: { is: 'nobody' }, auth: { is: [] } }
    expect(await says('smtp.auth', {}, nobody)).toMatchObject({ status: 'warn', detail: expect.stringContaining('nobody logs in there') })
    expect(await says('smtp.auth', nobody, nobody)).toMatchObject({ status: 'pass' })
    expect(await says('smtp.auth', nobody, {})).toMatchObject({ status: 'pass' })
  })
})

describe('where mail would end', () => {
  test('a sandbox in the place of a live server is refused; one in the place of another is not', async () => {
    const sandbox: Parts = { sandbox: { is: 'the test token of Postmark' } }
    expect(await says('smtp.sandbox', {}, sandbox)).toMatchObject({
      status: 'fail',
      detail: 'the test token of Postmark: no mail is delivered',
    })
    expect(await says('smtp.sandbox', sandbox, sandbox)).toMatchObject({ status: 'pass' })
    expect(await says('smtp.sandbox', sandbox, {})).toMatchObject({ status: 'pass' })
    expect(await says('smtp.sandbox', { sandbox: { unknown: 'untold' } }, sandbox)).toMatchObject({ status: 'fail' })
  })

  test('a sender, or a recipient, that is refused is an error; one that nobody named is not known', async () => {
    const refused = { is: { address: 'app@example.test', refused: 'the server refuses this sender (553)' } }
    expect(await says('smtp.sender', {}, { sender: refused })).toMatchObject({
      status: 'fail',
      detail: 'takes no mail from app@example.test: the server refuses this sender (553)',
    })
    expect(await says('smtp.relay', {}, { relay: refused })).toMatchObject({ status: 'fail', severity: 'error' })
    expect(await says('smtp.sender', {}, { sender: { unknown: 'no handle declares a sender' } })).toMatchObject({ status: 'unknown' })
  })
})

describe('what it takes', () => {
  test.each([
    [10_000_000, 10_000_000, 'pass', 'warn'],
    [10_000_000, 20_000_000, 'pass', 'warn'],
    [10_000_000, 0, 'pass', 'warn'],
    [0, 0, 'pass', 'warn'],
    [0, 10_000_000, 'warn', 'warn'],
    [10_000_000, 5_000_000, 'warn', 'warn'],
    [10_000_000, 4_999_999, 'fail', 'error'],
  ])('messages of %d bytes, and of %d afterwards: %s', async (old, next, status, severity) => {
    expect(await says('smtp.size', { size: { is: old } }, { size: { is: next } })).toMatchObject({ status, severity })
  })

  test.each([
    ['smtp.utf8', 'SMTPUTF8', 'warn'],
    ['smtp.eight_bit', '8BITMIME', 'warn'],
    ['smtp.pipelining', 'PIPELINING', 'info'],
    ['smtp.dsn', 'DSN', 'info'],
  ])('%s tells that %s is lost, and nothing where it never was', async (id, extension, severity) => {
    const without: Parts = { extensions: { is: ['SIZE'] } }
    expect(await says(id, {}, without)).toMatchObject({ status: 'warn', severity, detail: expect.stringContaining(extension) })
    expect(await says(id, without, without)).toMatchObject({ status: 'pass' })
    expect(await says(id, without, {})).toMatchObject({ status: 'pass' })
  })
})

test('what both call themselves is told', async () => {
  expect((await says('smtp.identity', {}, { name: { is: 'mx2.example.test' } })).detail).toBe(
    'calls itself mx2.example.test; the old one is mail.example.test',
  )
})
