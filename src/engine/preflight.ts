import { type Change, isEmpty, type Key } from '../domain/change.ts'
import { FAILOVER, GENERAL } from '../domain/checks.ts'
import type { ExpectedResource } from '../domain/deploy.ts'
import { AttachError } from '../domain/errors.ts'
import { type Finding, found, type KeyedFinding, passed, unknown, weighed } from '../domain/finding.ts'
import type { Verb } from '../domain/operation.ts'
import type { Expectation } from '../domain/probe.ts'
import type { KeptSurvey, Survey } from '../domain/survey.ts'
import type { Resource } from '../ports/kind.ts'
import { type Asked, open, type Probed, probe } from './ask.ts'
import { askOld, type Compared, type CompareSetting, compare, type OldTold } from './compare.ts'
import { failureOf, ProbeFailed, untold, usualExpectation } from './expect.ts'
import { kindFinding } from './general.ts'
import { type Leave, pardoned } from './judge.ts'
import type { Recognised } from './recognise.ts'

export interface Preflight {
  readonly probes: readonly Probed[]
  readonly findings: readonly KeyedFinding[]
  /** False when an old resource did not answer: going back to it would help nobody. */
  readonly revertible: boolean
  /** What the old resources told of themselves, by their keys: fit to be kept as baselines. */
  readonly told: ReadonlyMap<Key, Survey>
  /** Monotonic, milliseconds. */
  readonly takenAt: number
}

/** What is asked of the resources of a plan. */
export interface Asking extends Leave {
  readonly verb: Verb
  /** `--expect`. */
  readonly expect: Expectation | null
  readonly declared: ReadonlyMap<string, ExpectedResource>
  /** What old resources told when they were well: speaks for them, whether they live or not. */
  readonly baselines: ReadonlyMap<Key, KeptSurvey>
}

export interface PreflightSetting extends CompareSetting {
  /** What changed inside one resource, in words; null when it is another one. */
  readonly within?: (change: Change) => string | null
}

/**
 * Probes what a plan would attach, and what it would replace as far as that answers; compares the two where one takes the place of the other.
 * Throws PROBE_FAILED with the reason and one hint, INTERRUPTED.
 */
export async function preflight(recognised: readonly Recognised[], asking: Asking, setting: PreflightSetting): Promise<Preflight> {
  const looks = await Promise.all(recognised.flatMap((one) => lookAt(one, asking, setting) ?? []))
  try {
    if (setting.signal.aborted)
      throw new AttachError('INTERRUPTED', 'interrupted before anything was changed', { hint: 'run the command again' })
    const failures = looks.flatMap((look) => failureIn(look, asking) ?? [])
    if (failures.length > 0) throw ProbeFailed.of(failures)
    const judged = await Promise.all(looks.map((look) => findingsOf(look, asking, setting)))
    const findings = judged.flatMap((one) => one.findings)
    const told = new Map(judged.flatMap(({ key, told }) => (told === null ? [] : [[key, told] as const])))
    const probes = looks.flatMap(({ next, old }) => [next, old].flatMap((side) => side ?? []))
    const revertible = probes.every(({ side, report }) => side !== 'old' || report.ok)
    return { probes, findings, revertible, told, takenAt: setting.clock() }
  } finally {
    await Promise.all(looks.flatMap(({ next, old }) => [next, old].map((side) => side?.session?.[Symbol.asyncDispose]())))
  }
}

/** One key of a plan: what would be attached, and what it would replace. */
export interface ProbedChange {
  readonly change: Change
  /** Its handle. */
  readonly resource: Resource
  /** Null: nothing can be asked of it. */
  readonly next: Asked | null
  /** Null: nothing stands there that could be asked. */
  readonly old: Asked | null
  /** One service takes the place of another, and they are compared. */
  readonly isCompared: boolean
  /** What the old one told, where it was asked already. Absent: it is asked now. */
  readonly oldTold?: Promise<OldTold>
}

/** Null: nothing would be attached. */
function lookAt({ change, next, old }: Recognised, { verb }: Asking, setting: PreflightSetting): Promise<ProbedChange> | null {
  if (next === null) return null
  const [asksNext, asksOld] = [next.depth !== null, old !== null && old.depth !== null]
  const isCompared = verb !== 'attach' && asksNext && asksOld
  const ask = isCompared ? open : probeAlone
  return (async () => {
    const [nextAsked, oldAsked] = await Promise.all([
      asksNext ? ask(change.key, 'new', next, setting) : null,
      asksOld && old !== null ? ask(change.key, 'old', old, setting) : null,
    ])
    return { change, resource: next, next: nextAsked, old: oldAsked, isCompared }
  })()
}

const probeAlone: typeof open = async (...asked) => ({ ...(await probe(...asked)), session: null })

