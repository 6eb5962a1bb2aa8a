import { createHash } from 'node:crypto'
import { existsSync, lstatSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Change, invert, same } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import type { Intent, Open } from '../domain/operation.ts'
import { shellWord } from '../domain/shell.ts'
import { ENV_BYTES_MAX, editEnv, readEnv } from '../formats/dotenv.ts'
import type { ConfigStore, Guard, Origin, Rehearsal, Revision, Snapshot } from '../ports/store.ts'
import { FileJournal, hearSignals } from './file-journal.ts'
import type { LockStyle } from './kernel-lock.ts'
import { type Read, readRegular } from './read-file.ts'
import { putAsNew, putInPlace, type Rights, unlinkIfThere, writeNew } from './replace-file.ts'
import { expectReplaceable } from './replaceable.ts'
import { expectStateDir, type StateDir, stateDirOf } from './state-dir.ts'
import { codeOf, fileTrouble } from './trouble.ts'

export interface FileStoreOptions {
  /** As it is named on the screen. */
  readonly label: string
  /** Absolute. A symbolic link is followed once, here, and stays. */
  readonly path: string
  readonly lockTimeoutMs: number
  readonly lockStyle: LockStyle
  /** PATH, for flock. */
  readonly searchPath?: string
  /** The effective user id of this process. */
  readonly uid: number
  readonly gid: number
  /** ATTACH_STATE_DIR. */
  readonly stateElsewhere?: string
  readonly onWait: (reason: string) => void
}

/** A config that somebody saves again and again while we write it is left alone. */
const TRIES_MAX = 3

/** A `.env` file. Replaced as a whole by rename, so that a reader sees all of a change or nothing; its journal stands in `.attach/` beside it. */
export class FileStore implements ConfigStore {
  readonly label: string
  readonly journal: FileJournal
  readonly #path: string
  readonly #state: StateDir
  readonly #options: FileStoreOptions
  /** What was read last held something. */
  #heldKeys = false

  constructor(options: FileStoreOptions) {
    this.#options = options
    this.label = options.label
    this.#path = realPathOf(options.path, options.label)
    this.#state = stateDirOf(this.#path, options.stateElsewhere)
    this.#expectOneHistory()
    this.journal = new FileJournal({
      state: this.#state,
      rights: () => this.#rights(),
      lockStyle: options.lockStyle,
      ...(options.searchPath === undefined ? {} : { searchPath: options.searchPath }),
      lockTimeoutMs: options.lockTimeoutMs,
      tidy: (intent) => this.#tidy(intent),
      onWait: options.onWait,
    })
  }

  async read(): Promise<Snapshot> {
    const bytes = this.#bytes()
    const { entries } = readEnv(bytes ?? new Uint8Array())
    this.#heldKeys = entries.size > 0
    return { revision: revisionOf(bytes), entries }
  }

