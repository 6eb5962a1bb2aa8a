import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { oneLine } from '../domain/redact.ts'

/** The path that an address names, as it is written. Null: it is no path, and may hold credentials. */
export function pathIn(address: string, base: string): string | null {
  const isThere = existsSync(resolve(base, address))
  if (!isThere && /^file:\/\/\//.test(address)) return address.slice('file://'.length)
  return isThere || !/^\s*[\w+.-]+:\/|@/.test(address) ? address : null
}

/** How a file is named on the screen: from where the person stands, unless the absolute path is shorter than the way up. */
export function labelOf(path: string, cwd: string): string {
  const short = relative(cwd, path)
  return oneLine(short === '' || (short.startsWith('..') && short.length > path.length) ? path : short)
}

/** The path without links in it, as far as it is there. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const above = dirname(path)
    return above === path ? path : join(realPath(above), basename(path)) // Two names of a file that is yet to come are one place.
  }
}

/** Whether two paths lead to one file: by links of either sort. */
export function isSameFile(one: string, other: string): boolean {
  if (realPath(one) === realPath(other)) return true
  const [a, b] = [lookAt(one), lookAt(other)]
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev
}

function lookAt(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined // Not ours to look at.
  }
}
