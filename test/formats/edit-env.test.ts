import { describe, expect, test } from 'vitest'
import { isAttachError } from '../../src/domain/errors.ts'
import { Secret } from '../../src/domain/secret.ts'
import { ENV_BYTES_MAX, editEnv } from '../../src/formats/dotenv.ts'
import { codesOf, edit, edited, entriesOf, keyOf, raw, refusalOf, shown, utf8 } from './env.ts'

const ref = (name: string): string => `$${`{${name}}`}`

describe('values that no style carries are refused, and the message never holds them', () => {
  test.each([
    ['a backslash last', 'hidden\\', 'ends in a backslash'],
    ['a carriage return', 'hidden\r\nx', 'carriage return'],
    ['a NUL', 'hidden\0', 'NUL'],
    ['a single quote and a double quote', `hidden'"`, 'single quote'],
    ['a single quote and a dollar', `hidden'$`, 'single quote'],
    ['a single quote and a backtick', "hidden'`", 'single quote'],
    ['a single quote and a backslash', `hidden'\\x`, 'single quote'],
    ['a command', 'hidden$(id)', 'run as a command'],
    ['its own key', 'hidden$KEY', 'own key'],
    ['its own key in braces', `hidden${ref('KEY')}`, 'own key'],
    ['a key that refers back', 'hidden$LOOP', 'refers back'],
    ['half a character', 'hidden\ud83d', 'half a character'],
    ['bytes that would join to a character', 'hidden\udcc3\udca9', 'half a character'],
  ])('%s', (_, value, reason) => {
    for (const present of ['old', "'old'", '"old"', '`old`', '']) {
      const text = `KEY=${present}\nLOOP=$KEY\n`
      const message = refusalOf(() => edited(text, { KEY: value }))
      expect(message).toMatch(/^KEY: /)
      expect(message).toContain(reason)
      expect(message).not.toContain('hidden')
    }
  })

  test('a name that only begins like the key is no reference, and an escaped dollar is none', () => {
    expect(edited('KEY=x\n', { KEY: 'a$KEYS' })).toBe("KEY='a$KEYS'\n")
    expect(edit(utf8('A="\\$KEY"\nKEY=x\n'), { KEY: 'y' }).following).toEqual([])
  })

  test('a new key must be a variable name; one that stands need not', () => {
    expect(refusalOf(() => edited('A=1\n', { 'my-key': 'x' }))).toMatch(/^my-key: not a variable name/)
    expect(refusalOf(() => edited('A=1\n', { 'A\nB': 'x' }))).toMatch(/^<key>: not a variable name/)
    expect(refusalOf(() => editEnv(utf8('__proto__=1\n'), [{ key: keyOf('__proto__'), after: new Secret('x') }]))).toMatch(
      /^__proto__: not a variable name/,
    )
    expect(edited('my-key=1\n', { 'my-key': 'x' })).toBe('my-key=x\n')
  })

  test('a text that grows over the limit is refused by its size', () => {
    const full = Buffer.concat([utf8('A=1\n#'), Buffer.alloc(ENV_BYTES_MAX - 6, 'c'), utf8('\n')])
    expect(refusalOf(() => edit(full, { B: 'x' }))).toContain('at most 16 MiB')
  })

  test('one key twice in one edit is a bug of the caller', () => {
    const twice = [new Secret('1'), new Secret('2')].map((after) => ({ key: keyOf('A'), after }))
    let thrown: unknown
    try {
      editEnv(utf8(''), twice)
    } catch (error) {
      thrown = error
    }
    expect(isAttachError(thrown, 'BUG')).toBe(true)
  })
})

