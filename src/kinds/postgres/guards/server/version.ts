import { type Finding, found, passed } from '../../../../domain/finding.ts'
import type { Told } from '../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import type { Questions } from '../../questions.ts'
import { SERVER } from './checks.ts'
import { only, whole } from './rows.ts'
import { judged, nextOf, oldOf, type Sides } from './sides.ts'

// https://www.postgresql.org/support/versioning/

/** The day of the last release of a major. */
const LAST_RELEASES: ReadonlyMap<number, string> = new Map([
  [10, '2022-11-10'],
  [11, '2023-11-09'],
  [12, '2024-11-21'],
  [13, '2025-11-13'],
  [14, '2026-11-12'],
  [15, '2027-11-11'],
  [16, '2028-11-09'],
  [17, '2029-11-08'],
  [18, '2030-11-14'],
])
const FIRST_OF_TABLE = 10

export const versionShape = (z: Zod) => ({
  /** `150018` is 15.18. */
  version: toldSchema(z, z.int()),
})

export const askVersion = async (questions: Questions) => ({
  version: await questions.ask(
    `SELECT current_setting('server_version_num')::int AS it`,
    only(({ it }) => whole(it)),
  ),
})

/** Whether a server has what came with a major. One that does not tell is asked as if it had not. */
export const isSince = (version: Told<number>, major: number): boolean => 'is' in version && majorOf(version.is) >= major

export function version(sides: Sides): Finding {
  const check = SERVER.version
  return judged(
    check,
    nextOf(sides, (facts) => facts.version),
    (next) => {
      const old = oldOf(sides, (facts) => facts.version)
      if ('is' in old && majorOf(next) < majorOf(old.is))
        return found(
          check,
          `PostgreSQL ${named(next)}, and the old one is ${named(old.is)}: an older major does not do all that the app may use`,
          {
            remedy: `name a server of PostgreSQL ${majorOf(old.is)} or newer`,
          },
        )
      const ended = endOf(majorOf(next), sides.comparison.today)
      if (ended !== null)
        return found(check, `PostgreSQL ${named(next)}: no fixes for its major ${ended}`, {
          severity: 'warn',
          remedy: 'plan the upgrade to a newer major',
        })
      if (!('is' in old)) return judged(check, old, () => passed(check, named(next)))
      if (majorOf(next) === majorOf(old.is) && next < old.is)
        return found(check, `PostgreSQL ${named(next)} lacks the fixes of ${named(old.is)}, which runs now`, {
          severity: 'warn',
          remedy: 'install the newest minor release there',
        })
      return passed(check, named(next) === named(old.is) ? `both are ${named(next)}` : `${named(old.is)} → ${named(next)}`)
    },
  )
}

/** Null: there are fixes. */
function endOf(major: number, today: number): string | null {
  if (major < FIRST_OF_TABLE) return 'for years'
  const day = LAST_RELEASES.get(major)
  return day !== undefined && today > Date.parse(day) ? `since ${day}` : null
}

const majorOf = (version: number): number => Math.floor(version / 10_000)

const named = (version: number): string =>
  majorOf(version) < 10 ? `${majorOf(version)}.${Math.floor(version / 100) % 100}` : `${majorOf(version)}.${version % 10_000}`
