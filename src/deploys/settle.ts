import type { Declared } from '../domain/deploy.ts'
import type { Settled } from '../domain/operation.ts'
import type { Round } from '../engine/protocol.ts'
import type { Host } from '../ports/host.ts'
import type { Reporter } from '../ports/reporter.ts'
import type { Deploy } from './locate.ts'

export interface SettleOptions {
  /** `skip`: --no-hook, neither hook nor health. */
  readonly run: 'usual' | 'skip'
  /** Asked once for commands of attach.yaml that never ran here as they stand. Returns when they may run, throws REFUSED otherwise. */
  readonly trust: (commands: readonly string[]) => Promise<void>
}

/** How the app of one deploy is made to pick up its config, and asked whether it is well. */
export interface Settler {
  /** What would be run, for the plan. Null: nothing. */
  readonly hook: Declared['hook']
  readonly health: Declared['health']
  /** Throws CONFIG_INVALID (not there, not safe) or REFUSED (not trusted). Runs nothing. */
  ready(): Promise<void>
  /** The hook, then health. Never rejects; tells the reporter why it was not well. */
  settle(round: Round, signal: AbortSignal): Promise<Settled>
}

export function settlerOf({ declared }: Deploy, { run }: SettleOptions, _host: Host, _reporter: Reporter): Settler {
  const hook = run === 'skip' ? null : (declared?.hook ?? null)
  const health = run === 'skip' ? null : (declared?.health ?? null)
  return {
    hook,
    health,
    ready: async () => {},
    settle: async () => 'skipped',
  }
}
