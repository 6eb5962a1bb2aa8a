import { AttachError } from '../domain/errors.ts'
import { nearest } from '../domain/nearest.ts'
import { Secret } from '../domain/secret.ts'
import { mayRepeat, OPTIONS, type OptionInfo, type OptionName, optionLettered, optionNamed } from './options.ts'

/** A command line with its options set aside. */
export interface Line {
  /** The values each option was given, in order; none for a flag. */
  readonly options: ReadonlyMap<OptionName, readonly Secret[]>
  /** Every value that an option was given, in order over all of them. */
  readonly given: readonly Given[]
  readonly words: readonly Word[]
  /** What stands after `--`; `null` without one. */
  readonly after: readonly string[] | null
}

/** One value of one option, and the place of its option in argv, from 1. */
export interface Given {
  readonly option: OptionName
  readonly value: Secret
  readonly at: number
}

/** A word that is no option. It may be a secret: messages show it by `shown` only. */
export interface Word {
  readonly text: string
  /** Its place in argv, from 1. */
  readonly at: number
}

const PLAIN = /^[A-Za-z0-9_.-]{1,64}$/

/** A name fit to print. */
export const isPlain = (text: string): boolean => PLAIN.test(text)

/** A word as messages show it: in quotes when it is plain, else by its place. */
export const shown = ({ text, at }: Word): string => (isPlain(text) ? `"${text}"` : argument(at))

/** A word by its place only: it may be the rest of a value. */
export const argument = (at: number): string => `<argument ${at}>`

export const usage = (message: string, hint: string): AttachError => new AttachError('USAGE', message, { hint })

/**
 * Sets the options and their values aside: `--name VALUE`, `--name=VALUE`, `-n VALUE`, `-nVALUE`, `-n=VALUE`, flags also as one cluster
 * (`-qy`). Which verb takes which is not looked at here. Throws USAGE.
 */
export function setAside(argv: readonly string[]): Line {
  const options = new Map<OptionName, Secret[]>()
  const all: Given[] = []
  const words: Word[] = []
  for (let index = 0; index < argv.length; index++) {
    const text = argv[index] ?? ''
    if (text === '--') return { options, given: all, words, after: argv.slice(index + 1) }
    if (!isOption(text)) {
      words.push({ text, at: index + 1 })
      continue
    }
    const next = argv[index + 1]
    const at = index + 1
    for (const { option, glued } of named({ text, at })) {
      const value = option.value === undefined ? null : (glued ?? valueIn(next, option))
      if (value !== null && glued === null) index++
      add(options, option, value)
      if (value !== null) all.push({ option: option.name, value: new Secret(value), at })
    }
  }
  return { options, given: all, words, after: null }
}

/** Whether a command line asks for JSON, also one that is not understood. */
export function asksJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json')
}

const isOption = (text: string): boolean => text.startsWith('-') && text !== '-'

interface Named {
  readonly option: OptionInfo
  /** The value in the same word; `null`: none is there. */
  readonly glued: string | null
}

const named = (word: Word): readonly Named[] => (word.text.startsWith('--') ? [long(word)] : cluster(word))

function long(word: Word): Named {
  const [name, glued] = atEquals(word.text.slice(2))
  const option = optionNamed(name)
  if (option === null) throw unknownOption(name, word)
  if (option.value === undefined && glued !== null) throw usage(`--${option.name} takes no value`, `--${option.name}`)
  return { option, glued }
}

/** `-qy`, `-m text`, `-mtext`, `-qm=text`. `-dry-run` would be the deploy `ry-run`, so a long name with one dash is refused. */
function cluster(word: Word): readonly Named[] {
  const [name] = atEquals(word.text.slice(1))
  if (name.length > 1 && optionNamed(name) !== null) throw usage(`unknown option "-${name}"; did you mean "--${name}"?`, 'attach help')
  const all: Named[] = []
  const letters = [...word.text.slice(1)]
  for (const [place, letter] of letters.entries()) {
    const option = optionLettered(letter)
    if (option === null) throw unknownLetter(letter, word)
    if (option.value !== undefined) {
      const rest = letters.slice(place + 1).join('')
      return [...all, { option, glued: rest === '' ? null : rest.replace(/^=/, '') }]
    }
    if (letters[place + 1] === '=') throw usage(`-${letter} takes no value`, `--${option.name}`)
    all.push({ option, glued: null })
  }
  return all
}

/** A value in the next word. One that begins with a dash stands glued only, or a forgotten value would swallow an option. */
function valueIn(next: string | undefined, option: OptionInfo): string {
  if (next === undefined || isOption(next)) throw needsValue(option)
  return next
}

function add(options: Map<OptionName, Secret[]>, option: OptionInfo, value: string | null): void {
  const before = options.get(option.name) ?? []
  if (value === null) {
    options.set(option.name, before)
    return
  }
  if (value === '') throw needsValue(option)
  if (before.length > 0 && !mayRepeat(option)) throw twice(option.name)
  options.set(option.name, [...before, new Secret(value)])
}

/** An option that is given more than once, and counts once. */
export const twice = (name: OptionName): AttachError => usage(`--${name} is given twice`, `give --${name} once`)

const needsValue = ({ name, value }: OptionInfo): AttachError => usage(`--${name} needs a value`, `--${name}=${value}`)

/** What is like no option may hold the value of one: a forgotten `=`, two words run together. Only its place is shown. */
function unknownOption(name: string, { at }: Word): AttachError {
  const names = OPTIONS.map((option) => option.name)
  const near = nearest(name, names)
  if (near !== null && isPlain(name) && name.length <= near.length + SLIPS_MAX) {
    return usage(`unknown option "--${name}"; did you mean "--${near}"?`, 'attach help')
  }
  const beginning = names.filter((known) => name.startsWith(known)).sort((a, b) => b.length - a.length)[0]
  const what = `unknown option ${argument(at)}`
  return usage(
    beginning === undefined ? what : `${what}, which begins with "--${beginning}"`,
    beginning === undefined ? 'attach help' : `--${beginning}=…`,
  )
}

/** Letters that a mistyped name may be longer than the right one. */
const SLIPS_MAX = 2

const unknownLetter = (letter: string, { at }: Word): AttachError =>
  usage(`unknown option ${/^[A-Za-z0-9]$/.test(letter) ? `"-${letter}"` : argument(at)}`, 'attach help')

function atEquals(text: string): readonly [name: string, value: string | null] {
  const place = text.indexOf('=')
  return place < 0 ? [text, null] : [text.slice(0, place), text.slice(place + 1)]
}
