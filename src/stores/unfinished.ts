import { existsSync, lstatSync } from 'node:fs'
import type { Intent, ValuesId } from '../domain/operation.ts'
import { bytesOf, type ConfigFile } from './config-file.ts'
import { readJournal } from './journal-file.ts'
import { isClosedIn, piecesBackwards } from './journal-tail.ts'
import type { StateDir } from './state-dir.ts'
import { codeOf } from './trouble.ts'

/** What a config holds, or will hold once a write in place is finished that is under way or was killed. */
export interface Whole {
  readonly bytes: Uint8Array | null
  readonly unfinished?: true
  /** It may be a half of two texts that somebody edited since: nobody can tell. Both whole texts are kept. */
  readonly muddled?: true
}

/** Never a half of two texts. Locks nothing. Throws UNAVAILABLE, CONFIG_INVALID, or DAMAGED for what a newer program wrote. */
export async function wholeBytesOf(config: ConfigFile, state: StateDir): Promise<Whole> {
  for (let tries = 1; ; tries += 1) {
    const before = identityOf(state.inPlace)
    const bytes = bytesOf(config)
    const whole = before === null || bytes === null ? { bytes } : await finishedOf(bytes, state)
    if (identityOf(state.inPlace) !== before && tries < TRIES_MAX) continue // A write began or ended as we read.
    return whole
  }
}

/**
 * For whoever has the lock: finishes what a write in place left half written; true when it wrote. `claimed`: the operation that was just claimed;
 * null: none is open, because a damaged journal that named it was set aside. Throws UNKNOWN, for none INCOMPLETE.
 */
export async function finishLeft(config: ConfigFile, state: StateDir, claimed: Intent | null): Promise<boolean> {
  if (!existsSync(state.inPlace)) return false
  const { finishInPlace } = await import('./in-place.ts')
  return finishInPlace({
    ...config,
    kept: state.inPlace,
    isMeant: (operation) => (claimed === null ? !isOver(operation, state) : operation === claimed.values),
    otherwise: claimed === null ? 'INCOMPLETE' : 'UNKNOWN',
  })
}

const TRIES_MAX = 3

async function finishedOf(bytes: Uint8Array, state: StateDir): Promise<Whole> {
  const [{ recallTexts }, { finished, isMuddled }] = await Promise.all([import('./kept-texts.ts'), import('./splice.ts')])
  const texts = recallTexts(state.inPlace)
  if (texts === null || isOver(texts.operation, state)) return { bytes }
  const whole = finished(bytes, texts)
  if (whole !== null) return { bytes: whole, unfinished: true }
  return isMuddled(bytes, texts) ? { bytes, muddled: true } : { bytes }
}

/** Texts of an operation that was closed came back with a power cut, or could not be removed: what looks like a half of them is an edit. */
const isOver = (operation: ValuesId, { journal }: StateDir): boolean =>
  readJournal(journal, (fd) => isClosedIn(piecesBackwards(fd), operation)) ?? false

/** Null: there is no such file, or none that we may see. */
function identityOf(path: string): string | null {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false })
    return found === undefined ? null : `${found.ino} ${found.size} ${found.ctimeMs}`
  } catch (error) {
    if (codeOf(error) === null) throw error
    return null
  }
}
