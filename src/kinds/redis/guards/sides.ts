import type { core } from 'zod'
import type { Use } from '../../../domain/survey.ts'
import type { Sides } from '../../comparing.ts'
import type { Zod } from '../../told-schema.ts'
import { accessSchema } from './access/survey.ts'
import { keysSchema } from './content/keys.ts'
import { queuesSchema } from './content/queues/survey.ts'
import { serverSchema } from './server/survey.ts'
import { settingsSchema } from './settings/survey.ts'

export const factsSchema = (z: Zod) =>
  z.strictObject({
    server: serverSchema(z),
    access: accessSchema(z),
    settings: settingsSchema(z),
    keys: keysSchema(z),
    queues: queuesSchema(z),
  })

export type RedisFacts = core.output<ReturnType<typeof factsSchema>>

/** Two servers that are compared. */
export interface RedisSides extends Sides<RedisFacts> {
  /** What attach.yaml says, else what was found there. Null: nobody knows. */
  readonly use: Use | null
}

/** Whether losing keys is more than having to make them again. */
export const holdsMore = ({ use }: RedisSides): boolean => use === 'queue' || use === 'store'
