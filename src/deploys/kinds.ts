import type { Change, Key, Value } from '../domain/change.ts'
import type { ExpectedResource } from '../domain/deploy.ts'
import { isAttachError } from '../domain/errors.ts'
import type { Handle, Identity } from '../domain/handle.ts'
import { isToken, looksLikeKey, oneLine, type Redactor, secretsIn } from '../domain/redact.ts'
import { providerOf } from '../kinds/provider.ts'
import { type KindRow, recognise, rowOfScheme, schemeOf, seemsOf } from '../kinds/registry.ts'
import type { HandleParts, Kind, Kinds, Opened, ProbeContext, Recognition, Resource } from '../ports/kind.ts'
import { type Attachment, apartOf, attachmentsOf, isShownAt, joinedChanges, namedIn } from './attachments.ts'

/** All kinds, with what the commands need beside reading a handle. Every value that passes here is known to the redactor. */
export interface OpenKinds extends Kinds {
  /** `key`: under which it stands, where that is known: a part of a handle that lets nobody in is no secret. */
  learn(value: Handle, key?: Key): void
  /** What a plan shows of a value: of a variable that holds a part of a handle the part, where that lets nobody in. */
  shown(key: Key, value: Handle): string
  /** Whether a value looks like a handle of some service: it has a scheme. */
  isHandle(value: Handle): boolean
  /** What changed inside one resource, in words; null when it is another one. */
  within(change: Change): string | null
  /** What status shows of a value. Loads nothing, never throws. */
  sketch(value: Handle): { readonly kind: string; readonly provider: string | null; readonly target: string }
  /** Throws HANDLE_INVALID, USAGE. */
  replaceParts(handle: Handle, parts: HandleParts, recognition: Recognition): Promise<Handle>
  /** What stands in a config, each resource once. */
  attachments(entries: ReadonlyMap<Key, Handle>): Promise<readonly Attachment[]>
  /** The variables that would hold a handle in the place of those of a set; null where it has none. Throws HANDLE_INVALID. */
  apart(key: Key, handle: Handle, entries: ReadonlyMap<Key, Handle>): Promise<ReadonlyMap<Key, Value> | null>
}

/** `declared`: what attach.yaml says of resources. */
export function openKinds(redactor: Redactor, declared: ReadonlyMap<string, ExpectedResource> = new Map()): OpenKinds {
  const named = namedIn(declared)
  const learn = (value: Handle, key?: Key): void => {
    if (key !== undefined && isShownAt(key, named) && !looksLikeKey(value.reveal())) return
    for (const secret of secretsIn(value.reveal())) redactor.learn(secret)
  }
  const load = async (value: Handle, recognition: Recognition): Promise<Kind> => {
    learn(value)
    return await recognise(value, recognition).load()
  }
  return {
    learn,
    shown: (key, value) => (isShownAt(key, named) && isPlain(value) ? oneLine(value.reveal()) : targetOf(value)),
    isHandle: (value) => rowFor(value) !== undefined,
    describe: targetOf,
    joined: async (changes, entries) => {
      const joined = await joinedChanges(changes, entries, named)
      for (const { before, after, kind } of joined) if (kind !== null) for (const value of [before, after]) if (value !== null) learn(value)
      return joined
    },
    attachments: async (entries) => {
      const all = await attachmentsOf(entries, declared)
      for (const { handle, keys } of all) if (handle !== null && keys.length > 1) learn(handle)
      return all
    },
    apart: async (key, handle, entries) => await apartOf(key, handle, entries, named),
    seems: (value) => seemsOf(value.reveal()),
    within: ({ before, after }) => (before === null || after === null ? null : changeWithin(before, after)),
    sketch: (value) => ({
      kind: kindOf(value),
      provider: providerOf(piecesOf(value)?.host ?? '').provider ?? null,
      target: targetOf(value),
    }),
    read: async (value, recognition) => resourceOf(await load(value, recognition), value),
    replaceParts: async (handle, parts, recognition) => (await load(handle, recognition)).replaceParts(handle, parts),
  }
}

