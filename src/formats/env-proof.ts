import { createRequire } from 'node:module'
import { parseEnv } from 'node:util'
import type { Draft, Outline, Target } from './env-draft.ts'
import { type Assignment, type Scan, scan, valueAt } from './env-scan.ts'
import { BOM, type ByteText, decode, encode, utf8Of } from './env-text.ts'

/** Before and after an edit, and what it was to do. */
export interface Proof {
  readonly before: ByteText
  readonly scanned: Scan
  /** What `before` holds, as our own reader sees it. */
  readonly entries: ReadonlyMap<string, string>
  readonly targets: readonly Target[]
  readonly outline: Outline
  readonly draft: Draft
  /** The value stood in the file before: only `dotenv` must read it back. */
  readonly restoring: boolean
}

/** Whether the new text outside its splices is the old text outside them, byte for byte. */
export function keepsTheRest({ before, draft: { text, splices } }: Proof): boolean {
  let old = 0
  let now = 0
  for (const { from, to, put } of splices) {
    if (before.slice(old, from) !== text.slice(now, now + from - old)) return false
    now += from - old + put.length
    old = to
  }
  return before.slice(old) === text.slice(now)
}

/**
 * What our own reader would see otherwise than asked, or `null`: every assignment must stand in the new text in the old order and at its
 * shifted place, those written must hold their value, those cut must be gone, the new ones come last.
 */
export function ownObjection({ before, scanned, targets, outline, draft: { text, splices } }: Proof): string | null {
  const wanted = new Map(targets.map(({ key, after }) => [key, after]))
  const written = new Set<Assignment | null>(outline.places.map(({ over }) => over))
  const now = scan(text).assignments
  let index = 0
  let splice = 0
  let shift = 0
  for (const old of scanned.assignments) {
    if (wanted.get(old.key) === null) continue
    const found = now[index]
    index += 1
    for (let next = splices[splice]; next !== undefined && next.from < old.from; next = splices[splice]) {
      shift += next.put.length - (next.to - next.from)
      splice += 1
    }
    if (found === undefined || found.key !== old.key || found.exported !== old.exported) return old.key
    if (written.has(old)) {
      if (valueAt(text, found) !== wanted.get(old.key)) return old.key
    } else if (found.from !== old.from + shift || found.quote !== old.quote || found.to - found.from !== old.to - old.from) return old.key
  }
  for (const { key, value, over } of outline.places) {
    if (over !== null) continue
    const found = now[index]
    index += 1
    if (found === undefined || found.key !== key || valueAt(text, found) !== value) return key
  }
  return now[index]?.key ?? (before.startsWith(BOM) === text.startsWith(BOM) ? null : 'the byte order mark')
}

/** The first reader that would see another key, or a touched key otherwise than asked: `{reader, key}`, or `null` when all agree. */
export function readerObjection(proof: Proof): { readonly reader: string; readonly key: string } | null {
  const { before, entries, targets, draft } = proof
  const expected = expectedOf(entries, targets)
  const now = utf8Of(draft.text)
  const dotenv = lazyDotenv()
  const dotenvNow = dotenv(now)
  const nodeNow = parseEnv(now)
  // What both show is just what was there and the change: nothing is left to ask. Only otherwise the old text is read by them too.
  const dotenvAgrees = holds(dotenvNow, expected)
  const nodeAgrees = holds(nodeNow, expected)
  if (dotenvAgrees && nodeAgrees) return null
  const was = utf8Of(before)
  const dotenvWas = dotenv(was)
  if (!dotenvAgrees) {
    const key = dotenvObjection(dotenvWas, dotenvNow, targets)
    if (key !== null) return { reader: 'dotenv', key }
  }
  if (nodeAgrees) return null
  const key = nodeObjection({ was: parseEnv(was), now: nodeNow, dotenvWas, dotenvNow, proof })
  return key === null ? null : { reader: `Node ${process.versions.node}`, key }
}

type Reading = Readonly<Record<string, string | undefined>>

/** Loaded at the first edit: a command that only reads does not pay for it. */
function lazyDotenv(): (text: string) => Reading {
  const dotenv: typeof import('dotenv') = createRequire(import.meta.url)('dotenv')
  return (text) => dotenv.parse(text)
}

interface Expected {
  readonly keys: readonly string[]
  readonly values: readonly string[]
}

function expectedOf(entries: ReadonlyMap<string, string>, targets: readonly Target[]): Expected {
  const wanted = new Map(targets.map(({ key, after }) => [key, after]))
  const keys: string[] = []
  const values: string[] = []
  const add = (key: string, value: string | null): void => {
    if (value === null) return
    keys.push(key)
    values.push(value)
  }
  for (const [key, value] of entries) add(key, wanted.get(key) === undefined ? value : (wanted.get(key) ?? null))
  for (const { key, after } of targets) if (!entries.has(key)) add(key, after)
  return { keys, values }
}

/** Compares in order, which costs a fraction of looking up each key. Another order (keys that look like numbers) is left to the full comparison. */
const holds = (reading: Reading, { keys, values }: Expected): boolean => alike(Object.keys(reading), keys) && alike(Object.values(reading), values)

function alike(a: readonly (string | undefined)[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < b.length; at += 1) if (a[at] !== b[at]) return false
  return true
}

/** dotenv is the measure: it must see every touched key as asked and no other key otherwise. */
function dotenvObjection(was: Reading, now: Reading, targets: readonly Target[]): string | null {
  const touched = new Set(targets.map(({ key }) => key))
  for (const { key, after } of targets) if (own(now, key) !== shownAs(after)) return key
  return differing(was, now).find((key) => !touched.has(key)) ?? null
}

/**
 * Another reader is asked only about what it read as dotenv did before: a disagreement that was there already is not of this edit. A new
 * key it must see where it read the whole file well.
 */
function nodeObjection(readings: {
  readonly was: Reading
  readonly now: Reading
  readonly dotenvWas: Reading
  readonly dotenvNow: Reading
  readonly proof: Proof
}): string | null {
  const { was, now, dotenvWas, dotenvNow, proof } = readings
  const touched = new Set(proof.targets.map(({ key }) => key))
  const readsWell = proof.scanned.junk === 0 && differing(was, dotenvWas).length === 0 && !Object.keys(was).some(isGlued)
  for (const { key, after } of proof.targets) {
    const old = own(was, key)
    const seen = !proof.restoring && old === own(dotenvWas, key) && (old !== undefined || readsWell)
    if (seen && own(now, key) !== shownAs(after)) return key
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
  if (value === null) return undefined
  const raw = encode(value)
  return raw === null || decode(raw) !== value ? undefined : utf8Of(raw)
}
