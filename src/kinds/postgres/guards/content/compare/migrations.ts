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

/** A tag that the old one does not have, or has nothing to say of, is weighed against the name of the deploy. `old`: null where it told nothing. */
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
  const tables = new Map([...next, ...(old ?? [])].map(({ table, framework }) => [table, framework]))
  for (const [table, framework] of tables) {
    const valueIn = (tags: readonly EnvironmentTag[]): EnvironmentTag['value'] =>
      tags.find((tag) => tag.table === table)?.value ?? { is: null }
    const [was, is] = [valueIn(old ?? []), valueIn(next)]
    if ('unknown' in was) unasked.push(`${table}: ${was.unknown}`)
    else if ('unknown' in is) unasked.push(`${table}: ${is.unknown}`)
    else if (is.is === null && was.is !== null)
      unasked.push(`${table} of ${framework} says ${was.is} on the old one, and nothing on the new one`)
    else if (is.is === null) continue
    else if (was.is !== null)
      (is.is === was.is ? same : wrong).push(is.is === was.is ? is.is : `${is.is} now, ${was.is} before (${table} of ${framework})`)
    else if (sortOf(is.is) < 0 || sortOf(deploy) < 0)
      unasked.push(`${old === null ? silent : 'the old one carries no tag'}, and ${table} says ${is.is}`)
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
