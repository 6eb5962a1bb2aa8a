import { type Finding, found, passed, unknown } from '../../../../../domain/finding.ts'
import { CONTENT } from '../checks.ts'
import type { Sequence } from '../survey/sequences.ts'
import { counted, figure, first, reasons } from '../words.ts'

const byName = (sequences: readonly Sequence[]): ReadonlyMap<string, Sequence> =>
  new Map(sequences.map((sequence) => [sequence.name, sequence]))

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
