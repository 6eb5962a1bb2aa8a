import type { Handle } from '../../domain/handle.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { checkPort, edited, editPath, encodePart } from '../../domain/handle-replace.ts'
import { splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleParts, HandleVariables } from '../../ports/kind.ts'
import { hostInHandle } from '../host.ts'
import { partEdits } from '../parts.ts'
import { COUCHDB_GRAMMAR, parseCouchDB, usualPort } from './handle.ts'

/** Throws HANDLE_INVALID. */
export function replaceParts(handle: Handle, { host, port, name, user, password }: HandleParts): Handle {
  const text = handle.reveal()
  const split = splitHandle(text, COUCHDB_GRAMMAR)
  const next = new Secret(
    edited(text, [...partEdits(split, { host, port, user, password }), ...(name === undefined ? [] : [editPath(split, encodePart(name))])]),
  )
  parseCouchDB(next)
  return next
}

/** Ports behind which TLS is spoken: no variable says it otherwise. */
const TLS_PORTS = ['6984', '443']

/** Throws HANDLE_INVALID, which names a part. */
export function compose(parts: HandleVariables): Handle {
  const text = (part: string): string | null => parts.get(part)?.reveal() ?? null
  for (const [part, value] of parts)
    if (value.reveal() === '') throw invalid(`has nothing as its ${part}`, 'set it, or remove its variable')
  const [host, port, user, password, name] = [text('host'), text('port'), text('user'), text('password'), text('name')]
  if (host === null) throw invalid('has no host among its variables', 'set the variable of the host')
  if (port !== null) checkPort(port)
  const isTls = port === null ? usualPort('couchdbs', host) === 443 : TLS_PORTS.includes(port)
  const login = user === null && password === null ? '' : `${encodePart(user ?? '')}:${encodePart(password ?? '')}@`
  const handle = new Secret(
    `${isTls ? 'couchdbs' : 'couchdb'}://${login}${hostInHandle(host)}${port === null ? '' : `:${port}`}${name === null ? '' : `/${encodePart(name)}`}`,
  )
  parseCouchDB(handle)
  return handle
}

/** Throws HANDLE_INVALID for what no variable can say. */
export function decompose(handle: Handle): HandleVariables {
  const { tls, host, port, login, name, parameters } = parseCouchDB(handle)
  const isSaid = splitHandle(handle.reveal(), COUCHDB_GRAMMAR).port !== null
  if (parameters.size > 0) throw invalid('says in its query what no variable holds', 'keep it as one handle, or take those words out')
  const isUsual = !isSaid && port === usualPort(tls === 'disable' ? 'couchdb' : 'couchdbs', host) && !(tls !== 'disable' && port === 6984)
  const isToldByPort = TLS_PORTS.includes(String(port))
  if (isToldByPort !== (tls !== 'disable'))
    throw invalid('asks for TLS at a port of plain text, or the reverse, and no variable says so', 'keep it as one handle')
  const said: readonly (readonly [string, string | undefined])[] = [
    ['host', host],
    ['port', isUsual ? undefined : String(port)],
    ['user', login?.user],
    ['password', login?.password.reveal()],
    ['name', name ?? undefined],
  ]
  return new Map(said.flatMap(([part, text]) => (text === undefined ? [] : [[part, new Secret(text)] as const])))
}
