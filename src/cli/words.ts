import type { Key } from '../domain/change.ts'
import { nearest } from '../domain/nearest.ts'
import { Secret } from '../domain/secret.ts'
import { schemeOf } from '../kinds/registry.ts'
import type { Pair, Source, Target } from './command.ts'
import { argument, isPlain, type Line, shown, usage, type Word } from './line.ts'
import { fromOptions, isVariable, namedKey, type Placed } from './value-options.ts'
import { flag, onceFromStdin, shownKey, text } from './values.ts'
import type { VerbName } from './verbs.ts'

const UPPER_CASE = /^[A-Z_][A-Z0-9_]*$/

/** What the grammar must know of the world. */
export interface Context {
  readonly binary: 'attach' | 'detach'
  /** The keys of the config. Called only when a word cannot be understood without them. */
  readonly keys: () => ReadonlySet<string>
  /** The key that usually holds such a handle: `DATABASE_URL`. `null`: none is usual. */
  readonly usualKey: (handle: Secret) => string | null
}

/** What a word looks like. `pair`: `=` stands before any `://`, and its name is still to be looked at. `sqlite:x.db` is a handle too. */
export type Shape =
  | { readonly is: 'pair'; readonly name: string; readonly value: Secret }
  | { readonly is: 'handle'; readonly value: Secret }
  /** A lone `-`. */
  | { readonly is: 'stdin' }
  | { readonly is: 'bare' }

export function shapeOf({ text: word }: Word): Shape {
  if (word === '-') return { is: 'stdin' }
  const equals = word.indexOf('=')
  if (schemeOf(word) !== null) return { is: 'handle', value: new Secret(word) }
  const scheme = word.indexOf('://')
  if (equals >= 0 && (scheme < 0 || equals < scheme)) {
    return { is: 'pair', name: word.slice(0, equals), value: new Secret(word.slice(equals + 1)) }
  }
  return scheme < 0 ? { is: 'bare' } : { is: 'handle', value: new Secret(word) }
}

/** Whether a bare word is a key even where it might be anything: upper case, or a key of the config. */
export const isKey = (word: string, context: Context): boolean => UPPER_CASE.test(word) || context.keys().has(word)

/** The verbs that take pairs. */
export type Giving = 'attach' | 'swap' | 'compare'

/** The pairs of a command, from words and `--from-…`, in the order of the line. No key twice, one from stdin at most. Throws USAGE. */
export function pairsIn(verb: Giving, words: readonly Word[], line: Line, context: Context): readonly Pair[] {
  const placed: Placed[] = []
  const pairAt = (word: Word): Pair => {
    const shape = shapeOf(word)
    switch (shape.is) {
      case 'pair':
        return { key: keyOf(shape.name, word.at, context), source: sourceOf(shape.value, shownKey(shape.name, word.at), line) }
      case 'handle':
      case 'stdin':
        throw withoutKey(verb, word, placed.at(-1)?.pair, context)
      case 'bare':
        if (isKey(word.text, context)) return { key: key(word.text), source: prompt(word, line) }
        throw notAKey(verb, word, placed.at(-1)?.pair, context)
    }
  }
  for (const word of words) placed.push({ at: word.at, pair: pairAt(word) })
  placed.push(...fromOptions(line, context))
  const pairs = placed.sort((a, b) => a.at - b.at).map(({ pair }) => pair)
  onceByWordOrOption(placed, verb)
  oncePerKey(pairs.map((pair) => pair.key))
  onceFromStdin(
    pairs.filter((pair) => pair.source.from === 'stdin').map((pair) => namedKey(pair.key)),
    `${start(verb)} KEY=- < FILE`,
  )
  return pairs
}

/** The keys of `detach`, and those beside the parts of `swap`. Any variable's name will do: what is absent is said later. Throws USAGE. */
export function keysIn(verb: VerbName, words: readonly Word[], context: Context): readonly Key[] {
  const keys = words.map((word) => {
    const shape = shapeOf(word)
    if (shape.is === 'pair') throw usage(`${verb} takes a key and no value, found ${found(word)}`, `attach help ${verb}`)
    if (shape.is !== 'bare') throw usage(`${verb} takes keys, found ${found(word)}`, 'attach status')
    return keyOf(word.text, word.at, context)
  })
  oncePerKey(keys)
  return keys
}

/** What is to be asked: keys, handles, `-` for a handle on stdin. Throws USAGE. */
export function targetsIn(verb: 'probe' | 'wait' | 'compare', words: readonly Word[], context: Context): readonly Target[] {
  const targets = words.map((word) => targetIn(verb, word, context))
  oncePerKey(targets.flatMap((target) => (target.by === 'key' ? [target.key] : [])))
  onceFromStdin(
    targets.flatMap((target) => (target.by === 'handle' && target.source.from === 'stdin' ? ['"-"'] : [])),
    verb === 'compare' ? 'attach compare KEY - < FILE' : `attach ${verb} - < FILE`,
  )
  return targets
}

