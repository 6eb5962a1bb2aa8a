import { type Finding, found, passed, type Severity } from '../../../../domain/finding.ts'
import { told } from '../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import type { Questions } from '../../questions.ts'
import { SERVER } from './checks.ts'
import { listOf, only, orNull, text } from './rows.ts'
import { bothOf, judged, type Sides, together } from './sides.ts'
import { few, literal, phrases, quoted, short, statements } from './words.ts'

/** Nobody types a longer one. */
const TYPED_MAX = 200

export const settingsShape = (z: Zod) => ({
  /** What the app's own sessions begin with. */
  settings: toldSchema(
    z,
    z.array(z.strictObject({ name: z.string(), value: z.string(), unit: z.string().nullable(), source: z.string() })),
  ),
  /** The schemas that an unqualified name is looked up in. */
  schemas: toldSchema(z, z.array(z.string())),
})

export const askSettings = async (questions: Questions) => ({
  settings: await questions.ask(
    // What a session begins with, not what it has now: our own timeouts are set in it. By its own names: what sets search_path is asked too.
    `SELECT name, reset_val AS value, unit, source FROM pg_catalog.pg_settings
      WHERE name OPERATOR(pg_catalog.=) ANY (ARRAY[${WATCHED.map(({ name }) => literal(name)).join(', ')}]::pg_catalog.text[]) ORDER BY 1`,
    (rows) =>
      rows.map(({ name, value, unit, source }) => ({
        name: text(name),
        value: text(value),
        unit: orNull(text)(unit),
        source: text(source),
      })),
    'own',
  ),
  schemas: await questions.ask(
    'SELECT pg_catalog.to_json(pg_catalog.current_schemas(false)) AS it',
    only(({ it }) => listOf(text)(it)),
    'own',
  ),
})

interface Watched {
  readonly name: string
  readonly severity: Severity
  /** Whether the change matters. Default: any does. */
  readonly matters?: (old: string, next: string) => boolean
  /** Where a server does not know it, it does as if it stood on this. */
  readonly absent?: string
  /** Set for the whole server, and not for a role. */
  readonly ofServer?: 'reload' | 'restart'
}

const isSwitchedOff = (old: string, next: string): boolean => old !== 'off' && next === 'off'
const WAL_LEVELS = ['minimal', 'replica', 'logical']

/** What changes what statements mean, how long they may take, and what survives a crash. */
const WATCHED: readonly Watched[] = [
  { name: 'search_path', severity: 'error', matters: (old, next) => pathOf(old) !== pathOf(next) },
  { name: 'session_replication_role', severity: 'error', matters: (_, next) => next === 'replica' },
  { name: 'fsync', severity: 'error', matters: isSwitchedOff, ofServer: 'reload' },
  { name: 'full_page_writes', severity: 'error', matters: isSwitchedOff, ofServer: 'reload' },
  { name: 'synchronous_commit', severity: 'warn', matters: isSwitchedOff },
  { name: 'wal_level', severity: 'warn', matters: (old, next) => WAL_LEVELS.indexOf(next) < WAL_LEVELS.indexOf(old), ofServer: 'restart' },
  { name: 'statement_timeout', severity: 'warn' },
  { name: 'lock_timeout', severity: 'warn' },
  { name: 'idle_in_transaction_session_timeout', severity: 'warn' },
  { name: 'idle_session_timeout', severity: 'warn', absent: '0' },
  { name: 'transaction_timeout', severity: 'warn', absent: '0' },
  { name: 'default_transaction_isolation', severity: 'warn' },
  { name: 'default_transaction_deferrable', severity: 'warn' },
  { name: 'TimeZone', severity: 'warn', matters: (old, next) => zoneOf(old) !== zoneOf(next) },
  { name: 'DateStyle', severity: 'warn' },
  { name: 'IntervalStyle', severity: 'warn' },
  { name: 'bytea_output', severity: 'warn' },
  { name: 'extra_float_digits', severity: 'warn' },
  { name: 'standard_conforming_strings', severity: 'warn' },
  { name: 'backslash_quote', severity: 'warn' },
  { name: 'array_nulls', severity: 'warn' },
  { name: 'default_text_search_config', severity: 'warn' },
  { name: 'row_security', severity: 'warn' },
]

