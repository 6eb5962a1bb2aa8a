import type { Key, Value } from '../domain/change.ts'
import { AttachError, assert } from '../domain/errors.ts'
import { Secret } from '../domain/secret.ts'
import { type Attempt, type Draft, dominantLineEnd, draft, type Outline, outline, type Target } from './env-draft.ts'
import { type EnvNote, notesOn, writtenBy } from './env-notes.ts'
import { keepsTheRest, ownObjection, type Proof } from './env-proof.ts'
import { readerObjection } from './env-readers.ts'
import { followersOf } from './env-references.ts'
import { type Scan, scan, valueAt } from './env-scan.ts'
import { refusal } from './env-style.ts'
import { BOM, type ByteText, bytesOf, ENV_BYTES_MAX, encode, textOf } from './env-text.ts'

export { ENV_BYTES_MAX, type EnvNote }

/** What a variable's name in a .env text is made of. */
export const ENV_KEY = /^[A-Za-z0-9_.-]+$/

/** A name that a variable in a .env text may have. */
export const isEnvKey = (text: string): text is Key => ENV_KEY.test(text) && text !== UNSHOWABLE

/** What a .env text holds, read as `dotenv` reads it. */
export interface EnvDocument {
  /**
   * In the order of the file; of several assignments to one key the last one wins. A byte that is not UTF-8 stands as a lone surrogate
   * (U+DC80 to U+DCFF), so that writing the value back gives the same bytes.
   */
  readonly entries: ReadonlyMap<Key, Secret>
  /** The text starts with a UTF-8 byte order mark. */
  readonly bom: boolean
  /** Most lines end in CRLF. */
  readonly crlf: boolean
  /** Keys with more than one assignment. */
  readonly duplicates: readonly Key[]
}

/** The edited text and what a person should know about it. */
export interface EnvEdit {
  readonly bytes: Uint8Array
  /** Other keys whose text refers to a touched key (`$KEY`, `${KEY}`), directly or through another one: expanding readers see them change too. */
  readonly following: readonly Key[]
  readonly notes: readonly EnvNote[]
}

export interface EnvEditOptions {
  /**
   * Puts back values that stood in this file before. Over a bare value the old one is written bare again if `dotenv` reads it so, whatever
   * other readers make of it: that is how it stood. A value that no style carries to every reader is not refused. Default false.
   */
  readonly restoring?: boolean
}

/** A name that a new variable may have: POSIX's, in either case. A key that stands in a file may also hold `.` and `-`, or start with a digit. */
export const isEnvName = (text: string): text is Key => /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && text !== UNSHOWABLE

/** Throws CONFIG_INVALID: UTF-16 or UTF-32, a NUL byte, over ENV_BYTES_MAX. Any other bytes are a .env text. */
export function readEnv(bytes: Uint8Array): EnvDocument {
  const text = textOf(bytes)
  const scanned = scan(text)
  const entries = new Map<Key, Secret>()
  for (const [key, value] of valuesOf(text, scanned)) if (isKey(key)) entries.set(key, new Secret(value))
  return { entries, bom: text.startsWith(BOM), crlf: dominantLineEnd(text) === '\r\n', duplicates: duplicatesOf(scanned) }
}

/**
 * Edits the text so that each key of `changes` holds its `after`, and nothing else changes: only the value ranges of those keys differ,
 * in every assignment of the key. A new key goes last; `null` cuts its whole lines. A key that holds its value already is left alone, and
 * when all do the very same bytes come back.
 *
 * Undo: writing the old value back gives the old bytes if the value written between could take the style (quotes) of the old one, the old
 * one is one that this writer puts in that style, neither is empty where blanks stand behind `=`, all assignments of the key held the same,
 * and Node reads the file as `dotenv` does. Cutting an attached key gives the
 * old bytes back, unless an empty line had to be put before it.
 *
 * Before it returns, our own reader, `dotenv` and `util.parseEnv` have read the new text: each shows the change and no other.
 *
 * Throws CONFIG_INVALID: as `readEnv`; a new key that is no variable name; a value that no style carries; an edit after which a reader
 * would see another key change. The message names the key and the reason, never the value.
 */
