import { parseEnv } from 'node:util'
import { parse } from 'dotenv'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAttachError } from '../../src/domain/errors.ts'
import { type Assignment, scan, valueAt } from '../../src/formats/env-scan.ts'
import { stylesFor } from '../../src/formats/env-style.ts'
import { decode } from '../../src/formats/env-text.ts'
import { edit, entriesOf, raw, shown, utf8, type Wanted } from './env.ts'

const KEYS = ['A', 'B', 'KEY', 'DATABASE_URL', 'DATABASE_URL_RO', 'k.x-1', 'constructor']

/** `${A}` */
const REFERENCE = `$${'{A}'}`

const PIECES = [
  ...KEYS,
  ...[
    'export',
    'export ',
    'export\n',
    '=',
    '=',
    '=',
    ' = ',
    ':',
    ': ',
    '#',
    ' # c',
    '\n',
    '\n',
    '\n',
    '\n\n',
    '\r\n',
    '\r',
    ' ',
    '\t',
    '\v',
    '\f',
  ],
  ...["'", '"', '`', "''", '""', "\\'", '\\"', '\\`', '\\', '\\\\', '\\n', '\\r', '$', REFERENCE, '$KEY', '$(x)', 'x', 'v=w', 'à', '🔑'],
  ...['\u0085', '\u00a0', '\u1680', '\u2003', '\u2028', '\u2029', '\u202f', '\u3000', '\ufeff', 'junk\n', '# KEY=1\n', '#KEY="\n'],
  ...[
    'A=1\n',
    'B="x y"\n',
    "KEY='v' # c\n",
    'export A=2\n',
    'KEY: v\n',
    'KEY= # c\n',
    'KEY=\n',
    'B="a\nb"\n',
    'DATABASE_URL=postgres://u:p@h/d?a=1&b=2\r\n',
  ],
]

const piece = fc.constantFrom(...PIECES)
const wildFile = fc.array(piece, { maxLength: 30, size: 'max' }).map((pieces) => utf8(pieces.join('')))
/** Mostly well-formed lines, so that most edits go through. */
const tameFile = fc
  .tuple(
    fc.constantFrom('', '\ufeff'),
    fc.array(
      fc.oneof(
        {
          weight: 6,
          arbitrary: fc
            .tuple(
              fc.constantFrom(...KEYS),
              fc.constantFrom('=1', '=', '="x y"', "='it' # c", ' = v', '=a#b', '="1\n2"', '=`b`', '=a&b', ': v', '=$A'),
            )
            .map((pair) => pair.join('')),
        },
        { weight: 1, arbitrary: fc.constantFrom('', '# KEY=1', 'export B=2', 'export KEY', '  A=3  ', '# \\', 'junk') },
      ),
      { maxLength: 12, size: 'max' },
    ),
    fc.constantFrom('\n', '\n', '\r\n'),
    fc.boolean(),
  )
  .map(([mark, lines, end, closed]) => utf8(mark + lines.join(end) + (closed ? end : '')))
const file = fc.oneof(
  wildFile,
  tameFile,
  fc.tuple(tameFile, fc.uint8Array({ maxLength: 6, min: 1 })).map((parts) => Buffer.concat(parts)),
)

const text = fc.array(
  fc.constantFrom(
    'a',
    'Z',
    '0',
    '-',
    '/',
    '@',
    ':',
    '=',
    '&',
    '#',
    ' ',
    '~',
    '$',
    REFERENCE,
    "'",
    '"',
    '`',
    '\\',
    '\n',
    '\t',
    'é',
    '🔑',
    '\u2028',
  ),
  { maxLength: 8 },
)
const value = fc.oneof(
  fc.constantFrom('', 'x', 'postgres://u:p@h:5/d', 'a b', '{"a":1}', "it's"),
  text.map((characters) => characters.join('')),
)
const wanted: fc.Arbitrary<Wanted> = fc.dictionary(fc.constantFrom(...KEYS, 'NEW'), fc.option(value, { freq: 4 }), {
  minKeys: 1,
  maxKeys: 3,
  noNullPrototype: true,
})

/** The edited bytes, or `null` when the edit was refused as it may be. */
function tried(bytes: Uint8Array, change: Wanted, options = {}): Uint8Array | null {
  try {
    return edit(bytes, change, options).bytes
  } catch (error) {
    if (isAttachError(error, 'CONFIG_INVALID')) return null
    throw error
  }
}

