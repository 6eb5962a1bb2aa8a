import type { Deploy } from '../deploys/locate.ts'
import { readersShown } from '../deploys/readers.ts'
import { AttachError } from '../domain/errors.ts'
import { shellWord } from '../domain/shell.ts'
import { type Consent, type Proposal, replaces } from '../engine/operate.ts'
import type { Plan } from '../engine/plan.ts'
import type { ChangeCommand } from './commands/change.ts'
import type { Session } from './session.ts'

/** Where the person at the terminal, or the options in their place, say yes or no. */
export function consentOf(command: ChangeCommand, deploy: Deploy, session: Session): Consent {
  const { interactive } = session
  return {
    recover: async () => {},
    meant: async (plan) => {
      expectName(command.confirm, deploy)
      if (command.verb === 'attach' && replaces(plan) && !command.yes && !interactive) throw notMeant(plan)
    },
    allTheSame: async (failure, { plan }) => {
      const mayBeAsked = plan.verb === 'attach' && failure.isNobodyThere
      if (!mayBeAsked) throw unchanged(failure, failure.hint)
      if (!interactive || command.dryRun) throw unchanged(failure, `${failure.hint ?? ''} (or --no-probe to attach it all the same)`.trim())
      await agree('Nothing answers there. Attach it all the same? [y/N] ', session)
    },
    tell: (proposal) => tell(proposal, deploy, session),
    approve: async ({ plan, shown }) => {
      if (!interactive || command.yes || (command.verb === 'attach' && !replaces(plan))) return
      session.reporter.event({ type: 'planned', verb: plan.verb, deploy: deploy.name, changes: shown })
      await agree(`Change ${deploy.label}? [y/N] `, session)
    },
  }
}

/** What a person should see before the answer, and a log afterwards. */
function tell({ plan, rehearsal, preflight, recognised }: Proposal, deploy: Deploy, { reporter }: Session): void {
  if (plan.edited.length > 0) {
    const keys = plan.edited.join(', ')
    reporter.event({
      type: 'note',
      code: 'config.edited',
      message: `${keys} was edited outside since its last release; what stands there is kept for undo.`,
    })
  }
  if (plan.verb === 'detach') reporter.event({ type: 'detail', code: 'probe.none', message: 'detach probes nothing' })
  for (const { change, next, old } of recognised) {
    if (next !== null && old !== null && next.kind !== old.kind) {
      reporter.event({
        type: 'note',
        code: 'handle.kind_changed',
        message: `${change.key} leads to ${old.kind} now, and to ${next.kind} afterwards.`,
      })
    }
    const asked = preflight?.probes.filter(({ key, side }) => key === change.key && side === 'new') ?? []
    const findings = [...(next?.remarks ?? []), ...asked.flatMap(({ report }) => report.findings)]
    for (const finding of findings) reporter.event({ type: 'found', key: change.key, finding })
    if (next !== null && next.depth === null)
      reporter.event({ type: 'note', code: 'probe.none', message: `${change.key}: an ${next.kind} value is not probed.` })
  }
  if (rehearsal.following.length > 0) {
    const keys = rehearsal.following.join(', ')
    reporter.event({ type: 'note', code: 'config.following', message: `${keys} refers to what changes here and follows it.` })
  }
  const shown = readersShown(deploy.path)
  const isNew = recognised.every(({ change: { before } }) => before === null)
  for (const { code, message, readers } of rehearsal.notes) {
    const named = isNew ? readers.filter((reader) => shown.has(reader)) : readers
    if (readers.length === 0) reporter.event({ type: 'note', code, message })
    else if (named.length === 0) reporter.event({ type: 'detail', code, message: `${message} (${readers.join(', ')})` })
    else reporter.event({ type: 'note', code, message: `${message} (${named.join(', ')})` })
  }
}

/** Throws REFUSED when `--confirm` names another deploy. */
export function expectName(confirm: string | null, deploy: Deploy): void {
  if (confirm === null || confirm === deploy.name) return
  throw new AttachError('REFUSED', `--confirm names another deploy than ${deploy.name}; nothing was changed`, {
    hint: `--confirm ${shellWord(deploy.name)}`,
  })
}

const notMeant = ({ changes }: Plan): AttachError => {
  const keys = changes.filter(({ before }) => before !== null).map(({ key }) => key)
  return new AttachError(
    'REFUSED',
    `${keys.join(', ')} is attached to something else already, and replacing it must be meant; nothing was changed`,
    {
      hint: `attach swap ${keys[0] ?? 'KEY'}, or -y`,
    },
  )
}

const unchanged = ({ code, message }: AttachError, hint: string | undefined): AttachError =>
  new AttachError(code, `${message}; nothing was changed`, hint === undefined ? {} : { hint })

async function agree(question: string, { host, signal }: Session): Promise<void> {
  const answer = await host.stdin.ask(question, signal)
  if (answer !== null && /^\s*y(es)?\s*$/i.test(answer)) return
  throw new AttachError('REFUSED', 'not confirmed; nothing was changed', { hint: 'attach status' })
}
