import { type Finding, found, passed } from '../../../../domain/finding.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import type { Questions } from '../../questions.ts'
import { SERVER } from './checks.ts'
import { flag, listOf, only, orNull, text, whole } from './rows.ts'
import { judged, nextOf, oldOf, type Sides } from './sides.ts'
import type { ServerFacts } from './survey.ts'
import { few, figure, phrases, quoted, short, statements } from './words.ts'

const SOON_MS = 30 * 24 * 3_600_000

export const roleShape = (z: Zod) => ({
  role: toldSchema(
    z,
    z.strictObject({
      name: z.string(),
      superuser: z.boolean(),
      /** Connections that it may have, and that the database may have. -1: any number. */
      limit: z.int(),
      databaseLimit: z.int(),
      /** Milliseconds since 1970. */
      validUntil: z.int().nullable(),
      /** A superuser is a member of all: none is named. */
      memberOf: z.array(z.string()),
    }),
  ),
})

type Role = Extract<ServerFacts['role'], { readonly is: unknown }>['is']

export const askRole = async (questions: Questions) => ({
  role: await questions.ask(
    // Who owns the database is a member of pg_database_owner: that is asked where owners are.
    `SELECT r.rolname::text AS name, r.rolsuper AS superuser, r.rolconnlimit AS "limit", d.datconnlimit AS database_limit,
      CASE WHEN isfinite(r.rolvaliduntil) THEN floor(extract(epoch FROM r.rolvaliduntil) * 1000)::float8 END AS valid_until,
      (SELECT coalesce(json_agg(g.rolname ORDER BY g.rolname), '[]') FROM (
        SELECT rolname FROM pg_roles WHERE NOT r.rolsuper AND oid <> r.oid AND rolname <> 'pg_database_owner'
          AND pg_has_role(r.oid, oid, 'MEMBER') LIMIT 500) g) AS member_of
      FROM pg_roles r, pg_database d WHERE r.rolname = session_user AND d.datname = current_database()`,
    only(({ name, superuser, limit, database_limit, valid_until, member_of }) => ({
      name: text(name),
      superuser: flag(superuser),
      limit: whole(limit),
      databaseLimit: whole(database_limit),
      validUntil: orNull(whole)(valid_until),
      memberOf: listOf(text)(member_of),
    })),
  ),
})

interface Odd {
  readonly what: string
  readonly remedy: string
}

export function role(sides: Sides): Finding {
  const check = SERVER.role
  return judged(
    check,
    nextOf(sides, (facts) => facts.role),
    (next) => {
      const old = oldOf(sides, (facts) => facts.role)
      const odds = [...ending(next, sides.comparison.today), ...('is' in old ? changes(old.is, next, sides) : [])]
      if (odds.length > 0)
        return found(check, phrases(odds.map(({ what }) => what)), { remedy: statements(odds.map(({ remedy }) => remedy)) })
      return judged(check, old, () => passed(check, 'its limits, its end and its memberships are as on the old one'))
    },
  )
}

function ending({ name, validUntil }: Role, today: number): readonly Odd[] {
  if (validUntil === null || validUntil - today >= SOON_MS) return []
  const days = Math.floor((validUntil - today) / (24 * 3_600_000))
  const when = days < 0 ? 'has ended' : days < 1 ? 'ends within a day' : `ends in ${days} days`
  return [
    {
      what: `the password of ${short(name)} ${when} (${new Date(validUntil).toISOString().slice(0, 10)})`,
      remedy: `ALTER ROLE ${quoted(name)} VALID UNTIL 'infinity'`,
    },
  ]
}

function changes(old: Role, next: Role, { next: { database } }: Sides): readonly Odd[] {
  const name = quoted(next.name)
  const lost = next.superuser ? [] : old.memberOf.filter((each) => !next.memberOf.includes(each) && each !== next.name)
  const gained = next.superuser && !old.superuser
  return [
    ...(gained ? [{ what: `${short(next.name)} is a superuser there and not now`, remedy: `ALTER ROLE ${name} NOSUPERUSER` }] : []),
    ...(old.superuser && !next.superuser
      ? [{ what: `${short(next.name)} is no superuser there`, remedy: 'grant it by name what it needs' }]
      : []),
    ...(lost.length > 0
      ? [{ what: `no member of ${few(lost)} there`, remedy: statements(lost.map((each) => `GRANT ${quoted(each)} TO ${name}`)) }]
      : []),
    ...(isLower(old.limit, next.limit)
      ? [
          {
            what: `at most ${figure(next.limit)} connections for ${short(next.name)} (${limitText(old.limit)} now)`,
            remedy: `ALTER ROLE ${name} CONNECTION LIMIT ${old.limit}`,
          },
        ]
      : []),
    ...(isLower(old.databaseLimit, next.databaseLimit)
      ? [
          {
            what: `at most ${figure(next.databaseLimit)} connections for the database (${limitText(old.databaseLimit)} now)`,
            remedy: `ALTER DATABASE ${'is' in database ? quoted(database.is.name) : '…'} CONNECTION LIMIT ${old.databaseLimit}`,
          },
        ]
      : []),
  ]
}

const isLower = (old: number, next: number): boolean => next >= 0 && (old < 0 || next < old)

const limitText = (limit: number): string => (limit < 0 ? 'any number' : figure(limit))
