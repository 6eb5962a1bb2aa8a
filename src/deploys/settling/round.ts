import { commandText, type Declared, SETTLE_DEFAULTS, shownCheck } from '../../domain/deploy.ts'
import { isAttachError } from '../../domain/errors.ts'
import type { Step } from '../../domain/event.ts'
import type { Settled } from '../../domain/operation.ts'
import { type Round, STEADY } from '../../engine/protocol.ts'
import type { Host } from '../../ports/host.ts'
import type { Reporter } from '../../ports/reporter.ts'
import type { Deploy } from '../locate.ts'
import { hookRecordOf } from '../open.ts'
import type { Running } from './command.ts'
import { hookEnv } from './command-env.ts'
import { outputCleaner } from './command-output.ts'
import { askHealth } from './health.ts'
import { runHook } from './hook.ts'
import { clearOrphan } from './orphan.ts'
import type { RoundValues } from './settler.ts'

export interface Settling {
  readonly deploy: Deploy
  readonly round: Round
  readonly values: () => Promise<RoundValues>
  readonly host: Host
  readonly reporter: Reporter
  readonly signal: AbortSignal
  /** Throws when what is to run is not what was agreed to. */
  readonly confirm: () => Promise<void>
}

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 5_000

/** The hook, then health. Each begins with `settling` and ends with `settled`; the first that goes wrong is the last. Never rejects. */
export async function settleBy({ hook, health, folder }: Declared, settling: Settling): Promise<Settled> {
  if (hook !== null) {
    const taken = { step: 'hook', what: commandText(hook.run), timeoutMs: hook.timeoutMs } as const
    if (!(await wentWell(taken, settling, async () => runHook(hook, await runningIn(folder, settling))))) return 'no'
  }
  if (health !== null) {
    const taken = { step: 'health', what: shownCheck(health), timeoutMs: health.timeoutMs } as const
    if (!(await wentWell(taken, settling, async () => askHealth(health, await runningIn(folder, settling))))) return 'no'
  }
  return 'yes'
}

/** For whoever takes an operation over. What stays in the way is told, and is no reason to leave the operation open. */
export async function clearOrphanOf(deploy: Deploy, host: Host, reporter: Reporter): Promise<void> {
  const waitMs = deploy.declared?.hook?.timeoutMs ?? SETTLE_DEFAULTS.hookMs
  const clear = async (): Promise<string | null> =>
    await clearOrphan({ record: hookRecordOf(deploy, host), host, reporter, signal: STEADY, waitMs, graceMs: GRACE_MS })
  const inTheWay = await clear().catch(whyOf)
  if (inTheWay !== null) reporter.event({ type: 'note', code: 'hook.orphan', message: inTheWay })
}

async function runningIn(folder: string, { deploy, round, values, host, reporter, signal }: Settling): Promise<Running> {
  const { config, changed } = await values()
  const env = hookEnv(host.inherited, {
    deploy: deploy.name,
    config: deploy.path,
    folder,
    round,
    values: changed.map(({ value }) => value),
  })
  const clean =
    config === null
      ? (): string => '(not shown: the config cannot be read, and so its secrets are not known)'
      : outputCleaner([...config, ...changed])
  return { host, reporter, folder, env, clean, record: hookRecordOf(deploy, host), graceMs: GRACE_MS, signal }
}

interface Taken {
  readonly step: Step
  readonly what: string
  readonly timeoutMs: number
}

async function wentWell(taken: Taken, settling: Settling, take: () => Promise<string | null>): Promise<boolean> {
  const { round, host, reporter, confirm } = settling
  const { step } = taken
  const { stands } = round
  reporter.event({ type: 'settling', stands, ...taken })
  const started = host.clock()
  const why = await confirm().then(take).catch(whyOf)
  reporter.event({ type: 'settled', step, stands, why, ms: host.clock() - started })
  return why === null
}

/** What stopped it before it began. The rest of such a message is about a change, and there is none here. */
function whyOf(error: unknown): string {
  if (isAttachError(error)) return error.message.replace(/; nothing was changed$/, '')
  return `a bug of ours: ${error instanceof Error ? error.name : 'something'}`
}
