import { readdirSync, readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AttachError } from '../../src/domain/errors.ts'
import { Secret } from '../../src/domain/secret.ts'
import opaque from '../../src/kinds/opaque.ts'
import { KINDS, type KindRow, kindNamed, recognise, rowOfScheme, schemeOf } from '../../src/kinds/registry.ts'
import { WEB_APIS } from '../../src/kinds/web-api/rows.ts'
import { PROBE_LIMITS } from '../../src/ports/kind.ts'

const of = (text: string, { asked = null, was = null }: { readonly asked?: string | null; readonly was?: string | null } = {}): string =>
  recognise(new Secret(text), { asked, was: was === null ? null : new Secret(was) }).name

const refusal = (text: string, hints: Parameters<typeof of>[1] = {}): AttachError => {
  try {
    of(text, hints)
  } catch (error) {
    if (error instanceof AttachError) return error
    throw error
  }
  throw new Error('it was recognised')
}

describe('the table of kinds', () => {
  test.each(KINDS)('the row of $name says what its file declares', async (row) => {
    const kind = await row.load()
    expect({ name: kind.name, schemes: kind.schemes, usualKey: kind.usualKey }).toEqual({
      name: row.name,
      schemes: row.schemes,
      usualKey: row.usualKey,
    })
  })

  test('every file with a default export has its row', () => {
    const folder = resolve(import.meta.dirname, '../../src/kinds')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
    const kinds = files.filter((file) => /^export default\b/m.test(readFileSync(resolve(folder, file), 'utf8')))
    const recipes = WEB_APIS.map(({ name }) => name) // Of one file.
    expect(kinds.map((file) => basename(file, '.ts')).sort()).toEqual(
      KINDS.map(({ name }) => name)
        .filter((name) => !recipes.includes(name))
        .sort(),
    )
  })

  test('no scheme stands in two rows, and all are lower case', () => {
    const all = KINDS.flatMap(({ schemes }) => schemes)
    expect(new Set(all).size).toBe(all.length)
    expect(all).toEqual(all.map((scheme) => scheme.toLowerCase()))
  })
})

