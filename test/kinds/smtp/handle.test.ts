import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openKinds } from '../../../src/deploys/kinds.ts'
import type { Key } from '../../../src/domain/change.ts'
import { Redactor } from '../../../src/domain/redact.ts'
import { Secret } from '../../../src/domain/secret.ts'
import smtp from '../../../src/kinds/smtp/smtp.ts'
import { SMTP_VARIABLES } from '../../../src/kinds/smtp/variables.ts'
import type { HandleParts } from '../../../src/ports/kind.ts'

const parse = (handle: string) => smtp.parse(new Secret(handle))
const ids = (handle: string) => smtp.remarks(parse(handle)).map(({ id }) => id)

describe('what is odd in a handle is remarked on', () => {
  test.each<readonly [string, readonly string[]]>([
    ['submission://app:pw@h', []],
    ['smtps://app:pw@h', []],
    ['smtp://app:pw@h:587', []],
    ['smtp://h', ['smtp.no_port']],
    ['smtps://app:pw@h:587', ['tls.reader_differs']],
    ['smtps://app:pw@h:2465', []],
    ['smtp://h?secure=true', ['tls.reader_differs']],
    ['smtp://h:587?tls=true', ['tls.reader_differs']],
    ['smtp://h:25?inbox=1&timeout=5&timeout=6', ['handle.unknown_key', 'handle.repeated_key']],
    ['smtp://h:25?peer_fingerprint=ab', ['handle.not_checked']],
    ['submission://h?cafile=/ca.pem', ['handle.local_file']],
  ])('%s: %j', (handle, remarks) => {
    expect(ids(handle)).toEqual(remarks)
  })
})

describe('what a handle says beside where it leads', () => {
  const traits = (handle: string) => smtp.traits(parse(handle))

  test('parameters that tell a client how to behave are told; what may be a secret is not, and TLS is told elsewhere', () => {
    const { parameters } = traits('smtp://h:25?from=a%40b.test&pool=true&requireTLS=true&proxy=socks5://u:p%40x&inbox=9')
    expect([...parameters]).toEqual([
      ['from', 'a@b.test'],
      ['pool', 'true'],
      ['proxy', '…'],
      ['inbox', '…'],
    ])
  })

  test.each([
    ['smtp://test:test@h:25', 'the password is one that anybody would try first'],
    ['smtp://app:kQ9-x7@h:25', null],
    ['smtp://h:25', null],
  ])('%s: %s', (handle, words) => {
    expect(traits(handle).defaultCredentials).toBe(words)
  })
})

describe('a token that is user and password at once', () => {
  const TOKEN = 'd4a7c1f0-0000-4bbb-9ccc-0123456789ab'
  const handle = new Secret(`submission://${TOKEN}:${TOKEN}@smtp.postmarkapp.com`)

  test('is not shown as a user, neither by the kind nor by what loads no kind, and is taken out of every text', () => {
    expect(smtp.identify(smtp.parse(handle))).not.toHaveProperty('user')
    const redactor = new Redactor()
    const kinds = openKinds(redactor)
    kinds.learn(handle)
    expect(kinds.sketch(handle)).toEqual({ kind: 'smtp', provider: 'Postmark', target: 'submission://smtp.postmarkapp.com:587' })
    expect(redactor.redact(`login of ${TOKEN} failed`)).toBe('login of ••• failed')
  })

  test('is not shown in a variable either, nor where the password is another one', () => {
    const kinds = openKinds(new Redactor())
    const user = (SMTP_VARIABLES[0]?.parts['user']?.[0] ?? expect.fail('no variable holds the user')) as Key // Names of a set are keys.
    expect(kinds.shown(user, new Secret(TOKEN))).toBe('(not shown)')
    expect(kinds.shown(user, new Secret('app@example.test'))).toBe('app@example.test')
    expect(kinds.describe(new Secret(`smtp://${TOKEN}:other-one@h:25`))).toBe('smtp://h:25')
    expect(smtp.identify(parse(`smtp://${TOKEN}:other-one@h:25`))).not.toHaveProperty('user')
  })

  test('a short password that is the user too is a bad password, and the user is shown', () => {
    expect(smtp.identify(parse('smtp://app:app@h:25'))).toMatchObject({ user: 'app' })
    expect(openKinds(new Redactor()).describe(new Secret('smtp://app:app@h:25'))).toBe('smtp://app@h:25')
  })
})

describe('parts of a handle', () => {
  test.each<readonly [string, HandleParts, string]>([
    ['smtp://u:p%3d@old:25/?from=a%40b.test', { host: 'new.example' }, 'smtp://u:p%3d@new.example:25/?from=a%40b.test'],
    ['submission://u:p@old', { port: '2525' }, 'submission://u:p@old:2525'],
    ['submission://u:p@old', { user: 'a@b', password: new Secret('n&w p@ss') }, 'submission://a%40b:n%26w%20p%40ss@old'],
    ['smtp://old', { host: '::1', port: '25' }, 'smtp://[::1]:25'],
  ])('%s with some of them replaced keeps every other byte', (before, parts, after) => {
    expect(smtp.replaceParts(new Secret(before), parts).reveal()).toBe(after)
  })

  test.each<readonly [string, HandleParts]>([
    ['smtp://h', { name: 'inbox' }],
    ['smtp://h', { user: 'u' }],
    ['smtp://h', { port: '0' }],
    ['smtp://h', { host: 'a,b' }],
  ])('what would not be a handle any more is HANDLE_INVALID (%#)', (before, parts) => {
    expect(() => smtp.replaceParts(new Secret(before), parts)).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
  })
})

