import { describe, expect, test } from 'vitest'
import type { Key } from '../../src/domain/change.ts'
import { Secret } from '../../src/domain/secret.ts'
import type { Survey } from '../../src/domain/survey.ts'
import { expectBaselinesMeant } from '../../src/engine/baselines.ts'
import type { OldTold } from '../../src/engine/compare.ts'
import { generalFindings } from '../../src/engine/general.ts'
import type { Recognised } from '../../src/engine/recognise.ts'
import type { Resource } from '../../src/ports/kind.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

const survey = (takenAgoMs: number, kind = 'postgres'): Survey => ({
  kind,
  takenAt: new Date(NOW - takenAgoMs).toISOString(),
  resource: { is: 'one' },
  roundTripMs: { unknown: 'not measured' },
  position: { unknown: 'not asked' },
  newest: { unknown: 'not asked' },
  facts: {},
})

const resource = (kind: string): Resource => ({
  kind,
  identity: { kind, scheme: kind, host: 'h', tls: 'disable' },
  depth: 'use',
  remarks: [],
  traits: { parameters: new Map(), defaultCredentials: null },
  probe: () => expect.fail('nothing is contacted'),
  open: () => expect.fail('nothing is contacted'),
  guards: null,
})

const report = { ok: true, stages: [], totalMs: 1, facts: {}, findings: [] } as const
const KEY = 'A_URL' as Key
const asked = (side: 'old' | 'new') => ({ key: KEY, side, resource: resource('postgres'), report, session: null })
const pair = (baseline: Survey | null, target = 'fake://h') => ({
  key: KEY,
  next: asked('new'),
  old: asked('old'),
  within: false,
  goesBack: false,
  oldTarget: 'fake://h',
  baseline: baseline === null ? null : { ...baseline, target },
})

const DEAD = { survey: null, silent: 'the old resource failed at connect' } as const

function baselineFinding(baseline: Survey | null, old: OldTold, target = 'fake://h') {
  const found = generalFindings(pair(baseline, target), { old, next: survey(0), elsewhere: null, today: NOW }).filter(
    ({ id }) => id === 'compare.baseline',
  )
  expect(found).toHaveLength(1)
  return found[0]
}

describe('who speaks for the old resource is always told', () => {
  test('itself', () => {
    expect(baselineFinding(null, { survey: survey(0), silent: null })).toMatchObject({ status: 'pass' })
  })

  test('nobody: that is unknown, and no more than worth knowing', () => {
    const finding = baselineFinding(null, DEAD)
    expect(finding).toMatchObject({ status: 'unknown', severity: 'info' })
    expect(finding?.detail).toBe('the old resource failed at connect, and no baseline speaks for it')
    expect(finding?.remedy).toMatch(/--baseline FILE.*attach compare A_URL --save FILE/)
  })

  test.each([
    [10_000, 'info', /taken less than a minute ago$/],
    [5 * MINUTE, 'info', /taken 5 min ago$/],
    [3.5 * 60 * MINUTE, 'info', /taken 3 h ago$/],
    [7 * DAY, 'info', /taken 7 days ago$/],
    [7 * DAY + 1, 'warn', /taken 7 days ago: much may have changed since$/],
    [40 * DAY, 'warn', /taken 40 days ago/],
    [-5_000, 'info', /taken less than a minute ago$/],
    [-DAY, 'warn', /from the future/],
  ] as const)('a baseline of %i ms ago is %s', (ago, severity, detail) => {
    for (const old of [DEAD, { survey: survey(0), silent: null } as const]) {
      const finding = baselineFinding(survey(ago), old)
      expect(finding).toMatchObject({ status: 'warn', severity })
      expect(finding?.detail).toMatch(detail)
    }
  })

  test('one of another place is told as such, and does not make two resources one', () => {
    expect(baselineFinding(survey(0), DEAD, 'fake://app@h')).toMatchObject({ severity: 'info' })
    expect(baselineFinding(survey(0), DEAD, 'fake://staging')).toMatchObject({
      severity: 'warn',
      detail: expect.stringMatching(/^a baseline of fake:\/\/staging .*; what stands there now leads to fake:\/\/h: another place$/),
    })
    const heard = { old: DEAD, next: survey(0), elsewhere: null, today: NOW }
    const same = generalFindings(pair(survey(0), 'fake://staging'), heard).find(({ id }) => id === 'handle.same_resource')
    expect(same).toMatchObject({ status: 'unknown' })
  })

  test('a dead resource is not said to be another one', () => {
    const heard = {
      old: DEAD,
      next: { ...survey(0), resource: { is: 'another, or the same after a restart' } },
      elsewhere: null,
      today: NOW,
    }
    const same = generalFindings(pair(survey(0)), heard).find(({ id }) => id === 'handle.same_resource')
    expect(same).toMatchObject({ status: 'unknown', detail: 'the old resource failed at connect' })
  })
})

describe('a baseline that would say nothing is refused', () => {
  const recognised = (old: string | null, next: string | null): readonly Recognised[] => [
    {
      change: { key: KEY, before: new Secret('x'), after: new Secret('y') },
      old: old === null ? null : resource(old),
      next: next === null ? null : resource(next),
    },
  ]
  const of = (key: string, kind = 'postgres') => new Map([[key as Key, { ...survey(0, kind), target: 'fake://h' }]])

  test.each([
    ['of another key', of('B_URL'), recognised('postgres', 'postgres'), /expected a baseline of A_URL, found one of B_URL/],
    ['of a key that is only detached', of('A_URL'), recognised('postgres', null), /expected a baseline of a key that is attached/],
    [
      'of another kind than the old one',
      of('A_URL', 'redis'),
      recognised('postgres', 'redis'),
      /under A_URL now is postgres, and the baseline is of redis/,
    ],
    [
      'of another kind than the new one',
      of('A_URL'),
      recognised('postgres', 'redis'),
      /to stand under A_URL is redis, and the baseline is of postgres/,
    ],
    ['of what cannot be read any more', of('A_URL'), recognised(null, 'postgres'), /of no kind that can be read/],
  ])('%s', (_, baselines, plan, message) => {
    expect(() => expectBaselinesMeant(baselines, plan)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringMatching(message) }),
    )
  })

  test('and one that is meant is not', () => {
    expect(() => expectBaselinesMeant(of('A_URL'), recognised('postgres', 'postgres'))).not.toThrow()
    expect(() => expectBaselinesMeant(new Map(), recognised(null, null))).not.toThrow()
  })
})
