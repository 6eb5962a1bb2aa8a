import { type Change, isEmpty } from '../domain/change.ts'
import type { ExpectedResource } from '../domain/deploy.ts'
import { AttachError, isAttachError } from '../domain/errors.ts'
import type { Side } from '../domain/event.ts'
import type { Finding } from '../domain/finding.ts'
import type { Verb } from '../domain/operation.ts'
import type { Depth, Expectation, ProbeReport } from '../domain/probe.ts'
import type { Secret } from '../domain/secret.ts'
import { type Kinds, PROBE_LIMITS, type Recognition, type Resource } from '../ports/kind.ts'
import type { Reporter } from '../ports/reporter.ts'
import type { Origin } from '../ports/store.ts'
import { isKept, type Plan } from './plan.ts'

export type { Expectation } from '../domain/probe.ts'

/** One key of a plan with the resources its values lead to. Nothing was contacted for it. */
export interface Recognised {
  readonly change: Change
  /** Null: nothing would be attached, or it is only kept. */
  readonly next: Resource | null
  /** Null: nothing was attached, its handle cannot be read, or it was only kept. */
  readonly old: Resource | null
}

/** What was asked and answered for one resource. */
export interface Probed {
  /** The key, or what a handle without one is called. */
  readonly key: string
  readonly side: Side
  readonly resource: Resource
  readonly report: ProbeReport
}

export interface Preflight {
  readonly probes: readonly Probed[]
  readonly findings: readonly Finding[]
  /** False when an old resource did not answer: going back to it would help nobody. */
  readonly revertible: boolean
  /** Monotonic, milliseconds. */
  readonly takenAt: number
}

export interface ProbeSetting {
  readonly kinds: Kinds
  readonly reporter: Reporter
  readonly signal: AbortSignal
  /** Monotonic clock, milliseconds. */
  readonly clock: () => number
  /** ISO 8601, UTC. */
  readonly now: () => string
}

/**
 * Reads every handle of a plan. Pure but for loading kinds. Throws HANDLE_INVALID, USAGE: but not for a value from history, which stood there
 * once and may stand there again, whatever it is, nor for one that is kept.
 */
export async function recognise(
  plan: Pick<Plan, 'changes' | 'kept'>,
  {
    asked,
    declared,
    origin,
  }: { readonly asked: string | null; readonly declared: ReadonlyMap<string, ExpectedResource>; readonly origin: Origin },
  kinds: Kinds,
): Promise<readonly Recognised[]> {
  const recognised: Recognised[] = []
  for (const change of plan.changes) {
    const { before, after } = change
    if (isKept(plan, change.key)) {
      recognised.push({ change, next: null, old: null })
      continue
    }
    const kind = asked ?? declared.get(change.key)?.kind ?? null
    const old = before === null || isEmpty(before) ? null : await readIfAny(before, kinds)
    const next = after === null || (isEmpty(after) && kind === null) ? null : await nextOf(change.key, after)
    recognised.push({ change, next, old })

    async function nextOf(key: string, value: Secret): Promise<Resource> {
      if (origin === 'new') return await read(key, value, { asked: kind, was: before }, kinds)
      return (await readIfAny(value, kinds)) ?? (await kinds.read(value, { asked: 'opaque', was: null }))
    }
  }
  return recognised
}

/** Null: no kind that attach speaks can read it. */
async function readIfAny(value: Secret, kinds: Kinds): Promise<Resource | null> {
  try {
    return await kinds.read(value, { asked: null, was: null })
  } catch (error) {
    if (!isAttachError(error, 'HANDLE_INVALID', 'USAGE')) throw error
    return null
  }
}

/** Reads one handle; what is wrong with it is said with the name of its key. */
export async function read(key: string, value: Secret, recognition: Recognition, kinds: Kinds): Promise<Resource> {
  try {
    return await kinds.read(value, recognition)
  } catch (error) {
    if (!isAttachError(error, 'HANDLE_INVALID')) throw error
    throw new AttachError(
      'HANDLE_INVALID',
      `${key}: ${error.message}; nothing was contacted`,
      error.hint === undefined ? {} : { hint: error.hint },
    )
  }
}

/** Probes what a plan would attach, and what it would replace as far as that answers. Throws PROBE_FAILED with the reason and one hint. */
export async function preflight(
  recognised: readonly Recognised[],
  {
    verb,
    expect,
    declared,
  }: { readonly verb: Verb; readonly expect: Expectation | null; readonly declared: ReadonlyMap<string, ExpectedResource> },
  setting: ProbeSetting,
): Promise<Preflight> {
  const asks = recognised.flatMap(({ change: { key }, next, old }) => {
    const sides: Promise<Probed>[] = []
    if (next !== null && next.depth !== null) sides.push(probe(key, 'new', next, setting))
    if (old !== null && old.depth !== null && next !== null) sides.push(probe(key, 'old', old, setting))
    return sides
  })
  const probes = await Promise.all(asks)
  if (setting.signal.aborted)
    throw new AttachError('INTERRUPTED', 'interrupted before anything was changed', { hint: 'run the command again' })
  const findings: Finding[] = []
  const failures: ProbeFailed[] = []
  for (const { change, next } of recognised) {
    if (next === null) continue
    findings.push(...next.remarks)
    const asked = probes.find(({ key, side }) => key === change.key && side === 'new')
    if (asked === undefined) continue
    const old = probes.find(({ key, side }) => key === change.key && side === 'old')
    findings.push(...asked.report.findings)
    const said = expect ?? declared.get(change.key)?.expect ?? null
    const failed = said === null ? failureOf(asked, usualExpectation(verb, old?.report)) : (failureOf(asked, said) ?? untold(asked, said))
    if (failed !== null) failures.push(failed)
  }
  if (failures.length > 0) throw ProbeFailed.of(failures)
  const revertible = probes.every(({ side, report }) => side !== 'old' || report.ok)
  return { probes, findings, revertible, takenAt: setting.clock() }
}

/** Probes one resource and tells the reporter before and after. */
export async function probe(key: string, side: Side, resource: Resource, { reporter, signal, clock, now }: ProbeSetting): Promise<Probed> {
  const where = whereOf(resource)
  const { kind, identity } = resource
  reporter.event({ type: 'probing', key, where, side })
  const report = await resource.probe({
    signal,
    depth: resource.depth ?? 'use',
    limits: PROBE_LIMITS,
    now: clock,
    today: () => Date.parse(now()),
  })
  reporter.event({ type: 'probed', key, kind, where, identity, side, report })
  return { key, side, resource, report }
}

/** `localhost:5432`, or the path of a socket. */
export function whereOf({ identity: { host, port } }: Resource): string {
  if (port === undefined) return host
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

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
      hints.join('; '),
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

/** What was asked for by name and cannot be told is no pass. */
export function untold({ key, resource, report }: Probed, expected: Expectation): ProbeFailed | null {
  const { role, writable } = report.facts
  const isTold = expected === 'readable' || (expected === 'replica' ? role === 'replica' : writable === true)
  if (isTold) return null
  return new ProbeFailed(`${key}: ${whereOf(resource)} does not tell whether it is ${expected}`, '--expect readable if that is enough', [
    null,
  ])
}

/**
 * What takes the place of a replica is one; going back from a replica, to a primary too, is always allowed. What is attached where nothing
 * was need only be readable.
 */
function usualExpectation(verb: Verb, old: ProbeReport | undefined): Expectation {
  if (verb === 'attach') return 'readable'
  if (old?.ok !== true || old.facts.role !== 'replica') return 'writable'
  return verb === 'swap' ? 'replica' : 'readable'
}
