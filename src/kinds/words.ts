import { oneLine } from '../domain/redact.ts'
import type { Told } from '../domain/survey.ts'

/** `12,345`. */
export const figure = (count: number | bigint): string => count.toLocaleString('en-US')

/** So many names are told; of the rest how many they are. */
const NAMES_MAX = 3
const LINES_MAX = 10

/** `2 tables`, `1 index`. */
export const counted = (count: number, one: string): string => `${figure(count)} ${count === 1 ? one : many(one)}`

const many = (one: string): string => {
  if (/[^aeiou]y$/.test(one)) return `${one.slice(0, -1)}ies`
  return /[xs]$/.test(one) ? `${one}es` : `${one}s`
}

/** `public.orders, public.users and 4 more`. Names are of others, and may hold anything. */
export function first(names: readonly string[]): string {
  const more = names.length - NAMES_MAX
  return oneLine(more > 0 ? `${names.slice(0, NAMES_MAX).join(', ')} and ${figure(more)} more` : names.join(', '))
}

/** Statements that can be run as they stand. */
export function lines(statements: readonly string[]): string {
  const more = statements.length - LINES_MAX
  const some = statements.slice(0, LINES_MAX).map((statement) => `${statement};`)
  return more > 0 ? `${some.join(' ')} -- and ${figure(more)} more of this sort` : some.join(' ')
}

/** Why something of either side is not known. Null: all of it is. */
export function untoldOf(old: Told<unknown>, next: Told<unknown>): string | null {
  if ('unknown' in old) return `the old one: ${oneLine(old.unknown)}`
  return 'unknown' in next ? `the new one: ${oneLine(next.unknown)}` : null
}

/** What stands in the way of knowing, by the reason: `3 tables (this role may not read it): a, b, c`. */
export function reasons(one: string, unknowns: readonly { readonly name: string; readonly why: string }[]): string {
  const whys = [...new Set(unknowns.map(({ why }) => why))]
  return whys
    .map((why) => {
      const names = unknowns.flatMap((each) => (each.why === why ? [each.name] : [])).sort()
      return `${counted(names.length, one)} (${oneLine(why)}): ${first(names)}`
    })
    .join('; ')
}
