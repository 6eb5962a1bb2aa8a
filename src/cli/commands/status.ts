import { type OpenKinds, openKinds } from '../../deploys/kinds.ts'
import type { Deploy } from '../../deploys/locate.ts'
import { openStore } from '../../deploys/open.ts'
import type { Key, Value } from '../../domain/change.ts'
import type { AttachmentRow, OpenRow, UnsettledRow } from '../../domain/document.ts'
import { AttachError, isAttachError } from '../../domain/errors.ts'
import type { Head, Release } from '../../domain/operation.ts'
import type { Secret } from '../../domain/secret.ts'
import { probe } from '../../engine/ask.ts'
import { closedOperations, NEWEST, recallIfKept } from '../../engine/history.ts'
import { unsettled } from '../../engine/recover.ts'
import type { Journal } from '../../ports/journal.ts'
import type { ConfigStore, Snapshot } from '../../ports/store.ts'
import type { StatusCommand } from '../command.ts'
import { placeOf, type Said, type Session } from '../session.ts'
import { expectHistory, sayUnfinished } from '../standing.ts'

/** What is attached. Contacts nothing, writes nothing, locks nothing; `--probe` asks each resource. */
export async function status(command: StatusCommand, session: Session): Promise<Said> {
  const { host, signal } = session
  const deploy = await placeOf(command, session)
  expectHistory(deploy, session)
  const store: ConfigStore = openStore(deploy, host, { lockTimeoutMs: 0, onWait: () => {} })
  const kinds = openKinds(session.redactor, deploy.declared?.resources)
  try {
    const snapshot = await store.read(signal)
    sayUnfinished(snapshot, deploy.label, session)
    const head = await whereReadable(session, null, () => headOrNote(store.journal, session))
    const attachments = await rowsOf(snapshot, deploy, head, store.journal, kinds, command, session)
    if (command.probe) await probeAttached(snapshot, attachments, kinds, session)
    if (signal.aborted) throw new AttachError('INTERRUPTED', 'interrupted', { hint: 'attach status' })
    const open = await openRow(store.journal, head, session)
    const unsettledRow = await whereReadable(session, null, () => unsettledOf(store.journal, head, session))
    return {
      deploy: deploy.name,
      exit: 0,
      outcome: 'unchanged',
      attachments,
      open,
      unsettled: unsettledRow,
      ...nothing(deploy, attachments),
    }
  } finally {
    await store[Symbol.asyncDispose]()
  }
}

/** Null: the head cannot be trusted. That is told and gone without: a reading command still shows what is whole. */
export async function headOrNote(journal: Journal, session: Session): Promise<Head | null> {
  try {
    return await journal.head(session.signal)
  } catch (error) {
    if (!isAttachError(error, 'DAMAGED')) throw error
    sayDamage(error, session)
    return null
  }
}

/** A record that this user may not read is told and gone without: the config may still be theirs to read. */
export async function whereReadable<T>({ reporter, heard }: Session, otherwise: T, look: () => Promise<T>): Promise<T> {
  try {
    return await look()
  } catch (error) {
    if (!isAttachError(error, 'UNAVAILABLE')) throw error
    const message = error.message.replace(/; nothing was changed$/, '')
    if (heard.warnings.every(({ code }) => code !== 'journal.unreadable'))
      reporter.event({ type: 'note', code: 'journal.unreadable', message })
    return otherwise
  }
}

/** Each place once: what reads the journal again meets the same damage again. */
export function sayDamage({ message, hint }: AttachError, { heard, reporter }: Session): void {
  const found = `${message.replace(/; nothing was changed$/, '')}${hint === undefined ? '' : ` (${hint})`}`
  if (heard.warnings.some((warning) => warning.message === found)) return
  reporter.event({ type: 'note', code: 'journal.damaged', message: found })
}

/** What is open, for the screen. */
export async function openRow(journal: Journal, head: Head | null, { signal }: Session): Promise<OpenRow | null> {
  const open = head?.open ?? null
  if (open === null) return null
  const { verb, shown, by, at } = open.intent
  return { verb, keys: shown.map(({ key }) => key), by, since: at, owner: await journal.owner(signal) }
}

/** The last operation that the app did not settle on. */
async function unsettledOf(journal: Journal, head: Head | null, session: Session): Promise<UnsettledRow | null> {
  try {
    const last = head === null ? null : await unsettled(journal, head, session.signal)
    return last === null ? null : { release: last.release, verdict: last.verdict, at: last.at, why: last.why ?? null }
  } catch (error) {
    if (!isAttachError(error, 'DAMAGED')) throw error
    sayDamage(error, session)
    return null
  }
}

const nothing = ({ label }: Deploy, rows: readonly AttachmentRow[]): { readonly message?: string } =>
  rows.length === 0 ? { message: `nothing is attached in ${label} yet` } : {}