describe('restoring puts back what stood there', () => {
  test.each([
    ['a backslash last', 'KEY=C:\\\n'],
    ['all quotes', `KEY=it's "so" & $such\n`],
    ['a command', 'KEY=a$(id)b\n'],
    ['a reference to another key', `KEY=${ref('BASE')}/x\n`],
    ['characters that shells read otherwise', 'KEY=postgres://u:p@h/d?a=1&b=2;x\n'],
    ['blanks', 'KEY=a b\n'],
    ['a bare value with a comment', 'KEY=a b # c\n'],
    ['a quoted one', `KEY='a "b" $c'\n`],
    ['a double-quoted one with a single quote', `KEY="it's"\n`],
  ])('%s', (_, before) => {
    const old = entriesOf(utf8(before)).get('KEY') ?? ''
    const between = edited(before, { KEY: 'x' }, { restoring: true })
    expect(edited(between, { KEY: old }, { restoring: true })).toBe(before)
  })

  test('a carriage return, which only an escape between double quotes can hold', () => {
    expect(edited('KEY="x"\n', { KEY: 'a\r\nb' }, { restoring: true })).toBe('KEY="a\\r\\nb"\n')
  })

  test('even then no other key changes', () => {
    expect(refusalOf(() => edited("A='x\nB=1\nKEY=y\nC=2\n", { KEY: '\n\'"`\n' }, { restoring: true }))).toMatch(/^KEY: /)
  })
})

describe('an edit that would change another key for a reader is refused', () => {
  test.each([
    ['a quote that is never closed', "A='x\nB=1\n", { KEY: 'a "b' }, 'never closed'],
    ['a line that swallows the next one', 'FOO:', { KEY: 'x' }, 'Put a "#"'],
    ['a quoted line that a cut would uncover', "A=\nKEY=1\n'x'\n", { KEY: null }, 'Put a "#"'],
    ['a byte order mark that would hide another key', '\ufeffKEY=1\nA=2\n', { KEY: null }, 'byte order mark'],
  ])('%s', (_, text, wanted, hint) => {
    const message = refusalOf(() => edited(text, wanted))
    expect(message).toMatch(/^KEY: cannot be changed in this file without harm/)
    expect(message).toContain(hint)
  })

  test('also in a file of many lines, where the second reader reads a shortened text', () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `PLAIN_${index}=postgres://app@db-${index}:5432/app`).join('\n')
    const text = `A='x\n${lines}\nKEY=1\n${lines.replaceAll('PLAIN', 'LATER')}\n`
    expect(refusalOf(() => edited(text, { KEY: 'a "b' }))).toMatch(/^KEY: cannot be changed/)
    expect(edited(text, { KEY: '2' })).toBe(text.replace('\nKEY=1\n', '\nKEY=2\n'))
  })

  test('another style is taken where the best one would do harm', () => {
    expect(edited('A="x\nKEY=1\n', { KEY: 'a\nb' })).toBe("A=\"x\nKEY='a\nb'\n")
    expect(edited("KEY=1\n'x'\n", { KEY: '' })).toBe("KEY=''\n'x'\n")
  })

  test('what a reader misread before the edit is no reason to refuse', () => {
    expect(edited('\ufeffKEY=1\nA=2\n', { KEY: 'x', A: 'y' })).toBe('\ufeffKEY=x\nA=y\n')
    expect(edited('KEY: 1\nA: 2\n', { KEY: 'x' })).toBe('KEY: x\nA: 2\n')
    expect(edited('junk\nKEY=1\nA=2\n', { KEY: 'x' })).toBe('junk\nKEY=x\nA=2\n')
    expect(edited('A=1\njunk\n', { KEY: 'x' })).toBe('A=1\njunk\nKEY=x\n')
    expect(edited('\tKEY=1\n', { KEY: 'x' })).toBe('\tKEY=x\n')
  })
})

