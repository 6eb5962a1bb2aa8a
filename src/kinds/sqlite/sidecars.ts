import { endianness } from 'node:os'
import { besides, type Look } from './disk.ts'

/** What stands in a write-ahead log. https://www.sqlite.org/fileformat2.html#the_write_ahead_log */
export interface Wal {
  readonly bytes: number
  /** Pages that are not in the database file yet. Without a -shm that tells, as many as the log may hold. */
  readonly pending: number
  /** Of this log and its copies alone. */
  readonly salt: string
}

export interface Sidecars {
  /** Null: there is none, or an empty one. */
  readonly wal: Wal | null
  readonly shm: boolean
  /** `cut off`: it holds what undoes a transaction that is under way or was cut off. `idle`: kept for the next one. */
  readonly journal: 'none' | 'idle' | 'cut off'
}

/** Looks at `-wal`, `-shm` and `-journal` beside a file: their headers alone. Throws NetError where one may not be read. */
export async function readSidecars(path: string, pageSize: number, look: Look): Promise<Sidecars> {
  const wal = await besides(`${path}-wal`, WAL_HEADER, look)
  const shm = await besides(`${path}-shm`, SHM_HEADER, look)
  const journal = await besides(`${path}-journal`, JOURNAL_MAGIC.length, look)
  return {
    wal: wal === null ? null : walOf(wal.size, wal.bytes, shm?.bytes ?? null, pageSize),
    shm: shm !== null,
    journal: journal === null ? 'none' : journal.bytes.equals(JOURNAL_MAGIC) ? 'cut off' : 'idle',
  }
}

const WAL_HEADER = 32
const FRAME_HEADER = 24
const WAL_MAGIC = [0x377f0682, 0x377f0683]
/** Two copies of the index header, and where the last checkpoint came to. https://www.sqlite.org/walformat.html#the_wal_index_header */
const SHM_HEADER = 136
const SHM_VERSION = 3_007_000
/** https://www.sqlite.org/fileformat2.html#the_rollback_journal; zeros: a journal that is kept for the next transaction. */
const JOURNAL_MAGIC = Buffer.from('d9d505f920a163d7', 'hex')

/** Null: nothing stands in it that a reader would take. */
export function walOf(size: number, bytes: Buffer, shm: Buffer | null, pageSize: number): Wal | null {
  if (bytes.length < WAL_HEADER || !WAL_MAGIC.includes(bytes.readUInt32BE(0))) return null
  const frames = Math.floor((size - WAL_HEADER) / (FRAME_HEADER + pageSize))
  const told = shm === null ? null : pendingIn(shm, bytes.subarray(16, 24))
  return { bytes: size, pending: Math.min(told ?? frames, frames), salt: bytes.toString('hex', 16, 24) }
}

/** What the index of the log says is not checkpointed. Null: it does not tell, or is not of this log. */
function pendingIn(shm: Buffer, salt: Buffer): number | null {
  if (shm.length < SHM_HEADER || !shm.subarray(0, 48).equals(shm.subarray(48, 96))) return null
  const number = (at: number): number => (endianness() === 'LE' ? shm.readUInt32LE(at) : shm.readUInt32BE(at))
  if (number(0) !== SHM_VERSION || shm.readUInt8(12) !== 1) return null
  const frames = number(16)
  // The log was begun anew, and its header is written with the first page that comes.
  if (frames === 0) return 0
  return shm.subarray(32, 40).equals(salt) ? Math.max(0, frames - number(96)) : null
}
