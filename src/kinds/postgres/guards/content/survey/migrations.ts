import type { core } from 'zod'
import type { Told } from '../../../../../domain/survey.ts'
import type { Framework } from '../../../../migrations/frameworks.ts'
import { countSchema, toldSchema, type Zod } from '../../../../told-schema.ts'
import type { Questions } from '../../../questions.ts'
import { literal } from '../../server/words.ts'
import { flag, list, OF_APP, text, whole } from './asking.ts'
import type { ForeignCode } from './foreign-code.ts'
import { FRAMEWORKS, TAGS, type Tag } from './frameworks.ts'

/** Of longer histories the newest names are kept: those are what two databases differ in. */
const NAMES_MAX = 2_000
const NAME_MAX = 200
/** An app with a schema for each of its tenants has as many histories. So many are read, and so many named. */
const READ_MAX = 100
const TABLES_MAX = 2_000
const UNREAD = `of more than ${READ_MAX} such tables the first are read`

const ledgerSchema = (z: Zod) =>
  z.strictObject({
    framework: z.string(),
    table: z.string(),
    keeps: z.enum(['all', 'number', 'mark']),
    read: toldSchema(
      z,
      z.strictObject({
        count: countSchema(z),
        /** Ascending. When there are more, the last of them. */
        names: z.array(z.string()),
        /** `2 failed`. Null: nothing is wrong. */
        trouble: z.string().nullable(),
      }),
    ),
  })

const tagSchema = (z: Zod) => z.strictObject({ framework: z.string(), table: z.string(), value: toldSchema(z, z.string().nullable()) })

export const ledgersSchema = (z: Zod) => toldSchema(z, z.array(ledgerSchema(z)))
export const tagsSchema = (z: Zod) => toldSchema(z, z.array(tagSchema(z)))

export type Ledger = core.output<ReturnType<typeof ledgerSchema>>
export type EnvironmentTag = core.output<ReturnType<typeof tagSchema>>

interface Candidate {
  readonly name: string
  readonly plain: string
  readonly columns: readonly string[]
  readonly barred: string | null
}

export async function surveyMigrations(
  questions: Questions,
  foreign: ForeignCode,
): Promise<{ readonly migrations: Told<Ledger[]>; readonly environment: Told<EnvironmentTag[]> }> {
  const candidates = await list(questions, CANDIDATES, (row): Candidate => {
    const columns: unknown = row['columns']
    const names = Array.isArray(columns) ? columns.filter((column) => typeof column === 'string') : []
    const [readable, filtered] = [flag(row, 'readable'), flag(row, 'filtered')]
    const hidden = filtered ? 'row security hides rows of it' : foreign(text(row, 'oid'))
    const barred = readable ? hidden : 'this role may not read it'
    return { name: text(row, 'name'), plain: text(row, 'plain'), columns: names, barred }
  })
  if ('unknown' in candidates) return { migrations: candidates, environment: candidates }
  const migrations: Ledger[] = []
  const environment: EnvironmentTag[] = []
  if (candidates.is.length > TABLES_MAX) {
    const why = { unknown: `there are more than ${TABLES_MAX.toLocaleString('en-US')} tables of migrations` }
    return { migrations: why, environment: why }
  }
  const all = candidates.is.map((candidate, at) => (at < READ_MAX ? candidate : { ...candidate, barred: candidate.barred ?? UNREAD }))
  for (const candidate of all) {
    const framework = FRAMEWORKS.find((each) => fits(each, candidate))
    if (framework !== undefined) migrations.push(await ledgerOf(questions, framework, candidate))
    const tag = TAGS.find((each) => fits(each, candidate))
    if (tag !== undefined) environment.push(await tagOf(questions, tag, candidate))
  }
  return { migrations: { is: migrations }, environment: { is: environment } }
}

const fits = ({ table, needs }: Framework | Tag, { plain, columns }: Candidate): boolean =>
  table === plain && needs.every((column) => columns.includes(column))

async function ledgerOf(questions: Questions, framework: Framework, { name, barred }: Candidate): Promise<Ledger> {
  const { applied, where = 'true', trouble, keeps } = framework
  const ledger = { framework: framework.name, table: name, keeps }
  if (barred !== null) return { ...ledger, read: { unknown: barred } }
  const [names, counted] =
    applied === null
      ? [`'[]'::json`, `'0'`]
      : [
          `(SELECT coalesce(json_agg(m.name ORDER BY m.name), '[]') FROM (SELECT left((${applied})::text, ${NAME_MAX}) COLLATE "C" AS name
              FROM ${name} WHERE ${where} ORDER BY 1 DESC LIMIT ${NAMES_MAX}) m)`,
          `(SELECT count(*)::text FROM ${name} WHERE ${where})`,
        ]
  const troubled = trouble === undefined ? `'0'` : `(SELECT count(*)::text FROM ${name} WHERE ${trouble.where})`
  const read = await questions.ask(`SELECT ${names} AS names, ${counted} AS counted, ${troubled} AS troubled`, ([row = {}]) => {
    const all: unknown = row['names']
    const bad = whole(row, 'troubled')
    return {
      count: whole(row, 'counted'),
      names: Array.isArray(all) ? all.filter((each) => typeof each === 'string') : [],
      trouble: bad === 0 || trouble === undefined ? null : bad === 1 ? trouble.means : `${bad} ${trouble.means}`,
    }
  })
  return { ...ledger, read }
}

async function tagOf(questions: Questions, { name: framework, value, where }: Tag, { name, barred }: Candidate): Promise<EnvironmentTag> {
  if (barred !== null) return { framework, table: name, value: { unknown: barred } }
  const told = await questions.ask(
    `SELECT left((SELECT (${value})::text FROM ${name} WHERE ${where} LIMIT 1), ${NAME_MAX}) AS value`,
    ([row = {}]) => (row['value'] === null ? null : text(row, 'value')),
  )
  return { framework, table: name, value: told }
}

const NAMES = [...new Set([...FRAMEWORKS, ...TAGS].map(({ table }) => table))]

/** Types from here on are of users, and what casts them, or compares them, is too. */
const OWN_TYPES = 16_384

/** Tables alone, and columns of types of the server's own: a view, or a cast, would run what somebody wrote into it. */
const CANDIDATES = `SELECT c.oid::text AS oid, format('%I.%I', n.nspname, c.relname) AS name, c.relname::text AS plain,
    (SELECT json_agg(a.attname) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid < ${OWN_TYPES}) AS columns,
    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable, row_security_active(c.oid) AS filtered
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.relname IN (${NAMES.map(literal).join(', ')}) AND ${OF_APP} ORDER BY name`
