import { type Check, type Finding, found, passed, unknown } from '../domain/finding.ts'
import type { Fresh, Survey } from '../domain/survey.ts'
import type { Comparison } from '../ports/kind.ts'

/** Two surveys are not taken at the same moment. */
const APART_MS = 1_000

/** The parts of a comparison that tell how old the data are. */
export type Aged = Pick<Comparison, 'fresh' | 'today'> & {
  readonly old: Pick<Survey, 'newest'> | null
  readonly next: Pick<Survey, 'newest'>
}

export function compareAge(check: Check, { fresh, old, next, today }: Aged): Finding {
  if (fresh === null) return passed(check, 'attach.yaml asks for no age')
  if ('unknown' in next.newest) return unknown(check, next.newest.unknown)
  const newest = Date.parse(next.newest.is)
  const age = today - newest
  const column = columnOf(fresh)
  if (age > fresh.withinMs) {
    const detail = `the newest ${column} is ${duration(age)} old (${next.newest.is}), and may be ${duration(fresh.withinMs)}`
    return found(check, detail, { remedy: 'take a newer copy, or let replication catch up' })
  }
  const before = old !== null && 'is' in old.newest ? Date.parse(old.newest.is) : null
  if (before !== null && before - newest >= APART_MS) {
    const detail = `the newest ${column} is ${duration(before - newest)} older than on the old one (${next.newest.is})`
    return found(check, detail, { severity: 'warn', remedy: 'stop writes to the old one, and copy what is missing' })
  }
  return passed(check, `the newest ${column} is ${age < 0 ? 'of the future' : `${duration(age)} old`}`)
}

const columnOf = ({ table, column }: Fresh): string => `${table}.${column}`

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const

/** `6 h 12 min`: the two greatest parts. */
export function duration(ms: number): string {
  let left = Math.max(0, Math.round(ms / 1_000) * 1_000)
  const parts: string[] = []
  for (const [unit, name] of UNITS) {
    const count = Math.floor(left / unit)
    left -= count * unit
    if (count > 0) parts.push(`${count} ${name}`)
    if (parts.length === 2) break
  }
  return parts.length === 0 ? '0 s' : parts.join(' ')
}
