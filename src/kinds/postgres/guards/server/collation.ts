import { type Finding, found, passed } from '../../../../domain/finding.ts'
import type { Told } from '../../../../domain/survey.ts'
import { countSchema, toldSchema, type Zod } from '../../../told-schema.ts'
import type { Questions } from '../../questions.ts'
import { SERVER } from './checks.ts'
import { relationOf } from './identity.ts'
import { sortsBy } from './locale.ts'
import { listOf, only, orNull, text, whole } from './rows.ts'
import { bothOf, judged, nextOf, type Sides, together } from './sides.ts'
import type { ServerFacts } from './survey.ts'
import { isSince } from './version.ts'
import { counted, few, quoted, short, statements } from './words.ts'

// https://www.postgresql.org/docs/current/sql-altercollation.html#SQL-ALTERCOLLATION-NOTES

/** With which rules text was sorted when the indexes were built, and is sorted now. */
export const collationShape = (z: Zod) => ({
  /** Of the database's own collation. Null: none is kept (14 and older; C). */
  collationVersion: toldSchema(z, z.strictObject({ recorded: z.string().nullable(), actual: z.string().nullable() })),
  /** Collations under indexes that were built with another version of the library. */
  outdated: toldSchema(z, z.array(z.strictObject({ name: z.string(), indexes: countSchema(z) }))),
  /** A mark of the order in which it sorts a few texts that libraries are at odds about. */
  order: toldSchema(z, z.string()),
})

export const askCollation = async (questions: Questions, version: Told<number>) => ({
  collationVersion: isSince(version, 15)
    ? await questions.ask(
        'SELECT datcollversion AS recorded, pg_database_collation_actual_version(oid) AS actual FROM pg_database WHERE datname = current_database()',
        only(({ recorded, actual }) => ({ recorded: orNull(text)(recorded), actual: orNull(text)(actual) })),
      )
    : { is: { recorded: null, actual: null } },
  outdated: await questions.ask(
    OUTDATED,
    only(({ it }) => listOf(outdatedOf)(it)),
  ),
  order: await questions.ask(
    ORDER,
    only(({ it }) => text(it)),
  ),
})

/** Only what stands under an index is asked for its version: a library may know a thousand collations. */
const OUTDATED = `SELECT coalesce(json_agg(json_build_object('name', name, 'indexes', indexes)), '[]') AS it FROM (
  SELECT format('%I.%I', n.nspname, c.collname) AS name, used.indexes
  FROM (SELECT it, count(DISTINCT indexrelid)::int AS indexes FROM (SELECT indexrelid, unnest(indcollation) AS it FROM pg_index) u
    WHERE it <> 0 GROUP BY it OFFSET 0) used
  JOIN pg_collation c ON c.oid = used.it JOIN pg_namespace n ON n.oid = c.collnamespace
  WHERE c.collversion IS NOT NULL AND c.collversion IS DISTINCT FROM pg_collation_actual_version(c.oid)
  ORDER BY 1 LIMIT 50) outdated`

/** chr() of more than ASCII only where the encoding surely has it. */
const ORDER = `SELECT md5(string_agg(s, '|' ORDER BY s)) AS it FROM (
  SELECT s FROM (VALUES ('1-1'), ('11'), ('a b'), ('ab'), ('a-b'), ('A'), ('a'), ('Z'), ('$a'), ('_a'), ('"a'), ('a a'), ('a-a'), ('a+a')) v(s)
  UNION ALL SELECT chr(n) || 'a' FROM (VALUES (223), (233), (198), (1488), (8364), (42653)) v(n) WHERE getdatabaseencoding() = 'UTF8') texts`

function outdatedOf(value: unknown): { readonly name: string; readonly indexes: number } {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('indexes' in value)) throw new TypeError('no collation')
  return { name: text(value.name), indexes: whole(value.indexes) }
}

