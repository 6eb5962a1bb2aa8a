import { CHECKS, isCheck } from '../deploys/checks.ts'
import { DURATION_MS_MAX, millisecondsIn } from '../domain/duration.ts'
import { AttachError } from '../domain/errors.ts'
import { nearest } from '../domain/nearest.ts'
import type { Release } from '../domain/operation.ts'
import type { Secret } from '../domain/secret.ts'
import { argument, isPlain, type Line, shown, usage, type Word } from './line.ts'
import { type Flag, type OptionInfo, optionNamed, type Valued } from './options.ts'

const DEPLOY_NAME = /^[A-Za-z0-9._-]+$/

export const flag = ({ options }: Line, name: Flag): boolean => options.has(name)

/** The value of an option that is given once, still wrapped. */
export const secret = ({ options }: Line, name: Valued): Secret | null => options.get(name)?.[0] ?? null

export const text = (line: Line, name: Valued): string | null => secret(line, name)?.reveal() ?? null

/** The values of an option that may be given more than once, commas and all. */
export const texts = ({ options }: Line, name: Valued): readonly string[] => (options.get(name) ?? []).map((value) => value.reveal())

/** The items of an option that is repeated or given as a list. An empty item is USAGE. */
export const list = ({ options }: Line, name: Valued): readonly string[] =>
  (options.get(name) ?? []).flatMap((value) => itemsIn(value, name))

/** The items of one value that is a list with commas. An empty item is USAGE. */
export function itemsIn(value: Secret, name: Valued): readonly string[] {
  const items = value.reveal().split(',')
  if (items.includes('')) throw usage(`--${name} has an empty item in its list`, sample(name))
  return items
}

export function oneOf<T extends string>(line: Line, name: Valued, choices: readonly T[]): T | null {
  const value = text(line, name)
  return value === null ? null : choice(name, value, choices)
}

/** Ids of checks. */
export const checkIds = (line: Line, name: Valued): readonly string[] => [...new Set(list(line, name).map((id) => checkId(name, id)))]

function checkId(name: Valued, id: string): string {
  if (isCheck(id)) return id
  const near = nearest(
    id,
    CHECKS.map((check) => check.id),
  )
  throw usage(
    `--${name} names no check that there is${near === null ? '' : `; did you mean ${near}?`}`,
    `--${name}=${near ?? 'pg.recovery'}`,
  )
}

/** Milliseconds: `500ms`, `30s`, `2m`, a bare number is seconds; a day at most. */
export function duration(line: Line, name: Valued, { least }: { readonly least: 0 | 1 }): number | null {
  const value = text(line, name)
  if (value === null) return null
  const ms = millisecondsIn(value)
  if (ms === null) throw usage(`--${name} takes a time: 500ms, 30s, 2m, or a number of seconds`, `--${name}=30s`)
  if (ms < least) throw usage(`--${name} takes a time over 0`, `--${name}=30s`)
  if (ms > DURATION_MS_MAX) throw usage(`--${name} takes a time of at most 1440m, a day`, `--${name}=30s`)
  return ms
}

/** A whole number from 1 to `most`. */
export function count(line: Line, name: Valued, { most }: { readonly most: number }): number | null {
  const value = text(line, name)
  if (value === null) return null
  const number = /^[1-9]\d{0,8}$/.test(value) ? Number(value) : 0
  if (number < 1 || number > most) throw usage(`--${name} takes a number from 1 to ${most}`, sample(name))
  return number
}

/** The name of a deploy, which becomes a part of a file's name. */
export function deployName(line: Line): string | null {
  const name = text(line, 'deploy')
  if (name !== null && !DEPLOY_NAME.test(name)) {
    throw usage('--deploy takes a name of letters, digits, ".", "_" and "-"; a path goes with --config', 'attach --config=ADDRESS')
  }
  return name
}

/** The name of a kind. Which kinds there are is for their registry to say. */
export function kindName(line: Line): string | null {
  const name = text(line, 'kind')
  if (name !== null && !isPlain(name)) throw usage('--kind takes the name of a kind, such as postgres or opaque', '--kind=postgres')
  return name
}

/** `v12`; the number alone is not a release. */
export function releaseIn(word: Word): Release {
  const [, digits] = /^v(0|[1-9]\d{0,14})$/.exec(word.text) ?? []
  if (digits === undefined) throw usage(`${shown(word)} is not a release: expected one as the log numbers them, such as v12`, 'attach log')
  return Number(digits)
}

/** `askers`: what takes its value from stdin, as messages show it. Two of them is USAGE. */
export function onceFromStdin(askers: readonly string[], hint: string): void {
  if (askers.length > 1) throw usage(`stdin can be read once, and ${askers.join(' and ')} ask for it`, hint)
}

/** A key in a message: a name from the command line that is fit to print, else its place. */
export const shownKey = (name: string, at: number): string => (isPlain(name) ? name : argument(at))

function choice<T extends string>(name: Valued, value: string, choices: readonly T[]): T {
  const found = choices.find((one) => one === value)
  if (found === undefined) throw usage(`--${name} takes ${alternatives(choices)}`, `--${name}=${choices[0]}`)
  return found
}

const alternatives = (choices: readonly string[]): string =>
  choices.length === 1 ? `${choices[0]} only` : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`

function sample(name: Valued): string {
  const option: OptionInfo | null = optionNamed(name)
  if (option === null) throw new AttachError('BUG', `BUG: no row for the option ${name}`)
  return `--${name}=${option.value}`
}
