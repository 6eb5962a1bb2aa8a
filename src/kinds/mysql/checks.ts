import { type Check, row } from '../../domain/finding.ts'

/** What two of them are compared by. In the order in which findings are told. */
export const COMPARED = {
  role: row(
    'my.role',
    'error',
    'free',
    'The new server follows another one where a primary is expected, or the reverse: what is written there is lost.',
  ),
  readOnly: row(
    'my.read_only',
    'error',
    'free',
    'The new server refuses writes (read_only, super_read_only, innodb_read_only): every write of the app would fail.',
  ),
  state: row('my.state', 'error', 'free', 'The new server answers and takes no work: offline mode, or a Galera node outside its cluster.'),
  identity: row('my.identity', 'info', 'free', 'Whether both are one server, or two.'),
  version: row(
    'my.fork_version',
    'error',
    'free',
    'The new server is of an older series, or of the other of MySQL and MariaDB: statements of the app may fail.',
  ),
  gtid: row('my.gtid', 'warn', 'catalog', 'The new server is in one line of replication with the old one, and lacks transactions of it.'),
  objects: row(
    'my.objects',
    'error',
    'catalog',
    'Tables, columns, keys, views, routines, triggers or events of the old one are missing or differ on the new one: queries fail.',
  ),
  engines: row(
    'my.engines',
    'warn',
    'catalog',
    'Tables are kept by another engine: transactions, foreign keys or rows may be lost (MyISAM, MEMORY).',
  ),
  empty: row(
    'my.empty',
    'error',
    'index',
    'A table with rows on the old one has none on the new one: the data were not restored, or it is another database.',
  ),
  shrunken: row('my.shrunken', 'error', 'index', 'A table holds half of the rows of the old one or less: the copy is not complete.'),
  autoIncrement: row(
    'my.auto_increment',
    'error',
    'index',
    'A counter has nothing left to give, or gives numbers that the old one gave already: inserts fail, or ids come back.',
  ),
  migrations: row(
    'my.migrations',
    'error',
    'index',
    'Other migrations ran on the new one than on the old one, or one of them failed half way: the app meets a schema it was not made for.',
  ),
  age: row('my.age', 'error', 'index', 'The newest row is older than attach.yaml allows, or than that of the old one: the copy is stale.'),
  charset: row(
    'my.charset',
    'error',
    'catalog',
    'Text is kept or sorted in another way: what the app writes is refused or damaged, or joins fail with an illegal mix of collations.',
  ),
  sqlMode: row(
    'my.sql_mode',
    'error',
    'free',
    'Sessions begin with another sql_mode: statements mean something else, or bad values are taken or refused.',
  ),
  nameCase: row('my.name_case', 'error', 'free', 'Names of tables are told apart by case on one of them alone (lower_case_table_names).'),
  timeZone: row(
    'my.time_zone',
    'warn',
    'free',
    'Sessions live in another time zone, or the tables of zones are missing: CONVERT_TZ answers NULL, times shift.',
  ),
  settings: row('my.settings', 'warn', 'free', 'Settings that change what statements do, or how long they may take, differ.'),
  packet: row('my.max_allowed_packet', 'warn', 'free', 'The new server takes shorter statements and values: large inserts fail.'),
  grants: row('my.grants', 'error', 'free', 'The account of the app may do less on the new server: statements fail with access denied.'),
  auth: row('my.auth', 'warn', 'free', 'The account logs in by another plugin there: older clients may not be able to.'),
  capacity: row(
    'my.capacity',
    'error',
    'free',
    'The new server has fewer connections free than the app uses now, or allows fewer at most.',
  ),
  events: row('my.events', 'warn', 'catalog', 'Events run on both servers at once, or would run on none.'),
} as const satisfies Record<string, Check>

/** What a probe finds of one alone. */
const REMARKED = {
  idle: row('my.idle', 'warn', 'free', 'The server answers and takes no work: offline mode, or a Galera node outside its cluster.'),
} as const satisfies Record<string, Check>

/** What is asked of a MySQL or MariaDB that takes the place of another. */
export const MYSQL: readonly Check[] = [...Object.values(COMPARED), ...Object.values(REMARKED)]
