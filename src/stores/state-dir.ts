import { createHash } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  type Stats,
  statSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AttachError } from '../domain/errors.ts'
import { shellWord } from '../domain/shell.ts'
import { makeJournal } from './journal-file.ts'
import { firstNameOf, type Rights, syncDirectory, unlinkIfThere, writeNew } from './replace-file.ts'
import { codeOf, fileTrouble } from './trouble.ts'

/** Where the record of one config stands: `.attach/<file name>/` beside the real file. */
export interface StateDir {
  /** Holds the records of several configs. */
  readonly base: string
  /** `base` is `.attach` beside the config, and attach's own; else ATTACH_STATE_DIR names it, and it belongs to whoever made it. */
  readonly beside: boolean
  readonly path: string
  readonly journal: string
  readonly lock: string
  readonly values: string
  /** Of the command that a run of hook or health is at. */
  readonly hook: string
  /** Both texts of a write in place, while it is under way. */
  readonly inPlace: string
  /** Of which config it is known that it has no attributes. */
  readonly plain: string
}

/** `elsewhere` (ATTACH_STATE_DIR) holds the records of many configs: each gets a name made of its whole path. */
export function stateDirOf(realPath: string, elsewhere: string | undefined): StateDir {
  const name = basename(realPath)
  const beside = elsewhere === undefined || elsewhere === ''
  const base = beside ? join(dirname(realPath), '.attach') : elsewhere
  const path = join(base, beside ? name : `${name}-${createHash('sha256').update(realPath).digest('hex').slice(0, 16)}`)
  return {
    base,
    beside,
    path,
    journal: join(path, 'journal'),
    lock: join(path, 'lock'),
    values: join(path, 'values'),
    hook: join(path, 'hook'),
    inPlace: join(path, 'in-place'),
    plain: join(path, 'plain'),
  }
}

/** The rights of the record: it belongs to whoever may write the config. */
export function recordRights(config: Rights): { readonly directory: Rights; readonly file: Rights } {
  const { uid, gid } = config
  if ((config.mode & 0o020) === 0) return { directory: { mode: 0o700, uid, gid }, file: { mode: 0o600, uid, gid } }
  return { directory: { mode: 0o770, uid, gid, members: 'accepted' }, file: { mode: 0o660, uid, gid, members: 'accepted' } }
}

/** Throws what `makeStateDir` would throw, as far as that can be seen without writing. */
export function expectStateDir(state: StateDir, config: Rights): void {
  const rights = recordRights(config).directory
  try {
    let nearest = state.base
    for (const path of [state.base, state.path, state.values]) {
      const found = lookAt(path, state)
      if (found === undefined) break
      expectOurs(path, found, rights, state)
      nearest = path
      if (found.uid === rights.uid || isOfMembers(found, rights) || !isOwn(path, state)) continue
      nearest = dirname(path) // Root's: half-made, or open to us. Only trying tells.
      break
    }
    while (statSync(nearest, { throwIfNoEntry: false }) === undefined) nearest = dirname(nearest)
    if (!statSync(nearest).isDirectory()) throw notADirectory(nearest)
    accessSync(nearest, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw recordTrouble(error)
  }
}

/** Makes the directories that are missing and mends their rights. Returns what it made. Throws UNAVAILABLE: nothing of the config was touched. */
export function makeStateDir(state: StateDir, config: Rights): readonly string[] {
  const rights = recordRights(config).directory
  const made: string[] = []
  try {
    for (const path of [state.base, state.path, state.values]) makeDirectory(path, rights, state, made)
    return made
  } catch (error) {
    throw recordTrouble(error)
  }
}

/** Keeps old values out of git. */
export function ignoreRecord(state: StateDir, config: Rights): void {
  const path = join(state.beside ? state.base : state.path, '.gitignore') // Never into a directory that is merely named.
  try {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found !== undefined && (found.size > 0 || !found.isFile())) return
    unlinkIfThere(path) // Empty: a command was killed just as it made it.
    writeNew(path, Buffer.from('*\n'), recordRights(config).file)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw recordTrouble(error) // Another command made it in the same moment.
  }
}

/**
 * Begins a record under its lock: an empty journal, and names that survive a power cut, its own and those of the directories it stands in.
 * `made`: what `makeStateDir` made.
 */
export function beginRecord(state: StateDir, config: Rights, made: readonly string[]): void {
  const parents = made.map((path) => dirname(path))
  try {
    unlinkIfThere(firstNameOf(state.lock)) // A command that was killed as it made the lock left it.
    makeJournal(state.journal, recordRights(config).file)
    for (const path of new Set([state.path, state.base, ...(state.beside ? [dirname(state.base)] : []), ...parents])) syncDirectory(path)
  } catch (error) {
    throw recordTrouble(error)
  }
}

