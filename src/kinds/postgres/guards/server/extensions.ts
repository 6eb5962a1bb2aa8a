import { type Finding, found, passed } from '../../../../domain/finding.ts'
import type { Told } from '../../../../domain/survey.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import type { Questions } from '../../questions.ts'
import { SERVER } from './checks.ts'
import { text } from './rows.ts'
import { bothOf, judged, nextOf, type Sides } from './sides.ts'
import { few, phrases, quoted, short, statements } from './words.ts'

export const extensionsShape = (z: Zod) => ({
  extensions: toldSchema(z, z.array(z.strictObject({ name: z.string(), version: z.string(), schema: z.string() }))),
  /** What CREATE EXTENSION would take, and the version it would make. */
  available: toldSchema(z, z.array(z.strictObject({ name: z.string(), version: z.string() }))),
})

export const askExtensions = async (questions: Questions) => ({
  extensions: await questions.ask(
    `SELECT extname::text AS name, extversion AS version, nspname::text AS schema FROM pg_extension e
      JOIN pg_namespace n ON n.oid = e.extnamespace ORDER BY 1 LIMIT 1000`,
    (rows) => rows.map(({ name, version, schema }) => ({ name: text(name), version: text(version), schema: text(schema) })),
  ),
  available: await questions.ask(
    'SELECT name::text AS name, default_version AS version FROM pg_available_extensions WHERE default_version IS NOT NULL ORDER BY 1 LIMIT 1000',
    (rows) => rows.map(({ name, version }) => ({ name: text(name), version: text(version) })),
  ),
})

interface Extension {
  readonly name: string
  readonly version: string
  readonly schema: string
}

export function extensions(sides: Sides): Finding {
  const check = SERVER.extensions
  const both = bothOf(sides, (facts) => facts.extensions)
  return judged(check, both, ({ old, next }) => {
    const there = new Map(next.map((each) => [each.name, each]))
    const missing = old.filter(({ name }) => !there.has(name))
    if (missing.length > 0)
      return lacking(
        missing,
        nextOf(sides, ({ available }) => available),
      )
    const pairs = old.flatMap((was) => {
      const is = there.get(was.name)
      return is === undefined ? [] : [{ was, is }]
    })
    const differing = pairs.flatMap((pair) => changeOf(pair) ?? [])
    if (differing.length === 0)
      return passed(check, old.length === 1 ? 'the one of the old one is there' : `all ${old.length} of the old one are there`)
    return found(check, phrases(differing.map(({ what }) => what)), {
      severity: 'warn',
      remedy: statements(differing.map(({ remedy }) => remedy)),
    })
  })
}

function lacking(missing: readonly Extension[], available: Told<readonly { readonly name: string }[]>): Finding {
  const names = missing.map(({ name }) => name)
  const offered = 'is' in available ? new Set(available.is.map(({ name }) => name)) : null
  const absent = offered === null ? [] : names.filter((name) => !offered.has(name))
  const create = missing
    .filter(({ name }) => !absent.includes(name))
    .map(({ name, schema }) => `CREATE EXTENSION ${quoted(name)}${schema === 'public' ? '' : ` SCHEMA ${quoted(schema)}`}`)
  const install =
    absent.length === 0 ? [] : [`install ${few(absent)} on that server, which does not offer ${absent.length === 1 ? 'it' : 'them'}`]
  const note = absent.length === 0 ? '' : `; not available on that server: ${few(absent)}`
  return found(SERVER.extensions, `missing there: ${few(names)}${note}`, {
    remedy: [...(create.length === 0 ? [] : [statements(create)]), ...install].join('; '),
  })
}

/** Null: it is the same, or newer. */
function changeOf({
  was,
  is,
}: {
  readonly was: Extension
  readonly is: Extension
}): { readonly what: string; readonly remedy: string } | null {
  if (is.version.localeCompare(was.version, 'en', { numeric: true }) < 0)
    return {
      what: `${short(is.name)} is ${short(is.version)} there and ${short(was.version)} now`,
      remedy: `ALTER EXTENSION ${quoted(is.name)} UPDATE`,
    }
  if (is.schema !== was.schema)
    return {
      what: `${short(is.name)} is in schema ${short(is.schema)} there and in ${short(was.schema)} now`,
      remedy: `ALTER EXTENSION ${quoted(is.name)} SET SCHEMA ${quoted(was.schema)}`,
    }
  return null
}
