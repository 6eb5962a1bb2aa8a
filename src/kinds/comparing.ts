import type { core } from 'zod'
import { AttachError } from '../domain/errors.ts'
import { type Check, type Finding, found, passed, unknown } from '../domain/finding.ts'
import { listed } from '../domain/listed.ts'
import type { Told } from '../domain/survey.ts'
import type { Comparison, Guards } from '../ports/kind.ts'
import type { Zod } from './told-schema.ts'

/** Two resources that are compared, by what they told. */
export interface Sides<F> {
  /** Null: it told nothing. */
  readonly old: F | null
  readonly next: F
  readonly comparison: Comparison
}

/** One check of two resources. Pure. */
export type Judge<F> = (sides: Sides<F>) => Finding

/**
 * The guards of a kind: `judges` in the order of `checks`. `schema` reads the facts that a baseline kept, and is loaded when there is one.
 */
export const guardsOf = <F>(
  kind: string,
  checks: readonly Check[],
  judges: readonly Judge<F>[],
  schema: (z: Zod) => core.$ZodType<F>,
): Guards => ({
  checks,
  compare: (comparison) => {
    const [old, next] = [factsOf<F>(comparison.old), factsOf<F>(comparison.next)]
    if (next === null) throw new AttachError('BUG', `BUG: a ${kind} is compared that told nothing`)
    return judges.map((judge) => judge({ old, next, comparison }))
  },
  decode: async (facts) => {
    const { z } = await import('zod')
    return z.parse(schema(z), facts)
  },
})

/** Made by the survey of the kind, or by `decode`, and by nobody else. */
const factsOf = <F>(survey: Comparison['old']): F | null => (survey === null ? null : (survey.facts as F))

/** What one part of both told. */
export function both<F, T>(
  check: Check,
  { old, next, comparison }: Sides<F>,
  part: (facts: F) => Told<T>,
  judge: (old: T, next: T) => Finding,
): Finding {
  const theirs = part(next)
  if (!('is' in theirs)) return unknown(check, `the new one: ${theirs.unknown}`)
  if (old === null) return unknown(check, silenceOf(comparison))
  const ours = part(old)
  return 'is' in ours ? judge(ours.is, theirs.is) : unknown(check, `the old one: ${ours.unknown}`)
}

/** What a part of the new one told: what it says of the old one does not matter. */
export function ofNext<F, T>(check: Check, { next }: Sides<F>, part: (facts: F) => Told<T>, judge: (next: T) => Finding): Finding {
  const told = part(next)
  return 'is' in told ? judge(told.is) : unknown(check, `the new one: ${told.unknown}`)
}

/** The same of the old one: what is left behind there. */
export function ofOld<F, T>(check: Check, { old, comparison }: Sides<F>, part: (facts: F) => Told<T>, judge: (old: T) => Finding): Finding {
  if (old === null) return unknown(check, silenceOf(comparison))
  const told = part(old)
  return 'is' in told ? judge(told.is) : unknown(check, `the old one: ${told.unknown}`)
}

/** What takes writes where writes are expected, and the reverse. Told of a part that says `primary` or `replica`, and whether it takes writes. */
export function roleFinding(
  check: Check,
  { comparison: { expect } }: Sides<unknown>,
  told: Told<{ readonly role: 'primary' | 'replica'; readonly writable: boolean }>,
  { promote }: { readonly promote: string },
): Finding {
  if (!('is' in told)) return unknown(check, `the new one: ${told.unknown}`)
  const { role, writable } = told.is
  if (expect === 'writable' && !writable)
    return found(check, role === 'replica' ? 'a replica: it takes no writes' : 'it is read-only: it takes no writes', { remedy: promote })
  if (expect === 'replica' && role === 'primary')
    return found(check, 'a primary, where a replica is expected', { remedy: 'name a replica' })
  return passed(check, `a ${role}${writable ? ', writable' : ''}`)
}

/** Where the second version falls behind the first: 0 is the major. Null: nowhere. */
export function firstLower(old: string, next: string): number | null {
  const [before, after] = [old, next].map((each) => each.split('.').map((part) => Number.parseInt(part, 10) || 0))
  for (let at = 0; at < 3; at += 1) {
    const [b = 0, a = 0] = [before?.[at], after?.[at]]
    if (a !== b) return a < b ? at : null
  }
  return null
}

export const silenceOf = ({ oldSilent }: Comparison): string => oldSilent ?? 'the old one told nothing'

/** The first three, and how many more there are. */
export const firstOf = (names: readonly string[]): string => listed(names, 3)

/** `1,234 keys`, `1 key`. */
export const figure = (count: number, what: string): string => `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`

/** `1.5 GiB`. */
export function bytes(count: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10))
  const size = count / 1024 ** step
  return `${size.toLocaleString('en-US', { maximumFractionDigits: size < 10 ? 1 : 0 })} ${units[step]}`
}
