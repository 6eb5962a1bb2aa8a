import type { Key } from '../domain/change.ts'
import { hasSettling, type OnFailure } from '../domain/deploy.ts'
import { AttachError } from '../domain/errors.ts'
import { Secret } from '../domain/secret.ts'
import type { Expectation } from '../engine/expect.ts'
import type { Measure } from '../engine/fitness.ts'
import type { Wish } from '../engine/operate.ts'
import type { Edit } from '../engine/plan.ts'
import { isEnvName } from '../formats/dotenv.ts'
import type { Deploy as Found } from './locate.ts'

/** How one operation is to be made. */
export interface How {
  /** Why, for the log. */
  readonly message?: string
  readonly kind?: string
  readonly expect?: Expectation
  /** `skip` is recorded. Default: `probe`. */
  readonly probe?: 'probe' | 'skip'
  /** `dry`: everything but the write. Default: `real`. */
  readonly run?: 'real' | 'dry'
  /** Goes on over an edit made outside, which is recorded. Default: false. */
  readonly allowEdited?: boolean
  /** Findings that do not stand in the way, by their ids; this is recorded. Default: none. */
  readonly allow?: readonly string[]
  /** Warnings and what could not be found out stand in the way too. Default: false. */
  readonly strict?: boolean
  /** The path of a file that `saveBaseline` made: speaks for the old resource of its key when that is dead, and beside it when it lives. Default: none. */
  readonly baseline?: string
  /** The name of the deploy, which a protected one needs. */
  readonly confirm?: string
  /** `skip`: neither hook nor health, the app is not restarted. Default: `run`. */
  readonly hook?: 'run' | 'skip'
  /** Default: what attach.yaml says, else `revert`, but not to a resource that did not answer. */
  readonly onFailure?: OnFailure
  /** Under which key each old handle stays attached: `{ DATABASE_URL: 'DATABASE_URL_OLD' }`. Default: none stays. */
  readonly keepOld?: Readonly<Record<string, string>>
}

/** How a failover is to be made: its candidates are always asked. */
export interface FailoverHow extends Omit<How, 'probe' | 'allowEdited'> {
  /** Milliseconds up to the write. Default: 30,000. */
  readonly timeoutMs?: number
}

export function expectConfirmed({ declared, name }: Found, { confirm }: How): void {
  if (declared?.protected !== true || confirm === name) return
  throw new AttachError('REFUSED', `${name} is protected, and its name was not given; nothing was changed`, {
    hint: `{ confirm: '${name}' }`,
  })
}

export const wishOf = (how: How, { declared }: Found, lockTimeoutMs: number): Omit<Wish, 'request' | 'baselines'> => ({
  ...measureOf(how),
  declared: declared?.resources ?? new Map(),
  readers: declared?.readers ?? [],
  settling: how.hook === 'skip' && hasSettling(declared) ? 'skipped' : 'usual',
  onFailure: how.onFailure ?? (declared?.onFailure === 'keep' ? 'keep' : 'usual'),
  probe: how.probe ?? 'probe',
  message: how.message ?? null,
  allowed: [...(how.allow ?? []), ...(how.allowEdited === true ? ['config.edited'] : [])],
  run: how.run ?? 'real',
  lockTimeoutMs,
})

export const measureOf = ({ kind, expect, allow, strict }: How): Omit<Measure, 'declared' | 'baselines'> => ({
  kind: kind ?? null,
  expect: expect ?? null,
  allowed: allow ?? [],
  strictness: strict === true ? 'strict' : 'usual',
})

export function editsOf(handles: Readonly<Record<string, string>>, { keepOld = {} }: How): readonly Edit[] {
  const edits = Object.entries(handles).map(([name, value]) => {
    const as = Object.hasOwn(keepOld, name) ? keepOld[name] : undefined
    return { key: keyOf(name), to: new Secret(value), ...(as === undefined ? {} : { keepOldAs: keyOf(as) }) }
  })
  if (edits.length === 0) throw new AttachError('USAGE', 'no key was given; expected at least one', { hint: 'name the keys' })
  const lost = Object.keys(keepOld).find((name) => !Object.hasOwn(handles, name))
  const twice = edits.find(({ keepOldAs }) => keepOldAs !== undefined && edits.some(({ key }) => key === keepOldAs))
  if (lost === undefined && twice === undefined) return edits
  const what =
    lost === undefined ? 'keepOld names a key that this call changes itself' : 'keepOld names a key that this call does not change'
  throw new AttachError('USAGE', `${what}; nothing was contacted`, { hint: "{ keepOld: { KEY: 'KEY_OLD' } }" })
}

export function keyOf(name: string): Key {
  if (isEnvName(name)) return name
  throw new AttachError('USAGE', 'a key is not a variable name: expected letters, digits and "_"', { hint: 'name it as in DATABASE_URL' })
}
