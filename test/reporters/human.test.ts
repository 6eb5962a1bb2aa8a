import { describe, expect, test } from 'vitest'
import type { Finding } from '../../src/domain/finding.ts'
import { eventText } from '../../src/reporters/human.ts'
import { PLAIN } from '../../src/reporters/paint.ts'

const finding = (id: string, status: Finding['status'], more: Partial<Finding> = {}): Finding => ({
  id,
  severity: status === 'fail' ? 'error' : 'warn',
  status,
  detail: `what ${id} found`,
  ...more,
})

const said = (findings: readonly Finding[], detail: 'usual' | 'more' = 'usual', compared = true): string =>
  eventText({ type: 'judged', key: 'A_URL', findings, compared }, { paint: PLAIN, detail, options: [] })

const dead = ['pg.a', 'pg.b', 'pg.c', 'pg.d', 'pg.e'].map((id) => finding(id, 'unknown', { detail: 'the old resource failed at connect' }))

describe('what was found out about a resource', () => {
  test('is one line each, what to do about it below, and a line that counts', () => {
    const findings = [
      finding('pg.one', 'pass', { remedy: 'nothing' }),
      finding('pg.two', 'fail', { remedy: 'SELECT pg_promote()' }),
      finding('pg.three', 'warn'),
      finding('pg.four', 'unknown', { remedy: 'GRANT it' }),
      finding('pg.five', 'warn', { severity: 'info' }),
    ]
    expect(said(findings)).toBe(
      [
        '  ✗ pg.two  what pg.two found',
        '      SELECT pg_promote()',
        '  ! pg.three  what pg.three found',
        '  ? pg.four  what pg.four found',
        '      GRANT it',
        '  i pg.five  what pg.five found',
        '  guards 5 checks of A_URL: 1 refuses, 1 to look at, 1 not known, 1 note',
        '',
      ].join('\n'),
    )
    expect(said(findings, 'more')).toMatch(/^ {2}✓ pg\.one {2}what pg\.one found\n {2}✗/)
  })

  test('that passes is one line in all', () => {
    expect(said([finding('pg.one', 'pass'), finding('pg.two', 'pass')])).toBe('  guards 2 checks of A_URL: all pass\n')
  })

  test('tells many that are unknown for one reason once, and each of them with -v', () => {
    const other = finding('pg.f', 'unknown')
    expect(said([...dead.slice(0, 3), other, ...dead.slice(3)])).toBe(
      [
        '  ? 5 checks  the old resource failed at connect',
        '      pg.a, pg.b, pg.c and 2 more',
        '  ? pg.f  what pg.f found',
        '  guards 6 checks of A_URL: 6 not known',
        '',
      ].join('\n'),
    )
    expect(said(dead, 'more').match(/^ {2}\? pg\.[a-e] /gm)).toHaveLength(5)
    expect(said(dead.slice(0, 2)).match(/^ {2}\? pg\.[ab] /gm)).toHaveLength(2)
  })

  test('names the key in each line where nothing was compared, and counts nothing', () => {
    expect(said([finding('tls.plain', 'warn')], 'usual', false)).toBe('  ! tls.plain  what tls.plain found (A_URL)\n')
    const event = { type: 'found', key: 'A_URL', finding: finding('tls.plain', 'warn', { remedy: 'x' }) } as const
    expect(eventText(event, { paint: PLAIN, detail: 'usual', options: [] })).toBe('  ! tls.plain  what tls.plain found (A_URL)\n      x\n')
  })
})
