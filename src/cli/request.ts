import type { Attachment } from '../deploys/attachments.ts'
import type { OpenKinds } from '../deploys/kinds.ts'
import type { Key, Value } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import { nearest } from '../domain/nearest.ts'
import { Secret } from '../domain/secret.ts'
import type { Edit, Request } from '../engine/plan.ts'
import type { HandleParts } from '../ports/kind.ts'
import type { Reporter } from '../ports/reporter.ts'
import type { ConfigStore } from '../ports/store.ts'
import type { KeptOld, Pair, Parts, Source, SwapTo } from './command.ts'
import type { EditCommand } from './commands/change.ts'
import type { Session } from './session.ts'
import { commandFor, commandValue, type Fetching, fileValue, VALUE_BYTES_MAX, valueIn } from './source-values.ts'

/** What a command asks for, with every value fetched from where it stands. Throws USAGE, HANDLE_INVALID, REFUSED, INTERRUPTED. */
export async function requestOf(command: EditCommand, store: ConfigStore, kinds: OpenKinds, session: Session): Promise<Request> {
  switch (command.verb) {
    case 'attach':
      return { verb: 'attach', edits: await editsOf(command.pairs, command, store, kinds, session) }
    case 'swap':
      return { verb: 'swap', edits: await swapEdits(command.to, command, store, kinds, session) }
    case 'detach':
      return { verb: 'detach', keys: await membersOf(command.keys, store, kinds, session) }
    case 'rollback':
      return { verb: 'rollback', release: command.to, allowEdited: command.allow.includes('config.edited') }
    case 'undo':
      return { verb: 'undo', release: command.release, allowEdited: command.allow.includes('config.edited') }
  }
}

/** A name that stands for several variables is all of them, but for those that other services use as well: these stay. */
export async function membersOf(keys: readonly Key[], store: ConfigStore, kinds: OpenKinds, { signal }: Session): Promise<readonly Key[]> {
  const attachments = await kinds.attachments((await store.read(signal)).entries)
  return [...new Set(keys.flatMap((key) => attachments.find((one) => one.key === key && one.keys.length > 1)?.own ?? [key]))]
}

interface Making extends Fetching {
  readonly kind: string | null
  readonly keepOld: readonly KeptOld[]
}

async function editsOf(
  pairs: readonly Pair[],
  how: Making,
  store: ConfigStore,
  kinds: OpenKinds,
  session: Session,
): Promise<readonly Edit[]> {
  const edits: Edit[] = []
  for (const { key, source } of pairs) {
    const to = await fetched(key, source, how, store, kinds, session)
    kinds.learn(to, key)
    const made = source.from === 'key' ? { madeFrom: { key: source.key, value: to } } : {}
    const apart = how.kind === 'opaque' ? null : await kinds.apart(key, to, (await store.read(session.signal)).entries)
    if (apart === null) edits.push({ key, to, ...made, ...keepingOld(key, how) })
    else edits.push(...partsAs(key, apart, how).map((edit) => ({ ...edit, ...made })))
  }
  return edits
}

/** A handle that stands in several variables: each gets its part. The one that was named stands for them all. */
function partsAs(key: Key, apart: ReadonlyMap<Key, Value>, { keepOld, verb }: Making): readonly Edit[] {
  if (keepOld.some((one) => one.key === key)) {
    throw new AttachError(
      'USAGE',
      `${key} is one of several variables that make one handle, and no single key could keep the old one; nothing was contacted`,
      {
        hint: `attach ${verb} ${key}=- without --keep-old; attach log has what stood there`,
      },
    )
  }
  return [...apart].map(([name, to]) => (name === key && to !== null ? { key: name, to } : { key: name, to, isPart: true }))
}

/** What would stand under the keys of a swap, or of a comparison. Throws as `requestOf` does. */
export async function swapEdits(to: SwapTo, how: Making, store: ConfigStore, kinds: OpenKinds, session: Session): Promise<readonly Edit[]> {
  if (to.by === 'pairs') return await editsOf(to.pairs, how, store, kinds, session)
  const { key } = to
  const set = (await kinds.attachments((await store.read(session.signal)).entries)).find(
    ({ key: name, keys }) => name === key || keys.includes(key),
  )
  if (set !== undefined && set.keys.length > 1) return await partEdits(set, to.parts, how, store, kinds, session)
  const present = await held(key, store, session)
  const parts = await partsOf(key, to.parts, how, store, kinds, session)
  if (parts.password !== undefined) kinds.learn(parts.password)
  const next = await kinds.replaceParts(present, parts, { asked: how.kind, was: present })
  return [{ key, to: next, madeFrom: { key, value: present }, ...keepingOld(key, how) }]
}

