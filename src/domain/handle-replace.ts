import { invalid, type Range, type SplitHandle } from './handle-grammar.ts'

/** New text for a piece of a handle. An empty range inserts. */
export interface Edit extends Range {
  readonly text: string
}

/** Percent-encodes everything outside `A-Za-z0-9._-`. */
export const encodePart = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

/** Every byte outside the edits is kept. Edits do not overlap; those that insert at one place do so in the order given. */
export function edited(text: string, edits: readonly Edit[]): string {
  let result = ''
  let at = 0
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}

/** User and password in the authority. */
export function editUserinfo(
  split: SplitHandle,
  { user, password }: { readonly user?: string; readonly password?: string },
): readonly Edit[] {
  if (user === undefined && password === undefined) return []
  const newUser = user === undefined ? (split.user?.raw ?? '') : encodePart(user)
  const newPassword = password === undefined ? split.password?.raw : encodePart(password)
  return [{ ...split.userinfo, text: `${newUser}${newPassword === undefined ? '' : `:${newPassword}`}@` }]
}

/** Host and port in the authority. `host` is the text as it is to stand there. */
export function editAuthority(split: SplitHandle, { host, port }: { readonly host?: string; readonly port?: string }): readonly Edit[] {
  const edits: Edit[] = []
  if (host !== undefined) edits.push({ ...split.hostRange, text: host })
  if (port !== undefined)
    edits.push(
      split.port === null ? { start: split.hostRange.end, end: split.hostRange.end, text: `:${port}` } : { ...split.port, text: port },
    )
  return edits
}

/** The path without its leading `/`. */
export function editPath(split: SplitHandle, path: string): Edit {
  if (split.path !== null) return { start: split.path.start, end: split.path.end, text: path }
  const { end } = split.hostsRange
  return { start: end, end, text: `/${path}` }
}

/** A part of the query that stands there: its last one, which is the one that counts. */
export function editQuery(split: SplitHandle, key: string, value: string): Edit | null {
  const part = split.query.findLast((candidate) => candidate.key === key)
  return part === undefined ? null : { start: part.start, end: part.end, text: value }
}

/** Throws HANDLE_INVALID unless it is a port. */
export function checkPort(port: string): void {
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    throw invalid('would get a port that is not a number from 1 to 65535', 'give --port a number from 1 to 65535')
}
