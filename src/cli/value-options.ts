import type { Key } from '../domain/change.ts'
import { Secret } from '../domain/secret.ts'
import { schemeOf } from '../kinds/registry.ts'
import type { CandidateSource, KeptOld, Pair, Source } from './command.ts'
import { type Given, type Line, usage } from './line.ts'
import type { OptionName } from './options.ts'
import { flag, itemsIn, onceFromStdin, text } from './values.ts'
import type { Context } from './words.ts'

const ENVIRONMENT_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Standard input by other names: whatever it is, it can be read once. */
const STDIN: readonly string[] = ['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0']

/** A pair and its place in argv. */
export interface Placed {
  readonly at: number
  readonly pair: Pair
  /** The option that names it. Absent: it stands there as a word. */
  readonly option?: OptionName
}

/** A name that a new variable may have, or one that stands in the config already. */
export const isVariable = (name: string, context: Context): boolean => ENVIRONMENT_NAME.test(name) || context.keys().has(name)

/** A key in a message. What is not in upper case may be a value put in its place: it is not shown. */
export const namedKey = (name: string): string => (/^[A-Z_][A-Z0-9_]{0,63}$/.test(name) ? name : 'a key')

/** The pairs of `--from-env`, `--from-key`, `--from-file` and `--from-command`. Throws USAGE. */
export const fromOptions = ({ given }: Line, context: Context): readonly Placed[] =>
  given.flatMap((one) => pairsOf(one, context).map((pair) => ({ at: one.at, pair, option: one.option })))

function pairsOf({ option, value }: Given, context: Context): readonly Pair[] {
  switch (option) {
    case 'from-env':
      return itemsIn(value, option).map((item) => {
        const [key, name] = halves(item, option, 'KEY=VAR', context)
        if (!ENVIRONMENT_NAME.test(name))
          throw usage('--from-env takes KEY=VAR, where VAR is an environment variable', '--from-env=KEY=VAR')
        return { key, source: { from: 'env', name } }
      })
    case 'from-key':
      return itemsIn(value, option).map((item) => {
        const [key, other] = halves(item, option, 'KEY=OTHER', context)
        if (!isVariable(other, context)) throw usage('--from-key takes KEY=OTHER, where both are keys', '--from-key=KEY=OTHER')
        return { key, source: { from: 'key', key: other as Key } }
      })
    case 'from-file': {
      const [key, path] = halves(value.reveal(), option, 'KEY=PATH', context)
      if (path === '') throw usage('--from-file takes KEY=PATH', '--from-file=KEY=PATH')
      const source: Source = STDIN.includes(path) ? { from: 'stdin' } : { from: 'file', path }
      return [{ key, source }]
    }
    case 'from-command': {
      const [key, run] = halves(value.reveal(), option, 'KEY=CMD', context)
      if (run.trim() === '') throw usage('--from-command takes KEY=CMD', '--from-command=KEY=CMD')
      return [{ key, source: { from: 'command', run: new Secret(run) } }]
    }
    default:
      return []
  }
}

/** What stands on either side of `=` may be a value put in the wrong place: it is not shown. */
function halves(item: string, option: Given['option'], form: string, context: Context): readonly [Key, string] {
  const place = item.indexOf('=')
  const name = item.slice(0, Math.max(place, 0))
  if (place < 1 || !isVariable(name, context)) throw usage(`--${option} takes ${form}`, `--${option}=${form}`)
  return [name as Key, item.slice(place + 1)] // The brand is given here, after the name was looked at.
}

/** Where what is replaced under `keys` is to stay, by `--keep-old` and `--keep-old-as`. Throws USAGE. */
export function keptOldIn(keys: readonly Key[], line: Line, context: Context): readonly KeptOld[] {
  const named = text(line, 'keep-old-as')
  if (named === null && !flag(line, 'keep-old')) return []
  if (named !== null && keys.length > 1) throw usage('--keep-old-as is for one key; --keep-old keeps each under its own', '--keep-old')
  return keys.map((key) => {
    const as = named ?? `${key}_OLD`
    const option = named === null ? 'keep-old' : 'keep-old-as'
    const shown = named === null && namedKey(as) === as ? as : 'the key for the old handle'
    if (!isVariable(as, context)) throw usage(`--${option}: ${shown} is not a variable name`, '--keep-old-as=OLD')
    if (keys.some((other) => other === as)) throw usage(`--${option}: ${shown} is changed by this command itself`, '--keep-old-as=OLD')
    return { key, as: as as Key }
  })
}

/** The candidates of `--to`, in the order of the line: handles, KEYs, `-`. Throws USAGE, which names each by its place. */
export function candidatesIn({ options }: Line, context: Context): readonly CandidateSource[] {
  const given = options.get('to') ?? []
  if (given.length === 0) throw usage('failover needs candidates: --to HANDLE, --to KEY or --to -', 'attach failover KEY --to=-')
  const sources = given.map((value, at) => candidateIn(value, `candidate ${at + 1}`, context))
  onceFromStdin(
    sources.flatMap(({ from }) => (from === 'stdin' ? ['--to -'] : [])),
    'attach failover KEY --to=- < FILE',
  )
  return sources
}

function candidateIn(value: Secret, name: string, context: Context): CandidateSource {
  const text = value.reveal()
  if (STDIN.includes(text)) return { from: 'stdin' }
  if (text.includes('://') || schemeOf(text) !== null) return { from: 'argv', value }
  if (isVariable(text, context)) return { from: 'key', key: text as Key } // The brand is given here, after the name was looked at.
  throw usage(`${name} is neither a handle nor a key`, 'attach failover KEY --to=- < FILE')
}
