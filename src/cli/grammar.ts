import type { Key } from '../domain/change.ts'
import { never } from '../domain/errors.ts'
import { nearest } from '../domain/nearest.ts'
import type { Release } from '../domain/operation.ts'
import { EXPECTATIONS } from '../domain/probe.ts'
import type { Command } from './command.ts'
import { DEFAULTS } from './defaults.ts'
import { type Line, shown, twice, usage, type Word } from './line.ts'
import { type OptionName, optionNamed, optionsOf } from './options.ts'
import { comparedIn, some, swapTo } from './replacing.ts'
import { judging, located, probing, releasing, speaking, writing } from './settings.ts'
import { soughtIn } from './sought.ts'
import { candidatesIn, keptOldIn } from './value-options.ts'
import { count, duration, flag, kindName, oneOf, releaseIn, text, texts } from './values.ts'
import { type VerbName, verbNamed, verbNames, verbOfPeer } from './verbs.ts'
import { type Context, found, isKey, keysIn, meant, pairsIn, shapeOf, targetsIn } from './words.ts'

export type { Command } from './command.ts'
export { asksJson, type Line, setAside } from './line.ts'
export type { Context } from './words.ts'

/** What may stand beside `attach` alone: everything else needs something to attach. */
const ALONE: ReadonlySet<OptionName> = new Set([
  'config',
  'deploy',
  'directory',
  'timeout',
  'no-input',
  'json',
  'quiet',
  'verbose',
  'no-color',
])

/**
 * What a command line means. Decides all that needs no look at the world; calls `keys` once at most, and only for a
 * word that cannot be understood without it. Throws USAGE, whose text holds no value from the line.
 */
export function understand(line: Line, world: Context): Command {
  const context = { ...world, keys: once(world.keys) }
  if (flag(line, 'help')) return { verb: 'help', ...speaking(line), topic: topicAskedFor(line, context) }
  if (flag(line, 'version')) return { verb: 'version', ...speaking(line) }
  const { verb, words, said } = verbOf(line, context)
  if (line.after !== null && verb !== 'exec' && verb !== 'wait') throw usage(`${verb} takes no command after "--"`, `attach help ${verb}`)
  for (const option of line.options.keys()) ifTaken(option, verb)
  ifOnce(line, verb)
  const alone = !said && words.length === 0 && [...line.options.keys()].every((option) => ALONE.has(option))
  return alone ? { verb: 'alone', ...located(line) } : commandOf(verb, words, line, context)
}

function once<T>(read: () => T): () => T {
  let first: { readonly answer: T } | null = null
  return () => {
    first ??= { answer: read() }
    return first.answer
  }
}

interface Meant {
  readonly verb: VerbName
  /** The words without that of the verb. */
  readonly words: readonly Word[]
  /** The verb was named, by a word or by the binary. */
  readonly said: boolean
}

/** The first bare word names the verb, wherever it stands, or is a key of `attach`. */
function verbOf({ words }: Line, context: Context): Meant {
  if (context.binary === 'detach') return { verb: 'detach', words, said: true }
  const first = words.find((word) => shapeOf(word).is === 'bare')
  if (first === undefined) return { verb: 'attach', words, said: false }
  const verb = verbNamed(first.text)
  if (verb !== null) return { verb: verb.name, words: words.filter((word) => word !== first), said: true }
  // What stands after a pair or a handle may be the rest of an unquoted value: `pairsIn` refuses it by its place.
  if (first === words[0] && !isKey(first.text, context)) throw unknownCommand(first, () => meant(first.text, context))
  return { verb: 'attach', words, said: false }
}

function unknownCommand(word: Word, otherwise: () => string): Error {
  const verb = verbOfPeer(word.text) ?? nearest(word.text, verbNames())
  const near = verb === null ? otherwise() : `; did you mean "${verb}"?`
  return usage(`unknown command ${shown(word)}${near}`, verb === null ? 'attach help' : `attach help ${verb}`)
}

/** `--help` answers also where the rest makes no sense. */
function topicAskedFor({ words }: Line, { binary }: Context): VerbName | null {
  if (binary === 'detach') return 'detach'
  const first = words.find((word) => shapeOf(word).is === 'bare')
  const topic = first === undefined ? null : verbNamed(first.text)
  return topic?.name ?? null
}

function ifTaken(option: OptionName, verb: VerbName): void {
  const verbs = optionNamed(option)?.verbs ?? []
  if (verbs === 'all' || verbs.includes(verb)) return
  throw usage(`${verb} does not take --${option}; ${verbs.join(', ')} ${verbs.length === 1 ? 'does' : 'do'}`, `attach help ${verb}`)
}

/** Of what one verb takes more than once, the others take one. */
function ifOnce({ options }: Line, verb: VerbName): void {
  const repeated = [...options].filter(([, values]) => values.length > 1).map(([name]) => name)
  const stray = optionsOf(verb).find(({ name, repeat }) => repeat === undefined && repeated.includes(name))
  if (stray !== undefined) throw twice(stray.name)
}

