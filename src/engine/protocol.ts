import { type Change, invert, type Key, same, type Value } from '../domain/change.ts'
import { AttachError, isAttachError } from '../domain/errors.ts'
import type { Stands } from '../domain/event.ts'
import type { Actor, Claim, Close, Decision, Ending, Head, Intent, Open, Release, Settled, Shown } from '../domain/operation.ts'
import type { ConfigStore, Snapshot } from '../ports/store.ts'
import { isKept, type Plan } from './plan.ts'

/** What an operation needs of the world. */
export interface Context {
  readonly store: ConfigStore
  readonly by: Actor
  /** ISO 8601, UTC. */
  readonly now: () => string
  /** Lower-case hex of that many random bytes. No two alike. */
  readonly random: (bytes: number) => string
  /** What a key held, fit to print. Null stays null. */
  readonly show: (key: Key, value: Value) => string | null
  /** What changes inside one resource, in words: `same resource, password changed`. Null: it is another resource. */
  readonly within?: (change: Change) => string | null
  /** Under the lock, right before an operation begins. Throws CONFLICT when what hook and health would run is not what was agreed to. */
  readonly confirm?: () => Promise<void>
  /** Called right before the first entry of an operation of ours: from here on it is to be ended, not dropped. */
  readonly begin?: () => void
  /**
   * Ends a hook that a dead process left running. Called when its operation is taken over, also where no hook is run then: one that goes on
   * would make the app load, at some later moment, what nobody wants any more. Never rejects.
   */
  readonly clearOrphan?: () => Promise<void>
  /** The operator's wish to stop. Seen between two steps: before a write landed it aborts, afterwards it puts back. */
  readonly signal: AbortSignal
  /** What was wrong first with hook or health in this operation, fit to print: the record keeps it. */
  readonly unsettledWhy?: (intent: Intent) => string | null
  /** Runs the deploy's hook, then asks the app's health. Ends early, with `no`, when its signal aborts. Never rejects. */
  readonly settle: (round: Round, signal: AbortSignal) => Promise<Settled>
}

/** One run of hook and health. */
export interface Round {
  readonly intent: Intent
  readonly stands: Stands
  /** The release that stands, or will once this round went well. */
  readonly release: Release
}

/** An open operation, as far as this process knows the journal. Every step appends at `seq + 1` or loses. */
export interface Opened extends Head {
  readonly open: Open
}

/** The same with the changes it is about. */
export interface Running extends Opened {
  readonly changes: readonly Change[]
}

export type Found = 'old' | 'new' | 'neither'

/** Given to every request once an operation is open: a wish to stop never cuts off the record of what was done. */
export const STEADY: AbortSignal = new AbortController().signal

/** From here on nobody else writes for this operation, late requests of ours included. */
export async function claim<O extends Opened>(opened: O, { undo, landed }: Decision, context: Context, signal = STEADY): Promise<O> {
  const { intent } = opened.open
  const entry: Claim = { type: 'claim', seq: opened.seq + 1, intent: intent.seq, undo, landed, ...stamp(context) }
  await context.store.journal.append(entry, signal)
  return { ...opened, seq: entry.seq, open: { intent, undo, landed } }
}

export async function close(opened: Opened, ending: Ending, context: Context): Promise<Close> {
  const release = opened.release + (ending.verdict === 'committed' ? 1 : 0)
  const why = isUnwell(ending) ? (context.unsettledWhy?.(opened.open.intent) ?? null) : null
  const place = { seq: opened.seq + 1, intent: opened.open.intent.seq, release }
  const entry: Close = { type: 'close', ...place, ...ending, ...(why === null ? {} : { why }), ...stamp(context) }
  await context.store.journal.append(entry, STEADY)
  return entry
}

const isUnwell = (ending: Ending): boolean => ending.verdict === 'reverted' || ('settled' in ending && ending.settled === 'no')

/**
 * Looks, then ends the operation by what it found. Sound only where no write of this operation is under way: after a claim, or after
 * the write answered. Throws INCOMPLETE, with nothing written, when a key was edited outside.
 */
export async function decide(running: Running, context: Context): Promise<Close> {
  const { undo, landed } = running.open
  const found = await look(running, context)
  switch (found) {
    case 'neither':
      throw neither(running)
    case 'new':
      return undo ? await putBack(running, context) : await finish(running, context)
    case 'old':
      return landed ? await settleBack(running, context) : await close(running, { verdict: 'aborted' }, context)
  }
}

/** Nothing is to be written: the app picks up what stands, and the record says how that went. */
export async function settleStanding(opened: Opened, context: Context): Promise<Close> {
  const settled = await settle(opened, 'standing', context)
  return await close(opened, { verdict: 'aborted', settled }, context)
}

