import type { Value } from '../domain/change.ts'
import type { Finding } from '../domain/finding.ts'
import type { Handle, Identity } from '../domain/handle.ts'
import type { Depth, ProbeReport } from '../domain/probe.ts'

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
  probe(context: ProbeContext): Promise<ProbeReport>
}

/** What decides the kind of a value, strongest first. */
export interface Recognition {
  /** `--kind`. */
  readonly asked: string | null
  /** What the key held before. */
  readonly was: Value
}

/** All kinds there are, each loaded when it is first used. */
export interface Kinds {
  /** Throws HANDLE_INVALID or USAGE; nothing is contacted. */
  read(value: Handle, recognition: Recognition): Promise<Resource>
  /** `postgres://app@db1:5432/app`: fit to print, never throws, loads nothing. */
  describe(value: Handle): string
}
