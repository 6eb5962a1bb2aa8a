import { type Finding, found, passed, unknown } from '../../../../../domain/finding.ts'
import * as migrations from '../../../../migrations/compare.ts'
import { CONTENT } from '../checks.ts'
import type { EnvironmentTag, Ledger } from '../survey/migrations.ts'
import { first } from '../words.ts'

/** `old`: null where it told nothing. */
export const compareMigrations = (old: readonly Ledger[] | null, silent: string, next: readonly Ledger[]): Finding =>
  migrations.compareMigrations(CONTENT.migrations, old, silent, next)

/** What deploys of these sorts are called, and what their data are tagged with. */
const SORTS: readonly (readonly string[])[] = [
  ['production', 'prod', 'live'],
  ['staging', 'stage', 'preprod', 'uat'],
  ['development', 'dev', 'local'],
  ['test', 'testing', 'ci'],
]

const sortOf = (name: string): number => SORTS.findIndex((names) => names.includes(name.toLowerCase()))

/** `old`: null where it told nothing; then the name of the deploy speaks. */
export function compareEnvironment(
  old: readonly EnvironmentTag[] | null,
  silent: string,
  next: readonly EnvironmentTag[],
  deploy: string,
): Finding {
  const check = CONTENT.environment
  const unasked: string[] = []
  const wrong: string[] = []
  const same: string[] = []
  for (const { framework, table, value } of old ?? next) {
    const is = old === null ? value : (next.find((tag) => tag.table === table)?.value ?? { is: null })
    if ('unknown' in value) unasked.push(`${table}: ${value.unknown}`)
    else if ('unknown' in is) unasked.push(`${table}: ${is.unknown}`)
    else if (value.is === null) continue
    else if (is.is === null) unasked.push(`${table} of ${framework} says ${value.is} on the old one, and nothing on the new one`)
    else if (old !== null)
      (is.is === value.is ? same : wrong).push(is.is === value.is ? is.is : `${is.is} now, ${value.is} before (${table} of ${framework})`)
    else if (sortOf(is.is) < 0 || sortOf(deploy) < 0) unasked.push(`${silent}, and ${table} says ${is.is}`)
    else
      (sortOf(is.is) === sortOf(deploy) ? same : wrong).push(
        sortOf(is.is) === sortOf(deploy) ? is.is : `${is.is}, and the deploy is ${deploy} (${table} of ${framework})`,
      )
  }
  const remedy =
    'attach the database of this environment; the tag of a copy is changed by the framework that set it (Rails: bin/rails db:environment:set)'
  if (wrong.length > 0) return found(check, `the data are tagged for another environment: ${first(wrong)}`, { remedy })
  if (unasked.length > 0) return unknown(check, first(unasked))
  return passed(check, same.length === 0 ? 'the data carry no tag that we know' : `tagged ${first([...new Set(same)])}`)
}
