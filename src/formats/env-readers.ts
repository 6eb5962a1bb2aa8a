import { parseEnv } from 'node:util'
import { parse } from 'dotenv'
import { condensed } from './env-condense.ts'
import type { Proof } from './env-proof.ts'
import { encode, utf8Of } from './env-text.ts'

/** A reader that would see another key change, or a touched key otherwise than asked. */
export interface Objection {
  readonly reader: string
  readonly key: string
}

/** Lets the real readers read: `dotenv`, and Node's own. `null` when each sees the change and no other. */
export function readerObjection(proof: Proof): Objection | null {
  const inDotenv = dotenvObjection(proof)
  if (inDotenv !== null) return { reader: 'dotenv', key: inDotenv }
  const { before, after } = condensed(proof.before, proof.draft.text, proof.draft.splices)
  const [was, now] = [utf8Of(before), utf8Of(after)]
  const sees = (key: string): boolean => own(parseEnv(`${was}\n${key}=1`), key) === '1'
  const inNode = nodeObjection({ was: parseEnv(was), now: parseEnv(now), sees, dotenvWas: parse(was), dotenvNow: parse(now), proof })
  return inNode === null ? null : { reader: 'util.parseEnv of this Node', key: inNode }
}

type Reading = Readonly<Record<string, string | undefined>>

/**
 * dotenv is the measure: it must see every touched key as asked and no other key otherwise. When the new text shows just what our own
 * reader saw in the old one, and the change, nothing is left to ask; only otherwise dotenv reads the old text too.
 */
function dotenvObjection({ before, entries, targets, draft }: Proof): string | null {
  const wanted = new Map(targets.map(({ key, after }) => [key, after]))
  const now: Reading = parse(utf8Of(draft.text))
  if (holds(now, entries, wanted)) return null
  for (const { key, after } of targets) if (own(now, key) !== shownAs(after)) return key
  return differing(parse(utf8Of(before)), now).find((key) => !wanted.has(key)) ?? null
}

function holds(reading: Reading, entries: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string | null>): boolean {
  let expected = entries.size
  for (const [key, value] of wanted) expected += Number(value !== null) - Number(entries.has(key))
  for (const key in reading) {
    const value = wanted.get(key) ?? (wanted.has(key) ? undefined : entries.get(key))
    if (reading[key] !== value) return false
    expected -= 1
  }
  return expected === 0
}

/**
 * Another reader is asked only about what it read as dotenv did before: a disagreement that was there already is not of this edit. A new
 * key it must see if it would see a plain one in that place: a byte order mark or a line without `=` may hide what comes after.
 */
function nodeObjection(readings: {
  readonly was: Reading
  readonly now: Reading
  /** Whether it would see a key that stood on a last line of its own. */
  readonly sees: (key: string) => boolean
  readonly dotenvWas: Reading
  readonly dotenvNow: Reading
  readonly proof: Proof
}): string | null {
  const { was, now, sees, dotenvWas, dotenvNow, proof } = readings
  const touched = new Set(proof.targets.map(({ key }) => key))
  for (const { key, after } of proof.targets) {
    const old = own(was, key)
    const asked = !proof.restoring && old === own(dotenvWas, key) && (old !== undefined || sees(key))
    if (asked && own(now, key) !== shownAs(after)) return key
  }
  for (const key of differing(was, now)) {
    if (touched.has(key) || isGlued(key)) continue
    const old = own(was, key)
    const appears = old === undefined && own(now, key) !== own(dotenvNow, key)
    const lost = old !== undefined && old === own(dotenvWas, key)
    if (appears || lost) return key
  }
  return null
}

const differing = (a: Reading, b: Reading): readonly string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => own(a, key) !== own(b, key))

/** Node 20 glues a line that is none to the next key. Such a name is no variable's. */
const isGlued = (key: string): boolean => !/^[\w.-]+$/.test(key)

const own = (reading: Reading, key: string): string | undefined => (Object.hasOwn(reading, key) ? reading[key] : undefined)

/** What a UTF-8 reader makes of a value: a byte that is not UTF-8 is U+FFFD. */
function shownAs(value: string | null): string | undefined {
  const raw = value === null ? null : encode(value)
  return raw === null ? undefined : utf8Of(raw)
}
