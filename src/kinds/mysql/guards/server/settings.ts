import { type Finding, found, passed, type Severity } from '../../../../domain/finding.ts'
import { both, bytes } from '../../../comparing.ts'
import { first } from '../../../words.ts'
import { COMPARED } from '../../checks.ts'
import type { MySqlFacts, MySqlSides } from '../sides.ts'

type Settings = Extract<MySqlFacts['server']['variables'], { readonly is: unknown }>['is']

const variablesOf = ({ server }: MySqlFacts) => server.variables

/** They change what a statement means, whichever way they change. */
const MEANING = ['ANSI_QUOTES', 'PIPES_AS_CONCAT', 'NO_BACKSLASH_ESCAPES', 'IGNORE_SPACE', 'ORACLE', 'HIGH_NOT_PRECEDENCE']
/** Of old servers, without a meaning for an app. */
const IDLE = ['NO_AUTO_CREATE_USER', '']

/** Pure, as all that follow. */
export const sqlMode = (sides: MySqlSides): Finding => {
  const check = COMPARED.sqlMode
  return both(check, sides, variablesOf, (old, next) => {
    const [before, after] = [old, next].map((each) => (each['sql_mode'] ?? '').split(',').filter((word) => !IDLE.includes(word)))
    const lost = (before ?? []).filter((word) => !after?.includes(word))
    const gained = (after ?? []).filter((word) => !before?.includes(word))
    const changed = [...lost, ...gained]
    if (changed.length === 0) return passed(check, 'the same on both')
    const words = [...(gained.length === 0 ? [] : [`has ${gained.join(', ')}`]), ...(lost.length === 0 ? [] : [`lacks ${lost.join(', ')}`])]
    return found(check, `the new one ${words.join(', and ')}`, {
      severity: changed.some((word) => MEANING.includes(word)) ? 'error' : 'warn',
      remedy: `SET GLOBAL sql_mode = '${old['sql_mode'] ?? ''}', and the same in its configuration; or let the app say its own`,
    })
  })
}

export const nameCase = (sides: MySqlSides): Finding => {
  const check = COMPARED.nameCase
  return both(check, sides, variablesOf, (old, next) => {
    const [before, after] = [old['lower_case_table_names'], next['lower_case_table_names']]
    if (before === after) return passed(check, 'the same on both')
    const isHarder = after === '0' || before === '0'
    return found(check, `lower_case_table_names is ${after ?? 'not told'}, and ${before ?? 'not told'} on the old one`, {
      severity: isHarder ? 'error' : 'warn',
      remedy: 'it is set when a server is made: name one with the same, or let the app write names in one case',
    })
  })
}

export const timeZone = (sides: MySqlSides): Finding => {
  const check = COMPARED.timeZone
  return both(
    check,
    sides,
    ({ server }) => server.clock,
    (old, next) => {
      const problems = [
        ...(old.ahead === next.ahead ? [] : [`sessions are ${hours(next.ahead)} from UTC, and ${hours(old.ahead)} on the old one`]),
        ...(old.knowsZones && !next.knowsZones ? ['the tables of time zones are empty: CONVERT_TZ answers NULL'] : []),
      ]
      if (problems.length === 0) return passed(check, `${hours(next.ahead)} from UTC on both`)
      const remedy =
        old.ahead === next.ahead
          ? 'mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql mysql'
          : 'SET GLOBAL time_zone = that of the old one, and the same in its configuration'
      return found(check, problems.join('; '), { remedy })
    },
  )
}

const hours = (minutes: number): string =>
  `${minutes < 0 ? '-' : '+'}${String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0')}:${String(Math.abs(minutes) % 60).padStart(2, '0')}`

