import type { Consent, Operation } from '../engine/operate.ts'
import type { Host } from '../ports/host.ts'
import type { Reporter } from '../ports/reporter.ts'
import type { ConfigStore } from '../ports/store.ts'
import type { OpenKinds } from './kinds.ts'

export interface Wiring {
  readonly store: ConfigStore
  readonly kinds: OpenKinds
  readonly reporter: Reporter
  readonly signal: AbortSignal
  /** Called when the first entry of an operation is about to be written. */
  readonly begin: () => void
  readonly consent: Consent
}

/** All that an operation needs of the world, from the real one. */
export const operationOn = ({ store, kinds, reporter, signal, begin, consent }: Wiring, host: Host): Operation => ({
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
  settle: async () => 'skipped', // A deploy has no hook and no health yet: the person restarts the app.
})

/** What is called is meant, and nobody is asked. A failed probe is a failure. */
export const WITHOUT_QUESTIONS: Consent = {
  meant: async () => {},
  tell: () => {},
  approve: async () => {},
  allTheSame: async (failure) => {
    throw failure
  },
}
