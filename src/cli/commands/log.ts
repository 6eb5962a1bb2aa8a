import { openStore } from '../../deploys/open.ts'
import type { Key } from '../../domain/change.ts'
import type { ReleaseRow } from '../../domain/document.ts'
import { isAttachError } from '../../domain/errors.ts'
import type { Head, Shown } from '../../domain/operation.ts'
import { type Closed, closedOperations, editedOutside, lastWritten, NEWEST } from '../../engine/history.ts'
import type { Journal } from '../../ports/journal.ts'
import type { ConfigStore } from '../../ports/store.ts'
import type { LogCommand } from '../command.ts'
import { placeOf, type Said, type Session } from '../session.ts'
import { expectHistory } from '../standing.ts'
import { headOrNote, openRow, sayDamage } from './status.ts'

/** Releases, newest first: number, when, who, why, what, verdict. Operations that changed nothing are in the JSON only. */
export async function log(command: LogCommand, session: Session): Promise<Said> {
  const { host, signal } = session
  const deploy = await placeOf(command, session)
  expectHistory(deploy, session)
  const store: ConfigStore = openStore(deploy, host, { lockTimeoutMs: 0, onWait: () => {} })
  try {
    const head = await headOrNote(store.journal, session)
    const releases: ReleaseRow[] = []
    const from = head === null ? NEWEST : head.seq + 1
    for await (const closed of closedOperations(store.journal, from, signal, (damage) => sayDamage(damage, session))) {
      if (releases.filter(({ verdict }) => verdict !== 'aborted').length >= command.limit) break
      releases.push(await rowOf(closed, store.journal, command, session))
    }
    const edited = await editedSince(releases, head, store, session)
    const message = releases.length === 0 ? { message: 'no release yet' } : {}
    return {
      deploy: deploy.name,
      exit: 0,
      outcome: 'unchanged',
      releases,
      edited,
      open: await openRow(store.journal, head, session),
      ...message,
    }
  } finally {
    await store[Symbol.asyncDispose]()
  }
}

/** Which keys of the shown releases hold something else now. What an open operation writes is not an edit from outside. */
async function editedSince(rows: readonly ReleaseRow[], head: Head | null, store: ConfigStore, session: Session): Promise<readonly Key[]> {
  const { signal } = session
  if (head === null || head.open !== null) return []
  const keys = new Set(rows.flatMap(({ changes }) => changes.map(({ key }) => key)))
  const written = await lastWritten(keys, store.journal, head, signal, { passing: (damage) => sayDamage(damage, session) })
  return editedOutside(written, await store.read(signal))
}

async function rowOf({ intent, close }: Closed, journal: Journal, { reveal }: LogCommand, session: Session): Promise<ReleaseRow> {
  return {
    release: close.verdict === 'committed' ? close.release : null,
    at: close.at,
    by: intent.by,
    verb: intent.shown.length === 0 ? 'recover' : intent.verb, // It ran hook and health again, or accepted what stood.
    message: intent.message ?? null,
    verdict: close.verdict,
    settled: 'settled' in close ? (close.settled ?? null) : null,
    changes: reveal ? await revealed({ intent, close }, journal, session) : close.verdict === 'kept' ? close.found : intent.shown,
    edited: intent.edited,
    unprobed: intent.unprobed ?? false,
    unhooked: intent.unhooked ?? false,
    why: close.why ?? null,
    allowed: intent.allowed ?? [],
  }
}

/** The values themselves, where they are still kept. */
async function revealed({ intent }: Closed, journal: Journal, { signal }: Session): Promise<readonly Shown[]> {
  try {
    const changes = await journal.recall(intent, signal)
    const keptOf = (key: Key) => (intent.shown.some((shown) => shown.key === key && shown.kept === true) ? { kept: true } : {})
    return changes.map(({ key, before, after }) => ({ key, from: before?.reveal() ?? null, to: after?.reveal() ?? null, ...keptOf(key) }))
  } catch (error) {
    if (!isAttachError(error, 'REFUSED', 'DAMAGED')) throw error
    return intent.shown
  }
}
