import type { VariableSet } from '../../domain/variables.ts'

export const BEANSTALKD_VARIABLES: readonly VariableSet[] = [
  {
    parts: { host: ['BEANSTALKD_HOST', 'BEANSTALK_HOST'], port: ['BEANSTALKD_PORT', 'BEANSTALK_PORT'] },
    needs: ['host'],
  },
]
