import { type Framework, frameworksIn, row } from '../../../../migrations/frameworks.ts'

/** The first that fits is the one. */
export const FRAMEWORKS: readonly Framework[] = [
  ...frameworksIn({
    joined: (between, ...columns) => columns.join(` || '${between}' || `),
    named: (column) => `"${column}"`,
    liquibase: (name) => name.toLowerCase(),
    isSet: (column) => `${column}::int <> 0`,
  }),
  row('node-pg-migrate', 'pgmigrations', ['name'], 'name'),
]

/** Where an app notes what its data are for: `production`, `staging`. */
export interface Tag {
  readonly name: string
  readonly table: string
  readonly needs: readonly string[]
  readonly value: string
  readonly where: string
}

export const TAGS: readonly Tag[] = [
  { name: 'Rails', table: 'ar_internal_metadata', needs: ['key', 'value'], value: 'value', where: `key = 'environment'` },
]
