import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Survey } from '../../../../../src/domain/survey.ts'
import { havePostgres, POSTGRES_MAJORS, type PostgresMajor, startPostgres } from '../../../../support/postgres.ts'
import { compared, of, restored, surveyOf, troubles } from './databases.ts'
import { DEFINITIONS } from './definitions.sql.ts'
import { ROLES, SHOP } from './shop.sql.ts'

const HERE = POSTGRES_MAJORS.filter((major) => havePostgres(major))
const surveys = new Map<PostgresMajor, { readonly whole: Survey; readonly damaged: Survey }>()

const surveysOf = (major: PostgresMajor) => {
  const some = surveys.get(major)
  if (some === undefined) throw new Error(`PostgreSQL ${major} was not asked`)
  return some
}

/** What of the content alone is not as it was. */
const contentTroubles = (old: Survey, next: Survey): readonly string[] => {
  const known = ['pg.empty', 'pg.shrunken', 'pg.sequences'].map(
    (id) => new RegExp(`^${id} error unknown: .*(row security hides rows|this role may not read it)`),
  )
  const checks =
    /^pg\.(objects|objects_invalid|empty|shrunken|unlogged|sequences|sequences_behind|owner|grants|default_grants|row_security|migrations|environment|statistics|age) /
  return troubles(compared(old, next)).filter((trouble) => checks.test(trouble) && !known.some((pattern) => pattern.test(trouble)))
}

describe.runIf(HERE.length > 0)('the content of PostgreSQL of each major', () => {
  beforeAll(async () => {
    for (const major of HERE) {
      await using server = await startPostgres({ major, config: ['autovacuum = off'] })
      await server.sql(ROLES)
      await server.sql('CREATE DATABASE shop')
      await server.sql(SHOP, 'shop')
      await server.sql(DEFINITIONS, 'shop')
      await server.sql('ANALYZE', 'shop')
      const handle = server.url({ user: 'app', password: 'pw', database: 'shop' })
      const whole = await surveyOf(handle)
      await server.sql(
        `DROP INDEX orders_once; DELETE FROM users WHERE id % 2 = 0; SELECT setval('big_id_seq', 5); TRUNCATE first_of_two`,
        'shop',
      )
      surveys.set(major, { whole, damaged: await surveyOf(handle) })
    }
  }, 180_000)
  afterAll(() => surveys.clear())

  test.each(HERE)('%i tells everything, and damage is found', (major) => {
    const { whole, damaged } = surveysOf(major)
    expect(contentTroubles(whole, whole)).toEqual([])
    const findings = compared(whole, damaged)
    for (const id of ['pg.objects', 'pg.empty', 'pg.shrunken', 'pg.sequences'])
      expect(of(findings, id), id).toMatchObject({ status: 'fail' })
  })

  test.each(HERE.slice(1).map((major) => [HERE[0] ?? major, major]))('the same from %i to %i is the same', (old, next) => {
    expect(contentTroubles(surveysOf(old).whole, surveysOf(next).whole)).toEqual([])
  })
})

describe.runIf(havePostgres() && havePostgres(14) && havePostgres(18))('a dump of PostgreSQL 14', () => {
  test('restored into 18 is the same', async () => {
    await using old = await startPostgres({ major: 14, config: ['autovacuum = off'] })
    await using next = await startPostgres({ major: 18, config: ['autovacuum = off'] })
    for (const server of [old, next]) await server.sql(ROLES)
    await old.sql('CREATE DATABASE shop')
    await old.sql(SHOP, 'shop')
    await old.sql(DEFINITIONS, 'shop')
    await restored(old, 'shop', 'shop', next)
    await next.sql('ANALYZE', 'shop')
    const [was, is] = await Promise.all(
      [old, next].map((server) => surveyOf(server.url({ user: 'app', password: 'pw', database: 'shop' }))),
    )
    if (was === undefined || is === undefined) throw new Error('two were asked')
    expect(contentTroubles(was, is)).toEqual([])
  })
})