/** Null: it answers, and is what it must be as far as that is not for guards to say. */
export function failureIn(
  { change: { key }, next, old, isCompared, resource }: ProbedChange,
  { expect, declared, verb }: Asking,
): ProbeFailed | null {
  if (next === null) return null
  const said = expect ?? declared.get(key)?.expect ?? null
  const isGuarded = isCompared && resource.guards !== null && old?.resource.kind === resource.kind
  const failed = isGuarded && next.report.ok ? null : failureOf(next, said ?? usualExpectation(verb, old?.report))
  return failed ?? (said === null ? null : untold(next, said))
}

export interface Judged extends Compared {
  readonly key: Key
  /** What the old one told of itself. Null: it was not asked, or told nothing. */
  readonly told: Survey | null
}

const isGeneral = (id: string): boolean => Object.values(GENERAL).some((check) => check.id === id)

/** What was found out about what would be attached, and of how it compares. Throws INTERRUPTED, and PROBE_FAILED for one that broke off. */
export async function findingsOf(look: ProbedChange, asking: Asking, setting: PreflightSetting): Promise<Judged> {
  const { change, resource, next, old, isCompared } = look
  const { key } = change
  const declared = asking.declared.get(key) ?? null
  const ofOld = asking.verb === 'failover' ? [oldAlive(old)] : []
  // What a comparison weighs against the old one is told by that alone.
  const ofNext = [...resource.remarks, ...(next?.report.findings ?? [])].filter(({ id }) => !isCompared || !isGeneral(id))
  const alone = [...ofNext, ...ofOld].map((finding) => ({ key, ...weighed(finding, declared?.guards ?? new Map()) }))
  if (!isCompared || next === null || old === null) {
    const uncompared = next === null || old !== null ? [] : notCompared(look, asking, setting)
    const all = [...alone, ...uncompared.map((finding) => ({ key, ...weighed(finding, declared?.guards ?? new Map()) }))]
    return { key, findings: all.map((finding) => pardoned(finding, asking)), survey: null, told: null }
  }
  const oldTold = look.oldTold ?? askOld(old, declared, setting)
  const expect = asking.expect ?? declared?.expect ?? usualExpectation(asking.verb, old.report)
  const { findings, survey } = await compare(
    {
      key,
      next,
      old,
      oldTold,
      within: (setting.within?.(change) ?? null) !== null,
      expect,
      declared,
      oldTarget: change.before === null ? '' : setting.kinds.describe(change.before),
      baseline: asking.baselines.get(key) ?? null,
      goesBack: goesBack(asking.verb),
    },
    setting,
  )
  // Where it broke off no guard judged its role, and what the probe told of that stands, whatever is let pass.
  const misfit = survey === null ? failureOf(next, expect) : null
  if (misfit !== null) throw misfit
  const weighedAgain = new Set(findings.map(({ id }) => id)) // What a guard judges after the probe did is told once.
  const both = [...alone.filter(({ id }) => !weighedAgain.has(id)), ...findings]
  return { key, findings: both.map((finding) => pardoned(finding, asking)), survey, told: (await oldTold).survey }
}

/** What stands there cannot be read, so nothing can be asked of it: of that no guard speaks, and nobody is to take it for fit. */
function notCompared({ change: { before }, resource }: ProbedChange, { verb }: Asking, { kinds }: PreflightSetting): readonly Finding[] {
  if (verb === 'attach' || before === null || isEmpty(before)) return []
  const seems = kinds.seems(before)
  const why = 'the present handle cannot be read, so the two were not compared'
  return [
    seems === null || seems === resource.kind
      ? unknown(GENERAL.kindChanged, why)
      : kindFinding({ from: seems, to: resource.kind, goesBack: goesBack(verb) }),
    unknown(GENERAL.incomplete, why),
  ]
}

const goesBack = (verb: Verb): boolean => verb === 'undo' || verb === 'rollback'

/** Two that take writes at once are told apart by nobody but a person. */
function oldAlive(old: Asked | null): Finding {
  const check = FAILOVER.oldAlive
  if (old === null) return unknown(check, 'nothing can be asked of the present resource')
  const { report } = old
  if (!report.ok && (report.failedAt === 'resolve' || report.failedAt === 'connect'))
    return passed(check, `the present resource does not answer (failed at ${report.failedAt})`)
  // Somebody is there, who would not talk to us: others may well write to it.
  if (!report.ok) return unknown(check, `the present resource answers, and failed at ${report.failedAt}: it may still take writes`, FENCE)
  const { role, writable } = report.facts
  if (role === 'replica' || writable === false) return passed(check, 'the present resource takes no writes')
  if (writable !== true) return unknown(check, 'the present resource does not tell whether it takes writes', FENCE)
  return found(check, 'the present resource answers and takes writes: they may go to both of them', { remedy: FENCE })
}

const FENCE = 'fence the present one first: stop it, or make it read-only'
