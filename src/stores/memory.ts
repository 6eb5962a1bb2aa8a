import { setTimeout as after } from 'node:timers/promises'
import { type Change, type Key, same } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import { advance, type Entry, type Head, headOf, type Intent, type Release, type Seq, type ValuesId } from '../domain/operation.ts'
import type { Secret } from '../domain/secret.ts'
import type { Journal, Owner } from '../ports/journal.ts'
import type { ConfigStore, Guard, Rehearsal, Revision, Snapshot } from '../ports/store.ts'

/** What all handles on one config share. */
interface Place {
  entries: ReadonlyMap<Key, Secret>
  version: number
  log: readonly Entry[]
  readonly values: Map<ValuesId, { readonly seq: Seq; readonly changes: readonly Change[] }>
  /** Who has the operation open. */
  owner: MemoryStore | null
}

const POLL_MS = 5

/**
 * The reference: what ConfigStore and Journal mean. Each method checks and acts without an await between. The intent is the lock, as it is
 * in a remote store: a claim takes an operation over also from an owner that is only slow.
 */
export class MemoryStore implements ConfigStore {
  readonly label = 'memory:'
  readonly journal: Journal
  readonly #place: Place
  #disposed = false

  private constructor(place: Place, history: number) {
    this.#place = place
    this.journal = new MemoryJournal(place, this, history)
  }

  /** A new config. `history`: how many releases keep their values. */
  static of(entries: ReadonlyMap<Key, Secret>, { history = 10 } = {}): MemoryStore {
    return new MemoryStore({ entries, version: 0, log: [], values: new Map(), owner: null }, history)
  }

  /** Another handle on the same config, as another process has it. */
  another({ history = 10 } = {}): MemoryStore {
    return new MemoryStore(this.#place, history)
  }

  get disposed(): boolean {
    return this.#disposed
  }

  async read(): Promise<Snapshot> {
    return { revision: this.#revision(), entries: this.#place.entries }
  }

  async rehearse(): Promise<Rehearsal> {
    return { following: [], notes: [] }
  }

  async write(changes: readonly Change[], guard: Guard): Promise<Revision> {
    const { entries, log } = this.#place
    if ((log.at(-1)?.seq ?? 0) !== guard.ifHead) throw new AttachError('CLAIMED', 'the journal moved on')
    const next = new Map(entries)
    for (const { key, before, after } of changes) {
      if (!same(before, entries.get(key) ?? null)) throw new AttachError('CONFLICT', `${key} was edited since it was read`)
      if (after === null) next.delete(key)
      else next.set(key, after)
    }
    this.#place.entries = next
    this.#place.version += 1
    return this.#revision()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
  }

  #revision(): Revision {
    return `r${this.#place.version}` as Revision
  }
}

class MemoryJournal implements Journal {
  readonly #place: Place
  readonly #store: MemoryStore
  readonly #history: number

  constructor(place: Place, store: MemoryStore, history: number) {
    this.#place = place
    this.#store = store
    this.#history = history
  }

  async head(): Promise<Head> {
    return this.#now()
  }

  async owner(): Promise<Owner> {
    const { owner } = this.#place
    return owner === null || owner === this.#store || owner.disposed ? 'dead' : 'alive'
  }

  async quiet(timeoutMs: number, signal: AbortSignal): Promise<void> {
    for (let left = timeoutMs; (await this.owner()) === 'alive'; left -= POLL_MS) {
      if (left <= 0) throw new AttachError('BUSY', `another operation is still open after ${timeoutMs} ms`)
      if (signal.aborted) throw new AttachError('INTERRUPTED', 'interrupted while another operation was open')
      await after(POLL_MS)
    }
  }

  async keep(seq: Seq, values: ValuesId, changes: readonly Change[]): Promise<void> {
    this.#expectNext(seq)
    if (this.#now().open) throw new AttachError('BUSY', 'another operation is open')
    this.#place.values.set(values, { seq, changes })
  }

  async mend(): Promise<boolean> {
    return false // A write lands in one step.
  }

  async recall({ seq, values }: Intent): Promise<readonly Change[]> {
    const kept = this.#place.values.get(values)
    if (kept?.seq !== seq) throw new AttachError('REFUSED', `the values of journal entry ${seq} are no longer kept`)
    return kept.changes
  }

  async append(entry: Entry): Promise<void> {
    this.#expectNext(entry.seq)
    const head = advance(this.#now(), entry)
    this.#place.log = [...this.#place.log, entry]
    this.#place.owner = head.open ? this.#store : null
    if (entry.type === 'intent') this.#forget((kept, name) => kept === entry.seq && name !== entry.values)
    else if (entry.type === 'close') this.#prune()
  }

  async before(seq: Seq, limit: number): Promise<readonly Entry[]> {
    const { log } = this.#place
    const end = Math.min(log.length, Math.max(0, seq - 1))
    return log.slice(Math.max(0, end - limit), end).reverse()
  }

  async oldestKept(): Promise<Release> {
    return Math.max(1, this.#now().release - this.#history + 1)
  }

  #now(): Head {
    return headOf(newestFirst(this.#place.log))
  }

  #expectNext(seq: Seq): void {
    if (seq !== this.#place.log.length + 1) throw new AttachError('BUSY', `journal entry ${seq} is taken`)
  }

  #prune(): void {
    const oldest = this.#now().release - this.#history + 1
    const kept = this.#place.log.find((entry) => entry.type === 'close' && entry.verdict === 'committed' && entry.release === oldest)
    if (kept?.type === 'close') this.#forget((seq) => seq < kept.intent)
  }

  #forget(which: (seq: Seq, name: ValuesId) => boolean): void {
    for (const [name, { seq }] of this.#place.values) if (which(seq, name)) this.#place.values.delete(name)
  }
}

function* newestFirst(log: readonly Entry[]): Iterable<Entry> {
  for (let at = log.length - 1; at >= 0; at -= 1) {
    const entry = log[at]
    if (entry) yield entry
  }
}
