import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AttachError } from '../../src/domain/errors.ts'
import type { HandleGrammar, SplitHandle } from '../../src/domain/handle-grammar.ts'
import { editAuthority, edited, editPath, editUserinfo, encodePart } from '../../src/domain/handle-replace.ts'
import { queryText, splitHandle } from '../../src/domain/handle-split.ts'

const GRAMMAR: HandleGrammar = { schemes: ['db', 'sock'], example: 'db://HOST', queryKeys: ['a', 'b'], socketSchemes: ['sock'] }
const split = (text: string): SplitHandle => splitHandle(text, GRAMMAR)

/** Texts that no rule for placeholders takes for one, so that what goes in comes out. */
const plain = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter(
    (text) =>
      !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text) &&
      !/^(x{3,16}|redacted|secret|hidden|filtered|masked|todo|tbd|placeholder|\.{3,})$/i.test(text),
  )
const label = fc
  .stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/)
  .filter((text) => !/^x{3,}$|^todo$|^tbd$|^hidden$|^masked$|^secret$/.test(text))
const port = fc.integer({ min: 1, max: 65_535 })

describe('taking a handle apart', () => {
  test('every piece is found where it stands', () => {
    const text = 'DB://us%40er:p%3Aw@h.example:12/na%20me?a=1&b=x%26y'
    const parts = split(text)
    expect(parts).toMatchObject({
      scheme: 'db',
      user: { text: 'us@er' },
      password: { text: 'p:w' },
      host: { text: 'h.example' },
      port: { number: 12 },
    })
    expect(parts.path?.text).toBe('na me')
    expect(queryText(parts, 'b')).toBe('x&y')
    for (const part of [parts.user, parts.password, parts.host, parts.port, parts.path, ...parts.query]) {
      expect(text.slice(part?.start, part?.end)).toBe(part?.raw)
    }
  })

  test('a plus is a plus, a colon in a password is a colon, and no part is an empty part', () => {
    expect(split('db://a+b:p+w@h').user?.text).toBe('a+b')
    expect(split('db://a:p:q@h').password?.text).toBe('p:q')
    expect(split('db://h')).toMatchObject({ user: null, password: null, port: null, path: null, query: [] })
    expect(split('db://a:@h').password?.text).toBe('')
    expect(split('db://h/').path?.text).toBe('')
  })

  test('a list of hosts is taken apart where the kind allows one, and refused where it does not', () => {
    const text = 'db://u:p@h1:1,[::1]:2,h%33/x?a=1'
    const parts = splitHandle(text, { ...GRAMMAR, hosts: 'several' })
    expect(parts).toMatchObject({ host: { text: 'h1' }, port: { number: 1 }, path: { text: 'x' } })
    expect(parts.others).toMatchObject([
      { host: { text: '::1' }, port: { number: 2 } },
      { host: { text: 'h3' }, port: null },
    ])
    expect(text.slice(parts.hostsRange.start, parts.hostsRange.end)).toBe('h1:1,[::1]:2,h%33')
    for (const { host } of parts.others) expect(text.slice(host.start, host.end)).toBe(host.raw)
    expect(edited(text, [editPath(parts, 'y')])).toBe('db://u:p@h1:1,[::1]:2,h%33/y?a=1')
    const bare = splitHandle('db://h1,h2:3', { ...GRAMMAR, hosts: 'several' })
    expect(edited('db://h1,h2:3', [editPath(bare, 'y')])).toBe('db://h1,h2:3/y')
    expect(() => split(text)).toThrow('names several hosts')
    expect(split('db://h:1')).toMatchObject({ others: [] })
  })

  test.each(['db://h1,', 'db://,h1', 'db://h1,,h2', 'db://,'])('%s has an empty place in its list', (text) => {
    expect(() => splitHandle(text, { ...GRAMMAR, hosts: 'several' })).toThrow('the handle has an empty place in its list of hosts')
  })

  test('of a repeated key the last one counts, and unknown ones are named', () => {
    const parts = split('db://h?a=1&a=2&zz=3')
    expect(queryText(parts, 'a')).toBe('2')
    expect(parts).toMatchObject({ repeatedKeys: ['a'], unknownKeys: ['zz'] })
  })

  test('what is built is what is read', () => {
    fc.assert(
      fc.property(
        fc.record({ user: plain, password: plain, host: label, port, name: plain, a: plain }),
        ({ user, password, host, port: number, name, a }) => {
          const e = encodePart
          const parts = split(`db://${e(user)}:${e(password)}@${host}:${number}/${e(name)}?a=${e(a)}`)
          expect(parts.user?.text).toBe(user)
          expect(parts.password?.text).toBe(password)
          expect(parts.host?.text).toBe(host)
          expect(parts.port?.number).toBe(number)
          expect(parts.path?.text).toBe(name)
          expect(queryText(parts, 'a')).toBe(a)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('a random text is taken apart or is HANDLE_INVALID, and the error holds none of it', () => {
    const pieces = fc.constantFrom(
      'db://',
      'sock://',
      '@',
      ':',
      '/',
      '?',
      '#',
      '%',
      '[',
      ']',
      ',',
      '=',
      '&',
      '"',
      '\n',
      ' ',
      '\\',
      '%2',
      '%41',
      '::1',
      'a=',
    )
    const marker = 'qZ7xW'
    const text = fc
      .array(fc.oneof(pieces, fc.constant(marker), fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 14 })
      .map((each) => each.join(''))
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          text.map((rest) => `db://${rest}`),
          text.map((rest) => `db://u:${marker}${rest}@h`),
        ),
        (handle) => {
          try {
            split(handle)
          } catch (error) {
            if (!(error instanceof AttachError)) throw error
            expect(error.code).toBe('HANDLE_INVALID')
            expect(`${error.message}${error.hint}${inspect(error, { showHidden: true })}`).not.toContain(marker)
          }
        },
      ),
      { numRuns: 800 },
    )
  })
})

describe('replacing parts of a handle', () => {
  const replace = (text: string, parts: { user?: string; password?: string; host?: string; port?: string; path?: string }) => {
    const before = split(text)
    const { user, password, host, port: number, path } = parts
    return edited(text, [
      ...editAuthority(before, { ...(host === undefined ? {} : { host }), ...(number === undefined ? {} : { port: number }) }),
      ...editUserinfo(before, { ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }) }),
      ...(path === undefined ? [] : [editPath(before, encodePart(path))]),
    ])
  }

  test.each([
    ['DB://u:p%2fw@old/x?a=%31', { host: 'new' }, 'DB://u:p%2fw@new/x?a=%31'],
    ['db://u:p@old:1/x', { host: 'new', port: '2' }, 'db://u:p@new:2/x'],
    ['db://u:p@old/x', { host: 'new', port: '2' }, 'db://u:p@new:2/x'],
    ['db://u:p@old', { port: '2', path: 'y' }, 'db://u:p@old:2/y'],
    ['db://u:p@old?a=1', { path: 'y' }, 'db://u:p@old/y?a=1'],
    ['db://old/x', { user: 'u' }, 'db://u@old/x'],
    ['db://old/x', { password: 'p@' }, 'db://:p%40@old/x'],
    ['db://@old/x', { user: 'u', password: 'p' }, 'db://u:p@old/x'],
    ['db://u@old/x', { password: 'p' }, 'db://u:p@old/x'],
    ['db://u:p@old/x', { user: 'v w' }, 'db://v%20w:p@old/x'],
    ['db://:p@old/x', { user: 'v' }, 'db://v:p@old/x'],
    ['db://u:p@[::1]:5/x', { host: 'new' }, 'db://u:p@new:5/x'],
    ['db://u:p@[::1]:5/x', { port: '6' }, 'db://u:p@[::1]:6/x'],
    ['db://u:p@old/x', { password: `a'(b)*!~` }, 'db://u:a%27%28b%29%2A%21%7E@old/x'],
  ])('%s with %o is %s', (before, parts, after) => {
    expect(replace(before, parts)).toBe(after)
  })

  test('what is replaced is read back, and every other byte stays', () => {
    const name = fc.record({ user: plain, password: plain, path: plain, host: label, port: port.map(String) }, { requiredKeys: [] })
    fc.assert(
      fc.property(fc.record({ user: plain, password: plain, host: label, port, path: plain }), name, (old, parts) => {
        const e = encodePart
        const before = `db://${e(old.user)}:${e(old.password)}@${old.host}:${old.port}/${e(old.path)}?a=%61b`
        const given = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined))
        const after = split(replace(before, given))
        const expected = { ...old, port: String(old.port), ...given }
        expect(after.user?.text).toBe(expected.user)
        expect(after.password?.text).toBe(expected.password)
        expect(after.host?.text).toBe(expected.host)
        expect(after.port?.raw).toBe(expected.port)
        expect(after.path?.text).toBe(expected.path)
        expect(after.query[0]?.raw).toBe('%61b')
      }),
      { numRuns: 300 },
    )
  })
})
