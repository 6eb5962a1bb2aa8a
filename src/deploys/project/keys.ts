import type { Check } from '../../domain/finding.ts'
import { SEVERITIES } from '../../domain/finding.ts'
import { EXPECTATIONS } from '../../domain/probe.ts'
import { USES } from '../../domain/survey.ts'
import { KINDS } from '../../kinds/registry.ts'
import { CHECKS } from '../checks.ts'

/** What is known of one key of attach.yaml: feeds the schema, its descriptions for editors, and the messages. */
export interface KeyInfo {
  readonly about: string
  /** What its value is, in words: `expected true or false`. */
  readonly expected: string
  /** How it is written. */
  readonly example: string
  /** The words it may be, where there are so many and no others. */
  readonly choices?: readonly string[]
}

const anyOf = (words: readonly string[]): string => `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
/** The longest age that data may have, in days. */
export const AGE_DAYS_MAX = 366
const TIME = 'a time over 0 and of at most a day: 500ms, 30s, 2m, or a whole number of seconds'

/** Every key of attach.yaml, by the mapping it stands in. */
export const KEYS = {
  project: {
    default: {
      about: 'The deploy that is meant where -d names none. Not needed where there is only one.',
      expected: 'the name of a deploy',
      example: 'production',
    },
    deploys: {
      about: 'The deploys of this directory, by name: -d NAME chooses one. Without attach.yaml every .env file here is one.',
      expected: 'a mapping of names to deploys',
      example: '{ production: { config: .env.production } }',
    },
    resources: {
      about: 'What a value does not tell by itself, by the key that holds it. For every deploy.',
      expected: 'a mapping of keys to what is known of them',
      example: '{ DATABASE_URL: { kind: postgres, expect: writable } }',
    },
  },
  deploy: {
    config: {
      about: 'The .env file of this deploy. A relative path begins in the folder of attach.yaml.',
      expected: 'the path of a .env file',
      example: '.env.production',
    },
    protected: {
      about: 'Nothing changes here unless its name is given, typed or with --confirm NAME.',
      expected: 'true or false',
      example: 'true',
    },
    readers: {
      about: 'The programs that read this .env file: what they read otherwise is told.',
      expected: 'a list of readers',
      example: '[dotenv, compose]',
    },
    hook: {
      about:
        'Run after a change, in the folder of attach.yaml, so that the app picks it up. A list runs without a shell, a text through sh -c.',
      expected: 'a list of words, a command line, or { run, timeout }',
      example: '[systemctl, restart, app]',
    },
    health: {
      about: 'Asked after the hook: the app is well after so many successes in a row. What it does not settle on is put back.',
      expected: 'a mapping with url or run',
      example: '{ url: "http://127.0.0.1:8080/healthz" }',
    },
    'on-failure': {
      about: 'What becomes of a new value that the app does not settle on: put back (revert), or left to stand (keep).',
      expected: 'revert or keep',
      example: 'revert',
      choices: ['revert', 'keep'],
    },
  },
  hook: {
    run: {
      about: 'The command. A list runs without a shell, a text through sh -c.',
      expected: 'a list of words, or a command line',
      example: '[systemctl, restart, app]',
    },
    timeout: { about: 'How long it may run. 60s where it is not said.', expected: TIME, example: '60s' },
  },
  health: {
    url: {
      about: 'An address that answers when the app is well. One of url and run.',
      expected: 'an http or https address without a user, a password or a token',
      example: '"http://127.0.0.1:8080/healthz"',
    },
    status: { about: 'The status of a good answer. 200 where it is not said.', expected: 'a whole number from 100 to 599', example: '200' },
    body: { about: 'A text that a good answer holds.', expected: 'a text', example: 'ok' },
    run: {
      about: 'A command that ends with 0 when the app is well. One of url and run.',
      expected: 'a list of words, or a command line',
      example: '[systemctl, is-active, app]',
    },
    successes: {
      about: 'How many good answers in a row make the app well. 2 where it is not said.',
      expected: 'a whole number from 1 to 1000',
      example: '2',
    },
    interval: { about: 'Between two questions. 1s where it is not said.', expected: TIME, example: '1s' },
    timeout: { about: 'For all questions together. 60s where it is not said.', expected: TIME, example: '60s' },
  },
  resource: {
    kind: {
      about: 'What sort of service it is, where the value does not tell.',
      expected: anyOf(KINDS.map(({ name }) => name)),
      example: 'postgres',
      choices: KINDS.map(({ name }) => name),
    },
    expect: {
      about: 'What it must be when it is attached, where --expect does not say: one word, or a mapping with role and fresh.',
      expected: `${anyOf(EXPECTATIONS)}, or { role, fresh }`,
      example: 'writable',
      choices: EXPECTATIONS,
    },
    use: {
      about: 'What it is for: a cache may lose what it holds, a queue or a store may not.',
      expected: anyOf(USES),
      example: 'cache',
      choices: USES,
    },
    variables: {
      about: 'Which variables hold the parts of its handle, where they have other names than the usual ones. Goes with kind.',
      expected: 'a mapping of parts of the handle to names of variables',
      example: '{ bucket: UPLOADS_BUCKET }',
    },
    guards: {
      about: 'How much a check matters here, by its id: an error stands in the way, a warn only with --strict, an info never.',
      expected: 'a mapping of ids of checks to severities',
      example: '{ handle.same_resource: info }',
    },
  },
  expect: {
    role: { about: 'What it must be when it is attached.', expected: anyOf(EXPECTATIONS), example: 'writable', choices: EXPECTATIONS },
    fresh: {
      about: 'Which column tells when its newest row was written, and how old that may be.',
      expected: 'a mapping with table, column and within',
      example: '{ table: orders, column: created_at, within: 15m }',
    },
  },
  fresh: {
    table: { about: 'A table that is written all the time.', expected: 'the name of a table, as orders or shop.orders', example: 'orders' },
    column: { about: 'Its column that tells when a row was written.', expected: 'the name of a column', example: 'created_at' },
    within: {
      about: 'How old the newest row may be.',
      expected: `a time over 0 and of at most ${AGE_DAYS_MAX} days: 30s, 15m, 1500m, or a whole number of seconds`,
      example: '15m',
    },
  },
} as const satisfies Record<string, Readonly<Record<string, KeyInfo>>>

export type Mapping = keyof typeof KEYS

/** What `guards` may weigh: every check whose findings are judged. */
const WEIGHED: readonly Check[] = CHECKS.filter(({ id }) => id !== 'config.edited')

/** The keys of `guards`: ids of checks. */
export const GUARDS: Readonly<Record<string, KeyInfo>> = Object.fromEntries(
  WEIGHED.map(({ id, about, severity }) => [
    id,
    { about: `${about} ${severity} where it is not said.`, expected: anyOf(SEVERITIES), example: 'warn', choices: SEVERITIES },
  ]),
)

/** The keys of `variables`: the parts of handles that kinds know. */
export const PARTS: Readonly<Record<string, KeyInfo>> = Object.fromEntries(
  [...new Set(KINDS.flatMap(({ variables = [] }) => variables.flatMap(({ parts }) => Object.keys(parts))))]
    .sort()
    .map((part) => [
      part,
      { about: `The variable that holds the ${part}.`, expected: 'the name of a variable', example: 'UPLOADS_BUCKET' },
    ]),
)

/** What each entry is of the two mappings whose keys are names. */
export const ENTRIES = {
  deploys: {
    expected: 'a mapping with config',
    example: '{ config: .env.production }',
    name: 'a name of letters, digits, ".", "_" and "-"',
  },
  resources: {
    expected: 'a mapping with kind, expect, use, variables or guards',
    example: '{ kind: postgres }',
    name: "a variable's name",
  },
} as const

/** A way from the top of the file to a value: keys, and places in lists from 0. */
export type Path = readonly (string | number)[]

/** Which mapping stands at a path. Null: none whose keys are known. */
export function mappingAt(path: Path): Mapping | 'guards' | 'variables' | null {
  const [top, , below, last] = path
  if (path.length === 0) return 'project'
  if (path.length === 2) return top === 'deploys' ? 'deploy' : top === 'resources' ? 'resource' : null
  if (path.length === 3 && top === 'deploys') return below === 'hook' || below === 'health' ? below : null
  if (path.length === 3 && top === 'resources') return below === 'expect' || below === 'guards' || below === 'variables' ? below : null
  return path.length === 4 && top === 'resources' && below === 'expect' && last === 'fresh' ? last : null
}

/** The keys of the mapping at a path. Null: they are names. */
export function keysAt(path: Path): Readonly<Record<string, KeyInfo>> | null {
  const mapping = mappingAt(path)
  if (mapping === null) return null
  return mapping === 'guards' ? GUARDS : mapping === 'variables' ? PARTS : KEYS[mapping]
}

/** Which keys may stand at a path, for a person. */
export function keysHint(path: Path): string {
  const known = Object.keys(keysAt(path) ?? {})
  if (known.length === 0) return 'put the name in quotes'
  return mappingAt(path) === 'guards' ? 'docs/guards.md lists the checks' : `the keys here are ${known.join(', ')}`
}

/** What is known of the key that a path ends in. */
export function infoAt(path: Path): KeyInfo | null {
  const [last, above] = [path.at(-1), keysAt(path.slice(0, -1))]
  return typeof last === 'string' && above !== null && Object.hasOwn(above, last) ? (above[last] ?? null) : null
}

/** `deploys.production.hook[0]`: known keys and names as they stand. Any other key may be a value in the wrong place, and is not shown. */
export function pathText(path: Path): string {
  const parts = path.map((part, at) => {
    if (typeof part === 'number') return `[${part}]`
    const isName = at === 1 && (path[0] === 'deploys' || path[0] === 'resources') && /^[\w.-]{1,64}$/.test(part)
    return `${at === 0 ? '' : '.'}${isName || infoAt(path.slice(0, at + 1)) !== null ? part : '<key>'}`
  })
  return parts.join('')
}
