import type { Change } from '../domain/change.ts'
import type { Entry, Head, Intent, Release, Seq, ValuesId } from '../domain/operation.ts'

/** `dead` is proved, never guessed from age. `unknown` where the journal has no way to tell. */
export type Owner = 'alive' | 'dead' | 'unknown'

/** The append-only record of one deploy, and the values its entries name. */
export interface Journal {
  /** The last entry and what is open. Bounded work, however long the history. Throws UNAVAILABLE or DAMAGED. */
  head(signal: AbortSignal): Promise<Head>

  /** Whether the process that has an operation open is still there. Changes nothing. */
  owner(signal: AbortSignal): Promise<Owner>

  /** Resolves when no living process has an operation open. Throws BUSY after `timeoutMs`. */
  quiet(timeoutMs: number, signal: AbortSignal): Promise<void>

  /**
   * Keeps the values of an operation that is about to begin at `seq`, before the intent that names them. What was kept there for an
   * intent that never came is replaced. Throws BUSY (another living process is writing) or UNAVAILABLE (proved: not kept).
   */
  keep(seq: Seq, values: ValuesId, changes: readonly Change[], signal: AbortSignal): Promise<void>

  /** The changes of an intent. Throws REFUSED when they are no longer kept, UNAVAILABLE, DAMAGED. */
  recall(intent: Intent, signal: AbortSignal): Promise<readonly Change[]>

  /** Create-if-absent at `entry.seq`. Throws BUSY (that place is taken), UNAVAILABLE (proved: not appended) or UNKNOWN. */
  append(entry: Entry, signal: AbortSignal): Promise<void>

  /** At most `limit` entries before `seq`, newest first. Throws UNAVAILABLE or DAMAGED. */
  before(seq: Seq, limit: number, signal: AbortSignal): Promise<readonly Entry[]>

  /** The oldest release whose values are still kept. */
  oldestKept(signal: AbortSignal): Promise<Release>
}
