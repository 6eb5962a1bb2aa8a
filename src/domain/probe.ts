import type { Finding } from './finding.ts'

/** How deep a probe goes. Each depth implies the ones before. */
export const DEPTHS = ['resolve', 'connect', 'secure', 'speak', 'login', 'use'] as const
export type Depth = (typeof DEPTHS)[number]

/** What a resource must be. */
export const EXPECTATIONS = ['writable', 'readable', 'replica'] as const
export type Expectation = (typeof EXPECTATIONS)[number]

export type Role = 'primary' | 'replica' | 'unknown'

/** What TLS was negotiated. `null`: plain text. */
export interface Negotiated {
  readonly protocol: string
  readonly cipher: string
  /** Chain and host name were checked and hold. */
  readonly verified: boolean
  /** ISO 8601, the end of the server's certificate. */
  readonly expires?: string
}

/** What a server told about itself, fit to print after redaction. */
export interface Facts {
  readonly product?: string
  readonly version?: string
  readonly role?: Role
  readonly writable?: boolean | 'unknown'
  readonly tls?: Negotiated | null
  /** Anything else worth a line. */
  readonly more?: Readonly<Record<string, string | number | boolean>>
}

export interface Stage {
  readonly depth: Depth
  /** Milliseconds spent in this stage. */
  readonly ms: number
}

/** A failure that another try may not meet again, or one that stays until somebody acts. */
export type FailureClass = 'transient' | 'permanent'

export interface ProbeFailure {
  readonly failedAt: Depth
  readonly class: FailureClass
  /** Of the operating system, TLS, or the server: `ECONNREFUSED`, `28P01`, `WRONGPASS`, `timeout`. */
  readonly code: string
  /** One line in our words; server text only sanitized, redacted, and introduced with `server says:`. */
  readonly reason: string
  /** One line that a person can act on. */
  readonly hint: string
}

/** A bad server is a report, not a throw. */
export type ProbeReport = {
  /** Stages that were passed, in order, with their times. */
  readonly stages: readonly Stage[]
  readonly totalMs: number
  readonly facts: Facts
  readonly findings: readonly Finding[]
} & ({ readonly ok: true } | ({ readonly ok: false } & ProbeFailure))