describe('notes name the readers that lose', () => {
  test.each([
    ['quotes over a bare value', 'KEY=x\n', 'a b', ['env.quoted_readers']],
    ['quotes over quotes: nobody new', "KEY='x'\n", 'a b', []],
    ['a bare value over a bare one', 'KEY=x\n', 'y', []],
    ['a new key with quotes', 'A=1\n', 'a b', ['env.quoted_readers']],
    ['a dollar where there was none', "KEY='x'\n", 'a$b', ['env.expanding_readers']],
    ['a dollar where there was one', "KEY='a$c'\n", 'a$b', []],
    ['a digit behind the dollar', "KEY='x'\n", 'a$1', ['env.expanding_readers']],
    ['braces where there was a name', "KEY='$c'\n", `a${ref('b')}`, ['env.expanding_readers']],
    ['a dollar that names nothing', "KEY='x'\n", 'a$', []],
    ['lines where there was one', 'KEY="x"\n', 'a\nb', ['env.multiline_readers']],
    ['two backslashes', "KEY='x'\n", 'a\\\\b', ['env.backslash_readers']],
    ['an equals sign before a quote', "KEY='x'\n", 'a="b"', ['env.php_reader']],
    ['a hash right behind it', 'KEY=x#c\n', 'y', ['env.hash_readers']],
    ['a reference that goes', 'KEY=$A/x\n', 'y', ['env.reference_replaced']],
    ['a file of dotenvx', 'DOTENV_PUBLIC_KEY=1\nKEY=x\n', 'y', ['env.encrypted']],
    ['a value of dotenvx', 'KEY=encrypted:x\n', 'y', ['env.encrypted']],
    ['a byte order mark', '\ufeffA=1\nKEY=x\n', 'y', ['env.bom']],
    ['a line that becomes too long', 'KEY=x\n', 'y'.repeat(65_532), ['env.line_too_long']],
    ['a line just short enough', 'KEY=x\n', 'y'.repeat(65_531), []],
    ['a line that was too long', `KEY=${'x'.repeat(70_000)}\n`, 'y'.repeat(65_532), []],
  ])('%s', (_, text, value, codes) => {
    expect(codesOf(text, { KEY: value })).toEqual(codes)
  })

  test('they name readers and keys, and never a value', () => {
    const { notes } = edit(utf8('KEY=hidden$A\nB=x#hidden\n'), { KEY: 'hidden $C\nhidden="\\\\x', B: 'hidden' })
    expect(notes.length).toBeGreaterThan(4)
    for (const { message, readers } of notes) expect(`${message} ${readers.join(' ')}`).not.toContain('hidden')
  })

  test('an edit that changes nothing, and a detach, say nothing', () => {
    expect(codesOf('\ufeffKEY=x\n', { KEY: 'x' })).toEqual([])
    expect(codesOf("A=1\nKEY='x'\n", { KEY: null })).toEqual([])
  })
})

describe('following', () => {
  test('names keys that refer to a touched key, also through another one, and never a touched one', () => {
    const text = `A=$KEY\nB=${ref('A')}\nC='${ref('KEY:-x')}'\nD=$KEYS\nE=KEY\nKEY=1\nF=$OTHER\nG=$KEY\n`
    expect(edit(utf8(text), { KEY: '2', G: 'x' }).following).toEqual(['A', 'B', 'C'])
    expect(edit(utf8(text), { KEY: null }).following).toEqual(['A', 'B', 'C', 'G'])
  })
})

describe('a file of 100,000 lines', () => {
  const lines = Array.from({ length: 100_000 }, (_, index) => (index % 10 === 0 ? `# ${index}` : `KEY_${index}=value-${index}`))
  const text = lines.join('\n')

  test('is edited in one place, at its end, and shortened by one line', () => {
    expect(edited(text, { KEY_50001: 'x y' })).toBe(text.replace('=value-50001\n', "='x y'\n"))
    expect(edited(text, { NEW: 'x' })).toBe(`${text}\nNEW=x`)
    expect(edited(text, { KEY_50001: null })).toBe(text.replace('KEY_50001=value-50001\n', ''))
    expect(entriesOf(utf8(text)).size).toBe(90_000)
  })

  test('quotes by the thousand, none closed, cost no more than lines', () => {
    const open = Array.from({ length: 20_000 }, (_, index) => `K${index}="\\"`).join('\n')
    const started = performance.now()
    expect(entriesOf(utf8(open)).size).toBe(20_000)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

test('bytes that are no UTF-8 stay as they are, in comments, in other values and in keys that look like none', () => {
  const before = "# \xff\xfe\xc0\nA=\xe9\xa0\nKEY='x' # \xe2\x80\nB\xe9=1\n\xa0C=2\n"
  expect(shown(edit(raw(before), { KEY: 'y é' }).bytes)).toBe(before.replace("'x'", "'y \xc3\xa9'"))
})

test('the bytes given are never written to', () => {
  const given = utf8('KEY=x\n')
  edit(given, { KEY: 'y' })
  expect(given).toEqual(utf8('KEY=x\n'))
})
