import { existsSync, lstatSync, realpathSync, renameSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Change, invert, same } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import type { Intent, Open } from '../domain/operation.ts'
import { shellWord } from '../domain/shell.ts'
import { editEnv, readEnv } from '../formats/dotenv.ts'
import type { ConfigStore, Guard, Origin, Rehearsal, Revision, Snapshot } from '../ports/store.ts'
import { bytesOf, type ConfigFile, revisionOf, rightsOf } from './config-file.ts'
import { FileJournal, hearSignals } from './file-journal.ts'
import type { LockStyle } from './kernel-lock.ts'
import { inPlaceNote, notTold, type Planned, planWay } from './planned-way.ts'
import { putBy, type Target, tempOf } from './put.ts'
import { type Rights, unlinkIfThere } from './replace-file.ts'
import { expectStateDir, recordRights, type StateDir, stateDirOf } from './state-dir.ts'
import { codeOf, fileTrouble } from './trouble.ts'
import { finishLeft, wholeBytesOf } from './unfinished.ts'
import { recordOwner } from './way.ts'

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
  /** A config that cannot be replaced by rename is refused, and not written in place: neither is an operation taken over that left such a one. */
  readonly atomicOnly?: boolean
  readonly onWait: (reason: string) => void
}

/** A config that somebody saves again and again while we write it is left alone. */
const TRIES_MAX = 3

/**
 * A `.env` file. Replaced as a whole by rename, so that a reader sees all of a change or nothing; written in place only where rename would take
 * something away. Its journal stands in `.attach/` beside it.
 */
export class FileStore implements ConfigStore {
  readonly label: string
  readonly journal: FileJournal
  readonly #file: ConfigFile
  readonly #state: StateDir
  readonly #options: FileStoreOptions
  /** What was read last held something. */
  #heldKeys = false
  /** The way that was told to a person. */
  #told: Planned | null = null

