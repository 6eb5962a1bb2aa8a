import type { CandidateRow } from './candidate.ts'
import type { OnFailure } from './deploy.ts'
import type { ErrorCode } from './errors.ts'
import type { Side, Stands, Step } from './event.ts'
import type { KeyedFinding } from './finding.ts'
import type { Identity } from './handle.ts'
import type { Actor, Release, Settled, Shown, Verdict } from './operation.ts'
import type { ProbeReport } from './probe.ts'

/** What an exit code says of the deploy, in one word. */
export type OutcomeWord = 'changed' | 'unchanged' | 'planned' | 'refused' | 'reverted' | 'unknown'

/** What one command has to say, whole: printed as it is with `--json`, rendered otherwise. Holds nothing that may not be printed. */
export interface Document {
  readonly schema: 'attach/1'
  readonly verb: string
  readonly deploy: string | null
  readonly exit: number
  readonly outcome: OutcomeWord
  readonly release: Release | null
  readonly changes: readonly Shown[]
  readonly findings: readonly KeyedFinding[]
  readonly warnings: readonly Warning[]
  readonly undo: readonly string[] | null
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint: string | null } | null
  readonly attachments?: readonly AttachmentRow[]
  readonly probes?: readonly ProbeRow[]
  readonly releases?: readonly ReleaseRow[]
  /** Of a failover, in the order they were given. */
  readonly candidates?: readonly CandidateRow[]
  readonly open?: OpenRow | null
  /** Hook and health of this deploy, and how they went. */
  readonly settling?: SettlingRow
  /** The last operation whose app did not settle, and that nobody mended since. */
  readonly unsettled?: UnsettledRow | null
  /** Keys edited outside since the last release that wrote them. */
  readonly edited?: readonly string[]
  readonly message?: string
}

export interface Warning {
  readonly code: string
  readonly message: string
}

/** One key of a deploy that holds a handle. */
export interface AttachmentRow {
  /** Of `where`, which looks into many: the deploy, or its config. */
  readonly deploy?: string
  readonly key: string
  /** The variables that make its handle together. Absent: the key alone holds it. */
  readonly keys?: readonly string[]
  readonly kind: string
  readonly provider: string | null
  readonly target: string
  /** Of `where`: who logs in. Null: the handle does not say. */
  readonly user?: string | null
  /** The last release that wrote it. Null: none, or it was not looked for. */
  readonly release: Release | null
  /** Changed outside since then. Null: that cannot be told. */
  readonly edited: boolean | null
  readonly value?: string
}

export interface ProbeRow {
  readonly key: string
  readonly kind: string
  readonly identity: Identity
  readonly side: Side
  readonly report: ProbeReport
}

export interface ReleaseRow {
  readonly release: Release | null
  readonly at: string
  readonly by: Actor
  readonly verb: string
  readonly message: string | null
  readonly verdict: Verdict
  readonly settled: Settled | null
  readonly changes: readonly Shown[]
  /** Keys that were edited outside before this release. */
  readonly edited: readonly string[]
  readonly unprobed: boolean
  /** Neither hook nor health was run, because it was asked for so. */
  readonly unhooked: boolean
  /** Why it was put back, or did not settle. */
  readonly why: string | null
  readonly allowed: readonly string[]
}

/** How the app is made to pick up its config. */
export interface SettlingRow {
  /** The command. Null: there is none, or it was not to run. */
  readonly hook: string | null
  /** The command or the URL. */
  readonly health: string | null
  /** What becomes of a value that the app does not settle on. Null: nothing would be put back. */
  readonly onFailure: OnFailure | null
  /** Null: nothing was run. */
  readonly settled: Settled | null
  readonly steps: readonly StepRow[]
}

export interface StepRow {
  readonly step: Step
  readonly stands: Stands
  /** What was wrong. Null: nothing. */
  readonly why: string | null
  readonly ms: number
}

export interface UnsettledRow {
  readonly release: Release
  readonly verdict: Verdict
  readonly at: string
  readonly why: string | null
}

/** An operation that is not closed. */
export interface OpenRow {
  readonly verb: string
  readonly keys: readonly string[]
  readonly by: Actor
  readonly since: string
  readonly owner: 'alive' | 'dead' | 'unknown'
}
