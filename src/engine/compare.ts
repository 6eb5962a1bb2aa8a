import type { Key } from '../domain/change.ts'
import type { ExpectedResource } from '../domain/deploy.ts'
import { AttachError, isAttachError } from '../domain/errors.ts'
import { type Finding, type KeyedFinding, weighed } from '../domain/finding.ts'
import type { Identity } from '../domain/handle.ts'
import { isSameResource } from '../domain/place.ts'
import type { Expectation } from '../domain/probe.ts'
import type { KeptSurvey, Survey } from '../domain/survey.ts'
import { SURVEY_LIMITS } from '../ports/kind.ts'
import type { Asked, ProbeSetting } from './ask.ts'
import type { Elsewhere } from './elsewhere.ts'
import { generalFindings } from './general.ts'

/** A resource that is to take the place of another. */
export interface Pair {
  readonly key: Key
  readonly next: Asked
  /** What stands there now, as far as it answered. */
  readonly old: Asked
  /** What the old one told: taken once, also for several candidates. */
  readonly oldTold: Promise<OldTold>
  /** Only credentials or parameters differ: the handles lead to one place, and are meant to. */
  readonly within: boolean
  readonly expect: Expectation
  readonly declared: ExpectedResource | null
  /** Where the present handle leads, redacted. */
  readonly oldTarget: string
  /** Speaks for an old one that is dead, and beside one that lives. */
  readonly baseline: KeptSurvey | null
  /** Going back: what stood there once may be the same resource. */
  readonly goesBack: boolean
}

export interface CompareSetting extends ProbeSetting {
  /** The deploy, as it is named. */
  readonly deploy: string
  /** Which other deploys lead to a resource. Absent: no other one is known. */
  readonly elsewhere?: (identity: Identity) => Promise<Elsewhere>
}

/** What the old resource told of itself, or why it did not. */
export type OldTold = { readonly survey: Survey; readonly silent: null } | { readonly survey: null; readonly silent: string }

export interface Compared {
  readonly findings: readonly KeyedFinding[]
  /** Of the new one. Null: its kind cannot be compared, or it broke off. */
  readonly survey: Survey | null
}

/** What the resource that stands there tells. Never rejects for a bad server. */
export async function askOld(old: Asked, declared: ExpectedResource | null, setting: CompareSetting): Promise<OldTold> {
  const { report, session } = old
  if (!report.ok) return { survey: null, silent: `the old resource failed at ${report.failedAt}` }
  if (session === null) return { survey: null, silent: 'the old resource cannot be asked' }
  try {
    const survey = await session.survey(contextOf(declared, Promise.resolve(null), setting))
    return { survey, silent: null }
  } catch (error) {
    if (!isAttachError(error, 'PROBE_FAILED')) throw error
    return { survey: null, silent: error.message }
  }
}

/** Asks the new resource about itself and compares. Throws INTERRUPTED. */
export async function compare(pair: Pair, setting: CompareSetting): Promise<Compared> {
  const { key, next, old, declared } = pair
  const keyed = (findings: readonly Finding[]): readonly KeyedFinding[] =>
    findings.map((finding) => ({ key, ...weighed(finding, declared?.guards ?? new Map()) }))
  const started = setting.clock()
  setting.reporter.event({ type: 'comparing', key })
  const isSameKind = next.resource.kind === old.resource.kind
  const [oldTold, survey] = await Promise.all([pair.oldTold, isSameKind ? surveyOf(next, pair, setting) : null])
  const heard = { old: oldTold, next: survey, elsewhere: await elsewhereOf(pair, setting), today: Date.parse(setting.now()) }
  const findings = [...generalFindings(pair, heard), ...(await guarded())]
  const all = keyed(findings)
  setting.reporter.event({ type: 'compared', key, findings: all, ms: setting.clock() - started })
  return { findings: all, survey: survey instanceof AttachError ? null : survey }

  async function guarded(): Promise<readonly Finding[]> {
    if (survey === null || survey instanceof AttachError) return []
    const guards = await next.resource.guards?.()
    if (guards === undefined) return []
    const against = (old: OldTold, age: { readonly kept?: true } = {}): readonly Finding[] =>
      guards.compare({
        ...age,
        ...{ old: old.survey, oldSilent: old.silent, next: survey, within: pair.within, expect: pair.expect },
        ...{ fresh: declared?.fresh ?? null, use: declared?.use ?? null },
        ...{ today: Date.parse(setting.now()), deploy: setting.deploy },
      })
    if (pair.baseline === null) return against(oldTold)
    const kept = against({ survey: pair.baseline, silent: null }, { kept: true })
    return oldTold.survey === null ? kept : worseOf(against(oldTold), kept)
  }
}

/** Where the old one lives and a baseline speaks too, neither makes good what the other finds wrong. What one of them told is told. */
function worseOf(living: readonly Finding[], kept: readonly Finding[]): readonly Finding[] {
  const rank = ({ status }: Finding): number => ['unknown', 'pass', 'warn', 'fail'].indexOf(status)
  return living.map((finding) => {
    const other = kept.find(({ id }) => id === finding.id)
    return other !== undefined && rank(other) > rank(finding) ? { ...other, detail: `by the baseline: ${other.detail}` } : finding
  })
}

/** Null: nobody has to look, or nobody can. */
const elsewhereOf = async ({ next, old }: Pair, { elsewhere }: CompareSetting): Promise<Elsewhere | null> =>
  elsewhere === undefined || isSameResource(next.resource.identity, old.resource.identity) ? null : await elsewhere(next.resource.identity)

/** Null: its kind cannot be asked. An error: it broke off. */
async function surveyOf({ session }: Asked, pair: Pair, setting: CompareSetting): Promise<Survey | AttachError | null> {
  if (session === null) return null
  try {
    return await session.survey(
      contextOf(
        pair.declared,
        pair.oldTold.then(
          ({ survey }) => survey ?? pair.baseline,
          () => null, // Whoever waits for what it told is told that it was interrupted.
        ),
        setting,
      ),
    )
  } catch (error) {
    if (!isAttachError(error, 'PROBE_FAILED')) throw error
    return error
  }
}

const contextOf = (
  declared: ExpectedResource | null,
  against: Promise<Survey | null>,
  { signal, clock, now }: CompareSetting,
): Parameters<NonNullable<Asked['session']>['survey']>[0] => ({
  signal,
  limits: SURVEY_LIMITS,
  now: clock,
  today: () => Date.parse(now()),
  fresh: declared?.fresh ?? null,
  against,
})
