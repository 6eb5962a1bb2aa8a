import type { Position } from '../domain/survey.ts'

/** How far the data of a resource go, as far as it told. */
export interface Standing {
  /** Its place among the candidates, from 1. */
  readonly candidate: number
  readonly position: Position | null
  /** ISO 8601, UTC. */
  readonly newest: string | null
}

/**
 * The most advanced: the greatest position of its line, then the newest row, then who tells its position at all, then who was named first. Positions of two lines tell nothing
 * of each other, unless one left the line of the other. Null: there is none. Pure.
 */
export function mostAdvanced<S extends Standing>(standings: readonly S[]): S | null {
  const ahead = standings.filter((one) => !standings.some((other) => lead(other, one) > 0n))
  // Lines that left each other in a ring are told by a liar alone: one of them is taken all the same.
  return (
    [...(ahead.length === 0 ? standings : ahead)].sort(
      (a, b) => newestOf(b) - newestOf(a) || Number(a.position === null) - Number(b.position === null) || a.candidate - b.candidate,
    )[0] ?? null
  )
}

/** Why the chosen one was taken and not this one, in words. `all`: those that are as fit. */
export function whyNot(one: Standing, chosen: Standing, all: readonly Standing[]): string {
  const ahead = [chosen, ...all].find((other) => lead(other, one) > 0n)
  if (ahead !== undefined) {
    const whom = ahead === chosen ? '' : ` candidate ${ahead.candidate}`
    return `behind${whom} by ${lead(ahead, one).toLocaleString('en-US')} ${ahead.position?.unit}`
  }
  const older = newestOf(chosen) - newestOf(one)
  if (Number.isFinite(older) && older > 0) return `its newest row is ${spanText(older)} older`
  if (older > 0) return `does not tell of its newest row, and candidate ${chosen.candidate} does`
  const isAsFar = isRanked(one, chosen) || older === 0
  return `${isAsFar ? 'as far as' : 'not to be ranked against'} candidate ${chosen.candidate}, which was named first`
}

/** What speaks for the chosen one among those that are as fit. */
export function why(chosen: Standing, all: readonly Standing[]): string {
  const rivals = all.filter(({ candidate }) => candidate !== chosen.candidate)
  if (rivals.length === 0) return 'the only fit one'
  if (rivals.every((one) => lead(chosen, one) > 0n)) return 'the most advanced'
  if (rivals.every((one) => lead(chosen, one) > 0n || newestOf(chosen) > newestOf(one))) return 'has the newest row'
  return 'stands first among those that are as fit'
}

/** How far one is ahead of another, in words. Null: it is not, or that cannot be told. */
export function leadText(one: Standing, other: Standing): string | null {
  const far = lead(one, other)
  return far === 0n ? null : `${far.toLocaleString('en-US')} ${one.position?.unit}`
}

/** Whether positions tell which of two is further, or that neither is. */
export const isRanked = (a: Standing, b: Standing): boolean => gap(a, b) !== null

/** How far one is ahead of another. 0: it is not, or that cannot be told. */
function lead(a: Standing, b: Standing): bigint {
  const far = gap(a, b) ?? 0n
  return far > 0n ? far : 0n
}

/** What one has more than the other; less than 0: what it lacks. Null: that cannot be told. */
function gap({ position: a }: Standing, { position: b }: Standing): bigint | null {
  if (a === null || b === null) return null
  if (a.line === b.line) return BigInt(a.at) - BigInt(b.at)
  if (a.before?.line === b.line) return sinceLeft(a, a.before, b)
  if (b.before?.line === a.line) return -sinceLeft(b, b.before, a)
  return a.before !== undefined && a.before.line === b.before?.line ? sinceBothLeft(a, b) : null
}

/** The gap of two that went their own ways from one line: who left it later has more of it. Null: both wrote what the other has not. */
function sinceBothLeft(a: Position, b: Position): bigint | null {
  const left = leftAt(a) - leftAt(b)
  if (left !== 0n) return left
  const [ours, theirs] = [ownOf(a), ownOf(b)]
  return ours > 0n && theirs > 0n ? null : ours - theirs
}

const leftAt = ({ before, at }: Position): bigint => BigInt(before?.at ?? at)

/** What it wrote since. */
const ownOf = (one: Position): bigint => BigInt(one.at) - leftAt(one)

/** The gap of one that left a line to another that stands on it. What was written there after it left it lacks, whatever it wrote itself. */
function sinceLeft(one: Position, left: NonNullable<Position['before']>, other: Position): bigint {
  const lacks = BigInt(left.at) - BigInt(other.at)
  return lacks < 0n ? lacks : BigInt(one.at) - BigInt(other.at)
}

/** Milliseconds since 1970; what is not told is older than all. */
const newestOf = ({ newest }: Standing): number => {
  const at = newest === null ? Number.NaN : Date.parse(newest)
  return Number.isNaN(at) ? OLDEST : at
}

const OLDEST = Number.NEGATIVE_INFINITY

/** `5 min`: whole, and never longer than it is. */
function spanText(ms: number): string {
  const seconds = ms / 1_000
  if (seconds < 1) return `${ms} ms`
  if (seconds < 120) return `${Math.floor(seconds)} s`
  const minutes = seconds / 60
  return minutes < 120 ? `${Math.floor(minutes)} min` : `${Math.floor(minutes / 60)} h`
}