export function editEnv(
  bytes: Uint8Array,
  changes: readonly { readonly key: Key; readonly after: Value }[],
  { restoring = false }: EnvEditOptions = {},
): EnvEdit {
  const text = textOf(bytes)
  const scanned = scan(text)
  const entries = valuesOf(text, scanned)
  assert(new Set(changes.map(({ key }) => key)).size === changes.length, 'a key is changed twice in one edit')
  const targets = changes
    .map(({ key, after }) => ({ key, after: after?.reveal() ?? null }))
    .filter(({ key, after }) => (entries.get(key) ?? null) !== after)
  if (targets.length === 0) return { bytes, following: [], notes: [] }

  for (const target of targets) checkTarget(target, entries, restoring ? null : followersOf(text, scanned, [target.key]))
  const plan = outline(text, scanned, targets, { restoring })
  const proven = firstProven({ before: text, scanned, entries, targets, outline: plan, restoring })
  const edited = bytesOf(proven.text)
  if (edited.byteLength > ENV_BYTES_MAX) textOf(edited)
  return {
    bytes: edited,
    following: followersOf(
      text,
      scanned,
      targets.map(({ key }) => key),
    ).filter(isKey),
    notes: notesOn(text, scanned, writtenBy(text, plan, proven)),
  }
}

/** An object cannot show a property of this name, so neither dotenv nor Node can. */
const UNSHOWABLE = '__proto__'

/** What the scanner takes for a key is one; see `Assignment`. */
const isKey = (key: string): key is Key => key !== UNSHOWABLE

function valuesOf(text: ByteText, { assignments }: Scan): Map<string, string> {
  const values = new Map<string, string>()
  for (const assignment of assignments) if (assignment.key !== UNSHOWABLE) values.set(assignment.key, valueAt(text, assignment))
  return values
}

function duplicatesOf({ assignments }: Scan): readonly Key[] {
  const once = new Set<string>()
  const twice = new Set<Key>()
  for (const { key } of assignments) {
    if (once.has(key) && isKey(key)) twice.add(key)
    once.add(key)
  }
  return [...twice]
}

function checkTarget({ key, after }: Target, entries: ReadonlyMap<string, string>, followers: readonly string[] | null): void {
  if (!entries.has(key) && !isEnvName(key)) {
    throw new AttachError(
      'CONFIG_INVALID',
      `${shownKey(key)}: not a variable name; expected letters, digits and "_", not starting with a digit`,
      {
        hint: 'Choose a name like DATABASE_URL.',
      },
    )
  }
  if (after === null) return
  if (encode(after) === null || after.includes('\0'))
    throw refused(key, 'it holds text that no .env file can carry (NUL, or half a character)')
  if (followers === null) return
  const reason = refusal(key, after, followers)
  if (reason !== null) throw refused(key, reason)
}

/** The first draft that passes every check; the styles are tried best first. */
function firstProven(proof: Omit<Proof, 'draft'>): Draft {
  let objection = ''
  for (const attempt of attemptsFor(proof.outline)) {
    const candidate = { ...proof, draft: draft(proof.before, proof.scanned, proof.outline, attempt) }
    assert(keepsTheRest(candidate), 'an edit of a .env file changed bytes outside its values')
    const own = ownObjection(candidate)
    const reader = own === null ? readerObjection(candidate) : { reader: 'dotenv', key: own }
    if (reader === null) return candidate.draft
    objection ||= `${reader.reader} would read ${shownKey(reader.key)} otherwise than meant`
  }
  const keys = proof.targets.map(({ key }) => shownKey(key)).join(', ')
  throw new AttachError('CONFIG_INVALID', `${keys}: cannot be changed in this file without harm: ${objection}`, {
    hint: mendingOf(proof.before, proof.scanned),
  })
}

function* attemptsFor({ places }: Outline): Iterable<Attempt> {
  const ranks = Math.max(1, ...places.map(({ styles }) => styles.length))
  for (let rank = 0; rank < ranks; rank += 1) yield { rank, gap: false }
  if (places.some(({ over }) => over === null)) for (let rank = 0; rank < ranks; rank += 1) yield { rank, gap: true }
}

/** What in a file makes one line depend on another, most likely first. */
function mendingOf(text: ByteText, { junk }: Scan): string {
  if (text.startsWith(BOM)) return 'Save the file without its byte order mark.'
  if (junk > 0) return 'Put a "#" before each line that is neither an assignment nor a comment.'
  return 'Look for a quote that is never closed, or a value on the line after its key, and mend it by hand.'
}

const shownKey = (key: string): string => (/^[\w.-]{1,64}$/.test(key) ? key : '<key>')

const refused = (key: string, reason: string): AttachError =>
  new AttachError('CONFIG_INVALID', `${shownKey(key)}: no way of quoting carries this value to every reader: ${reason}`, {
    hint: 'In a URL, percent-encode the character; else choose a value without it.',
  })
