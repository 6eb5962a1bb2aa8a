import { createHash } from 'node:crypto'
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, statSync, unlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AttachError } from '../domain/errors.ts'
import { type Keep, syncDirectory, writeNew } from './replace-file.ts'
import { codeOf, fileTrouble } from './trouble.ts'

/** Where the record of one config stands: `.attach/<file name>/` beside the real file. */
export interface StateDir {
  readonly path: string
  readonly journal: string
  readonly lock: string
  readonly values: string
}

/** `elsewhere` (ATTACH_STATE_DIR) holds the records of many configs: each gets a name made of its whole path. */
export function stateDirOf(realPath: string, elsewhere: string | undefined): StateDir {
  const name = basename(realPath)
  const far = (base: string): string => join(base, `${name}-${createHash('sha256').update(realPath).digest('hex').slice(0, 16)}`)
  const path = elsewhere === undefined || elsewhere === '' ? join(dirname(realPath), '.attach', name) : far(elsewhere)
  return { path, journal: join(path, 'journal'), lock: join(path, 'lock'), values: join(path, 'values') }
}

/** The rights of the record's files: it belongs to whoever may write the config. */
export function recordRights(config: Keep): { readonly directory: Keep; readonly file: Keep } {
  const shared = (config.mode & 0o020) !== 0
  const { uid, gid } = config
  return { directory: { mode: shared ? 0o770 : 0o700, uid, gid }, file: { mode: shared ? 0o660 : 0o600, uid, gid } }
}

/**
 * Makes the directories that are missing and mends their rights. Throws UNAVAILABLE (nothing of the config was touched).
 * Returns true when the record was begun just now.
 */
export function prepareStateDir(state: StateDir, config: Keep): boolean {
  const base = dirname(state.path)
  const rights = recordRights(config).directory
  try {
    const begun = !existsSync(state.journal)
    const made = [base, state.path, state.values].filter((path) => makeDirectory(path, rights))
    const ignore = join(base, '.gitignore')
    ignoreAll(ignore, recordRights(config).file)
    for (const path of new Set(made.map((path) => dirname(path)))) syncDirectory(path)
    return begun
  } catch (error) {
    const trouble = fileTrouble('the history beside the config cannot be written', error)
    const readOnly = ['EACCES', 'EROFS', 'EPERM'].includes(codeOf(error))
    throw readOnly
      ? new AttachError('UNAVAILABLE', trouble.message, { hint: 'set ATTACH_STATE_DIR to a directory you may write' })
      : trouble
  }
}

/** True when it was made. A link, a file or a stranger's directory is refused: what is written there would be theirs. */
function makeDirectory(path: string, rights: Keep): boolean {
  let made = true
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      makeDirectory(dirname(path), rights)
      return makeDirectory(path, rights)
    }
    if (codeOf(error) !== 'EEXIST') throw error
    made = false
  }
  const found = lstatSync(path)
  if (!found.isDirectory())
    throw new AttachError('UNAVAILABLE', `${path} is not a directory; nothing was changed`, {
      hint: `remove ${path}, or set ATTACH_STATE_DIR`,
    })
  if (made || isOurs(path)) mendRights(path, rights)
  return made
}

/** Only what attach made is mended, never a directory that ATTACH_STATE_DIR merely names. */
const isOurs = (path: string): boolean =>
  basename(path) === '.attach' || basename(dirname(path)) === '.attach' || basename(path) === 'values'

function mendRights(path: string, rights: Keep): void {
  const found = statSync(path)
  try {
    if (found.uid !== rights.uid || found.gid !== rights.gid) chownSync(path, rights.uid, rights.gid)
    if ((found.mode & 0o7777) !== rights.mode) chmodSync(path, rights.mode)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error // Not ours to give away. Where it matters, the first file written there says so.
  }
}

function ignoreAll(path: string, rights: Keep): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size !== undefined && size > 0) return
  try {
    if (size === 0) unlinkSync(path) // A command was killed just as it made it.
    writeNew(path, Buffer.from('*\n'), rights)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' && codeOf(error) !== 'ENOENT') throw error // Another command made it in the same moment.
  }
}
