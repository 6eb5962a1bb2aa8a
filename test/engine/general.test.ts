import { describe, expect, test } from 'vitest'
import { GENERAL } from '../../src/domain/checks.ts'
import { AttachError } from '../../src/domain/errors.ts'
import type { Finding } from '../../src/domain/finding.ts'
import type { Identity } from '../../src/domain/handle.ts'
import type { Negotiated } from '../../src/domain/probe.ts'
import type { Survey } from '../../src/domain/survey.ts'
import type { OldTold } from '../../src/engine/compare.ts'
import type { Side, Sides } from '../../src/engine/general/sides.ts'
import { generalFindings, type Heard } from '../../src/engine/general.ts'
import { UNSHOWN } from '../../src/ports/kind.ts'

const TODAY = Date.parse('2026-06-01T00:00:00Z')
const DAY = 86_400_000

interface Of extends Partial<Identity> {
  /** Null: plain text. */
  readonly negotiated?: Negotiated | null
  readonly parameters?: Readonly<Record<string, string>>
  readonly defaults?: string
  readonly dead?: boolean
}

/** A database that is reached as everything should be. */
function side({ negotiated = tls(), parameters = {}, defaults, dead = false, ...identity }: Of = {}): Side {
  const told = { stages: [], totalMs: 1, facts: dead ? {} : { tls: negotiated }, findings: [] }
  return {
    resource: {
      kind: identity.kind ?? 'postgres',
      identity: {
        kind: 'postgres',
        scheme: 'postgres',
        host: 'db1',
        port: 5432,
        name: 'app',
        user: 'app',
        tls: 'verify-full',
        ...identity,
      },
      traits: { parameters: new Map(Object.entries(parameters)), defaultCredentials: defaults ?? null },
    },
    report: dead
      ? { ok: false, ...told, failedAt: 'connect', class: 'transient', code: 'ECONNREFUSED', reason: 'refused', hint: 'start it' }
      : { ok: true, ...told },
  }
}

function tls(more: Partial<Negotiated> & { readonly days?: number } = {}): Negotiated {
  const { days = 90, ...rest } = more
  return { protocol: 'TLSv1.3', cipher: 'x', verified: true, expires: new Date(TODAY + days * DAY).toISOString(), ...rest }
}

const unverified = tls({ verified: false })

const survey = (resource: string, roundTripMs: Survey['roundTripMs'] = { is: 1 }): Survey => ({
  kind: 'postgres',
  takenAt: '2026-06-01T00:00:00Z',
  resource: { is: resource },
  roundTripMs,
  position: { unknown: 'not asked' },
  newest: { unknown: 'not asked' },
  facts: null,
})

const OLD = { host: 'db1' }
const NEXT = { host: 'db2' }

const DEAD: OldTold = { survey: null, silent: 'the old resource failed at connect' }
const tells = (survey: Survey): OldTold => ({ survey, silent: null })

/** What is found of a swap from db1 to db2, both as they should be, but for what is said. */
function findings(next: Of = NEXT, old: Of = OLD, how: Partial<Sides> = {}, heard: Partial<Heard> = {}): readonly Finding[] {
  const sides: Sides = {
    key: 'A',
    next: side({ ...NEXT, ...next }),
    old: side({ ...OLD, ...old }),
    within: false,
    goesBack: false,
    oldTarget: 'fake://h',
    baseline: null,
    ...how,
  }
  return generalFindings(sides, { old: tells(survey('one')), next: survey('two'), elsewhere: null, today: TODAY, ...heard })
}

/** One of them: its severity where something was found, else its status. */
function look(id: string, ...of: Parameters<typeof findings>): string {
  const found = findings(...of).filter((finding) => finding.id === id)
  expect(found).toHaveLength(1)
  const [{ status, severity } = { status: 'none', severity: 'none' }] = found
  return status === 'pass' ? 'pass' : status === 'unknown' ? `unknown, ${severity}` : severity
}

const detail = (id: string, ...of: Parameters<typeof findings>): string =>
  findings(...of).find((finding) => finding.id === id)?.detail ?? ''

const back = { goesBack: true }
const within = { within: true }

