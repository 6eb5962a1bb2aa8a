import { openKinds } from '../../deploys/kinds.ts'
import { expectThere, locate } from '../../deploys/locate.ts'
import { openStore } from '../../deploys/open.ts'
import type { Close, Head } from '../../domain/operation.ts'
import type { Context } from '../../engine/protocol.ts'
import { keep, recover } from '../../engine/recover.ts'
import type { ConfigStore } from '../../ports/store.ts'
import type { RecoverCommand } from '../command.ts'
import { DEFAULTS } from '../defaults.ts'
import { exitOfClose, outcomeOfClose } from '../exits.ts'
import type { Said, Session } from '../session.ts'
import { tellingWhatStands } from '../standing.ts'

/** Closes what a dead or stuck operation left open. */
export async function recoverOpen(command: RecoverCommand, session: Session): Promise<Said> {
  const { host, signal, reporter, stop } = session
  const deploy = locate(command.where, host.cwd, command.directory)
  session.place.options = deploy.options
  expectThere(deploy)
  const lockTimeoutMs = command.lockTimeoutMs ?? (session.interactive ? DEFAULTS.lockOnTerminalMs : DEFAULTS.lockElsewhereMs)
  const store: ConfigStore = openStore(deploy, host, { lockTimeoutMs, onWait: (reason) => reporter.event({ type: 'waiting', reason }) })
  const kinds = openKinds(session.redactor)
  const context: Context = {
    store,
    by: host.actor,
    now: host.now,
    random: host.random,
    signal,
    show: (_key, value) => (value === null ? null : kinds.describe(value)),
    settle: async () => 'skipped',
  }
  try {
    const head = await store.journal.head(signal)
    if (head.open !== null && (await store.journal.owner(signal)) === 'alive') await store.journal.quiet(lockTimeoutMs, signal)
    if (command.dryRun) return { deploy: deploy.name, exit: 0, outcome: 'planned', message: wouldDo(head, command) }
    stop.begin()
    const close = await tellingWhatStands(store, kinds, session, () => (command.keep ? keep(context) : recover(context)))
    if (close === null) return { deploy: deploy.name, exit: 0, outcome: 'unchanged', message: 'nothing is open' }
    return { deploy: deploy.name, exit: exitOfRecovery(close), outcome: outcomeOfRecovery(close), message: textOf(close, head) }
  } finally {
    await store[Symbol.asyncDispose]()
  }
}

function wouldDo({ open }: Head, { keep }: RecoverCommand): string {
  if (open === null) return 'nothing is open'
  const { verb, shown, by, at } = open.intent
  const keys = shown.map(({ key }) => key).join(', ')
  const how = keep ? 'accept what stands under' : 'finish, or put back, what was begun with'
  return `would ${how} ${keys}: a ${verb} by ${by.user} on ${by.host}, since ${at}`
}

/** Whatever the verdict, the operation is closed and the config is whole: only an app that did not settle needs a person. */
const exitOfRecovery = (close: Close): number => (exitOfClose(close) === 8 ? 8 : 0)

const outcomeOfRecovery = (close: Close): Said['outcome'] => (close.verdict === 'reverted' ? 'changed' : outcomeOfClose(close))

function textOf(close: Close, { open }: Head): string {
  const keys = open?.intent.shown.map(({ key }) => key).join(', ') ?? 'the last release'
  switch (close.verdict) {
    case 'committed':
      return `recovered: the new value of ${keys} stands, as v${close.release}`
    case 'reverted':
      return `recovered: the old value of ${keys} stands again`
    case 'aborted':
      return `recovered: ${keys} was never changed`
    case 'kept':
      return `kept: what stands under ${keys} was accepted`
  }
}
