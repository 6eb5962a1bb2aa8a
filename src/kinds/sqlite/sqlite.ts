import type { Kind } from '../../ports/kind.ts'
import { identifySqlite, parseSqlite, SQLITE_SCHEMES, type Sqlite, traitsOfSqlite } from './handle.ts'
import { compose, decompose, replaceParts } from './parts.ts'

/** A file of SQLite 3. https://www.sqlite.org/fileformat2.html */
export const sqlite: Kind<Sqlite> = {
  name: 'sqlite',
  schemes: SQLITE_SCHEMES,
  usualKey: 'DATABASE_URL',
  depth: 'use',
  parse: parseSqlite,
  identify: identifySqlite,
  remarks: ({ remarks }) => remarks,
  traits: traitsOfSqlite,
  probe: async (resource, context) => (await import('./probe.ts')).probeSqlite(resource, context),
  open: async (resource, context) => {
    const { report, live } = await (await import('./probe.ts')).openSqlite(resource, context)
    return { report, session: live === null ? null : (await import('./guards/guards.ts')).sessionOn(live) }
  },
  guards: async () => (await import('./guards/guards.ts')).guards,
  replaceParts,
  compose,
  decompose,
}

export default sqlite
