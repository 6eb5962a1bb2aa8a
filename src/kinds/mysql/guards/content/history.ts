import { type Finding, unknown } from '../../../../domain/finding.ts'
import { compareAge } from '../../../age.ts'
import { silenceOf } from '../../../comparing.ts'
import { compareMigrations } from '../../../migrations/compare.ts'
import { COMPARED } from '../../checks.ts'
import type { MySqlSides } from '../sides.ts'

/** Which migrations ran. Pure. */
export const migrations = ({ old, next, comparison }: MySqlSides): Finding => {
  const check = COMPARED.migrations
  const { migrations: theirs } = next.content
  if ('unknown' in theirs) return unknown(check, `the new one: ${theirs.unknown}`)
  if (old === null) return compareMigrations(check, null, silenceOf(comparison), theirs.is)
  const { migrations: ours } = old.content
  return 'is' in ours
    ? compareMigrations(check, ours.is, '', theirs.is)
    : compareMigrations(check, null, `the old one: ${ours.unknown}`, theirs.is)
}

/** How old the newest row is. Pure. */
export const age = ({ comparison }: MySqlSides): Finding => compareAge(COMPARED.age, comparison)
