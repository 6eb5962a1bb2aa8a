import type { VariableSet } from '../../domain/variables.ts'

/** As Laravel and most container images name them. */
export const REDIS_VARIABLES: readonly VariableSet[] = [
  {
    parts: {
      host: ['REDIS_HOST'],
      port: ['REDIS_PORT'],
      user: ['REDIS_USERNAME', 'REDIS_USER'],
      password: ['REDIS_PASSWORD'],
      name: ['REDIS_DB'],
    },
    needs: ['host'],
  },
]
