import { describe, expect, test } from 'vitest'
import type { KeyedFinding } from '../../src/domain/finding.ts'
import { judge, Unfit } from '../../src/engine/judge.ts'

const finding = (id: string, more: Partial<KeyedFinding> = {}): KeyedFinding => ({
  key: 'A_URL',
  id,
  severity: 'error',
  status: 'fail',
  detail: `${id} found it`,
  ...more,
})

describe('a resource that guards refuse', () => {
  test('is refused with the first reason of each key whole, every id, and what lets it pass', () => {
    const one = new Unfit([finding('pg.a', { remedy: 'mend a' })])
    expect(one.message).toBe('A_URL: pg.a refuses it: pg.a found it; nothing was changed')
    expect(one.hint).toBe('mend a; --allow pg.a goes on all the same')
    const many = new Unfit([finding('pg.a'), finding('pg.b'), finding('pg.c'), finding('pg.a', { key: 'B_URL' })])
    expect(many.message).toBe(
      'A_URL: pg.a refuses it: pg.a found it; so do pg.b, pg.c; B_URL: pg.a refuses it: pg.a found it; nothing was changed',
    )
    expect(many.hint).toBe('--allow pg.a,pg.b,pg.c goes on all the same')
  })

  test('for what is not known says so', () => {
    const unknown = new Unfit([finding('pg.a', { status: 'unknown', detail: 'may not see it' })])
    expect(unknown.message).toBe('A_URL: pg.a refuses it, for it is not known (may not see it); nothing was changed')
  })
})

test('what is let pass by name does not block, and is remembered only where it would have', () => {
  const findings = [
    finding('pg.a'),
    finding('pg.b', { severity: 'warn', status: 'warn' }),
    finding('pg.c', { severity: 'info', status: 'unknown' }),
  ]
  const ids = (some: readonly KeyedFinding[]): readonly string[] => some.map(({ id }) => id)
  const usual = judge(findings, { allowed: ['pg.b'], strictness: 'usual' })
  expect([ids(usual.blocking), usual.letPass]).toEqual([['pg.a'], []])
  const strict = judge(findings, { allowed: ['pg.b'], strictness: 'strict' })
  expect([ids(strict.blocking), strict.letPass]).toEqual([['pg.a'], ['pg.b']])
})
