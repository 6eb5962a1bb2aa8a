import type { core } from 'zod'
import type { Survey, Told } from '../../../domain/survey.ts'
import { NetError } from '../../../net/bounded.ts'
import type { SurveyContext } from '../../../ports/kind.ts'
import { Asking, Refused } from '../../asking.ts'
import { Failed } from '../../probing.ts'
import { toldSchema, type Zod } from '../../told-schema.ts'
import { accessTo } from '../access.ts'
import { findFile, firstBytes, statsOf } from '../disk.ts'
import { HEADER_BYTES } from '../header.ts'
import { PLACES, placeOf } from '../place.ts'
import { headerOf, type Live } from '../probe.ts'
import { readSidecars } from '../sidecars.ts'

/** What an SQLite file tells, as it is kept in a baseline. */
export const factsSchema = (z: Zod) =>
  z.strictObject({
    /** Bytes of the file. `header` null: it has none. */
    content: toldSchema(
      z,
      z.strictObject({
        bytes: z.number(),
        header: z
          .strictObject({
            pageSize: z.number(),
            mode: z.enum(['rollback', 'wal']),
            pages: z.number().nullable(),
            changes: z.number(),
            schemaCookie: z.number(),
            userVersion: z.number(),
            applicationId: z.number(),
            encoding: z.enum(['UTF-8', 'UTF-16le', 'UTF-16be']),
            version: z.string().nullable(),
          })
          .nullable(),
      }),
    ),
    sidecars: toldSchema(
      z,
      z.strictObject({
        wal: z.strictObject({ bytes: z.number(), pending: z.number(), salt: z.string() }).nullable(),
        shm: z.boolean(),
        journal: z.enum(['none', 'idle', 'cut off']),
      }),
    ),
    access: toldSchema(z, z.strictObject({ writes: z.enum(['yes', 'file', 'folder', 'disk', 'handle']), folder: z.boolean() })),
    place: toldSchema(z, z.strictObject({ on: z.enum(PLACES), isTemporary: z.boolean() })),
    /** Device and inode. */
    file: toldSchema(z, z.string()),
  })

export type SqliteFacts = core.output<ReturnType<typeof factsSchema>>

/** Reads what a probe reads, once more, and where the file lies. */
export async function surveySqlite({ resource, path, file }: Live, context: SurveyContext): Promise<Survey> {
  const asking = new Asking(context)
  const id = await asking.ask(async (look) => {
    const now = await findFile(path, look)
    const { dev, ino } = await statsOf(file, look)
    if (now.stats.ino !== ino || now.stats.dev !== dev) throw new Failed(REPLACED)
    return `${dev}:${ino}`
  })
  const roundTripMs = await asking.roundTrip((look) => firstBytes(file, HEADER_BYTES, look))
  const content = await asking.ask(async (look) => {
    const { size: bytes } = await statsOf(file, look)
    return { bytes, header: await headerOf(file, bytes, look) }
  })
  const pageSize = ('is' in content ? content.is.header?.pageSize : undefined) ?? 4096
  const facts: SqliteFacts = {
    content,
    sidecars: await permitted(asking, 'what stands beside the file', (look) => readSidecars(path, pageSize, look)),
    access: await permitted(asking, 'the rights of the file', (look) => accessTo(path, resource, look)),
    place: await permitted(asking, 'where the file lies', (look) => placeOf(path, look)),
    file: id,
  }
  return {
    kind: 'sqlite',
    takenAt: new Date(context.today()).toISOString(),
    resource: id,
    roundTripMs,
    position: { unknown: 'a file counts no position that two of them share' },
    newest: { unknown: 'rows are not read: attach looks at the header of the file alone' },
    facts,
  }
}

const REPLACED = { class: 'transient', code: 'replaced', reason: 'another file stands there now', hint: 'run it again' } as const

/** What this user may not see is unknown, and no broken session. */
async function permitted<T>(asking: Asking, what: string, how: Parameters<typeof asking.ask<T>>[0]): Promise<Told<T>> {
  return await asking.ask(async (look) => {
    try {
      return await how(look)
    } catch (error) {
      if (error instanceof NetError && ['EACCES', 'EPERM', 'ENOSYS'].includes(error.code))
        throw new Refused(`this user may not see ${what}`)
      throw error
    }
  })
}
