import { AttachError, isAttachError } from '../domain/errors.ts'

/** What a failed file call may be described by: its code and its name. Never its message, which quotes paths as they came. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error'
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'free some disk space, then run the command again',
  EDQUOT: 'free some of the disk quota, then run the command again',
  EROFS: 'the file system is mounted read-only; set ATTACH_STATE_DIR if only the history cannot be written',
  EACCES: 'run it as the owner of the config, or set ATTACH_STATE_DIR if only the history cannot be written',
  EPERM: 'run it as the owner of the config',
  EIO: 'look at the disk (dmesg), then run the command again',
  EMFILE: 'raise the limit of open files (ulimit -n)',
}

/** A file call that failed before anything changed. */
export function fileTrouble(what: string, error: unknown): AttachError {
  if (isAttachError(error)) return error
  const code = codeOf(error)
  const hint = HINTS[code] ?? 'look at the path and its rights, then run the command again'
  return new AttachError('UNAVAILABLE', `${what}: ${code}; nothing was changed`, { hint })
}