export const packet = (sides: MySqlSides): Finding => {
  const check = COMPARED.packet
  return both(check, sides, variablesOf, (old, next) => {
    const [before, after] = [old, next].map((each) => Number(each['max_allowed_packet'] ?? 0))
    if ((after ?? 0) >= (before ?? 0)) return passed(check, bytes(after ?? 0))
    return found(check, `${bytes(after ?? 0)} at most, and ${bytes(before ?? 0)} on the old one`, {
      remedy: `SET GLOBAL max_allowed_packet = ${before}, and the same in its configuration`,
    })
  })
}

interface Watched {
  /** The first name is MySQL's. */
  readonly names: readonly string[]
  readonly matters: (old: string, next: string) => boolean
  readonly severity?: Severity
}

const differs = (old: string, next: string): boolean => isOn(old) !== isOn(next) || old.toUpperCase() !== next.toUpperCase()
const isOn = (word: string): string => (/^(1|on|yes)$/i.test(word) ? 'on' : /^(0|off|no)$/i.test(word) ? 'off' : word)
const changed = (old: string, next: string): boolean => isOn(old) !== isOn(next) && differs(old, next)
const lower = (old: string, next: string): boolean => Number(next) < Number(old)
/** 0 is without a limit. */
const tighter = (old: string, next: string): boolean => Number(next) !== 0 && (Number(old) === 0 || Number(next) < Number(old))
const isLost = (old: string, next: string): boolean => old === '1' && next !== '1'

const WATCHED: readonly Watched[] = [
  { names: ['transaction_isolation', 'tx_isolation'], matters: changed },
  { names: ['autocommit'], matters: changed },
  { names: ['foreign_key_checks'], matters: changed },
  { names: ['innodb_strict_mode'], matters: changed },
  { names: ['explicit_defaults_for_timestamp'], matters: changed },
  { names: ['sql_require_primary_key'], matters: (old, next) => isOn(old) === 'off' && isOn(next) === 'on' },
  { names: ['default_storage_engine'], matters: changed },
  { names: ['auto_increment_increment'], matters: changed },
  { names: ['auto_increment_offset'], matters: changed },
  { names: ['div_precision_increment'], matters: changed },
  { names: ['default_week_format'], matters: changed },
  { names: ['innodb_default_row_format'], matters: changed },
  { names: ['group_concat_max_len'], matters: lower },
  { names: ['wait_timeout'], matters: lower },
  { names: ['max_execution_time'], matters: tighter },
  { names: ['max_statement_time'], matters: tighter },
  { names: ['innodb_lock_wait_timeout'], matters: lower },
  { names: ['lock_wait_timeout'], matters: lower },
  { names: ['innodb_flush_log_at_trx_commit'], matters: isLost },
  { names: ['sync_binlog'], matters: isLost },
  { names: ['local_infile'], matters: (old, next) => isOn(old) === 'on' && isOn(next) === 'off' },
  { names: ['log_bin_trust_function_creators'], matters: (old, next) => isOn(old) === 'on' && isOn(next) === 'off' },
]

export const settings = (sides: MySqlSides): Finding => {
  const check = COMPARED.settings
  return both(check, sides, variablesOf, (old, next) => {
    const known = WATCHED.flatMap(({ names, matters }) => {
      const [was, is] = [settingIn(old, names), settingIn(next, names)]
      return was === null || is === null ? [] : [{ name: names[0] ?? '', was, is, isWorse: matters(was, is) }]
    })
    const worse = known.filter(({ isWorse }) => isWorse)
    if (worse.length === 0) return passed(check, `${known.length} compared`)
    return found(check, first(worse.map(({ name, was, is }) => `${name} ${was} → ${is}`)), {
      remedy: `SET GLOBAL ${worse.map(({ name, was }) => `${name} = ${/^[\d.]+$/.test(was) ? was : `'${was}'`}`).join(', ')}, and the same in its configuration`,
    })
  })
}

const settingIn = (settings: Settings, names: readonly string[]): string | null =>
  names.map((name) => settings[name]).find((value) => value !== undefined) ?? null