/** The same of a handle that stands in several variables. */
async function partEdits(
  { key, handle, kind, finding, keys }: Attachment,
  given: Parts,
  how: Making,
  store: ConfigStore,
  kinds: OpenKinds,
  session: Session,
): Promise<readonly Edit[]> {
  if (handle === null)
    throw new AttachError('REFUSED', `${key}: ${finding?.detail}; nothing was changed`, { hint: finding?.remedy ?? 'attach status' })
  const parts = await partsOf(key, given, how, store, kinds, session)
  if (parts.password !== undefined) kinds.learn(parts.password)
  const next = await kinds.replaceParts(handle, parts, { asked: how.kind ?? kind, was: handle })
  const { entries } = await store.read(session.signal)
  const apart = await kinds.apart(key, next, entries)
  if (apart === null) throw new AttachError('BUG', 'BUG: a handle that was put together cannot be taken apart')
  const [anchor] = keys
  const value = anchor === undefined ? undefined : entries.get(anchor)
  return partsAs(key, apart, how).map((edit) =>
    anchor === undefined || value === undefined ? edit : { ...edit, madeFrom: { key: anchor, value } },
  )
}

function keepingOld(key: Key, { keepOld }: Making): Pick<Edit, 'keepOldAs'> {
  const kept = keepOld.find((one) => one.key === key)
  return kept === undefined ? {} : { keepOldAs: kept.as }
}

async function partsOf(key: Key, parts: Parts, how: Making, store: ConfigStore, kinds: OpenKinds, session: Session): Promise<HandleParts> {
  const { password, ...plain } = parts
  return password === undefined ? plain : { ...plain, password: await fetched(key, password, how, store, kinds, session) }
}

async function fetched(key: Key, source: Source, how: Making, store: ConfigStore, kinds: OpenKinds, session: Session): Promise<Secret> {
  const { host, interactive, signal } = session
  switch (source.from) {
    case 'argv':
      return source.value
    case 'stdin':
      if (interactive) return await asked(key, how, session)
      return valueIn(await host.stdin.readAll(VALUE_BYTES_MAX, signal), { raw: how.raw, what: 'standard input' })
    case 'env': {
      const value = host.inherited[source.name]
      if (value !== undefined) return new Secret(value)
      throw new AttachError('USAGE', `the environment variable for ${key} is not set; nothing was contacted`, {
        hint: `attach help ${how.verb}`,
      })
    }
    case 'key':
      return await held(source.key, store, session)
    case 'file':
      return await fileValue(key, source.path, how, session)
    case 'command':
      return await commandValue(key, source.run, how, kinds.learn, { ...session, reporter: await withoutConfig(store, session) })
    case 'prompt': {
      if (!interactive) {
        throw new AttachError('USAGE', `${key} needs a handle, and there is no terminal to ask for it`, {
          hint: `${commandFor(key, how)}=- reads it from stdin`,
        })
      }
      return await asked(key, how, session)
    }
  }
}

/** What a command says of a failure may hold what the config holds now. */
async function withoutConfig(store: ConfigStore, { reporter, signal }: Session): Promise<Reporter> {
  const { outputCleaner } = await import('../deploys/settling/command-output.ts')
  const { entries } = await store.read(signal)
  const clean = outputCleaner([...entries].map(([key, value]) => ({ key, value })))
  return { event: (event) => reporter.event(event.type === 'output' ? { ...event, line: clean(event.line) } : event) }
}

/** A secret is never typed in the open: on a terminal `-` asks as the key alone does. */
async function asked(key: Key, how: Making, { host, signal }: Session): Promise<Secret> {
  const answer = await host.stdin.askHidden(`Handle or part for ${key} (not shown): `, signal)
  if (answer !== null) return answer
  throw new AttachError('REFUSED', `nothing was given for ${key}; nothing was changed`, { hint: `${commandFor(key, how)} asks again` })
}

async function held(key: Key, store: ConfigStore, { signal }: Session): Promise<Secret> {
  const { entries } = await store.read(signal)
  const value = entries.get(key)
  if (value !== undefined && value.reveal() !== '') return value
  const near = value === undefined ? nearest(key, entries.keys()) : null
  const meant = near === null ? '' : ` (did you mean ${near}?)`
  throw new AttachError('REFUSED', `${key} holds nothing in ${store.label}${meant}; nothing was changed`, { hint: 'attach status' })
}