describe('every check is answered once, in the order of the table', () => {
  const table = Object.values(GENERAL).map(({ id }) => id)
  test.each([
    ['a swap', findings()],
    ['of an old one that is dead', findings({}, { dead: true }, {}, { old: DEAD })],
    ['of another kind', findings({ kind: 'redis' }, {}, {}, { next: null })],
    ['of one that breaks off', findings({}, {}, {}, { next: new AttachError('PROBE_FAILED', 'it broke off') })],
    ['inside one resource', findings(OLD, OLD, within)],
    ['back', findings({}, {}, back)],
  ])('%s', (_, all) => {
    expect(all.map(({ id }) => id)).toEqual(table)
  })

  test('a swap to a like resource elsewhere passes all of them', () => {
    expect(findings().filter(({ status }) => status !== 'pass')).toEqual([])
  })

  test('a new password, and nothing else, passes all of them, whatever the server is like', () => {
    const same = {
      ...OLD,
      negotiated: tls({ verified: false, days: 90 }),
      tls: 'prefer',
      host: '127.0.0.1',
      parameters: { pool: '5' },
    } as const
    expect(findings(same, same, within, { next: survey('one') }).filter(({ status }) => status !== 'pass')).toEqual([])
  })

  test('a step back is never refused', () => {
    const worse: Of = { host: 'localhost', tls: 'disable', negotiated: null, kind: 'redis', defaults: 'known', parameters: {}, name: '0' }
    const elsewhere = { others: 1, attached: ['staging (A)'], unreadable: [], absent: [] }
    const all = [
      ...findings(worse, { parameters: { pool: '5' } }, back, { elsewhere }),
      ...findings({ negotiated: tls({ days: -3, verified: false }), tls: 'require' }, { tls: 'require' }, back, { next: survey('one') }),
    ]
    expect(all.filter(({ status }) => status === 'fail')).toEqual([])
    expect(all.filter(({ status }) => status === 'warn').length).toBeGreaterThan(6)
  })
})

describe('handle.same_resource', () => {
  const id = 'handle.same_resource'
  test('two handles of one resource are refused; told of when going back', () => {
    expect(look(id, {}, {}, {}, { next: survey('one') })).toBe('error')
    expect(look(id, {}, {}, back, { next: survey('one') })).toBe('info')
    expect(look(id, {}, {}, within, { next: survey('one') })).toBe('pass')
  })

  test('of an old one that is dead it is unknown, but for a baseline', () => {
    expect(look(id, {}, {}, {}, { old: DEAD })).toBe('unknown, error')
    expect(look(id, {}, {}, { baseline: { ...survey('two'), target: 'fake://h' } }, { old: DEAD })).toBe('error')
    expect(look(id, {}, {}, { baseline: { ...survey('zero'), target: 'fake://h' } }, { old: DEAD })).toBe('unknown, error')
  })

  test('what a server does not tell is unknown', () => {
    expect(detail(id, {}, {}, {}, { next: { ...survey(''), resource: { unknown: 'not for you' } } })).toBe('the new one: not for you')
  })
})

describe('handle.localhost', () => {
  const id = 'handle.localhost'
  test.each([
    ['db1', 'db2', 'pass'],
    ['db1', 'localhost', 'error'],
    ['db1', '::1', 'error'],
    ['10.0.0.1', '/run/x.sock', 'error'],
    ['127.0.0.1', 'localhost', 'pass'],
    ['/run/x.sock', '127.0.0.1', 'pass'],
    ['localhost', 'db2', 'pass'],
  ])('from %s to %s: %s', (from, to, what) => {
    expect(look(id, { host: to }, { host: from })).toBe(what)
    expect(look(id, { host: to }, { host: from, dead: true })).toBe(what)
    expect(look(id, { host: to }, { host: from }, back)).toBe(what === 'error' ? 'warn' : what)
  })
})