describe('variables', () => {
  const apart = (handle: string) =>
    Object.fromEntries([...(smtp.decompose?.(new Secret(handle)) ?? [])].map(([part, value]) => [part, value.reveal()]))
  const compose = (parts: Readonly<Record<string, string>>): string =>
    smtp.compose?.(new Map(Object.entries(parts).map(([part, value]) => [part, new Secret(value)]))).reveal() ?? ''

  test('a scheme that asks for TLS becomes the words for it, of which each set has one, and the port is named', () => {
    expect(apart('smtps://u:p@h')).toEqual({
      host: 'h',
      port: '465',
      user: 'u',
      password: 'p',
      ssl: 'true',
      secure: 'true',
      encryption: 'ssl',
    })
    expect(apart('submission://u:p@h?from=a%40b.test')).toEqual({
      ...{ host: 'h', port: '587', user: 'u', password: 'p' },
      ...{ starttls: 'true', encryption: 'tls', from: 'a@b.test' },
    })
    expect(smtp.identify(parse(compose(apart('smtps://u:p@h'))))).toMatchObject({ port: 465, tls: 'verify-full' })
  })

  test('null and nothing say nothing, as Laravel writes them', () => {
    expect(compose({ host: 'h', port: '1025', user: 'null', password: 'null', encryption: 'null', from: '' })).toBe('smtp://h:1025')
  })

  test.each([
    [{ port: '25' }, 'has no host among its variables'],
    [{ host: 'h', user: 'u' }, 'has a user and no password'],
    [{ host: 'h', password: 'Zq8xKv' }, 'has a password and no user'],
    [{ host: 'h', port: 'Zq8xKv' }, 'would get a port that is not a number from 1 to 65535'],
    [{ host: 'h Zq8xKv' }, 'has a host that is no host name'],
    [{ host: 'h', starttls: 'True', ssl: 'True' }, 'asks for TLS in two ways that contradict each other'],
    [{ host: 'h', from: 'Zq8xKv' }, 'has a from that is no mail address'],
  ])('%j are no handle, and none of them is told', (parts, sentence) => {
    const wanted = { code: 'HANDLE_INVALID', message: `the handle ${sentence}`, hint: expect.not.stringContaining('Zq8xKv') }
    expect(() => compose(parts)).toThrow(expect.objectContaining(wanted))
  })

  test.each(['smtp://h?verify_peer=false', 'smtp://h?pool=true', 'smtp://h?inbox=1', 'smtp://h?local_domain=a.test'])(
    '%s says more than variables can',
    (handle) => {
      expect(() => apart(handle)).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
    },
  )

  test('every part that a set names is one that is put together, and its names are its own', () => {
    const parts = [...new Set(SMTP_VARIABLES.flatMap((set) => Object.keys(set.parts)))]
    const words: Readonly<Record<string, string>> = {
      port: '465',
      auth: 'plain',
      from: 'a@b.test',
      name: 'a.test',
      starttls: 'auto',
      openssl_verify_mode: 'none',
    }
    for (const part of parts.filter((each) => !['host', 'user', 'password', 'encryption', 'security'].includes(each)))
      expect(apart(compose({ host: 'h', [part]: words[part] ?? 'false' })), part).toHaveProperty(part)
    for (const { parts: names, needs } of SMTP_VARIABLES) {
      expect(new Set(Object.values(names).flat()).size).toBe(Object.values(names).flat().length)
      expect(needs.every((part) => part in names)).toBe(true)
    }
  })
})

test('whatever stands in a handle, no part of it that is sent to a server can end a line', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab@.<> \r\n\t\0\u0085\u2028"[]:,ü', 'x.test', '@b.test'), maxLength: 12 })
  const taken = { from: 0, other: 0 }
  fc.assert(
    fc.property(text, text, text, (from, to, name) => {
      const query = Object.entries({ from, to, name }).map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
      try {
        const resource = parse(`smtp://h:25?${query.join('&')}`)
        taken.from += resource.from === null ? 0 : 1
        expect(`${resource.from}${resource.to}${resource.name}`).not.toMatch(/[\s<>\p{Cc}\p{Cf}\p{Z}]/u)
      } catch (error) {
        expect(error).toMatchObject({ code: 'HANDLE_INVALID' })
        taken.other += 1
      }
    }),
    { numRuns: 5_000, examples: [['a@b.test', 'c@b.test', 'x.test']] },
  )
  expect(Math.min(taken.from, taken.other)).toBeGreaterThan(0)
})
