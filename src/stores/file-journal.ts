import { closeSync, constants, fchmodSync, fchownSync, fstatSync, fsyncSync, ftruncateSync, openSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Change } from '../domain/change.ts'
import { AttachError, assert } from '../domain/errors.ts'
import {
  advance,
  type Close,
  EMPTY_HEAD,
  type Entry,
  type Head,
  headOf,
  type Intent,
  type Release,
  type Seq,
  type ValuesId,
} from '../domain/operation.ts'
import type { Journal, Owner } from '../ports/journal.ts'
import { encodeLine } from './journal-line.ts'
import { type PlacedEntry, wholeEntries } from './journal-tail.ts'
import { isLocked, type KernelLock, type LockStyle, lockExclusive } from './kernel-lock.ts'
import { type Keep, syncDirectory, writeAll } from './replace-file.ts'
import { prepareStateDir, recordRights, type StateDir } from './state-dir.ts'
import { codeOf, fileTrouble } from './trouble.ts'
import { dropValuesExcept, keepValues, recallValues } from './value-files.ts'

/** Values are kept for this many releases; older ones cannot be undone any more. */
export const RELEASES_KEPT = 10

export interface FileJournalOptions {
  readonly state: StateDir
  /** The rights of the config as it stands now. */
  readonly rights: () => Keep
  readonly lockStyle: LockStyle
  readonly lockTimeoutMs: number
  /** A name of the file that an operation of this journal may have left beside the config. */
  readonly tidy: (intent: Intent) => void
  /** Called once when the lock is not to be had at once. */
  readonly onWait: (reason: string) => void
}

interface Tail {
  readonly head: Head
  /** Bytes of whole lines. */
  readonly length: number
  readonly sum: string
}

/**
 * A journal in a file. The kernel lock is taken by the first thing that writes (`keep`, a claim) and given back by `append(close)` or
 * `dispose`; a BUSY because the head moved keeps the lock, so that the next try of the same command is sure to succeed.
 */
export class FileJournal implements Journal {
  readonly #options: FileJournalOptions
  #lock: KernelLock | null = null
  #tail: Tail | null = null
  #page: { readonly before: Seq; readonly at: number } | null = null
  /** True when this command made the record. */
  begun = false

  constructor(options: FileJournalOptions) {
    this.#options = options
  }

  async head(): Promise<Head> {
    return this.#read(({ head }) => head)
  }

  async owner(): Promise<Owner> {
    const { state, lockStyle } = this.#options
    if (this.#lock !== null) return 'dead' // We hold it: nobody else does.
    const held = isLocked(state.lock, lockStyle)
    return held === null ? 'unknown' : held ? 'alive' : 'dead'
  }

  async quiet(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#lock !== null) return
    await this.#take(timeoutMs, signal)
    this.#free()
  }

  async keep(seq: Seq, values: ValuesId, changes: readonly Change[], signal: AbortSignal): Promise<void> {
    const { head } = await this.#writing(signal)
    this.#expectNext(seq, head)
    if (head.open !== null) throw new AttachError('BUSY', 'an operation is open', { hint: 'attach recover' })
    keepValues(this.#options.state.values, { seq, id: values, changes }, recordRights(this.#options.rights()).file)
  }

  async recall(intent: Intent): Promise<readonly Change[]> {
    return recallValues(this.#options.state.values, intent)
  }

  async append(entry: Entry, signal: AbortSignal): Promise<void> {
    const tail = await this.#writing(signal)
    this.#expectNext(entry.seq, tail.head)
    const head = advance(tail.head, entry)
    const open = tail.head.open
    if (entry.type !== 'intent' && open !== null) this.#options.tidy(open.intent)
    const { text, sum } = encodeLine(entry, tail.sum)
    const line = Buffer.from(text)
    this.#writeLine(line, tail.length)
    this.#tail = { head, length: tail.length + line.length, sum }
    if (entry.type !== 'close') return
    this.#prune(entry)
    this.#free()
  }

  async before(seq: Seq, limit: number): Promise<readonly Entry[]> {
    const fd = this.#open()
    if (fd === null) return []
    try {
      const found: Entry[] = []
      const page = this.#page
      for (const placed of wholeEntries(fd, page !== null && page.before === seq ? page.at : fstatSync(fd).size)) {
        if (found.length === limit) break
        if (placed.entry.seq >= seq) continue
        found.push(placed.entry)
        this.#page = { before: placed.entry.seq, at: placed.start }
      }
      return found
    } finally {
      closeSync(fd)
    }
  }

  async oldestKept(): Promise<Release> {
    const { release } = await this.head()
    return Math.max(1, release - RELEASES_KEPT + 1)
  }

  /**
   * Puts a journal that cannot be trusted out of the way and begins a new one that goes on with its numbers. Returns the new name of the old file.
   */
  async setAside(last: { readonly seq: Seq; readonly release: Release }, close: Close, signal: AbortSignal): Promise<string> {
    await this.#take(this.#options.lockTimeoutMs, signal)
    const { state } = this.#options
    const aside = `${state.journal}.damaged-${last.seq}`
    try {
      renameSync(state.journal, aside)
    } catch (error) {
      throw fileTrouble('the damaged journal could not be set aside', error)
    }
    const { text, sum } = encodeLine(close, '')
    const line = Buffer.from(text)
    this.#writeLine(line, 0)
    this.#tail = { head: { seq: close.seq, release: close.release, open: null }, length: line.length, sum }
    this.#free()
    return aside
  }

  /** Whether this process holds the lock. */
  get isHeld(): boolean {
    return this.#lock !== null
  }

  dispose(): void {
    this.#free()
  }

  #expectNext(seq: Seq, head: Head): void {
    if (seq !== head.seq + 1) throw new AttachError('BUSY', 'another attach command came first', { hint: 'run the command again' })
  }

  /** The tail as it is under the lock, where nobody else can move it. */
  async #writing(signal: AbortSignal): Promise<Tail> {
    if (this.#lock === null) {
      this.begun = prepareStateDir(this.#options.state, this.#options.rights()) || this.begun
      await this.#take(this.#options.lockTimeoutMs, signal)
    }
    this.#tail ??= this.#read((tail) => tail)
    return this.#tail
  }

  async #take(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { state, lockStyle, onWait } = this.#options
    const slow = setTimeout(() => onWait(`waiting for ${this.#holder()}`), 400)
    try {
      this.#lock = await lockExclusive(state.lock, lockStyle, timeoutMs, signal)
    } finally {
      clearTimeout(slow)
    }
    this.#tail = null
    if (this.#lock !== null) return
    if (signal.aborted) throw new AttachError('INTERRUPTED', 'interrupted before anything was changed')
    const waited = Math.max(timeoutMs, 1_000) / 1_000
    throw new AttachError('BUSY', `${this.#holder()} is still at work after ${waited} s (--lock-timeout); nothing was changed`, {
      hint: 'attach status',
    })
  }

  #holder(): string {
    const open = this.#read(({ head }) => head.open)
    if (open === null) return 'another attach command'
    const { verb, by, at } = open.intent
    return `${verb} by ${by.user} on ${by.host} (process ${by.pid}, since ${at})`
  }

  #free(): void {
    this.#tail = null
    this.#lock?.release()
    this.#lock = null
  }

