import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Key } from '../../src/domain/change.ts'
import { Secret } from '../../src/domain/secret.ts'
import { KINDS } from '../../src/kinds/registry.ts'
import { ownKeys, setOf, setsIn } from '../../src/kinds/variables.ts'

const entriesOf = (values: Readonly<Record<string, string>>): ReadonlyMap<Key, Secret> =>
  new Map(Object.entries(values).map(([key, value]) => [key as Key, new Secret(value)]))
const found = (values: Readonly<Record<string, string>>) =>
  setsIn(entriesOf(values)).map(({ name, kind, keys, missing }) => ({ name, kind, keys: [...keys.values()].toSorted(), missing }))

const ALL = KINDS.flatMap(({ name, variables = [] }) => variables.map((set, at) => ({ kind: name, at, set })))

describe('sets of variables', () => {
  test.each(ALL)('set $at of $kind is found by its usual names, whole', ({ kind, set }) => {
    const told = set.told === undefined ? {} : { [set.told.by]: WORDS.find((word) => set.told?.says.test(word)) ?? '' }
    const values = Object.fromEntries(set.needs.map((part) => [set.parts[part]?.[0] ?? '', 'x']))
    const [first] = setsIn(entriesOf({ ...values, ...told, OTHER: 'x' }))
    expect(first).toMatchObject({ kind, missing: [] })
    expect(ownKeys(first ?? expect.fail('nothing was found')).length).toBeGreaterThan(0)
  })

  test('one that several kinds share is of whom another variable names', () => {
    const db = { DB_HOST: 'h', DB_DATABASE: 'x' }
    expect(found(db)).toEqual([])
    expect(found({ ...db, DB_CONNECTION: 'mysql' })).toMatchObject([{ kind: 'mysql', name: 'DB_HOST' }])
    expect(found({ ...db, DB_CONNECTION: 'pgsql' })).toMatchObject([{ kind: 'postgres', name: 'DB_HOST' }])
    expect(found({ ...db, DB_CONNECTION: 'sqlsrv' })).toEqual([])
  })

  test('what other services use as well tells nothing alone, and belongs to each set', () => {
    const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'c' }
    expect(found(keys)).toEqual([])
    expect(found({ ...keys, S3_BUCKET: 'shop' })).toMatchObject([
      { kind: 's3', missing: [], keys: expect.arrayContaining(['AWS_ACCESS_KEY_ID', 'S3_BUCKET']) },
    ])
  })

  test('one of which a needed part is missing is told, once there is enough of it', () => {
    expect(found({ PGUSER: 'a' })).toEqual([])
    expect(found({ PGUSER: 'a', PGPASSWORD: 'b' })).toEqual([
      { name: 'PGUSER', kind: 'postgres', keys: ['PGPASSWORD', 'PGUSER'], missing: ['host'] },
    ])
    expect(found({ S3_BUCKET: 'shop' })).toMatchObject([{ kind: 's3', name: 'S3_BUCKET' }])
  })

  test('an empty variable holds nothing, and of several names the first that holds something counts', () => {
    expect(found({ PGHOST: '' })).toEqual([])
    expect(found({ MYSQL_HOST: 'h', MYSQL_PORT: '', MYSQL_TCP_PORT: '1' })).toMatchObject([{ keys: ['MYSQL_HOST', 'MYSQL_TCP_PORT'] }])
  })

  test('what attach.yaml names comes first', () => {
    const entries = entriesOf({ PGHOST: 'h', A: '1', B: '2' })
    const named = [{ name: 'SHOP' as Key, kind: 'postgres', keys: { host: 'PGHOST', name: 'A' } }]
    const sets = setsIn(entries, named)
    expect(sets).toMatchObject([{ name: 'SHOP', kind: 'postgres', missing: [] }])
    expect(setOf('A' as Key, sets)?.name).toBe('SHOP')
    expect(setOf('B' as Key, sets)).toBeUndefined()
  })

  test('no variable of its own is in two sets, whatever stands there', () => {
    const names = [
      ...new Set(ALL.flatMap(({ set }) => [...Object.values(set.parts).flat(), ...(set.told === undefined ? [] : [set.told.by])])),
    ]
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...names), { maxLength: 40 }), fc.constantFrom(...WORDS), (keys, word) => {
        const sets = setsIn(entriesOf(Object.fromEntries(keys.map((key) => [key, word]))))
        const own = sets.flatMap((set) => ownKeys(set))
        expect(new Set(own).size).toBe(own.length)
        for (const { keys: held, missing, set } of sets)
          for (const need of set.needs) expect(held.has(need) || missing.includes(need)).toBe(true)
      }),
    )
  })
})

const WORDS = ['mysql', 'pgsql', 'smtp', 'sqlite', 'x']
