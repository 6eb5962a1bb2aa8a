import type { Effect } from './effect.ts'

const EFFECT = {
  /** The command line cannot be meant, or names what is not there. */
  USAGE: 'none',
  HANDLE_INVALID: 'none',
  CONFIG_INVALID: 'none',
  /** A guard, a missing confirmation, nothing to go back to. */
  REFUSED: 'none',
  PROBE_FAILED: 'none',
  /** What was waited for did not come in time. */
  TIMED_OUT: 'none',
  /** A key of the change no longer holds `before`. */
  CONFLICT: 'none',
  /** Another operation is open, or the next place in the journal is taken. */
  BUSY: 'none',
  /** The journal moved: somebody else decides about this operation. */
  CLAIMED: 'none',
  /** It did not happen, and this is proved. */
  UNAVAILABLE: 'none',
  /** The journal cannot be trusted. */
  DAMAGED: 'none',
  /** A signal came before a write landed. */
  INTERRUPTED: 'none',
  /** It may have happened. */
  UNKNOWN: 'unknown',
  /** Begun and not finished; the journal is left open. */
  INCOMPLETE: 'unknown',
  /** What stands was not picked up by the app, or the app is not well on it. */
  UNSETTLED: 'unknown',
  BUG: 'unknown',
} as const satisfies Record<string, Effect>

export type ErrorCode = keyof typeof EFFECT

export interface ErrorOptions {
  /** One runnable line. Never contains a value that the user gave. */
  readonly hint?: string
  readonly cause?: unknown
}

/** An error of the world, fit to print: what was named, what was expected, what was found. Never holds a secret. */
export class AttachError extends Error {
  override readonly name = 'AttachError'
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
  }

  get effect(): Effect {
    return EFFECT[this.code]
  }
}

export const isAttachError = (error: unknown, ...codes: readonly ErrorCode[]): error is AttachError =>
  error instanceof AttachError && (codes.length === 0 || codes.includes(error.code))

/** An assertion about our own code: when it fails, the bug is ours. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new AttachError('BUG', `BUG: ${what}`)
}

/** Closes an exhaustive switch. */
export function never(value: never): never {
  throw new AttachError('BUG', `BUG: unexpected case of type ${typeof value}`)
}
