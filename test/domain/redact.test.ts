import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { oneLine, printable, printableData, Redactor, secretsIn } from '../../src/domain/redact.ts'

const secret = fc.string({ unit: 'grapheme', minLength: 6, maxLength: 24 }).filter((text) => !text.includes('•'))
const around = fc.string({ maxLength: 12 })

/** Every form a secret is likely to stand in. */
function formsOf(text: string, before: string, after: string): readonly string[] {
  const percent = encodeURIComponent(Buffer.from(text).toString('utf8'))
  return [
    `${before}${text}${after}`,
    `${before}${percent}${after}`,
    `${before}${percent.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())}${after}`,
    JSON.stringify({ before, text, after }),
  ]
}

describe('the redactor', () => {
  test('takes a secret out of any text, raw, percent-encoded and quoted as JSON', () => {
    fc.assert(
      fc.property(secret, around, around, (text, before, after) => {
        const redactor = new Redactor()
        redactor.learn(text)
        const [plain = '', encoded = '', lower = '', json = ''] = formsOf(text, before, after)
        expect(redactor.redact(plain)).not.toContain(text)
        const percent = encodeURIComponent(Buffer.from(text).toString('utf8'))
        expect(redactor.redact(encoded)).not.toContain(percent)
        expect(redactor.redact(lower).toLowerCase()).not.toContain(percent.toLowerCase())
        expect(redactor.redact(json)).not.toContain(JSON.stringify(text).slice(1, -1))
      }),
    )
  })

  test('takes a secret out of base64 wherever it begins in the encoded text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, maxLength: 24 }), around, around, (text, before, after) => {
        const redactor = new Redactor()
        redactor.learn(text)
        const encoded = Buffer.from(before + text + after).toString('base64')
        expect(Buffer.from(redactor.redact(encoded).split('•••')[0] ?? '', 'base64').toString()).not.toContain(text)
      }),
    )
  })

  test('knows the plain form of a secret that was given percent-encoded', () => {
    const redactor = new Redactor()
    redactor.learn('p%40ss%2Fword')
    expect(redactor.redact('p@ss/word and p%40ss%2Fword and p%40ss%2fword')).toBe('••• and ••• and •••')
  })

  test('leaves short words alone: they would blacken everything', () => {
    const redactor = new Redactor()
    redactor.learn('app')
    expect(redactor.redact('the app')).toBe('the app')
  })
})

describe('the secrets in a value', () => {
  test.each([
    ['postgres://app:s3cret-pw@db/app', ['s3cret-pw', 'postgres://app:s3cret-pw@db/app']],
    ['postgres://app:a:b@c@db/app', ['a:b@c', 'postgres://app:a:b@c@db/app']],
    ['postgres://db/app?user=app&password=s3cret', ['s3cret', 'postgres://db/app?user=app&password=s3cret']],
    ['redis://:token-word@cache', ['token-word', 'redis://:token-word@cache']],
    ['postgres://localhost/app', []],
    ['postgres://postgres:postgres@localhost/app', ['postgres://postgres:postgres@localhost/app']],
    ['a plain token', ['a plain token']],
    ['sqlite:db/@app/production.db', []],
    ['file:./dev.db?mode=ro', []],
    ['sqlite:////srv/x.db?key=s3cret-of-cipher', ['s3cret-of-cipher']],
    ['sqlite://app:s3cret@host/x.db', ['s3cret', 'sqlite://app:s3cret@host/x.db']],
  ])('%s', (value, secrets) => {
    expect(secretsIn(value)).toEqual(secrets)
  })
})

describe('text of others', () => {
  test('has no control character left, whatever it held', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text).replace(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        expect(oneLine(text)).not.toMatch(/[\n\r]/)
      }),
    )
  })

  test('an escape sequence, a carriage return and a command for a CI become visible', () => {
    expect(oneLine('\u001b]0;owned\u0007\r\n::error::x\u202e')).toBe('\\u001b]0;owned\\u0007\\u000d\\n::error::x\\u202e')
  })

  test('data keeps its shape', () => {
    expect(printableData({ a: ['x\u001b', 1, null, true], b: { c: 'y\n' } })).toEqual({ a: ['x\\u001b', 1, null, true], b: { c: 'y\\n' } })
  })
})

test.each([
  ['jdbc:postgresql://h/db?user=x&password=jdbcNewPW22', 'jdbcNewPW22'],
  ["host=h password='libpqPW-33' user=x", 'libpqPW-33'],
  ['Server=h;Pwd=adoPW;44', 'adoPW'],
])('the password inside %s is a secret of its own', (value, secret) => {
  expect(secretsIn(value)).toContain(secret)
})
