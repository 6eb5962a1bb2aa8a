import { DEFAULTS, seconds } from './defaults.ts'
import { VERBS, type VerbName } from './verbs.ts'

/** The headings that options stand under in help. */
export const GROUPS = ['The handle', 'The deploy', 'Checks', 'Settling', 'The release', 'Questions', 'Output'] as const

/** One option: feeds parsing, help and suggestions. */
interface OptionRow {
  /** Without the dashes. */
  readonly name: string
  readonly short?: string
  /** What its value is called. Absent: it takes none. */
  readonly value?: string
  /** May be given more than once, and takes a list separated by commas. `whole`: one item each time, commas and all. */
  readonly repeat?: true | 'whole'
  readonly verbs: 'all' | readonly VerbName[]
  readonly group: (typeof GROUPS)[number]
  readonly help: string
  /** What it is when it is not given, in words. */
  readonly default?: string
  /** What is otherwise for one verb. */
  readonly of?: Readonly<Partial<Record<VerbName, Partial<Pick<OptionRow, 'repeat' | 'help' | 'default'>>>>>
}

const DEPLOY = VERBS.filter((verb) => verb.deploy).map((verb) => verb.name)
/** All but `exec`, whose time and output are those of its command. */
const OWN = VERBS.map((verb) => verb.name).filter((name) => name !== 'exec')
const VALUE = ['attach', 'swap'] as const
/** What takes a handle that is to stand under a key. */
const GIVEN = [...VALUE, 'compare'] as const
const PARTS = ['swap', 'compare'] as const
const KEEPING = [...VALUE, 'failover'] as const
const BACK = ['rollback', 'undo'] as const
const ATTACHING = [...VALUE, ...BACK] as const
/** Those that put one resource in the place of another, or one where none was. */
const GUARDED = [...KEEPING, ...BACK] as const
const RELEASING = [...VALUE, 'failover', 'detach', ...BACK] as const
const WRITING = [...RELEASING, 'recover'] as const

