import type { VariableSet } from '../../domain/variables.ts'

/** Those of the container image and of client libraries; COUCHDB_URL and CLOUDANT_URL are handles of their own. */
export const COUCHDB_VARIABLES: readonly VariableSet[] = [
  {
    parts: {
      host: ['COUCHDB_HOST'],
      port: ['COUCHDB_PORT'],
      user: ['COUCHDB_USER', 'COUCHDB_USERNAME'],
      password: ['COUCHDB_PASSWORD', 'COUCHDB_PASS'],
      name: ['COUCHDB_DATABASE', 'COUCHDB_DB', 'COUCHDB_DB_NAME'],
    },
    needs: ['host'],
  },
  {
    parts: {
      host: ['CLOUDANT_HOST'],
      port: ['CLOUDANT_PORT'],
      user: ['CLOUDANT_USERNAME', 'CLOUDANT_USER'],
      password: ['CLOUDANT_PASSWORD'],
      name: ['CLOUDANT_DATABASE', 'CLOUDANT_DB', 'CLOUDANT_DBNAME'],
    },
    needs: ['host'],
  },
]