/** A short word of no hidden character, no key, and no handle: that has a scheme. */
const isPlain = (value: Handle): boolean =>
  !looksLikeKey(value.reveal()) && /^[\w.,:@/[\] +-]{1,200}$/.test(value.reveal()) && !value.reveal().includes('://')

/** What a handle says of where it leads, for who prints no more than that of it: no redactor is told. Throws HANDLE_INVALID, USAGE. */
export async function identityOf(value: Handle, recognition: Recognition): Promise<Identity> {
  const kind = await recognise(value, recognition).load()
  return kind.identify(kind.parse(value))
}

function resourceOf(kind: Kind, value: Handle): Resource {
  const resource = kind.parse(value)
  const open = kind.open?.bind(kind)
  const writeProbe = kind.writeProbe?.bind(kind)
  const probeAlone = async (context: ProbeContext): Promise<Opened> => ({ report: await kind.probe(resource, context), session: null })
  return {
    kind: kind.name,
    identity: kind.identify(resource),
    depth: kind.depth,
    remarks: kind.remarks(resource),
    traits: kind.traits(resource),
    probe: (context) => kind.probe(resource, context),
    open: open === undefined ? probeAlone : (context) => open(resource, context),
    ...(writeProbe === undefined ? {} : { writeProbe: (context: ProbeContext) => writeProbe(resource, context) }),
    guards: kind.guards?.bind(kind) ?? null,
  }
}

/** Of what kind a value is that stands there already. What nothing recognises is opaque. */
const kindOf = (value: Handle): string => rowFor(value)?.name ?? 'opaque'

function rowFor(value: Handle): KindRow | undefined {
  try {
    return recognise(value)
  } catch (error) {
    if (isAttachError(error)) return undefined
    throw error
  }
}

interface Pieces {
  readonly scheme: string
  readonly user: string
  /** Never shown: told apart from another one, no more. */
  readonly password: string
  readonly host: string
  readonly port: string
  /** The further hosts of a list, with their ports, as they stand there. */
  readonly others: readonly string[]
  readonly path: string
  readonly query: string
}

/** A value taken apart by its looks alone. Null: it is no URL, or one whose secret could stand anywhere. */
function piecesOf(value: Handle): Pieces | null {
  const file = filePieces(value.reveal())
  if (file !== null) return file
  const { text, others } = withoutOthers(value.reveal())
  const match =
    /^((?:jdbc:)?[a-z][a-z0-9+.-]*):\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?(\[[^\]@]*\]|[^:@/?#]*)(?::(\d+))?(\/[^@?#]*)?(\?[^@#]*)?$/i.exec(
      text,
    )
  if (match === null) return null
  const [, scheme = '', user = '', password = '', host = '', port = '', path = '', query = ''] = match
  return { scheme: scheme.toLowerCase(), user, password, host, port, others, path, query }
}

