import type { CandidateRow } from './candidate.ts'
import type { Finding, KeyedFinding } from './finding.ts'
import type { Identity } from './handle.ts'
import type { Shown, Verb } from './operation.ts'
import type { ProbeReport } from './probe.ts'
import type { Secret } from './secret.ts'

/** Which of two resources a probe asked. */
export type Side = 'new' | 'old' | 'attached'

/** Which values the app is made to pick up: those of the operation, those before it, or what stood already. */
export type Stands = 'new' | 'old' | 'standing'

/** The two things by which an app settles. */
export type Step = 'hook' | 'health'

/** Everything a run says while it runs. */
export type Event =
  | { readonly type: 'probing'; readonly key: string; readonly where: string; readonly side: Side }
  | {
      readonly type: 'probed'
      readonly key: string
      readonly kind: string
      readonly where: string
      readonly identity: Identity
      readonly side: Side
      readonly report: ProbeReport
    }
  /** Two resources are asked about themselves. */
  | { readonly type: 'comparing'; readonly key: string }
  /** They were, and this came of it. The findings themselves are told as `judged`. */
  | { readonly type: 'compared'; readonly key: string; readonly findings: readonly KeyedFinding[]; readonly ms: number }
  /** Which of the candidates of a failover are fit, and which one is taken. */
  | { readonly type: 'candidates'; readonly key: string; readonly candidates: readonly CandidateRow[] }
  | { readonly type: 'planned'; readonly verb: Verb; readonly deploy: string; readonly changes: readonly Shown[] }
  | { readonly type: 'found'; readonly key: string; readonly finding: Finding }
  /** All that was found out about what is to stand under a key. `compared`: against what stands there. */
  | { readonly type: 'judged'; readonly key: string; readonly findings: readonly Finding[]; readonly compared: boolean }
  | { readonly type: 'waiting'; readonly reason: string }
  /** It is not what is waited for, in another way than before, and will be asked again. `pauseMs`: when. */
  | {
      readonly type: 'retrying'
      readonly key: string
      readonly where: string
      readonly why: string
      readonly tries: number
      readonly pauseMs: number
    }
  /** What is done once the config is written. `what`: the command, or the question. */
  | { readonly type: 'then'; readonly step: Step; readonly what: string }
  /** A hook or a health check begins. `what`: the command, or the URL. */
  | { readonly type: 'settling'; readonly step: Step; readonly stands: Stands; readonly what: string; readonly timeoutMs: number }
  /** One line that a command of the deploy's own printed, or the command that makes a value: a text of others. */
  | { readonly type: 'output'; readonly from: Step | 'command'; readonly line: string }
  /** It ended. `why`: what was wrong with it, as one says after its name; null, nothing was. */
  | { readonly type: 'settled'; readonly step: Step; readonly stands: Stands; readonly why: string | null; readonly ms: number }
  | { readonly type: 'recovered'; readonly message: string }
  | { readonly type: 'note'; readonly code: string; readonly message: string }
  /** For -v and JSON. */
  | { readonly type: 'detail'; readonly code: string; readonly message: string }

/** The same type without any secret in it. Where there is one, the assertion below does not compile. */
type WithoutSecret<T> = T extends Secret ? never : T extends object ? { readonly [name in keyof T]: WithoutSecret<T[name]> } : T
type Assert<_Printable, _Event extends _Printable> = _Event
export type PrintableEvent = Assert<WithoutSecret<Event>, Event>
