import type { Key } from '../../domain/change.ts'
import { oneLine, Redactor, secretsIn } from '../../domain/redact.ts'
import type { Secret } from '../../domain/secret.ts'

/** One value of the config, or one that was or will be. */
export interface Held {
  readonly key: Key
  readonly value: Secret
}

/**
 * Makes a line that a command of the deploy's own printed fit to be shown: no secret of the config, no control characters, no command to a CI,
 * at most 1,000 characters. Knows its secrets apart from the rest of the run: a word of the config is no secret in our own messages.
 */
export function outputCleaner(held: readonly Held[]): (line: string) => string {
  const redactor = new Redactor()
  for (const secret of new Set(held.flatMap(secretsOf))) redactor.learn(secret)
  return (line) => {
    const clean = redactor.redact(line.replace(COLOURS, '')).replaceAll('\t', '    ') // In this order: a secret may hold a tab.
    const apart = oneLine(clean).replace(/::(?=[a-z-]+( [^:]*)?::)/gi, ': :')
    return apart.length > LINE_MAX ? `${apart.slice(0, LINE_MAX)}…` : apart
  }
}

const LINE_MAX = 1_000
/** Harmless, and in the way of the words: ECMA-48, SGR. */
const COLOURS = new RegExp(`${String.fromCharCode(0x1b)}\\[[\\d;]*m`, 'g')

/** What of a value must not be seen. A secret of several lines is printed line by line. */
function secretsOf({ key, value }: Held): readonly string[] {
  const text = value.reveal()
  const secrets = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
    ? secretsIn(text)
    : NAMES_SECRET.test(key) || (LOOKS_SECRET.test(text) && !PATH.test(text))
      ? [text]
      : []
  return secrets.flatMap((secret) => [secret, ...(secret.includes('\n') ? secret.split('\n') : [])]).map((secret) => secret.trim())
}

const NAMES_SECRET = /pass|pwd|(?:^|_)pw(?:$|_)|secret|token|auth|sig|key|cred|salt|cert|private|dsn|webhook|cookie|licen[cs]e/i
/** Several lines; a UUID; letters and digits in one piece of 16 or more. */
const LOOKS_SECRET = /\n|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|(?=[\w+/=]*\d)(?=[\w+/=]*[A-Za-z])[\w+/=]{16,}/i
const PATH = /^[.~]{0,2}\/[^\n]*$/
