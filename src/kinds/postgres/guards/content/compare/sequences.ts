import { type Finding, found, passed, unknown } from '../../../../../domain/finding.ts'
import { CONTENT } from '../checks.ts'
import type { Sequence } from '../survey/sequences.ts'
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
  const clashes = next.flatMap(clashesOf)
  const known = clashes.filter((clash) => wasSo(clash, before.get(clash.sequence.name)))
  const fresh = clashes.filter((clash) => !known.includes(clash))
  const silent = next.flatMap(unknownsOf)
  const also = silent.length === 0 ? [] : [`not known of ${reasons('sequence', silent)}`]
  if (fresh.length > 0) {
    const detail = `${counted(new Set(fresh.map(({ sequence }) => sequence.name)).size, 'sequence')} would give out what is taken: ${first(fresh.map(clashText))}`
    return found(check, [detail, ...also].join('; '), { remedy: lines(remedies(fresh)) })
  }
  if (also.length > 0) return unknown(check, also.join('; '))
  if (known.length > 0) {
    const detail = `${counted(known.length, 'sequence')} would give out what is taken, as on the old one: ${first(known.map(clashText))}`
    return found(check, detail, { severity: 'info', remedy: lines(remedies(known)) })
  }
  return passed(
    check,
    `${counted(next.filter(({ feeds }) => feeds.length > 0).length, 'sequence')} beyond what ${next.length === 1 ? 'it feeds' : 'they feed'}`,
  )
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

/** What keeps it from being known. A column without a value clashes with nothing. */
function unknownsOf({ name, next, feeds }: Sequence): readonly { readonly name: string; readonly why: string }[] {
  const filled = feeds.filter(({ furthest }) => !('is' in furthest && furthest.is === null))
  if (filled.length === 0) return []
  if ('unknown' in next) return [{ name, why: next.unknown }]
  return filled.flatMap(({ table, column, furthest }) =>
    'unknown' in furthest ? [{ name: `${name} for ${table}.${column}`, why: furthest.unknown }] : [],
  )
}

function wasSo({ next, table, column }: Clash, was: Sequence | undefined): boolean {
  if (was === undefined || !('is' in was.next)) return false
  const stood = BigInt(was.next.is)
  const isLower = isDown(was) ? next > stood : next < stood
  return !isLower && clashesOf(was).some((clash) => clash.table === table && clash.column === column)
}

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

/** A sequence never goes back by itself. */
export function compareStandings(old: readonly Sequence[], next: readonly Sequence[]): Finding {
  const check = CONTENT.sequencesBehind
  const there = byName(next)
  const silent: { readonly name: string; readonly why: string }[] = []
  const behind = old.flatMap((was) => {
    const is = there.get(was.name)
    if (is === undefined) return []
    if ('unknown' in was.next || 'unknown' in is.next) {
      silent.push({
        name: is.name,
        why: 'unknown' in is.next ? is.next.unknown : `the old one: ${'unknown' in was.next ? was.next.unknown : ''}`,
      })
      return []
    }
    const [stood, stands] = [BigInt(was.next.is), BigInt(is.next.is)]
    const steps = (stood - stands) / BigInt(was.step)
    return steps > 0n ? [{ name: was.name, stood, stands, steps }] : []
  })
  const also = silent.length === 0 ? [] : [`not known of ${reasons('sequence', silent)}`]
  if (behind.length > 0) {
    const most = [...behind].sort((a, b) => (a.steps < b.steps ? 1 : -1))
    const names = most.map(
      ({ name, stood, stands, steps }) => `${name} (next ${figure(stands)}, not ${figure(stood)}: ${figure(steps)} fewer)`,
    )
    const verb = behind.length === 1 ? 'stands' : 'stand'
    return found(
      check,
      [`${counted(behind.length, 'sequence')} ${verb} lower than on the old one, so rows may be missing: ${first(names)}`, ...also].join(
        '; ',
      ),
      {
        remedy: 'take a newer copy, or stop writes to the old one and copy what is missing',
      },
    )
  }
  if (also.length > 0) return unknown(check, also.join('; '))
  return passed(check, `none of ${counted(old.length, 'sequence')} stands lower`)
}
