import { invalid, type Range } from '../../domain/handle-grammar.ts'
import { refusePlaceholder, refuseWrongShape } from '../../domain/handle-shape.ts'
import { refuseHidden } from '../../domain/handle-split.ts'

/** A part of the query, decoded once. */
export interface Parameter {
  readonly key: string
  readonly text: string
}

/** The handle of a file, taken apart. */
export interface SplitPath {
  readonly scheme: string
  /** Whether `//` stands behind the scheme. */
  readonly slashes: boolean
  /** What stands between `//` and the next slash, decoded. */
  readonly authority: string
  /** The rest up to the query, with its leading slash, decoded. */
  readonly text: string
  /** Authority and path as they stand in the handle, behind `scheme:` and its slashes. */
  readonly range: Range
  /** Something in it is percent-encoded, which some readers take as it stands. */
  readonly encoded: boolean
  readonly parameters: readonly Parameter[]
}

/** Pure. Throws HANDLE_INVALID, which never holds a part of the handle. */
export function splitPath(given: string, schemes: readonly string[]): SplitPath {
  const example = 'sqlite:////PATH/TO/FILE.db'
  // A path needs no slashes behind its scheme; all else that is wrong with a text is wrong here too.
  const [begin = ''] = /^[A-Za-z][A-Za-z0-9+._-]*:(?:\/\/)?/.exec(given) ?? []
  const scheme = begin.replace(/:.*$/, '').toLowerCase()
  const slashes = begin.endsWith('//')
  const usual = !slashes && schemes.includes(scheme) ? `${scheme}://${given.slice(begin.length)}` : given
  refuseWrongShape(usual, { schemes, example, queryKeys: [], socketSchemes: [] })
  if (given.includes('\\')) throw invalid('has a backslash in it', 'paths are written with /; a path of Windows is none here')
  if (given.includes('#')) throw invalid('has an unencoded #', 'a # of a name is written %23')
  const end = given.includes('?') ? given.indexOf('?') : given.length
  const raw = given.slice(begin.length, end)
  const slash = slashes ? raw.search(/\/|$/) : 0
  const text = decoded(raw.slice(slash), 'path')
  refuseHidden({ text }, 'path')
  refusePlaceholder(raw.replace(/^\/+/, ''), 'path')
  const authority = decoded(raw.slice(0, slash), 'path')
  return {
    scheme,
    slashes,
    authority,
    text,
    range: { start: begin.length, end },
    encoded: raw.includes('%'),
    parameters: given
      .slice(end + 1)
      .split('&')
      .filter((item) => item !== '')
      .map(parameterOf),
  }
}

function parameterOf(item: string): Parameter {
  const equals = item.indexOf('=')
  if (equals < 0) throw invalid('has a part of its query without =', 'write key=value, joined by &')
  const key = item.slice(0, equals)
  if (/ssl|tls|cert|verify/i.test(key)) throw invalid('asks about TLS, and a file has none', 'leave those words out')
  return { key, text: decoded(item.slice(equals + 1), 'query') }
}

/** Percent-decodes once, as strict UTF-8. */
function decoded(raw: string, part: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(raw))
    throw invalid(`has a % in its ${part} that is not followed by two hexadecimal digits`, 'write a literal % as %25')
  let text: string
  try {
    text = decodeURIComponent(raw)
  } catch {
    throw invalid(`has percent-encoded bytes in its ${part} that are not UTF-8`, 'encode the text as UTF-8')
  }
  if (text.includes('\0')) throw invalid(`has a NUL byte in its ${part}`, 'remove %00')
  return text
}
