import type { Deploy } from '../deploys/locate.ts'
import { readersShown } from '../deploys/readers.ts'
import type { Settler } from '../deploys/settling/settler.ts'
import type { Key } from '../domain/change.ts'
import { GENERAL } from '../domain/checks.ts'
import { AttachError } from '../domain/errors.ts'
import type { Finding, KeyedFinding } from '../domain/finding.ts'
import { shellWord } from '../domain/shell.ts'
import { type Consent, findingsOf, type Proposal, replaces } from '../engine/operate.ts'
import { isKept, type Plan } from '../engine/plan.ts'
import type { Reporter } from '../ports/reporter.ts'
import type { ChangeCommand } from './commands/change.ts'
import { agree, type Session } from './session.ts'
import { expectRecovery, tellSettling } from './settling.ts'

/** Where the person at the terminal, or the options in their place, say yes or no. */
export function consentOf(command: ChangeCommand, deploy: Deploy, settler: Settler, session: Session): Consent {
  const { interactive } = session
  return {
    recover: (open) => expectRecovery(open, settler, command, session),
    meant: async (plan) => {
      expectName(command.confirm, deploy)
      if (isProtected(deploy) && command.confirm === null && !interactive) throw notNamed(deploy)
      if (command.verb === 'attach' && replaces(plan) && !command.yes && !interactive) throw notMeant(plan)
    },
    allTheSame: async (failure, { plan }) => {
      const mayBeAsked = plan.verb === 'attach' && failure.isNobodyThere
      if (!mayBeAsked) throw unchanged(failure, failure.hint)
      if (!interactive || command.dryRun) throw unchanged(failure, `${failure.hint ?? ''} (or --no-probe to attach it all the same)`.trim())
      await agree('Nothing answers there. Attach it all the same? [y/N] ', session)
    },
    tell: (proposal) => {
      session.place.changes = proposal.shown
      tell(proposal, deploy, session)
      tellSettling(settler, proposal, deploy, command, session)
    },
    approve: async ({ plan, shown }) => {
      const needsName = isProtected(deploy) && command.confirm === null
      const needsYes = !command.yes && (command.verb !== 'attach' || replaces(plan))
      if (!interactive || !(needsName || needsYes)) return
      session.reporter.event({ type: 'planned', verb: plan.verb, deploy: deploy.name, changes: shown })
      if (needsName) await agreeByName(deploy, session)
      else await agree(`Change ${deploy.label}? [y/N] `, session)
    },
  }
}

/** What was found out about one key. */
export function tellJudged(key: Key, all: readonly KeyedFinding[], reporter: Reporter): void {
  const findings = all.filter((finding) => finding.key === key).map(({ key: _, ...finding }): Finding => finding)
  const compared = findings.some(({ id }) => id === GENERAL.kindChanged.id) // The first question of every comparison.
  if (findings.length > 0) reporter.event({ type: 'judged', key, findings, compared })
}

/** What a person should see before the answer, and a log afterwards. */
function tell(proposal: Proposal, deploy: Deploy, { reporter }: Session): void {
  const { plan, rehearsal, preflight, recognised } = proposal
  const findings = findingsOf(proposal)
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
    if (next !== null && old !== null && next.kind !== old.kind && (next.depth === null || preflight === null)) {
      reporter.event({
        type: 'note',
        code: 'handle.kind_changed',
        message: `${change.key} leads to ${old.kind} now, and to ${next.kind} afterwards.`,
      })
    }
    tellJudged(change.key, findings, reporter)
    if (next !== null && next.depth === null)
      reporter.event({ type: 'note', code: 'probe.none', message: `${change.key}: an ${next.kind} value is not probed.` })
  }
  if (rehearsal.following.length > 0) {
    const keys = rehearsal.following.join(', ')
    reporter.event({ type: 'note', code: 'config.following', message: `${keys} refers to what changes here and follows it.` })
  }
  const shown: ReadonlySet<string> = new Set([...readersShown(deploy.path), ...(deploy.declared?.readers ?? [])])
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

const notMeant = (plan: Plan): AttachError => {
  const keys = plan.changes.filter(({ key, before }) => before !== null && !isKept(plan, key)).map(({ key }) => key)
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

const isProtected = ({ declared }: Deploy): boolean => declared?.protected ?? false

const notNamed = ({ name }: Deploy): AttachError =>
  new AttachError('REFUSED', `${name} is protected, and a change of it needs its name; nothing was changed`, {
    hint: `--confirm ${shellWord(name)}`,
  })

async function agreeByName({ name }: Deploy, { host, signal }: Session): Promise<void> {
  const answer = await host.stdin.ask(`${name} is protected. Type its name to change it: `, signal)
  if (answer?.trim() === name) return
  throw new AttachError('REFUSED', 'not confirmed: that is not its name; nothing was changed', { hint: 'attach status' })
}
