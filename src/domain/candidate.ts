import type { Finding } from './finding.ts'
import type { Position } from './survey.ts'

/** A resource that a failover may choose. */
export interface CandidateRow {
  /** Its place among them, from 1. */
  readonly candidate: number
  /** `db2:5432/app` */
  readonly target: string
  readonly fit: boolean
  readonly chosen: boolean
  /** Why it is not fit, why another was taken, or what speaks for it. */
  readonly reason: string
  /** How far its data go. Null: it did not tell. */
  readonly position: Omit<Position, 'before'> | null
  /** ISO 8601, UTC: its newest row. Null: it did not tell. */
  readonly newest: string | null
  readonly findings: readonly Finding[]
}
