import type { Severities } from './finding.ts'
import type { Expectation } from './probe.ts'
import { oneLine } from './redact.ts'
import { shellWord } from './shell.ts'
import type { Fresh, Use } from './survey.ts'

/** A command of the deploy's own. A text runs through `sh -c`, a list without a shell. */
export type CommandLine = string | readonly string[]

/** Run after the config changed, so that the app picks it up. */
export interface Hook {
  readonly run: CommandLine
  readonly timeoutMs: number
}

/** How the app is asked whether it is well: until so many successes in a row, or until the time is over. */
export interface Health {
  readonly check:
    | { readonly by: 'url'; readonly url: string; readonly status: number; readonly body: string | null }
    | { readonly by: 'command'; readonly run: CommandLine }
  readonly successes: number
  /** Between two checks. */
  readonly intervalMs: number
  /** For all checks together. */
  readonly timeoutMs: number
}

/** What becomes of a new value that the app does not settle on. */
export type OnFailure = 'revert' | 'keep'

/** What attach.yaml says of the resource under a key. Null: nothing. */
export interface ExpectedResource {
  readonly kind: string | null
  readonly expect: Expectation | null
  /** How old its newest row may be. */
  readonly fresh: Fresh | null
  readonly use: Use | null
  /** Which variables hold the parts of its handle: `{ bucket: 'MY_BUCKET' }`. Null: one key holds it, or the usual names tell. */
  readonly variables: Readonly<Record<string, string>> | null
  /** Other severities than the usual ones. */
  readonly guards: Severities
}

/** What attach.yaml says of one deploy. */
export interface Declared {
  /** attach.yaml itself: absolute, real. */
  readonly file: string
  /** Its folder: hook and health run there. */
  readonly folder: string
  /** Nothing changes without its name. */
  readonly protected: boolean
  readonly readers: readonly string[]
  readonly hook: Hook | null
  readonly health: Health | null
  /** `revert`: put back, but not to a resource that was seen unusable. */
  readonly onFailure: OnFailure
  readonly resources: ReadonlyMap<string, ExpectedResource>
}

/** Whether a deploy has a hook or a health check. */
export const hasSettling = (declared: Declared | null): boolean => declared !== null && (declared.hook !== null || declared.health !== null)

/** Settles what is not said. Milliseconds, but for `successes`. */
export const SETTLE_DEFAULTS = { hookMs: 60_000, healthMs: 60_000, successes: 2, intervalMs: 1_000 } as const

/** How a command is named on the screen and to the person who is to trust it. A secret has no place in attach.yaml, and is not shown. */
export const commandText = (line: CommandLine): string =>
  (typeof line === 'string' ? line : line.map(shellWord).join(' '))
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:@/'"]*:)[^\s@'"]+@/gi, '$1•••@')
    .replace(/((?:^|[\s'"-])[\w-]*(?:passw|pwd|secret|token|apikey|api[_-]key)[\w-]*[ =]['"]?)[^\s'"]+/gi, '$1•••')

/** How a URL is named on the screen: scheme, host, port and path. Its query may hold a token. */
export function shownUrl(text: string): string {
  if (!URL.canParse(text)) return 'its URL'
  const { protocol, host, pathname } = new URL(text)
  return oneLine(`${protocol}//${host}${pathname}`)
}

/** What a health check asks, as it is named on the screen. */
export const shownCheck = ({ check }: Health): string => (check.by === 'url' ? shownUrl(check.url) : commandText(check.run))

/** The same with what is expected of it, for the plan. */
export function checkText(health: Health): string {
  const { check, successes } = health
  const times = successes === 1 ? '' : `, ${successes} times in a row`
  return `${shownCheck(health)}${check.by === 'url' ? ` answers ${check.status}` : ''}${times}`
}