/** `; did you mean "DATABASE_URL"?`, or nothing. */
export function meant(word: string, context: Context): string {
  const near = nearest(word, [...context.keys()].filter(isPlain))
  return near === null ? '' : `; did you mean "${near}"?`
}

/** A word that was not expected, as messages show it. */
export function found(word: Word): string {
  const shape = shapeOf(word)
  switch (shape.is) {
    case 'pair':
      return `${shownKey(shape.name, word.at)}=…`
    case 'handle':
      return '<handle>'
    case 'stdin':
      return '"-"'
    case 'bare':
      return shown(word)
  }
}

/** The brand is given here, after the name was looked at. */
const key = (name: string): Key => name as Key

function targetIn(verb: 'probe' | 'wait' | 'compare', word: Word, context: Context): Target {
  const shape = shapeOf(word)
  switch (shape.is) {
    case 'pair':
      throw usage(`${verb} takes keys and handles, found ${found(word)}`, 'attach probe - < FILE')
    case 'handle':
      return { by: 'handle', source: { from: 'argv', value: shape.value } }
    case 'stdin':
      return { by: 'handle', source: { from: 'stdin' } }
    case 'bare':
      if (isKey(word.text, context)) return { by: 'key', key: key(word.text) }
      throw usage(`${shown(word)} is neither a key here nor a handle${meant(word.text, context)}`, 'attach status')
  }
}

function keyOf(name: string, at: number, context: Context): Key {
  if (isVariable(name, context)) return key(name)
  const what = shown({ text: name, at })
  throw usage(`${what} is not a variable name: expected letters, digits and "_"${meant(name, context)}`, 'attach status')
}

function sourceOf(value: Secret, name: string, line: Line): Source {
  const said = value.reveal()
  if (said === '-') return { from: 'stdin' }
  if (said === '' && text(line, 'kind') !== 'opaque') {
    throw usage(`${name} is given an empty value: expected a handle`, '--kind=opaque takes an empty value')
  }
  return { from: 'argv', value }
}

function prompt(word: Word, line: Line): Source {
  if (!flag(line, 'no-input')) return { from: 'prompt' }
  throw usage(`${shownKey(word.text, word.at)} has no value, and --no-input forbids to ask for it`, 'attach KEY=- < FILE')
}

const start = (verb: Giving): string => (verb === 'attach' ? 'attach' : `attach ${verb}`)

/** A handle alone, or after the key it was meant for. */
function withoutKey(verb: Giving, word: Word, before: Pair | undefined, context: Context): Error {
  const shape = shapeOf(word)
  const what = shape.is === 'handle' ? '<handle>' : argument(word.at)
  if (before?.source.from === 'prompt') return apart(verb, what, before.key)
  const usual = shape.is === 'handle' ? context.usualKey(shape.value) : null
  return usage(`${what} stands alone: for which key?`, `${start(verb)} ${usual ?? 'KEY'}=${shape.is === 'stdin' ? '-' : '…'}`)
}

/** A bare word that is no key. After a key or a pair it may be a value, or the rest of one. */
function notAKey(verb: Giving, word: Word, before: Pair | undefined, context: Context): Error {
  if (before?.source.from === 'prompt') return apart(verb, argument(word.at), before.key)
  if (before !== undefined)
    return usage(`${argument(word.at)} is no pair and no key: a value with spaces stands in quotes`, `attach help ${verb}`)
  return usage(`${shown(word)} is neither KEY=HANDLE nor a key here${meant(word.text, context)}`, `attach help ${verb}`)
}

const apart = (verb: Giving, what: string, before: Key): Error =>
  usage(`${what} stands apart from its key: a key and its handle are one word`, `${start(verb)} ${isPlain(before) ? before : 'KEY'}=…`)

/** `KEY --from-file KEY=PATH`: the option is enough. */
function onceByWordOrOption(placed: readonly Placed[], verb: Giving): void {
  const words = placed.filter(({ option }) => option === undefined).map(({ pair }) => pair.key)
  const twice = placed.find(({ option, pair }) => option !== undefined && words.includes(pair.key))
  if (twice === undefined) return
  const { option, pair } = twice
  throw usage(`${namedKey(pair.key)} is given twice: --${option} names the key already`, `${start(verb)} --${option}=KEY=…`)
}

function oncePerKey(keys: readonly Key[]): void {
  const twice = keys.find((one, place) => keys.indexOf(one) !== place)
  if (twice !== undefined) throw usage(`${namedKey(twice)} is given twice`, 'attach help')
}
