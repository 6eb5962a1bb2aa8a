import { LOCK_ELSEWHERE_MS } from '../deploys/open.ts'

/** What takes over where an option is not given. Milliseconds, but for the last. */
export const DEFAULTS = { lockOnTerminalMs: 10_000, lockElsewhereMs: LOCK_ELSEWHERE_MS, sourceMs: 60_000, logLimit: 20 } as const

/** `10s`, as help and messages write it. Whole seconds. */
export const seconds = (ms: number): string => `${ms / 1000}s`
