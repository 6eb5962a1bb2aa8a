import { type HandleGrammar, type HostPart, invalid, type Part, type QueryPart, type Range, type SplitHandle } from './handle-grammar.ts'
import { refusePlaceholder, refuseWrongShape } from './handle-shape.ts'

/**
 * Takes a handle apart: `scheme://user:password@host:port/path?query` (RFC 3986, and what libpq and Redis clients make of it). Pure. No byte
 * of it goes anywhere. An unencoded `@ / ? #` in the password is an error, because drivers take what follows for a host name and ask DNS.
 * Throws HANDLE_INVALID, which never holds a part of the handle.
 */
export function splitHandle(text: string, grammar: HandleGrammar): SplitHandle {
  refuseWrongShape(text, grammar)
  const from = text.indexOf('://') + 3
  const scheme = text.slice(0, from - 3).toLowerCase()
  const authority = piece(text, from, first(text, from, /[/?#]/))
  const at = authority.raw.lastIndexOf('@')
  const pathEnd = first(text, authority.end, /[?#]/)
  refuseUnencoded(text, { authority, at, pathEnd, grammar })
  refuseLines(text, grammar)
  const [user, password] = at < 0 ? [null, null] : userinfo(text, from, from + at)
  const hostStart = at < 0 ? from : from + at + 1
  const hosts = hostsOf(text, { start: hostStart, end: authority.end }, grammar)
  if (hosts.host !== null && grammar.socketSchemes.includes(scheme))
    throw invalid('names a host where only the path of a socket can stand', `write ${scheme}:///path/of/the.sock`)
  const path = authority.end < pathEnd ? decoded(text, { start: authority.end + 1, end: pathEnd }, 'path') : null
  const query = queryOf(text, pathEnd, { grammar, plain: at < 0 })
  return { scheme, userinfo: { start: from, end: hostStart }, user, password, ...hosts, path, ...query }
}

/** One part of the query, or `null`. Of repeated keys the last one counts, as in libpq. */
export const queryText = (split: SplitHandle, key: string): string | null => split.query.findLast((part) => part.key === key)?.text ?? null

const first = (text: string, from: number, stop: RegExp): number => {
  const found = text.slice(from).search(stop)
  return found < 0 ? text.length : from + found
}

const piece = (text: string, start: number, end: number): Range & { readonly raw: string } => ({ start, end, raw: text.slice(start, end) })

const ENCODE = 'percent-encode it: @ is %40, / is %2F, # is %23, ? is %3F, : is %3A, % is %25'

interface Found {
  readonly authority: Range & { readonly raw: string }
  /** Of the last @ in it, or -1. */
  readonly at: number
  readonly pathEnd: number
  readonly grammar: HandleGrammar
}

function refuseUnencoded(text: string, { authority, at, pathEnd, grammar }: Found): void {
  const mark = (sign: string) => invalid(`has an unencoded ${sign} in its user or password`, ENCODE)
  if (at >= 0 && authority.raw.indexOf('@') !== at) throw mark('@')
  if (text.slice(authority.end, pathEnd).includes('@')) throw mark('/')
  const hash = text.indexOf('#', authority.end)
  if (hash >= 0) throw text.includes('@', hash) ? mark('#') : invalid('has an unencoded #', ENCODE)
  if (at >= 0 || text[authority.end] !== '?' || !text.includes('@', authority.end)) return
  // A parameter that this kind knows is none by chance: no password stands there, but a mail address.
  const key = /^\?([^=&@]*)=/.exec(text.slice(authority.end))?.[1]
  throw key !== undefined && grammar.queryKeys.includes(key)
    ? invalid('has an unencoded @ in its query', 'write it as %40 there')
    : mark('?')
}

/** Whatever is left that no part of a handle may hold unencoded. */
function refuseLines(text: string, { example }: HandleGrammar): void {
  if (text.includes('\\')) throw invalid('has a backslash in it', `write it as %5C in a password; otherwise ${example}`)
}

function userinfo(text: string, start: number, end: number): [Part | null, Part | null] {
  const colon = text.slice(start, end).indexOf(':')
  const userEnd = colon < 0 ? end : start + colon
  const user = userEnd === start ? null : decoded(text, { start, end: userEnd }, 'user')
  const password = colon < 0 ? null : decoded(text, { start: userEnd + 1, end }, 'password')
  if (user !== null) refuseHidden(user, 'user')
  return [user, password]
}

type Hosts = Pick<SplitHandle, 'host' | 'hostRange' | 'port' | 'others' | 'hostsRange'>

function hostsOf(text: string, hostsRange: Range, { hosts = 'one' }: HandleGrammar): Hosts {
  const raw = text.slice(hostsRange.start, hostsRange.end)
  if (!raw.includes(',')) return { ...hostAndPort(text, hostsRange), others: [], hostsRange }
  if (hosts === 'one') throw invalid('names several hosts; one host only', 'name the primary, or the address that always leads to it')
  let at = hostsRange.start
  const places = raw.split(',').map((item) => {
    const range = { start: at, end: at + item.length }
    at = range.end + 1
    return hostAndPort(text, range)
  })
  const others = places.slice(1).flatMap(({ host, port }): readonly HostPart[] => (host === null ? [] : [{ host, port }]))
  const [first] = places
  if (first === undefined || first.host === null || others.length < places.length - 1)
    throw invalid('has an empty place in its list of hosts', 'write HOST:PORT,HOST:PORT')
  return { ...first, others, hostsRange }
}

function hostAndPort(text: string, range: Range): Pick<SplitHandle, 'host' | 'hostRange' | 'port'> {
  const raw = text.slice(range.start, range.end)
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(raw)
  if (raw.startsWith('[') && bracketed === null) throw invalid('has a broken IPv6 address', 'write [::1]:5432')
  if (bracketed === null && raw.split(':').length > 2)
    throw invalid('has more than one : in its host', 'put an IPv6 address in brackets: [::1]:5432')
  const colon = bracketed === null ? raw.indexOf(':') : raw.indexOf(':', raw.indexOf(']'))
  const hostEnd = colon < 0 ? range.end : range.start + colon
  const inner = bracketed === null ? { start: range.start, end: hostEnd } : { start: range.start + 1, end: hostEnd - 1 }
  if (bracketed !== null && !/^[0-9a-f:.]+(%25[\w.-]+|%[\w.-]+)?$/i.test(bracketed[1] ?? ''))
    throw invalid('has a broken IPv6 address', 'write [::1]:5432')
  const host = inner.start === inner.end ? null : bracketed === null ? decoded(text, inner, 'host') : zoned(text, inner)
  if (host !== null) refuseHidden(host, 'host')
  const port = colon < 0 ? null : portOf(text, { start: hostEnd + 1, end: range.end })
  if (host === null && port !== null) throw invalid('has a port and no host', 'write HOST:PORT')
  return { host, hostRange: { start: range.start, end: hostEnd }, port }
}

/** An IPv6 address; its zone may stand there with % or %25 (RFC 6874). */
function zoned(text: string, range: Range): Part {
  const raw = text.slice(range.start, range.end)
  return { ...range, raw, text: raw.replace('%25', '%').toLowerCase() }
}

function portOf(text: string, range: Range): Part & { readonly number: number } {
  const raw = text.slice(range.start, range.end)
  if (raw === '') throw invalid('has nothing after the : of its host', 'write the port, or leave the : out')
  refusePlaceholder(raw, 'port')
  if (!/^\d{1,6}$/.test(raw))
    throw invalid('has a port that is not a number', `write a number from 1 to 65535; if the : belongs to a password, ${ENCODE}`)
  const number = Number(raw)
  if (number < 1 || number > 65_535) throw invalid('has a port outside 1 to 65535', 'write a number from 1 to 65535')
  return { ...range, raw, text: raw, number }
}

function queryOf(
  text: string,
  start: number,
  { grammar, plain }: { readonly grammar: HandleGrammar; readonly plain: boolean },
): Pick<SplitHandle, 'query' | 'unknown' | 'unknownKeys' | 'repeatedKeys'> {
  const query: QueryPart[] = []
  const unknown = new Map<string, string>()
  const unknownKeys: string[] = []
  const repeatedKeys: string[] = []
  let at = start + 1
  for (const item of text.slice(at).split('&')) {
    const range = { start: at, end: at + item.length }
    at = range.end + 1
    if (item === '') continue
    const equals = item.indexOf('=')
    const key = equals < 0 ? item : item.slice(0, equals)
    const known = grammar.anyQuery === true || grammar.queryKeys.includes(key)
    if (plain && item.includes('@') && !known) throw invalid('has an unencoded ? in its user or password', ENCODE)
    if (equals < 0 && grammar.anyQuery === true) continue
    if (equals < 0) throw invalid('has a part of its query without =', 'write key=value, joined by &')
    if (!known && /ssl|tls|cert|verify/i.test(key)) throw unknownTls(grammar)
    if (!known) {
      unknownKeys.push(key)
      unknown.set(key, item.slice(equals + 1))
    } else if (query.some((part) => part.key === key)) repeatedKeys.push(key)
    if (known) query.push({ key, ...decoded(text, { start: range.start + equals + 1, end: range.end }, `query part ${key}`) })
  }
  return { query, unknown, unknownKeys, repeatedKeys }
}

const unknownTls = ({ queryKeys }: HandleGrammar) => {
  const words = queryKeys.filter((key) => /ssl|tls/.test(key))
  const hint = words.length === 0 ? 'this kind asks for TLS by its scheme' : `the words for TLS are ${words.join(', ')}`
  return invalid('asks about TLS in words that this kind does not have, and drivers would pass over them in silence', hint)
}

/** Percent-decodes once, as strict UTF-8. */
function decoded(text: string, range: Range, part: string): Part {
  const raw = text.slice(range.start, range.end)
  refusePlaceholder(raw, part)
  if (/%(?![0-9A-Fa-f]{2})/.test(raw))
    throw invalid(`has a % in its ${part} that is not followed by two hexadecimal digits`, 'write a literal % as %25')
  let value: string
  try {
    value = decodeURIComponent(raw)
  } catch {
    throw invalid(`has percent-encoded bytes in its ${part} that are not UTF-8`, 'encode the text as UTF-8')
  }
  if (value.includes('\0')) throw invalid(`has a NUL byte in its ${part}`, 'remove %00')
  return { ...range, raw, text: value }
}

/** What is shown to people may not move their cursor. Throws HANDLE_INVALID. */
export function refuseHidden(part: Pick<Part, 'text'>, name: string): void {
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(part.text)) throw invalid(`has a control or invisible character in its ${name}`, 'remove it')
}
