import { linkSync, lstatSync, renameSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Key } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import type { KeptSurvey, Survey } from '../domain/survey.ts'
import { KINDS } from '../kinds/registry.ts'
import { toldSchema, type Zod } from '../kinds/told-schema.ts'
import type { Host } from '../ports/host.ts'
import { readRegular } from '../stores/read-file.ts'
import { syncDirectory, unlinkIfThere, WITHOUT_LINKS, writeNew } from '../stores/replace-file.ts'
import { codeOf, fileTrouble, isSystemError } from '../stores/trouble.ts'
import { labelOf } from './address.ts'

const SCHEMA = 'attach-baseline/1'
/** Far more than any survey. */
const BYTES_MAX = 16 * 1024 * 1024

/** What a resource told of itself while it lived, as it is kept in a file. Holds no secret. */
export interface Baseline {
  readonly key: Key
  /** `postgres://app@db1:5432/app`: for people. */
  readonly target: string
  readonly survey: Survey
}

/** Where a baseline stands, or is to stand. */
export interface BaselineFile {
  /** Absolute. */
  readonly path: string
  /** As it is named on the screen. */
  readonly label: string
}

/** A path that was given. A relative one begins in `directory`, or in the current one. */
export function baselineFile(path: string, { cwd }: Pick<Host, 'cwd'>, directory: string | null = null): BaselineFile {
  const absolute = resolve(cwd, directory ?? '.', path)
  const label = labelOf(absolute, cwd)
  return { path: absolute, label: /^[\w./-]{1,200}$/.test(label) ? label : 'FILE' } // A handle may stand in the place of the path.
}

/** Throws USAGE with what was expected and what was found. */
export async function readBaseline({ path, label }: BaselineFile): Promise<Baseline> {
  const read = readAt(path)
  if (typeof read === 'string') throw unread(label, read)
  const data = jsonIn(read)
  const schema = schemaOf(data)
  if (schema === null) throw unread(label, 'expected a baseline of attach, whole, and found something else')
  if (schema > 1) throw unread(label, `expected ${SCHEMA}, found attach-baseline/${schema}, which a newer attach made`, 'attach version')
  const { z } = await import('zod')
  const checked = fileSchema(z).safeParse(data)
  if (!checked.success) throw damaged(label, checked.error)
  const { key, kind, target, takenAt, survey } = checked.data
  if (survey.kind !== kind || survey.takenAt !== takenAt) throw unread(label, 'its survey is of another kind or time than its head', AGAIN)
  // The brand is given here: whether there is such a key is for the operation to say.
  return { key: key as Key, target, survey: { ...survey, facts: await factsOf(kind, survey.facts, label) } }
}

/** What a file says in the place of an old resource, by its key. Null: there is none. Throws USAGE; nothing is contacted. */
export async function baselinesIn(
  path: string | null,
  host: Pick<Host, 'cwd'>,
  directory: string | null = null,
): Promise<ReadonlyMap<Key, KeptSurvey>> {
  if (path === null) return new Map()
  const { key, target, survey } = await readBaseline(baselineFile(path, host, directory))
  return new Map([[key, { ...survey, target }]])
}

/** Throws USAGE where something else stands than a baseline, which is never replaced; UNAVAILABLE. */
export function expectWritable({ path, label }: BaselineFile): void {
  const there = statOf(path, label)
  if (there === undefined) {
    if (statOf(dirname(path), label) === undefined) throw unwritten(label, 'its folder does not exist', 'mkdir it first')
    return
  }
  if (there.isSymbolicLink())
    throw unwritten(label, 'a symbolic link stands there, and no baseline is written through one', 'name the file that it leads to')
  const read = there.isFile() ? readAt(path) : 'it is not a regular file'
  if (typeof read === 'string') throw unwritten(label, read)
  if (schemaOf(jsonIn(read)) === null) throw unwritten(label, 'what stands there is no baseline, and is not replaced')
}

