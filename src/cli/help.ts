import { EXITS } from './exits.ts'
import { GROUPS, type OptionInfo, optionsOf } from './options.ts'
import { VERBS, type VerbInfo, type VerbName, verbInfo } from './verbs.ts'

/** How wide the text may be, in columns. */
interface Width {
  readonly columns: number
}

const NARROWEST = 40
const WIDEST = 100
/** Where the second column begins, and the widest first column that it allows. */
const MARGIN = 28

/** The options of every verb, in the help of all: those of one verb stand in the help of that verb. */
const COMMON = ['config', 'deploy', 'directory', 'no-input', 'json', 'quiet', 'verbose', 'no-color', 'help', 'version'] as const

/**
 * The help of a verb, or of all: plain text that ends in a line end. Wrapped to `columns` (40 to 100); lines that are meant to be copied are
 * never broken.
 */
export function helpText(verb: VerbName | null, { columns }: Width): string {
  const width = Math.min(Math.max(columns, NARROWEST), WIDEST)
  const sections = verb === null ? all(width) : one(verbInfo(verb), width)
  return `${sections.join('\n\n')}\n`
}

/** One line for stderr. */
export const usageLine = (verb: VerbName | null): string =>
  verb === null ? 'usage: attach KEY=HANDLE… | attach COMMAND …   (attach help)' : `usage: attach ${verbInfo(verb).usage[0]}`

function all(width: number): readonly string[] {
  const verbs: readonly VerbInfo[] = VERBS
  const common = optionsOf('status').filter((option) => COMMON.some((name) => name === option.name))
  return [
    wrap(
      'attach changes which backing service a deploy is attached to: it probes the new one, changes the handle in one atomic step, and can go back.',
      width,
    ),
    section('Usage', ['  attach KEY=HANDLE… [options]', '  attach COMMAND [options]']),
    section(
      'Commands',
      verbs.map((verb) => row(nameOf(verb), verb.summary, width, 14)),
    ),
    section(
      'Examples',
      examples([...verbInfo('attach').examples.slice(0, 2), ...pick('swap'), ...pick('status'), ...pick('rollback')], width),
    ),
    section(
      'Options',
      common.map((option) => optionRow(option, width)),
    ),
    section(
      'Exits',
      EXITS.map(({ exit, means }) => row(`${exit}`.padStart(3), means, width, 7)),
    ),
    'attach help COMMAND tells all about one command.',
  ]
}

const pick = (verb: VerbName): VerbInfo['examples'] => verbInfo(verb).examples.slice(0, 1)

function one(verb: VerbInfo, width: number): readonly string[] {
  const options = optionsOf(verb.name)
  return [
    wrap(`${nameOf(verb)}: ${verb.summary}`, width),
    section(
      'Usage',
      verb.usage.map((line) => `  attach ${line}`),
    ),
    ...verb.details.map((detail) => wrap(detail, width)),
    section('Examples', examples(verb.examples, width)),
    ...GROUPS.flatMap((group) => {
      const members = options.filter((option) => option.group === group)
      return members.length === 0
        ? []
        : [
            section(
              group,
              members.map((option) => optionRow(option, width)),
            ),
          ]
    }),
  ]
}

const nameOf = ({ name, alias }: VerbInfo): string => (alias === undefined ? name : `${name}, ${alias}`)

const section = (title: string, lines: readonly string[]): string => [`${title}:`, ...lines].join('\n')

/** Each line stands alone, to be copied, and what it is for above it. */
const examples = (rows: VerbInfo['examples'], width: number): readonly string[] =>
  rows.flatMap(([line, purpose]) => [wrap(`# ${purpose}`, width, 2), `  ${line}`])

function optionRow(option: OptionInfo, width: number): string {
  const name = `--${option.name}${option.value === undefined ? '' : ` ${option.value}`}`
  const first = option.short === undefined ? `    ${name}` : `-${option.short}, ${name}`
  const more =
    option.repeat === undefined ? '' : option.repeat === 'whole' ? '; may be repeated' : '; may be repeated, or a list with commas'
  const ends = option.default === undefined ? '' : ` (default: ${option.default})`
  return row(first, `${option.help}${more}${ends}`, width)
}

/** Two columns. A first one that is too wide gets a line of its own. */
function row(first: string, second: string, width: number, margin = MARGIN): string {
  const lines = wrap(second, width, margin)
  const start = `  ${first}`
  return start.length + 2 > margin ? `${start}\n${lines}` : `${start.padEnd(margin)}${lines.trimStart()}`
}

/** Words in lines of at most `width`, each behind `margin` spaces. */
function wrap(text: string, width: number, margin = 0): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && margin + longer.length > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line].map((each) => `${' '.repeat(margin)}${each}`).join('\n')
}
