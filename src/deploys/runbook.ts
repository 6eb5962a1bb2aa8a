import { isEmpty, type Key } from '../domain/change.ts'
import { AttachError, isAttachError } from '../domain/errors.ts'
import type { Event } from '../domain/event.ts'
import type { Close, Release } from '../domain/operation.ts'
import { Redactor } from '../domain/redact.ts'
import { Secret } from '../domain/secret.ts'
import { FAILOVER_MS, type FailoverOutcome, failover } from '../engine/failover.ts'
import { changesTo, type Fitness, fitnessOf, surveyAlone } from '../engine/fitness.ts'
import { type Outcome, operate, type Wish } from '../engine/operate.ts'
import type { Request } from '../engine/plan.ts'
import { read as readHandle } from '../engine/recognise.ts'
import { keep, needsRecovery, recover } from '../engine/recover.ts'
import { processHost } from '../host/process-host.ts'
import type { Reporter } from '../ports/reporter.ts'
import type { ConfigStore, Snapshot } from '../ports/store.ts'
import { baselineFile, baselinesIn, expectWritable, writeBaseline } from './baseline.ts'
import { editsOf, expectConfirmed, type FailoverHow, type How, keyOf, measureOf, wishOf } from './how.ts'
import { elsewhereOf } from './inventory.ts'
import { openKinds } from './kinds.ts'
import { expectMayBeMade, expectThere, locate, type Where } from './locate.ts'
import { LOCK_ELSEWHERE_MS, openStore } from './open.ts'
import { operationOn, WITHOUT_QUESTIONS } from './operation.ts'
import { settlerOf } from './settling/settler.ts'

export type { FailoverHow, How } from './how.ts'

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

