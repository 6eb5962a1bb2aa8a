import type { core } from 'zod'
import type { Zod } from '../../../told-schema.ts'
import type { Questions } from '../../questions.ts'
import type { ForeignCode } from './survey/foreign-code.ts'
import { ledgersSchema, surveyMigrations, tagsSchema } from './survey/migrations.ts'
import { objectsSchema, surveyObjects } from './survey/objects.ts'
import { readTables } from './survey/reading.ts'
import { rightsSchema, surveyRights } from './survey/rights.ts'
import { endingsOf, listCounters, sequencesOf, sequencesSchema } from './survey/sequences.ts'
import { analysedAmong, countLargeObjects, listStores, tablesOf, tablesSchema } from './survey/tables.ts'

/** What the database holds, as it is kept in a baseline: names, counts and whole numbers that sequences gave out; no content of the app. */
export const contentSchema = (z: Zod) =>
  z.strictObject({
    objects: objectsSchema(z),
    rights: rightsSchema(z),
    tables: tablesSchema(z),
    sequences: sequencesSchema(z),
    migrations: ledgersSchema(z),
    environment: tagsSchema(z),
  })

export type ContentFacts = core.output<ReturnType<typeof contentSchema>>

export async function surveyContent(questions: Questions, foreign: ForeignCode): Promise<ContentFacts> {
  const objects = await surveyObjects(questions)
  const rights = await surveyRights(questions)
  const { migrations, environment } = await surveyMigrations(questions, foreign)
  const [stores, counters] = [await listStores(questions, foreign), await listCounters(questions)]
  const all = 'is' in stores ? stores.is : []
  const large = await countLargeObjects(questions)
  const read = await readTables(questions, all, endingsOf('is' in counters ? counters.is : []))
  return {
    objects,
    rights,
    tables:
      'is' in stores
        ? { is: [...tablesOf(all, read.rows, await analysedAmong(questions, all)), ...(large === null ? [] : [large])] }
        : stores,
    sequences: 'is' in counters ? { is: await sequencesOf(questions, counters.is, read) } : counters,
    migrations,
    environment,
  }
}