function commandOf(verb: VerbName, words: readonly Word[], line: Line, context: Context): Command {
  switch (verb) {
    case 'attach': {
      const pairs = some(pairsIn(verb, words, line, context), verb)
      return {
        verb,
        ...releasing(line),
        ...probing(line),
        pairs,
        kind: kindName(line),
        raw: flag(line, 'raw'),
        keepOld: keptOldIn(
          pairs.map(({ key }) => key),
          line,
          context,
        ),
        create: flag(line, 'create'),
      }
    }
    case 'swap': {
      const to = swapTo(verb, words, line, context)
      const keys = to.by === 'parts' ? [to.key] : to.pairs.map(({ key }) => key)
      return {
        verb,
        ...releasing(line),
        ...probing(line),
        to,
        kind: kindName(line),
        raw: flag(line, 'raw'),
        keepOld: keptOldIn(keys, line, context),
      }
    }
    case 'failover': {
      const key = oneKey(verb, words, context)
      const keepOld = keptOldIn([key], line, context)
      return {
        verb,
        ...releasing(line),
        ...probing(line),
        key,
        candidates: candidatesIn(line, context),
        kind: kindName(line),
        keepOld,
      }
    }
    case 'detach':
      return { verb, ...releasing(line), keys: some(keysIn(verb, words, context), verb) }
    case 'rollback':
      return { verb, ...releasing(line), ...probing(line), to: releaseOf(verb, words) }
    case 'undo': {
      const release = releaseOf(verb, words)
      if (release === 0) throw usage('v0 is what stood before the first release: there is nothing to undo in it', 'attach log')
      return { verb, ...releasing(line), ...probing(line), release }
    }
    case 'status':
      none(words, verb)
      return { verb, ...located(line), probe: flag(line, 'probe'), reveal: flag(line, 'reveal') }
    case 'probe':
      return {
        verb,
        ...located(line),
        targets: targetsIn(verb, words, context),
        kind: kindName(line),
        expect: oneOf(line, 'expect', EXPECTATIONS),
        write: flag(line, 'write-probe'),
      }
    case 'wait':
      return {
        verb,
        ...located(line),
        targets: targetsIn(verb, words, context),
        kind: kindName(line),
        expect: oneOf(line, 'expect', EXPECTATIONS),
        invert: flag(line, 'invert'),
        intervalMs: duration(line, 'interval', { least: 1 }),
        backoff: oneOf(line, 'backoff', ['exponential', 'none']),
        concurrency: count(line, 'concurrency', { most: 1_000 }),
        ...commandToRun(line),
      }
    case 'compare':
      return {
        verb,
        ...located(line),
        ...judging(line),
        what: comparedIn(words, line, context),
        kind: kindName(line),
        raw: flag(line, 'raw'),
        save: text(line, 'save'),
      }
    case 'log':
      none(words, verb)
      return { verb, ...located(line), limit: count(line, 'limit', { most: 100_000 }) ?? DEFAULTS.logLimit, reveal: flag(line, 'reveal') }
    case 'recover':
      none(words, verb)
      return { verb, ...writing(line), keep: flag(line, 'keep') }
    case 'exec':
      return { verb, ...located(line), ...commandAfter(words, line) }
    case 'where':
      return { verb, ...speaking(line), sought: soughtIn(words), directory: text(line, 'directory'), patterns: texts(line, 'config') }
    case 'init':
      none(words, verb)
      return { verb, ...speaking(line), directory: text(line, 'directory'), dryRun: flag(line, 'dry-run'), yes: flag(line, 'yes') }
    case 'help':
      return { verb, ...speaking(line), topic: topicOf(words) }
    case 'version':
      none(words, verb)
      return { verb, ...speaking(line) }
    default:
      return never(verb)
  }
}

function oneKey(verb: 'failover', words: readonly Word[], context: Context): Key {
  const [key, ...more] = keysIn(verb, words, context)
  if (key === undefined || more.length > 0) throw usage(`${verb} takes one key, and its candidates by --to`, `attach ${verb} KEY --to=-`)
  return key
}

function releaseOf(verb: 'rollback' | 'undo', words: readonly Word[]): Release | null {
  const [first, second] = words
  if (first === undefined) return null
  if (second !== undefined) throw usage(`${verb} takes one release, found ${found(second)} too`, 'attach log')
  if (shapeOf(first).is !== 'bare') throw usage(`${verb} takes one release, such as v12, found ${found(first)}`, 'attach log')
  return releaseIn(first)
}

function topicOf(words: readonly Word[]): VerbName | null {
  const [first, second] = words
  if (first === undefined) return null
  if (second !== undefined || shapeOf(first).is !== 'bare')
    throw usage(`help takes one command, found ${found(second ?? first)}`, 'attach help')
  const topic = verbNamed(first.text)
  if (topic === null) throw unknownCommand(first, () => '')
  return topic.name
}

/** What `exec` is to run. All of it stands after `--`: an option of the command is never taken for one of ours. */
function commandAfter([first]: readonly Word[], { after }: Line): { readonly program: string; readonly args: readonly string[] } {
  if (first !== undefined) throw usage(`exec takes its command after "--", found ${found(first)} before it`, 'attach exec -- CMD')
  const [program = '', ...args] = after ?? []
  if (program === '') throw usage('exec needs a command after "--"', 'attach exec -- CMD')
  return { program, args }
}

/** What `wait` is to run afterwards. */
function commandToRun({ after }: Line): { readonly program: string | null; readonly args: readonly string[] } {
  if (after === null) return { program: null, args: [] }
  const [program = '', ...args] = after
  if (program === '') throw usage('wait found no command after "--"', 'attach wait -- CMD')
  return { program, args }
}

function none(words: readonly Word[], verb: VerbName): void {
  const [first] = words
  if (first !== undefined) throw usage(`${verb} takes no arguments, found ${found(first)}`, `attach help ${verb}`)
}
