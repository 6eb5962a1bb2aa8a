import { type Check, row } from '../../domain/finding.ts'

/** What two of them are compared by. In the order in which findings are told. */
export const COMPARED = {
  draining: row('bs.draining', 'error', 'free', 'The new server drains: every put is answered DRAINING, and no job is taken.'),
  leftBehind: row('bs.left_behind', 'error', 'catalog', 'Jobs are left on the old server: nobody would ever do them.'),
  durable: row(
    'bs.durable',
    'warn',
    'free',
    'The new server keeps no log of its jobs, and the old one does: a restart loses them. An error where jobs are more than a cache.',
  ),
  jobSize: row('bs.job_size', 'warn', 'free', 'The new server takes smaller jobs only: a larger one is answered JOB_TOO_BIG.'),
  version: row('bs.version', 'warn', 'free', 'The new server is older: commands may be missing. Of an older major version: an error.'),
  tubes: row('bs.tubes', 'info', 'catalog', 'Nobody works on the new server yet: jobs wait until the workers lead there too.'),
  identity: row('bs.identity', 'info', 'free', 'Whether the new server is the very same process as the old one.'),
} as const satisfies Record<string, Check>

/** What a probe finds of one alone. */
export const REMARKED = {
  drains: row('bs.drains', 'warn', 'free', 'The server drains: it gives jobs out, and takes none.'),
} as const satisfies Record<string, Check>

/** What is asked of a beanstalkd that takes the place of another. */
export const BEANSTALKD = { ...COMPARED, ...REMARKED } as const satisfies Record<string, Check>
