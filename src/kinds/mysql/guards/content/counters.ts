import { type Finding, found, passed, type Severity, unknown } from '../../../../domain/finding.ts'
import { told } from '../../../../domain/survey.ts'
import { ofNext } from '../../../comparing.ts'
import { counted, first, reasons } from '../../../words.ts'
import { COMPARED } from '../../checks.ts'
import type { MySqlSides } from '../sides.ts'
import type { Counter } from './counters-survey.ts'

/** The last number of each type, signed. https://dev.mysql.com/doc/refman/8.4/en/integer-types.html */
const BITS: Readonly<Record<string, bigint>> = { tinyint: 8n, smallint: 16n, mediumint: 24n, int: 32n, bigint: 64n }

function lastOf(type: string): bigint | null {
  const bits = BITS[type.split(' ')[0] ?? '']
  return bits === undefined ? null : 2n ** (type.includes('unsigned') ? bits : bits - 1n) - 1n
}

interface Trouble {
  readonly severity: Severity
  readonly text: string
  readonly remedy: string
}

/** Whether the next row of every table gets a number of its own. Pure. */
export const autoIncrement = (sides: MySqlSides): Finding => {
  const check = COMPARED.autoIncrement
  const ours = sides.old === null ? null : told(sides.old.content.counters)
  const before = new Map((ours ?? []).map((counter) => [`${counter.table}.${counter.column}`, counter]))
  return ofNext(
    check,
    sides,
    ({ content }) => content.counters,
    (counters) => {
      const troubles = counters.flatMap((counter) => troubleOf(counter, before.get(`${counter.table}.${counter.column}`) ?? null) ?? [])
      const worst = [...troubles].sort((a, b) => (a.severity === b.severity ? 0 : a.severity === 'error' ? -1 : 1))
      const [one] = worst
      if (one !== undefined) return found(check, first(worst.map(({ text }) => text)), { severity: one.severity, remedy: one.remedy })
      const silent = counters.flatMap(({ table, top }) => ('unknown' in top ? [{ name: table, why: top.unknown }] : []))
      if (silent.length > 0) return unknown(check, `not known of ${reasons('counter', silent)}`)
      if (ours === null && counters.length > 0)
        return unknown(
          check,
          `${counted(counters.length, 'counter')} with numbers left; whether they stand lower than before is not known: the old one told none`,
        )
      return passed(
        check,
        counters.length === 0 ? 'no table counts its rows' : `${counted(counters.length, 'counter')}, all ahead of their rows`,
      )
    },
  )
}

function troubleOf({ table, column, type, upcoming, top }: Counter, old: Counter | null): Trouble | null {
  const [greatest, next, last] = [bigOf(told(top)), bigOf(upcoming), lastOf(type)]
  const name = `${table}.${column}`
  if (greatest !== null && last !== null && greatest >= last)
    return {
      severity: 'error',
      text: `${name} is at ${greatest}, the last of ${type}: no row can be added`,
      remedy: `ALTER TABLE \`${table}\` MODIFY \`${column}\` BIGINT … AUTO_INCREMENT`,
    }
  const mend = (at: bigint) => `ALTER TABLE \`${table}\` AUTO_INCREMENT = ${at}`
  if (greatest !== null && next !== null && next <= greatest)
    return { severity: 'error', text: `${name} would give ${next}, and ${greatest} is taken`, remedy: mend(greatest + 1n) }
  const was = bigOf(old?.upcoming ?? null)
  if (was !== null && next !== null && next < was)
    return { severity: 'warn', text: `${name} gives ${next} next, and ${was} on the old one: ids come back`, remedy: mend(was) }
  return null
}

const bigOf = (text: string | null): bigint | null => (text === null ? null : BigInt(text))
