import { type Change, isEmpty, type Key, same, type Value } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import { type KeyedFinding, weighed } from '../domain/finding.ts'
import { nearest } from '../domain/nearest.ts'
import type { Survey } from '../domain/survey.ts'
import type { Kinds, Resource } from '../ports/kind.ts'
import type { Snapshot } from '../ports/store.ts'
import { open } from './ask.ts'
import { expectBaselinesMeant } from './baselines.ts'
import { askOld, type CompareSetting } from './compare.ts'
import { failureOf } from './expect.ts'
import { judge } from './judge.ts'
import type { Wish } from './operate.ts'
import { type Preflight, type PreflightSetting, preflight } from './preflight.ts'
import { type Recognised, recognise } from './recognise.ts'

/** What of a wish decides whether one resource is fit to take the place of another. */
export type Measure = Pick<Wish, 'kind' | 'expect' | 'declared' | 'baselines' | 'allowed' | 'strictness'>

/** The verdict of a pre-flight. */
export interface Fitness {
  readonly preflight: Preflight
  /** What stands in the way. */
  readonly blocking: readonly KeyedFinding[]
  /** Ids that would, and were let pass by name. */
  readonly letPass: readonly string[]
}

/** What would be put in the place of what stands there. Values that stand there already are left out. Throws REFUSED where nothing stands. */
export function changesTo(
  edits: readonly { readonly key: Key; readonly to: Value }[],
  { entries }: Pick<Snapshot, 'entries'>,
): readonly Change[] {
  return edits.flatMap(({ key, to }) => {
    const before = entries.get(key) ?? null
    if (before === null || isEmpty(before)) {
      const near = before === null ? nearest(key, entries.keys()) : null
      const what = `${key} holds nothing${near === null ? '' : ` (did you mean ${near}?)`}, so there is nothing to compare with`
      throw new AttachError('REFUSED', `${what}; nothing was contacted`, {
        hint: near === null ? 'attach status' : `attach compare ${near}`,
      })
    }
    return same(before, to) ? [] : [{ key, before, after: to }]
  })
}

/**
 * The pre-flight of a swap, and nothing after it; `entries`: the config as it stands: reads no journal, takes no lock, writes nothing. Throws USAGE and HANDLE_INVALID before anything is
 * contacted, PROBE_FAILED when a new resource does not answer, INTERRUPTED.
 */
export async function fitnessOf(
  changes: readonly Change[],
  entries: Snapshot['entries'],
  measure: Measure,
  setting: PreflightSetting,
): Promise<Fitness> {
  const { kind, declared, baselines } = measure
  const recognised = await recognise({ changes }, { asked: kind, declared, origin: 'new', entries }, setting.kinds)
  for (const one of recognised) expectComparable(one)
  expectBaselinesMeant(baselines, recognised)
  const found = await preflight(recognised, { ...measure, verb: 'swap' }, setting)
  return { preflight: found, ...judge(found.findings, measure) }
}

/** What one resource tells of itself, and what was odd about it. Throws PROBE_FAILED where it does not answer, USAGE where nothing can be asked of it. */
export async function surveyAlone(
  key: Key,
  resource: Resource,
  declared: Measure['declared'],
  setting: CompareSetting & { readonly kinds: Kinds },
): Promise<{ readonly survey: Survey; readonly findings: readonly KeyedFinding[] }> {
  const said = declared.get(key) ?? null
  if (resource.depth === null || resource.guards === null) throw incomparable(key, `${resource.kind} is of no kind that can be compared`)
  const asked = await open(key, 'attached', resource, setting)
  try {
    if (setting.signal.aborted) throw new AttachError('INTERRUPTED', 'interrupted', { hint: 'run the command again' })
    const failure = failureOf(asked, 'readable')
    if (failure !== null) throw failure
    const { survey, silent } = await askOld(asked, said, setting)
    if (survey === null) throw new AttachError('PROBE_FAILED', `${key}: ${silent}`, { hint: `attach probe ${key}` })
    const findings = [...resource.remarks, ...asked.report.findings].map((one) => ({ key, ...weighed(one, said?.guards ?? new Map()) }))
    return { survey, findings }
  } finally {
    await asked.session?.[Symbol.asyncDispose]()
  }
}

/** Nothing that was not compared is called fit. */
function expectComparable({ change: { key }, old, next }: Recognised): void {
  if (old === null) throw incomparable(key, 'what stands there now is of no kind that can be read')
  if (old.depth === null) throw incomparable(key, `what stands there now is ${old.kind}, and is not asked`)
  if (next === null || next.depth === null) throw incomparable(key, `${next?.kind ?? 'an empty value'} is not asked`)
}

const incomparable = (key: Key, why: string): AttachError =>
  new AttachError('USAGE', `${key} cannot be compared: ${why}; nothing was contacted`, { hint: 'attach status' })
