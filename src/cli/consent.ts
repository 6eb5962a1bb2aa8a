import type { Deploy } from '../deploys/locate.ts'
import { AttachError } from '../domain/errors.ts'
import { type Consent, type Proposal, replaces } from '../engine/operate.ts'
import type { Plan } from '../engine/plan.ts'
import type { ChangeCommand } from './commands/change.ts'
import { readersShown } from './remarks.ts'
import type { Session } from './session.ts'

/** Where the person at the terminal, or the options in their place, say yes or no. */
export function consentOf(command: ChangeCommand, deploy: Deploy, session: Session): Consent {
  const { interactive } = session
  const answered = command.yes || command.dryRun
  return {
    meant: async (plan) => {
      expectName(command.confirm, deploy)
      if (command.verb === 'attach' && replaces(plan) && !answered && !interactive) throw notMeant(plan)
    },
    allTheSame: async (failure, { plan }) => {
      const isAbsent = plan.verb === 'attach'
      if (!isAbsent || !interactive || command.dryRun || !isNobodyThere(failure)) throw unprobed(failure, isAbsent)
      await agree('Nothing answers there. Attach it all the same? [y/N] ', session)
    },
    approve: async (proposal) => {
      const { plan, shown } = proposal
      const asks = interactive && !command.yes && (command.verb !== 'attach' || replaces(plan))
      show(proposal, deploy, session)
      if (!asks) return
      session.reporter.event({ type: 'planned', verb: plan.verb, deploy: deploy.name, changes: shown })
      await agree(`Change ${deploy.label}? [y/N] `, session)
    },
  }
}

/** What a person should see before the answer, and a log afterwards. */
function show({ rehearsal, preflight, recognised }: Proposal, deploy: Deploy, { reporter }: Session): void {
  for (const { change, next } of recognised) {
    const asked = preflight?.probes.filter(({ key, side }) => key === change.key && side === 'new') ?? []
    const findings = [...(next?.remarks ?? []), ...asked.flatMap(({ report }) => report.findings)]
    for (const finding of findings) reporter.event({ type: 'found', key: change.key, finding })
    if (next !== null && next.depth === null)
      reporter.event({ type: 'detail', code: 'probe.none', message: `${change.key}: ${next.kind} is not probed` })
  }
  if (rehearsal.following.length > 0) {
    const keys = rehearsal.following.join(', ')
    reporter.event({ type: 'note', code: 'config.following', message: `${keys} refers to what changes here and follows it.` })
  }
  const shown = readersShown(deploy.path)
  const isNew = recognised.every(({ change: { before } }) => before === null)
  for (const { code, message, readers } of rehearsal.notes) {
    const named = isNew ? readers.filter((reader) => shown.has(reader)) : readers
    if (named.length === 0) reporter.event({ type: 'detail', code, message: `${message} (${readers.join(', ')})` })
    else reporter.event({ type: 'note', code, message: `${message} (${named.join(', ')})` })
  }
}

function expectName(confirm: string | null, deploy: Deploy): void {
  if (confirm === null || confirm === deploy.name) return
  throw new AttachError('REFUSED', `--confirm names another deploy than ${deploy.label}; nothing was changed`, { hint: 'attach status' })
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

const isNobodyThere = ({ message }: AttachError): boolean => / failed at (resolve|connect): /.test(message)

const unprobed = (failure: AttachError, isAbsent: boolean): AttachError => {
  const hint = isAbsent && isNobodyThere(failure) ? `${failure.hint ?? ''} (or --no-probe to attach it all the same)`.trim() : failure.hint
  return new AttachError(failure.code, `${failure.message}; nothing was changed`, hint === undefined ? {} : { hint })
}

async function agree(question: string, { host, signal }: Session): Promise<void> {
  const answer = await host.stdin.ask(question, signal)
  if (answer !== null && /^\s*y(es)?\s*$/i.test(answer)) return
  throw new AttachError('REFUSED', 'not confirmed; nothing was changed', { hint: 'answer y, or give -y' })
}
