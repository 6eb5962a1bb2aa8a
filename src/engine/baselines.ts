import type { Key } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import type { KeptSurvey } from '../domain/survey.ts'
import type { Recognised } from './recognise.ts'

/**
 * Every baseline is of a key that is changed, and of what both of its handles lead to: one that would say nothing is not passed over. Throws USAGE,
 * before anything is contacted.
 */
export function expectBaselinesMeant(baselines: ReadonlyMap<Key, KeptSurvey>, recognised: readonly Recognised[]): void {
  for (const [key, { kind }] of baselines) {
    const meant = recognised.find(({ change, next }) => change.key === key && next !== null)
    if (meant === undefined) {
      const keys = recognised.flatMap(({ change, next }) => (next === null ? [] : change.key))
      throw unfit(`expected a baseline of ${keys.join(' or ') || 'a key that is attached'}, found one of ${key}`)
    }
    const { old, next } = meant
    if (old?.kind !== kind)
      throw unfit(`what stands under ${key} now is ${old?.kind ?? 'of no kind that can be read'}, and the baseline is of ${kind}`)
    if (next?.kind !== kind) throw unfit(`what is to stand under ${key} is ${next?.kind}, and the baseline is of ${kind}`)
  }
}

const unfit = (what: string): AttachError =>
  new AttachError('USAGE', `--baseline: ${what}; nothing was contacted`, { hint: 'attach compare KEY --save FILE makes one' })
