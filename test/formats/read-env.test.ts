import { describe, expect, test } from 'vitest'
import { ENV_BYTES_MAX, isEnvName, readEnv } from '../../src/formats/dotenv.ts'
import { keyOf, raw, refusalOf, utf8 } from './env.ts'

const read = (text: string): Record<string, string> =>
  Object.fromEntries([...readEnv(utf8(text)).entries].map(([key, value]) => [key, value.reveal()]))

describe('a .env text is read as dotenv reads it', () => {
  test.each<readonly [string, string, Record<string, string>]>([
    ['nothing', '', {}],
    ['a byte order mark alone', '\ufeff', {}],
    ['a bare value', 'A=1', { A: '1' }],
    ['an empty value', 'A=\nB= \nC= # c\nD=""\n', { A: '', B: '', C: '', D: '' }],
    ['blanks round it', '  A =  1  \n\tB\t=\t2\t', { A: '1', B: '2' }],
    ['export', 'export A=1\nexport\tB=2\nexport=3', { A: '1', B: '2', export: '3' }],
    ['a colon', 'A: 1\nB:2\nC : 3', { A: '1' }],
    ['the last duplicate', 'A=1\nA=2', { A: '2' }],
    ['a comment at any #', 'A=1#c\nB="1#c"\nC=#c\n#D=1', { A: '1', B: '1#c', C: '' }],
    ['escapes between double quotes only', `A="x\\ny\\r"\nB='x\\ny'\nC=x\\ny`, { A: 'x\ny\r', B: 'x\\ny', C: 'x\\ny' }],
    ['a backslash that keeps its quote', `A="x\\"y"`, { A: 'x\\"y' }],
    ['lines between quotes', 'A="1\n2"\nB=`3\n4`', { A: '1\n2', B: '3\n4' }],
    ['CRLF as LF between quotes', 'A="1\r\n2"\r\nB=3\r\n', { A: '1\n2', B: '3' }],
    ['a quote without a partner', `A="1\nB='2`, { A: '"1', B: "'2" }],
    ['text behind a closing quote', `A='1' 2\nB='1' '2'`, { A: "'1' 2", B: "1' '2" }],
    ['an equals sign on the next line', 'A\n=1', { A: '1' }],
    ['a quoted value on the next line', "A=\n'1'", { A: '1' }],
    ['the line behind a colon that ends one', 'A:\nB=1', { A: 'B=1' }],
    ['U+2028 as a line end for keys and as a character of values', 'A=1\u2028B=2\n# c\u2028C=3', { A: '1\u2028B=2', C: '3' }],
    ['U+00A0 as a blank', '\u00a0A\u00a0=\u00a01\u00a0', { A: '1' }],
    ['a lone CR as a line end', 'A=1\rB=2', { A: '1', B: '2' }],
    ['keys with a point, a hyphen, a digit first', 'a.b=1\nc-d=2\n1=3', { 'a.b': '1', 'c-d': '2', '1': '3' }],
    ['no key that an object cannot show', '__proto__=1\nconstructor=2', { constructor: '2' }],
    ['letters of all scripts', 'A=päß-日本-🔑 # ü', { A: 'päß-日本-🔑' }],
  ])('%s', (_, text, entries) => {
    expect(read(text)).toEqual(entries)
  })

  test('byte order mark, CRLF and duplicates are told', () => {
    const { bom, crlf, duplicates } = readEnv(utf8('\ufeffA=1\r\nB=2\r\nA=3\nC=4\r\n'))
    expect({ bom, crlf, duplicates }).toEqual({ bom: true, crlf: true, duplicates: ['A'] })
    const plain = readEnv(utf8('A=1\nB=2\n'))
    expect({ bom: plain.bom, crlf: plain.crlf, duplicates: plain.duplicates }).toEqual({ bom: false, crlf: false, duplicates: [] })
  })

  test('a byte that is not UTF-8 is a lone surrogate, so that no two values look the same', () => {
    const { entries } = readEnv(raw('A=p\xe9\nB=p\xff\nC=\xc3\xa9\xe2\x82\n'))
    expect(['A', 'B', 'C'].map((key) => entries.get(keyOf(key))?.reveal())).toEqual(['p\udce9', 'p\udcff', 'é\udce2\udc82'])
  })

  test('values print as secrets', () => {
    expect(JSON.stringify([...readEnv(utf8('A=hidden')).entries])).not.toContain('hidden')
  })
})

describe('what is no .env text is refused', () => {
  test.each([
    ['UTF-16 little endian', '\xff\xfeA\0=\x001\0', 'UTF-16'],
    ['UTF-16 big endian', '\xfe\xff\0A\0=\x001', 'UTF-16'],
    ['UTF-32 little endian', '\xff\xfe\0\0A\0\0\0', 'UTF-32'],
    ['UTF-32 big endian', '\0\0\xfe\xff\0\0\0A', 'UTF-32'],
    ['a NUL byte', 'A=hidden\0\n', 'NUL byte at byte 9'],
  ])('%s', (_, text, reason) => {
    const message = refusalOf(() => readEnv(raw(text)))
    expect(message).toContain(reason)
    expect(message).not.toContain('hidden')
  })

  test('a text over the limit, by its size', () => {
    expect(refusalOf(() => readEnv(Buffer.alloc(ENV_BYTES_MAX + 1, 'A=1\n')))).toContain('16.0 MiB (16777217 bytes)')
    expect(readEnv(Buffer.alloc(ENV_BYTES_MAX, '#')).entries.size).toBe(0)
  })
})

test('a name for a new variable is letters, digits and underscores, not starting with a digit', () => {
  for (const name of ['A', '_', 'DATABASE_URL', 'a1']) expect(isEnvName(name)).toBe(true)
  for (const name of ['', '1A', 'my-key', 'a.b', 'A=B', 'A ', 'É', 'A\n', '__proto__']) expect(isEnvName(name)).toBe(false)
})
