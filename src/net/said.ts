import { formsOf, oneLine } from '../domain/redact.ts'
import type { Secret } from '../domain/secret.ts'

const LONGEST = 200
/** A shorter secret stands in too many words by chance to be cut out of them. */
const SHORTEST_SECRET = 4

/**
 * A server's own words, made harmless: one line, control and invisible characters as `\u001b` or `\u202e`, at most 200 characters, without any
 * of the secrets in plain, percent-encoded or base64 form. `null` when nothing is left that may be shown.
 */
export function harmless(text: string, secrets: readonly Secret[]): string | null {
  const flat = visible(text)
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

/** One line; what a CI takes for a command is taken apart. */
const visible = (text: string): string => oneLine(text.replace(/[\r\n\t ]+/g, ' ').replace(/::(?=[a-z-]+( [^:]*)?::)/gi, ': :')).trim()

function forms(secrets: readonly Secret[]): readonly string[] {
  const plain = secrets.map((secret) => secret.reveal()).filter((text) => text !== '')
  const all = plain.flatMap((text) => [visible(text), encodeURI(text), ...formsOf(text)])
  return [...new Set(all)].filter((form) => form.length >= SHORTEST_SECRET || plain.includes(form)).sort((a, b) => b.length - a.length)
}

function withoutForm(text: string | null, form: string): string | null {
  if (text === null) return null
  const lower = text.toLowerCase()
  const needle = form.toLowerCase()
  if (!lower.includes(needle)) return text
  if (form.length < SHORTEST_SECRET) return null
  return text.replace(new RegExp(form.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'gi'), '[secret]')
}