interface Setting {
  readonly value: string
  readonly unit: string | null
  readonly source: string
}

interface Changed {
  readonly watched: Watched
  readonly old: Setting
  readonly next: Setting
}

export function settings(sides: Sides): Finding {
  const check = SERVER.settings
  const both = bothOf(sides, (facts) => together({ settings: facts.settings, schemas: facts.schemas }))
  return judged(check, both, ({ old, next }) => {
    const all = WATCHED.flatMap((watched) => changeOf(watched, old.settings, next.settings) ?? [])
    const ordered = [
      ...all.filter(({ watched }) => watched.severity === 'error'),
      ...all.filter(({ watched }) => watched.severity !== 'error'),
    ]
    const [worst] = ordered
    if (worst !== undefined)
      return found(check, phrases(ordered.map(shown)), {
        severity: worst.watched.severity,
        remedy: statements(ordered.map((each) => mended(each, sides))),
      })
    if (old.schemas.join() === next.schemas.join())
      return passed(check, `${next.settings.length} compared, as the app's sessions begin with them`)
    return found(
      check,
      `search_path leads to ${schemasIn(next.schemas)} there and to ${schemasIn(old.schemas)} now: a schema is missing, or this role may not use it`,
      {
        remedy: statements(
          old.schemas
            .filter((name) => !next.schemas.includes(name))
            .map((name) => `GRANT USAGE ON SCHEMA ${quoted(name)} TO ${roleOf(sides)}`),
        ),
      },
    )
  })
}

function changeOf(watched: Watched, olds: readonly (Setting & { readonly name: string })[], nexts: typeof olds): Changed | null {
  const { name, absent, matters = (one, other) => one !== other } = watched
  const standing = (all: typeof olds): Setting | null =>
    all.find((each) => each.name === name) ?? (absent === undefined ? null : { value: absent, unit: 'ms', source: 'default' })
  const [old, next] = [standing(olds), standing(nexts)]
  if (old === null || next === null || old.value === next.value || !matters(old.value, next.value)) return null
  return { watched, old, next }
}

const shown = ({ watched: { name }, old, next }: Changed): string => `${name} ${inWords(old)} → ${inWords(next)}`

function inWords({ value, unit }: Setting): string {
  if (unit !== 'ms') return value === '' ? 'empty' : short(value)
  const ms = Number(value)
  if (ms === 0) return 'off'
  return ms % 1_000 === 0 ? `${ms / 1_000} s` : `${ms} ms`
}

/** The command that gives the new one the value of the old one. */
function mended({ watched: { name, ofServer }, old, next }: Changed, sides: Sides): string {
  const whole = old.value.length > TYPED_MAX ? '…' : old.value
  // A list of names is written as it is shown.
  const value = name === 'search_path' && whole !== '' ? whole : literal(whole)
  if (ofServer !== undefined)
    return `ALTER SYSTEM SET ${name} = ${value}${ofServer === 'reload' ? '; SELECT pg_reload_conf()' : ', and a restart of the server'}`
  if (next.source === 'client') return `take ${name} out of the options of the handle`
  return `ALTER ROLE ${roleOf(sides)} IN DATABASE ${databaseOf(sides)} SET ${name} = ${value}`
}

const namesOf = ({ next }: Sides) => told(next.database)
const roleOf = (sides: Sides): string => quoted(namesOf(sides)?.role ?? '…')
const databaseOf = (sides: Sides): string => quoted(namesOf(sides)?.name ?? '…')

const schemasIn = (names: readonly string[]): string => (names.length === 0 ? 'no schema' : few(names))

/** Names as the server reads them: a quoted one as it stands, the others in lower case. What is odd stays as it is. */
function pathOf(path: string): string {
  const names = path.match(/"(?:[^"]|"")*"|[^\s,"]+/g) ?? []
  return names.map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase())).join('\n')
}

const zoneOf = (zone: string): string => (/^(?:Etc\/)?(?:UTC|UCT|Universal|Zulu)$/i.test(zone) ? 'UTC' : zone.toLowerCase())
