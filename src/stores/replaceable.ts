import { accessSync, constants, readFileSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { AttachError } from '../domain/errors.ts'
import { codeOf, fileTrouble } from './trouble.ts'

/** Who replaces what. */
export interface Replacer {
  /** As it is named on the screen. */
  readonly label: string
  /** The effective ids of this process. */
  readonly uid: number
  readonly gid: number
}

/**
 * Throws UNAVAILABLE where the file `path` (real: no link in it) could not be replaced by rename, or would lose something by it: its other names, its
 * owner, its group, a mount. Writes nothing. What only trying tells (an immutable file, a full disk) is left to the write.
 */
export function expectReplaceable(path: string, { label, uid, gid }: Replacer): void {
  const refuse = (why: string, hint: string): never => {
    throw new AttachError('UNAVAILABLE', `${label} ${why}; nothing was changed`, { hint })
  }
  const directory = dirname(path)
  const found = statSync(path, { throwIfNoEntry: false })
  if (found !== undefined) {
    if (found.nlink > 1)
      refuse(
        `has ${found.nlink} hard links, and replacing it would leave the others behind`,
        'make it a symbolic link, or a file of its own',
      )
    if (isMountPoint(path))
      refuse(
        'is mounted on its own, and cannot be replaced by rename',
        'mount its directory instead, or run attach where that directory is, outside the container',
      )
    if (uid !== 0 && found.uid !== uid)
      refuse(`belongs to user ${found.uid}, and replacing it would make it yours`, `run it as user ${found.uid}, or as root`)
    if (uid !== 0 && found.gid !== gid && !mayGive(found.gid, directory))
      refuse(`belongs to group ${found.gid}, which you are not in, and replacing it would lose that`, 'run it as root')
  }
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK) // Read, too: the name in it must be synced.
  } catch (error) {
    const { message } = fileTrouble(`the directory of ${label} is not writable`, error)
    const hint = codeOf(error) === 'EROFS' ? 'mount the file system for writing' : 'run it as a user who may read and write that directory'
    throw new AttachError('UNAVAILABLE', message, { hint })
  }
}

/** Linux: proc_pid_mountinfo(5). A mount on the file itself is the one thing that stat(2) does not show. */
function isMountPoint(path: string): boolean {
  const mounts = proc('/proc/self/mountinfo')
  if (mounts === null) return false
  const escaped = path.replace(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
  return mounts.includes(` ${escaped} `) && mounts.split('\n').some((line) => line.split(' ')[4] === escaped)
}

/** Whether a new file there may have this group: it is one of ours, or the directory hands it on (set-group-ID). */
function mayGive(group: number, directory: string): boolean {
  const parent: Stats | undefined = statSync(directory, { throwIfNoEntry: false })
  if (parent !== undefined && parent.gid === group && (parent.mode & 0o2000) !== 0) return true
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
