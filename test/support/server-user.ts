import { chmodSync, chownSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** PostgreSQL does not run as root: there, its own user does it. */
const IDENTITY = process.getuid?.() === 0 ? lookUp('postgres') : null

function lookUp(name: string): { readonly uid: number; readonly gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) }
}

/** The user and group of what is started here. */
export const identity = () => IDENTITY ?? {}

/** Gives a file to that user. */
export const own = (path: string) => {
  if (IDENTITY !== null) chownSync(path, IDENTITY.uid, IDENTITY.gid)
}

/** Short, because the path of a unix socket has room for 107 bytes. */
export function makeFolder(): string {
  const folder = mkdtempSync('/tmp/att-pg-')
  chmodSync(folder, 0o755)
  own(folder)
  return folder
}

/** A copy of a file, for that user alone. */
export function placed(folder: string, name: string, from: string): string {
  const path = join(folder, name)
  writeFileSync(path, readFileSync(from), { mode: 0o600 })
  own(path)
  return path
}
