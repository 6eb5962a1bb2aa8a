import type { VariableSet } from '../../domain/variables.ts'

const DB = {
  parts: {
    host: ['DB_HOST'],
    port: ['DB_PORT'],
    user: ['DB_USERNAME', 'DB_USER'],
    password: ['DB_PASSWORD', 'DB_PASS'],
    name: ['DB_DATABASE', 'DB_NAME'],
    sslmode: ['DB_SSLMODE'],
  },
  needs: ['host'],
} as const

const SAYS = /^(pgsql|postgres|postgresql)$/i

/** https://www.postgresql.org/docs/current/libpq-envars.html */
export const POSTGRES_VARIABLES: readonly VariableSet[] = [
  {
    parts: {
      host: ['PGHOST'],
      port: ['PGPORT'],
      user: ['PGUSER'],
      password: ['PGPASSWORD'],
      name: ['PGDATABASE'],
      sslmode: ['PGSSLMODE'],
    },
    needs: ['host'],
  },
  { ...DB, told: { by: 'DB_CONNECTION', says: SAYS } },
  { ...DB, told: { by: 'DB_ADAPTER', says: SAYS } },
]
