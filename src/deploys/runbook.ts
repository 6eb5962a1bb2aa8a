import type { Key } from '../domain/change.ts'
import { hasSettling, type OnFailure } from '../domain/deploy.ts'
import { AttachError } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import type { Close, Release } from '../domain/operation.ts'
import { Redactor } from '../domain/redact.ts'
import { Secret } from '../domain/secret.ts'
import { type Outcome, operate, type Wish } from '../engine/operate.ts'
import type { Edit, Request } from '../engine/plan.ts'
import type { Expectation } from '../engine/preflight.ts'
import { keep, needsRecovery, recover } from '../engine/recover.ts'
import { isEnvName } from '../formats/dotenv.ts'
import { processHost } from '../host/process-host.ts'
import type { Reporter } from '../ports/reporter.ts'
import type { ConfigStore, Snapshot } from '../ports/store.ts'
import { openKinds } from './kinds.ts'
import { expectMayBeMade, expectThere, type Deploy as Found, locate, type Where } from './locate.ts'
import { LOCK_ELSEWHERE_MS, openStore } from './open.ts'
import { operationOn, WITHOUT_QUESTIONS } from './operation.ts'
import { settlerOf } from './settling/settler.ts'

export interface DeployOptions {
  /** `{ by: 'deploy', name }`, `{ by: 'config', address }`. Default: `.env` in the directory. */
  readonly where?: Where
  /** Default: the current directory. */
  readonly directory?: string
  /** Makes the config when it is not there. Default: only where the command line would. */
  readonly create?: boolean
  /** Milliseconds to wait for another attach. Default: 60,000. */
  readonly lockTimeoutMs?: number
  /** Refuses a config that cannot be replaced by rename (UNAVAILABLE) instead of writing it in place. Default: false. */
  readonly atomicOnly?: boolean
  /** The commands of attach.yaml may run here for the first time. Default: false. */
  readonly trust?: boolean
  readonly onEvent?: (event: Event) => void
  /** Asks the operation to stop: before a write landed it ends with INTERRUPTED, afterwards it is put back. */
  readonly signal?: AbortSignal
}

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
  /** The name of the deploy, which a protected one needs. */
  readonly confirm?: string
  /** `skip`: neither hook nor health, the app is not restarted. Default: `run`. */
  readonly hook?: 'run' | 'skip'
  /** Default: what attach.yaml says, else `revert`, but not to a resource that did not answer. */
  readonly onFailure?: OnFailure
  /** Under which key each old handle stays attached: `{ DATABASE_URL: 'DATABASE_URL_OLD' }`. Default: none stays. */
  readonly keepOld?: Readonly<Record<string, string>>
}

/** One deploy, for runbooks in TypeScript. Every method throws AttachError, whose `effect` says what state the deploy is in. */
export interface Deploy {
  /** Says what is meant: a key that holds another value is swapped without a question. */
  attach(handles: Readonly<Record<string, string>>, how?: How): Promise<Outcome>
  swap(handles: Readonly<Record<string, string>>, how?: How): Promise<Outcome>
  detach(keys: readonly string[], how?: How): Promise<Outcome>
  rollback(to: Release | null, how?: How): Promise<Outcome>
  undo(release: Release | null, how?: How): Promise<Outcome>
  /** Closes what a dead operation left open; null when nothing was. */
  recover(how?: { readonly keep?: boolean; readonly hook?: 'run' | 'skip' }): Promise<Close | null>
  read(): Promise<Snapshot>
  close(): Promise<void>
}

/** Opens a deploy. Nothing but attach.yaml is read, and nothing is locked, before a method is called. Throws USAGE, CONFIG_INVALID. */
export async function openDeploy(options: DeployOptions = {}): Promise<Deploy> {
  const {
    where = { by: 'default' },
    directory = null,
    create = false,
    lockTimeoutMs = LOCK_ELSEWHERE_MS,
    atomicOnly = false,
    onEvent = () => {},
  } = options
  const host = processHost()
  const signal = options.signal ?? new AbortController().signal
  const found = await locate(where, host.cwd, directory)
  const store: ConfigStore = openStore(found, host, { lockTimeoutMs, atomicOnly, onWait: (reason) => onEvent({ type: 'waiting', reason }) })
  const kinds = openKinds(new Redactor())
  const reporter: Reporter = { event: onEvent }
  const trust = async (commands: readonly string[]): Promise<void> => {
    if (options.trust === true) return
    throw new AttachError('REFUSED', `attach.yaml would run ${commands.join(' and ')} here for the first time; nothing was changed`, {
      hint: 'openDeploy({ trust: true })',
    })
  }
  const wiring = { store, kinds, signal, reporter, begin: () => {}, consent: WITHOUT_QUESTIONS }
  const operationFor = ({ hook = 'run' }: Pick<How, 'hook'>) =>
    operationOn({ ...wiring, settler: settlerOf(found, { run: hook === 'skip' ? 'skip' : 'usual', trust }, host, reporter) }, host)
  const run = async (request: Request, how: How): Promise<Outcome> => {
    expectConfirmed(found, how)
    return await operate(wishOf(request, how, found, lockTimeoutMs), operationFor(how))
  }
  return {
    attach: async (handles, how = {}) => {
      expectMayBeMade(found, create ? 'create' : 'usual', host)
      return await run({ verb: 'attach', edits: editsOf(handles, how) }, how)
    },
    swap: async (handles, how = {}) => {
      expectThere(found, host)
      return await run({ verb: 'swap', edits: editsOf(handles, how) }, how)
    },
    detach: async (keys, how = {}) => {
      expectThere(found, host)
      return await run({ verb: 'detach', keys: keys.map(keyOf) }, how)
    },
    rollback: async (release, how = {}) => {
      expectThere(found, host)
      return await run({ verb: 'rollback', release, allowEdited: how.allowEdited ?? false }, how)
    },
    undo: async (release, how = {}) => {
      expectThere(found, host)
      return await run({ verb: 'undo', release, allowEdited: how.allowEdited ?? false }, how)
    },
    recover: async (how = {}) => {
      const operation = operationFor(how)
      if (how.keep === true) return await keep(operation)
      if (await needsRecovery(store.journal, signal)) await operation.ready()
      return await recover(operation)
    },
    read: async () => await store.read(signal),
    close: async () => await store[Symbol.asyncDispose](),
  }
}

function expectConfirmed({ declared, name }: Found, { confirm }: How): void {
  if (declared?.protected !== true || confirm === name) return
  throw new AttachError('REFUSED', `${name} is protected, and its name was not given; nothing was changed`, {
    hint: `{ confirm: '${name}' }`,
  })
}

const wishOf = (request: Request, how: How, { declared }: Found, lockTimeoutMs: number): Wish => ({
  request,
  kind: how.kind ?? null,
  expect: how.expect ?? null,
  declared: declared?.resources ?? new Map(),
  readers: declared?.readers ?? [],
  settling: how.hook === 'skip' && hasSettling(declared) ? 'skipped' : 'usual',
  onFailure: how.onFailure ?? (declared?.onFailure === 'keep' ? 'keep' : 'usual'),
  probe: how.probe ?? 'probe',
  message: how.message ?? null,
  allowed: how.allowEdited === true ? ['config.edited'] : [],
  run: how.run ?? 'real',
  lockTimeoutMs,
})

function editsOf(handles: Readonly<Record<string, string>>, { keepOld = {} }: How): readonly Edit[] {
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

function keyOf(name: string): Key {
  if (isEnvName(name)) return name
  throw new AttachError('USAGE', 'a key is not a variable name: expected letters, digits and "_"', { hint: 'name it as in DATABASE_URL' })
}
