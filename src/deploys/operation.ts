import type { Consent, Operation } from '../engine/operate.ts'
import type { Host } from '../ports/host.ts'
import type { Reporter } from '../ports/reporter.ts'
import type { ConfigStore } from '../ports/store.ts'
import type { OpenKinds } from './kinds.ts'
import type { Settler } from './settle.ts'

export interface Wiring {
  readonly store: ConfigStore
  readonly kinds: OpenKinds
  readonly reporter: Reporter
  readonly signal: AbortSignal
  /** Called when the first entry of an operation is about to be written. */
  readonly begin: () => void
  readonly consent: Consent
  readonly settler: Settler
}

/** All that an operation needs of the world, from the real one. */
export const operationOn = ({ store, kinds, reporter, signal, begin, consent, settler }: Wiring, host: Host): Operation => ({
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
  show: (_key, value) => (value === null ? null : kinds.describe(value)),
  within: kinds.within,
  ready: () => settler.ready(),
  settle: (round, stop) => settler.settle(round, stop),
})

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
