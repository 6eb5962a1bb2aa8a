import type { Change, Key, Value } from '../domain/change.ts'
import type { AttachError } from '../domain/errors.ts'
import type { Check, Finding } from '../domain/finding.ts'
import type { Handle, Identity } from '../domain/handle.ts'
import type { Depth, Expectation, ProbeReport } from '../domain/probe.ts'
import type { Fresh, Survey, Use } from '../domain/survey.ts'

export type { Depth, Facts, FailureClass, Negotiated, ProbeFailure, ProbeReport, Role, Stage } from '../domain/probe.ts'
export { DEPTHS } from '../domain/probe.ts'

export interface ProbeContext {
  readonly signal: AbortSignal
  /** How deep to go. */
  readonly depth: Depth
  /** Bounds of the stages, in milliseconds. */
  readonly limits: ProbeLimits
  /** Monotonic clock, milliseconds. */
  readonly now: () => number
  /** Wall clock, milliseconds since 1970: for certificates that end soon. */
  readonly today: () => number
}

export interface ProbeLimits {
  /** resolve and connect together. */
  readonly connectMs: number
  /** One statement. */
  readonly statementMs: number
  /** All of it. */
  readonly totalMs: number
}

export const PROBE_LIMITS: ProbeLimits = { connectMs: 3_000, statementMs: 5_000, totalMs: 10_000 }

/** A sort of service: how its handles are read, and how one talks to it. One file each, loaded when first used. */
export interface Kind<Resource = unknown> {
  readonly name: string
  /** Canonical first. */
  readonly schemes: readonly string[]
  /** The key that usually holds such a handle: `DATABASE_URL`. */
  readonly usualKey: string
  /** The deepest a probe can reach. `null`: nothing can be asked (opaque). */
  readonly depth: Depth | null
  /** Pure. Throws HANDLE_INVALID, which says what is wrong and how to mend it and never holds the handle. */
  parse(handle: Handle): Resource
  identify(resource: Resource): Identity
  /** What a parse found odd but not wrong. Pure. */
  remarks(resource: Resource): readonly Finding[]
  /** Harmless: writes nothing, creates nothing, kicks no client. Never rejects for a bad server, and ends within its limits. */
  probe(resource: Resource, context: ProbeContext): Promise<ProbeReport>
  /** The handle with these parts replaced and every other byte kept. Throws HANDLE_INVALID. */
  replaceParts(handle: Handle, parts: HandleParts): Handle
  /** What the handle says beside where it leads. Pure. */
  traits(resource: Resource): Traits
  /** One handle of the parts that several variables hold. Pure. Throws HANDLE_INVALID, which names a part and never holds one. Absent: no variables are known. */
  compose?(parts: HandleVariables): Handle
  /**
   * The parts of a handle that variables would hold: the inverse of `compose`. `wanted`: the parts that the set at hand has, for a kind whose sets
   * say one thing in several ways (a list of servers, a host and a port). Throws HANDLE_INVALID for what no variable can say.
   */
  decompose?(handle: Handle, wanted?: readonly string[]): HandleVariables
  /** A probe to depth `use` that leaves its session open when it succeeds. The report is that of `probe`. Absent: nothing can be compared. */
  open?(resource: Resource, context: ProbeContext): Promise<Opened>
  /** Loaded when two resources are compared. Absent: nothing can be compared. */
  guards?(): Promise<Guards>
  /**
   * Asked for by name only: a probe to depth `use` that then puts one small thing of its own there, reads it back and takes it away again. It touches
   * nothing else. The removal is tried whatever came before, also after an abort, within a short bound of its own; what could not be removed is
   * named in a finding. `writable` is told. Never rejects for a bad server. Absent: the kind knows no such probe.
   */
  writeProbe?(resource: Resource, context: ProbeContext): Promise<ProbeReport>
}

/** The parts of a handle by the names of its `VariableSet`, as they are meant (not percent-encoded). */
export type HandleVariables = ReadonlyMap<string, Handle>

/** What a handle says beside where it leads. Fit to print. */
export interface Traits {
  /** Parameters that tell a client how to behave (pool, timeout, search_path …), decoded. None that is a secret, and none of TLS. */
  readonly parameters: ReadonlyMap<string, string>
  /** Credentials that every installation begins with, in words that hold no password. Null: they are not. */
  readonly defaultCredentials: string | null
}

/** The value of a parameter that nobody here knows: it may be a secret, so only that it stands there is told. */
export const UNSHOWN = '…'

export interface Opened {
  readonly report: ProbeReport
  /** Null: the probe failed. */
  readonly session: Session | null
}

/** A conversation that a probe left open, for further questions. */
export interface Session extends AsyncDisposable {
  /**
   * Asks the resource about itself. Reads only; every question has a bound. What may not be seen, or does not answer in time, is `unknown` with
   * the reason. Rejects with PROBE_FAILED when the session breaks, and with INTERRUPTED.
   */
  survey(context: SurveyContext): Promise<Survey>
}

