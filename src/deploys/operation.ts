import type { Key, Value } from '../domain/change.ts'
import { isAttachError } from '../domain/errors.ts'
import type { Consent, Operation } from '../engine/operate.ts'
import { type Round, STEADY } from '../engine/protocol.ts'
import type { Host } from '../ports/host.ts'
import type { Reporter } from '../ports/reporter.ts'
import type { ConfigStore } from '../ports/store.ts'
import { elsewhereOf } from './inventory.ts'
import type { OpenKinds } from './kinds.ts'
import type { Deploy } from './locate.ts'
import type { Held } from './settling/command-output.ts'
import type { RoundValues, Settler } from './settling/settler.ts'

export interface Wiring {
  readonly store: ConfigStore
  readonly kinds: OpenKinds
  readonly reporter: Reporter
  readonly signal: AbortSignal
  /** Called when the first entry of an operation is about to be written. */
  readonly begin: () => void
  readonly consent: Consent
  readonly settler: Settler
  readonly deploy: Deploy
}

/** All that an operation needs of the world, from the real one. */
export function operationOn({ store, kinds, reporter, signal, begin, consent, settler, deploy }: Wiring, host: Host): Operation {
  const elsewhere = elsewhereOf(deploy, host)
  return {
    store,
    kinds,
    reporter,
    signal,
    begin,
    consent,
    by: host.actor,
    now: host.now,
    clock: host.clock,
    random: host.random,
    show: (key, value) => (value === null ? null : kinds.shown(key, value)),
    within: kinds.within,
    deploy: deploy.name,
    ...(elsewhere === undefined ? {} : { elsewhere }),
    ready: () => settler.ready(),
    clearOrphan: () => settler.clearOrphan(),
    unsettledWhy: (intent) => settler.why(intent),
    confirm: () => settler.confirm(),
    settle: (round, stop) => settler.settle(round, () => valuesOf(round, store), stop),
  }
}

/** Read anew for each run: what a hook prints may hold any of them. */
async function valuesOf({ intent }: Round, store: ConfigStore): Promise<RoundValues> {
  const held = (key: Key, value: Value): readonly Held[] => (value === null ? [] : [{ key, value }])
  const snapshot = await orNull(store.read(STEADY))
  const changes = await orNull(store.journal.recall(intent, STEADY))
  return {
    config: snapshot === null ? null : [...snapshot.entries].flatMap(([key, value]) => held(key, value)),
    changed: (changes ?? []).flatMap(({ key, before, after }) => [...held(key, before), ...held(key, after)]),
  }
}

/** What cannot be read now is told by whoever needs it. */
async function orNull<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading
  } catch (error) {
    if (isAttachError(error)) return null
    throw error
  }
}

/** What is called is meant, and nobody is asked. A failed probe is a failure. */
export const WITHOUT_QUESTIONS: Consent = {
  recover: async () => {},
  meant: async () => {},
  tell: () => {},
  approve: async () => {},
  allTheSame: async (failure) => {
    throw failure
  },
}
