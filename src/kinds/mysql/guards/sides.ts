import type { core } from 'zod'
import type { Sides } from '../../comparing.ts'
import type { Zod } from '../../told-schema.ts'
import { contentSchema } from './content/survey.ts'
import { accountSchema } from './server/account.ts'
import { serverSchema } from './server/survey.ts'

export const factsSchema = (z: Zod) => z.strictObject({ server: serverSchema(z), account: accountSchema(z), content: contentSchema(z) })

export type MySqlFacts = core.output<ReturnType<typeof factsSchema>>

/** Two servers, and a database of each, that are compared. */
export type MySqlSides = Sides<MySqlFacts>
