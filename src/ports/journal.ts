import type { Change } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import type { Entry, Head, Intent, Release, Seq, ValuesId } from '../domain/operation.ts'

/** `dead` is proved, never guessed from age. `unknown` where the journal has no way to tell. */
export type Owner = 'alive' | 'dead' | 'unknown'

/** DAMAGED, with the place: the entries after `after` and before `before` are not whole. `before` null: up to the end, and nobody knows how many. */
export class Damage extends AttachError {
  readonly after: Seq
  readonly before: Seq | null

  constructor(after: Seq, before: Seq | null) {
    super('DAMAGED', `the journal is damaged ${placeOf(after, before)}; nothing was changed`, { hint: 'attach recover' })
    this.after = after
    this.before = before
  }

  /** Where a reader goes on: `journal.before(damage.resume, …)` gives what stands behind the damage. */
  get resume(): Seq {
    return this.after + 1
  }
}

function placeOf(after: Seq, before: Seq | null): string {
  if (before === null) return `from entry ${after + 1} on`
  const lost = before - after - 1
  if (lost <= 0) return `between entries ${after} and ${before}`
  return lost === 1 ? `at entry ${after + 1}` : `at entries ${after + 1} to ${before - 1}`
}

/** The append-only record of one deploy, and the values its entries name. */
export interface Journal {
  /** The last entry and what is open. Bounded work, however long the history. Throws UNAVAILABLE, or Damage when these are not whole. */
  head(signal: AbortSignal): Promise<Head>

  /** Whether the process that has an operation open is still there. Changes nothing. */
  owner(signal: AbortSignal): Promise<Owner>

  /** Resolves when no living process has an operation open. Throws BUSY after `timeoutMs`. */
  quiet(timeoutMs: number, signal: AbortSignal): Promise<void>

  /**
   * Keeps the values of an operation that is about to begin at `seq`, before the intent that names them. What was kept there for an
   * intent that never came is replaced. Throws BUSY (another living process is writing), UNAVAILABLE (proved: not kept) or what `mend` throws, which
   * comes first.
   */
  keep(seq: Seq, values: ValuesId, changes: readonly Change[], signal: AbortSignal): Promise<void>

  /**
   * Finishes a write that stands half done though no operation is open, because a damaged journal that named it was set aside. False: nothing
   * was to be done, or an operation is open, whose claim does it. Throws BUSY, UNAVAILABLE, or INCOMPLETE when it could not be finished.
   */
  mend(signal: AbortSignal): Promise<boolean>

  /** The changes of an intent. Throws REFUSED when they are no longer kept, UNAVAILABLE, DAMAGED. */
  recall(intent: Intent, signal: AbortSignal): Promise<readonly Change[]>

  /**
   * Create-if-absent at `entry.seq`. Throws BUSY (that place is taken), UNAVAILABLE (proved: not appended) or UNKNOWN. When a claim resolves, no
   * write of the operation stands half done.
   */
  append(entry: Entry, signal: AbortSignal): Promise<void>

  /**
   * At most `limit` entries before `seq`, newest first, and none from behind a damaged place: fewer than `limit` come where one begins. Throws
   * UNAVAILABLE, or Damage when the very entry before `seq` is not whole: `before(damage.resume, …)` goes on behind it.
   */
  before(seq: Seq, limit: number, signal: AbortSignal): Promise<readonly Entry[]>

  /** The oldest release that can still be read and whose values are still kept; the next one to come when there is none. */
  oldestKept(signal: AbortSignal): Promise<Release>
}
