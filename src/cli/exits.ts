import { type Effect, effectOf } from '../domain/effect.ts'
import type { AttachError, ErrorCode } from '../domain/errors.ts'
import type { Close } from '../domain/operation.ts'
import type { Command } from './command.ts'
import { verbInfo } from './verbs.ts'

/** What each exit number says about the deploy. Stable: runbooks branch on them. */
export const EXITS = [
  { exit: 0, means: 'done, or already so' },
  { exit: 1, means: 'a bug of attach' },
  { exit: 2, means: 'usage, a bad handle or config, an unknown deploy or file; nothing was contacted' },
  { exit: 3, means: 'refused by a probe, a guard or a missing confirmation; nothing was changed' },
  { exit: 4, means: 'conflict: a key was edited since it was read; nothing was changed' },
  { exit: 5, means: 'another operation is open; nothing was changed' },
  { exit: 6, means: 'the config or its journal cannot be read or written; nothing was changed' },
  { exit: 7, means: 'changed, did not settle, and put back' },
  { exit: 8, means: 'a person must look' },
  { exit: 124, means: 'only wait: the time passed; nothing was changed' },
  { exit: 129, means: 'hung up before anything was changed' },
  { exit: 130, means: 'interrupted before anything was changed' },
  { exit: 143, means: 'terminated before anything was changed' },
] as const

export type Exit = (typeof EXITS)[number]['exit']

/** The state of the deploy in one word, for JSON. `refused` and `unchanged` both mean that nothing was changed. */
export type Outcome = 'changed' | 'unchanged' | 'planned' | 'refused' | 'reverted' | 'unknown'

export type Signal = 'SIGHUP' | 'SIGINT' | 'SIGTERM'

const BY_SIGNAL = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const satisfies Record<Signal, Exit>

const BY_ERROR = {
  BUG: 1,
  USAGE: 2,
  HANDLE_INVALID: 2,
  CONFIG_INVALID: 2,
  REFUSED: 3,
  PROBE_FAILED: 3,
  TIMED_OUT: 124,
  CONFLICT: 4,
  BUSY: 5,
  CLAIMED: 5,
  UNAVAILABLE: 6,
  DAMAGED: 6,
  UNKNOWN: 8,
  INCOMPLETE: 8,
  UNSETTLED: 8,
} as const satisfies Record<Exclude<ErrorCode, 'INTERRUPTED'>, Exit>

const BY_EFFECT = {
  none: { exit: 0, outcome: 'unchanged' },
  changed: { exit: 0, outcome: 'changed' },
  reverted: { exit: 7, outcome: 'reverted' },
  unknown: { exit: 8, outcome: 'unknown' },
} as const satisfies Record<Effect, { readonly exit: Exit; readonly outcome: Outcome }>

/** The exit of a command that threw. `signal`: what interrupted it, where that is what it threw. */
export const exitOf = ({ code }: AttachError, { signal = 'SIGINT' }: { readonly signal?: Signal | undefined } = {}): Exit =>
  code === 'INTERRUPTED' ? BY_SIGNAL[signal] : BY_ERROR[code]

/** The exit of a command that closed an operation. */
export const exitOfClose = (close: Close): Exit => BY_EFFECT[effectOf(close)].exit

/** The outcome of a command that threw. `verb`: `null` when the command line did not come so far. */
export const outcomeOf = (error: AttachError, verb: Command['verb'] | null): Outcome =>
  verb !== null && reads(verb) ? 'unchanged' : OUTCOMES[exitOf(error)]

/** The outcome of a command that closed an operation. */
export const outcomeOfClose = (close: Close): Outcome => BY_EFFECT[effectOf(close)].outcome

const reads = (verb: Command['verb']): boolean => verb === 'alone' || verbInfo(verb).reads

/** What an error's exit says. 0 and 7 are no errors' exits, and stand here so that the table is whole. */
const OUTCOMES = {
  0: 'unchanged',
  1: 'unknown',
  2: 'unchanged',
  3: 'refused',
  4: 'refused',
  5: 'refused',
  6: 'unchanged',
  7: 'reverted',
  8: 'unknown',
  124: 'unchanged',
  129: 'unchanged',
  130: 'unchanged',
  143: 'unchanged',
} as const satisfies Record<Exit, Outcome>
