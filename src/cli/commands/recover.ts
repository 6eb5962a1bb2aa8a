import { openKinds } from '../../deploys/kinds.ts'
import { openStore } from '../../deploys/open.ts'
import { operationOn, WITHOUT_QUESTIONS } from '../../deploys/operation.ts'
import type { Settler } from '../../deploys/settling/settler.ts'
import { same } from '../../domain/change.ts'
import type { Document, Warning } from '../../domain/document.ts'
import { AttachError } from '../../domain/errors.ts'
import type { Close, Head, Settled } from '../../domain/operation.ts'
import { oneLine } from '../../domain/redact.ts'
import type { Operation } from '../../engine/operate.ts'
import { keep, needsRecovery, recover, unsettled } from '../../engine/recover.ts'
import type { Journal } from '../../ports/journal.ts'
import type { FileStore } from '../../stores/file.ts'
import type { RecoverCommand } from '../command.ts'
import { expectName } from '../consent.ts'
import { DEFAULTS } from '../defaults.ts'
import { exitOfClose, outcomeOfClose } from '../exits.ts'
import { placeOf, type Said, type Session } from '../session.ts'
import { reasonIn, settlerFor, settles, settlingOf } from '../settling.ts'
import { expectHistory, tellingWhatStands } from '../standing.ts'

/** Closes what a dead or stuck operation left open. */
export async function recoverOpen(command: RecoverCommand, session: Session): Promise<Said> {
  const { host, signal, reporter, stop } = session
  const deploy = await placeOf(command, session)
  expectHistory(deploy, session)
  const lockTimeoutMs = command.lockTimeoutMs ?? (session.interactive ? DEFAULTS.lockOnTerminalMs : DEFAULTS.lockElsewhereMs)
  const store = openStore(deploy, host, {
    lockTimeoutMs,
    atomicOnly: command.atomicOnly && !command.keep, // What is accepted is not written.
    onWait: (reason) => reporter.event({ type: 'waiting', reason }),
  })
  const journal: Journal = store.journal
  const kinds = openKinds(session.redactor)
  const settler = settlerFor(command, deploy, session)
  const context = operationOn({ store, kinds, reporter, signal, begin: stop.begin, consent: WITHOUT_QUESTIONS, settler, deploy }, host)
  expectName(command.confirm, deploy)
  try {
    const aside = await setDamagedAside(store, command, session)
    if (aside !== null && command.dryRun) return { deploy: deploy.name, exit: 0, outcome: 'planned', message: oneLine(aside) }
    const head = await openHead(command, journal, lockTimeoutMs, session)
    if (command.dryRun)
      return { deploy: deploy.name, exit: 0, outcome: 'planned', message: oneLine(await wouldDo(head, command, store, settler, session)) }
    if (!command.keep && (await needsRecovery(journal, signal))) await readyAfter(aside, settler, session)
    const mended = head.open === null && (await journal.mend(signal)) ? [`recovered: ${nowWhole(deploy.label)}`] : []
    const first = [...(aside === null ? [] : [aside]), ...mended]
    const close = await tellingWhatStands(store, kinds, session, () => (command.keep ? keep(context) : recoverAll(context)))
    if (close === null) {
      const [outcome, message] =
        first.length === 0 ? (['unchanged', 'nothing is open'] as const) : (['changed', first.map(oneLine).join('\n')] as const)
      return { deploy: deploy.name, exit: 0, outcome, message }
    }
    const message = [...first, textOf(close, head)].map(oneLine).join('\n')
    const settling = settlingOf(settler, null, close, session)
    const remarks = remarksAfterRecovery(close, command)
    const error = errorOf(close, session)
    return { deploy: deploy.name, exit: exitOfRecovery(close), outcome: outcomeOfRecovery(close), message, error, remarks, ...settling }
  } finally {
    await store[Symbol.asyncDispose]()
  }
}

/** What was left open, and then what the app did not settle on before that: a person who asks to recover means both. */
async function recoverAll(context: Operation): Promise<Close | null> {
  const { store, signal } = context
  const close = await recover(context)
  if (close === null || ('settled' in close && close.settled !== undefined)) return close
  const earlier = await unsettled(store.journal, await store.journal.head(signal), signal)
  return earlier === null ? close : await recover(context)
}

/** Commands that may not run are refused; what was done before that is not lost. */
async function readyAfter(aside: string | null, settler: Settler, { reporter }: Session): Promise<void> {
  try {
    await settler.ready()
  } catch (error) {
    if (aside !== null) reporter.event({ type: 'recovered', message: aside })
    throw error
  }
}

/** What there is to recover, once nobody alive is at it. A dry run does not wait. Throws BUSY. */
async function openHead({ dryRun }: RecoverCommand, journal: Journal, lockTimeoutMs: number, { signal }: Session): Promise<Head> {
  const head = await journal.head(signal)
  if (head.open === null || (await journal.owner(signal)) !== 'alive') return head
  const { verb, by, at } = head.open.intent
  const who = `a ${verb} by ${by.user} on ${by.host} (process ${by.pid}, since ${at})`
  if (dryRun) throw new AttachError('BUSY', `${who} is under way; nothing was changed`, { hint: 'attach status' })
  await journal.quiet(lockTimeoutMs, signal)
  return await journal.head(signal)
}