/** Past the first write that may have landed, a failure never says that nothing changed. `stands`: what the config holds then. */
export async function orIncomplete<T>({ open }: Opened, stands: string, steps: () => Promise<T>): Promise<T> {
  try {
    return await steps()
  } catch (cause) {
    if (isAttachError(cause, 'INCOMPLETE')) throw cause
    const why = isAttachError(cause, 'BUSY', 'CLAIMED') ? 'another process took it over' : whatHappened(cause)
    throw new AttachError('INCOMPLETE', `${subject(open)} was begun and not finished: ${why}; ${stands}`, { hint: RECOVER, cause })
  }
}

/** The changes of a plan, fit to print. */
export function shownOf(plan: Pick<Plan, 'changes' | 'kept'>, { show, within }: Context): readonly Shown[] {
  return plan.changes.map((change) => {
    const { key, before, after } = change
    const how = within?.(change) ?? null
    const kept = isKept(plan, key) ? { kept: true } : {}
    return { key, from: show(key, before), to: show(key, after), ...(how === null ? {} : { how }), ...kept }
  })
}

export const RECOVER = 'attach recover'
export const RECOVER_KEEP = 'attach recover --keep'

export const keysOf = ({ intent }: Open): string => intent.shown.map(({ key }) => key).join(', ')

/** Of "what happened; what stands now" the first. What one request left behind is not what the operation left behind. */
export const whatHappened = (cause: unknown): string => (isAttachError(cause) && cause.message.split(';')[0]) || 'a bug of ours'

export const stamp = ({ by, now }: Context): { by: Actor; at: string } => ({ by, at: now() })

/** The new values stand: the app picks them up, then they stay or go back. A wish to stop is a reason to go back. */
async function finish(running: Running, context: Context): Promise<Close> {
  const { open } = running
  const { signal } = context
  return await orIncomplete(running, 'the new value stands', async () => {
    const settled = await settle(running, 'new', context)
    if ((settled === 'no' || signal.aborted) && open.intent.revertible) {
      return await putBack(await claim(running, { undo: true, landed: true }, context), context)
    }
    const found = await look(running, context)
    if (found === 'neither') throw neither(running)
    if (found === 'old') return await settleBack(await claim(running, { undo: open.undo, landed: true }, context), context)
    return await close(running, { verdict: 'committed', settled }, context)
  })
}

async function putBack(running: Running, context: Context): Promise<Close> {
  return await orIncomplete(running, 'the old value was to be put back, and the new one may still stand', async () => {
    try {
      await context.store.write(running.changes.map(invert), { ifHead: running.seq }, STEADY)
    } catch (error) {
      if (isAttachError(error, 'CONFLICT')) return await afterEdit(running, context, error)
      if (isAttachError(error) && error.effect === 'none') throw error
      const claimed = await claim(running, running.open, context)
      await expectOld(claimed, context)
      return await settleBack(claimed, context)
    }
    return await settleBack(running, context)
  })
}

/** Somebody put the old values back by hand, or edited a key otherwise: then nothing is put back. */
async function afterEdit(running: Running, context: Context, cause: unknown): Promise<Close> {
  if ((await look(running, context)) !== 'old') throw neither(running, cause)
  return await settleBack(running, context)
}

const subject = (open: Open): string => (open.intent.shown.length === 0 ? 'the run of hook and health' : `the change of ${keysOf(open)}`)

async function settle({ open, release }: Opened, stands: 'new' | 'standing', { signal, settle }: Context): Promise<Settled> {
  const round = { intent: open.intent, stands, release: stands === 'new' ? release + 1 : release }
  return signal.aborted ? 'no' : await settle(round, signal)
}

/** The old values stand again: the app picks them up before anyone says so. */
async function settleBack(running: Running, context: Context): Promise<Close> {
  return await orIncomplete(running, 'the old value stands again', async () => {
    const settled = await context.settle({ intent: running.open.intent, stands: 'old', release: running.release }, STEADY)
    await expectOld(running, context)
    return await close(running, { verdict: 'reverted', settled }, context)
  })
}

/** Hooks take a minute; a hand edit does not wait. What was edited meanwhile is never called ours. */
async function expectOld(running: Running, context: Context): Promise<void> {
  const found = await look(running, context)
  if (found === 'neither') throw neither(running)
  if (found === 'new') {
    throw new AttachError('INCOMPLETE', `${keysOf(running.open)} was to be put back and holds the new value; the operation is still open`, {
      hint: RECOVER,
    })
  }
}

async function look({ changes }: Running, { store }: Context): Promise<Found> {
  const snapshot = await store.read(STEADY)
  if (snapshot.muddled) return 'neither'
  if (holds(changes.map(invert), snapshot)) return 'old'
  return holds(changes, snapshot) ? 'new' : 'neither'
}

const neither = ({ open }: Opened, cause?: unknown): AttachError =>
  new AttachError('INCOMPLETE', `${keysOf(open)} was edited outside meanwhile; the edit stands, and the operation is still open`, {
    hint: RECOVER_KEEP,
    cause,
  })

const holds = (changes: readonly Change[], { entries }: Snapshot): boolean =>
  changes.every(({ key, after }) => same(after, entries.get(key) ?? null))