  #open(): number | null {
    try {
      return openSync(this.#options.state.journal, constants.O_RDONLY | constants.O_NOFOLLOW)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw fileTrouble('the journal cannot be read', error)
    }
  }

  #read<T>(pick: (tail: Tail) => T): T {
    const fd = this.#open()
    if (fd === null) return pick({ head: EMPTY_HEAD, length: 0, sum: '' })
    try {
      let last: PlacedEntry | null = null
      const entries = function* (): Iterable<Entry> {
        for (const placed of wholeEntries(fd, fstatSync(fd).size)) {
          last ??= placed
          yield placed.entry
        }
      }
      const head = headOf(entries())
      const newest = last as PlacedEntry | null
      return pick({ head, length: newest?.end ?? 0, sum: newest?.sum ?? '' })
    } finally {
      closeSync(fd)
    }
  }

  /** All of the line at `at`, synced, or the file as it was. Throws UNAVAILABLE when that is proved, else UNKNOWN. */
  #writeLine(line: Buffer, at: number): void {
    const { state } = this.#options
    let fd: number
    let isNew = false
    try {
      fd = openSync(state.journal, constants.O_RDWR | constants.O_NOFOLLOW)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw fileTrouble('the journal cannot be written', error)
      fd = this.#create()
      isNew = true
    }
    try {
      if (fstatSync(fd).size > at) ftruncateSync(fd, at) // A torn tail: nobody ever relied on it.
      writeAll(fd, line, at)
      fsyncSync(fd)
      if (isNew) syncDirectory(dirname(state.journal))
    } catch (error) {
      try {
        ftruncateSync(fd, at)
      } catch (second) {
        throw new AttachError('UNKNOWN', `the journal may hold one entry more: ${codeOf(error)}, then ${codeOf(second)}`)
      }
      throw fileTrouble('the journal could not be written', error)
    } finally {
      closeSync(fd)
    }
  }

  #create(): number {
    const { state, rights } = this.#options
    const { mode, uid, gid } = recordRights(rights()).file
    try {
      const fd = openSync(state.journal, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
      const made = fstatSync(fd)
      if (made.uid !== uid || made.gid !== gid) fchownSync(fd, uid, gid)
      if ((made.mode & 0o7777) !== mode) fchmodSync(fd, mode)
      return fd
    } catch (error) {
      throw fileTrouble('the journal cannot be created', error)
    }
  }

  /** Values that no undo and no rollback can ask for any more go. What cannot be removed now is removed by the next operation. */
  #prune({ seq, release }: Close): void {
    const kept = new Set<Seq>()
    const oldest = Math.max(1, release - RELEASES_KEPT + 1)
    const fd = this.#open()
    assert(fd !== null, 'a journal that was just written is gone')
    try {
      for (const { entry } of wholeEntries(fd, fstatSync(fd).size)) {
        if (entry.type !== 'close') continue
        if (entry.release < oldest) break
        if (entry.verdict === 'committed') kept.add(entry.intent)
      }
      dropValuesExcept(this.#options.state.values, kept, seq)
    } catch {
      // Not worth failing an operation that is done.
    } finally {
      closeSync(fd)
    }
  }
}
