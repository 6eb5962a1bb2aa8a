import { AttachError } from '../domain/errors.ts'
import type { Rehearsal } from '../ports/store.ts'
import type { Tools } from './attributes.ts'
import { notedPlain, type State, stateOf } from './plain-file.ts'
import type { StateDir } from './state-dir.ts'
import { type InPlaceWay, refusedInPlace, type Writer, wayToWrite } from './way.ts'

/** How a config will be written. */
export type Planned = InPlaceWay | Replacing

/** By a new file, which has what the old one has of itself, or by a copy; `unknown`: nobody here can tell. */
export interface Replacing {
  readonly by: 'rename'
  readonly attributes: 'plain' | 'unknown' | 'copy'
  /** Of the file and its directory, when that was found out. Null: there is no file. */
  readonly state: State | null
}

export interface Planning extends Writer, Tools {
  /** The real path of the config. */
  readonly path: string
  readonly state: StateDir
  readonly atomicOnly: boolean
}

/**
 * The way as things stand now. `earlier`: what was planned before, which is not found out again where nothing changed. Throws UNAVAILABLE where
 * there is no way, or none that is wished. Writes nothing.
 */
export async function planWay(planning: Planning, earlier: Planned | null): Promise<Planned> {
  const { path, label, atomicOnly } = planning
  const way = wayToWrite(path, planning)
  const planned = way.by === 'in place' ? way : await renaming(planning, earlier)
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
async function renaming(planning: Planning, earlier: Planned | null): Promise<Planned> {
  const { path } = planning
  const state = stateOf(path)
  const way = (attributes: Replacing['attributes']): Replacing => ({ by: 'rename', attributes, state })
  if (state === null) return way('unknown')
  if (earlier?.by === 'rename' && (earlier.state === state || earlier.attributes === 'copy')) return earlier // A copy is compared in any case.
  if (notedPlain(planning.state.plain) === state) return way('plain')
  const { canCopyAttributes, wantedAttributes } = await import('./attributes.ts')
  const wanted = wantedAttributes(path, planning)
  if (wanted !== 'a copy') return way(wanted === 'nothing' ? 'plain' : 'unknown')
  return canCopyAttributes(path, planning) ? way('copy') : ATTRIBUTES_STAY
}

const ATTRIBUTES_STAY: InPlaceWay = {
  by: 'in place',
  because: 'has an access control list or extended attributes that cannot be copied to a new file',
  remedy: 'remove them with setfacl -b and setfattr -x, or run it as root',
}
