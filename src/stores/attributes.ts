import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { isSystemError } from './trouble.ts'

/**
 * Access control lists and extended attributes: what a new file would not have of itself. Node has no calls for them, so GNU tar lists and GNU cp
 * copies. `security.*` (labels, capabilities, measurements) is left out: the system gives a new file its own by its own rules.
 */
export type Attributes = readonly string[]

/** PATH, for tar and cp. It is all that they get of the environment. */
export interface Tools {
  readonly searchPath?: string
}

/** What a new file in the place of another one must be given. `unknown`: there is no GNU tar here to tell. */
export type Wanted = 'nothing' | 'a copy' | 'unknown'

/**
 * Whether a new file beside `path` would have other attributes than `path` has: it has some, or its directory hands some on (a default access
 * control list). Bound: 5 s, then `unknown`.
 */
export function wantedAttributes(path: string, tools: Tools): Wanted {
  const [file, directory] = listed([path, dirname(path)], tools) ?? []
  if (file === undefined || directory === undefined) return 'unknown'
  return file.length > 0 || directory.some((line) => /\bdefault:|posix_acl_default/.test(line)) ? 'a copy' : 'nothing'
}

/** Whether a copy would succeed: it is made on a file without a name in the same directory, which is gone at once. */
export function canCopyAttributes(path: string, tools: Tools): boolean {
  let fd: number
  try {
    fd = openSync(dirname(path), O_TMPFILE | constants.O_RDWR, 0o600)
  } catch (error) {
    if (!isSystemError(error)) throw error
    return false // No such files here (NFS, macOS), or none that we may make.
  }
  try {
    writeSync(fd, '\n') // tar opens no empty file, and without opening it sees only the link in /dev/fd.
    return copyAttributes(path, fd, tools) && haveSameAttributes(path, `/proc/self/fd/${CHILD_FD}`, tools, fd)
  } finally {
    closeSync(fd)
  }
}

/** Gives the open file `fd` the mode, the access control list and the extended attributes of `path`. False when not all of them could be set. */
export function copyAttributes(path: string, fd: number, tools: Tools): boolean {
  const words = ['--attributes-only', '--preserve=mode,xattr', '--', path, `/proc/self/fd/${CHILD_FD}`]
  const stdio: readonly ('ignore' | number)[] = ['ignore', 'ignore', 'ignore', fd]
  return spawnSync('cp', words, { stdio: [...stdio], env: environment(tools), timeout: BOUND_MS, killSignal: 'SIGKILL' }).status === 0
}

/** `fd`: open in the child as CHILD_FD. */
export function haveSameAttributes(one: string, other: string, tools: Tools, fd?: number): boolean {
  const [first, second] = listed([one, other], tools, fd) ?? []
  return first !== undefined && second !== undefined && first.join('\n') === second.join('\n')
}

/** No child is waited for longer. */
const BOUND_MS = 5_000
const CHILD_FD = 3
/** Linux: open(2). Node has no name for it. */
const O_TMPFILE = 0o20200000

/**
 * Lists one section a file: `-rw-r--r--+ …`, then a line for each attribute. To /dev/zero: for /dev/null tar opens no file, and attributes of an
 * open file are those of the file itself. `-h`: /proc/self/fd holds links.
 */
const LIST = ['--acls', '--xattrs', '--xattrs-include=*', '--no-recursion', '-chvvvPf', '/dev/zero', '--']

/** The attributes of each file in the order they were asked for. Null: tar is not there, failed, complained, or took too long. */
function listed(paths: readonly string[], tools: Tools, fd?: number): readonly Attributes[] | null {
  const { status, stdout, stderr } = spawnSync('tar', [...LIST, ...paths], {
    stdio: ['ignore', 'pipe', 'pipe', ...(fd === undefined ? [] : [fd])],
    env: environment(tools),
    encoding: 'utf8',
    timeout: BOUND_MS,
    killSignal: 'SIGKILL',
  })
  if (status !== 0 || stderr !== '') return null
  const sections: string[][] = []
  for (const line of stdout.split('\n')) {
    if (/^[-dbclps]([r-][w-][xsStT-]){3}/.test(line)) sections.push([])
    else if (/^ {2}\w: /.test(line) && !/^ {2}x: \d+ security\./.test(line)) sections.at(-1)?.push(line)
  }
  return sections.map((lines) => lines.sort()) // In the order of the file system, which differs.
}

const environment = ({ searchPath = '/usr/bin:/bin' }: Tools): NodeJS.ProcessEnv => ({ PATH: searchPath, LC_ALL: 'C' })
