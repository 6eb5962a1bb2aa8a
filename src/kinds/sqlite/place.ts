import { filesystemOf, type Look } from './disk.ts'

/** Where a file lies, as far as that tells how long it stays and whether its locks hold. */
export const PLACES = ['disk', 'memory', 'layers', 'network', 'fuse'] as const
export interface Place {
  readonly on: (typeof PLACES)[number]
  /** In a folder that is emptied when the machine starts, or before. */
  readonly isTemporary: boolean
}

/** Throws NetError. */
export async function placeOf(path: string, look: Look): Promise<Place> {
  return { on: MAGIC[await filesystemOf(path, look)] ?? 'disk', isTemporary: /^\/(tmp|run|dev\/shm)\//.test(path) }
}

/** statfs(2), and linux/magic.h. `layers`: overlayfs, the writable layer of a container. */
const MAGIC: Readonly<Record<number, Place['on']>> = {
  16914836: 'memory',
  2240043254: 'memory',
  2035054128: 'layers',
  26985: 'network',
  4283649346: 'network',
  4266872130: 'network',
  20859: 'network',
  16914839: 'network',
  12805120: 'network',
  1397113167: 'network',
  1702057286: 'fuse',
}
