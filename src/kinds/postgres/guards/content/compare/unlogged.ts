import { type Finding, found, passed, unknown } from '../../../../../domain/finding.ts'
import type { Told } from '../../../../../domain/survey.ts'
import { CONTENT } from '../checks.ts'
import type { Sequence } from '../survey/sequences.ts'
import { counted, first, lines, reasons, untoldOf } from '../words.ts'
import { isEmptied, type Pair, rowsText, unreadable } from './rows.ts'

type Sequences = Told<readonly Sequence[]>

/** Tables that hold less than before because nothing is kept of them, and what was kept on the old one and is not any more. */
export function compareUnlogged(pairs: readonly Pair[], old: Sequences, next: Sequences): Finding {
  const check = CONTENT.unlogged
  const unlogged = pairs.filter(({ is }) => is.persistence === 'unlogged')
  const always = unlogged.filter(({ was }) => was.persistence === 'unlogged')
  const lost = always.filter(isEmptied)
  const turned = [
    ...unlogged.filter(({ was }) => was.persistence === 'permanent').map(({ is: { name } }) => ({ sort: 'TABLE', name })),
    ...turnedAmong(old, next).map((name) => ({ sort: 'SEQUENCE', name })),
  ]
  const silent = unreadable(always)
  const also = [
    ...(silent.length === 0 ? [] : [`not known of ${reasons('unlogged table', silent)}`]),
    ...[untoldOf(old, next)].flatMap((why) => (why === null ? [] : [`not known of sequences (${why})`])),
  ]
  if (lost.length + turned.length > 0) {
    const names = lost.map(({ was }) => `${was.name} (${rowsText(was)} before)`)
    const details = [
      ...(lost.length === 0
        ? []
        : [`${counted(lost.length, 'unlogged table')} ${lost.length === 1 ? 'is' : 'are'} empty: ${first(names)}`]),
      ...(turned.length === 0
        ? []
        : [
            `${counted(turned.length, 'object')} that ${turned.length === 1 ? 'was' : 'were'} kept through a crash ${turned.length === 1 ? 'is' : 'are'} unlogged now: ${first(turned.map(({ name }) => name))}`,
          ]),
    ]
    return found(check, [...details, ...also].join('; '), {
      remedy:
        turned.length > 0
          ? lines(turned.map(({ sort, name }) => `ALTER ${sort} ${name} SET LOGGED`))
          : `fill them again, and keep what must last in a logged table: ALTER TABLE ${lost[0]?.is.name} SET LOGGED;`,
    })
  }
  if (also.length > 0) return unknown(check, also.join('; '))
  return passed(
    check,
    unlogged.length === 0 ? 'no table is unlogged' : `none of ${counted(unlogged.length, 'unlogged table')} lost its rows`,
  )
}

function turnedAmong(old: Sequences, next: Sequences): readonly string[] {
  if (!('is' in old && 'is' in next)) return []
  const kept = new Set(old.is.flatMap(({ name, persistence }) => (persistence === 'permanent' ? [name] : [])))
  return next.is.flatMap(({ name, persistence }) => (persistence === 'unlogged' && kept.has(name) ? [name] : []))
}
