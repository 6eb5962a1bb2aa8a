import { type Check, row } from '../../../domain/finding.ts'

/** What two of them are compared by. In the order in which findings are told. */
export const COMPARED = {
  access: row(
    'sqlite.access',
    'error',
    'free',
    'The new file, its folder or its disk cannot be written by this user, or the handle opens it for reading alone: every write would fail.',
  ),
  version: row(
    'sqlite.version',
    'error',
    'free',
    'The user_version, by which apps count migrations, differs: a lower one is an error, a higher one a warning.',
  ),
  application: row('sqlite.application', 'error', 'free', 'The application_id differs: the file belongs to another app.'),
  size: row('sqlite.size', 'error', 'free', 'The new file is empty, or far smaller than the old one (a warning): rows are missing.'),
  walLeft: row(
    'sqlite.wal_left',
    'error',
    'free',
    'Rows of the old file stand in its -wal, or a transaction that was cut off in its -journal: a copy of the .db alone lacks or breaks them.',
  ),
  encoding: row(
    'sqlite.encoding',
    'warn',
    'free',
    'The text encoding differs: ATTACH of the two refuses, and functions of the app get other bytes.',
  ),
  mode: row('sqlite.mode', 'warn', 'free', 'The old file is in WAL mode and the new one is not: readers and writers wait for each other.'),
  ephemeral: row(
    'sqlite.ephemeral',
    'warn',
    'free',
    'The new file is in memory, in a temporary folder or in the layers of a container: it ends with them.',
  ),
  network: row('sqlite.network', 'warn', 'free', 'The new file is on a network disk, whose locks often do not hold. In WAL mode an error.'),
  identity: row('sqlite.identity', 'info', 'free', 'Whether both handles lead to one file, by its device and inode.'),
  page: row('sqlite.page', 'info', 'free', 'Page size, pages and the SQLite that wrote last, on both.'),
} as const satisfies Record<string, Check>

/** What a handle, or a probe, finds of one alone. */
export const REMARKED = {
  relative: row('sqlite.relative', 'warn', 'free', 'The path is relative: attach and the app may read it from two directories.'),
  readerDiffers: row('sqlite.reader_differs', 'warn', 'free', 'Libraries take the handle for two different files, or refuse it.'),
  link: row('sqlite.link', 'info', 'free', 'The path leads over a symbolic link: the file it points to is meant.'),
  empty: row('sqlite.empty', 'warn', 'free', 'The file has no bytes: SQLite takes it for a database without tables.'),
  journal: row('sqlite.journal', 'warn', 'free', 'A -journal stands beside the file: a transaction is under way, or was cut off.'),
  long: row('sqlite.long', 'info', 'free', 'The file is longer than its header says: an older SQLite wrote last, or space was set aside.'),
} as const satisfies Record<string, Check>

/** What is asked of an SQLite file that takes the place of another. */
export const SQLITE = { ...COMPARED, ...REMARKED } as const satisfies Record<string, Check>
