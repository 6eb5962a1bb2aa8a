import { AttachError } from '../domain/errors.ts'
import type { Verb } from '../domain/operation.ts'
import type { Depth, Expectation, ProbeReport } from '../domain/probe.ts'
import { type Probed, whereOf } from './ask.ts'

export type { Expectation } from '../domain/probe.ts'

/** More hints in one line help nobody. */
const HINTS_MAX = 3

/** A resource that did not answer, or is not what was expected. `failedAt`: how far each came; null, all the way. */
export class ProbeFailed extends AttachError {
  readonly failedAt: readonly (Depth | null)[]

  constructor(message: string, hint: string, failedAt: readonly (Depth | null)[]) {
    super('PROBE_FAILED', message, { hint })
    this.failedAt = failedAt
  }

  static of(failures: readonly ProbeFailed[]): ProbeFailed {
    const hints = [...new Set(failures.map(({ hint = '' }) => hint))]
    const messages = failures.map(({ message }) => message)
    return new ProbeFailed(
      messages.join('; '),
      hints.length > HINTS_MAX ? 'each says above what to do; attach probe -v asks all of them again' : hints.join('; '),
      failures.flatMap(({ failedAt }) => failedAt),
    )
  }

  /** Nobody was there at all, for any of them: nothing says that the handle is wrong. */
  get isNobodyThere(): boolean {
    return this.failedAt.every((depth) => depth === 'resolve' || depth === 'connect')
  }
}

/** Null: it is what was expected, as far as it tells. */
export function failureOf({ key, resource, report }: Probed, expected: Expectation): ProbeFailed | null {
  const where = whereOf(resource)
  if (!report.ok) return new ProbeFailed(`${key}: ${where} failed at ${report.failedAt}: ${report.reason}`, report.hint, [report.failedAt])
  const { role, writable } = report.facts
  const found = role === 'replica' ? 'is a replica' : writable === false ? 'is read-only' : 'is a primary'
  const instead = (hint: string): ProbeFailed =>
    new ProbeFailed(`${key}: ${where} was expected to be ${expected} and ${found}`, hint, [null])
  switch (expected) {
    case 'readable':
      return null
    case 'replica':
      return role === 'primary' ? instead('name a replica, or --expect writable') : null
    case 'writable':
      return writable === false ? instead('promote it or name another; --expect readable if that is meant') : null
  }
}

/** It answers, and told of something that stops its work: an alarm, a queue that takes nothing. Null: nothing does. */
export function troubleOf({ key, resource, report }: Probed): ProbeFailed | null {
  const fails = report.findings.filter(({ status }) => status === 'fail')
  const [first] = fails
  if (first === undefined) return null
  const told = fails.map(({ id, detail }) => `${detail} (${id})`).join('; ')
  return new ProbeFailed(`${key}: ${whereOf(resource)} answers, and ${told}`, first.remedy ?? 'attach probe -v', [null])
}

/** What was asked for by name and cannot be told is no pass. */
export function untold({ key, resource, report }: Probed, expected: Expectation): ProbeFailed | null {
  const { role, writable } = report.facts
  // What is told and is not what was expected is for `failureOf`, or for guards, to say.
  const isTold =
    expected === 'readable' || (expected === 'replica' ? role === 'replica' || role === 'primary' : typeof writable === 'boolean')
  if (isTold) return null
  return new ProbeFailed(`${key}: ${whereOf(resource)} does not tell whether it is ${expected}`, '--expect readable if that is enough', [
    null,
  ])
}

/**
 * What takes the place of a replica is one; going back from a replica, to a primary too, is always allowed. What is attached where nothing
 * was need only be readable.
 */
export function usualExpectation(verb: Verb, old: ProbeReport | undefined): Expectation {
  if (verb === 'attach') return 'readable'
  if (old?.ok !== true || old.facts.role !== 'replica') return 'writable'
  return verb === 'swap' || verb === 'failover' ? 'replica' : 'readable'
}
