import { createHash } from 'node:crypto'
import { type BigIntStats, closeSync, constants, fstatSync, openSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { isAttachError } from '../domain/errors.ts'
import { readRegular } from './read-file.ts'
import { mendRights, type Rights } from './replace-file.ts'
import { isSystemError } from './trouble.ts'

/** Tells a file and its directory from any later state of them: whatever attribute is set changes the time of the last change of an inode. */
export type State = string & { readonly __brand: 'State' }

/** Null: there is no such file, or it cannot be told. */
export function stateOf(config: string): State | null {
  const states: string[] = []
  for (const path of [config, dirname(config)]) {
    const found = foundAt(path)
    if (found === undefined) return null
    states.push(`${found.dev} ${found.ino} ${found.ctimeNs}`)
  }
  return createHash('sha256').update(states.join('\n')).digest('hex') as State
}

/**
 * The last state in which it was known that a new file in the place of the config needs no attributes. To ask costs a process; a config that attach
 * wrote itself, and that nobody touched since, is known without asking. `at` is a file of the record, and no more than a note: a torn or lost
 * one only makes attach ask.
 */
export function notedPlain(at: string): State | null {
  try {
    const read = readRegular(at, STATE_BYTES, 'nofollow')
    return 'bytes' in read ? (read.bytes.toString('latin1') as State) : null
  } catch (error) {
    if (!isSystemError(error)) throw error
    return null
  }
}

/** `state`: as it was right after a plain config was replaced by a plain file. What cannot be noted is asked again. */
export function notePlain(at: string, state: State, rights: Rights): void {
  try {
    const fd = openSync(at, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600)
    try {
      mendRights(fd, rights, fstatSync(fd))
      writeSync(fd, state, 0, 'latin1')
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (!isSystemError(error) && !isAttachError(error, 'UNAVAILABLE')) throw error
  }
}

function foundAt(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    if (!isSystemError(error)) throw error
    return undefined
  }
}

/** SHA-256 in hex. */
const STATE_BYTES = 64
