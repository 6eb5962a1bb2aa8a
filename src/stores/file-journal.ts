import { existsSync, fstatSync } from 'node:fs'
import type { Change } from '../domain/change.ts'
import { AttachError, isAttachError } from '../domain/errors.ts'
import { advance, type Entry, type Head, type Intent, type Release, type Seq, type ValuesId } from '../domain/operation.ts'
import type { Damage, Journal, Owner } from '../ports/journal.ts'
import { appendLine, readJournal, type Tail, tailOf } from './journal-file.ts'
import { encodeLine } from './journal-line.ts'
import { type PlacedEntry, pageIn, piecesBackwards } from './journal-tail.ts'
import { keptReleases, pruneValues } from './kept-releases.ts'
import { isLocked, type KernelLock, type LockStyle, lockExclusive } from './kernel-lock.ts'
import type { Rights } from './replace-file.ts'
import { expectNothingLost, salvage } from './salvage.ts'
import { type SetAside, type Stamp, setJournalAside } from './set-aside.ts'
import { beginRecord, ignoreRecord, makeStateDir, recordRights, type StateDir } from './state-dir.ts'
import { keepValues, recallValues } from './value-files.ts'

export interface FileJournalOptions {
  readonly state: StateDir
  /** Whom the record belongs to: the rights of the config as it stands now, as far as they are ours to give. Throws UNAVAILABLE. */
  readonly rights: () => Rights
  readonly lockStyle: LockStyle
  /** PATH, for flock. */
  readonly searchPath?: string
  readonly lockTimeoutMs: number
  /** Removes what an operation of this journal may have left beside the config, and at its close all that was kept for it. */
  readonly tidy: (intent: Intent, at: 'claim' | 'close') => void
  /** Finishes what an operation left half written that was just claimed (else throws UNKNOWN); null: that no journal has open (else INCOMPLETE). */
  readonly finish: (intent: Intent | null) => Promise<boolean>
  /** Throws UNAVAILABLE before an operation that a dead process left open is claimed, when it could not be ended as is wished. */
  readonly expectEndable: (intent: Intent) => Promise<void>
  /** Called once when the lock is not to be had at once. */
  readonly onWait: (reason: string) => void
}

/** How long a writer waits before it says so. */
const SLOW_MS = 400

/**
 * A journal in a file. The kernel lock is taken by the first thing that writes (`keep`, a claim) and given back by `append(close)` or
 * `dispose`; a BUSY because the head moved keeps the lock, so that the next try of the same command is sure to succeed.
 */
export class FileJournal implements Journal {
  readonly #options: FileJournalOptions
  #lock: KernelLock | null = null
  /** Where the last page of entries ended, and in which file. */
  #page: { readonly last: PlacedEntry; readonly ino: number } | null = null
  /** The intent of the operation that this process began or claimed last. */
  #own: Seq | null = null
  /** True when this command made the record. */
  begun = false

  constructor(options: FileJournalOptions) {
    this.#options = options
  }

