import type { SwapTo, ToCompare } from './command.ts'
import { type Line, usage, type Word } from './line.ts'
import type { OptionName, Valued } from './options.ts'
import { partsIn } from './settings.ts'
import { text } from './values.ts'
import { type VerbName, verbInfo } from './verbs.ts'
import { type Context, found, keysIn, pairsIn, shapeOf, targetsIn } from './words.ts'

const PARTS = ['host', 'port', 'name', 'user', 'password'] as const satisfies readonly Valued[]
const SOURCES = ['from-env', 'from-key', 'from-file', 'from-command'] as const satisfies readonly Valued[]
/** What means nothing where one resource is only asked. */
const OF_TWO = ['expect', 'allow', 'strict', 'baseline', 'raw'] as const satisfies readonly OptionName[]

/** What is to take the place of what stands under a key. Throws USAGE. */
export function swapTo(verb: 'swap' | 'compare', words: readonly Word[], line: Line, context: Context): SwapTo {
  const first = PARTS.find((part) => line.options.has(part))
  if (first === undefined) return { by: 'pairs', pairs: some(pairsIn(verb, words, line, context), verb) }
  const other = SOURCES.find((option) => line.options.has(option))
  const help = `attach help ${verb}`
  if (other !== undefined) throw usage(`--${first} keeps the rest of the present handle, and --${other} replaces it`, help)
  const pair = words.find((word) => shapeOf(word).is === 'pair')
  if (pair !== undefined) throw usage(`--${first} keeps the rest of the present handle, and ${found(pair)} replaces it`, help)
  const [key, ...more] = keysIn(verb, words, context)
  if (key === undefined || more.length > 0)
    throw usage(`--${first} is a part of one handle: expected one key`, `attach ${verb} KEY --${first}=…`)
  return { by: 'parts', key, parts: partsIn(line) }
}

/**
 * What `compare` is to compare. Two words of which neither is a pair are OLD and NEW, whatever they are; a key alone with --save is asked and
 * compared with nothing; all else is as with `swap`. Throws USAGE.
 */
export function comparedIn(words: readonly Word[], line: Line, context: Context): ToCompare {
  const what = comparedBy(words, line, context)
  if (text(line, 'save') === null) return what
  if (line.options.has('baseline'))
    throw usage('--save keeps what the old resource tells, and --baseline speaks in its place', 'attach help compare')
  if (what.by === 'two' && what.old.by !== 'key') throw usage('--save needs the key of what it keeps', 'attach compare KEY --save=FILE')
  if (what.by === 'swap' && what.to.by === 'pairs' && what.to.pairs.length > 1)
    throw usage('--save keeps one resource: expected one key', 'attach compare KEY --save=FILE')
  const idle = what.by === 'alone' ? OF_TWO.find((option) => line.options.has(option)) : undefined
  if (idle !== undefined)
    throw usage(`--${idle} is for a comparison, and a key alone with --save is compared with nothing`, 'attach help compare')
  return what
}

function comparedBy(words: readonly Word[], line: Line, context: Context): ToCompare {
  const isGiven = [...PARTS, ...SOURCES].some((option) => line.options.has(option))
  const hasPair = words.some((word) => shapeOf(word).is === 'pair')
  if (!isGiven && !hasPair && words.length === 2) {
    const [old, next] = targetsIn('compare', words, context)
    if (old !== undefined && next !== undefined) return { by: 'two', old, next }
  }
  const [word] = words
  if (!isGiven && words.length === 1 && word !== undefined && shapeOf(word).is === 'bare' && line.options.has('save')) {
    const [key] = keysIn('compare', words, context)
    if (key !== undefined) return { by: 'alone', key }
  }
  return { by: 'swap', to: swapTo('compare', words, line, context) }
}

/** Throws USAGE on none. */
export function some<T>(items: readonly T[], verb: VerbName): readonly T[] {
  if (items.length === 0) throw usage(`${verb} needs ${verbInfo(verb).takes}`, `attach help ${verb}`)
  return items
}