/** What has been sorted in another order than the one that counts now. */
export function collation(sides: Sides): Finding {
  const check = SERVER.collation
  return judged(check, nextOf(sides, built), (next) => {
    if (!isStale(next)) return sorting(sides)
    const { what, remedy } = described(next, sides)
    const old = bothOf(sides, built)
    if ('is' in old && JSON.stringify(old.is.old) === JSON.stringify(next))
      return found(check, `${what}, as on the old one: indexes over text may be corrupt`, { remedy, severity: 'warn' })
    const relation = relationOf(sides)
    // Where a restore filled it, the indexes may be younger than the change.
    return 'is' in relation && relation.is === 'other cluster'
      ? found(check, `${what}: indexes over text that are older than that are corrupt`, { remedy, severity: 'warn' })
      : found(check, `${what}: indexes over text are corrupt, rows are not found and duplicates get in`, { remedy })
  })
}

interface Built {
  readonly version: { readonly recorded: string | null; readonly actual: string | null }
  readonly outdated: readonly { readonly name: string; readonly indexes: number }[]
}

const built = ({ collationVersion, outdated }: ServerFacts): Told<Built> =>
  together<Built & Record<string, unknown>>({ version: collationVersion, outdated })

const isOutdated = ({ recorded, actual }: Built['version']): boolean => recorded !== null && actual !== null && recorded !== actual

const isStale = ({ version, outdated }: Built): boolean => isOutdated(version) || outdated.length > 0

function described({ version, outdated }: Built, { next: { database } }: Sides): { readonly what: string; readonly remedy: string } {
  const name = 'is' in database ? quoted(database.is.name) : '…'
  if (isOutdated(version))
    return {
      what: `text was sorted by version ${short(version.recorded ?? '')} of its library, and is by ${short(version.actual ?? '')} now`,
      remedy: `REINDEX DATABASE ${name}; ALTER DATABASE ${name} REFRESH COLLATION VERSION`,
    }
  const names = outdated.map((each) => each.name)
  const indexes = outdated.reduce((sum, each) => sum + each.indexes, 0)
  return {
    what: `${counted(indexes, 'index was', 'indexes were')} built with an older library version of ${few(names)}`,
    remedy: statements([`REINDEX DATABASE ${name}`, ...names.map((each) => `ALTER COLLATION ${each} REFRESH VERSION`)]),
  }
}

/** Both sort as their indexes were built: whether they sort alike. */
function sorting(sides: Sides): Finding {
  const check = SERVER.collation
  const both = bothOf(sides, ({ locale, collationVersion, order }) => together({ locale, version: collationVersion, order }))
  return judged(check, both, ({ old, next }) => {
    if (sortsBy(old.locale) !== sortsBy(next.locale)) return passed(check, 'each sorts by its own locale: see pg.locale')
    const isOtherOrder = old.order !== next.order
    const isOtherVersion = old.version.actual !== null && next.version.actual !== null && old.version.actual !== next.version.actual
    if (!isOtherOrder && !isOtherVersion)
      return passed(check, next.version.actual === null ? 'both sort alike' : `both sort by version ${short(next.version.actual)}`)
    const detail = isOtherVersion
      ? `its library sorts text by version ${short(next.version.actual ?? '')}, that of the old one by ${short(old.version.actual ?? '')}`
      : 'it sorts text in another order than the old one, under the same name of a locale'
    const relation = relationOf(sides)
    const isCopy = 'is' in relation && relation.is === 'copy'
    // Where a version is kept and fits, somebody has built the indexes anew.
    if (isCopy && next.version.recorded === null && isOtherOrder) {
      const { database } = sides.next
      return found(check, `${detail}, and it is a physical copy: indexes over text are corrupt, rows are not found and duplicates get in`, {
        remedy: `REINDEX DATABASE ${'is' in database ? quoted(database.is.name) : '…'}`,
      })
    }
    return found(check, `${detail}: ORDER BY and text partitions may differ`, {
      severity: 'warn',
      remedy: 'use the same operating system image, or ICU collations of one version',
    })
  })
}
