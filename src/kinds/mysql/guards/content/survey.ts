import type { core } from 'zod'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import type { Questions } from '../questions.ts'
import { countersSchema, surveyCounters } from './counters-survey.ts'
import { migrationsSchema, surveyMigrations } from './migrations.ts'
import { countRows, listTables, tablesSchema } from './tables.ts'
import { listThings, thingsSchema } from './things.ts'

/** What a database holds, as it is kept in a baseline. Names, counts and shapes; no content. */
export const contentSchema = (z: Zod) =>
  z.strictObject({
    text: toldSchema(z, z.strictObject({ charset: z.string(), collation: z.string() })),
    tables: tablesSchema(z),
    things: thingsSchema(z),
    counters: countersSchema(z),
    migrations: migrationsSchema(z),
  })

export type ContentFacts = core.output<ReturnType<typeof contentSchema>>

const NONE = { unknown: 'the handle names no database' } as const

export async function surveyContent(questions: Questions, database: string | null): Promise<ContentFacts> {
  if (database === null)
    return {
      text: NONE,
      tables: NONE,
      things: { columns: NONE, indexes: NONE, constraints: NONE, routines: NONE, triggers: NONE, events: NONE },
      counters: NONE,
      migrations: NONE,
    }
  const text = await questions.ask(
    'SELECT DEFAULT_CHARACTER_SET_NAME AS charset_name, DEFAULT_COLLATION_NAME AS collated FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()',
    ([row = {}]) => ({ charset: questions.shown(row['charset_name'] ?? ''), collation: questions.shown(row['collated'] ?? '') }),
  )
  const listed = await listTables(questions)
  const things = await listThings(questions)
  const tables = 'is' in listed ? { is: await countRows(questions, listed.is) } : listed
  return {
    text,
    tables,
    things,
    counters: 'is' in listed ? await surveyCounters(questions, listed.is, things) : listed,
    migrations: 'is' in listed ? await surveyMigrations(questions, listed.is, things) : listed,
  }
}
