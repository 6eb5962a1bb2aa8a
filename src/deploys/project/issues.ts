import type { core } from 'zod'
import { nearest } from '../../domain/nearest.ts'
import { READERS } from '../../formats/reader-names.ts'
import { ENTRIES, infoAt, keysAt, keysHint, type Path, pathText } from './keys.ts'
import type { Trouble } from './refusal.ts'
import type { Tree } from './tree.ts'

/** What the schema found wrong, each in one sentence and at its place. */
export function troublesOf(issues: readonly core.$ZodIssue[], tree: Tree): readonly Trouble[] {
  const all = issues.flatMap((issue) => leavesOf(issue, []))
  const strange = new Set(all.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => keyOf(path)))
  const wrongInside = new Set(all.flatMap(({ path }) => path.map((_, length) => keyOf(path.slice(0, length)))))
  // What a mapping lacks, or is as a whole, is told once what stands in it is mended: an unknown key may be the missing one, mistyped.
  const isEarly = ({ code, path }: Leaf): boolean => {
    if (valueAt(tree.root, path) === undefined) return strange.has(keyOf(path.slice(0, -1)))
    return code === 'custom' && (strange.has(keyOf(path)) || wrongInside.has(keyOf(path)))
  }
  return all.filter((leaf) => !isEarly(leaf)).flatMap((leaf) => troubleOf(leaf, tree))
}

/** An issue without issues inside it. */
interface Leaf {
  readonly code: core.$ZodIssue['code']
  readonly path: Path
  readonly message: string
  readonly keys: readonly string[]
}

/** Of a union only the branch whose type fits says what is wrong; where none does, the union as a whole. */
function leavesOf(issue: core.$ZodIssue, above: Path): readonly Leaf[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))]
  if (issue.code === 'invalid_union') {
    const fitting = issue.errors.find(
      (branch) => branch.length > 0 && branch.every(({ code, path: at }) => code !== 'invalid_type' || at.length > 0),
    )
    if (fitting !== undefined) return fitting.flatMap((inner) => leavesOf(inner, path))
  }
  return [{ code: issue.code, path, message: issue.message, keys: issue.code === 'unrecognized_keys' ? issue.keys : [] }]
}

function troubleOf({ code, path, message, keys }: Leaf, tree: Tree): readonly Trouble[] {
  if (code === 'unrecognized_keys') return keys.map((key) => unknownKey(key, path, tree))
  const text = pathText(path)
  const named = text === '' ? '' : `${text}: `
  if (code === 'invalid_key') {
    const { name } = path[0] === 'resources' ? ENTRIES.resources : ENTRIES.deploys
    return [{ at: tree.offsetOf(path, 'key'), what: `${named}expected ${name}`, hint: hintAt(path) }]
  }
  const value = valueAt(tree.root, path)
  if (value === undefined)
    return [{ at: tree.offsetOf(path.slice(0, -1), 'key'), what: `${text} is missing: ${message}`, hint: hintAt(path) }]
  const found = message.startsWith('expected ') ? `, found ${foundIn(value, { another: isOfItsType(code, value) })}` : ''
  return [{ at: tree.offsetOf(path, 'value'), what: `${named}${message}${found}${meant(value, path)}`, hint: hintAt(path) }]
}

/** The right sort of value, but not a fit one. */
const isOfItsType = (code: Leaf['code'], value: unknown): boolean =>
  code === 'invalid_value' ? typeof value === 'string' : code !== 'invalid_type' && code !== 'invalid_union'

/** A key that is like no other may be a value in the wrong place: only one that is nearly known is shown. */
function unknownKey(key: string, path: Path, tree: Tree): Trouble {
  const known = Object.keys(keysAt(path) ?? {})
  const near = nearest(key, known)
  const above = pathText(path)
  const isShown = near !== null && /^[A-Za-z0-9_.-]+$/.test(key) && key.length <= near.length + SLIPS_MAX
  const what = isShown
    ? `${above === '' ? '' : `${above}.`}${key} is not known; did you mean "${near}"?`
    : `${above === '' ? 'the file' : above} has a key that is not known here${near === null ? '' : `; did you mean "${near}"?`}`
  return { at: tree.offsetOf([...path, key], 'key'), what, hint: keysHint(path) }
}

/** Letters that a mistyped key may be longer than the right one. */
const SLIPS_MAX = 2

/** What was found, by its type: a text may be a secret. Those that others take for true and false are none. */
function foundIn(value: unknown, { another }: { readonly another: boolean }): string {
  const article = another ? 'another' : 'a'
  if (value === null) return 'nothing'
  if (value === '') return 'an empty text'
  if (typeof value === 'string') return /^(yes|no|on|off|y|n|true|false)$/i.test(value) ? `the text "${value}"` : `${article} text`
  if (typeof value === 'number') return `${article} number`
  if (typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return Object.keys(Object(value)).length === 0 ? 'an empty mapping' : 'a mapping'
}

/** The word of a closed list that was probably meant. Never a part of what was found. */
function meant(value: unknown, path: Path): string {
  const choices = isReader(path) ? READERS : (infoAt(path)?.choices ?? [])
  const near = typeof value === 'string' ? nearest(value, choices) : null
  return near === null ? '' : `; did you mean "${near}"?`
}

const isReader = (path: Path): boolean => path.length === 4 && path[2] === 'readers'

/** How it is written. */
function hintAt(path: Path): string {
  if (isReader(path)) return `the readers are ${READERS.join(', ')}`
  const [key, above] = [path.at(-1), path.at(-2)]
  const info = infoAt(path) ?? infoAt(path.slice(0, -1))
  if (path.length === 2 && (above === 'deploys' || above === 'resources'))
    return `for example ${above}: { ${NAMED[above]}: ${ENTRIES[above].example} }`
  const name = infoAt(path) === null ? above : key
  return info === null ? 'for example deploys: { production: { config: .env.production } }' : `for example ${name}: ${info.example}`
}

const NAMED = { deploys: 'production', resources: 'DATABASE_URL' } as const

const keyOf = (path: Path): string => JSON.stringify(path)

/** Undefined: nothing stands there. */
function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = Reflect.get(value, part)
  }
  return value
}
