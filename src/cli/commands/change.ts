import { baselinesIn } from '../../deploys/baseline.ts'
import { type OpenKinds, openKinds } from '../../deploys/kinds.ts'
import { type Deploy, expectMayBeMade, expectThere } from '../../deploys/locate.ts'
import { openStore } from '../../deploys/open.ts'
import { operationOn } from '../../deploys/operation.ts'
import type { Settler } from '../../deploys/settling/settler.ts'
import { hasSettling } from '../../domain/deploy.ts'
import type { Document, Warning } from '../../domain/document.ts'
import { failover } from '../../engine/failover.ts'
import { type Operation, type Outcome, operate, type Wish } from '../../engine/operate.ts'
import type { FileStore } from '../../stores/file.ts'
import type { AttachCommand, DetachCommand, FailoverCommand, RollbackCommand, SwapCommand, UndoCommand } from '../command.ts'
import { consentOf } from '../consent.ts'
import { DEFAULTS } from '../defaults.ts'
import { exitOfClose, outcomeOfClose } from '../exits.ts'
import { offersOf } from '../offers.ts'
import { absentKeys, remarksAfter } from '../remarks.ts'
import { requestOf } from '../request.ts'
import { placeOf, type Said, type Session } from '../session.ts'
import { settlerFor, settlingOf, unsettledError } from '../settling.ts'
import { tellingWhatStands } from '../standing.ts'

export type ChangeCommand = EditCommand | FailoverCommand
/** What is asked for is known before anything is contacted. */
export type EditCommand = AttachCommand | SwapCommand | DetachCommand | RollbackCommand | UndoCommand

/** attach, swap, failover, detach, rollback, undo: one operation, or none. */
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
  const kinds = openKinds(session.redactor, deploy.declared?.resources)
  try {
    const baselines = await baselinesIn('baseline' in command ? command.baseline : null, host, command.directory)
    const begun = await wanted(command, store, kinds, session)
    const settler = settlerFor(command, deploy, session)
    const consent = consentOf(command, deploy, settler, session)
    const operation = operationOn({ store, kinds, reporter, signal, begin: stop.begin, consent, settler, deploy }, host)
    const absent = command.verb === 'detach' ? absentKeys(command.keys, await store.read()) : []
    const how = { ...howOf(command, deploy, lockTimeoutMs, session), baselines }
    const outcome = await tellingWhatStands(store, kinds, session, () => begun(how, operation))
    stop.end()
    return said(command, { deploy, store, settler }, outcome, absent, session)
  } finally {
    await store[Symbol.asyncDispose]()
  }
}

/** Every value is fetched from where it stands. What comes back makes the operation. */
async function wanted(
  command: ChangeCommand,
  store: FileStore,
  kinds: OpenKinds,
  session: Session,
): Promise<(how: Omit<Wish, 'request'>, operation: Operation) => Promise<Outcome>> {
  if (command.verb === 'failover') {
    const { key, keepOld } = command
    const candidates = await offersOf(command, store, kinds, session)
    const as = keepOld.find((kept) => kept.key === key)?.as
    const timeoutMs = command.timeoutMs ?? (session.interactive ? DEFAULTS.failoverOnTerminalMs : DEFAULTS.failoverMs)
    return (how, operation) => failover({ ...how, key, candidates, timeoutMs, ...(as === undefined ? {} : { keepOldAs: as }) }, operation)
  }
  const request = await requestOf(command, store, kinds, session)
  return (how, operation) => operate({ ...how, request }, operation)
}

function howOf(
  command: ChangeCommand,
  { declared }: Deploy,
  lockTimeoutMs: number,
  { redactor }: Session,
): Omit<Wish, 'request' | 'baselines'> {
  return {
    kind: 'kind' in command ? command.kind : null,
    expect: 'expect' in command ? command.expect : null,
    probe: 'probe' in command && !command.probe ? 'skip' : 'probe',
    message: command.message === null ? null : redactor.redact(command.message),
    declared: declared?.resources ?? new Map(),
    readers: declared?.readers ?? [],
    settling: command.hook || !hasSettling(declared) ? 'usual' : 'skipped',
    onFailure: command.onFailure ?? (declared?.onFailure === 'keep' ? 'keep' : 'usual'),
    allowed: 'allow' in command ? command.allow : [],
    strictness: 'strict' in command && command.strict ? 'strict' : 'usual',
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
