import type { Key } from './change.ts'

export const VERBS = ['attach', 'detach', 'swap', 'failover', 'rollback', 'undo'] as const
export type Verb = (typeof VERBS)[number]

/** Place of an entry in the journal: 1, 2, 3 … without a gap. */
export type Seq = number

/** Number of a committed operation: v1, v2 … It stands in its close; 0 is what stood before v1. */
export type Release = number

export interface Actor {
  readonly user: string
  readonly host: string
  readonly pid: number
}

interface Stamped {
  readonly seq: Seq
  readonly by: Actor
  /** ISO 8601, UTC. Fit to print; only the quiet period after a failover is decided by it, for clocks differ. */
  readonly at: string
}

/** What one key held and holds, redacted. `null` is absence. */
export type Shown = {
  readonly key: Key
  readonly from: string | null
  readonly to: string | null
  /** What changed inside one resource: `same resource, password changed`. */
  readonly how?: string
  /** What is kept of a handle that was replaced, under a key of its own. Nothing of it is probed, on the way out or back. */
  readonly kept?: boolean
}

/** Names the values of one operation, which stand beside the journal and never in it. */
export type ValuesId = string & { readonly __brand: 'ValuesId' }

/** "I am about to make these changes." While it is open, it is the lock. */
export interface Intent extends Stamped {
  readonly type: 'intent'
  readonly verb: Verb
  /** The changes themselves: `Journal.recall` reads them. */
  readonly values: ValuesId
  readonly shown: readonly Shown[]
  /** The plan's word on the old resource: fit to go back to. What does not settle is put back; otherwise the new value stays. */
  readonly revertible: boolean
  /** Keys whose value before was not what the last release wrote: edited outside since. */
  readonly edited: readonly Key[]
  /** Set by undo: the release whose inverse this is. */
  readonly undoes?: Release
  /** Set by rollback: the release it goes back to. */
  readonly backTo?: Release
  /** Why, in the words of whoever asked for it. */
  readonly message?: string
  /** Findings that were let pass by name. */
  readonly allowed?: readonly string[]
  /** What would be attached was not probed, because it was asked for so. */
  readonly unprobed?: boolean
  /** Neither hook nor health was run, because it was asked for so: the app goes on with what it read before. */
  readonly unhooked?: boolean
}

/** What is decided about an open operation. Neither ever goes back to false. */
export interface Decision {
  /** It is to be put back. */
  readonly undo: boolean
  /** A write of it is known to have landed. */
  readonly landed: boolean
}

/** "Whoever was writing may not write any more; I decide from here." */
export interface Claim extends Stamped, Decision {
  readonly type: 'claim'
  readonly intent: Seq
}

/** What hook and health said. `skipped`: there is none, or it was not to run. What cannot be known is `no`. */
export type Settled = 'yes' | 'no' | 'skipped'

/** How an operation ended. */
export type Ending =
  /** The new values stand. */
  | { readonly verdict: 'committed'; readonly settled: Settled }
  /** They stood, and the old ones stand again. */
  | { readonly verdict: 'reverted'; readonly settled: Settled }
  /** Nothing changed. `settled` stands here when hook and health were run again on what stood already. */
  | { readonly verdict: 'aborted'; readonly settled?: Settled }
  /** A person accepted what was found. */
  | { readonly verdict: 'kept'; readonly found: readonly Shown[] }
export type Verdict = Ending['verdict']

/** `release` is the last one from here on: its own number when committed, else the one before, repeated. */
export type Close = Stamped &
  Ending & {
    readonly type: 'close'
    readonly intent: Seq
    readonly release: Release
    /** What was wrong with hook or health, fit to print: why it was put back, or did not settle. */
    readonly why?: string
  }

export type Entry = Intent | Claim | Close

/** An operation begun and not closed. */
export interface Open extends Decision {
  readonly intent: Intent
}

/** All that a command must know of the journal before it may begin. */
export interface Head {
  readonly seq: Seq
  readonly release: Release
  readonly open: Open | null
}

export const EMPTY_HEAD: Head = { seq: 0, release: 0, open: null }

/** The journal is data; this is its grammar. Throws on an entry that cannot follow `head`. */
export function advance(head: Head, entry: Entry): Head {
  const { open, release } = head
  const { seq } = entry
  if (seq !== head.seq + 1) throw new Error(`entry ${seq} does not follow ${head.seq}`)
  if (entry.type === 'intent') {
    if (open) throw new Error(`intent ${seq} while ${open.intent.seq} is open`)
    return { seq, release, open: { intent: entry, undo: false, landed: false } }
  }
  if (open?.intent.seq !== entry.intent) throw new Error(`${entry.type} ${seq} matches no open intent`)
  if (entry.type === 'claim') {
    const decided = { undo: open.undo || entry.undo, landed: open.landed || entry.landed }
    return { seq, release, open: { intent: open.intent, ...decided } }
  }
  const expected = release + (entry.verdict === 'committed' ? 1 : 0)
  if (entry.release !== expected) throw new Error(`close ${seq} has release ${entry.release} where ${expected} was due`)
  return { seq, release: entry.release, open: null }
}

/** The head, read from the end. Stops at the first close: the work is bounded by one operation, never by the history. */
export function headOf(newestFirst: Iterable<Entry>): Head {
  const sinceClose: Entry[] = []
  let closed = EMPTY_HEAD
  for (const entry of newestFirst) {
    if (entry.type === 'close') {
      closed = { seq: entry.seq, release: entry.release, open: null }
      break
    }
    sinceClose.push(entry)
  }
  return sinceClose.reduceRight((head, entry) => advance(head, entry), closed)
}
