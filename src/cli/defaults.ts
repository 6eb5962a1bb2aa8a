import { LOCK_ELSEWHERE_MS } from '../deploys/open.ts'
import { FAILOVER_MS } from '../engine/failover.ts'

/** What takes over where an option is not given. Milliseconds, but for the last two. */
export const DEFAULTS = {
  lockOnTerminalMs: 10_000,
  lockElsewhereMs: LOCK_ELSEWHERE_MS,
  sourceMs: 60_000,
  failoverMs: FAILOVER_MS,
  /** A person reads who is fit before the answer. */
  failoverOnTerminalMs: 300_000,
  waitMs: 60_000,
  waitIntervalMs: 250,
  waitConcurrency: 32,
  logLimit: 20,
} as const

/** `10s`, as help and messages write it. Whole seconds. */
export const seconds = (ms: number): string => `${ms / 1000}s`
