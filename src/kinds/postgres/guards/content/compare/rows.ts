import { type Finding, found, passed, unknown } from '../../../../../domain/finding.ts'
import { CONTENT } from '../checks.ts'
import { BIG_BYTES, LARGE_OBJECTS, type Table } from '../survey/tables.ts'
import { counted, figure, first, reasons } from '../words.ts'

/** A table of both sides. */
export interface Pair {
  readonly was: Table
  readonly is: Table
}

const RESTORE = 'restore it again from a complete dump: pg_restore --exit-on-error -d NEW DUMP'

export function pairsOf(old: readonly Table[], next: readonly Table[]): readonly Pair[] {
  const there = new Map(next.map((table) => [table.name, table]))
  return old.flatMap((was) => {
    const is = there.get(was.name) ?? (was.name === LARGE_OBJECTS ? { ...was, rows: NO_ROWS } : undefined)
    return is === undefined ? [] : [{ was, is }]
  })
}

const NO_ROWS: Table['rows'] = { is: { count: 0, by: 'count' } }

/** Null: it is not known. */
const countOf = ({ rows }: Table): number | null => ('is' in rows ? rows.is.count : null)

/** Two tables whose rows are not known, one at least. Unlogged ones have a check of their own. */
export const unreadable = (pairs: readonly Pair[]) =>
  pairs.flatMap(({ was, is }) => {
    const why = 'unknown' in is.rows ? is.rows.unknown : 'unknown' in was.rows ? `the old one: ${was.rows.unknown}` : null
    return why === null ? [] : [{ name: is.name, why }]
  })

/** What the old one kept through a crash is to be there, whatever becomes of it later. */
const isUnlogged = ({ was, is }: Pair): boolean => was.persistence === 'unlogged' && is.persistence === 'unlogged'

/** What would make them known. Rights help where rights are missing. */
function remedyFor(silent: readonly { readonly why: string }[]): string | undefined {
  if (silent.some(({ why }) => /may not|row security/.test(why)))
    return 'let the role of the handle read them (GRANT SELECT); behind row security only a role with BYPASSRLS counts all rows'
  return silent.some(({ why }) => /lock|longer|no time/.test(why))
    ? 'ask again when the server has less to do and nobody holds a lock'
    : undefined
}

export function compareEmptiness(pairs: readonly Pair[]): Finding {
  const check = CONTENT.empty
  const logged = pairs.filter((pair) => !isUnlogged(pair))
  const empty = logged.filter(isEmptied)
  const silent = unreadable(logged.filter(mayBeEmptied))
  const also = silent.length === 0 ? [] : [`not known of ${reasons('table', silent)}`]
  if (empty.length > 0) {
    const names = empty.map(({ was }) => `${was.name} (${rowsText(was)} before)`)
    return found(
      check,
      [
        `${counted(empty.length, 'table')} with rows on the old one ${empty.length === 1 ? 'is' : 'are'} empty: ${first(names)}`,
        ...also,
      ].join('; '),
      { remedy: RESTORE },
    )
  }
  if (also.length > 0) return unknown(check, also.join('; '), remedyFor(silent))
  return passed(check, `${counted(logged.filter(({ was }) => countOf(was) !== 0).length, 'table')} with rows, none of them empty`)
}

/** Nothing is known of the old one: a database without any row is worth a word. */
export function emptinessAlone(next: readonly Table[], silent: string): Finding {
  const check = CONTENT.empty
  const rows = next.map(countOf)
  if (!rows.every((count) => count === 0)) return unknown(check, silent)
  const detail =
    next.length === 0 ? 'the new one holds no table' : `the new one holds no row in any of its ${counted(next.length, 'table')}`
  return found(check, `${detail}; ${silent}`, { severity: 'warn', remedy: RESTORE })
}

/** Where nothing was nothing is lost, and what holds rows now is not empty; between them, what was not told may be either. */
const mayBeEmptied = ({ was, is }: Pair): boolean =>
  countOf(was) !== 0 && (countOf(is) === null || (countOf(was) === null && countOf(is) === 0))

export const isEmptied = ({ was, is }: Pair): boolean => (countOf(was) ?? 0) > 0 && countOf(is) === 0

export const rowsText = ({ rows }: Table): string =>
  'is' in rows
    ? `${rows.is.by === 'count' ? '' : 'about '}${figure(rows.is.count)} ${rows.is.count === 1 ? 'row' : 'rows'}`
    : 'rows not counted'

/** Fewer rows come and go with every request; that is told, and does not block. */
const ROWS_MIN = 10
/** A sample of pages is this far off at times, and what the server last heard is too. */
const SAMPLED_ROWS_MIN = 1_000
const SAMPLED_SHARE = 0.56
const STATISTICS_SHARE = 0.55

export function compareSizes(pairs: readonly Pair[]): Finding {
  const check = CONTENT.shrunken
  const logged = pairs.filter((pair) => !isUnlogged(pair))
  const shrunken = logged.filter((pair) => !isEmptied(pair) && hasShrunk(pair))
  const silent = unreadable(logged)
  const also = silent.length === 0 ? [] : [`not known of ${reasons('table', silent)}`]
  if (shrunken.length > 0) {
    const worst = [...shrunken].sort((a, b) => (countOf(b.was) ?? 0) - (countOf(a.was) ?? 0))
    const names = worst.map(({ was, is }) => `${was.name} (${rowsText(is)} of ${rowsText(was).replace(/ rows?$/, '')})`)
    const verb = shrunken.length === 1 ? 'holds' : 'hold'
    return found(check, [`${counted(shrunken.length, 'table')} ${verb} half of the rows or less: ${first(names)}`, ...also].join('; '), {
      remedy: RESTORE,
      severity: shrunken.some(({ was }) => (countOf(was) ?? 0) >= ROWS_MIN) ? 'error' : 'warn',
    })
  }
  if (also.length > 0) return unknown(check, also.join('; '), remedyFor(silent))
  return passed(check, `none of ${counted(logged.length, 'table')} lost half of its rows`)
}

/** Dead rows make a table big and not full, so bytes prove nothing alone; they are asked where rows are only what the server last heard. */
function hasShrunk({ was, is }: Pair): boolean {
  if ('unknown' in was.rows || 'unknown' in is.rows) return false
  const [before, after] = [was.rows.is, is.rows.is]
  if (before.by === 'count' && after.by === 'count') return before.count > 1 && after.count * 2 <= before.count
  if (before.count < SAMPLED_ROWS_MIN) return false
  if (before.by === 'statistics' || after.by === 'statistics')
    return after.count <= before.count * STATISTICS_SHARE && is.bytes <= was.bytes * STATISTICS_SHARE
  return after.count <= before.count * SAMPLED_SHARE
}

export function lookAtStatistics(next: readonly Table[]): Finding {
  const check = CONTENT.statistics
  const big = next.filter(({ bytes }) => bytes >= BIG_BYTES)
  const never = big.filter(({ analysed }) => !analysed).sort((a, b) => b.bytes - a.bytes)
  if (never.length === 0) return passed(check, big.length === 0 ? 'no table is big' : `${counted(big.length, 'big table')}, all analysed`)
  const names = never.map(({ name, bytes }) => `${name} (${figure(Math.round(bytes / 1_048_576))} MiB)`)
  return found(check, `${counted(never.length, 'big table')} ${never.length === 1 ? 'was' : 'were'} never analysed: ${first(names)}`, {
    remedy: 'ANALYZE;',
  })
}
