import { existsSync } from 'node:fs'
import { AttachError } from '../domain/errors.ts'
import type { Rehearsal } from '../ports/store.ts'
import type { Tools } from './attributes.ts'
import { isKnownPlain } from './plain-file.ts'
import type { StateDir } from './state-dir.ts'
import { type InPlaceWay, refusedInPlace, type Writer, wayToWrite } from './way.ts'

/** How a config will be written; where it is replaced, what the new file must be given to have what the old one has. */
export type Planned = InPlaceWay | { readonly by: 'rename'; readonly attributes: 'plain' | 'unknown' | 'copy' }

export interface Planning extends Writer, Tools {
  /** The real path of the config. */
  readonly path: string
  readonly state: StateDir
  readonly atomicOnly: boolean
}

/** The way as things stand now. Throws UNAVAILABLE where there is none, or none that is wished. Writes nothing. */
export async function planWay(planning: Planning): Promise<Planned> {
  const { path, label, atomicOnly } = planning
  const way = wayToWrite(path, planning)
  const planned = way.by === 'in place' ? way : await renaming(planning)
  if (planned.by === 'in place' && atomicOnly) throw refusedInPlace(planned, label)
  return planned
}

/** For a person, before the question. */
export const inPlaceNote = ({ because }: InPlaceWay, label: string): Rehearsal['notes'][number] => ({
  code: 'config.in_place',
  message: `${label} is written in place, not replaced, because it ${because}: a reader may meet it half written for a moment; a kill in that moment is completed by the next attach command.`,
  readers: [],
})

/** What was told before is kept to. */
export const notTold = ({ because }: InPlaceWay, label: string): AttachError =>
  new AttachError('UNAVAILABLE', `${label} ${because} now, and would be written in place, which was not said before; nothing was changed`, {
    hint: 'run the command again',
  })

/** A process is asked only where it is not known already. */
async function renaming(planning: Planning): Promise<Planned> {
  const { path, state } = planning
  if (!existsSync(path)) return { by: 'rename', attributes: 'unknown' }
  if (isKnownPlain(state.plain, path)) return { by: 'rename', attributes: 'plain' }
  const { canCopyAttributes, wantedAttributes } = await import('./attributes.ts')
  const wanted = await wantedAttributes(path, planning)
  if (wanted !== 'a copy') return { by: 'rename', attributes: wanted === 'nothing' ? 'plain' : 'unknown' }
  return canCopyAttributes(path, planning) ? { by: 'rename', attributes: 'copy' } : ATTRIBUTES_STAY
}

const ATTRIBUTES_STAY: InPlaceWay = {
  by: 'in place',
  because: 'has an access control list or extended attributes that cannot be copied to a new file',
  remedy: 'remove them with setfacl -b and setfattr -x, or run it as root',
}
