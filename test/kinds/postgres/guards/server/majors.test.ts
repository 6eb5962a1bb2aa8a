import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Survey } from '../../../../../src/domain/survey.ts'
import { guards } from '../../../../../src/kinds/postgres/guards/guards.ts'
import { havePostgres, POSTGRES_MAJORS, type PostgresMajor, startPostgres } from '../../../../support/postgres.ts'
import { compared, noted, serverOf, surveyed, untoldOf } from './surveyed.ts'

const HERE = POSTGRES_MAJORS.filter((major) => havePostgres(major))
const app = { user: 'app', password: 'app-pw', database: 'shop' }
const surveys = new Map<PostgresMajor, Survey>()

const of = (major: PostgresMajor): Survey => {
  const survey = surveys.get(major)
  if (survey === undefined) throw new Error(`PostgreSQL ${major} was not asked`)
  return survey
}

describe.runIf(HERE.length > 0)('PostgreSQL of each major, asked by a plain role', () => {
  beforeAll(async () => {
    for (const major of HERE) {
      await using server = await startPostgres({
        major,
        config: [...(major >= 16 ? ['reserved_connections = 5'] : []), `timezone = 'UTC'`],
      })
      await server.sql(`CREATE ROLE app LOGIN PASSWORD 'app-pw'`)
      await server.sql('CREATE DATABASE shop OWNER app')
      surveys.set(major, await surveyed(server.url(app)))
    }
  }, 180_000)
  afterAll(() => surveys.clear())

  test.each(HERE)('%i tells everything', (major) => {
    const survey = of(major)
    expect(untoldOf(survey)).toEqual([])
    expect(survey).toMatchObject({
      resource: { is: expect.any(String) },
      roundTripMs: { is: expect.any(Number) },
      position: { is: { unit: 'bytes of WAL' } },
    })
    const { version, locale, connections, settings, inRecovery, readOnly } = serverOf(survey)
    expect(version).toMatchObject({ is: expect.toSatisfy((is: number) => Math.floor(is / 10_000) === major) })
    expect(locale).toEqual({ is: { provider: 'c', collate: 'C', ctype: 'C', name: null, rules: null } })
    expect(connections).toMatchObject({ is: { max: 100, reserved: major >= 16 ? 8 : 3, ofDatabase: 1, ofRole: 1 } })
    expect([inRecovery, readOnly]).toEqual([{ is: false }, { is: { on: false, source: 'default' } }])
    const names = 'is' in settings ? settings.is.map(({ name }) => name) : []
    expect(names).toEqual(expect.arrayContaining(['search_path', 'statement_timeout', 'TimeZone', 'idle_session_timeout']))
    expect(names.includes('transaction_timeout')).toBe(major >= 17)
  })

  test.each(HERE)('%i is kept as a baseline and read back the same', async (major) => {
    const { facts } = of(major)
    expect(await guards.decode(JSON.parse(JSON.stringify(facts)))).toEqual(facts)
  })

  test.runIf(HERE.length === POSTGRES_MAJORS.length).each([
    [14, 15],
    [15, 16],
    [16, 17],
    [17, 18],
    [14, 18],
  ] as const)('%i → %i passes, and the way back is refused for its version', (old, next) => {
    const up = compared(of(old), of(next))
    // From 16 on five connections are set aside here.
    const fewer = old < 16 && next >= 16 ? [['pg.capacity', 'warn']] : []
    expect(noted(up)).toEqual(fewer)
    expect(up.get('pg.version')).toMatchObject({ status: 'pass' })
    expect(compared(of(next), of(old)).get('pg.version')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('an older major'),
    })
  })
})

describe.runIf(havePostgres(17))('a locale of ICU and of PostgreSQL itself', () => {
  test('are told by 17, and where one takes the place of the other it is refused', async () => {
    await using server = await startPostgres({ major: 17 })
    await server.sql(`CREATE DATABASE icu LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' ICU_RULES '&a < g' TEMPLATE template0`)
    await server.sql(`CREATE DATABASE own LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' TEMPLATE template0`)
    const [icu, own] = [await surveyed(server.url({ database: 'icu' })), await surveyed(server.url({ database: 'own' }))]
    expect(serverOf(icu)).toMatchObject({
      locale: { is: { provider: 'i', name: 'de-DE', rules: '&a < g' } },
      collationVersion: { is: { recorded: expect.any(String), actual: expect.any(String) } },
    })
    expect(serverOf(own)).toMatchObject({ locale: { is: { provider: 'b', name: 'C.UTF-8' } } })
    expect(compared(icu, own).get('pg.locale')).toMatchObject({ status: 'fail' })
    expect(compared(icu, icu).get('pg.locale')).toMatchObject({ status: 'pass' })
  })
})
