import { openKinds } from '../../deploys/kinds.ts'
import { type Deploy, expectMayBeMade, expectThere } from '../../deploys/locate.ts'
import { openStore } from '../../deploys/open.ts'
import { operationOn } from '../../deploys/operation.ts'
import type { Settler } from '../../deploys/settling/settler.ts'
import { hasSettling } from '../../domain/deploy.ts'
import type { Document, Warning } from '../../domain/document.ts'
import { type Outcome, operate, type Wish } from '../../engine/operate.ts'
import type { FileStore } from '../../stores/file.ts'
import type { AttachCommand, DetachCommand, RollbackCommand, SwapCommand, UndoCommand } from '../command.ts'
import { consentOf } from '../consent.ts'
import { DEFAULTS } from '../defaults.ts'
import { exitOfClose, outcomeOfClose } from '../exits.ts'
import { absentKeys, remarksAfter } from '../remarks.ts'
import { requestOf } from '../request.ts'
import { placeOf, type Said, type Session } from '../session.ts'
import { settlerFor, settlingOf, unsettledError } from '../settling.ts'
import { tellingWhatStands } from '../standing.ts'

export type ChangeCommand = AttachCommand | SwapCommand | DetachCommand | RollbackCommand | UndoCommand

/** attach, swap, detach, rollback, undo: one operation, or none. */
export async function change(command: ChangeCommand, session: Session): Promise<Said> {
  const { host, signal, reporter, stop } = session
  const deploy = await placeOf(command, session)
  if (command.verb === 'attach') expectMayBeMade(deploy, command.create ? 'create' : 'usual', host)
  else expectThere(deploy, host)
  const lockTimeoutMs = command.lockTimeoutMs ?? (session.interactive ? DEFAULTS.lockOnTerminalMs : DEFAULTS.lockElsewhereMs)
  const store = openStore(deploy, host, {
    lockTimeoutMs,
    atomicOnly: command.atomicOnly,
    onWait: (reason) => reporter.event({ type: 'waiting', reason }),
  })
  const kinds = openKinds(session.redactor)
  try {
    const request = await requestOf(command, store, kinds, session)
    const settler = settlerFor(command, deploy, session)
    const consent = consentOf(command, deploy, settler, session)
    const operation = operationOn({ store, kinds, reporter, signal, begin: stop.begin, consent, settler }, host)
    const absent = command.verb === 'detach' ? absentKeys(command.keys, await store.read()) : []
    const wish = wishOf(command, request, deploy, lockTimeoutMs, session)
    const outcome = await tellingWhatStands(store, kinds, session, () => operate(wish, operation))
    stop.end()
    return said(command, { deploy, store, settler }, outcome, absent, session)
  } finally {
    await store[Symbol.asyncDispose]()
  }
}

function wishOf(
  command: ChangeCommand,
  request: Wish['request'],
  { declared }: Deploy,
  lockTimeoutMs: number,
  { redactor }: Session,
): Wish {
  return {
    request,
    kind: 'kind' in command ? command.kind : null,
    expect: 'expect' in command ? command.expect : null,
    probe: 'probe' in command && !command.probe ? 'skip' : 'probe',
    message: command.message === null ? null : redactor.redact(command.message),
    declared: declared?.resources ?? new Map(),
    readers: declared?.readers ?? [],
    settling: command.hook || !hasSettling(declared) ? 'usual' : 'skipped',
    onFailure: command.onFailure ?? (declared?.onFailure === 'keep' ? 'keep' : 'usual'),
    allowed: 'allow' in command ? command.allow : [],
    run: command.dryRun ? 'dry' : 'real',
    lockTimeoutMs,
  }
}

function said(
  command: ChangeCommand,
  { deploy, store, settler }: { readonly deploy: Deploy; readonly store: FileStore; readonly settler: Settler },
  outcome: Outcome,
  absent: readonly Warning[],
  session: Session,
): Said {
  switch (outcome.type) {
    case 'unchanged':
      return { deploy: deploy.name, exit: 0, outcome: 'unchanged', message: unchangedText(command, outcome.keys, deploy), remarks: absent }
    case 'planned':
      return {
        deploy: deploy.name,
        exit: 0,
        outcome: 'planned',
        changes: outcome.proposal.shown,
        remarks: absent,
        ...settlingOf(settler, outcome.proposal.revertible, null, session),
      }
    case 'closed': {
      const { close, proposal } = outcome
      const settling = settlingOf(settler, proposal.revertible, close, session)
      const error = unsettledError(close, proposal.shown, session)
      const ended = { deploy: deploy.name, exit: exitOfClose(close), outcome: outcomeOfClose(close), ...settling }
      if (close.verdict !== 'committed') return { ...ended, changes: proposal.shown, error }
      const undo: Document['undo'] = ['attach', 'undo', `v${close.release}`, ...deploy.options]
      const remarks = [...absent, ...remarksAfter(command, proposal, deploy, store, settler, session.host)]
      return { ...ended, release: close.release, changes: proposal.shown, undo, remarks, error }
    }
  }
}

function unchangedText(command: ChangeCommand, keys: readonly string[], deploy: Deploy): string {
  const named = keys.length === 0 ? 'every key' : keys.join(', ')
  const how = command.verb === 'detach' ? 'is not attached' : 'holds this already'
  return `unchanged: ${named} ${how} (${deploy.label})`
}
