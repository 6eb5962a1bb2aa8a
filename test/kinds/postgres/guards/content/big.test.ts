import { expect, test } from 'vitest'
import { havePostgres, startPostgres } from '../../../../support/postgres.ts'
import { compared, of, surveyOf } from './databases.ts'
import { ROLES } from './shop.sql.ts'

/** Each is longer than a name may be. */
const FUNCTIONS = `DO $$ BEGIN FOR i IN 1..14000 LOOP EXECUTE format('CREATE FUNCTION f%s(%s) RETURNS int LANGUAGE sql AS ''SELECT 1''', i,
  (SELECT string_agg('timestamp with time zone', ', ') FROM generate_series(1, 99))); END LOOP; END $$`

test.runIf(havePostgres())(
  'of a database that is too big to be told, that list is unknown, and the rest is told',
  { timeout: 180_000 },
  async () => {
    await using server = await startPostgres()
    await server.sql(ROLES)
    await server.sql('CREATE DATABASE big')
    await server.sql(FUNCTIONS, 'big')
    await server.sql(
      `CREATE TABLE t (id serial PRIMARY KEY); INSERT INTO t SELECT FROM generate_series(1, 9); ALTER TABLE t OWNER TO app; CREATE TYPE state AS ENUM ('a')`,
      'big',
    )
    const survey = await surveyOf(server.url({ user: 'app', password: 'pw', database: 'big' }))
    const findings = compared(survey, survey)
    expect(of(findings, 'pg.objects')).toMatchObject({
      status: 'unknown',
      detail: expect.stringMatching(/^not compared: functions \(the old one: there is more of it than a survey holds\)$/),
    })
    for (const id of ['pg.empty', 'pg.shrunken', 'pg.sequences']) expect(of(findings, id), id).toMatchObject({ status: 'pass' })
  },
)
