import type { Key } from '../domain/change.ts'
import { effectOf } from '../domain/effect.ts'
import { AttachError } from '../domain/errors.ts'
import type { Head } from '../domain/operation.ts'
import type { Operation, Wish } from './operate.ts'
import { recover, unsettled, unsettledKeys } from './recover.ts'

/** How often the journal may move under us before we say so. */
export const TRIES_MAX = 10

/** Nothing else is open when this returns: a living operation was waited for, a dead one recovered. */
export async function makeQuiet({ run, lockTimeoutMs }: Wish, operation: Operation): Promise<void> {
  const { store, signal, reporter, clock } = operation
  const { journal } = store
  const until = clock() + lockTimeoutMs
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    const { open } = await journal.head(signal)
    if (open === null) return
    const { verb, by, at } = open.intent
    const who = `a ${verb} by ${by.user} on ${by.host} (process ${by.pid}, since ${at})`
    const isAlive = (await journal.owner(signal)) === 'alive'
    if (run === 'dry') {
      if (isAlive) throw new AttachError('BUSY', `${who} is under way; nothing was changed`, { hint: 'attach status' })
      throw new AttachError('REFUSED', `${who} was left open by a process that is gone; nothing was changed`, { hint: 'attach recover' })
    }
    if (isAlive) {
      await journal.quiet(Math.max(until - clock(), 0), signal)
      continue
    }
    await operation.consent.recover(open)
    await operation.ready()
    const closed = await recover(operation)
    if (closed === null) continue
    reporter.event({ type: 'recovered', message: `${who} was left open by a process that is gone: ${ENDS[closed.verdict]}` })
    if (effectOf(closed) === 'unknown') {
      throw new AttachError('UNSETTLED', `${who} was closed, but the app did not settle; the asked-for change was not begun`, {
        hint: 'attach recover',
      })
    }
  }
  throw new AttachError('BUSY', 'other attach commands keep this config busy; nothing was changed', { hint: 'run the command again' })
}

/** What stands is what is asked for, but the app never took it: that is no success. A change of other keys is told, and is no concern of this one. */
export async function expectSettled(keys: readonly Key[], head: Head, { store, signal, reporter }: Operation): Promise<void> {
  const { journal } = store
  if ((await unsettled(journal, head, signal)) === null) return
  const concerned = await unsettledKeys(journal, head, signal)
  if (concerned === null || keys.some((key) => concerned.has(key))) {
    const message = `${keys.join(', ')}: the config holds what is asked for, but the app did not settle on it`
    throw new AttachError('UNSETTLED', message, { hint: 'attach recover runs hook and health again' })
  }
  reporter.event({ type: 'note', code: 'app.unsettled', message: 'The app did not settle on an earlier change of other keys.' })
}

/** What stands after an operation was closed for its dead owner. */
const ENDS = {
  committed: 'its new value stands and is a release now',
  reverted: 'its old value stands again',
  aborted: 'it had changed nothing',
  kept: 'what was found was accepted',
} as const
