import type { Check } from '../../../../domain/finding.ts'

/** What is asked of a server, its settings and its database as a whole. In the order in which findings are told. */
export const SERVER = {
  recovery: {
    id: 'pg.recovery',
    severity: 'error',
    cost: 'free',
    about: 'The new server is a standby where a primary is expected, or the reverse: every write would fail.',
  },
  readOnly: {
    id: 'pg.read_only',
    severity: 'error',
    cost: 'catalog',
    about: 'Transactions of this role are read-only by default there: every write would fail.',
  },
  identity: {
    id: 'pg.identity',
    severity: 'info',
    cost: 'catalog',
    about: 'Whether the new one is a standby or another physical copy of the old one, or a cluster of its own.',
  },
  version: {
    id: 'pg.version',
    severity: 'error',
    cost: 'free',
    about: 'The new server is of an older major, lacks the fixes of a newer minor release, or gets no fixes any more.',
  },
  encoding: {
    id: 'pg.encoding',
    severity: 'error',
    cost: 'catalog',
    about: 'The new database keeps text in another encoding: what the app writes may be refused or change.',
  },
  locale: {
    id: 'pg.locale',
    severity: 'error',
    cost: 'catalog',
    about: 'The new database is of another locale: upper and lower case, and the order of text, may differ.',
  },
  collation: {
    id: 'pg.collation',
    severity: 'error',
    cost: 'catalog',
    about: 'The library that sorts text is of another version there: on a physical copy indexes over text are corrupt.',
  },
  extensions: {
    id: 'pg.extensions',
    severity: 'error',
    cost: 'catalog',
    about: 'An extension of the old database is missing in the new one, is older there, or in another schema.',
  },
  settings: {
    id: 'pg.settings',
    severity: 'error',
    cost: 'catalog',
    about:
      'Sessions of the app begin with other settings there: names lead to other tables, statements end sooner or later, times read otherwise.',
  },
  role: {
    id: 'pg.role',
    severity: 'warn',
    cost: 'catalog',
    about: 'The role of the app has tighter limits there, ends soon, is a superuser, or is no member of a role that it needs.',
  },
  capacity: {
    id: 'pg.capacity',
    severity: 'error',
    cost: 'catalog',
    about: 'The new server has fewer connections free than the app uses now, or allows fewer at most.',
  },
  pooler: {
    id: 'pg.pooler',
    severity: 'warn',
    cost: 'free',
    about: 'A pooler answers at one of the two alone: prepared statements, LISTEN, advisory locks and SET may not work through it.',
  },
  preparedLeft: {
    id: 'pg.prepared_left',
    severity: 'error',
    cost: 'catalog',
    about: 'Prepared transactions stand on the old server, neither committed nor rolled back: what they wrote stays behind.',
  },
  slotsLeft: {
    id: 'pg.slots_left',
    severity: 'warn',
    cost: 'catalog',
    about: 'Logical replication reads from the old server (Debezium, subscriptions): it sees no write that comes after the swap.',
  },
  twoPhase: {
    id: 'pg.two_phase',
    severity: 'warn',
    cost: 'catalog',
    about: 'The old server allows prepared transactions and the new one does not: PREPARE TRANSACTION would fail.',
  },
  subscription: {
    id: 'pg.subscription',
    severity: 'warn',
    cost: 'catalog',
    about: 'An enabled subscription of the new database still brings writes from elsewhere, or has not copied all tables yet.',
  },
  missingTransactions: {
    id: 'pg.missing_transactions',
    severity: 'warn',
    cost: 'catalog',
    about: 'The new server is a physical copy and lacks what the old one has written since, or its replay is paused.',
  },
  wraparound: {
    id: 'pg.wraparound',
    severity: 'error',
    cost: 'catalog',
    about: 'The new database is near the end of its transaction ids: then it takes no more writes.',
  },
  size: {
    id: 'pg.size',
    severity: 'warn',
    cost: 'catalog',
    about: 'The new database is much smaller or much larger than the old one.',
  },
} as const satisfies Record<string, Check>