function makeDirectory(path: string, rights: Rights, state: StateDir, made: string[]): void {
  try {
    mkdirSync(path, { mode: 0o700 })
    made.push(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && path !== dirname(path)) {
      makeDirectory(dirname(path), rights, state, made)
      makeDirectory(path, rights, state, made)
      return
    }
    if (codeOf(error) !== 'EEXIST') throw error
  }
  let found = lookAt(path, state)
  const isStrange = found?.isDirectory() === true && found.uid !== rights.uid && !isOfMembers(found, rights)
  if (isStrange && isOwn(path, state) && removedEmpty(path)) {
    mkdirSync(path, { mode: 0o700 }) // A command of another user was killed just as it made it.
    found = lookAt(path, state)
  }
  if (found === undefined)
    throw new AttachError('UNAVAILABLE', `${path} was removed meanwhile, or is a link to nothing; nothing was changed`, {
      hint: 'run the command again',
    })
  expectOurs(path, found, rights, state)
  if (isOwn(path, state)) mendDirectory(path, rights, found)
}

/** A link is followed only where the user named it. */
const lookAt = (path: string, state: StateDir): Stats | undefined =>
  isOwn(path, state) ? lstatSync(path, { throwIfNoEntry: false }) : statSync(path, { throwIfNoEntry: false })

/** What attach made, and not a directory that ATTACH_STATE_DIR merely names. */
const isOwn = (path: string, { base, path: record, values, beside }: StateDir): boolean =>
  path === record || path === values || (beside && path === base)

/** A link, a file or a stranger's directory is refused: what is written there would be theirs, and what is read there their word. */
function expectOurs(path: string, found: Stats, rights: Rights, state: StateDir): void {
  if (!found.isDirectory()) throw notADirectory(path)
  if (isOwn(path, state) && found.uid !== rights.uid && found.uid !== 0 && !isOfMembers(found, rights))
    throw notOurs(path, found.uid, rights.uid)
}

/** Made by somebody of the group that may write the config: they may write the config itself. */
const isOfMembers = (found: Stats, { members, gid }: Rights): boolean => members === 'accepted' && found.gid === gid

const notADirectory = (path: string): AttachError =>
  new AttachError('UNAVAILABLE', `${path} is not a directory; nothing was changed`, {
    hint: `remove ${shellWord(path)}, or set ATTACH_STATE_DIR`,
  })

function removedEmpty(path: string): boolean {
  try {
    rmdirSync(path)
    return true
  } catch (error) {
    if (codeOf(error) === null) throw error
    return false // Not empty, or not ours to remove.
  }
}

/** Of the very directory that was looked at, and given away only while it is empty: nobody slips another one, or its contents, in its place. */
function mendDirectory(path: string, rights: Rights, found: Stats): void {
  const { mode, uid, gid } = rights
  const isOthers = (found.uid !== uid && !isOfMembers(found, rights)) || found.gid !== gid
  if (!isOthers && (found.mode & 0o777) === mode) return
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    const now = fstatSync(fd)
    if (now.ino !== found.ino || now.dev !== found.dev || (now.uid !== uid && !isOfMembers(now, rights) && !isEmpty(fd, path)))
      throw notOurs(path, now.uid, uid)
    if (isOthers) fchownSync(fd, uid, gid)
    fchmodSync(fd, mode)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error // Root's, and open to us. Where it is not, the first file written there says so.
  } finally {
    closeSync(fd)
  }
}

function isEmpty(fd: number, path: string): boolean {
  try {
    return readdirSync(`/proc/self/fd/${fd}`).length === 0
  } catch {
    return readdirSync(path).length === 0 // No /proc here.
  }
}

const notOurs = (path: string, found: number, expected: number): AttachError =>
  new AttachError('UNAVAILABLE', `${path} belongs to user ${found}, the config to user ${expected}; nothing was changed`, {
    hint: `chown -R ${expected} ${shellWord(path)} if that history is to be trusted, else remove it`,
  })

function recordTrouble(error: unknown): AttachError {
  const trouble = fileTrouble('the history beside the config cannot be written', error)
  const isBarred = ['EACCES', 'EROFS', 'EPERM'].includes(codeOf(error) ?? '')
  return isBarred ? new AttachError('UNAVAILABLE', trouble.message, { hint: 'set ATTACH_STATE_DIR to a directory you may write' }) : trouble
}
