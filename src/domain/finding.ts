export type Severity = 'error' | 'warn' | 'info'

/** `unknown`: could not be asked, or may not be seen. Never a pass. */
export type FindingStatus = 'pass' | 'warn' | 'fail' | 'unknown'

/** One result of a pre-flight check. */
export interface Finding {
  /** Stable: `pg.recovery`, `tls.unverified`. */
  readonly id: string
  readonly severity: Severity
  readonly status: FindingStatus
  /** One line, with figures, fit to print. */
  readonly detail: string
  /** What a person can run or do. */
  readonly remedy?: string
}
