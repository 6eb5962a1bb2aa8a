import { describe, expect, test } from 'vitest'
import { EXITS, type Exit, exitOf, exitOfClose, type Outcome, outcomeOf, outcomeOfClose } from '../../src/cli/exits.ts'
import { VERBS } from '../../src/cli/verbs.ts'
import { AttachError, type ErrorCode } from '../../src/domain/errors.ts'
import type { Close, Ending, Settled } from '../../src/domain/operation.ts'

const ERRORS: readonly (readonly [code: ErrorCode, exit: Exit, outcome: Outcome])[] = [
  ['BUG', 1, 'unknown'],
  ['USAGE', 2, 'unchanged'],
  ['HANDLE_INVALID', 2, 'unchanged'],
  ['CONFIG_INVALID', 2, 'unchanged'],
  ['REFUSED', 3, 'refused'],
  ['PROBE_FAILED', 3, 'refused'],
  ['CONFLICT', 4, 'refused'],
  ['BUSY', 5, 'refused'],
  ['CLAIMED', 5, 'refused'],
  ['UNAVAILABLE', 6, 'unchanged'],
  ['DAMAGED', 6, 'unchanged'],
  ['UNKNOWN', 8, 'unknown'],
  ['INCOMPLETE', 8, 'unknown'],
  ['UNSETTLED', 8, 'unknown'],
  ['INTERRUPTED', 130, 'unchanged'],
]

const error = (code: ErrorCode): AttachError => new AttachError(code, 'what happened')

test.each(ERRORS)('%s of a writing verb exits %i and is %s', (code, exit, outcome) => {
  expect({ exit: exitOf(error(code)), outcome: outcomeOf(error(code), 'swap') }).toEqual({ exit, outcome })
  expect(outcomeOf(error(code), null)).toBe(outcome)
})

test('an error whose effect is not known exits 1 or 8, and every other one says that nothing was changed', () => {
  for (const [code, exit] of ERRORS) {
    expect({ code, look: exit === 1 || exit === 8 }).toEqual({ code, look: error(code).effect === 'unknown' })
  }
})

test.each([
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s before a write landed exits %i, and tells nothing of any other error', (signal, exit) => {
  expect(exitOf(error('INTERRUPTED'), { signal })).toBe(exit)
  expect(exitOf(error('CONFLICT'), { signal })).toBe(4)
})

describe('a closed operation', () => {
  const closed = (ending: Ending): Close => ({
    type: 'close',
    seq: 2,
    by: { user: 'u', host: 'h', pid: 1 },
    at: '2026-01-01T00:00:00Z',
    intent: 1,
    release: 1,
    ...ending,
  })
  const rows: readonly (readonly [ending: Ending, exit: Exit, outcome: Outcome])[] = [
    ...(['yes', 'skipped'] satisfies Settled[]).map((settled) => [{ verdict: 'committed', settled }, 0, 'changed'] as const),
    [{ verdict: 'committed', settled: 'no' }, 8, 'unknown'],
    ...(['yes', 'skipped'] satisfies Settled[]).map((settled) => [{ verdict: 'reverted', settled }, 7, 'reverted'] as const),
    [{ verdict: 'reverted', settled: 'no' }, 8, 'unknown'],
    [{ verdict: 'aborted' }, 0, 'unchanged'],
    [{ verdict: 'kept', found: [] }, 0, 'unchanged'],
  ]
  test.each(rows)('%j exits %i and is %s', (ending, exit, outcome) => {
    expect({ exit: exitOfClose(closed(ending)), outcome: outcomeOfClose(closed(ending)) }).toEqual({ exit, outcome })
  })
})

test('a reading verb changes nothing, whatever its exit', () => {
  const reading = VERBS.filter((verb) => verb.reads).map((verb) => verb.name)
  expect(reading).toEqual(['status', 'probe', 'wait', 'compare', 'log', 'where', 'exec', 'help', 'version'])
  for (const verb of [...reading, 'alone'] as const) for (const [code] of ERRORS) expect(outcomeOf(error(code), verb)).toBe('unchanged')
})

test('every exit that something can have is in the table, once', () => {
  const numbers = EXITS.map(({ exit }) => exit)
  expect(new Set(numbers).size).toBe(numbers.length)
  for (const [, exit] of ERRORS) expect(numbers).toContain(exit)
  for (const exit of [0, 7, 8, 129, 143] as const) expect(numbers).toContain(exit)
})
