import { type Check, type Finding, unknown } from '../../../../domain/finding.ts'
import type { Told } from '../../../../domain/survey.ts'
import type { Comparison } from '../../../../ports/kind.ts'
import { silenceOf } from '../../../comparing.ts'
import { CONTENT } from './checks.ts'
import { compareAge } from './compare/age.ts'
import { compareEnvironment, compareMigrations } from './compare/migrations.ts'
import { compareObjects } from './compare/objects.ts'
import { compareDefaults, compareGrants, compareOwners } from './compare/rights.ts'
import { compareRowSecurity } from './compare/row-security.ts'
import { compareEmptiness, compareSizes, emptinessAlone, lookAtStatistics, pairsOf } from './compare/rows.ts'
import { compareSequences } from './compare/sequences.ts'
import { compareStandings } from './compare/standings.ts'
import { compareUnlogged } from './compare/unlogged.ts'
import { compareValidity } from './compare/validity.ts'
import type { ContentFacts } from './survey.ts'
import { untoldOf } from './words.ts'

/** What differs between what two databases hold. `old`: null where it told nothing. Pure. */
export function compareContents(old: ContentFacts | null, next: ContentFacts, comparison: Comparison): readonly Finding[] {
  const silent = silenceOf(comparison)
  const both = (check: Check, compare: (old: ContentFacts) => Finding): Finding => (old === null ? unknown(check, silent) : compare(old))
  return [
    both(CONTENT.objects, (old) => compareObjects(old.objects, next.objects)),
    compareValidity(old?.objects ?? null, silent, next.objects),
    ...rows(old, silent, next),
    ...sequences(old, silent, next),
    both(CONTENT.owner, (old) => compareOwners(old, next)),
    both(CONTENT.grants, (old) => compareGrants(old.objects, next.objects, next.rights)),
    both(CONTENT.defaultGrants, (old) => compareDefaults(old.rights, next.rights)),
    both(CONTENT.rowSecurity, (old) => compareRowSecurity(old.rights, next.rights, inBoth(old, next))),
    known(CONTENT.migrations, next.migrations, (is) => {
      const was = toldOrWhy(old?.migrations ?? null, silent)
      return compareMigrations(was.is, was.silent, is)
    }),
    known(CONTENT.environment, next.environment, (is) => {
      const was = toldOrWhy(old?.environment ?? null, silent)
      return compareEnvironment(was.is, was.silent, is, comparison.deploy)
    }),
    known(CONTENT.statistics, next.tables, lookAtStatistics),
    compareAge(comparison),
  ]
}

function rows(old: ContentFacts | null, silent: string, next: ContentFacts): readonly Finding[] {
  const [was, is] = [old?.tables ?? { unknown: silent }, next.tables]
  if ('is' in was && 'is' in is) {
    const pairs = pairsOf(was.is, is.is)
    return [compareEmptiness(pairs), compareSizes(pairs), compareUnlogged(pairs, old?.sequences ?? { unknown: silent }, next.sequences)]
  }
  const why = old === null ? silent : (untoldOf(was, is) ?? silent)
  return [
    'is' in is ? emptinessAlone(is.is, why) : unknown(CONTENT.empty, why),
    unknown(CONTENT.shrunken, why),
    unknown(CONTENT.unlogged, why),
  ]
}

function sequences(old: ContentFacts | null, silent: string, next: ContentFacts): readonly Finding[] {
  const [was, is] = [old?.sequences ?? { unknown: silent }, next.sequences]
  const why = old === null ? silent : (untoldOf(was, is) ?? silent)
  return [
    known(CONTENT.sequences, is, (sequences) => compareSequences('is' in was ? was.is : null, sequences)),
    'is' in was && 'is' in is ? compareStandings(was.is, is.is) : unknown(CONTENT.sequencesBehind, why),
  ]
}

const known = <T>(check: Check, told: Told<T>, compare: (value: T) => Finding): Finding =>
  'is' in told ? compare(told.is) : unknown(check, `the new one: ${told.unknown}`)

function toldOrWhy<T>(told: Told<T> | null, silent: string): { readonly is: T | null; readonly silent: string } {
  if (told === null) return { is: null, silent }
  return 'is' in told ? { is: told.is, silent } : { is: null, silent: `the old one: ${told.unknown}` }
}

/** Whether both have a table of that name; where one did not tell, it may. */
function inBoth(old: ContentFacts, next: ContentFacts): (table: string) => boolean {
  const sets = [old, next].map(({ objects: { relations } }) => ('is' in relations ? new Set(relations.is.map(({ name }) => name)) : null))
  return (table) => sets.every((tables) => tables?.has(table) ?? true)
}