  async head(): Promise<Head> {
    const { head, length } = this.#tail()
    if (length === 0 && this.#lock === null) this.#expectNothingLost(head)
    return head
  }

  async owner(): Promise<Owner> {
    const { state, lockStyle, searchPath } = this.#options
    if (this.#lock !== null) return 'dead' // We hold it: nobody else does.
    const held = isLocked(state.lock, lockStyle, searchPath)
    return held === null ? 'unknown' : held ? 'alive' : 'dead'
  }

  async quiet(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#lock !== null || (await this.owner()) === 'dead') return
    await this.#take(timeoutMs, signal)
    this.#free()
  }

  async keep(seq: Seq, values: ValuesId, changes: readonly Change[], signal: AbortSignal): Promise<void> {
    const { head } = await this.#writing(signal)
    expectNext(seq, head)
    if (head.open !== null) throw new AttachError('BUSY', 'an operation is open', { hint: 'attach recover' })
    await this.#options.finish(null) // Before a write is planned on a half.
    keepValues(this.#options.state.values, { seq, id: values, changes }, this.#fileRights())
    await hearSignals()
  }

  async mend(signal: AbortSignal): Promise<boolean> {
    const { state, finish, lockTimeoutMs } = this.#options
    if (!existsSync(state.inPlace)) return false
    return await this.#locked(lockTimeoutMs, signal, async () => this.#tail().head.open === null && (await finish(null)))
  }

  async recall(intent: Intent): Promise<readonly Change[]> {
    return recallValues(this.#options.state.values, intent)
  }

  async append(entry: Entry, signal: AbortSignal): Promise<void> {
    const tail = await this.#writing(signal)
    const { head } = tail
    expectNext(entry.seq, head)
    advance(head, entry) // Throws for an entry that cannot follow.
    const { tidy, finish, expectEndable, state } = this.#options
    if (entry.type === 'claim' && entry.intent !== this.#own && head.open !== null) await expectEndable(head.open.intent)
    if (entry.type !== 'intent' && head.open !== null) tidy(head.open.intent, entry.type)
    appendLine(state.journal, Buffer.from(encodeLine(entry, tail.sum).text), tail, this.#fileRights())
    this.#own = entry.type === 'intent' ? entry.seq : entry.intent
    if (entry.type === 'claim' && head.open !== null) await finish(head.open.intent) // Before anybody looks at the config.
    if (entry.type !== 'close') return await hearSignals()
    pruneValues(this.#options.state, entry)
    this.#free()
  }

  async before(seq: Seq, limit: number): Promise<readonly Entry[]> {
    const read = (fd: number): readonly Entry[] => {
      const { ino } = fstatSync(fd)
      const last = this.#page?.ino === ino && this.#page.last.entry.seq === seq ? this.#page.last : null
      const found = pageIn(last === null ? piecesBackwards(fd) : piecesBackwards(fd, last.start, last), seq, limit)
      const end = found.at(-1)
      this.#page = end === undefined ? null : { last: end, ino }
      return found.map(({ entry }) => entry)
    }
    return readJournal(this.#options.state.journal, read) ?? []
  }

  async oldestKept(): Promise<Release> {
    return keptReleases(this.#options.state.journal).oldest ?? (await this.head()).release + 1
  }

  /** The newest damaged place, found by reading all. Null: the journal is whole. Throws DAMAGED for one that a newer program wrote. */
  async damage(): Promise<Damage | null> {
    return salvage(this.#options.state)?.damage ?? null
  }

  /**
   * For `recover`: gives a damaged journal another name and goes on with its numbers in a new one. Null when nothing is damaged. An operation
   * that was open stays open where its intent can be read, and is over where it cannot: then what stands in the config is accepted. A write that
   * stands half done is finished before (`mended`). Throws BUSY, UNAVAILABLE, INCOMPLETE when it could not be finished, or DAMAGED for a journal
   * that a newer program wrote.
   */
  async setAside(stamp: Stamp, signal: AbortSignal): Promise<(SetAside & { readonly mended: boolean }) | null> {
    const { state, rights, finish, lockTimeoutMs } = this.#options
    if ((await this.damage()) === null) return null
    if (this.#lock === null) makeStateDir(state, rights())
    return await this.#locked(lockTimeoutMs, signal, async () => {
      this.#page = null
      const mended = await finish(null) // While the journal may still tell whose it is.
      const aside = setJournalAside(state, this.#fileRights(), stamp)
      return aside === null ? null : { ...aside, mended }
    })
  }

  /** Whether this process holds the lock, and the lock file still has its name. */
  get isHeld(): boolean {
    return this.#lock?.isStill() ?? false
  }

  dispose(): void {
    this.#free()
  }

  #tail(): Tail {
    const { state } = this.#options
    const tail = tailOf(state.journal)
    if (this.#lock !== null) expectNothingLost(state, tail.head.seq)
    return tail
  }

  /** Without the lock only a look: a record that is not ours to read is said to be so by whoever needs it. */
  #expectNothingLost({ seq }: Head): void {
    try {
      expectNothingLost(this.#options.state, seq)
    } catch (error) {
      if (!isAttachError(error, 'UNAVAILABLE')) throw error
    }
  }

  /** The tail as it is under the lock, where nobody else can move it. Begins the record where there is none. */
  async #writing(signal: AbortSignal): Promise<Tail> {
    if (this.#lock !== null) return this.#tail()
    const { state, rights } = this.#options
    const config = rights()
    const made = makeStateDir(state, config)
    await this.#take(this.#options.lockTimeoutMs, signal)
    try {
      const tail = this.#tail()
      ignoreRecord(state, config)
      if (tail.length > 0) return tail
      this.begun = true
      beginRecord(state, config, made)
      return tail
    } catch (error) {
      this.#free()
      throw error
    }
  }

  /** `act` under the lock, which is given back when it was not ours before. */
  async #locked<T>(timeoutMs: number, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    const held = this.#lock !== null
    if (!held) await this.#take(timeoutMs, signal)
    try {
      return await act()
    } finally {
      if (!held) this.#free()
    }
  }

  async #take(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { state, lockStyle, searchPath, onWait } = this.#options
    const file = { path: state.lock, style: lockStyle, rights: this.#fileRights(), ...(searchPath === undefined ? {} : { searchPath }) }
    const slow = setTimeout(() => onWait(`waiting for ${this.#holder()}`), SLOW_MS)
    try {
      this.#lock = await lockExclusive(file, timeoutMs, signal)
    } finally {
      clearTimeout(slow)
    }
    if (this.#lock !== null) return
    if (signal.aborted) throw new AttachError('INTERRUPTED', 'interrupted before anything was changed', { hint: 'run the command again' })
    const waited = Math.max(timeoutMs, 1_000) / 1_000
    throw new AttachError('BUSY', `${this.#holder()} is still at work after ${waited} s (--lock-timeout); nothing was changed`, {
      hint: 'attach status',
    })
  }

  #holder(): string {
    const open = this.#openIntent()
    if (open === null) return 'another attach command'
    const { verb, by, at } = open
    return `${verb} by ${by.user} on ${by.host} (process ${by.pid}, since ${at})`
  }

  #openIntent(): Intent | null {
    try {
      return this.#tail().head.open?.intent ?? null
    } catch (error) {
      if (isAttachError(error)) return null // Only its name is asked for. Whoever gets the lock says what is wrong.
      throw error
    }
  }

  #free(): void {
    this.#lock?.release()
    this.#lock = null
  }

  #fileRights(): Rights {
    return recordRights(this.#options.rights()).file
  }
}

function expectNext(seq: Seq, head: Head): void {
  if (seq !== head.seq + 1) throw new AttachError('BUSY', 'another attach command came first', { hint: 'run the command again' })
}

/**
 * File calls do not wait, so nothing else is heard between them. A whole turn of the event loop lets a signal in: what is asked for while it
 * polls comes right after, and only what that asks for comes after the next poll.
 */
export const hearSignals = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
