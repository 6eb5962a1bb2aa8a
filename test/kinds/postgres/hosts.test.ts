import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AttachError } from '../../../src/domain/errors.ts'
import { isSameResource, placesOf, sharesServer } from '../../../src/domain/place.ts'
import { Secret } from '../../../src/domain/secret.ts'
import postgres from '../../../src/kinds/postgres/postgres.ts'
import { Unmet, unmet } from '../../../src/kinds/postgres/wanted.ts'
import type { HandleParts } from '../../../src/ports/kind.ts'

const parsed = (handle: string) => postgres.parse(new Secret(handle))
const identity = (handle: string) => postgres.identify(parsed(handle))
const places = (handle: string) => [parsed(handle), ...parsed(handle).others].map(({ place }) => place)

const host = fc.constantFrom('db1', 'db-2.example', '10.0.0.7', '::1', 'fd00::7')
const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: null })
const list = fc.array(fc.record({ host, port }), { minLength: 1, maxLength: 64 })
type List = readonly { readonly host: string; readonly port: number | null }[]

const bracketed = (name: string): string => (name.includes(':') ? `[${name}]` : name)
const inAuthority = (all: List): string => all.map((one) => `${bracketed(one.host)}${one.port === null ? '' : `:${one.port}`}`).join()
const expected = (all: List): readonly string[] => all.map((one) => `${bracketed(one.host)}:${one.port ?? 5432}`)

describe('a handle of PostgreSQL that lists hosts', () => {
  test('is read in its order, each host with its port or the usual one, in the authority and in the query alike', () => {
    fc.assert(
      fc.property(list, (all) => {
        expect(places(`postgres://u:pw@${inAuthority(all)}/x`)).toEqual(expected(all))
        const [hosts, ports] = [all.map((one) => one.host).join(), all.map((one) => one.port ?? '').join()]
        expect(places(`postgres://u:pw@/x?host=${encodeURIComponent(hosts)}&port=${ports}`)).toEqual(expected(all))
      }),
    )
  })

  test('a lone port of the query is that of all hosts', () => {
    fc.assert(
      fc.property(list, fc.integer({ min: 1, max: 65_535 }), (all, one) => {
        expect(places(`postgres://u@${inAuthority(all)}/x?port=${one}`)).toEqual(expected(all.map((each) => ({ ...each, port: one }))))
      }),
    )
  })

  test('as many ports as hosts, or one: any other count is refused, and the handle is not shown', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 2, max: 9 }), (hosts, ports) => {
        fc.pre(hosts !== ports)
        const handle = `postgres://u:Zq8xKv@/x?host=${Array.from({ length: hosts }, (_, at) => `h${at}`).join()}&port=${Array.from({ length: ports }, () => 7).join()}`
        expect(() => parsed(handle)).toThrow(`has ${hosts === 1 ? '1 host' : `${hosts} hosts`} and ${ports} ports`)
      }),
    )
  })

  test('whatever stands between the commas, it is read or refused with a hint, and its password is not told', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ maxLength: 12 }), host), { maxLength: 5 }),
        fc.constantFrom('authority', 'query'),
        (members, where) => {
          const text = members.map(encodeURIComponent).join()
          const handle = where === 'query' ? `postgres://u:Zq8xKv@/x?host=${text}` : `postgres://u:Zq8xKv@${text}/x`
          try {
            expect(places(handle).length).toBeGreaterThan(0)
          } catch (error) {
            if (!(error instanceof AttachError)) throw error
            expect(error.code).toBe('HANDLE_INVALID')
            expect(error.hint).toMatch(/\S{2}/)
            expect(`${error.message}${error.hint}`).not.toContain('Zq8xKv')
          }
        },
      ),
    )
  })

  test('dials the address of hostaddr, and checks the name of the host', () => {
    const { address, host, others } = parsed('postgres://u@h1,h2/x?hostaddr=10.0.0.1,10.0.0.2&port=7')
    expect([address, host]).toEqual([{ host: '10.0.0.1', port: 7 }, 'h1'])
    expect(others).toEqual([{ address: { host: '10.0.0.2', port: 7 }, host: 'h2', place: 'h2:7' }])
  })

  test('leads to each of its servers: it is the same in any order, and shares one with a handle of that one', () => {
    const one = identity('postgres://u@h1,h2:5433/x')
    expect(placesOf(one).map((each) => [each.host, each.port, each.name])).toEqual([
      ['h1', 5432, 'x'],
      ['h2', 5433, 'x'],
    ])
    expect(isSameResource(one, identity('postgres://v@/x?host=H2.,h1&port=5433,5432'))).toBe(true)
    expect(sharesServer(one, identity('postgres://u@h2:5433/x'))).toBe(true)
    expect(sharesServer(one, identity('postgres://u@h2/x')), 'another port').toBe(false)
    expect(sharesServer(one, identity('postgres://u@h2:5433/y')), 'another name').toBe(false)
  })

  test('has no single host to replace; the rest of it is replaced, and every other byte kept', () => {
    const replaced = (handle: string, parts: HandleParts) => postgres.replaceParts(new Secret(handle), parts).reveal()
    const all = 'postgres://u:p@h1,h2:5433/x?target_session_attrs=read-write'
    for (const handle of [all, 'postgres://u:p@/x?host=h1,h2&port=1,2', 'postgres://u:p@h1,h2/x?port=7'])
      for (const parts of [{ host: 'h3' }, { port: '7' }])
        expect(() => replaced(handle, parts)).toThrow('lists several hosts, and which one is meant is not said')
    for (const handle of ['postgres://u:p@h/x', 'postgres://u:p@/x?host=h'])
      expect(() => replaced(handle, { host: 'h1,h2' })).toThrow('would list several hosts')
    expect(replaced(all, { name: 'y', user: 'v', password: new Secret('q') })).toBe(
      'postgres://v:q@h1,h2:5433/y?target_session_attrs=read-write',
    )
  })

  test('stands in no variables that hold one host', () => {
    for (const handle of ['postgres://u@h1,h2/x', 'postgres://u@h1%2Ch2/x'])
      expect(() => postgres.decompose?.(new Secret(handle))).toThrow('lists several hosts, which a host and a port cannot say')
    expect(() => postgres.compose?.(new Map([['host', new Secret('h1,h2')]]))).toThrow('has a host that is no host name')
  })
})

describe('target_session_attrs', () => {
  const primary = { recovering: false, readOnly: false }
  const closed = { recovering: false, readOnly: true }
  const standby = { recovering: true, readOnly: false }

  test.each([
    ['any', null, null, null],
    ['read-write', null, 'is read-only by default', 'is a standby'],
    ['primary', null, null, 'is a standby'],
    ['read-only', 'takes writes', null, null],
    ['standby', 'is no standby', 'is no standby', null],
    ['prefer-standby', 'is no standby', 'is no standby', null],
  ] as const)('%s: a primary, one that is read-only by default, a standby', (wanted, ...whys) => {
    expect([primary, closed, standby].map((one) => unmet(wanted, one)?.why ?? null)).toEqual(whys)
  })

  test('a standby may be promoted, and is transient; the rest stays', () => {
    expect(unmet('read-write', standby)).toBeInstanceOf(Unmet)
    expect(unmet('read-write', standby)?.failure).toMatchObject({ failedAt: 'use', class: 'transient' })
    expect(unmet('read-write', closed)?.failure).toMatchObject({ failedAt: 'use', class: 'permanent' })
    expect(unmet('standby', primary)?.failure).toMatchObject({ failedAt: 'use', class: 'permanent' })
  })
})
