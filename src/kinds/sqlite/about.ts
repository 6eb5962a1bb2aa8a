import type { KindAbout } from '../../ports/kind.ts'

export const about: KindAbout = {
  product: 'SQLite',
  forms: [
    ['sqlite:////PATH/FILE.db', 'an absolute path: four slashes are read alike by SQLAlchemy, Django, Doctrine, sqlx and Bun'],
    ['sqlite:/PATH/FILE.db', 'an absolute path, as sqlx, Sequelize and Rails (sqlite3:/PATH) have it'],
    [
      'sqlite:///FILE.db',
      'a relative path, as SQLAlchemy, dj-database-url, django-environ and Doctrine read it; sqlx and Bun read /FILE.db, which is remarked on',
    ],
    ['sqlite://FILE.db', 'a relative path, as sqlx and Bun read it; SQLAlchemy refuses it, which is remarked on'],
    ['sqlite:FILE.db', 'a relative path'],
    ['sqlite3:db/FILE.sqlite3', 'a relative path, as Rails writes it; sqlite3:///PATH and sqlite3:/PATH are absolute there'],
    ['file:./FILE.db', "a relative path, as Prisma writes it; file:/PATH and file:///PATH are absolute, as in SQLite's own URIs"],
    ['file:PATH?mode=ro&cache=shared', "SQLite's own words: mode=ro and immutable=1 open it for reading alone"],
    ['sqlite+pysqlite: sqlite+aiosqlite: spatialite:', 'the same as sqlite:'],
  ],
  tls: [['none', 'a file is read on this machine, and nothing travels']],
  probed: [
    'resolve: the path is followed over its links to a file; folders, pipes, sockets and devices are refused unopened',
    'connect: the file is opened for reading, without waiting and without a lock; secure has nothing to do',
    'speak: the 100 bytes of its header are read; an empty file is a database without tables, as it is to SQLite',
    'login: whether this user may write the file and in its folder, asked by access(2); nothing is opened for writing',
    'use: the length of the file against its header, and the headers of -wal, -shm and -journal beside it',
    'Two files are compared by their headers, by what stands beside them, by the rights of this user, by the disk they are on, and by device and inode',
  ],
  notProbed: [
    'Tables, rows and indexes: no page behind the header is read, and no PRAGMA integrity_check is run',
    'The rights of the user of the app, where it is another one than who runs attach; as root everything may be written',
    'Relative paths are read from the directory where attach runs: Prisma reads them from the folder of its schema, Rails and Django from that of the app',
    'Whether a lock is held, and so whether a -journal is of a transaction under way or of one that was cut off',
    'Whether a -wal without its -shm was checkpointed: as many pages as it has room for are taken to be missing in the file',
    'Encrypted databases (SQLCipher, SEE): their header is noise, and attach takes no key',
    'libsql:// and Turso, which are reached over a network',
  ],
  notRunHere: [
    'Network disks (NFS, SMB, Ceph), FUSE and overlayfs: what is said of them is tested on surveys, and the numbers are those of statfs(2)',
    'A disk that is mounted for reading alone, or hangs; macOS, whose statfs has other numbers: every disk there is taken for one that stays',
    'Prisma, Rails, Django, SQLAlchemy, sqlx and Bun: how they read a path is taken from their documentation',
  ],
}
