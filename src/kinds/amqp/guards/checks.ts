import { type Check, row } from '../../../domain/finding.ts'

/** What two of them are compared by. In the order in which findings are told. */
export const COMPARED = {
  alarm: row(
    'mq.alarm',
    'error',
    'free',
    'The broker lets nobody publish (disk or memory alarm): connecting works, and every publisher waits for ever.',
  ),
  permissions: row(
    'mq.permissions',
    'error',
    'catalog',
    'The user may do less on the new broker: publishing or consuming would be refused.',
  ),
  topology: row(
    'mq.topology',
    'error',
    'catalog',
    'A durable queue, exchange or binding of the old broker is missing: messages are dropped without a word. Other arguments, types or policies: a warning.',
  ),
  leftBehind: row('mq.left_behind', 'error', 'catalog', 'Messages wait on the old broker: nobody would ever read them.'),
  version: row('mq.version', 'warn', 'free', 'The new broker is older, or of another major version: what the app uses of it may be gone.'),
  limits: row('mq.limits', 'warn', 'free', 'The new broker allows smaller frames, fewer channels, or asks for a quicker heartbeat.'),
  vhostLimits: row('mq.vhost_limits', 'warn', 'catalog', 'The vhost may have fewer connections or queues than on the old broker.'),
  vhost: row('mq.vhost', 'info', 'free', 'The handle leads to a vhost of another name: what names it elsewhere still has the old one.'),
  identity: row(
    'mq.identity',
    'info',
    'free',
    'Whether it is the cluster that the old handle leads to, or another one, as the servers say.',
  ),
} as const satisfies Record<string, Check>

/** What the text of one handle alone tells. */
export const REMARKED = {
  noUser: row('mq.no_user', 'warn', 'free', 'The handle names no user: clients log in as guest.'),
  vhostEmpty: row(
    'mq.vhost_empty',
    'warn',
    'free',
    'The handle ends in /: by the letter that is a vhost without a name, and clients read it as the vhost /.',
  ),
} as const satisfies Record<string, Check>

/** What is asked of a RabbitMQ that takes the place of another. */
export const AMQP = { ...COMPARED, ...REMARKED } as const satisfies Record<string, Check>
