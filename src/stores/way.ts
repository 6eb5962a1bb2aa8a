import { accessSync, constants, readFileSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { AttachError } from '../domain/errors.ts'
import type { Rights } from './replace-file.ts'
import { codeOf } from './trouble.ts'

/** How a config is written: replaced by a new file, or in place where a new file could not be what this one is. */
export type Way = { readonly by: 'rename' } | InPlaceWay

export interface InPlaceWay {
  readonly by: 'in place'
  /** What stands behind "because it": `has 2 hard links`. */
  readonly because: string
  /** What would let it be replaced: the hint where writing in place is not wished or not possible. */
  readonly remedy: string
}

/** Who writes what. */
export interface Writer {
  /** As it is named on the screen. */
  readonly label: string
  /** The effective ids of this process. */
  readonly uid: number
  readonly gid: number
}

/**
 * The rule is rename; in place only where rename cannot be, or would take something away: other names, a mount, the owner, the group. Throws
 * UNAVAILABLE where neither can be. `path` is real: no link in it. Writes nothing. What only trying tells (an immutable file, a full disk) is left
 * to the write. Attributes are not looked at here.
 */
export function wayToWrite(path: string, writer: Writer): Way {
  const found = statSync(path, { throwIfNoEntry: false })
  const barred = directoryBarred(path)
  if (found === undefined) {
    if (barred === null) return { by: 'rename' }
    throw refused(`the directory of ${writer.label} is not writable: ${barred}`, remedyOf(barred))
  }
  const inPlace = reasonIn(path, found, writer, barred)
  if (inPlace === null) return { by: 'rename' }
  const locked = refusedAccess(path, constants.R_OK | constants.W_OK)
  if (locked !== null)
    throw refused(
      `${writer.label} ${inPlace.because}, and cannot be written in place: ${locked}`,
      locked === 'EROFS' ? REMOUNT : inPlace.remedy,
    )
  return inPlace
}

/** `--atomic-only`: in place is refused, with the reason. */
export const refusedInPlace = ({ because, remedy }: InPlaceWay, label: string): AttachError =>
  refused(`${label} ${because}, and would be written in place, which --atomic-only does not allow`, remedy)

/** Whether a new file beside `path` may have this group: it is one of ours, or the directory hands it on (set-group-ID). */
export function mayGive(group: number, path: string, { uid, gid }: Pick<Writer, 'uid' | 'gid'>): boolean {
  if (uid === 0 || group === gid) return true
  const parent: Stats | undefined = statSync(dirname(path), { throwIfNoEntry: false })
  if (parent !== undefined && parent.gid === group && (parent.mode & 0o2000) !== 0) return true
  return isMember(group)
}

/**
 * Whom the record of a config belongs to. Its owner and group, so that whoever may write the config may write the record; where that is not ours to
 * give, ourselves. Throws UNAVAILABLE where a record `beside` the config would then lock its owner out.
 */
export function recordOwner(path: string, config: Rights, { label, uid, gid }: Writer, place: 'beside' | 'elsewhere'): Rights {
  if (uid === 0) return config
  const isGroupOurs = mayGive(config.gid, path, { uid, gid })
  const isShared = isGroupOurs && (config.mode & 0o020) !== 0
  if (config.uid === uid) return isGroupOurs ? config : { mode: 0o600, uid, gid }
  if (isShared) return { ...config, uid }
  if (place === 'elsewhere') return { mode: 0o600, uid, gid }
  throw refused(
    `${label} belongs to user ${config.uid}, who could not read a history beside it that is yours`,
    `run it as user ${config.uid}, or set ATTACH_STATE_DIR`,
  )
}

function reasonIn(path: string, found: Stats, writer: Writer, barred: string | null): InPlaceWay | null {
  const way = (because: string, remedy: string): InPlaceWay => ({ by: 'in place', because, remedy })
  const { uid } = writer
  if (found.nlink > 1) return way(`has ${found.nlink} hard links`, 'make it a symbolic link, or a file of its own')
  if (isMountPoint(path))
    return way('is mounted on its own', 'mount its directory instead, or run attach where that directory is, outside the container')
  if (uid !== 0 && found.uid !== uid) return way(`belongs to user ${found.uid}`, `run it as user ${found.uid}, or as root`)
  if (!mayGive(found.gid, path, writer)) return way(`belongs to group ${found.gid}, which you are not in`, 'run it as root')
  return barred === null ? null : way(`stands in a directory that is not writable (${barred})`, remedyOf(barred))
}

/** Read, too: the name in it must be synced. */
const directoryBarred = (path: string): string | null => refusedAccess(dirname(path), constants.R_OK | constants.W_OK | constants.X_OK)

function refusedAccess(path: string, mode: number): string | null {
  try {
    accessSync(path, mode)
    return null
  } catch (error) {
    const code = codeOf(error)
    if (code === null) throw error
    return code
  }
}

const REMOUNT = 'mount the file system for writing'
const remedyOf = (code: string): string => (code === 'EROFS' ? REMOUNT : 'run it as a user who may read and write that directory')

const refused = (why: string, hint: string): AttachError => new AttachError('UNAVAILABLE', `${why}; nothing was changed`, { hint })

/** Linux: proc_pid_mountinfo(5). A mount on the file itself is the one thing that stat(2) does not show. */
function isMountPoint(path: string): boolean {
  const mounts = proc('/proc/self/mountinfo')
  if (mounts === null) return false
  const escaped = path.replace(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
  return mounts.includes(` ${escaped} `) && mounts.split('\n').some((line) => line.split(' ')[4] === escaped)
}

function isMember(group: number): boolean {
  const groups = /^Groups:[ \t]*(.*)$/m.exec(proc('/proc/self/status') ?? '')?.[1]
  return groups === undefined || groups.split(/\s+/).includes(String(group)) // Unknown: the write tells, before it changes anything.
}

function proc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === null) throw error
    return null
  }
}
