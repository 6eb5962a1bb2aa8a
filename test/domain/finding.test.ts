import { describe, expect, test } from 'vitest'
import { blocks, type Check, found, passed, SEVERITIES, type Severity, unknown, weighed } from '../../src/domain/finding.ts'

const check = (severity: Severity): Check => ({ id: 'pg.some', severity, cost: 'free', about: 'Some.' })
const weights = (severity: Severity) => new Map([['pg.some', severity]])

describe('what attach.yaml makes of a check', () => {
  test.each(SEVERITIES)('a %s weighed down to info stands in nobody’s way, also not with --strict', (severity) => {
    for (const finding of [found(check(severity), 'x'), unknown(check(severity), 'x'), passed(check(severity), 'x')]) {
      const light = weighed(finding, weights('info'))
      expect(light).toMatchObject({ id: 'pg.some', severity: 'info' })
      expect([blocks(light, 'usual'), blocks(light, 'strict')]).toEqual([false, false])
    }
  })

  test.each(SEVERITIES)('a %s weighed up to error stands in the way, and one that could not be asked only with --strict', (severity) => {
    expect(blocks(weighed(found(check(severity), 'x'), weights('error')), 'usual')).toBe(true)
    const untold = weighed(unknown(check(severity), 'x'), weights('error'))
    expect(untold.status).toBe('unknown')
    expect([blocks(untold, 'usual'), blocks(untold, 'strict')]).toEqual([false, true])
  })

  test('what weighs less than its check for a reason of its own is lowered further, and not raised', () => {
    const light = found(check('error'), 'x', { severity: 'warn' })
    expect(light).toMatchObject({ severity: 'warn', status: 'warn', lowered: true })
    expect(weighed(light, weights('error'))).toBe(light)
    expect(weighed(light, weights('info'))).toMatchObject({ severity: 'info' })
    expect(found(check('warn'), 'x', { severity: 'error' })).not.toHaveProperty('lowered')
  })

  test('a pass stays a pass, and other checks stay as they are', () => {
    expect(weighed(passed(check('info'), 'x'), weights('error')).status).toBe('pass')
    const other = found(check('error'), 'x')
    expect(weighed(other, new Map([['pg.other', 'info']]))).toBe(other)
  })
})
