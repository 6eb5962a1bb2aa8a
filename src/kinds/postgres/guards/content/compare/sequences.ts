import { type Finding, found, passed, unknown } from '../../../../../domain/finding.ts'
import { CONTENT } from '../checks.ts'
import { NOT_PLAIN, type Sequence } from '../survey/sequences.ts'
import { counted, figure, first, lines, reasons } from '../words.ts'

/** A column that holds the next value of its sequence already, or one beyond it. */
interface Clash {
  readonly sequence: Sequence
  readonly next: bigint
  readonly column: string
  readonly table: string
  readonly furthest: bigint
}

type Named = ReadonlyMap<string, Sequence>
const byName = (sequences: readonly Sequence[] | null): Named => new Map((sequences ?? []).map((sequence) => [sequence.name, sequence]))

/** What the old one had wrong as well, and the app lives with, is told and no more. */
export function compareSequences(old: readonly Sequence[] | null, next: readonly Sequence[]): Finding {
  const check = CONTENT.sequences
  const before = byName(old)
  const clashes = next.flatMap(clashesOf).filter((clash) => !isRound(clash, before.get(clash.sequence.name)))
  const known = clashes.filter((clash) => wasSo(clash, before.get(clash.sequence.name)))
  const fresh = clashes.filter((clash) => !known.includes(clash))
  const ended = next.filter(hasEnded)
  const freshlyEnded = ended.filter(({ name }) => !hasEnded(before.get(name)))
  const silent = next.flatMap((sequence) => unknownsOf(sequence, before.get(sequence.name)))
  const also = silent.length === 0 ? [] : [`not known of ${reasons('sequence', silent)}`]
  const taken = (some: readonly Clash[], when: string): readonly string[] =>
    some.length === 0
      ? []
      : [
          `${counted(new Set(some.map(({ sequence }) => sequence.name)).size, 'sequence')} would give out what is taken${when}: ${first(some.map(clashText))}`,
        ]
  const over = (some: readonly Sequence[], when: string): readonly string[] =>
    some.length === 0
      ? []
      : [`${counted(some.length, 'sequence')} at the end${when}, so that every insert fails: ${first(some.map(endText))}`]
  if (fresh.length + freshlyEnded.length > 0)
    return found(check, [...over(freshlyEnded, ''), ...taken(fresh, ''), ...also].join('; '), {
      remedy: lines([...remedies(fresh), ...freshlyEnded.flatMap((sequence) => goingOn(sequence, before.get(sequence.name)))]),
    })
  if (also.length > 0) return unknown(check, also.join('; '))
  if (known.length + ended.length > 0) {
    const detail = [...over(ended, ', as on the old one'), ...taken(known, ', as on the old one')].join('; ')
    return found(check, detail, {
      severity: 'info',
      remedy: lines([...remedies(known), ...ended.flatMap((sequence) => goingOn(sequence))]),
    })
  }
  return passed(
    check,
    `${counted(next.filter(({ feeds }) => feeds.length > 0).length, 'sequence')} beyond what ${next.length === 1 ? 'it feeds' : 'they feed'}`,
  )
}

/** Its next value is beyond the last that it may give out. */
function hasEnded(sequence: Sequence | undefined): boolean {
  if (sequence === undefined || !('is' in sequence.next) || sequence.beyond !== 'nothing') return false
  const [next, last] = [BigInt(sequence.next.is), BigInt(sequence.last)]
  return isDown(sequence) ? next < last : next > last
}

const endText = ({ name, last }: Sequence): string => `${name} (the last is ${figure(BigInt(last))})`

/** Where the old one stands, or room beyond the end. */
function goingOn({ name, step, last }: Sequence, was?: Sequence): readonly string[] {
  if (was !== undefined && 'is' in was.next && !hasEnded(was))
    return [`SELECT setval('${name.replaceAll("'", "''")}', ${was.next.is}, false)`]
  return last === '2147483647' || last === '32767'
    ? [`ALTER SEQUENCE ${name} AS bigint`]
    : [`ALTER SEQUENCE ${name} NO ${step.startsWith('-') ? 'MINVALUE' : 'MAXVALUE'}`]
}

/** One that begins again gives out what is taken once it came round. That it was set back shows where the old one had not come round. */
function isRound({ sequence, table, column }: Clash, was: Sequence | undefined): boolean {
  if (sequence.beyond === 'nothing') return false
  return was === undefined || clashesOf(was).some((clash) => clash.table === table && clash.column === column)
}

const clashText = ({ sequence, next, table, column, furthest }: Clash): string =>
  `${sequence.name} (next ${figure(next)}, ${table}.${column} has ${figure(furthest)})`

const isDown = ({ step }: Sequence): boolean => step.startsWith('-')

function clashesOf(sequence: Sequence): readonly Clash[] {
  const { next: told, feeds } = sequence
  if ('unknown' in told) return []
  const next = BigInt(told.is)
  return feeds.flatMap(({ table, column, furthest: end }) => {
    if ('unknown' in end || end.is === null) return []
    const furthest = BigInt(end.is)
    return (isDown(sequence) ? next < furthest : next > furthest) ? [] : [{ sequence, next, table, column, furthest }]
  })
}

/** What keeps it from being known. A column without a value clashes with nothing; nor does one whose sequence stands as on the old one, or further. */
function unknownsOf(sequence: Sequence, was: Sequence | undefined): readonly { readonly name: string; readonly why: string }[] {
  const { name, next, feeds } = sequence
  const filled = feeds.filter(({ furthest }) => !('is' in furthest && furthest.is === null))
  if (filled.length === 0) return []
  if ('unknown' in next) return [{ name, why: next.unknown }]
  return filled.flatMap(({ table, column, furthest }) =>
    'unknown' in furthest && !(furthest.unknown === NOT_PLAIN && isAsFar(sequence, was))
      ? [{ name: `${name} for ${table}.${column}`, why: furthest.unknown }]
      : [],
  )
}

function isAsFar({ next, step }: Sequence, was: Sequence | undefined): boolean {
  if (was === undefined || !('is' in was.next && 'is' in next) || step !== was.step) return false
  const [stood, stands] = [BigInt(was.next.is), BigInt(next.is)]
  return isDown(was) ? stands <= stood : stands >= stood
}

const wasSo = ({ sequence, table, column }: Clash, was: Sequence | undefined): boolean =>
  was !== undefined && isAsFar(sequence, was) && clashesOf(was).some((clash) => clash.table === table && clash.column === column)

/** One for each sequence: what lies behind the furthest of its columns. */
function remedies(clashes: readonly Clash[]): readonly string[] {
  const furthest = new Map<string, Clash>()
  for (const clash of clashes) {
    const other = furthest.get(clash.sequence.name)
    const isFurther = other === undefined || (isDown(clash.sequence) ? clash.furthest < other.furthest : clash.furthest > other.furthest)
    if (isFurther) furthest.set(clash.sequence.name, clash)
  }
  return [...furthest.values()].map(
    ({ sequence, column, table }) =>
      `SELECT setval('${sequence.name.replaceAll("'", "''")}', (SELECT ${isDown(sequence) ? 'min' : 'max'}(${column}) FROM ${table}))`,
  )
}
