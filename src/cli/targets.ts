import type { Attachment } from '../deploys/attachments.ts'
import { type OpenKinds, openKinds } from '../deploys/kinds.ts'
import { type Deploy, expectThere } from '../deploys/locate.ts'
import { openStore } from '../deploys/open.ts'
import { isEmpty } from '../domain/change.ts'
import { AttachError, isAttachError } from '../domain/errors.ts'
import { nearest } from '../domain/nearest.ts'
import type { Secret } from '../domain/secret.ts'
import { read } from '../engine/recognise.ts'
import type { Resource } from '../ports/kind.ts'
import type { ConfigStore } from '../ports/store.ts'
import type { Located, Target } from './command.ts'
import { placeOf, type Session } from './session.ts'
import { VALUE_BYTES_MAX, valueIn } from './source-values.ts'
import { sayUnfinished } from './standing.ts'

/** What a command asks: keys of the deploy, handles, or all that is attached. */
export interface Asks extends Located {
  readonly targets: readonly Target[]
  readonly kind: string | null
}

/** A resource that can be asked, and what it is called. */
export interface Ready {
  readonly key: string
  readonly resource: Resource
}

export interface Targets {
  readonly deploy: Deploy | null
  readonly kinds: OpenKinds
  readonly ready: readonly Ready[]
  /** Of all that is attached, what no kind can read. */
  readonly unread: readonly AttachError[]
}

interface Named {
  readonly key: string
  /** Null: there is none, and `problem` says why. */
  readonly value: Secret | null
  /** What tells its kind beside the value. */
  readonly kind: string | null
  readonly problem: string | null
}

/** Reads what is to be asked; nothing is contacted. Throws USAGE, REFUSED, and HANDLE_INVALID for a handle that was named. */
export async function targetsFor(command: Asks, session: Session): Promise<Targets> {
  const needsDeploy = command.targets.length === 0 || command.targets.some(({ by }) => by === 'key')
  const deploy = needsDeploy ? await placeOf(command, session) : null
  const kinds = openKinds(session.redactor, deploy?.declared?.resources)
  return { deploy, kinds, ...(await readAll(await namedBy(command, deploy, kinds, session), command, kinds)) }
}

/** A handle that was named is read before anything is contacted; one of many that are attached is told with the others. */
async function readAll(
  named: readonly Named[],
  command: Asks,
  kinds: OpenKinds,
): Promise<{ readonly ready: readonly Ready[]; readonly unread: readonly AttachError[] }> {
  const ready: Ready[] = []
  const unread: AttachError[] = []
  for (const { key, value, kind, problem } of named) {
    const was = command.targets.length > 0 && key.startsWith('handle ') ? null : value
    try {
      if (value === null) throw new AttachError('HANDLE_INVALID', `${key}: ${problem}; nothing was contacted`, { hint: 'attach status' })
      ready.push({ key, resource: await read(key, value, { asked: command.kind ?? kind, was }, kinds) })
    } catch (error) {
      if (command.targets.length > 0 || !isAttachError(error, 'HANDLE_INVALID')) throw error
      unread.push(error)
    }
  }
  return { ready, unread }
}

async function namedBy(command: Asks, deploy: Deploy | null, kinds: OpenKinds, session: Session): Promise<readonly Named[]> {
  const { host, signal } = session
  if (deploy !== null) expectThere(deploy, host)
  const store: ConfigStore | null = deploy === null ? null : openStore(deploy, host, { lockTimeoutMs: 0, onWait: () => {} })
  const snapshot = store === null ? null : await store.read(signal)
  if (snapshot !== null && deploy !== null) sayUnfinished(snapshot, deploy.label, session)
  await store?.[Symbol.asyncDispose]()
  const attachments = await kinds.attachments(snapshot?.entries ?? new Map())
  if (command.targets.length === 0) {
    const isDeclared = (key: string): boolean => deploy?.declared?.resources.has(key) === true
    return attachments
      .filter(
        ({ key, keys, handle }) => keys.length > 1 || handle === null || kinds.isHandle(handle) || (isDeclared(key) && !isEmpty(handle)),
      )
      .map(namedAs)
  }
  const named: Named[] = []
  for (const [at, target] of command.targets.entries()) named.push(await namedOf(target, at + 1, attachments, session))
  return named
}

const namedAs = ({ key, handle, kind, finding }: Attachment): Named => ({ key, value: handle, kind, problem: finding?.detail ?? null })

async function namedOf(target: Target, place: number, attachments: readonly Attachment[], { host, signal }: Session): Promise<Named> {
  if (target.by === 'key') {
    const found = attachments.find(({ key, keys }) => key === target.key || keys.includes(target.key))
    if (found !== undefined && (found.handle === null || found.handle.reveal() !== '')) return namedAs(found)
    const near = nearest(
      target.key,
      attachments.flatMap(({ key, keys }) => [key, ...keys]),
    )
    throw new AttachError('REFUSED', `${target.key} is not attached`, { hint: near === null ? 'attach status' : `attach probe ${near}` })
  }
  const given = { key: `handle ${place}`, kind: null, problem: null }
  if (target.source.from === 'argv') return { ...given, value: target.source.value }
  return { ...given, value: valueIn(await host.stdin.readAll(VALUE_BYTES_MAX, signal), { raw: false, what: 'standard input' }) }
}
