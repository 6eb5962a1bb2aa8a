import { expectThere, locate } from '../../deploys/locate.ts'
import { openStore } from '../../deploys/open.ts'
import type { ReleaseRow } from '../../domain/document.ts'
import { isAttachError } from '../../domain/errors.ts'
import type { Shown } from '../../domain/operation.ts'
import { type Closed, closedOperations, NEWEST } from '../../engine/history.ts'
import type { Journal } from '../../ports/journal.ts'
import type { ConfigStore } from '../../ports/store.ts'
import type { LogCommand } from '../command.ts'
import type { Said, Session } from '../session.ts'
import { headOrNote, openRow, sayDamage } from './status.ts'

/** Releases, newest first: number, when, who, why, what, verdict. Operations that changed nothing are in the JSON only. */
export async function log(command: LogCommand, session: Session): Promise<Said> {
  const { host, signal } = session
  const deploy = locate(command.where, host.cwd, command.directory)
  session.place.options = deploy.options
  expectThere(deploy)
  const store: ConfigStore = openStore(deploy, host, { lockTimeoutMs: 0, onWait: () => {} })
  try {
    const head = await headOrNote(store.journal, session)
    const releases: ReleaseRow[] = []
    const from = head === null ? NEWEST : head.seq + 1
    for await (const closed of closedOperations(store.journal, from, signal, (damage) => sayDamage(damage, session))) {
      if (releases.filter(({ verdict }) => verdict !== 'aborted').length >= command.limit) break
      releases.push(await rowOf(closed, store.journal, command, session))
    }
    const message = releases.length === 0 ? { message: 'no release yet' } : {}
    return { deploy: deploy.name, exit: 0, outcome: 'unchanged', releases, open: await openRow(store.journal, head, session), ...message }
  } finally {
    await store[Symbol.asyncDispose]()
  }
}

async function rowOf({ intent, close }: Closed, journal: Journal, { reveal }: LogCommand, session: Session): Promise<ReleaseRow> {
  return {
    release: close.verdict === 'committed' ? close.release : null,
    at: close.at,
    by: intent.by,
    verb: intent.verb,
    message: intent.message ?? null,
    verdict: close.verdict,
    settled: 'settled' in close ? (close.settled ?? null) : null,
    changes: reveal ? await revealed({ intent, close }, journal, session) : close.verdict === 'kept' ? close.found : intent.shown,
    edited: intent.edited,
    unprobed: intent.unprobed ?? false,
    allowed: intent.allowed ?? [],
  }
}

/** The values themselves, where they are still kept. */
async function revealed({ intent }: Closed, journal: Journal, { signal }: Session): Promise<readonly Shown[]> {
  try {
    const changes = await journal.recall(intent, signal)
    return changes.map(({ key, before, after }) => ({ key, from: before?.reveal() ?? null, to: after?.reveal() ?? null }))
  } catch (error) {
    if (!isAttachError(error, 'REFUSED', 'DAMAGED')) throw error
    return intent.shown
  }
}