describe('recognition', () => {
  test('what is asked for wins over everything', () => {
    expect(of('redis://h', { asked: 'postgres', was: 'redis://h' })).toBe('postgres')
    expect(of('', { asked: 'opaque' })).toBe('opaque')
  })

  test('a kind that does not exist is USAGE, and the hint names those that do', () => {
    expect(refusal('redis://h', { asked: 'nope' })).toMatchObject({
      code: 'USAGE',
      hint: `the kinds are ${KINDS.map(({ name }) => name).join(', ')}`,
    })
    expect(() => kindNamed('nope')).toThrow(AttachError)
  })

  test('the scheme decides, in any case of letters', () => {
    expect(of('POSTGRES://h/x')).toBe('postgres')
    expect(of('rediss://h', { was: 'postgres://h' })).toBe('redis')
    expect(of('jdbc:mysql://h/x')).toBe('mysql')
    expect(of('JDBC:MariaDB://h/x', { was: 'postgres://h' })).toBe('mysql')
    expect(rowOfScheme('PostgreSQL')?.name).toBe('postgres')
    expect(rowOfScheme('gopher')).toBeUndefined()
  })

  test.each([
    'sqlite:x.db',
    'sqlite3:db/x.sqlite3',
    'file:./dev.db',
    'SQLITE:/srv/x.db',
    'sqlite::memory:',
    'file://host/x.db',
    'sqlite:///x',
  ])('a scheme of files needs no slashes behind it: %s', (text) => {
    expect(of(text)).toBe('sqlite')
  })

  test.each(['mysql:x', 'postgres:x', 'jdbc:sqlite:/x', 'C:/x.db', 'sqlite', 'my-sqlite:x', ':memory:', 'a file:x'])(
    '%s has none',
    (text) => {
      expect(schemeOf(text)).toBeNull()
    },
  )

  test('a host that tells the kind wins over the scheme', () => {
    const row: KindRow = {
      name: 'api',
      schemes: [],
      hosts: [/^api\.example\.test$/],
      usualKey: 'API',
      checks: [],
      load: async () => opaque,
    }
    const found = (text: string) => recognise(new Secret(text), { asked: null, was: null }, [row, ...KINDS]).name
    expect(found('https://u:p@API.example.test:8443/v1')).toBe('api')
    expect(found('https://u:api.example.test@other.example/')).toBe('http')
  })

  test.each([
    ['http://u:p@h:5984/shop', 'couchdb'],
    ['HTTPS://[::1]:6984/shop', 'couchdb'],
    ['https://acct.cloudant.com/shop', 'couchdb'],
    ['https://u:p@x.cloudantnosqldb.appdomain.cloud', 'couchdb'],
    ['http://u:p@h/5984', 'http'],
    ['https://h:5985/:5984', 'http'],
    ['https://u:5984@h/x', 'http'],
    ['postgres://u:p@h:5984/x', 'postgres'],
    ['redis://h:6984', 'redis'],
  ])('a port tells the kind of a web address, and of nothing else: %s', (text, kind) => {
    expect(of(text)).toBe(kind)
  })

  test('a host wins over a port', () => {
    const api: KindRow = { name: 'api', schemes: [], hosts: [/^api\.test$/], usualKey: 'API', checks: [], load: async () => opaque }
    const found = (text: string) => recognise(new Secret(text), { asked: null, was: null }, [...KINDS, api]).name
    expect(found('http://api.test:5984/x')).toBe('api')
    expect(found('http://other.test:5984/x')).toBe('couchdb')
  })

  test('what nothing recognises is what the key already was', () => {
    expect(of('tok_2', { was: 'tok_1' })).toBe('opaque')
    expect(of('gopher://h/x', { was: 'gopher://g/x' })).toBe('opaque')
    expect(of('host=h dbname=x', { was: 'postgres://h/x' })).toBe('postgres')
    expect(refusal('gopher://h/x', { was: 'postgres://h/x' }).code).toBe('HANDLE_INVALID')
    expect(refusal('tok_2', { was: '' }).code).toBe('HANDLE_INVALID')
  })

  test.each([
    [':memory:', 'is a database in memory: it ends with the process, and there is nothing to attach'],
    ['C:/Zq8xKv.db', 'has no scheme'],
    ['gopher://Zq8xKv@h', 'has a scheme that attach does not know'],
    ['Zq8xKv', 'has no scheme'],
    ['', 'is empty'],
    ['jdbc:postgresql://h/x?password=Zq8xKv', 'begins with jdbc:, which only Java reads'],
    ['postgres:/u:Zq8xKv@h/x', 'has no // after its scheme'],
    ['"postgres://u:Zq8xKv@h/x"', 'stands in quotes'],
  ])('%j is of no kind, and is told what it lacks', (text, what) => {
    const error = refusal(text)
    expect(error).toMatchObject({ code: 'HANDLE_INVALID', message: `the handle ${what}` })
    expect(error.hint).toContain('--kind opaque')
    expect(`${error.message}${error.hint}`).not.toContain('Zq8xKv')
  })
})

test('opaque takes any text, shows nothing of it, and contacts nothing', async () => {
  for (const text of ['', 'sk_live_Zq8xKv', '\u0000\n', 'mysql://u:p@127.0.0.1:1/x']) {
    const resource = opaque.parse(new Secret(text))
    expect(JSON.stringify([resource, opaque.identify(resource), opaque.remarks(resource)])).not.toContain('Zq8')
    const report = await opaque.probe(resource, {
      signal: AbortSignal.timeout(1_000),
      depth: 'use',
      limits: PROBE_LIMITS,
      now: () => performance.now(),
      today: Date.now,
    })
    expect(report).toMatchObject({ ok: true, stages: [], findings: [{ id: 'opaque.unprobed', status: 'unknown' }] })
  }
  expect(opaque.depth).toBeNull()
})
