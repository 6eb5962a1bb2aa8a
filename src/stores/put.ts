import { lstatSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AttachError } from '../domain/errors.ts'
import type { Intent } from '../domain/operation.ts'
import type { Tools } from './attributes.ts'
import { bytesOf, type ConfigFile, revisionOf, rightsOf } from './config-file.ts'
import { notePlain, stateOf } from './plain-file.ts'
import type { Planned } from './planned-way.ts'
import { putAsNew, putOver, type Rights, syncName, unlinkIfThere, writeNew } from './replace-file.ts'
import type { StateDir } from './state-dir.ts'
import { fileTrouble } from './trouble.ts'

/** What is written, by whom, and what is kept meanwhile. */
export interface Target extends ConfigFile, Tools {
  readonly state: StateDir
  /** Who writes. */
  readonly uid: number
  readonly gid: number
  /** Of the files of the record. */
  readonly recordRights: Rights
  /** Whether we still may: the lock is ours. */
  readonly mayWrite: () => boolean
}

/**
 * Puts `after` in the place of `before`, which is what was read last. False when somebody saved the config since: nothing was written, and the edit
 * is to be made again on the new text. Throws what `write` of a store throws.
 */
export type Put = (before: Uint8Array | null, after: Uint8Array) => boolean

/** The one way or the other, ready to be used at once. */
export async function putBy(way: Planned, intent: Intent, target: Target): Promise<Put> {
  if (way.by === 'in place') {
    const { writeInPlace } = await import('./in-place.ts')
    const inPlace = { ...target, kept: target.state.inPlace, operation: intent.values }
    return (before, after) => {
      if (before === null) throw removed(target.label)
      return writeInPlace({ old: before, new: after }, inPlace)
    }
  }
  const temp = tempOf(target.path, intent)
  const attributes = way.attributes === 'copy' ? await import('./attributes.ts') : null
  return (before, after) => {
    try {
      unlinkIfThere(temp)
      writeNew(temp, after, rightsOf(target, target), (fd) => {
        if (attributes?.copyAttributes(target.path, fd, target) === false) throw notCopied(target.label)
      })
    } catch (error) {
      throw fileTrouble(`${target.label} could not be written`, error)
    }
    if (revisionOf(bytesOf(target)) !== revisionOf(before)) {
      unlinkIfThere(temp)
      return false
    }
    if (attributes?.haveSameAttributes(target.path, temp, target) === false) {
      unlinkIfThere(temp)
      throw notCopied(target.label)
    }
    expectUndisturbed(temp, target)
    if (before === null) putAsNew(temp, target.path)
    else putOver(temp, target.path)
    const state = way.attributes === 'plain' ? stateOf(target.path) : null // Before the sync, which leaves time to set an access control list.
    syncName(target.path)
    if (state !== null) notePlain(target.state.plain, state, target.recordRights)
    return true
  }
}

/** The name stands in the intent (its values id), so whoever recovers the operation removes this file and no other. */
export function tempOf(path: string, intent: Intent): string {
  const name = basename(path)
  return join(dirname(path), `${name.startsWith('.') ? '' : '.'}${name}.attach-${intent.values}.tmp`)
}

/** The last look before the rename: the lock is still the lock, and the name is still a file's and not a link's. Throws UNAVAILABLE. */
function expectUndisturbed(temp: string, { path, label, mayWrite }: Target): void {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
  if (mayWrite() && !isLink) return
  unlinkIfThere(temp)
  const why = isLink ? `${label} became a symbolic link` : 'the history beside the config was removed'
  throw new AttachError('UNAVAILABLE', `${why} meanwhile; nothing was changed`, { hint: 'run the command again' })
}

const removed = (label: string): AttachError =>
  new AttachError('UNAVAILABLE', `${label} was removed meanwhile; nothing was changed`, { hint: 'attach status' })

const notCopied = (label: string): AttachError =>
  new AttachError(
    'UNAVAILABLE',
    `the access control list or the extended attributes of ${label} could not be copied; nothing was changed`,
    {
      hint: 'run the command again',
    },
  )
