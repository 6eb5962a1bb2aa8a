import type { core } from 'zod'
import type { Told } from '../../../../domain/survey.ts'
import { countSchema, toldSchema, type Zod } from '../../../told-schema.ts'
import { from, type Info, numberOf, textOf } from '../../info.ts'
import type { Questions } from '../../questions.ts'
import { settingIn } from '../access/survey.ts'

/** How the server keeps what it holds, as it is kept in a baseline. */
export const settingsSchema = (z: Zod) =>
  z.strictObject({
    /** Bytes; `max` 0 is without a limit. */
    memory: toldSchema(z, z.strictObject({ used: countSchema(z), max: countSchema(z), policy: z.string() })),
    disk: toldSchema(z, z.strictObject({ appends: z.boolean(), lastSave: z.enum(['ok', 'err']), lastAppend: z.enum(['ok', 'err']) })),
    /** Whether snapshots are saved now and then. */
    snapshots: toldSchema(z, z.boolean()),
  })

export type SettingsFacts = core.output<ReturnType<typeof settingsSchema>>

export async function surveySettings(questions: Questions, info: Told<Info>): Promise<SettingsFacts> {
  return {
    memory: from(info, (fields) => ({
      used: numberOf(fields, 'used_memory'),
      max: numberOf(fields, 'maxmemory'),
      policy: textOf(fields, 'maxmemory_policy', /^[a-z-]{1,32}$/),
    })),
    disk: from(info, (fields) => ({
      appends: textOf(fields, 'aof_enabled') === '1',
      lastSave: textOf(fields, 'rdb_last_bgsave_status') === 'ok' ? 'ok' : 'err',
      lastAppend: (fields.get('aof_last_write_status') ?? 'ok') === 'ok' ? 'ok' : 'err',
    })),
    snapshots: await questions.ask(['CONFIG', 'GET', 'save'], (reply) => settingIn(reply, 'save').trim() !== ''),
  }
}
