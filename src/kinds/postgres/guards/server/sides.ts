import { type Check, type Finding, unknown } from '../../../../domain/finding.ts'
import type { Told } from '../../../../domain/survey.ts'
import type { Comparison } from '../../../../ports/kind.ts'
import { silenceOf } from '../../../comparing.ts'
import type { ServerFacts } from './survey.ts'

/** Two servers as they told of themselves. `old`: null where it told nothing. */
export interface Sides {
  readonly old: ServerFacts | null
  readonly next: ServerFacts
  readonly comparison: Comparison
}

type Pick<T> = (facts: ServerFacts) => Told<T>

/** Several facts as one: told when all of them are. */
export function together<T extends Readonly<Record<string, unknown>>>(parts: { readonly [Name in keyof T]: Told<T[Name]> }): Told<T> {
  const entries = Object.entries<Told<unknown>>(parts)
  for (const [, part] of entries) if ('unknown' in part) return part
  // Every part was told, under its own name.
  return { is: Object.fromEntries(entries.map(([name, part]) => [name, 'is' in part ? part.is : null])) as T }
}

/** A fact of the new one. */
export const nextOf = <T>({ next }: Sides, pick: Pick<T>): Told<T> => from('the new one', pick(next))

/** A fact of the old one. */
export const oldOf = <T>({ old, comparison }: Sides, pick: Pick<T>): Told<T> =>
  old === null ? { unknown: silenceOf(comparison) } : from('the old one', pick(old))

/** A fact of both. */
export const bothOf = <T>(sides: Sides, pick: Pick<T>): Told<{ readonly old: T; readonly next: T }> =>
  together<{ old: T; next: T }>({ next: nextOf(sides, pick), old: oldOf(sides, pick) })

/** Judges what was told; what was not is unknown. */
export const judged = <T>(check: Check, told: Told<T>, judge: (is: T) => Finding): Finding =>
  'is' in told ? judge(told.is) : unknown(check, told.unknown)

const from = <T>(side: string, told: Told<T>): Told<T> => ('is' in told ? told : { unknown: `${side}: ${told.unknown}` })