/** One deploy, for runbooks in TypeScript. Every method throws AttachError, whose `effect` says what state the deploy is in. */
export interface Deploy {
  /** Says what is meant: a key that holds another value is swapped without a question. */
  attach(handles: Readonly<Record<string, string>>, how?: How): Promise<Outcome>
  swap(handles: Readonly<Record<string, string>>, how?: How): Promise<Outcome>
  /**
   * Asks all handles at once and swaps to the most advanced of those that are fit. The outcome tells of each; so does NoneFit, which is thrown
   * when there is none.
   */
  failover(key: string, handles: readonly string[], how?: FailoverHow): Promise<FailoverOutcome>
  detach(keys: readonly string[], how?: How): Promise<Outcome>
  rollback(to: Release | null, how?: How): Promise<Outcome>
  undo(release: Release | null, how?: How): Promise<Outcome>
  /** Closes what a dead operation left open; null when nothing was. */
  recover(how?: { readonly keep?: boolean; readonly hook?: 'run' | 'skip' }): Promise<Close | null>
  /** The pre-flight of a swap alone: reads only. `blocking` is empty where nothing stands in the way. */
  compare(handles: Readonly<Record<string, string>>, how?: Pick<How, 'kind' | 'expect' | 'allow' | 'strict' | 'baseline'>): Promise<Fitness>
  /** Keeps in a file what the resource under a key tells of itself, without a secret. Only another baseline is replaced. */
  saveBaseline(key: string, file: string): Promise<void>
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
  const kinds = openKinds(new Redactor(), found.declared?.resources)
  const reporter: Reporter = { event: onEvent }
  const trust = async (commands: readonly string[]): Promise<void> => {
    if (options.trust === true) return
    throw new AttachError('REFUSED', `attach.yaml would run ${commands.join(' and ')} here for the first time; nothing was changed`, {
      hint: 'openDeploy({ trust: true })',
    })
  }
  const wiring = { store, kinds, signal, reporter, begin: () => {}, consent: WITHOUT_QUESTIONS, deploy: found }
  const operationFor = ({ hook = 'run' }: Pick<How, 'hook'>, within: Partial<typeof wiring> = {}) =>
    operationOn(
      { ...wiring, ...within, settler: settlerOf(found, { run: hook === 'skip' ? 'skip' : 'usual', trust }, host, reporter) },
      host,
    )
  const run = async (request: Request, how: How): Promise<Outcome> => {
    expectConfirmed(found, how)
    return await operate({ ...(await wishFor(how)), request }, operationFor(how))
  }
  const wishFor = async (how: How): Promise<Omit<Wish, 'request'>> => ({
    ...wishOf(how, found, lockTimeoutMs),
    baselines: await baselinesIn(how.baseline ?? null, host, directory),
  })
  const elsewhere = elsewhereOf(found, host)
  const asking = {
    ...{ kinds, reporter, signal, clock: host.clock, now: host.now, within: kinds.within, deploy: found.name },
    ...(elsewhere === undefined ? {} : { elsewhere }),
  }
  const declared = found.declared?.resources ?? new Map()
  return {
    attach: async (handles, how = {}) => {
      expectMayBeMade(found, create ? 'create' : 'usual', host)
      return await run({ verb: 'attach', edits: editsOf(handles, how) }, how)
    },
    swap: async (handles, how = {}) => {
      expectThere(found, host)
      return await run({ verb: 'swap', edits: editsOf(handles, how) }, how)
    },
    failover: async (key, handles, { timeoutMs = FAILOVER_MS, ...how } = {}) => {
      expectThere(found, host)
      expectConfirmed(found, how)
      const kept = editsOf({ [key]: '' }, how).flatMap(({ keepOldAs }) => (keepOldAs === undefined ? [] : [{ keepOldAs }]))
      const candidates = handles.map((handle) => ({ to: new Secret(handle) }))
      const wish = { ...(await wishFor(how)), key: keyOf(key), candidates, timeoutMs, ...kept[0] }
      return await inTime(timeoutMs, signal, (within) => failover(wish, operationFor(how, within)))
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
    compare: async (handles, how = {}) => {
      expectThere(found, host)
      const baselines = await baselinesIn(how.baseline ?? null, host, directory)
      const snapshot = await store.read(signal)
      const measure = { ...measureOf(how), declared, baselines }
      return await fitnessOf(changesTo(editsOf(handles, {}), snapshot), snapshot.entries, measure, asking)
    },
    saveBaseline: async (name, path) => {
      expectThere(found, host)
      const [key, file] = [keyOf(name), baselineFile(path, host, directory)]
      expectWritable(file)
      const value = heldIn(await store.read(signal), key)
      const resource = await readHandle(key, value, { asked: declared.get(key)?.kind ?? null, was: value }, kinds)
      const { survey } = await surveyAlone(key, resource, declared, asking)
      writeBaseline(file, { key, target: kinds.describe(value), survey }, host)
    },
    read: async () => await store.read(signal),
    close: async () => await store[Symbol.asyncDispose](),
  }
}

function heldIn({ entries }: Snapshot, key: Key): Secret {
  const value = entries.get(key)
  if (value !== undefined && !isEmpty(value)) return value
  throw new AttachError('REFUSED', `${key} holds nothing; nothing was contacted`, { hint: 'attach status' })
}

/** Stops what takes too long up to its first write; from there on only the caller's own signal counts. */
async function inTime<T>(
  ms: number,
  signal: AbortSignal,
  steps: (within: { readonly signal: AbortSignal; readonly begin: () => void }) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), ms)
  const begin = (): void => clearTimeout(timer)
  try {
    return await steps({ signal: AbortSignal.any([signal, late.signal]), begin })
  } catch (error) {
    if (!late.signal.aborted || signal.aborted || !isAttachError(error, 'INTERRUPTED')) throw error
    throw new AttachError('REFUSED', `${ms / 1_000} s passed before the write; nothing was changed`, { hint: '{ timeoutMs: 60_000 }' })
  } finally {
    begin()
  }
}
