import { type Check, row } from '../../../domain/finding.ts'

/** What two of them are compared by. In the order in which findings are told. */
export const COMPARED = {
  access: row(
    'couch.access',
    'error',
    'free',
    'Whether this user may write there: that is told of admins and of databases that are open to everyone.',
  ),
  version: row(
    'couch.version',
    'warn',
    'free',
    'The new server is older: what it does not know fails. Of an older major version: an error.',
  ),
  docs: row('couch.docs', 'error', 'free', 'The new database is empty; less than half as many documents is a warning.'),
  design: row(
    'couch.design',
    'error',
    'index',
    'A design document is missing: views, filters and validations of the app fail. Another revision of one is a warning.',
  ),
  security: row(
    'couch.security',
    'error',
    'free',
    'Users or roles of _security are missing: they are locked out. An open database where the old one is closed is an error too; more of them is a warning.',
  ),
  partitioned: row(
    'couch.partitioned',
    'error',
    'free',
    'One database is partitioned and the other is not: ids and queries of the one fail in the other.',
  ),
  identity: row(
    'couch.identity',
    'info',
    'free',
    'Whether both handles lead to one server and one database, by the uuid that the server tells.',
  ),
  cluster: row('couch.cluster', 'info', 'free', 'Shards (q) and copies (n) of both.'),
  updateSeq: row('couch.update_seq', 'info', 'free', 'How many changes each has seen; two databases count each for itself.'),
} as const satisfies Record<string, Check>

/** What a probe finds of one alone. */
export const REMARKED = {
  party: row('couch.party', 'warn', 'free', 'The server has no admin: everyone is one, and may read, change and remove everything.'),
} as const satisfies Record<string, Check>

/** What is asked of a CouchDB that takes the place of another. */
export const COUCHDB = { ...COMPARED, ...REMARKED } as const satisfies Record<string, Check>