const dotenvOf = (bytes: Uint8Array): ReadonlyMap<string, string> => new Map(Object.entries(parse(Buffer.from(bytes))))

/** A byte that is not UTF-8 is a lone surrogate for us and U+FFFD, one for some, for dotenv. */
const loosely = (reading: ReadonlyMap<string, string>): unknown =>
  [...reading].map(([key, one]) => [key, one.replace(/[\udc80-\udcff\ufffd]+/gu, '\ufffd')]).sort()

const of = (found: readonly Assignment[], key: string): readonly Assignment[] => found.filter((one) => one.key === key)

/** Lines as dotenv knows them; a byte order mark stays where the first line goes, so it is left out. */
const linesOf = (bytes: Uint8Array): readonly string[] =>
  shown(bytes)
    .replace(/^\xef\xbb\xbf/, '')
    .split(/[\n\r]|\xe2\x80[\xa8\xa9]/)

/** The text without the values of the named keys. */
function outside(bytes: Uint8Array, keys: readonly string[]): string {
  let rest = ''
  let at = 0
  for (const { key, from, to } of scan(shown(bytes)).assignments) {
    if (!keys.includes(key)) continue
    rest += `${shown(bytes).slice(at, from)}<value>`
    at = to
  }
  return rest + shown(bytes).slice(at)
}

/** Node sees another file than dotenv does: the style of first choice may then harm it, and another one is taken. */
const readsOtherwise = (bytes: Uint8Array): boolean => {
  const node = new Map(Object.entries(parseEnv(Buffer.from(bytes).toString())))
  return JSON.stringify([...node].sort()) !== JSON.stringify([...dotenvOf(bytes)].sort())
}

/** The documented condition under which writing `old` back gives the old bytes. */
function comesBack(before: Uint8Array, after: Uint8Array, key: string): boolean {
  const [left, right] = [shown(before), shown(after)]
  const then = of(scan(left).assignments, key)
  const now = of(scan(right).assignments, key)
  const old = entriesOf(before).get(key) ?? ''
  if (readsOtherwise(before) || readsOtherwise(after)) return false
  return then.every((one, index) => {
    const other = now[index]
    if (other === undefined || old === '' || valueAt(right, other) === '' || valueAt(left, one) !== old) return false
    const crlf = right.slice(other.from, other.to).includes('\r\n')
    const [style] = stylesFor(old, { quote: other.quote, value: valueAt(right, other), crlf })
    return style !== undefined && `${style.quote}${style.body}${style.quote}` === decode(left.slice(one.from, one.to))
  })
}

describe('for any bytes', () => {
  test('our reader sees what dotenv sees', () => {
    fc.assert(
      fc.property(file, (bytes) => {
        expect(loosely(entriesOf(bytes))).toEqual(loosely(dotenvOf(bytes)))
      }),
      { numRuns: 4000 },
    )
  })
})