describe('handle.tls_downgrade', () => {
  const id = 'handle.tls_downgrade'
  test('asking for less is refused, and for more or the same is not', () => {
    const modes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
    for (const [was, old] of modes.entries()) {
      for (const [is, next] of modes.entries()) {
        const what = `${old} to ${next}`
        const negotiated = (mode: string) => (mode === 'disable' ? null : unverified)
        const truth = [
          { tls: next, negotiated: negotiated(next) },
          { tls: old, negotiated: negotiated(old) },
        ] as const
        expect(look(id, ...truth), what).toBe(is < was ? 'error' : 'pass')
        expect(look(id, { tls: next, negotiated: negotiated(next) }, { tls: old, dead: true }), `${what}, dead`).toBe(
          is < was ? 'error' : 'pass',
        )
      }
    }
  })

  test('where both prefer TLS, plain text in the place of TLS is refused, and plain text in the place of plain text is not', () => {
    const prefer = { tls: 'prefer' } as const
    expect(look(id, { ...prefer, negotiated: null }, { ...prefer, negotiated: unverified })).toBe('error')
    expect(look(id, { ...prefer, negotiated: null }, { ...prefer, negotiated: null })).toBe('pass')
    expect(look(id, { ...prefer, negotiated: unverified }, { ...prefer, negotiated: null })).toBe('pass')
    expect(look(id, { ...prefer, negotiated: null }, { ...prefer, dead: true })).toBe('pass')
    expect(look(id, { tls: 'disable', negotiated: null }, { ...prefer, negotiated: null }), 'nothing is lost').toBe('pass')
  })

  test('a certificate that nobody asked to check, and that holds no more, is worth a look', () => {
    const require = { tls: 'require' } as const
    expect(look(id, { ...require, negotiated: unverified }, { ...require, negotiated: tls() })).toBe('warn')
    expect(look(id, { ...require, negotiated: tls() }, { ...require, negotiated: unverified })).toBe('pass')
  })

  test('a socket is no downgrade; what was not told is unknown', () => {
    expect(look(id, { host: '/run/x.sock', tls: 'disable', negotiated: null }, {})).toBe('pass')
    const sides = { key: 'A', next: side(NEXT), old: side(OLD), within: false, goesBack: false, oldTarget: 'fake://h', baseline: null }
    const silent = { ...sides.next, report: { ...sides.next.report, facts: {} } }
    const all = generalFindings({ ...sides, next: silent }, { old: DEAD, next: null, elsewhere: null, today: TODAY })
    expect(all.find((finding) => finding.id === id)?.status).toBe('unknown')
  })

  test('also inside one resource: a parameter that was taken out by hand', () => {
    expect(look(id, { ...OLD, tls: 'disable', negotiated: null }, OLD, within)).toBe('error')
  })
})

describe('tls.expiring', () => {
  const id = 'tls.expiring'
  const at = (days: number, verified = false) => tls({ days, verified })
  test('a month before its end a certificate is worth a look, verified or not', () => {
    for (const verified of [true, false]) {
      expect(look(id, { negotiated: at(30, verified) })).toBe('pass')
      expect(look(id, { negotiated: at(29, verified) })).toBe('warn')
      expect(look(id, { negotiated: at(0, verified) })).toBe('warn')
    }
  })

  test('an expired one is refused where TLS is asked for and the old one was better', () => {
    const next = { tls: 'require', negotiated: at(-1) } as const
    expect(look(id, next, { tls: 'require', negotiated: unverified })).toBe('error')
    expect(look(id, next, { tls: 'require', negotiated: at(-9) }), 'so has the old one').toBe('warn')
    expect(look(id, next, { tls: 'require', dead: true })).toBe('error')
    expect(look(id, { ...next, tls: 'prefer' }, { tls: 'prefer' }), 'plain text would do').toBe('warn')
    expect(look(id, next, next, within), 'the server stays').toBe('warn')
  })

  test('without TLS there is none; one without an end is unknown', () => {
    expect(look(id, { negotiated: null })).toBe('pass')
    const { expires: _, ...endless } = tls()
    expect(look(id, { negotiated: endless })).toBe('unknown, error')
  })
})

describe('handle.params_lost', () => {
  const id = 'handle.params_lost'
  const old = { parameters: { pool: '20', 'options search_path': 'shop', secretive: UNSHOWN } }
  test('what is gone or differs is named with its value; the value of one that nobody knows is not', () => {
    expect(look(id, {}, old)).toBe('warn')
    expect(detail(id, { parameters: { pool: '5' } }, old)).toBe('options search_path=shop is gone, secretive is gone, pool=20 becomes 5')
    expect(look(id, { parameters: { ...old.parameters, more: '1' } }, old)).toBe('pass')
    expect(look(id, {}, { ...old, dead: true })).toBe('warn')
  })

  test('inside one resource another value is meant, and one that is gone was forgotten', () => {
    expect(look(id, { ...OLD, parameters: { ...old.parameters, pool: '5' } }, old, within)).toBe('info')
    expect(look(id, OLD, old, within)).toBe('warn')
    expect(look(id, {}, old, back)).toBe('info')
  })

  test('of many the first are named, and long values are cut', () => {
    const many = Object.fromEntries(Array.from({ length: 15 }, (_, at) => [`p${at}`, 'x'.repeat(500)]))
    const text = detail(id, {}, { parameters: many })
    expect(text).toMatch(/p2=x{40}… is gone and 12 more$/)
    expect(text.length).toBeLessThan(200)
  })

  test('parameters of another kind are not compared', () => {
    expect(look(id, { kind: 'redis' }, old)).toBe('pass')
  })
})

