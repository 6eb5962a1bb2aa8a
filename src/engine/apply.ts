import { same } from '../domain/change.ts'
import { AttachError, assert, isAttachError } from '../domain/errors.ts'
import type { Close, Intent, ValuesId } from '../domain/operation.ts'
import type { Plan } from './plan.ts'
import {
  type Context,
  claim,
  close,
  decide,
  type Opened,
  orIncomplete,
  RECOVER,
  type Running,
  STEADY,
  shownOf,
  stamp,
  whatHappened,
} from './protocol.ts'

/** A plan that passed its pre-flight and was agreed to. */
export interface ApprovedPlan extends Plan {
  /** The old resource is fit to go back to: what does not settle is put back. Otherwise the new value stays. */
  readonly revertible: boolean
  /** Why, in the words of whoever asked for it. */
  readonly message?: string
  /** Findings that were let pass by name. */
  readonly allowed?: readonly string[]
  readonly unprobed?: boolean
  readonly unhooked?: boolean
}

/**
 * Begins an operation and ends it: committed or reverted. Throws with effect `none` only when nothing changed and nothing will (BUSY,
 * CONFLICT, CLAIMED, UNAVAILABLE, DAMAGED, INTERRUPTED), else INCOMPLETE, with the operation left open.
 */
export async function apply(plan: ApprovedPlan, context: Context): Promise<Close> {
  assert(plan.changes.length > 0, 'a plan changes something')
  assert(
    plan.changes.every(({ before, after }) => !same(before, after)),
    'a change changes something',
  )
  const running = await begin(plan, context)
  try {
    await context.store.write(plan.changes, { ifHead: running.seq }, STEADY)
  } catch (error) {
    if (isAttachError(error, 'CLAIMED')) throw takenOver(error) // Whoever claimed it closes it.
    if (!isAttachError(error) || error.effect !== 'none') return await afterUnknown(running, context, error)
    await abandon(running, context)
    throw error
  }
  const landed: Running = { ...running, open: { ...running.open, landed: true } }
  return await orIncomplete(landed, 'the new value was written', () => decide(landed, context))
}

/**
 * Opens an operation. Its values are kept before the intent that names them stands. Throws with effect `none`, when the
 * config was not touched; INCOMPLETE when an earlier write stands half done and could not be finished.
 */
export async function begin(plan: ApprovedPlan, context: Context): Promise<Running> {
  const { journal } = context.store
  const { changes, head } = plan
  const intent = intentOf(plan, context)
  stopIfAsked(context)
  try {
    await journal.keep(intent.seq, intent.values, changes, context.signal)
    await context.confirm?.()
  } catch (cause) {
    stopIfAsked(context, cause)
    throw notBegun(cause)
  }
  stopIfAsked(context)
  context.begin?.()
  try {
    await journal.append(intent, STEADY)
  } catch (cause) {
    throw notBegun(cause)
  }
  const running = { seq: intent.seq, release: head.release, open: { intent, undo: false, landed: false }, changes }
  if (context.signal.aborted) await abandon(running, context)
  stopIfAsked(context)
  return running
}

export function stopIfAsked({ signal }: Context, cause?: unknown): void {
  if (signal.aborted) throw new AttachError('INTERRUPTED', 'interrupted before anything was changed', { hint: 'attach status', cause })
}

/**
 * A lost reply is not a lost write: claim, then look, then decide. In any other order it lands between the look and the decision.
 * The old value found proves nothing until our close stands: somebody who claimed after us may have put it back.
 */
async function afterUnknown(running: Running, context: Context, cause: unknown): Promise<Close> {
  const closed = await orIncomplete(running, 'the old value stands, or the new one', async () =>
    decide(await claim(running, running.open, context), context),
  )
  if (closed.verdict !== 'aborted') return closed
  stopIfAsked(context, cause)
  throw new AttachError('UNAVAILABLE', 'the config store did not answer, and the write did not land; nothing was changed', {
    hint: 'run the command again',
    cause,
  })
}

/** No write of ours is under way: left open, it will be recovered as aborted all the same. */
const abandon = (opened: Opened, context: Context): Promise<unknown> => close(opened, { verdict: 'aborted' }, context).catch(() => {})

/** Nothing can have changed, whether the intent stands or not: no write was sent. */
function notBegun(cause: unknown): AttachError {
  if (isAttachError(cause, 'BUSY', 'INTERRUPTED', 'INCOMPLETE')) return cause
  const proved = isAttachError(cause) && cause.effect === 'none'
  return new AttachError(proved ? cause.code : 'UNAVAILABLE', `not begun: ${whatHappened(cause)}; the config was not touched`, {
    hint: (proved ? cause.hint : undefined) ?? RECOVER,
    cause,
  })
}

const takenOver = (cause: AttachError): AttachError =>
  new AttachError('CLAIMED', 'another process took this operation over before it wrote; nothing was changed', {
    hint: 'attach status',
    cause,
  })

function intentOf(plan: ApprovedPlan, context: Context): Intent {
  const { undoes, backTo, message, allowed, unprobed, unhooked } = plan
  return {
    type: 'intent',
    seq: plan.head.seq + 1,
    verb: plan.verb,
    values: context.random(8) as ValuesId,
    shown: shownOf(plan, context),
    revertible: plan.revertible,
    edited: plan.edited,
    ...(undoes === undefined ? {} : { undoes }),
    ...(backTo === undefined ? {} : { backTo }),
    ...(message === undefined ? {} : { message }),
    ...(allowed === undefined ? {} : { allowed }),
    ...(unprobed === undefined ? {} : { unprobed }),
    ...(unhooked === undefined ? {} : { unhooked }),
    ...stamp(context),
  }
}