describe('for any bytes and any change', () => {
  let made = 0

  test('an edit is made, or refused with CONFIG_INVALID; made, dotenv sees the change and no other', () => {
    fc.assert(
      fc.property(file, wanted, (bytes, change) => {
        const after = tried(bytes, change)
        if (after === null) return
        made += 1
        const expected = new Map(dotenvOf(bytes))
        for (const [key, one] of Object.entries(change)) {
          if (one === null) expected.delete(key)
          else expected.set(key, one)
        }
        expect(loosely(dotenvOf(after))).toEqual(loosely(expected))
      }),
      { numRuns: 1500 },
    )
    expect(made).toBeGreaterThan(500)
  })

  test('an edit of keys that stand there leaves every byte outside their values', () => {
    fc.assert(
      fc.property(file, wanted, (bytes, change) => {
        const standing = entriesOf(bytes)
        const swap = Object.fromEntries(Object.entries(change).filter(([key, one]) => standing.has(key) && one !== null))
        const after = tried(bytes, swap)
        // Where an empty value stands is told by what surrounds it, so it is compared where both texts have one.
        if (after === null || Object.keys(swap).some((key) => swap[key] === '' || standing.get(key) === '')) return
        const keys = Object.keys(swap).filter((key) => of(scan(shown(bytes)).assignments, key).every(({ from, to }) => from < to))
        if (keys.length === Object.keys(swap).length) expect(outside(after, keys)).toBe(outside(bytes, keys))
      }),
      { numRuns: 1500 },
    )
  })

  test('a bare value is never refused in a file that Node reads as dotenv does, with every key known to both', () => {
    let asked = 0
    fc.assert(
      fc.property(tameFile, fc.constantFrom(...KEYS.slice(0, 5), 'NEW'), (bytes, key) => {
        if (readsOtherwise(bytes) || scan(shown(bytes)).junk > 0) return
        asked += 1
        expect(entriesOf(edit(bytes, { [key]: 'postgres://u:p@h:5432/d' }).bytes).get(key)).toBe('postgres://u:p@h:5432/d')
      }),
      { numRuns: 1500 },
    )
    expect(asked).toBeGreaterThan(100)
  })

  test('a detach only takes lines away, and a new key only adds lines at the end', () => {
    fc.assert(
      fc.property(file, fc.constantFrom(...KEYS, 'NEW'), value, (bytes, key, one) => {
        const lines = linesOf(bytes)
        const cut = tried(bytes, { [key]: null })
        if (cut !== null) {
          let at = 0
          for (const line of linesOf(cut)) {
            if (line === '') continue
            while (at < lines.length && lines[at] !== line) at += 1
            expect(at).toBeLessThan(lines.length)
            at += 1
          }
        }
        if (entriesOf(bytes).has(key)) return
        const grown = tried(bytes, { [key]: one })
        if (grown !== null) expect(shown(grown).startsWith(shown(bytes))).toBe(true)
      }),
      { numRuns: 1500 },
    )
  })

  test('the same edit again returns the very same bytes', () => {
    fc.assert(
      fc.property(file, wanted, (bytes, change) => {
        const once = tried(bytes, change)
        if (once !== null) expect(edit(once, change).bytes).toBe(once)
      }),
      { numRuns: 1000 },
    )
  })

  test('editing back gives the old bytes when the old value is put in the style in which it stood', () => {
    let restored = 0
    fc.assert(
      fc.property(fc.oneof(file, tameFile), value, fc.nat(), (bytes, one, pick) => {
        const entries = [...entriesOf(bytes)]
        const [key, old] = entries[pick % Math.max(1, entries.length)] ?? []
        if (key === undefined || old === undefined) return
        const after = tried(bytes, { [key]: one })
        if (after === null || !comesBack(bytes, after, key)) return
        const back = tried(after, { [key]: old })
        if (back === null) return
        restored += 1
        expect(shown(back)).toBe(shown(bytes))
      }),
      { numRuns: 2000 },
    )
    expect(restored).toBeGreaterThan(50)
  })

  test('what stood bare stands bare again when it is restored over a value that is still bare', () => {
    fc.assert(
      fc.property(text, fc.constantFrom('x', 'postgres://u:p@h/d'), (characters, between) => {
        const before = utf8(`A=1\nKEY=${characters.join('')}\nB=2\n`)
        const old = entriesOf(before).get('KEY')
        const line = shown(before).split('\n')[1] ?? ''
        const found = of(scan(shown(before)).assignments, 'KEY')[0]
        if (old === undefined || old === '' || found?.quote !== '' || found.end - found.start !== line.length) return
        const after = tried(before, { KEY: between })
        if (after === null || of(scan(shown(after)).assignments, 'KEY')[0]?.quote !== '') return
        const bare = decode(shown(before).slice(found.from, found.to)) === old
        if (bare) expect(shown(edit(after, { KEY: old }, { restoring: true }).bytes)).toBe(shown(before))
      }),
      { numRuns: 1000 },
    )
  })

  test('attaching a key and detaching it gives the old bytes, unless an empty line had to go before it', () => {
    fc.assert(
      fc.property(tameFile, value, (bytes, one) => {
        const after = tried(bytes, { NEW: one })
        if (after === null || bytes.length === 0) return
        const back = tried(after, { NEW: null })
        const spaced = /(?:\n|\r\n|\r){2}(?:export )?NEW=/.test(shown(after)) && !/(?:\r?\n){2}$/.test(shown(bytes))
        if (back !== null && !spaced) expect(shown(back)).toBe(shown(bytes))
      }),
      { numRuns: 1000 },
    )
  })

  test('a value of any bytes can be replaced, and written back to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 12, min: 0x7b }), (bytes) => {
        const before = Buffer.concat([raw("A=1\nKEY='"), bytes, raw("'\nB=2\n")])
        const old = entriesOf(before).get('KEY') ?? ''
        const after = edit(before, { KEY: 'x' }).bytes
        expect(shown(after)).toBe("A=1\nKEY='x'\nB=2\n")
        expect(shown(edit(after, { KEY: old }).bytes)).toBe(shown(before))
      }),
      { numRuns: 1000 },
    )
  })
})
