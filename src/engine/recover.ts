import { AttachError, isAttachError } from '../domain/errors.ts'
import type { Close, Head } from '../domain/operation.ts'
import type { Journal } from '../ports/journal.ts'
import { begin, stopIfAsked } from './apply.ts'
import { closedOperations } from './history.ts'
import {
  type Context,
  claim,
  close,
  decide,
  keysOf,
  type Opened,
  orIncomplete,
  RECOVER_KEEP,
  type Running,
  STEADY,
  settleStanding,
  whatHappened,
} from './protocol.ts'

/**
 * Ends what a dead process left open. Safe against one that is merely slow. With nothing open it runs hook and health again where the app
 * did not settle on what stands; null when there is nothing to do. Throws INCOMPLETE, with nothing written, when a key was edited
 * meanwhile or the values of the operation are gone: then `keep` ends it.
 */
export async function recover(context: Context): Promise<Close | null> {
  const head = await context.store.journal.head(context.signal)
  const { open } = head
  if (!open) return await settleAgain(head, context)
  const changes = await recall({ ...head, open }, context)
  const running = await takeOver({ ...head, open, changes }, context)
  return await orIncomplete(running, UNDECIDED, () => (changes.length === 0 ? settleStanding(running, context) : decide(running, context)))
}

/** `recover --keep`: accepts what stands, whatever it is, also when the app did not settle on it. Writes no value, runs no hook; null when there is nothing to accept. */
export async function keep(context: Context): Promise<Close | null> {
  const { store, show } = context
  const head = await store.journal.head(context.signal)
  const { open } = head
  if (!open) return await keepUnsettled(head, context)
  const opened = await takeOver({ ...head, open }, context)
  return await orIncomplete(opened, UNDECIDED, async () => {
    const { entries } = await store.read(STEADY)
    const found = open.intent.shown.map(({ key, from }) => ({ key, from, to: show(key, entries.get(key) ?? null) }))
    return await close(opened, { verdict: 'kept', found }, context)
  })
}

/** The close that says that the app did not settle on what stands; null when it did, or a person accepted it. */
export async function unsettled(journal: Journal, head: Head, signal: AbortSignal): Promise<Close | null> {
  for (let seq = head.seq + 1; ; ) {
    const entries = await journal.before(seq, PAGE, signal)
    for (const entry of entries) {
      seq = entry.seq
      if (entry.type !== 'close' || (entry.verdict === 'aborted' && entry.settled === undefined)) continue
      return entry.verdict !== 'kept' && entry.settled === 'no' ? entry : null
    }
    if (entries.length === 0) return null
  }
}

/** Whether `recover` would have anything to do, and might run the hook. */
export async function needsRecovery(journal: Journal, signal: AbortSignal): Promise<boolean> {
  const head = await journal.head(signal)
  return head.open !== null || (await unsettled(journal, head, signal)) !== null
}

/** The keys of the operation that the app did not settle on. Null: it cannot be told which. */
export async function unsettledKeys(journal: Journal, head: Head, signal: AbortSignal): Promise<ReadonlySet<string> | null> {
  for await (const { intent, close } of closedOperations(journal, head.seq + 1, signal)) {
    if (close.verdict === 'aborted' && close.settled === undefined) continue
    if (close.verdict === 'kept' || close.settled !== 'no') return null
    if (intent.shown.length > 0) return new Set(intent.shown.map(({ key }) => key)) // Else only hook and health were run again.
  }
  return null
}

const PAGE = 16
const UNDECIDED = 'nothing was written by this command'

/** As an operation of its own that changes no key: nobody else changes the config while the app picks it up. */
async function settleAgain(head: Head, context: Context): Promise<Close | null> {
  const { journal } = context.store
  const last = await unsettled(journal, head, context.signal)
  if (!last) return null
  const running = await beginAgain(last, head, context)
  return await orIncomplete(running, 'the config was not touched', () => settleStanding(running, context))
}

/** A person says that the app is well, or will see to it. */
async function keepUnsettled(head: Head, context: Context): Promise<Close | null> {
  const last = await unsettled(context.store.journal, head, context.signal)
  if (!last) return null
  const running = await beginAgain(last, head, context)
  return await orIncomplete(running, 'the config was not touched', () => close(running, { verdict: 'kept', found: [] }, context))
}

/** An operation that changes no key, about one that the app did not settle on. */
async function beginAgain(last: Close, head: Head, context: Context): Promise<Running> {
  const [intent] = await context.store.journal.before(last.intent + 1, 1, context.signal)
  const verb = intent?.type === 'intent' ? intent.verb : 'swap'
  return await begin({ verb, changes: [], head, revertible: false, edited: [] }, context)
}

async function recall({ open }: Opened, { store, signal }: Context): Promise<Running['changes']> {
  try {
    return await store.journal.recall(open.intent, signal)
  } catch (cause) {
    if (!isAttachError(cause, 'REFUSED', 'DAMAGED')) throw cause
    const what = `the values of the open change of ${keysOf(open)} cannot be read: ${whatHappened(cause)}; nothing was done`
    throw new AttachError('INCOMPLETE', what, { hint: RECOVER_KEEP, cause })
  }
}

/**
 * Claim first. In any other order a slow write lands between the look and the decision. A claim waits for an owner that is alive: so long a
 * wish to stop is heard. One that is refused has changed nothing.
 */
async function takeOver<O extends Opened>(opened: O, context: Context): Promise<O> {
  stopIfAsked(context)
  try {
    const claimed = await claim(opened, opened.open, context, context.signal)
    context.begin?.()
    await context.clearOrphan?.()
    return claimed
  } catch (cause) {
    if (isAttachError(cause) && cause.effect === 'none') throw cause
    return await orIncomplete(opened, UNDECIDED, () => Promise.reject(cause))
  }
}
