import { type Finding, found, passed } from '../../../../domain/finding.ts'
import { countSchema, toldSchema, type Zod } from '../../../told-schema.ts'
import type { Questions } from '../../questions.ts'
import { SERVER } from './checks.ts'
import { only, whole } from './rows.ts'
import { bothOf, judged, nextOf, type Sides } from './sides.ts'
import { figure, quoted, size } from './words.ts'

/** Of the two thousand million transactions after which PostgreSQL takes no more writes. */
const AGE_WARN = 1_500_000_000
const AGE_ERROR = 1_900_000_000
const RATIO_LOW = 0.7
const RATIO_HIGH = 1.5
/** A smaller difference is what an empty database, or one vacuum, makes. */
const BYTES_NOTED = 32 * 1024 * 1024

export const sizeShape = (z: Zod) => ({
  /** Transactions since the oldest row that is not frozen; the same for row locks (multixact). */
  ages: toldSchema(z, z.strictObject({ transactions: z.int(), locks: z.int() })),
  bytes: toldSchema(z, countSchema(z)),
})

export const askSize = async (questions: Questions) => ({
  ages: await questions.ask(
    'SELECT age(datfrozenxid) AS transactions, mxid_age(datminmxid) AS locks FROM pg_database WHERE datname = current_database()',
    only(({ transactions, locks }) => ({ transactions: whole(transactions), locks: whole(locks) })),
  ),
  bytes: await questions.ask(
    'SELECT pg_database_size(current_database())::float8 AS it',
    only(({ it }) => whole(it)),
  ),
})

export function wraparound(sides: Sides): Finding {
  const check = SERVER.wraparound
  return judged(
    check,
    nextOf(sides, ({ ages }) => ages),
    ({ transactions, locks }) => {
      const age = Math.max(transactions, locks)
      const what = transactions >= locks ? 'transactions' : 'row locks (multixacts)'
      const detail = `${figure(age)} ${what} since its oldest row was frozen`
      if (age <= AGE_WARN) return passed(check, detail)
      const { database } = sides.next
      return found(check, `${detail}; at 2,147,483,648 it takes no more writes`, {
        severity: age > AGE_ERROR ? 'error' : 'warn',
        remedy: `VACUUM (FREEZE), in ${'is' in database ? quoted(database.is.name) : 'that database'}`,
      })
    },
  )
}

export function sizes(sides: Sides): Finding {
  const check = SERVER.size
  const both = bothOf(sides, ({ bytes }) => bytes)
  return judged(check, both, ({ old, next }) => {
    const ratio = old === 0 ? 1 : next / old
    const shown = `${size(next)} there, ${size(old)} now`
    if (Math.abs(next - old) < BYTES_NOTED || (ratio >= RATIO_LOW && ratio <= RATIO_HIGH)) return passed(check, shown)
    const percent = `${Math.round(ratio * 100)} %`
    return ratio < RATIO_LOW
      ? found(check, `${shown} (${percent}): rows may be missing, or the old one is bloated`, {
          remedy: 'compare the row counts of the largest tables',
        })
      : found(check, `${shown} (${percent}): bloated, or it holds what the old one does not`, {
          remedy: 'VACUUM (ANALYZE), or compare the largest tables',
        })
  })
}
