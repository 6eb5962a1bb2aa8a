import { isAbsolute } from 'node:path'
import type { Host } from '../ports/host.ts'
import { FileStore, realPathOf } from '../stores/file.ts'
import { stateDirOf } from '../stores/state-dir.ts'
import type { Deploy } from './locate.ts'
import { stateElsewhereOf } from './record.ts'

/** How long a writer waits for another one when nobody says otherwise and no person waits with it. */
export const LOCK_ELSEWHERE_MS = 60_000

export interface Opening {
  readonly lockTimeoutMs: number
  /** A config that cannot be replaced by rename is refused, and not written in place. Default: false. */
  readonly atomicOnly?: boolean
  readonly onWait: (reason: string) => void
}

/** The store of a deploy. Nothing is read, locked or written yet. */
export function openStore(deploy: Deploy, host: Host, { lockTimeoutMs, atomicOnly = false, onWait }: Opening): FileStore {
  const stateElsewhere = stateElsewhereOf(host)
  return new FileStore({
    label: deploy.label,
    path: deploy.path,
    lockTimeoutMs,
    atomicOnly,
    lockStyle: host.platform === 'darwin' ? 'o_exlock' : 'flock',
    uid: host.uid,
    gid: host.gid,
    onWait,
    ...pathOnly(host.env['PATH']),
    ...(stateElsewhere === undefined ? {} : { stateElsewhere }),
  })
}

/** Where the record of a running hook of a deploy stands. */
export const hookRecordOf = ({ path, label }: Deploy, host: Host): string =>
  stateDirOf(realPathOf(path, label), stateElsewhereOf(host)).hook

/** PATH without what is relative: an empty part would mean the current directory. */
function pathOnly(path: string | undefined): { readonly searchPath?: string } {
  const absolute = (path ?? '').split(':').filter(isAbsolute).join(':')
  return absolute === '' ? {} : { searchPath: absolute }
}
