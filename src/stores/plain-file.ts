import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { isAttachError } from '../domain/errors.ts'
import { readRegular } from './read-file.ts'
import { mendRights, type Rights } from './replace-file.ts'
import { isSystemError } from './trouble.ts'

/**
 * Of which config it is known that a new file in its place needs no attributes. To ask costs a process; a config that attach wrote itself, and that
 * nobody touched since, is known without asking. An attribute that is set later changes the time of the last change of the inode, of the file
 * or of its directory, and both stand here. `at` is a file of the record, and no more than a note: a torn or lost one only makes attach ask.
 */
export function isKnownPlain(at: string, config: string): boolean {
  try {
    const read = readRegular(at, STATE_BYTES, 'nofollow')
    return 'bytes' in read && read.bytes.toString('latin1') === stateOf(config)
  } catch (error) {
    if (!isSystemError(error)) throw error
    return false
  }
}

/** After a plain config was replaced by a plain file. What cannot be noted is asked again. */
export function notePlain(at: string, config: string, rights: Rights): void {
  try {
    const fd = openSync(at, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600)
    try {
      mendRights(fd, rights, fstatSync(fd))
      writeSync(fd, stateOf(config), 0, 'latin1')
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (!isSystemError(error) && !isAttachError(error, 'UNAVAILABLE')) throw error
  }
}

/** SHA-256 in hex, and a line feed. */
const STATE_BYTES = 65

function stateOf(config: string): string {
  const states = [config, dirname(config)].map((path) => {
    const { dev, ino, ctimeNs } = statSync(path, { bigint: true })
    return `${dev} ${ino} ${ctimeNs}`
  })
  return `${createHash('sha256').update(states.join('\n')).digest('hex')}\n`
}
