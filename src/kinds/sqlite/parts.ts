import type { Handle } from '../../domain/handle.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { edited, encodePart } from '../../domain/handle-replace.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleParts, HandleVariables } from '../../ports/kind.ts'
import { parseSqlite, SQLITE_SCHEMES } from './handle.ts'
import { splitPath } from './path.ts'

/** A file has a name, and neither host nor login. Throws HANDLE_INVALID. */
export function replaceParts(handle: Handle, { name, ...others }: HandleParts): Handle {
  if (Object.values(others).some((part) => part !== undefined))
    throw invalid(
      'names a file, which has no host, no port, no user and no password',
      'name another file with --name, or give the whole handle',
    )
  if (name === undefined) return handle
  const text = handle.reveal()
  const { scheme, slashes, range } = splitPath(text, SQLITE_SCHEMES)
  const next = new Secret(edited(text, [{ ...range, text: written(scheme, slashes, name) }]))
  parseSqlite(next)
  return next
}

/** The path that a variable holds, as a handle that every reader takes alike. */
export function compose(parts: HandleVariables): Handle {
  const name = parts.get('name')?.reveal() ?? ''
  if (name === '') throw invalid('has no path among its variables', 'set the variable of the file')
  const handle = new Secret(`sqlite:${encodedPath(name)}`)
  parseSqlite(handle)
  return handle
}

/** Throws HANDLE_INVALID for what no variable can say. */
export function decompose(handle: Handle): HandleVariables {
  const { path, parameters } = parseSqlite(handle)
  if (parameters.size > 0) throw invalid('says in its query what no variable holds', 'keep it as one handle, or take those words out')
  const { slashes, authority, text } = splitPath(handle.reveal(), SQLITE_SCHEMES)
  const isAsWritten = !slashes && authority === ''
  return new Map([['name', new Secret(isAsWritten ? text : path)]])
}

const encodedPath = (path: string): string => path.split('/').map(encodePart).join('/')

/** A path behind `scheme:`, or behind the slashes that stand there already. */
function written(scheme: string, slashes: boolean, name: string): string {
  const path = encodedPath(name)
  if (!slashes) return path
  if (scheme === 'file' || scheme === 'sqlite3') {
    if (!name.startsWith('/'))
      throw invalid('has two slashes, behind which a path is absolute', `give an absolute path, or the whole handle: ${scheme}:NAME`)
    return path
  }
  return `/${path}`
}