/** A damaged journal is put out of the way, and a new one goes on with its numbers. Null: it is whole. */
async function setDamagedAside(
  { journal, label }: FileStore,
  { dryRun }: RecoverCommand,
  { host, signal, stop }: Session,
): Promise<string | null> {
  const damage = await journal.damage()
  if (damage === null) return null
  const found = damage.message.replace(/; nothing was changed$/, '')
  if (dryRun) return `would set the journal aside: ${found}`
  stop.begin()
  const aside = await journal.setAside({ by: host.actor, at: host.now() }, signal)
  if (aside === null) return null
  const kept = aside.name === null ? '' : `; the damaged one is kept as ${aside.name} beside it`
  const config = aside.mended ? nowWhole(label) : 'The config was not touched.'
  return `recovered: ${found}; a new journal goes on after v${aside.release}${kept}. ${config}`
}

const nowWhole = (label: string): string => `${label} was half written and is whole now; an app that read the half needs a restart.`

async function wouldDo(head: Head, command: RecoverCommand, store: FileStore, settler: Settler, { signal }: Session): Promise<string> {
  const { keep } = command
  const { open } = head
  const { entries, unfinished } = await store.read()
  if (open === null && unfinished) return `would finish ${store.label}, which is half written`
  if (open === null) return await wouldSettle(head, store.journal, settler, command, signal)
  const { verb, shown, by, at } = open.intent
  const keys = shown.map(({ key }) => key).join(', ')
  const what = `${keys}: a ${verb} by ${by.user} on ${by.host}, since ${at}`
  if (keep) return `would accept what stands under ${what}`
  const journal: Journal = store.journal
  const changes = await journal.recall(open.intent, signal)
  const stands = (side: 'before' | 'after'): boolean => changes.every((change) => same(change[side], entries.get(change.key) ?? null))
  if (!stands('before') && !stands('after'))
    return `would do nothing (exit 8), because an edit stands under ${what}; attach recover --keep accepts it`
  const again = settles(settler) ? 'run hook and health, and ' : ''
  if (!stands('after')) return open.landed ? `would ${again}close as put back ${what}` : `would close as never changed ${what}`
  return open.undo
    ? `would put the old value back, ${again}close ${what}`
    : `would ${again}finish, or put back, what was begun with ${what}`
}

async function wouldSettle(head: Head, journal: Journal, settler: Settler, { keep }: RecoverCommand, signal: AbortSignal): Promise<string> {
  if ((await unsettled(journal, head, signal)) === null) return 'nothing is open'
  if (keep) return 'would accept what stands, although the app did not settle on it'
  return settles(settler) ? 'would run hook and health again' : 'would note that the app is not restarted by attach'
}

/** Whatever the verdict, the operation is closed and the config is whole: only an app that did not settle needs a person. */
const exitOfRecovery = (close: Close): number => (exitOfClose(close) === 8 ? 8 : 0)

const outcomeOfRecovery = (close: Close): Said['outcome'] => (close.verdict === 'reverted' ? 'changed' : outcomeOfClose(close))

/** The value that stands now may be another than the app read, and nobody restarted it. */
function remarksAfterRecovery(close: Close, { hook }: RecoverCommand): readonly Warning[] {
  const isMoved = close.verdict === 'committed' || close.verdict === 'reverted'
  if (!isMoved || close.settled !== 'skipped') return []
  const how = hook ? 'attach.yaml names no hook now' : '--no-hook'
  return [{ code: 'app.not_restarted', message: `The app was not restarted (${how}): restart it, so that it reads what stands now.` }]
}

/** Closed, but the app is not well on what stands. */
function errorOf(close: Close, { heard }: Session): Document['error'] {
  if (exitOfRecovery(close) !== 8) return null
  const why = (['old', 'new', 'standing'] as const).map((stands) => reasonIn(heard.steps, stands)).find((reason) => reason !== null)
  const message = `the app did not settle on what stands: ${why ?? 'it was stopped before it could be told'}`
  return { code: 'UNSETTLED', message, hint: 'attach recover runs hook and health again, once what is wrong is mended' }
}

const STANDING: Record<Settled, string> = {
  yes: 'the app settled on what stands',
  no: 'the app did not settle on what stands',
  skipped: 'what stands is accepted: neither hook nor health was run',
}

function textOf(close: Close, { open }: Head): string {
  if (close.verdict === 'aborted' && close.settled !== undefined) return STANDING[close.settled]
  const keys = open?.intent.shown.map(({ key }) => key).join(', ') ?? 'the last release'
  switch (close.verdict) {
    case 'committed':
      return `recovered: the new value of ${keys} stands, as v${close.release}`
    case 'reverted':
      return `recovered: the old value of ${keys} stands again`
    case 'aborted':
      return `recovered: ${keys} was never changed`
    case 'kept':
      return close.found.length === 0
        ? 'kept: what stands was accepted, although the app did not settle on it'
        : `kept: what stands under ${keys} was accepted`
  }
}