async function rowsOf(
  { entries }: Snapshot,
  { declared }: Deploy,
  head: Head | null,
  journal: Journal,
  kinds: OpenKinds,
  { reveal }: StatusCommand,
  session: Session,
): Promise<readonly AttachmentRow[]> {
  const releases = await whereReadable(session, new Map<Key, Last>(), () => lastReleases(journal, head, session))
  const attachments = await kinds.attachments(entries)
  const present = attachments
    .filter(
      ({ key, keys, handle }) =>
        keys.length > 1 || handle === null || kinds.isHandle(handle) || releases.has(key) || declared?.resources.has(key) === true,
    )
    .map(({ key, keys, handle, kind, finding }): AttachmentRow => {
      const sketch = handle === null ? NO_HANDLE : kinds.sketch(handle)
      const lasts = keys.flatMap((each) => releases.get(each) ?? [])
      if (finding !== null) session.reporter.event({ type: 'found', key, finding })
      return {
        key,
        ...(keys.length > 1 || handle === null ? { keys } : {}),
        ...sketch,
        kind: kind ?? sketch.kind,
        release: lasts.length === 0 ? null : Math.max(...lasts.map(({ release }) => release)),
        edited: editedOf(keys),
        ...(reveal && handle !== null ? { value: handle.reveal() } : {}),
      }
    })
  return [...present, ...goneOutside(releases, entries, head)]

  /** Null: that cannot be told of any of them. */
  function editedOf(keys: readonly Key[]): boolean | null {
    const told = keys.flatMap((key) => {
      const [last, value] = [releases.get(key), entries.get(key)]
      return last?.wrote === undefined || value === undefined || isOpen(key, head) ? [] : [!isSame(last.wrote, value)]
    })
    return told.length === 0 ? null : told.some((edited) => edited)
  }
}

const NO_HANDLE = { kind: 'none', provider: null, target: 'not whole' }

/** Keys that a release wrote, and that somebody removed by hand. */
function goneOutside(releases: ReadonlyMap<Key, Last>, entries: Snapshot['entries'], head: Head | null): readonly AttachmentRow[] {
  return [...releases]
    .filter(([key, { wrote }]) => wrote !== undefined && wrote !== null && !entries.has(key) && !isOpen(key, head))
    .map(([key, { release }]) => ({ key, kind: 'none', provider: null, target: 'absent', release, edited: true }))
}

/** What an open operation writes is not an edit from outside. */
const isOpen = (key: Key, head: Head | null): boolean => head?.open?.intent.shown.some((shown) => shown.key === key) ?? false

interface Last {
  readonly release: Release
  /** Undefined: the value is no longer kept. */
  readonly wrote: Value | undefined
}

const isSame = (wrote: Value, now: Secret): boolean => now.equals(wrote)

/** How far back the last release of a key is looked for. */
const OPERATIONS_MAX = 1_000

/** The last release of each key. */
async function lastReleases(journal: Journal, head: Head | null, session: Session): Promise<ReadonlyMap<Key, Last>> {
  const { signal } = session
  const last = new Map<Key, Last>()
  const from = head === null ? NEWEST : head.seq + 1
  let seen = 0
  for await (const { intent, close } of closedOperations(journal, from, signal, (damage) => sayDamage(damage, session))) {
    seen += 1
    if (seen > OPERATIONS_MAX) break
    if (close.verdict !== 'committed') continue
    const news = intent.shown.filter(({ key }) => !last.has(key))
    if (news.length === 0) continue
    const changes = await recallIfKept(intent, journal, signal)
    for (const { key } of news) last.set(key, { release: close.release, wrote: changes.find((change) => change.key === key)?.after })
  }
  return last
}

async function probeAttached({ entries }: Snapshot, rows: readonly AttachmentRow[], kinds: OpenKinds, session: Session): Promise<void> {
  const { host, reporter, signal } = session
  const setting = { kinds, reporter, signal, clock: host.clock, now: host.now }
  const asks = (await kinds.attachments(entries))
    .filter(({ key }) => rows.some((row) => row.key === key))
    .map(async ({ key, handle, kind: asked }) => {
      if (handle === null) return
      const resource = await kinds.read(handle, { asked, was: null }).catch((error: unknown) => sayUnreadable(key, error, session))
      if (resource !== null && resource.depth !== null) await probe(key, 'attached', resource, setting)
    })
  await Promise.all(asks)
}

/** A value that no kind can read is told and not asked. */
function sayUnreadable(key: Key, error: unknown, { reporter }: Session): null {
  if (!isAttachError(error, 'HANDLE_INVALID', 'USAGE')) throw error
  reporter.event({ type: 'note', code: 'handle.unreadable', message: `${key}: ${error.message}` })
  return null
}
