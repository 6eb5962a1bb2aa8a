import type { Secret } from '../domain/secret.ts'

const LONGEST = 200
/** A shorter secret stands in too many words by chance to be cut out of them. */
const SHORTEST_SECRET = 4

/**
 * A server's own words, made harmless: one line, control and invisible characters as `\x1b` or `\u{202e}`, at most 200 characters, without any
 * of the secrets in plain, percent-encoded or base64 form. `null` when nothing is left that may be shown.
 */
export function harmless(text: string, secrets: readonly Secret[]): string | null {
  const flat = visible(text.slice(0, 4 * LONGEST))
  const cut = forms(secrets).reduce<string | null>((rest, form) => withoutForm(rest, form), flat)
  if (cut === null || cut.trim() === '') return null
  return cut.length > LONGEST ? `${cut.slice(0, LONGEST - 1)}…` : cut
}

/** A password that is also a part which is shown anyway (app:app@…/app) hides nothing: cutting it out would only tell that they are the same. */
export const worthHiding = (secret: Secret | null, shown: readonly (string | null)[]): readonly Secret[] =>
  secret === null || shown.includes(secret.reveal()) ? [] : [secret]

/** `; server says: …`, or nothing. */
export function serverSays(text: string, secrets: readonly Secret[]): string {
  const words = harmless(text, secrets)
  return words === null ? '' : `; server says: ${words}`
}

const visible = (text: string): string =>
  text
    .replace(/[\r\n\t ]+/g, ' ')
    .replace(/::(?=[a-z-]+( [^:]*)?::)/gi, ': :')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Co}]/gu, escaped)
    .trim()

const escaped = (sign: string): string => {
  const code = sign.codePointAt(0) ?? 0
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}

function forms(secrets: readonly Secret[]): readonly string[] {
  const plain = secrets.map((secret) => secret.reveal()).filter((text) => text !== '')
  const all = plain.flatMap((text) => [text, visible(text), encodeURIComponent(text), encodeURI(text), ...base64(text)])
  return [...new Set(all)].filter((form) => form !== '').sort((a, b) => b.length - a.length)
}

/** The three ways a text can stand inside base64, less the letters that its neighbours decide. */
const base64 = (text: string): readonly string[] =>
  [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text, 'utf8')])
    const whole = bytes.toString('base64').replace(/=+$/, '')
    const from = Math.ceil((offset * 8) / 6)
    const to = Math.floor((bytes.length * 8) / 6)
    const inner = whole.slice(from, to)
    return inner.length < SHORTEST_SECRET ? [] : [inner, inner.replaceAll('+', '-').replaceAll('/', '_')]
  })

function withoutForm(text: string | null, form: string): string | null {
  if (text === null) return null
  const lower = text.toLowerCase()
  const needle = form.toLowerCase()
  if (!lower.includes(needle)) return text
  if (form.length < SHORTEST_SECRET) return null
  return text.replace(new RegExp(form.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'gi'), '[secret]')
}
