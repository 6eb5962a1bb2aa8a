import type { VariableSet } from '../../domain/variables.ts'

const SAYS = /^(sqlite3?)$/i

/** Laravel writes the path where other databases have their name. */
export const SQLITE_VARIABLES: readonly VariableSet[] = [
  { parts: { name: ['SQLITE_DATABASE', 'SQLITE_PATH', 'SQLITE_FILE', 'SQLITE_DB'] }, needs: ['name'] },
  {
    parts: { name: ['DB_DATABASE', 'DB_NAME'] },
    needs: ['name'],
    shared: ['DB_DATABASE', 'DB_NAME'],
    told: { by: 'DB_CONNECTION', says: SAYS },
  },
  {
    parts: { name: ['DB_DATABASE', 'DB_NAME'] },
    needs: ['name'],
    shared: ['DB_DATABASE', 'DB_NAME'],
    told: { by: 'DB_ADAPTER', says: SAYS },
  },
]
