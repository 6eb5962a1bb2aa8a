import type { Close } from './operation.ts'

/** What a command did to the deploy. This, not the cause, decides the exit code. */
export type Effect =
  /** Nothing of it changed, and nothing will. */
  | 'none'
  /** In place, and the app settled on it. */
  | 'changed'
  /** Was changed, is back, and the app settled on that. */
  | 'reverted'
  /** A person must look. */
  | 'unknown'

/** Aborted and kept closed an operation without touching the config. What did not settle is never called done. */
export function effectOf(close: Close): Effect {
  if (close.verdict === 'kept') return 'none'
  if (close.settled === 'no') return 'unknown'
  if (close.verdict === 'aborted') return 'none'
  return close.verdict === 'committed' ? 'changed' : 'reverted'
}
