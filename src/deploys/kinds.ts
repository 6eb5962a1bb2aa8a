import type { Change } from '../domain/change.ts'
import { isAttachError } from '../domain/errors.ts'
import type { Handle, Identity } from '../domain/handle.ts'
import { oneLine, type Redactor, secretsIn } from '../domain/redact.ts'
import { providerOf } from '../kinds/provider.ts'
import { isKnownService, type KindRow, recognise, rowOfScheme, schemeOf, seemsOf } from '../kinds/registry.ts'
import type { HandleParts, Kind, Kinds, Opened, ProbeContext, Recognition, Resource } from '../ports/kind.ts'

/** All kinds, with what the commands need beside reading a handle. Every value that passes here is known to the redactor. */
export interface OpenKinds extends Kinds {
  learn(value: Handle): void
  /** Whether a value looks like a handle of some service: it has a scheme. */
  isHandle(value: Handle): boolean
  /** What changed inside one resource, in words; null when it is another one. */
  within(change: Change): string | null
  /** What status shows of a value. Loads nothing, never throws. */
  sketch(value: Handle): { readonly kind: string; readonly provider: string | null; readonly target: string }
  /** Throws HANDLE_INVALID, USAGE. */
  replaceParts(handle: Handle, parts: HandleParts, recognition: Recognition): Promise<Handle>
}

export function openKinds(redactor: Redactor): OpenKinds {
  const learn = (value: Handle): void => {
    for (const secret of secretsIn(value.reveal())) redactor.learn(secret)
  }
  const load = async (value: Handle, recognition: Recognition): Promise<Kind> => {
    learn(value)
    return await recognise(value, recognition).load()
  }
  return {
    learn,
    isHandle: (value) => rowFor(value) !== undefined,
    describe: targetOf,
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

/** What a handle says of where it leads, for who prints no more than that of it: no redactor is told. Throws HANDLE_INVALID, USAGE. */
export async function identityOf(value: Handle, recognition: Recognition): Promise<Identity> {
  const kind = await recognise(value, recognition).load()
  return kind.identify(kind.parse(value))
}

function resourceOf(kind: Kind, value: Handle): Resource {
  const resource = kind.parse(value)
  const open = kind.open?.bind(kind)
  const probeAlone = async (context: ProbeContext): Promise<Opened> => ({ report: await kind.probe(resource, context), session: null })
  return {
    kind: kind.name,
    identity: kind.identify(resource),
    depth: kind.depth,
    remarks: kind.remarks(resource),
    traits: kind.traits(resource),
    probe: (context) => kind.probe(resource, context),
    open: open === undefined ? probeAlone : (context) => open(resource, context),
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
  readonly path: string
  readonly query: string
}

/** A value taken apart by its looks alone. Null: it is no URL, or one whose secret could stand anywhere. */
function piecesOf(value: Handle): Pieces | null {
  const file = filePieces(value.reveal())
  if (file !== null) return file
  const match =
    /^([a-z][a-z0-9+.-]*):\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?(\[[^\]@]*\]|[^:@/?#]*)(?::(\d+))?(\/[^@?#]*)?(\?[^@#]*)?$/i.exec(
      value.reveal(),
    )
  if (match === null) return null
  const [, scheme = '', user = '', password = '', host = '', port = '', path = '', query = ''] = match
  return { scheme: scheme.toLowerCase(), user, password, host, port, path, query }
}

/** The handle of a file: all that stands behind its scheme is a path. Null: it is none, or names a user or a host. */
function filePieces(text: string): Pieces | null {
  if (!rowOfScheme(schemeOf(text) ?? '')?.files) return null
  const [, scheme = '', path = '', query = ''] = /^([^:]+):(?!\/\/[^/?]*[@:])([^?]*)(\?.*)?$/s.exec(text) ?? []
  return scheme === '' ? null : { scheme: scheme.toLowerCase(), user: '', password: '', host: '', port: '', path, query }
}

/** `postgres://app@db1:5432/app`. Of a service that is not known only scheme and host are shown: the rest may be its secret. */
function targetOf(value: Handle): string {
  if (value.reveal() === '') return '(empty)'
  const pieces = piecesOf(value)
  if (pieces === null) return '(not shown)'
  const { scheme, host, path } = pieces
  if (rowOfScheme(scheme)?.files) return oneLine(`${scheme}:${path}`)
  const user = rowOfScheme(scheme)?.name === 'redis' && pieces.password === '' ? '' : pieces.user // A lone word is a password to some.
  if (rowOfScheme(scheme) === undefined && rowFor(value) === undefined)
    return isKnownService(scheme) ? oneLine(`${scheme}://${host}`) : `${oneLine(scheme)}://(not shown)`
  if (!/^(\/[\w.%-]*)*$/.test(path) || !/^[\w.%[\]:-]*$/.test(host)) return `${scheme}://(not shown)`
  const port = portOf(pieces)
  return oneLine(`${scheme}://${user === '' ? '' : `${user}@`}${host}${port === '' ? '' : `:${port}`}${path}`)
}

/** The port, or the usual one of its kind. A socket has none. */
const portOf = ({ scheme, host, port }: Pieces): string => port || (host === '' ? '' : `${rowOfScheme(scheme)?.port ?? ''}`)

/** Parameters that lead somewhere else than what stands before them says (libpq, Redis). */
const LEADING = ['host', 'hostaddr', 'port', 'dbname', 'service', 'db', 'database']

const placeIn = ({ query }: Pieces): string => {
  const parameters = new URLSearchParams(query)
  return JSON.stringify(LEADING.map((name) => parameters.getAll(name)))
}

/** Two handles that lead to the same server and the same name in it differ in how one gets in, or in how one behaves there. */
function changeWithin(before: Handle, after: Handle): string | null {
  const [old, next] = [piecesOf(before), piecesOf(after)]
  if (old === null || next === null || rowFor(before)?.name !== rowFor(after)?.name) return null
  if (old.host !== next.host || portOf(old) !== portOf(next) || old.path !== next.path || placeIn(old) !== placeIn(next)) return null
  const parts = [
    old.user === next.user ? null : 'user',
    old.password === next.password ? null : 'password',
    old.query === next.query ? null : 'parameters',
    old.scheme === next.scheme ? null : 'scheme',
  ].filter((part) => part !== null)
  return `same resource, ${parts.length === 0 ? 'written otherwise' : `${parts.join(' and ')} changed`}`
}
