import type { VariableSet } from '../../domain/variables.ts'

/** Laravel, Rails and many others write the parts of any database in these names: another one tells which it is. */
const DB = {
  parts: {
    host: ['DB_HOST'],
    port: ['DB_PORT'],
    user: ['DB_USERNAME', 'DB_USER'],
    password: ['DB_PASSWORD', 'DB_PASS'],
    name: ['DB_DATABASE', 'DB_NAME'],
  },
  needs: ['host'],
} as const

const SAYS = /^(mysql2?|mariadb)$/i

/** https://dev.mysql.com/doc/refman/8.4/en/environment-variables.html, and the names of the container images. */
export const MYSQL_VARIABLES: readonly VariableSet[] = [
  {
    parts: {
      host: ['MYSQL_HOST'],
      port: ['MYSQL_PORT', 'MYSQL_TCP_PORT'],
      user: ['MYSQL_USER', 'MYSQL_USERNAME'],
      password: ['MYSQL_PASSWORD', 'MYSQL_PWD'],
      name: ['MYSQL_DATABASE', 'MYSQL_DB'],
    },
    needs: ['host'],
  },
  { ...DB, told: { by: 'DB_CONNECTION', says: SAYS } },
  { ...DB, told: { by: 'DB_ADAPTER', says: SAYS } },
]