test('handle.default_credentials: worth a look, less so where nothing gets worse', () => {
  const id = 'handle.default_credentials'
  expect(look(id)).toBe('pass')
  expect(look(id, { defaults: 'known' })).toBe('warn')
  expect(look(id, { defaults: 'known', host: 'localhost' }, { host: 'localhost' })).toBe('info')
  expect(look(id, { defaults: 'known' }, { defaults: 'known' })).toBe('info')
  expect(look(id, {}, { defaults: 'known' })).toBe('pass')
})

test('handle.name_changed is told, and stands in nobody’s way', () => {
  const id = 'handle.name_changed'
  expect(look(id, { name: 'other' })).toBe('info')
  expect(detail(id, { name: 'other' })).toBe('the name is app now, and other afterwards')
  expect(look(id)).toBe('pass')
  expect(look(id, { kind: 'redis', name: '0' })).toBe('pass')
})

describe('handle.other_deploy', () => {
  const id = 'handle.other_deploy'
  const elsewhere = { others: 2, attached: [], unreadable: [], absent: [] }
  test('a resource of another deploy is refused; where that is not known it is unknown', () => {
    expect(look(id, {}, {}, {}, { elsewhere })).toBe('pass')
    expect(look(id, {}, {}, {}, { elsewhere: { ...elsewhere, attached: ['staging (A_URL)'], unreadable: ['x'] } })).toBe('error')
    expect(look(id, {}, {}, {}, { elsewhere: { ...elsewhere, unreadable: ['staging (EACCES)'], absent: ['x'] } })).toBe('unknown, error')
    expect(look(id, {}, {}, {}, { elsewhere: { ...elsewhere, absent: ['staging'] } }), 'its config is where it runs').toBe('unknown, info')
  })

  test('what the key leads to already may stay shared', () => {
    expect(look(id, OLD, OLD, within, { elsewhere: { ...elsewhere, attached: ['staging (A_URL)'] } })).toBe('pass')
    expect(look(id, { host: 'DB1.' }, OLD, {}, { elsewhere: { ...elsewhere, attached: ['staging (A_URL)'] } })).toBe('pass')
  })
})

describe('net.latency', () => {
  const id = 'net.latency'
  const at = (old: Survey['roundTripMs'], next: Survey['roundTripMs'], how: Partial<Sides> = {}) =>
    look(id, {}, {}, how, { old: tells(survey('one', old)), next: survey('two', next) })
  test.each([
    [1, 6, 'pass'],
    [1, 11.1, 'warn'],
    [1, 10.9, 'pass'],
    [0.1, 5, 'pass'],
    [10, 30, 'pass'],
    [10, 31, 'warn'],
    [31, 1, 'pass'],
  ])('%d ms to %d ms: %s', (old, next, what) => {
    expect(at({ is: old }, { is: next })).toBe(what)
    expect(at({ is: old }, { is: next }, within)).toBe('pass')
  })

  test('is unknown where one was not measured', () => {
    expect(at({ unknown: 'not measured' }, { is: 1 })).toBe('unknown, warn')
    expect(at({ is: 1 }, { unknown: 'not measured' })).toBe('unknown, warn')
    expect(look(id, {}, {}, {}, { old: DEAD })).toBe('unknown, warn')
  })
})

test('one that breaks off while it is asked is refused, and its kind that cannot be asked is told', () => {
  const id = 'compare.incomplete'
  expect(look(id, {}, {}, {}, { next: new AttachError('PROBE_FAILED', 'it broke off', { hint: 'attach probe' }) })).toBe('error')
  expect(look(id, {}, {}, {}, { next: null })).toBe('unknown, info')
  expect(look(id, { kind: 'redis' }, {}, {}, { next: null })).toBe('pass')
})