/** The options there are, in the order help shows them. */
export const OPTIONS = [
  {
    name: 'kind',
    value: 'KIND',
    verbs: [...GIVEN, 'failover', 'probe', 'wait'],
    group: 'The handle',
    help: 'what sort of service the handle leads to; `opaque` takes any text, an empty one too',
    default: 'what the handle tells',
  },
  {
    name: 'to',
    value: 'HANDLE',
    repeat: 'whole',
    verbs: ['failover'],
    group: 'The handle',
    help: 'a candidate: a handle, a KEY of the config that holds one, or `-` for one handle a line on stdin',
  },
  {
    name: 'from-env',
    value: 'KEY=VAR',
    repeat: true,
    verbs: GIVEN,
    group: 'The handle',
    help: 'the value of KEY is that of the environment variable VAR',
  },
  {
    name: 'from-key',
    value: 'KEY=OTHER',
    repeat: true,
    verbs: GIVEN,
    group: 'The handle',
    help: 'the value of KEY is what stands under the key OTHER now',
  },
  {
    name: 'from-file',
    value: 'KEY=PATH',
    repeat: 'whole',
    verbs: GIVEN,
    group: 'The handle',
    help: 'the value of KEY is what stands in the file PATH, or comes from a pipe such as <(…)',
  },
  {
    name: 'from-command',
    value: 'KEY=CMD',
    repeat: 'whole',
    verbs: GIVEN,
    group: 'The handle',
    help: 'the value of KEY is what CMD prints, run by `sh -c`; it may ask on the terminal',
  },
  { name: 'raw', verbs: GIVEN, group: 'The handle', help: 'keep the final line end of a value that is not in the command line' },
  { name: 'keep-old', verbs: KEEPING, group: 'The handle', help: 'what is replaced stays attached under KEY_OLD, in the same step' },
  { name: 'keep-old-as', value: 'OLD', verbs: KEEPING, group: 'The handle', help: 'the same under the key OLD; for one key' },
  { name: 'host', value: 'HOST', verbs: PARTS, group: 'The handle', help: 'replace the host of the present handle' },
  { name: 'port', value: 'PORT', verbs: PARTS, group: 'The handle', help: 'replace its port' },
  { name: 'name', value: 'NAME', verbs: PARTS, group: 'The handle', help: 'replace its name, such as that of the database' },
  { name: 'user', value: 'USER', verbs: PARTS, group: 'The handle', help: 'replace its user' },
  { name: 'password', value: 'PASSWORD', verbs: PARTS, group: 'The handle', help: 'replace its password; `-` reads it from stdin' },
  {
    name: 'config',
    short: 'c',
    value: 'ADDRESS',
    verbs: [...DEPLOY, 'where'],
    group: 'The deploy',
    help: 'the config, by its path',
    default: 'what attach.yaml says; without one, .env',
    of: {
      where: {
        repeat: 'whole',
        help: 'also look into this config, or into those of a pattern such as deploys/*/.env',
        default: 'none but those of the directory',
      },
    },
  },
  {
    name: 'deploy',
    short: 'd',
    value: 'NAME',
    verbs: DEPLOY,
    group: 'The deploy',
    help: 'the deploy, by its name in attach.yaml; without one, NAME of .env.NAME',
  },
  {
    name: 'directory',
    short: 'C',
    value: 'DIR',
    verbs: [...DEPLOY, 'where', 'init'],
    group: 'The deploy',
    help: 'work in DIR',
    default: 'the current one',
  },
  { name: 'create', verbs: ['attach'], group: 'The deploy', help: 'create the config where there is none' },
  {
    name: 'expect',
    value: 'ROLE',
    verbs: [...GUARDED, 'probe', 'wait', 'compare'],
    group: 'Checks',
    help: 'what the resource must be: writable, readable or replica',
    default: 'what attach.yaml says; else readable for probe and an absent key, replica where the old one is, writable otherwise',
  },
  { name: 'probe', verbs: ['status'], group: 'Checks', help: 'also ask each resource how it is' },
  { name: 'no-probe', verbs: ATTACHING, group: 'Checks', help: 'ask the resource nothing; this is recorded' },
  { name: 'dry-run', verbs: [...WRITING, 'init'], group: 'Checks', help: 'check and show what would be done, and change nothing' },
  {
    name: 'allow',
    value: 'ID',
    repeat: true,
    verbs: [...GUARDED, 'compare'],
    group: 'Checks',
    help: 'let what this check finds pass, by its id; a change records this',
  },
  {
    name: 'strict',
    verbs: [...GUARDED, 'compare'],
    group: 'Checks',
    help: 'warnings, and what could not be found out, stand in the way too',
  },
  {
    name: 'baseline',
    value: 'FILE',
    verbs: ['swap', 'failover', ...BACK, 'compare'],
    group: 'Checks',
    help: 'what compare --save kept speaks for the old resource when it is dead, and beside it when it lives',
  },
  {
    name: 'write-probe',
    verbs: ['probe'],
    group: 'Checks',
    help: 'put one small thing there, read it back and take it away again (object stores)',
  },
  { name: 'invert', verbs: ['wait'], group: 'Checks', help: 'wait until nothing answers there any more' },
  {
    name: 'interval',
    value: 'TIME',
    verbs: ['wait'],
    group: 'Checks',
    help: 'the pause before the second try',
    default: `${DEFAULTS.waitIntervalMs}ms`,
  },
  {
    name: 'backoff',
    value: 'HOW',
    verbs: ['wait'],
    group: 'Checks',
    help: 'exponential: each pause is twice as long as the one before, up to 5s; none: all are the same',
    default: 'exponential',
  },
  {
    name: 'concurrency',
    value: 'N',
    verbs: ['wait'],
    group: 'Checks',
    help: 'how many resources are asked at the same time',
    default: `${DEFAULTS.waitConcurrency}`,
  },
  { name: 'save', value: 'FILE', verbs: ['compare'], group: 'Checks', help: 'keep what the old resource tells of itself, as a baseline' },
  {
    name: 'timeout',
    value: 'TIME',
    verbs: DEPLOY.filter((name) => name !== 'exec'),
    group: 'Checks',
    help: 'bound of the whole command, up to the write: 500ms, 30s, 2m; a bare number is seconds',
    default: `${seconds(DEFAULTS.failoverMs)} for failover, ${seconds(DEFAULTS.failoverOnTerminalMs)} on a terminal; else none, each step has its own`,
    of: { wait: { help: 'how long to wait: 500ms, 30s, 2m; a bare number is seconds', default: seconds(DEFAULTS.waitMs) } },
  },
  {
    name: 'lock-timeout',
    value: 'TIME',
    verbs: WRITING,
    group: 'Checks',
    help: 'how long to wait for another operation; 0 does not wait',
    default: `${seconds(DEFAULTS.lockOnTerminalMs)} on a terminal, ${seconds(DEFAULTS.lockElsewhereMs)} elsewhere`,
  },
  {
    name: 'atomic-only',
    verbs: WRITING,
    group: 'Checks',
    help: 'refuse a config that cannot be replaced by rename (hard links, a mount, another owner) instead of writing it in place',
  },
  {
    name: 'no-hook',
    verbs: WRITING,
    group: 'Settling',
    help: 'run neither hook nor health: the app is not restarted; this is recorded',
  },
  {
    name: 'on-failure',
    value: 'WHAT',
    verbs: RELEASING,
    group: 'Settling',
    help: 'when the app does not settle: revert puts the old value back, keep lets the new one stand (exit 8)',
    default: 'what attach.yaml says, else revert, but not to a resource that did not answer',
  },
  {
    name: 'trust',
    verbs: WRITING,
    group: 'Settling',
    help: 'run the commands of attach.yaml as they stand, also for the first time',
  },
  { name: 'message', short: 'm', value: 'TEXT', verbs: RELEASING, group: 'The release', help: 'why, for the log' },
  { name: 'keep', verbs: ['recover'], group: 'The release', help: 'accept what stands there now, and write nothing' },
  {
    name: 'limit',
    short: 'n',
    value: 'N',
    verbs: ['log'],
    group: 'The release',
    help: 'how many releases at most',
    default: `${DEFAULTS.logLimit}`,
  },
  {
    name: 'yes',
    short: 'y',
    verbs: [...WRITING, 'init'],
    group: 'Questions',
    help: 'answer the questions with yes, but not that of trust (--trust); skips no check',
  },
  {
    name: 'confirm',
    value: 'NAME',
    verbs: WRITING,
    group: 'Questions',
    help: 'the name of the deploy, which a protected one needs; counts as --yes',
  },
  { name: 'no-input', verbs: 'all', group: 'Questions', help: 'ask nothing, as if there were no terminal' },
  { name: 'json', verbs: OWN, group: 'Output', help: 'one JSON document on stdout, whatever the exit; asks nothing, as --no-input' },
  { name: 'reveal', verbs: ['status', 'log'], group: 'Output', help: 'show the values, secrets included' },
  { name: 'quiet', short: 'q', verbs: 'all', group: 'Output', help: 'the result and errors only' },
  { name: 'verbose', short: 'v', verbs: 'all', group: 'Output', help: 'more about each step' },
  { name: 'no-color', verbs: 'all', group: 'Output', help: 'no colors; so does the variable NO_COLOR' },
  { name: 'help', short: 'h', verbs: 'all', group: 'Output', help: 'the help of a command' },
  { name: 'version', short: 'V', verbs: 'all', group: 'Output', help: 'the version of attach' },
] as const satisfies readonly OptionRow[]

