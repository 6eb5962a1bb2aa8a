import type { Deploy } from '../deploys/locate.ts'
import { type Settler, settlerOf } from '../deploys/settling/settler.ts'
import { checkText, commandText } from '../domain/deploy.ts'
import type { Document, SettlingRow, StepRow } from '../domain/document.ts'
import { AttachError } from '../domain/errors.ts'
import type { Close, Open, Shown } from '../domain/operation.ts'
import type { Proposal } from '../engine/operate.ts'
import type { Writing } from './command.ts'
import { agree, type Session } from './session.ts'

/** Hook and health of a deploy, for one command. Who trusts them is the person at the terminal, or --trust in their place. */
export function settlerFor(command: Writing, deploy: Deploy, session: Session): Settler {
  const run = command.hook ? 'usual' : 'skip'
  return settlerOf(deploy, { run, trust: (commands) => expectTrusted(commands, command, session) }, session.host, session.reporter)
}

export const settles = ({ hook, health }: Settler): boolean => hook !== null || health !== null

async function expectTrusted(commands: readonly string[], { trust, dryRun }: Writing, session: Session): Promise<void> {
  if (trust) return
  const { interactive, reporter } = session
  const named = commands.join('; ')
  if (!interactive) {
    throw new AttachError('REFUSED', `attach.yaml would run this here for the first time: ${named}; nothing was changed`, {
      hint: 'read it, then add --trust; --no-hook goes without it',
    })
  }
  reporter.event({ type: 'note', code: 'hook.new', message: `attach.yaml would run this here for the first time: ${named}` })
  if (!dryRun) await agree('Trust it? [y/N] ', session)
}

/** On a terminal a person says whether the operation of a dead process is ended first, where that would run the hook. */
export async function expectRecovery({ intent }: Open, settler: Settler, { yes }: Writing, session: Session): Promise<void> {
  if (!session.interactive || yes || !settles(settler)) return
  const { verb, by, at } = intent
  const keys = intent.shown.map(({ key }) => key).join(', ')
  const message = `A ${verb} of ${keys} by ${by.user} on ${by.host}, since ${at}, was left open by a process that is gone. Ending it runs hook and health.`
  session.reporter.event({ type: 'note', code: 'journal.open', message })
  await agree('End it first? [y/N] ', session)
}

/** What will be done once the config is written, and what becomes of a value that the app does not settle on. */
export function tellSettling(
  settler: Settler,
  { revertible }: Proposal,
  { declared }: Deploy,
  command: Writing,
  { reporter }: Session,
): void {
  const { hook, health } = settler
  if (hook !== null) reporter.event({ type: 'then', step: 'hook', what: commandText(hook.run) })
  if (health !== null) reporter.event({ type: 'then', step: 'health', what: checkText(health) })
  if (hook === null && health !== null)
    reporter.event({ type: 'note', code: 'health.without_hook', message: 'No hook restarts the app: health asks it as it runs.' })
  if (!settles(settler)) return
  const isAsked = 'onFailure' in command && command.onFailure !== null
  const why = isAsked ? '--on-failure' : declared?.onFailure === 'keep' ? 'on-failure in attach.yaml' : 'the old resource did not answer'
  const message = revertible
    ? `If the app does not settle, the old value is put back${isAsked ? ' (--on-failure)' : ''}.`
    : `If the app does not settle, the new value stays (${why}).`
  reporter.event({ type: 'note', code: revertible ? 'settle.revert' : 'settle.keep', message })
}

/** Hook and health in a document. Nothing where a deploy has none. */
export function settlingOf(
  { hook, health }: Settler,
  revertible: boolean | null,
  close: Close | null,
  { heard }: Session,
): Pick<Document, 'settling'> {
  if (hook === null && health === null) return {}
  const settled = close !== null && 'settled' in close ? (close.settled ?? null) : null
  const settling: SettlingRow = {
    hook: hook === null ? null : commandText(hook.run),
    health: health === null ? null : checkText(health),
    onFailure: revertible === null ? null : revertible ? 'revert' : 'keep',
    settled,
    steps: heard.steps,
  }
  return { settling }
}

/** Exit 7 and 8 of an operation that is closed: what stands now, and why. Null: nothing is wrong. */
export function unsettledError(close: Close, shown: readonly Shown[], { heard, stop }: Session): Document['error'] {
  const why = (stands: StepRow['stands']): string | null => reasonIn(heard.steps, stands)
  const back = shown.map(({ key, from }) => (from === null ? `${key} is absent again` : `${key} holds ${from} again`)).join(', ')
  const first = close.why ?? (stop.signal === null ? 'the app did not settle on it' : `${stop.signal} came after the write`)
  if (close.verdict === 'reverted' && close.settled !== 'no')
    return {
      code: close.why === undefined && stop.signal !== null ? 'INTERRUPTED' : 'UNSETTLED',
      message: `${first}; the old value was put back: ${back}`,
      hint: 'attach log',
    }
  if (close.verdict === 'reverted') {
    const message = `${first}; the old value was put back: ${back}, and the app is not well on it either: ${why('old') ?? 'it cannot be told why'}`
    return { code: 'UNSETTLED', message, hint: 'attach recover runs hook and health again, once what is wrong is mended' }
  }
  if (close.verdict === 'committed' && close.settled === 'no') {
    const held = shown.map(({ key, from, to }) => `${key} holds ${to ?? 'nothing'} now, and held ${from ?? 'nothing'} before`).join('; ')
    const hint = `attach recover runs hook and health again; attach undo v${close.release} goes back`
    return { code: 'UNSETTLED', message: `${first}; the new value stays, as v${close.release}: ${held}`, hint }
  }
  return null
}

/** What was wrong in the last run over those values. */
export function reasonIn(steps: readonly StepRow[], stands: StepRow['stands']): string | null {
  const wrong = steps.findLast((step) => step.stands === stands && step.why !== null)
  return wrong === undefined ? null : `${wrong.step}: ${wrong.why}`
}
