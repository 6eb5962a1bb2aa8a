import type { Key } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import type { Close, Release } from '../domain/operation.ts'
import { Redactor } from '../domain/redact.ts'
import { Secret } from '../domain/secret.ts'
import { type Outcome, operate, type Wish } from '../engine/operate.ts'
import type { Request } from '../engine/plan.ts'
import type { Expectation } from '../engine/preflight.ts'
import { keep, recover } from '../engine/recover.ts'
import { isEnvName } from '../formats/dotenv.ts'
import { processHost } from '../host/process-host.ts'
import type { ConfigStore, Snapshot } from '../ports/store.ts'
import { openKinds } from './kinds.ts'
import { expectMayBeMade, expectThere, locate, type Where } from './locate.ts'
import { LOCK_ELSEWHERE_MS, openStore } from './open.ts'
import { operationOn, WITHOUT_QUESTIONS } from './operation.ts'

export interface DeployOptions {
  /** `{ by: 'deploy', name }`, `{ by: 'config', address }`. Default: `.env` in the directory. */
  readonly where?: Where
  /** Default: the current directory. */
  readonly directory?: string
  /** Makes the config when it is not there. Default: only where the command line would. */
  readonly create?: boolean
  /** Milliseconds to wait for another attach. Default: 60,000. */
  readonly lockTimeoutMs?: number
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
  recover(how?: { readonly keep?: boolean }): Promise<Close | null>
  read(): Promise<Snapshot>
  close(): Promise<void>
}

/** Opens a deploy. Nothing is read or locked before a method is called. Throws USAGE. */
export function openDeploy(options: DeployOptions = {}): Deploy {
  const { where = { by: 'default' }, directory = null, create = false, lockTimeoutMs = LOCK_ELSEWHERE_MS, onEvent = () => {} } = options
  const host = processHost()
  const signal = options.signal ?? new AbortController().signal
  const found = locate(where, host.cwd, directory)
  const store: ConfigStore = openStore(found, host, { lockTimeoutMs, onWait: (reason) => onEvent({ type: 'waiting', reason }) })
  const kinds = openKinds(new Redactor())
  const operation = operationOn({ store, kinds, signal, reporter: { event: onEvent }, begin: () => {}, consent: WITHOUT_QUESTIONS }, host)
  const run = (request: Request, how: How): Promise<Outcome> => operate(wishOf(request, how, lockTimeoutMs), operation)
  return {
    attach: async (handles, how = {}) => {
      expectMayBeMade(found, create ? 'create' : 'usual')
      return await run({ verb: 'attach', edits: editsOf(handles) }, how)
    },
    swap: async (handles, how = {}) => {
      expectThere(found)
      return await run({ verb: 'swap', edits: editsOf(handles) }, how)
    },
    detach: async (keys, how = {}) => {
      expectThere(found)
      return await run({ verb: 'detach', keys: keys.map(keyOf) }, how)
    },
    rollback: async (release, how = {}) => {
      expectThere(found)
      return await run({ verb: 'rollback', release, allowEdited: how.allowEdited ?? false }, how)
    },
    undo: async (release, how = {}) => {
      expectThere(found)
      return await run({ verb: 'undo', release, allowEdited: how.allowEdited ?? false }, how)
    },
    recover: async (how = {}) => await (how.keep === true ? keep(operation) : recover(operation)),
    read: async () => await store.read(signal),
    close: async () => await store[Symbol.asyncDispose](),
  }
}

const wishOf = (request: Request, how: How, lockTimeoutMs: number): Wish => ({
  request,
  kind: how.kind ?? null,
  expect: how.expect ?? null,
  probe: how.probe ?? 'probe',
  message: how.message ?? null,
  allowed: how.allowEdited === true ? ['config.edited'] : [],
  run: how.run ?? 'real',
  lockTimeoutMs,
})

const editsOf = (handles: Readonly<Record<string, string>>) => {
  const edits = Object.entries(handles).map(([key, value]) => ({ key: keyOf(key), to: new Secret(value) }))
  if (edits.length === 0) throw new AttachError('USAGE', 'no key was given; expected at least one', { hint: 'name the keys' })
  return edits
}

function keyOf(name: string): Key {
  if (isEnvName(name)) return name
  throw new AttachError('USAGE', 'a key is not a variable name: expected letters, digits and "_"', { hint: 'name it as in DATABASE_URL' })
}