/** Whole or not at all, readable by its owner alone, and only where nothing or another baseline stands. Throws USAGE, UNAVAILABLE. */
export function writeBaseline(
  file: BaselineFile,
  { key, target, survey }: Baseline,
  { random, uid, gid }: Pick<Host, 'random' | 'uid' | 'gid'>,
): void {
  const { path, label } = file
  const { kind, takenAt } = survey
  const text = `${JSON.stringify({ schema: SCHEMA, key, kind, target, takenAt, survey }, null, 2)}\n`
  const temp = join(dirname(path), `.${basename(path)}.${random(6)}.tmp`)
  try {
    writeNew(temp, Buffer.from(text), { mode: 0o600, uid, gid })
    expectWritable(file) // Again: what stands there now is what would be replaced.
    if (statOf(path, label) === undefined) putWhereFree(temp, path)
    else renameSync(temp, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw unwritten(label, 'something was put there meanwhile')
    throw fileTrouble(`the baseline ${label} could not be written`, error)
  } finally {
    ifPossible(() => unlinkIfThere(temp))
  }
  ifPossible(() => syncDirectory(dirname(path)))
}

/** Where the file system has links, what was put there meanwhile is not replaced. */
function putWhereFree(temp: string, path: string): void {
  try {
    linkSync(temp, path)
  } catch (error) {
    if (!WITHOUT_LINKS.includes(codeOf(error) ?? '')) throw error
    renameSync(temp, path)
  }
}

const fileSchema = (z: Zod) => {
  const time = z.iso.datetime()
  const at = z.string().regex(/^\d{1,40}$/)
  const before = z.exactOptional(z.strictObject({ line: z.string(), at }))
  const position = z.strictObject({ line: z.string(), at, unit: z.string(), before })
  const survey = z.strictObject({
    kind: z.string(),
    takenAt: time,
    resource: toldSchema(z, z.string()),
    roundTripMs: toldSchema(z, z.number().nonnegative()),
    position: toldSchema(z, position),
    newest: toldSchema(z, time),
    facts: z.unknown(),
  })
  return z.strictObject({
    schema: z.literal(SCHEMA),
    key: z.string().min(1).max(256),
    kind: z.string(),
    target: z.string(),
    takenAt: time,
    survey,
  })
}

/** What stands in a file, or why it is not read. */
function readAt(path: string): Buffer | string {
  try {
    const read = readRegular(path, BYTES_MAX)
    if ('bytes' in read) return read.bytes
    return read.refused === 'too large' ? `it has more than ${BYTES_MAX / 1024 / 1024} MiB` : 'it is not a regular file'
  } catch (error) {
    const code = codeOf(error)
    if (code === null) throw error
    return code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`
  }
}

/** Undefined: cut off, or something else. */
function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

/** Null: it does not say that it is a baseline. */
function schemaOf(data: unknown): number | null {
  const schema = typeof data === 'object' && data !== null && 'schema' in data ? data.schema : null
  const [, digits] = (typeof schema === 'string' ? /^attach-baseline\/([1-9]\d{0,3})$/.exec(schema) : null) ?? []
  return digits === undefined ? null : Number(digits)
}

async function factsOf(kind: string, facts: unknown, label: string): Promise<unknown> {
  const row = KINDS.find(({ name }) => name === kind)
  const guards = await (await row?.load())?.guards?.()
  if (guards === undefined) throw unread(label, 'it is of a kind that this attach cannot compare', 'attach version')
  try {
    return await guards.decode(facts)
  } catch (error) {
    throw damaged(label, error)
  }
}

/** What zod found wrong, by its place alone: what stands there is of others. */
function damaged(label: string, error: unknown): AttachError {
  const issues: unknown = typeof error === 'object' && error !== null && 'issues' in error ? error.issues : null
  const path: unknown = Array.isArray(issues) ? issues[0]?.path : null
  const parts = Array.isArray(path) ? path.map(String).filter((part) => /^[\w.-]{1,40}$/.test(part)) : []
  return unread(label, `${parts.length === 0 ? 'what it holds' : parts.join('.')} is not what a baseline holds there`, AGAIN)
}

function statOf(path: string, label: string) {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw fileTrouble(`the baseline ${label} cannot be looked at`, error)
  }
}

const AGAIN = 'attach compare KEY --save FILE makes a new one, while the resource lives'

const unread = (label: string, what: string, hint = 'attach compare KEY --save FILE makes one'): AttachError =>
  new AttachError('USAGE', `the baseline ${label}: ${what}; nothing was contacted`, { hint })

const unwritten = (label: string, what: string, hint = 'attach compare KEY --save OTHER-FILE'): AttachError =>
  new AttachError('USAGE', `the baseline ${label}: ${what}; nothing was written`, { hint })

function ifPossible(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (!isSystemError(error)) throw error
  }
}
