import type { Secret } from './secret.ts'

/** A secret shorter than this is masked only as a whole word of a handle, never inside other text. */
const LENGTH_MIN = 6
const MASK = '•••'

/** Knows the secrets of this run and takes them out of text, in every form they are likely to stand in. */
export class Redactor {
  readonly #known = new Set<string>()
  /** Longest first. Null: something was learned since. */
  #forms: readonly string[] | null = []

  /** `secret` and what can be made of it: percent-encoded, base64, base64url, quoted as JSON. */
  learn(secret: Secret | string): void {
    const value = typeof secret === 'string' ? secret : secret.reveal()
    for (const form of formsOf(value)) if (form.length >= LENGTH_MIN) this.#known.add(form)
    this.#forms = null
  }

  redact(text: string): string {
    let clean = text
    this.#forms ??= [...this.#known].sort((a, b) => b.length - a.length)
    for (const form of this.#forms) clean = clean.replaceAll(form, MASK)
    return clean
  }
}

/** A secret in the forms it travels in: as it is, decoded, percent-encoded in both cases, quoted as JSON, inside base64 at each alignment. */
export function formsOf(value: string): readonly string[] {
  const decoded = percentDecoded(value)
  return [value, decoded].flatMap((plain) => [plain, ...percentForms(plain), JSON.stringify(plain).slice(1, -1), ...base64Forms(plain)])
}

/** Base64 of a text inside another text depends on where it begins: the three forms, less the characters that mix with the neighbours. */
function base64Forms(plain: string): readonly string[] {
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.from('\0'.repeat(offset) + plain)
      .toString('base64')
      .replace(/=+$/, '')
    const from = [0, 2, 3][offset] ?? 0
    const whole = Math.floor(((offset + Buffer.byteLength(plain)) * 8) / 6)
    const form = encoded.slice(from, whole)
    return [form, form.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

/** As URIs are written: `! ' ( ) *` left alone or encoded (RFC 3986), hex digits in either case. */
function percentForms(plain: string): readonly string[] {
  const usual = encodeURIComponent(Buffer.from(plain).toString('utf8')) // Through bytes: it throws on a lone surrogate.
  const strict = usual.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
  return [usual, strict].flatMap((encoded) => [encoded, encoded.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())])
}

function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/** Controls (C0, C1, DEL), invisible and direction-turning characters, line and paragraph separators. */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu

/** Text of others, fit for a terminal or a log: what could steer either becomes visible; line feeds and tabs stay. */
export const printable = (text: string): string =>
  apart(text).replace(HOSTILE, (character) => (character === '\n' || character === '\t' ? character : escaped(character)))

/** The same in one line. */
export const oneLine = (text: string): string =>
  apart(text).replace(HOSTILE, (character) => (character === '\n' ? '\\n' : character === '\t' ? '\\t' : escaped(character)))

/** Two marks that a CI takes for a command wherever they stand in a line. */
const apart = (text: string): string => text.replace(/##(?=\[|vso\[)/gi, '# #')

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/** Plain data with every text in it made fit for one line of a terminal or a log. */
export function printableData<T>(data: T): T {
  return cleaned(data) as T // The same shape: only the texts in it differ.
}

function cleaned(data: unknown): unknown {
  if (typeof data === 'string') return oneLine(data)
  if (Array.isArray(data)) return data.map(cleaned)
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(Object.entries(data).map(([name, part]) => [name, cleaned(part)]))
}

/** The secret parts of a value, found without understanding it: passwords and tokens of a URL, or all of what is none. */
export function secretsIn(value: string): readonly string[] {
  if (FILE.test(value)) return namedIn(value)
  const url = /^(?:jdbc:)?[a-z][a-z0-9+.-]*:\/\/(.*)$/is.exec(value)
  if (url === null) return [value, ...[...value.matchAll(NAMED_PART)].map(([, part = '']) => part)].filter((secret) => secret !== '')
  const rest = url[1] ?? ''
  const userinfo = rest.slice(0, Math.max(rest.lastIndexOf('@'), 0))
  const colon = userinfo.indexOf(':')
  const secrets = colon >= 0 ? [userinfo.slice(colon + 1)] : NAMES_USER.test(value) ? [] : [userinfo]
  secrets.push(...namedIn(rest))
  if (secrets.some((secret) => secret !== '')) secrets.push(value)
  const host =
    rest
      .slice(userinfo.length)
      .replace(/^@/, '')
      .split(/[:/?#]/)[0] ?? ''
  const user = userinfo.slice(0, Math.max(colon, 0))
  const isSecret = isToken(value, user, userinfo.slice(colon + 1))
  if (isSecret) secrets.push(user)
  const shown = [host, ...(isSecret ? [] : [user]), value.slice(0, value.indexOf(':')), ...OUR_WORDS]
  return secrets.filter((secret) => secret !== '' && !shown.includes(secret))
}

/** Parameters that are called as secrets are. */
const namedIn = (rest: string): readonly string[] =>
  [...rest.matchAll(/[?&;]([^=&;#]+)=([^&;#]*)/g)].flatMap(([, name = '', part = '']) =>
    SECRET_NAME.test(name) && part !== '' ? [part] : [],
  )

/** The path of a file is no secret, and an @ in it is a letter of a name. */
const FILE = /^(sqlite3?(\+\w+)?|spatialite|file):(?!\/\/[^/?#]*@)/i

/** A user of a mail server that is its own password, or looks like a key, is a token of the provider, as Postmark has them: it is not shown. */
export const isToken = (value: string, user: string, password: string): boolean =>
  /^(smtp|submission)/i.test(value) && ((user === password && user.length >= TOKEN_MIN) || looksLikeKey(user))
/** A shorter one is a bad password. */
const TOKEN_MIN = 16

/** No person is called so, and many a provider's tokens are: a UUID. */
export const looksLikeKey = (text: string): boolean => /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text)

/** Where what stands before the @ is a user, also without a password. Elsewhere it may be a token. */
const NAMES_USER = /^(jdbc:)?(postg|pg|mysql|mariadb)/i
/** A password that is one of these hides nothing where we say them. */
const OUR_WORDS = ['postgres', 'postgresql', 'redis', 'mysql', 'mariadb', 'smtp', 'sqlite', 'couchdb', 'opaque']
/** `password=…` in what is no URL to us: jdbc, libpq, ADO. */
const NAMED_PART = /(?:^|[?&;\s])[\w.-]*(?:pass|pwd|secret|token)[\w.-]*\s*=\s*["']?([^&;\s"']+)/gi
const SECRET_NAME = /pass|pwd|secret|token|auth|sig|key/i
