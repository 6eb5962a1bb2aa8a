import type { FailureClass, ProbeFailure } from '../../ports/kind.ts'

/** Errors that any command may be answered with, and `NOT_FOUND`. Each is a word alone. */
export const ERRORS = ['OUT_OF_MEMORY', 'INTERNAL_ERROR', 'BAD_FORMAT', 'UNKNOWN_COMMAND', 'DRAINING', 'NOT_FOUND'] as const
export type BeanstalkdError = (typeof ERRORS)[number]

const MEANINGS: Readonly<Record<BeanstalkdError, readonly [FailureClass, string, string]>> = {
  OUT_OF_MEMORY: ['transient', 'the server is out of memory', 'wait, or give its machine more'],
  INTERNAL_ERROR: ['permanent', 'the server failed inside, which is a bug of it', 'look at its log, and restart it'],
  BAD_FORMAT: ['permanent', 'the server does not take the question', 'is it beanstalkd 1.0 or newer? a proxy may change what is said'],
  UNKNOWN_COMMAND: ['permanent', 'the server does not know the question', 'is it beanstalkd 1.0 or newer?'],
  DRAINING: ['permanent', 'the server drains: it takes no new jobs', 'restart it, or name another one'],
  NOT_FOUND: ['permanent', 'the server does not find what it was asked for', 'is it beanstalkd?'],
}

export function beanstalkdFailure(error: BeanstalkdError): Omit<ProbeFailure, 'failedAt'> {
  const [kind, reason, hint] = MEANINGS[error]
  return { class: kind, code: error, reason, hint }
}

/** As one says after `unknown:`. */
export const whyRefused = (error: BeanstalkdError, question: string): string => `the server refused ${question} (${error})`
