import { isAttachError } from '../domain/errors.ts'
import type { Handle } from '../domain/handle.ts'
import { oneLine, type Redactor, secretsIn } from '../domain/redact.ts'
import { providerOf } from '../kinds/provider.ts'
import { KINDS, type KindRow, recognise } from '../kinds/registry.ts'
import type { HandleParts, Kind, Kinds, Recognition, Resource } from '../ports/kind.ts'

/** All kinds, with what the commands need beside reading a handle. Every value that passes here is known to the redactor. */
export interface OpenKinds extends Kinds {
  learn(value: Handle): void
  /** Whether a value looks like a handle of some service: it has a scheme. */
  isHandle(value: Handle): boolean
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
    sketch: (value) => ({
      kind: kindOf(value),
      provider: providerOf(piecesOf(value)?.host ?? '').provider ?? null,
      target: targetOf(value),
    }),
    read: async (value, recognition) => resourceOf(await load(value, recognition), value),
    replaceParts: async (handle, parts, recognition) => (await load(handle, recognition)).replaceParts(handle, parts),
  }
}

function resourceOf(kind: Kind, value: Handle): Resource {
  const resource = kind.parse(value)
  return {
    kind: kind.name,
    identity: kind.identify(resource),
    depth: kind.depth,
    remarks: kind.remarks(resource),
    probe: (context) => kind.probe(resource, context),
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
  readonly host: string
  readonly port: string
  readonly path: string
}

/** A value taken apart by its looks alone. Null: it is no URL, or one whose secret could stand anywhere. */
function piecesOf(value: Handle): Pieces | null {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(?:([^:@/?#]*)(?::[^@/?#]*)?@)?(\[[^\]@]*\]|[^:@/?#]*)(?::(\d+))?(\/[^@?#]*)?(\?[^@#]*)?$/i.exec(
    value.reveal(),
  )
  if (match === null) return null
  const [, scheme = '', user = '', host = '', port = '', path = ''] = match
  return { scheme: scheme.toLowerCase(), user, host, port, path }
}

/** `postgres://app@db1:5432/app`. Of a service that is not known only scheme and host are shown: the rest may be its secret. */
function targetOf(value: Handle): string {
  if (value.reveal() === '') return '(empty)'
  const pieces = piecesOf(value)
  if (pieces === null) return '(not shown)'
  const { scheme, user, host, path } = pieces
  const row = KINDS.find(({ schemes }) => schemes.includes(scheme))
  if (row === undefined) return oneLine(`${scheme}://${host}`)
  const port = pieces.port || (host === '' || row.port === undefined ? '' : `${row.port}`)
  return oneLine(`${scheme}://${user === '' ? '' : `${user}@`}${host}${port === '' ? '' : `:${port}`}${path}`)
}
