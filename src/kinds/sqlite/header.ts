/** The first 100 bytes of a database. https://www.sqlite.org/fileformat2.html#the_database_header */
export interface Header {
  /** Bytes. */
  readonly pageSize: number
  readonly mode: 'rollback' | 'wal'
  /** In pages, as the header says. Null: an old SQLite wrote last, and the length of the file counts. */
  readonly pages: number | null
  /** Grows with every transaction outside WAL mode. */
  readonly changes: number
  /** Grows with every change of the schema. 0: there is none. */
  readonly schemaCookie: number
  readonly userVersion: number
  readonly applicationId: number
  readonly encoding: 'UTF-8' | 'UTF-16le' | 'UTF-16be'
  /** Of the SQLite that wrote last: `3.40.1`. Null: it did not say. */
  readonly version: string | null
}

export const HEADER_BYTES = 100

/** What the first bytes of a file are, if no database. `hint` is what a person can do. */
export interface Stranger {
  readonly code: 'not-a-database' | 'broken-header'
  readonly reason: string
  readonly hint: string
}

/** Pure. `bytes`: the first of a file, at most 100. */
export function readHeader(bytes: Buffer): Header | Stranger {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return strangerOf(bytes)
  if (bytes.length < HEADER_BYTES) return broken('the file breaks off within its header')
  const size = bytes.readUInt16BE(16)
  const pageSize = size === 1 ? 65_536 : size
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0) return broken('the header names a page size that there is not')
  const [writes, reads] = [bytes.readUInt8(18), bytes.readUInt8(19)]
  if (reads > 2 || reads < 1) return broken('the header asks for a newer SQLite than there is')
  if (bytes.readUInt8(21) !== 64 || bytes.readUInt8(22) !== 32 || bytes.readUInt8(23) !== 32)
    return broken('the header has other constants than SQLite writes')
  const changes = bytes.readUInt32BE(24)
  const pages = bytes.readUInt32BE(28)
  const encoding = ENCODINGS[bytes.readUInt32BE(56)]
  if (encoding === undefined) return broken('the header names a text encoding that there is not')
  return {
    pageSize,
    mode: reads === 2 && writes === 2 ? 'wal' : 'rollback',
    pages: pages > 0 && changes === bytes.readUInt32BE(92) ? pages : null,
    changes,
    schemaCookie: bytes.readUInt32BE(40),
    userVersion: bytes.readInt32BE(60),
    applicationId: bytes.readInt32BE(68),
    encoding,
    version: versionOf(bytes.readUInt32BE(96)),
  }
}

export const isHeader = (read: Header | Stranger): read is Header => 'pageSize' in read

const MAGIC = Buffer.from('SQLite format 3\0')
/** 0: nothing was written yet that has one. */
const ENCODINGS: readonly (Header['encoding'] | undefined)[] = ['UTF-8', 'UTF-8', 'UTF-16le', 'UTF-16be']

const broken = (reason: string): Stranger => ({
  code: 'broken-header',
  reason,
  hint: 'restore the file from a backup; sqlite3 FILE .recover may save rows of a damaged one',
})

/** `3040001` is 3.40.1. */
function versionOf(number: number): string | null {
  if (number < 3_000_000 || number > 9_999_999) return null
  return `${Math.floor(number / 1_000_000)}.${Math.floor(number / 1_000) % 1_000}.${number % 1_000}`
}

/** What stands there, told by how it begins or looks. First match wins. */
const STRANGERS: readonly { readonly begins: string | RegExp; readonly what: string; readonly hint: string }[] = [
  { begins: '1f8b', what: 'a gzip archive', hint: 'unpack it: gunzip FILE' },
  { begins: '28b52ffd', what: 'a zstd archive', hint: 'unpack it: zstd -d FILE' },
  { begins: '504b0304', what: 'a zip archive', hint: 'unpack it: unzip FILE' },
  { begins: /^PGDMP/, what: 'a dump of PostgreSQL', hint: 'pg_restore reads it; name an SQLite file' },
  { begins: /^version https:\/\/git-lfs/, what: 'a pointer of Git LFS', hint: 'fetch the file itself: git lfs pull' },
  {
    begins: /^\*\* This file contains an SQLite 2/,
    what: 'a database of SQLite 2',
    hint: 'dump it with sqlite, and load that with sqlite3',
  },
  {
    begins: /^\s*(--[^\n]*\n\s*)*(PRAGMA|BEGIN|CREATE|INSERT|DROP)\b/i,
    what: 'SQL text, as a dump is,',
    hint: 'load it into a new file: sqlite3 NEW.db < FILE',
  },
  { begins: /^[\t\n\r\x20-\x7e]+$/, what: 'a text file', hint: 'is that the right path?' },
]

function strangerOf(bytes: Buffer): Stranger {
  const known = STRANGERS.find(({ begins }) =>
    typeof begins === 'string' ? bytes.toString('hex').startsWith(begins) : begins.test(bytes.toString('latin1')),
  )
  if (known !== undefined) return { code: 'not-a-database', reason: `no SQLite database: ${known.what} stands there`, hint: known.hint }
  if (bytes.every((byte) => byte === 0))
    return { code: 'not-a-database', reason: 'zeros stand where the header of the database was', hint: 'restore the file from a backup' }
  if (bytes.length === HEADER_BYTES && new Set(bytes).size > NOISE)
    return {
      code: 'not-a-database',
      reason: 'no SQLite database, or an encrypted one (SQLCipher, SEE): its first bytes are noise',
      hint: 'attach knows no key and cannot look into an encrypted file; --kind opaque attaches it without a probe',
    }
  return { code: 'not-a-database', reason: 'no SQLite database: its first bytes are another format', hint: 'is that the right path?' }
}

/** Of 100 random bytes about 83 differ. */
const NOISE = 60
