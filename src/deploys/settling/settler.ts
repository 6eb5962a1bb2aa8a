import type { Declared } from '../../domain/deploy.ts'
import type { Intent, Settled } from '../../domain/operation.ts'
import { oneLine } from '../../domain/redact.ts'
import type { Round } from '../../engine/protocol.ts'
import type { Host } from '../../ports/host.ts'
import type { Reporter } from '../../ports/reporter.ts'
import type { Deploy } from '../locate.ts'
import type { Held } from './command-output.ts'
import type { Commands, Trust } from './trust.ts'

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
  settle(round: Round, values: () => Promise<RoundValues>, signal: AbortSignal): Promise<Settled>
  /** Throws CONFLICT when what would run is not what was agreed to. What was agreed to is remembered. */
  confirm(): Promise<void>
  /** What was wrong first in the rounds of an operation. Null: nothing was. */
  why(intent: Intent): string | null
  /** Ends a hook that an attach left running which was killed, whatever attach.yaml says today. Never rejects; tells the reporter. */
  clearOrphan(): Promise<void>
}

/** What is kept out of what the commands print, and out of their environment. */
export interface RoundValues {
  /** All that the config holds now. Null: it cannot be read. */
  readonly config: readonly Held[] | null
  /** The old and new values of the operation. */
  readonly changed: readonly Held[]
}

export function settlerOf(deploy: Deploy, { run, trust }: SettleOptions, host: Host, reporter: Reporter): Settler {
  const { declared } = deploy
  const clearOrphan = async (): Promise<void> => {
    const { clearOrphanOf } = await import('./round.ts')
    await clearOrphanOf(deploy, host, reporter)
  }
  if (run === 'skip' || declared === null || (declared.hook === null && declared.health === null)) return { ...NOTHING, clearOrphan }
  let trusted: Promise<Trust> | null = null
  let rounds: { readonly of: number; why: string | null } = { of: 0, why: null }
  const heard: Reporter = {
    event: (event) => {
      if (event.type === 'settled' && event.why !== null) rounds.why ??= oneLine(`${event.step}: ${event.why}`).slice(0, WHY_MAX)
      reporter.event(event)
    },
  }
  const trustHere = (): Promise<Trust> => {
    trusted ??= import('./trust.ts').then(({ trustOf }) => trustOf(commandsOf(deploy, declared, host), trust, host))
    return trusted
  }
  return {
    hook: declared.hook,
    health: declared.health,
    ready: async () => (await trustHere()).ready(),
    settle: async (round, values, signal) => {
      const { settleBy } = await import('./round.ts')
      if (rounds.of !== round.intent.seq) rounds = { of: round.intent.seq, why: null }
      const confirm = async (): Promise<void> => (await trustHere()).confirm()
      return await settleBy(declared, { deploy, round, values, host, reporter: heard, signal, confirm })
    },
    confirm: async () => (await trustHere()).confirm(),
    why: ({ seq }) => (rounds.of === seq ? rounds.why : null),
    clearOrphan,
  }
}

/** Enough for a sentence in the log. */
const WHY_MAX = 500

const NOTHING: Omit<Settler, 'clearOrphan'> = {
  hook: null,
  health: null,
  ready: async () => {},
  settle: async () => 'skipped',
  confirm: async () => {},
  why: () => null,
}

/** A health check by URL runs nothing of attach.yaml's: it needs no trust. */
function commandsOf({ name, path }: Deploy, { file, folder, hook, health }: Declared, { env }: Host): Commands {
  const commands = [
    ...(hook === null ? [] : [{ name: `hook of ${name}`, line: hook.run }]),
    ...(health?.check.by === 'command' ? [{ name: `health of ${name}`, line: health.check.run }] : []),
  ]
  return { deploy: name, file, commands, place: { folder, env, config: path } }
}
