import type { VariableSet } from '../../domain/variables.ts'

/** Laravel and others write the path where other databases have their name; another variable tells which it is. */
const DB = { parts: { name: ['DB_DATABASE', 'DB_NAME'] }, needs: ['name'] } as const

const SAYS = /^sqlite3?$/i

/** No variable is known to all. https://laravel.com/docs/database#sqlite-configuration */
export const SQLITE_VARIABLES: readonly VariableSet[] = [
  { parts: { name: ['SQLITE_DATABASE', 'SQLITE_PATH', 'SQLITE_FILE', 'SQLITE_DB'] }, needs: ['name'] },
  { ...DB, told: { by: 'DB_CONNECTION', says: SAYS } },
  { ...DB, told: { by: 'DB_ADAPTER', says: SAYS } },
]