/** A handle of a kind that lists several hosts, as if it named the first alone. */
function withoutOthers(text: string): { readonly text: string; readonly others: readonly string[] } {
  const scheme = schemeOf(text) ?? ''
  const several = rowOfScheme(scheme)?.several ?? []
  const isList = several === true || several.includes(scheme)
  const [, head = '', first = '', others = '', tail = ''] =
    (isList ? /^([^/]+:\/\/(?:[^/?#]*@)?)([^/?#,]+),((?:(?:\[[\w:.%]+\]|[\w.-]+)(?::\d+)?(?:,|(?=[/?#]|$)))+)(.*)$/s : /^$/).exec(text) ??
    []
  return others === '' ? { text, others: [] } : { text: `${head}${first}${tail}`, others: others.split(',') }
}

/** The handle of a file: all that stands behind its scheme is a path. Null: it is none, or names a user or a host. */
function filePieces(text: string): Pieces | null {
  if (!rowOfScheme(schemeOf(text) ?? '')?.files) return null
  const [, scheme = '', path = '', query = ''] = /^([^:]+):(?!\/\/[^/?]*[@:])([^?]*)(\?.*)?$/s.exec(text) ?? []
  return scheme === '' ? null : { scheme: scheme.toLowerCase(), user: '', password: '', host: '', port: '', others: [], path, query }
}

/** `postgres://app@db1:5432/app`. Of a scheme that nobody knows it alone is shown: the rest may be its secret. */
function targetOf(value: Handle): string {
  if (value.reveal() === '') return '(empty)'
  const pieces = piecesOf(value)
  if (pieces === null) return '(not shown)'
  const { scheme, host, path } = pieces
  if (rowOfScheme(scheme)?.files) return oneLine(`${scheme}:${path}`)
  const isSecret = rowOfScheme(scheme)?.name === 'redis' ? pieces.password === '' : isToken(scheme, pieces.user, pieces.password)
  const user = isSecret ? '' : pieces.user // A lone word is a password to some, and a token is user and password at once.
  if (rowOfScheme(scheme) === undefined) return `${oneLine(scheme)}://(not shown)`
  if (rowFor(value)?.shows === 'host')
    return oneLine(`${scheme}://${/^[\w.%[\]:-]*$/.test(host) ? host : '(not shown)'}${pieces.port === '' ? '' : `:${pieces.port}`}`)
  if (!/^(\/[\w.%-]*)*$/.test(path) || !/^[\w.%[\]:-]*$/.test(host)) return `${scheme}://(not shown)`
  const port = portOf(pieces)
  const endpoint = endpointIn(pieces)
  const at = endpoint === null ? '' : `?endpoint=${endpoint}`
  const usual = usualPort(scheme)
  const others = pieces.others.map((other) => `,${other}${usual === '' || /:\d+$/.test(other) ? '' : `:${usual}`}`).join('')
  return oneLine(`${scheme}://${user === '' ? '' : `${user}@`}${host}${port === '' ? '' : `:${port}`}${others}${path}${at}`)
}

/** The store of a bucket, where it is not Amazon's: without it two buckets of one name would look alike. Null: there is none, or it may hold a secret. */
function endpointIn({ scheme, query }: Pieces): string | null {
  if (rowOfScheme(scheme)?.name !== 's3') return null
  const endpoint = new URLSearchParams(query).get('endpoint') ?? ''
  return /^(https?:\/\/[\w.:[\]-]+)(\/[\w./~-]*)?$/i.exec(endpoint)?.[1] ?? null
}

/** The port, or the usual one of its kind. A socket has none. */
const portOf = ({ scheme, host, port }: Pieces): string => port || (host === '' ? '' : usualPort(scheme))

function usualPort(scheme: string): string {
  const row = rowOfScheme(scheme)
  return `${row?.ports?.[scheme] ?? row?.port ?? ''}`
}

/** Parameters that lead somewhere else than what stands before them says (libpq, Redis, sockets of MySQL, S3). */
const LEADING = [
  ...['host', 'hostaddr', 'port', 'dbname', 'service', 'db', 'database', 'endpoint', 'sentinelMasterId'],
  ...['socket', 'unix_socket', 'unixSocket', 'socketPath', 'localSocket'],
]

const placeIn = ({ query }: Pieces): string => {
  const parameters = new URLSearchParams(query)
  return JSON.stringify(LEADING.map((name) => parameters.getAll(name)))
}

/** Two handles that lead to the same server and the same name in it differ in how one gets in, or in how one behaves there. */
function changeWithin(before: Handle, after: Handle): string | null {
  const [old, next] = [piecesOf(before), piecesOf(after)]
  if (old === null || next === null || rowFor(before)?.name !== rowFor(after)?.name) return null
  if (old.host !== next.host || portOf(old) !== portOf(next) || old.path !== next.path || placeIn(old) !== placeIn(next)) return null
  if (old.others.join() !== next.others.join()) return null
  const parts = [
    old.user === next.user ? null : 'user',
    old.password === next.password ? null : 'password',
    old.query === next.query ? null : 'parameters',
    old.scheme === next.scheme ? null : 'scheme',
  ].filter((part) => part !== null)
  return `same resource, ${parts.length === 0 ? 'written otherwise' : `${parts.join(' and ')} changed`}`
}
