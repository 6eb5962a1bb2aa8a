import type { core } from 'zod'
import type { Told } from '../../../../domain/survey.ts'
import { type Framework, frameworksIn } from '../../../migrations/frameworks.ts'
import { toldSchema, type Zod } from '../../../told-schema.ts'
import { type Questions, quotedName, text, whole } from '../questions.ts'
import type { Listed } from './tables.ts'
import type { Things } from './things.ts'

/** Of longer histories the newest names are kept: those are what two databases differ in. */
const NAMES_MAX = 2_000
const NAME_MAX = 200

const ledgerSchema = (z: Zod) =>
  z.strictObject({
    framework: z.string(),
    table: z.string(),
    keeps: z.enum(['all', 'number', 'mark']),
    read: toldSchema(z, z.strictObject({ count: z.number(), names: z.array(z.string()), trouble: z.string().nullable() })),
  })

export const migrationsSchema = (z: Zod) => toldSchema(z, z.array(ledgerSchema(z)))

type Ledger = core.output<ReturnType<typeof ledgerSchema>>

/** Tables alone: a view would run what somebody wrote into it. */
export async function surveyMigrations(questions: Questions, tables: readonly Listed[], { columns }: Things): Promise<Told<Ledger[]>> {
  if ('unknown' in columns) return columns
  const ledgers: Ledger[] = []
  for (const { name, sort } of tables) {
    if (sort === 'view' || !NAMES.has(name.toLowerCase())) continue
    const has = new Set(columns.is.flatMap((column) => (column.table === name ? [column.name.toLowerCase()] : [])))
    const framework = FRAMEWORKS.find(
      ({ table, needs }) => table.toLowerCase() === name.toLowerCase() && needs.every((each) => has.has(each.toLowerCase())),
    )
    if (framework !== undefined) ledgers.push(await ledgerOf(questions, framework, name))
  }
  return { is: ledgers }
}

/** Names of columns have no case in MySQL. */
const FRAMEWORKS = frameworksIn({
  joined: (between, ...columns) => `CONCAT(${columns.join(`, '${between}', `)})`,
  named: (column) => column,
  liquibase: (name) => name,
  isSet: (column) => column,
})

const NAMES: ReadonlySet<string> = new Set(FRAMEWORKS.map(({ table }) => table.toLowerCase()))

async function ledgerOf(
  questions: Questions,
  { name: framework, applied, where = '1', trouble, keeps }: Framework,
  table: string,
): Promise<Ledger> {
  const ledger = { framework, table, keeps }
  const from = quotedName(table)
  const names: Told<string[]> =
    applied === null
      ? { is: [] }
      : await questions.ask(
          `SELECT LEFT(CAST(${applied} AS CHAR), ${NAME_MAX}) AS name FROM ${from} WHERE ${where} ORDER BY CAST(${applied} AS BINARY) DESC LIMIT ${NAMES_MAX}`,
          // By code unit, as the names of two databases are compared.
          (rows) => rows.map((row) => text(row, 'name')).sort(),
        )
  if ('unknown' in names) return { ...ledger, read: names }
  const read = await questions.ask(
    `SELECT ${applied === null ? '0' : `(SELECT COUNT(*) FROM ${from} WHERE ${where})`} AS ran, ${trouble === undefined ? '0' : `(SELECT COUNT(*) FROM ${from} WHERE ${trouble.where})`} AS troubled`,
    ([row = {}]) => {
      const bad = whole(row, 'troubled')
      return {
        count: whole(row, 'ran'),
        names: names.is,
        trouble: bad === 0 || trouble === undefined ? null : bad === 1 ? trouble.means : `${bad} ${trouble.means}`,
      }
    },
  )
  return { ...ledger, read }
}