  async rehearse(changes: readonly Change[], origin: Origin): Promise<Rehearsal> {
    this.#expectReplaceable()
    expectStateDir(this.#state, this.#rights())
    const { bytes, following, notes } = editEnv(this.#bytes() ?? new Uint8Array(), changes, { restoring: origin === 'history' })
    const back = editEnv(bytes, changes.map(invert), { restoring: true }).bytes // What could not be put back is not begun.
    const isSame = Buffer.compare(back, this.#bytes() ?? new Uint8Array()) === 0
    return { following, notes: isSame ? notes : [...notes, undoDiffers(changes)] }
  }

  async write(changes: readonly Change[], guard: Guard): Promise<Revision> {
    const { seq, open } = await this.journal.head()
    if (!this.journal.isHeld || seq !== guard.ifHead || open === null) {
      throw new AttachError('CLAIMED', 'another attach command decides about this operation now', { hint: 'attach status' })
    }
    this.#expectReplaceable()
    const temp = this.#tempOf(open.intent)
    for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
      const before = this.#bytes()
      if (this.#heldKeys && (before === null || before.length === 0)) throw emptied(this.label)
      const after = edited(before, changes, originOf(open))
      if (before !== null && Buffer.compare(before, after) === 0) return revisionOf(before)
      if (!this.#replace(temp, before, after)) continue
      await hearSignals()
      return revisionOf(after)
    }
    throw new AttachError('UNAVAILABLE', `${this.label} is being saved by another program again and again; nothing was changed`, {
      hint: 'close the editor, then run the command again',
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.journal.dispose()
  }

  /** False when somebody saved the config since it was read: nothing was written, and the edit is to be made again on the new text. */
  #replace(temp: string, before: Uint8Array | null, after: Uint8Array): boolean {
    try {
      unlinkIfThere(temp)
      writeNew(temp, after, this.#rights())
    } catch (error) {
      throw fileTrouble(`${this.label} could not be written`, error)
    }
    if (revisionOf(this.#bytes()) !== revisionOf(before)) {
      unlinkIfThere(temp)
      return false
    }
    this.#expectUndisturbed(temp)
    if (before === null) putAsNew(temp, this.#path)
    else putInPlace(temp, this.#path)
    return true
  }

  /** The last look before the rename: the lock is still the lock, and the name is still a file's and not a link's. Throws UNAVAILABLE. */
  #expectUndisturbed(temp: string): void {
    const isLink = lstatSync(this.#path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
    if (this.journal.isHeld && !isLink) return
    unlinkIfThere(temp)
    const why = isLink ? `${this.label} became a symbolic link` : 'the history beside the config was removed'
    throw new AttachError('UNAVAILABLE', `${why} meanwhile; nothing was changed`, { hint: 'run the command again' })
  }

  /** The name stands in the intent (its values id), so whoever recovers the operation removes this file and no other. */
  #tempOf(intent: Intent): string {
    const name = basename(this.#path)
    return join(dirname(this.#path), `${name.startsWith('.') ? '' : '.'}${name}.attach-${intent.values}.tmp`)
  }

  #tidy(intent: Intent): void {
    try {
      unlinkIfThere(this.#tempOf(intent))
    } catch (error) {
      throw fileTrouble('a half-written file beside the config could not be removed', error)
    }
  }

  /** Null: there is no such file. */
  #bytes(): Uint8Array | null {
    let read: Read
    try {
      read = readRegular(this.#path, ENV_BYTES_MAX)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw fileTrouble(`${this.label} cannot be read`, error)
    }
    if ('bytes' in read) return read.bytes
    const why =
      read.refused === 'too large' ? `has ${read.size} bytes or more; attach reads at most ${ENV_BYTES_MAX} bytes` : `is ${read.refused}`
    throw new AttachError('CONFIG_INVALID', `${this.label} ${why}`, { hint: 'name another file with -c' })
  }

  #rights(): Rights {
    const found = statSync(this.#path, { throwIfNoEntry: false })
    if (found === undefined) return { mode: 0o600, uid: this.#options.uid, gid: this.#options.gid }
    return { mode: found.mode & 0o7777, uid: found.uid, gid: found.gid }
  }

  /** Two histories of one config would know nothing of each other, nor would their locks. Throws UNAVAILABLE. */
  #expectOneHistory(): void {
    const { beside, path } = this.#state
    if (beside || !existsSync(stateDirOf(this.#path, undefined).journal)) return
    throw new AttachError(
      'UNAVAILABLE',
      `${this.label} has a history beside it, and ATTACH_STATE_DIR names another place; nothing was changed`,
      {
        hint: `unset ATTACH_STATE_DIR, or move .attach/${shellWord(basename(this.#path))} to ${shellWord(path)}`,
      },
    )
  }

  #expectReplaceable(): void {
    const { uid, gid } = this.#options
    expectReplaceable(this.#path, { label: this.label, uid, gid })
  }
}

/** Caught in the middle of a save by a program that empties the file first: what it is about to write would be lost. */
const emptied = (label: string): AttachError =>
  new AttachError('CONFLICT', `${label} held keys when it was read, and is empty or gone now; nothing was changed`, {
    hint: 'attach status',
  })

/** The text that stands now with `changes` made. CONFLICT when a key does not hold its `before`. */
function edited(now: Uint8Array | null, changes: readonly Change[], origin: Origin): Uint8Array {
  const bytes = now ?? new Uint8Array()
  const { entries } = readEnv(bytes)
  const moved = changes.find(({ key, before }) => !same(before, entries.get(key) ?? null))
  if (moved !== undefined) {
    throw new AttachError('CONFLICT', `${moved.key} was edited by somebody else since it was read; nothing was changed`, {
      hint: 'attach status',
    })
  }
  return editEnv(bytes, changes, { restoring: origin === 'history' }).bytes
}

/** A value that stood there before goes back as it can, also where a new one would be refused. */
const originOf = ({ intent, undo }: Open): Origin => (undo || intent.verb === 'undo' || intent.verb === 'rollback' ? 'history' : 'new')

/** Where a config stands that `path` leads to. It need not be there. Throws CONFIG_INVALID, UNAVAILABLE. */
export function realPathOf(path: string, label: string): string {
  try {
    const found = statSync(path)
    if (!found.isFile()) throw new AttachError('CONFIG_INVALID', `${label} is not a regular file`, { hint: 'name the file itself with -c' })
    return realpathSync(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw fileTrouble(`${label} cannot be read`, error)
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      throw new AttachError('CONFIG_INVALID', `${label} is a symbolic link to nothing`, {
        hint: 'make the file it points to, or name the real one with -c',
      })
    }
    return join(realpathSync(dirname(path)), basename(path))
  }
}

const revisionOf = (bytes: Uint8Array | null): Revision =>
  (bytes === null ? 'absent' : createHash('sha256').update(bytes).digest('hex')) as Revision

/** The value comes back, but the text does not: a person should know it before. */
function undoDiffers(changes: readonly Change[]): Rehearsal['notes'][number] {
  const cut = changes.filter(({ after }) => after === null).map(({ key }) => key)
  const message =
    cut.length > 0
      ? `Undo writes ${cut.join(', ')} as a new last line: the place, and quotes, export or a comment on the line, are not kept.`
      : `Undo gives the value of ${changes.map(({ key }) => key).join(', ')} back, but not the text as it stands: several lines, or quotes of another sort.`
  return { code: 'env.undo_differs', message, readers: [] }
}
