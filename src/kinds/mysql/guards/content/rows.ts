import { type Finding, found, passed, unknown } from '../../../../domain/finding.ts'
import { both, silenceOf } from '../../../comparing.ts'
import { counted, figure, first, reasons } from '../../../words.ts'
import { COMPARED } from '../../checks.ts'
import type { MySqlSides } from '../sides.ts'
import type { Table } from './tables.ts'

/** A table of both sides. */
interface Pair {
  readonly was: Table
  readonly is: Table
}

const RESTORE = 'restore it again from a complete dump'

function pairsOf(old: readonly Table[], next: readonly Table[]): readonly Pair[] {
  const there = new Map(next.map((table) => [table.name, table]))
  return old.flatMap((was) => {
    const is = there.get(was.name)
    return is === undefined || was.sort === 'view' || is.sort === 'view' ? [] : [{ was, is }]
  })
}

/** Null: it is not known. */
const countOf = ({ rows }: Table): number | null => ('is' in rows ? rows.is.count : null)

/** Where nothing was nothing is lost, and what holds rows now is not empty. */
const mayBeEmptied = ({ was, is }: Pair): boolean =>
  countOf(was) !== 0 && (countOf(is) === null || (countOf(was) === null && countOf(is) === 0))
const isEmptied = ({ was, is }: Pair): boolean => (countOf(was) ?? 0) > 0 && countOf(is) === 0

const unreadable = (pairs: readonly Pair[]) =>
  pairs.flatMap(({ was, is }) => {
    const why = 'unknown' in is.rows ? is.rows.unknown : 'unknown' in was.rows ? `the old one: ${was.rows.unknown}` : null
    return why === null ? [] : [{ name: is.name, why }]
  })

const rowsText = ({ rows }: Table): string =>
  'is' in rows
    ? `${rows.is.by === 'count' ? '' : 'about '}${figure(rows.is.count)} ${rows.is.count === 1 ? 'row' : 'rows'}`
    : 'rows not counted'

/** Pure. */
export const empty = (sides: MySqlSides): Finding => {
  const check = COMPARED.empty
  const { tables } = sides.next.content
  if (sides.old === null && 'is' in tables) return emptinessAlone(tables.is, silenceOf(sides.comparison))
  return both(
    check,
    sides,
    ({ content }) => content.tables,
    (old, next) => {
      const pairs = pairsOf(old, next)
      const emptied = pairs.filter(isEmptied)
      const silent = unreadable(pairs.filter(mayBeEmptied))
      const also = silent.length === 0 ? [] : [`not known of ${reasons('table', silent)}`]
      if (emptied.length > 0) {
        const names = first(emptied.map(({ was }) => `${was.name} (${rowsText(was)} before)`))
        const verb = emptied.length === 1 ? 'is' : 'are'
        return found(check, [`${counted(emptied.length, 'table')} with rows on the old one ${verb} empty: ${names}`, ...also].join('; '), {
          remedy: RESTORE,
        })
      }
      if (also.length > 0) return unknown(check, also.join('; '), 'let the account read them: GRANT SELECT')
      return passed(check, `${counted(pairs.filter(({ was }) => countOf(was) !== 0).length, 'table')} with rows, none of them empty`)
    },
  )
}

/** Nothing is known of the old one: a database without any row is worth a word. */
function emptinessAlone(tables: readonly Table[], silent: string): Finding {
  const check = COMPARED.empty
  const own = tables.filter(({ sort }) => sort === 'table')
  if (!own.every((table) => countOf(table) === 0)) return unknown(check, silent)
  const detail = own.length === 0 ? 'the new one holds no table' : `the new one holds no row in any of its ${counted(own.length, 'table')}`
  return found(check, `${detail}; ${silent}`, { severity: 'warn', remedy: RESTORE })
}

/** Fewer rows come and go with every request; that is told, and does not block. */
const ROWS_MIN = 10
/** InnoDB guesses from a few pages: it may be off by half. Its bytes are nearer. */
const GUESSED_MIN = 4_000
const GUESSED_SHARE = 0.4
const BYTES_SHARE = 0.55

export const shrunken = (sides: MySqlSides): Finding => {
  const check = COMPARED.shrunken
  return both(
    check,
    sides,
    ({ content }) => content.tables,
    (old, next) => {
      const pairs = pairsOf(old, next)
      const lost = pairs.filter((pair) => !isEmptied(pair) && hasShrunk(pair))
      const silent = unreadable(pairs)
      const also = silent.length === 0 ? [] : [`not known of ${reasons('table', silent)}`]
      if (lost.length > 0) {
        const worst = [...lost].sort((a, b) => (countOf(b.was) ?? 0) - (countOf(a.was) ?? 0))
        const names = first(worst.map(({ was, is }) => `${was.name} (${rowsText(is)} of ${rowsText(was).replace(/ rows?$/, '')})`))
        return found(
          check,
          [`${counted(lost.length, 'table')} ${lost.length === 1 ? 'holds' : 'hold'} half of the rows or less: ${names}`, ...also].join(
            '; ',
          ),
          {
            remedy: RESTORE,
            severity: lost.some(({ was }) => (countOf(was) ?? 0) >= ROWS_MIN) ? 'error' : 'warn',
          },
        )
      }
      if (also.length > 0) return unknown(check, also.join('; '), 'let the account read them: GRANT SELECT')
      return passed(check, `none of ${counted(pairs.length, 'table')} lost half of its rows`)
    },
  )
}

function hasShrunk({ was, is }: Pair): boolean {
  if ('unknown' in was.rows || 'unknown' in is.rows) return false
  const [before, after] = [was.rows.is, is.rows.is]
  if (before.by === 'count') return after.by === 'count' && before.count > 1 && after.count * 2 <= before.count
  // What is counted is exact, and less than what is guessed at only where very much is gone.
  if (after.by === 'count') return before.count >= GUESSED_MIN
  return before.count >= GUESSED_MIN && after.count <= before.count * GUESSED_SHARE && is.bytes <= was.bytes * BYTES_SHARE
}
