import { dirname } from 'node:path'
import { type Look, refusal } from './disk.ts'

/** What this user may do with a file, by access(2). */
export interface Access {
  /** `file`, `folder`: the rights of it forbid to write. `disk`: it is mounted for reading alone. `handle`: the handle asks for no more. */
  readonly writes: 'yes' | 'file' | 'folder' | 'disk' | 'handle'
  /** A file can be made beside it: a -journal, a -wal, a -shm. */
  readonly folder: boolean
}

/** Throws NetError. A transaction makes a file beside the database: its folder must be writable too. */
export async function accessTo(path: string, { readOnly }: { readonly readOnly: boolean }, look: Look): Promise<Access> {
  const file = await refusal(path, 'write', look)
  const folder = await refusal(dirname(path), 'write in', look)
  const isDisk = file === 'EROFS' || folder === 'EROFS'
  const writes = isDisk ? 'disk' : file !== null ? 'file' : folder !== null ? 'folder' : readOnly ? 'handle' : 'yes'
  return { writes, folder: folder === null }
}