export interface SurveyContext {
  readonly signal: AbortSignal
  readonly limits: SurveyLimits
  /** Monotonic clock, milliseconds. */
  readonly now: () => number
  /** Wall clock, milliseconds since 1970. */
  readonly today: () => number
  /** Which column tells the age of the data. */
  readonly fresh: Fresh | null
  /** What the other side tells: for questions that name what stands there. It may still be asked; null, it told nothing. Never rejects. */
  readonly against: Promise<Survey | null>
}

export interface SurveyLimits {
  /** One question. */
  readonly statementMs: number
  /** All of them. */
  readonly totalMs: number
}

export const SURVEY_LIMITS: SurveyLimits = { statementMs: 5_000, totalMs: 20_000 }

/** What tells whether one resource is fit to take the place of another. */
export interface Guards {
  readonly checks: readonly Check[]
  /** Pure: the same surveys give the same findings, in the order of `checks`. What was not told is `unknown`, never a pass. */
  compare(comparison: Comparison): readonly Finding[]
  /** The facts of a survey that was kept in a file. Rejects with the error of its schema (zod), whose issues say where it is broken. */
  decode(facts: unknown): Promise<unknown>
}

export interface Comparison {
  /** What stands there now, or a baseline of it. Null: it told nothing; what needs it is unknown. */
  readonly old: Survey | null
  /** The old survey is a baseline: what changes from minute to minute may have changed since. Absent: it is of now. */
  readonly kept?: true
  /** Why there is no old survey, as one says after `unknown:`. Null where there is one. */
  readonly oldSilent: string | null
  readonly next: Survey
  /** Only credentials or parameters differ, as the handles say: both lead to one resource. */
  readonly within?: boolean
  readonly expect: Expectation
  readonly fresh: Fresh | null
  readonly use: Use | null
  /** Wall clock, milliseconds since 1970. */
  readonly today: number
  /** The deploy, as it is named: a tag of the data may name another. */
  readonly deploy: string
}

/** Parts of a handle, as they are meant (not percent-encoded). */
export interface HandleParts {
  readonly host?: string
  readonly port?: string
  readonly name?: string
  readonly user?: string
  readonly password?: Handle
}

/** A handle that was read: what it leads to, and how to ask it. */
export interface Resource {
  readonly kind: string
  readonly identity: Identity
  /** Null: nothing can be asked of it. */
  readonly depth: Depth | null
  readonly remarks: readonly Finding[]
  readonly traits: Traits
  probe(context: ProbeContext): Promise<ProbeReport>
  /** See `Kind.open`. Of a kind that cannot be compared it is the probe alone. */
  open(context: ProbeContext): Promise<Opened>
  /** See `Kind.writeProbe`. Absent: the kind knows no such probe. */
  readonly writeProbe?: (context: ProbeContext) => Promise<ProbeReport>
  /** Null: resources of this kind cannot be compared. */
  readonly guards: (() => Promise<Guards>) | null
}

/** What decides the kind of a value, strongest first. */
export interface Recognition {
  /** `--kind`. */
  readonly asked: string | null
  /** What the key held before. */
  readonly was: Value
}

/** What changes for one resource. */
export interface JoinedChange extends Change {
  /** All keys that hold its handle. */
  readonly keys: readonly Key[]
  /** What the variables tell of its kind. Null: the value tells. */
  readonly kind: string | null
  readonly findings: readonly Finding[]
  /** Why the variables make no handle afterwards, although none is missing. */
  readonly problem: AttachError | null
}

/** All kinds there are, each loaded when it is first used. */
export interface Kinds {
  /**
   * Changes as resources see them: those of variables that together make one handle are one change of that handle, under the name of its attachment;
   * others are what they are. `entries`: the config before.
   */
  joined(changes: readonly Change[], entries: ReadonlyMap<Key, Handle>): Promise<readonly JoinedChange[]>
  /** Throws HANDLE_INVALID or USAGE; nothing is contacted. */
  read(value: Handle, recognition: Recognition): Promise<Resource>
  /** `postgres://app@db1:5432/app`: fit to print, never throws, loads nothing. */
  describe(value: Handle): string
  /** Of what kind a value is by its looks, also where it cannot be read; of a service that no kind speaks its product. Null: that cannot be told. */
  seems(value: Handle): string | null
}

/** What `docs/kinds.md` says of a kind. Sentences without a full stop. Nothing of it is loaded by a command. */
export interface KindAbout {
  /** The product, as people call it. */
  readonly product: string
  /** Handles that are read, and what each form means. */
  readonly forms: readonly (readonly [handle: string, means: string])[]
  /** What the words of a handle mean for TLS. */
  readonly tls: readonly (readonly [word: string, means: string])[]
  /** What a probe does, in its order. */
  readonly probed: readonly string[]
  /** What a green probe does not say. */
  readonly notProbed: readonly string[]
  /** What the tests could not run against a real server, and what stands in for it. */
  readonly notRunHere: readonly string[]
}
