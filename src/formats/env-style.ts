import type { Quote } from './env-scan.ts'

/** How a value stands in the text: with which quotes, and its characters as they are written between them. */
export interface Style {
  readonly quote: Quote
  readonly body: string
}

/** The style and value that stand there now; `null` for a key that is new. */
export interface Present {
  readonly quote: Quote
  readonly value: string
  /** Its lines end in CRLF: the lines of the new value do so too. */
  readonly crlf: boolean
}

/**
 * Why no style carries `value` to every reader, or `null` when one does. Measured over 27 readers: each of these reads as something else,
 * or breaks a neighbour line, in every style. `followers`: keys that refer to `key`. The reason never holds the value.
 */
export function refusal(key: string, value: string, followers: readonly string[]): string | null {
  if (value.includes('\0')) return 'it holds a NUL byte'
  if (value.includes('\r')) return 'it holds a carriage return, which readers drop or turn into a line end'
  if (value.endsWith('\\')) return 'it ends in a backslash, which makes some readers swallow the next line'
  if (value.includes('$(')) return 'it holds "$(", which some readers run as a command, even between quotes'
  if (value.includes("'") && /["$\\`]/.test(value))
    return 'it holds a single quote together with a double quote, "$", a backslash or a backtick'
  if (refersTo(value, key)) return 'it refers to its own key, which some readers follow without end'
  if (followers.some((follower) => refersTo(value, follower))) return 'it refers to a key that refers back to it'
  return null
}

/** Whether an expanding reader would look up `key` in this text: `$KEY` or `${KEY`, unless escaped by a backslash. */
export function refersTo(text: string, key: string): boolean {
  for (let at = text.indexOf('$'); at !== -1; at = text.indexOf('$', at + 1)) {
    const name = at + (text[at + 1] === '{' ? 2 : 1)
    if (text.startsWith(key, name) && !/\w/.test(text.charAt(name + key.length)) && text[at - 1] !== '\\') return true
  }
  return false
}

/**
 * The styles that carry `value`, best first; empty when there is none. A bare value is the only one that every reader reads alike, quotes
 * that stand there stay when they can, and no style is taken that a reader of the old value would lose.
 */
export function stylesFor(value: string, present: Present | null): readonly Style[] {
  const quotes: Quote[] = []
  if (present !== null && keeps(value, present)) quotes.push(present.quote)
  if ((present === null || present.quote === '') && isBare(value)) quotes.push('')
  const double = carriesDouble(value)
  const single = carriesSingle(value)
  if (wantsDouble(value)) quotes.push('"')
  if (single) quotes.push("'")
  if (double) quotes.push('"')
  return distinct(quotes).map((quote) => written(value, quote, present))
}

/**
 * Every style in which `dotenv` may read `value` back, the likeliest first: for putting back a value that stood in the file, which may be
 * one that `refusal` would not let in. This writer never takes quotes away, so where a bare value stands now, the old one was bare too.
 */
export function restoringStyles(value: string, present: Present | null): readonly Style[] {
  const quotes: Quote[] = present?.quote === '' ? [''] : []
  quotes.push(...stylesFor(value, present).map(({ quote }) => quote))
  if (present !== null && !value.includes(present.quote)) quotes.push(present.quote)
  const styles = distinct([...quotes, '', "'", '"', '`']).map((quote) => written(value, quote, present))
  const escaped = value.replaceAll('\n', '\\n').replaceAll('\r', '\\r')
  return escaped === value ? styles : [...styles, { quote: '"', body: escaped }]
}

const written = (value: string, quote: Quote, present: Present | null): Style => ({
  quote,
  body: present?.crlf === true ? value.replaceAll('\n', '\r\n') : value,
})

/** Read alike by every reader measured. Blanks at the ends would be cut, `~` is a home directory at the start and after `:`. */
export const isBare = (value: string): boolean =>
  BARE.test(value) && value.trim() === value && !value.startsWith('~') && !value.includes(':~')

const BARE = /^[\w@%+=:,./^{}[\]*?!~\x80-\uffff-]*$/

function keeps(value: string, { quote, value: old }: Present): boolean {
  switch (quote) {
    case '':
      return isBare(value) || staysBare(value, old)
    case "'":
      // A value that gains lines is lost to phpdotenv between single quotes.
      return carriesSingle(value) && (old.includes('\n') || !wantsDouble(value))
    case '"':
      return carriesDouble(value) && (!breaksPhp(value) || breaksPhp(old))
    case '`':
      return !/[`\\$]/.test(value)
  }
}

/**
 * A bare value that some readers misread (`a&b`: shells) stays bare when the new one asks no more of its readers than the old one did:
 * quotes would take it from docker, podman and kubectl, which read it now.
 */
function staysBare(value: string, old: string): boolean {
  if (value.trim() !== value || /^['"`#]/.test(value) || /[#\\`\n\t]|\$\(|="/.test(value)) return false
  const asks = (text: string): ReadonlySet<string> => new Set(text.match(TROUBLE) ?? [])
  const known = asks(old)
  for (const trouble of asks(value)) if (!known.has(trouble)) return false
  return !hasControl(value)
}

/** What some reader treats specially in a bare value: `${`, `$1`, `$NAME`, `$`, a home directory, and single characters. */
const TROUBLE = /\$\{|\$(?=\d)|\$(?=\w)|\$|^~|:~|[ &;|<>()"']/g

const carriesSingle = (value: string): boolean => !value.includes("'") && !value.endsWith('\\')

const carriesDouble = (value: string): boolean => !/["$`\\]/.test(value)

const wantsDouble = (value: string): boolean => carriesDouble(value) && (value.includes('\n') || !carriesSingle(value)) && !breaksPhp(value)

/** phpdotenv takes `="` anywhere on a line for the start of a value. */
export const breaksPhp = (value: string): boolean => value.includes('="') || value.endsWith('=')

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) < 32) return true
  return false
}

const distinct = (quotes: readonly Quote[]): readonly Quote[] => [...new Set(quotes)]
