import type { OpenKinds } from '../deploys/kinds.ts'
import { type Deploy, expectThereOrRecorded } from '../deploys/locate.ts'
import { isAttachError } from '../domain/errors.ts'
import { STEADY } from '../engine/protocol.ts'
import type { ConfigStore, Snapshot } from '../ports/store.ts'
import type { Session } from './session.ts'

/** Runs `steps`. When they leave an operation that a person must look at, says what was, what was to be, and what stands now. */
export async function tellingWhatStands<T>(store: ConfigStore, kinds: OpenKinds, session: Session, steps: () => Promise<T>): Promise<T> {
  try {
    return await steps()
  } catch (error) {
    if (isAttachError(error, 'INCOMPLETE', 'UNKNOWN')) await tell(store, kinds, session).catch(() => {}) // The error itself is said in any case.
    throw error
  }
}

/** A config that was removed is told, and gone on without: its history can be read and closed. Throws USAGE where there is none either. */
export function expectHistory(deploy: Deploy, { host, reporter }: Session): void {
  if (expectThereOrRecorded(deploy, host) === 'there') return
  reporter.event({ type: 'note', code: 'config.removed', message: `${deploy.label} was removed: each of its keys counts as absent.` })
}

/** What is shown, or handed on, is not what stands: no command passes a half of two texts off as the config. */
export function sayUnfinished({ unfinished, muddled }: Snapshot, label: string, { reporter }: Session, what = 'shown is'): void {
  if (muddled) {
    const message = `${label} was edited after a write of it was cut off, and may be half of two texts. Both are kept whole beside the journal, in in-place.`
    reporter.event({ type: 'note', code: 'config.muddled', message })
  }
  if (unfinished === undefined) return
  const message = `${label} is half written, by a command that is at work or was killed; ${what} what it holds once attach recover finished that.`
  reporter.event({ type: 'note', code: 'config.unfinished', message })
}

async function tell(store: ConfigStore, kinds: OpenKinds, session: Session): Promise<void> {
  const { reporter } = session
  const { open } = await store.journal.head(STEADY)
  if (open === null) return
  const snapshot = await store.read(STEADY)
  const { entries } = snapshot
  sayUnfinished(snapshot, store.label, session)
  const { verb, shown, by, at } = open.intent
  const note = (code: string, message: string): void => reporter.event({ type: 'note', code, message })
  for (const { key, from, to } of shown) {
    const now = entries.get(key)
    note('operation.old', `${key} old: ${from ?? 'absent'} (before the ${verb} by ${by.user} on ${by.host} at ${at})`)
    note('operation.new', `${key} new: ${to ?? 'absent'} (what that ${verb} writes)`)
    note('operation.now', `${key} now: ${now === undefined ? 'absent' : kinds.shown(key, now)} (in ${store.label})`)
  }
  note(
    'operation.next',
    'attach recover --keep accepts what stands now; attach recover goes on once the old or the new value stands there.',
  )
}
