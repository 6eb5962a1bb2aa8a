import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { AttachError } from '../domain/errors.ts'
import type { Host } from '../ports/host.ts'
import { stateDirOf } from '../stores/state-dir.ts'
import { realPath } from './address.ts'

/** ATTACH_STATE_DIR, where records stand that are not beside their configs. Throws USAGE for a relative path. */
export function stateElsewhereOf({ env }: Pick<Host, 'env'>): string | undefined {
  const elsewhere = env['ATTACH_STATE_DIR'] || undefined
  if (elsewhere === undefined || isAbsolute(elsewhere)) return elsewhere
  throw new AttachError(
    'USAGE',
    'ATTACH_STATE_DIR is not an absolute path, and would lead elsewhere from another directory; nothing was contacted',
    {
      hint: 'export ATTACH_STATE_DIR="$PWD/state"',
    },
  )
}

/** The directory of a config's record. Null: it has no history here. The config itself need not be there. Throws USAGE. */
export function recordOf({ path }: { readonly path: string }, host: Pick<Host, 'env'>): string | null {
  const state = stateDirOf(realPath(path), stateElsewhereOf(host))
  return existsSync(state.journal) ? state.path : null
}