type Row = (typeof OPTIONS)[number]
export type OptionName = Row['name']
/** Options that take a value. */
export type Valued = Extract<Row, { readonly value: string }>['name']
/** Options that take none. */
export type Flag = Exclude<OptionName, Valued>
export type OptionInfo = OptionRow & { readonly name: OptionName }

const ROWS: readonly OptionInfo[] = OPTIONS
const BY_NAME: ReadonlyMap<string, OptionInfo> = new Map(ROWS.map((row) => [row.name, row]))
const BY_SHORT: ReadonlyMap<string, OptionInfo> = new Map(
  ROWS.flatMap((row): [string, OptionInfo][] => (row.short === undefined ? [] : [[row.short, row]])),
)

/** The option that stands as `--name`. */
export const optionNamed = (name: string): OptionInfo | null => BY_NAME.get(name) ?? null

/** The option that stands as `-c`. */
export const optionLettered = (letter: string): OptionInfo | null => BY_SHORT.get(letter) ?? null

/** The options a verb takes, in the order of the table, as they are for it. */
export const optionsOf = (verb: VerbName): readonly OptionInfo[] =>
  ROWS.filter((row) => row.verbs === 'all' || row.verbs.includes(verb)).map((row) => ({ ...row, ...row.of?.[verb] }))

/** Whether some verb takes the option more than once. */
export const mayRepeat = ({ repeat, of = {} }: OptionInfo): boolean =>
  repeat !== undefined || Object.values(of).some((more) => more.repeat !== undefined)
