import type { Finding } from '../../../../domain/finding.ts'
import type { Comparison } from '../../../../ports/kind.ts'
import { collation } from './collation.ts'
import { capacity, pooler } from './connections.ts'
import { extensions } from './extensions.ts'
import { identity } from './identity.ts'
import { preparedLeft, slotsLeft, subscription, twoPhase } from './left.ts'
import { encoding, locale } from './locale.ts'
import { missingTransactions } from './progress.ts'
import { role } from './role.ts'
import { settings } from './settings.ts'
import type { Sides } from './sides.ts'
import { sizes, wraparound } from './size.ts'
import { readOnly, recovery } from './standing.ts'
import type { ServerFacts } from './survey.ts'
import { version } from './version.ts'

/** One for each row of the table, in its order. */
const CHECKS: readonly ((sides: Sides) => Finding)[] = [
  recovery,
  readOnly,
  identity,
  version,
  encoding,
  locale,
  collation,
  extensions,
  settings,
  role,
  capacity,
  pooler,
  preparedLeft,
  slotsLeft,
  twoPhase,
  subscription,
  missingTransactions,
  wraparound,
  sizes,
]

/** What differs between two servers. `old`: null where it told nothing. Pure. */
export const compareServers = (old: ServerFacts | null, next: ServerFacts, comparison: Comparison): readonly Finding[] =>
  CHECKS.map((check) => check({ old, next, comparison }))
