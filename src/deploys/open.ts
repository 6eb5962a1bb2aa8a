import { isAbsolute } from 'node:path'
import { AttachError } from '../domain/errors.ts'
import type { Host } from '../ports/host.ts'
import { FileStore } from '../stores/file.ts'
import type { Deploy } from './locate.ts'

/** How long a writer waits for another one when nobody says otherwise and no person waits with it. */
export const LOCK_ELSEWHERE_MS = 60_000

export interface Opening {
  readonly lockTimeoutMs: number
  readonly onWait: (reason: string) => void
}

/** The store of a deploy. Nothing is read, locked or written yet. */
export function openStore(deploy: Deploy, host: Host, { lockTimeoutMs, onWait }: Opening): FileStore {
  const { ATTACH_STATE_DIR: stateElsewhere, PATH: searchPath } = host.env
  if (stateElsewhere !== undefined && stateElsewhere !== '' && !isAbsolute(stateElsewhere)) {
    throw new AttachError(
      'USAGE',
      'ATTACH_STATE_DIR is not an absolute path, and would lead elsewhere from another directory; nothing was contacted',
      {
        hint: 'export ATTACH_STATE_DIR="$PWD/state"',
      },
    )
  }
  return new FileStore({
    label: deploy.label,
    path: deploy.path,
    lockTimeoutMs,
    lockStyle: host.platform === 'darwin' ? 'o_exlock' : 'flock',
    uid: host.uid,
    gid: host.gid,
    onWait,
    ...pathOnly(searchPath),
    ...(stateElsewhere === undefined || stateElsewhere === '' ? {} : { stateElsewhere }),
  })
}

/** PATH without what is relative: an empty part would mean the current directory. */
function pathOnly(path: string | undefined): { readonly searchPath?: string } {
  const absolute = (path ?? '').split(':').filter(isAbsolute).join(':')
  return absolute === '' ? {} : { searchPath: absolute }
}
