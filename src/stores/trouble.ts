import { AttachError, isAttachError } from '../domain/errors.ts'

/** A call to the system that failed: Node gives it a code and the name of the call. A bug of ours has no such name. */
export const isSystemError = (error: unknown): error is Error & { readonly code: string } =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error

/** What a failed call may be described by: its code. Never its message, which quotes paths as they came. Null for anything else. */
export const codeOf = (error: unknown): string | null => (isSystemError(error) ? error.code : null)

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'free some disk space, then run the command again',
  EDQUOT: 'free some of the disk quota, then run the command again',
  EFBIG: 'raise the limit of file sizes (ulimit -f), then run the command again',
  EROFS: 'the file system is mounted read-only; set ATTACH_STATE_DIR if only the history cannot be written',
  EACCES: 'run it as the owner of the config, or set ATTACH_STATE_DIR if only the history cannot be written',
  EPERM: 'run it as the owner of the config, and see with lsattr whether the file is immutable',
  EIO: 'look at the disk (dmesg), then run the command again',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENFILE: 'close some programs: the system has no open file left',
  ELOOP: 'a symbolic link stands where attach keeps a file of its own; remove it, or set ATTACH_STATE_DIR',
  ENOTDIR: 'a file stands where attach keeps a directory; remove it, or set ATTACH_STATE_DIR',
  ENAMETOOLONG: 'set ATTACH_STATE_DIR to a shorter path',
}

/** A system call that failed before anything changed. What is no failed system call is a bug, and is thrown on as it is. */
export function fileTrouble(what: string, error: unknown): AttachError {
  if (isAttachError(error)) return error
  if (!isSystemError(error)) throw error
  const hint = HINTS[error.code] ?? 'look at the path and its rights, then run the command again'
  return new AttachError('UNAVAILABLE', `${what}: ${error.code}; nothing was changed`, { hint })
}