  constructor(options: FileStoreOptions) {
    this.#options = options
    this.label = options.label
    this.#file = { path: realPathOf(options.path, options.label), label: options.label }
    this.#state = stateDirOf(this.#file.path, options.stateElsewhere)
    this.#expectOneHistory()
    this.journal = new FileJournal({
      state: this.#state,
      rights: () => this.#recordOwner(),
      lockStyle: options.lockStyle,
      ...(options.searchPath === undefined ? {} : { searchPath: options.searchPath }),
      lockTimeoutMs: options.lockTimeoutMs,
      tidy: (intent, at) => this.#tidy(intent, at),
      finish: (intent) => finishLeft(this.#file, this.#state, intent),
      expectEndable: (intent) => this.#expectEndable(intent),
      onWait: options.onWait,
    })
  }

  async read(): Promise<Snapshot> {
    const { bytes, unfinished, muddled } = await wholeBytesOf(this.#file, this.#state)
    const { entries } = readEnv(bytes ?? new Uint8Array())
    this.#heldKeys = entries.size > 0
    return { revision: revisionOf(bytes), entries, ...(unfinished ? { unfinished } : {}), ...(muddled ? { muddled } : {}) }
  }

  async rehearse(changes: readonly Change[], origin: Origin): Promise<Rehearsal> {
    const { bytes: found } = await wholeBytesOf(this.#file, this.#state)
    const now = found ?? new Uint8Array()
    const { bytes, following, notes } = editEnv(now, changes, { restoring: origin === 'history' })
    const back = editEnv(bytes, changes.map(invert), { restoring: true }).bytes // What could not be put back is not begun.
    const isSame = Buffer.compare(back, now) === 0
    const way = await this.#plan()
    expectStateDir(this.#state, this.#recordOwner())
    this.#told = way
    const told = way.by === 'in place' ? [inPlaceNote(way, this.label)] : []
    return { following, notes: [...notes, ...(isSame ? [] : [undoDiffers(changes)]), ...told] }
  }

  async write(changes: readonly Change[], guard: Guard): Promise<Revision> {
    const { seq, open } = await this.journal.head()
    if (!this.journal.isHeld || seq !== guard.ifHead || open === null) {
      throw new AttachError('CLAIMED', 'another attach command decides about this operation now', { hint: 'attach status' })
    }
    const way = await this.#plan()
    if (way.by === 'in place' && this.#told?.by === 'rename') throw notTold(way, this.label)
    const put = await putBy(way, open.intent, this.#target())
    for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
      const before = bytesOf(this.#file)
      if (this.#heldKeys && (before === null || before.length === 0)) throw emptied(this.label)
      if (before === null && open.undo) throw removed(this.label)
      const after = edited(before, changes, originOf(open))
      if (before !== null && Buffer.compare(before, after) === 0) return revisionOf(before)
      if (!put(before, after)) continue
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

  /** How the config would be written as it stands now. Throws UNAVAILABLE. */
  #plan(): Promise<Planned> {
    const planning = { ...this.#options, path: this.#file.path, state: this.#state, atomicOnly: this.#options.atomicOnly ?? false }
    return planWay(planning, this.#told)
  }

  /** With `atomicOnly` nothing is taken over that may have to be put back in place. Throws UNAVAILABLE. */
  async #expectEndable({ shown }: Intent): Promise<void> {
    if (this.#options.atomicOnly && shown.length > 0) await this.#plan()
  }

  #target(): Target {
    const recordFiles = recordRights(this.#recordOwner()).file
    return { ...this.#options, ...this.#file, state: this.#state, recordRights: recordFiles, mayWrite: () => this.journal.isHeld }
  }

  #tidy(intent: Intent, at: 'claim' | 'close'): void {
    try {
      unlinkIfThere(tempOf(this.#file.path, intent))
      if (at === 'close' && existsSync(this.#state.inPlace)) renameSync(this.#state.inPlace, `${this.#state.inPlace}.left`) // Of a write that nobody could finish.
    } catch (error) {
      throw fileTrouble('what the operation had written beside the config could not be removed', error)
    }
  }

  /** Whom the record is given to. Throws UNAVAILABLE where it could not be shared with the owner of the config. */
  #recordOwner(): Rights {
    const { uid, gid } = this.#options
    return recordOwner(
      this.#file.path,
      rightsOf(this.#file, this.#options),
      { label: this.label, uid, gid },
      this.#state.beside ? 'beside' : 'elsewhere',
    )
  }

  /** Two histories of one config would know nothing of each other, nor would their locks. Throws UNAVAILABLE. */
  #expectOneHistory(): void {
    const { beside, path } = this.#state
    if (beside || !existsSync(stateDirOf(this.#file.path, undefined).journal)) return
    throw new AttachError(
      'UNAVAILABLE',
      `${this.label} has a history beside it, and ATTACH_STATE_DIR names another place; nothing was changed`,
      {
        hint: `unset ATTACH_STATE_DIR, or move .attach/${shellWord(basename(this.#file.path))} to ${shellWord(path)}`,
      },
    )
  }
}

/** Caught in the middle of a save by a program that empties the file first: what it is about to write would be lost. */
const emptied = (label: string): AttachError =>
  new AttachError('CONFLICT', `${label} held keys when it was read, and is empty or gone now; nothing was changed`, {
    hint: 'attach status',
  })

/** What is to be put back stood in a file. A new one would hold that and nothing else of what the app needs. */
const removed = (label: string): AttachError =>
  new AttachError('CONFLICT', `${label} was removed, and is not made anew for what is put back; nothing was changed`, {
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

/** The value comes back, but the text does not: a person should know it before. */
function undoDiffers(changes: readonly Change[]): Rehearsal['notes'][number] {
  const cut = changes.filter(({ after }) => after === null).map(({ key }) => key)
  const message =
    cut.length > 0
      ? `Undo writes ${cut.join(', ')} as a new last line: the place, and quotes, export or a comment on the line, are not kept.`
      : `Undo gives the value of ${changes.map(({ key }) => key).join(', ')} back, but not the text as it stands: several lines, or quotes of another sort.`
  return { code: 'env.undo_differs', message, readers: [] }
}
