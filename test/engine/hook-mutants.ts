import { AttachError } from '../../src/domain/errors.ts'
import type { Entry, Settled } from '../../src/domain/operation.ts'
import type { Round } from '../../src/engine/protocol.ts'
import type { Mutant } from './facts.ts'
import { journal } from './mutants.ts'

/** What the hook is told, and what is believed of its answer, otherwise than they are. */
const settle =
  (changed: (round: Round, ask: (round: Round) => Promise<Settled>, signal: AbortSignal) => Promise<Settled>): Mutant =>
  (context) => ({ ...context, settle: (round, signal) => changed(round, (told) => context.settle(told, signal), signal) })

/** A command that gives the wish to stop to the hook on the way back as well. */
export const stopsTheWayBack: Mutant = (context) => ({ ...context, settle: (round) => context.settle(round, context.signal) })

/** A command that takes a wish to stop after its write for one before it. */
export const saysStoppedRegardless: Mutant = (context) => ({
  ...context,
  settle: async (round, signal) => {
    if (context.signal.aborted) throw new AttachError('INTERRUPTED', 'interrupted before anything was changed')
    return await context.settle(round, signal)
  },
})

/** A command that says that the app settled, and asked nobody. */
export const settlesUnasked: Mutant = (context) => ({ ...context, settle: async () => 'yes' })

/** A command that puts back and does not make the app pick that up. */
export const putsBackUnasked: Mutant = settle(async (round, ask) => (round.stands === 'old' ? 'yes' : await ask(round)))

/** A command that puts back and takes the app for well, whatever the hook said. */
export const believesTheWayBack: Mutant = settle(async (round, ask) => {
  const settled = await ask(round)
  return round.stands === 'old' ? 'yes' : settled
})

/** A command that takes a hook that failed for one that never ran. */
export const callsFailedSkipped: Mutant = settle(async (round, ask) => {
  const settled = await ask(round)
  return settled === 'no' ? 'skipped' : settled
})

/** A command that takes a hook that was stopped for one that went well. */
export const callsStoppedSettled: Mutant = settle(async (round, ask, signal) => {
  const settled = await ask(round)
  return signal.aborted ? 'yes' : settled
})

/** A command that is never content with the app. */
export const neverContent: Mutant = settle(async (round, ask) => {
  await ask(round)
  return 'no'
})

/** A command that tells every hook that the new values stand. */
export const tellsNew: Mutant = settle((round, ask) =>
  ask({ ...round, stands: 'new', release: round.stands === 'new' ? round.release : round.release + 1 }),
)

/** A command that tells the hook of the release before the one to come. */
export const tellsTheReleaseBefore: Mutant = settle((round, ask) =>
  ask({ ...round, release: round.stands === 'new' ? round.release - 1 : round.release }),
)

/** A command that tells the hook on the way back of the release that did not come to be. */
export const tellsTheReleaseThatFailed: Mutant = settle((round, ask) =>
  ask({ ...round, release: round.stands === 'old' ? round.release + 1 : round.release }),
)

/** A recovery that ends what still runs when it runs the hook itself, and only then. */
export const clearsForItsHook: Mutant = (context) => ({ ...context, clearOrphan: async () => {} })

/** A recovery that does not look for a release that never settled. */
export const overlooksUnsettled: Mutant = journal(() => ({ before: async () => [] }))

/** A recovery that runs the hook again and records nothing. */
export const recordsNoSettling: Mutant = journal((real) => ({
  append: async (entry, s) => real.append(entry.type === 'close' && entry.verdict === 'aborted' ? withoutSettled(entry) : entry, s),
}))
const withoutSettled = ({ settled: _, ...entry }: Entry & { readonly verdict: 'aborted'; readonly settled?: unknown }): Entry => entry
