import { GENERAL } from '../../domain/checks.ts'
import { ageText } from '../../domain/duration.ts'
import { type Finding, found, passed, unknown } from '../../domain/finding.ts'
import type { OldTold } from '../compare.ts'
import type { Sides } from './sides.ts'

/** A baseline that is older than this says little of what the data are now. */
const STALE_MS = 7 * 24 * 60 * 60_000

/** Whether it is of what stands there now, as far as both handles say. */
export const isOfOld = ({ baseline, oldTarget }: Pick<Sides, 'baseline' | 'oldTarget'>): boolean =>
  baseline !== null && placeIn(baseline.target) === placeIn(oldTarget)

/** Without the user, who may be another one today. */
const placeIn = (target: string): string => target.replace(/^[^/]*:\/\/(?:[^@/]*@)?/, '')

/** A baseline is always told, with its age: what it says may have changed since. */
export function baseline(sides: Sides, { silent }: OldTold, today: number): Finding {
  const check = GENERAL.baseline
  const { key, baseline: kept, oldTarget } = sides
  if (kept === null) {
    if (silent === null) return passed(check, 'the old resource speaks for itself')
    const remedy = `--baseline FILE lets a file speak for it, which attach compare ${key} --save FILE makes of one that lives`
    return { ...unknown(check, `${silent}, and no baseline speaks for it`, remedy), severity: 'info' }
  }
  const age = today - Date.parse(kept.takenAt)
  const renew = `attach compare ${key} --save FILE makes a new one, while the old resource lives`
  if (age < -60_000)
    return found(check, 'a baseline from the future speaks for the old resource: the clock here or there is wrong', {
      severity: 'warn',
      remedy: 'date -u',
    })
  const detail = `a baseline of ${kept.target} speaks ${silent === null ? 'beside' : 'for'} the old resource, taken ${ageText(Math.max(age, 0))} ago`
  if (!isOfOld(sides))
    return found(check, `${detail}; what stands there now leads to ${oldTarget}: another place`, { severity: 'warn', remedy: renew })
  return age > STALE_MS
    ? found(check, `${detail}: much may have changed since`, { severity: 'warn', remedy: renew })
    : found(check, detail, { severity: 'info' })
}
