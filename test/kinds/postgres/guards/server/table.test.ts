import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { SERVER } from '../../../../../src/kinds/postgres/guards/server/checks.ts'
import { serverSchema } from '../../../../../src/kinds/postgres/guards/server/survey.ts'
import { copied, oldFacts, restored, silentFacts, standby } from './facts.ts'
import { comparedFacts } from './surveyed.ts'

const IDS = Object.values(SERVER).map(({ id }) => id)
/** What the new one tells by itself. */
const OF_THE_NEW = ['pg.recovery', 'pg.read_only', 'pg.subscription', 'pg.wraparound']

describe('the checks of a server', () => {
  test('bear the ids that runbooks name', () => {
    expect(IDS).toEqual([
      'pg.recovery',
      'pg.read_only',
      'pg.identity',
      'pg.version',
      'pg.encoding',
      'pg.locale',
      'pg.collation',
      'pg.extensions',
      'pg.settings',
      'pg.role',
      'pg.capacity',
      'pg.pooler',
      'pg.prepared_left',
      'pg.slots_left',
      'pg.two_phase',
      'pg.subscription',
      'pg.missing_transactions',
      'pg.wraparound',
      'pg.size',
    ])
  })

  test.each([
    ['a restored copy', oldFacts(), restored()],
    ['a physical copy', oldFacts(), copied()],
    ['a standby', oldFacts(), standby()],
    ['the old one silent', null, restored()],
    ['nothing told by either', silentFacts('not told'), silentFacts('not told')],
  ])('give one finding each, in their order: %s', (_, old, next) => {
    expect(comparedFacts(old, next).map(({ id }) => id)).toEqual(IDS)
  })

  test('find nothing amiss with a faithful restored copy', () => {
    expect(comparedFacts(oldFacts(), restored()).filter(({ status }) => status !== 'pass')).toEqual([])
  })

  test('need the old one, or say that it did not answer, with their own severity', () => {
    const findings = comparedFacts(null, restored(), { oldSilent: 'the old resource failed at connect' })
    for (const { id, status, severity, detail } of findings) {
      if (OF_THE_NEW.includes(id)) expect(status, id).toBe('pass')
      else {
        expect([id, status, detail]).toEqual([id, 'unknown', 'the old resource failed at connect'])
        expect(severity).toBe(Object.values(SERVER).find((check) => check.id === id)?.severity)
      }
    }
  })

  test.each(Object.keys(oldFacts()))('make no pass of %s when the new one does not tell it, where it counts', (fact) => {
    const findings = comparedFacts(oldFacts(), { ...copied(), [fact]: { unknown: 'not told' } })
    expect(findings.some(({ status, severity }) => status === 'fail' && severity === 'error')).toBe(false)
    const counts = !['timeline', 'available', 'slots', 'publications', 'database', 'forks'].includes(fact)
    expect(findings.some(({ status, detail }) => status === 'unknown' && detail === 'the new one: not told')).toBe(counts)
  })

  test('pass nothing when nobody tells anything', () => {
    const statuses = comparedFacts(silentFacts('not told'), silentFacts('not told')).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set(['unknown']))
  })

  test('keep their facts as a baseline', () => {
    for (const facts of [oldFacts(), silentFacts('not told')])
      expect(serverSchema(z).parse(JSON.parse(JSON.stringify(facts)))).toEqual(facts)
    expect(() => serverSchema(z).parse({ ...oldFacts(), version: { is: 'fifteen' } })).toThrow()
    expect(() => serverSchema(z).parse({ ...oldFacts(), more: { is: 1 } })).toThrow()
  })
})
