import type { Handle } from '../domain/handle.ts'
import { invalid, type SplitHandle } from '../domain/handle-grammar.ts'
import { checkPort, type Edit, editAuthority, editUserinfo, encodePart } from '../domain/handle-replace.ts'
import { Secret } from '../domain/secret.ts'
import type { HandleVariables } from '../ports/kind.ts'
import { hostInHandle } from './host.ts'

/** How a kind writes the parts that variables hold as one handle. */
export interface Composition {
  readonly scheme: string
  /** A host that begins with / is a socket, written %2F…. Absent: it has no place in such a handle. */
  readonly sockets?: true
  /** Parts that stand in the query, under their own names. */
  readonly query?: readonly string[]
}

/** `scheme://user:password@host:port/name?…` of the parts host, port, user, password, name. Throws HANDLE_INVALID, which names a part. */
export function composed(parts: HandleVariables, { scheme, sockets, query = [] }: Composition): Handle {
  const text = (part: string): string | null => parts.get(part)?.reveal() ?? null
  const [host, port, user, password, name] = ['host', 'port', 'user', 'password', 'name'].map(text)
  for (const [part, value] of parts)
    if (value.reveal() === '') throw invalid(`has nothing as its ${part}`, `set it, or remove its variable`)
  if (!host) throw invalid('has no host among its variables', 'set the variable of the host')
  if (port) checkPort(port)
  const place = sockets && host.startsWith('/') ? encodePart(host) : hostInHandle(host)
  const login = user || password ? `${encodePart(user ?? '')}${password ? `:${encodePart(password)}` : ''}@` : ''
  const more = query.flatMap((part) => {
    const value = text(part)
    return value === null ? [] : [`${part}=${encodePart(value)}`]
  })
  const tail = more.length === 0 ? '' : `?${more.join('&')}`
  return new Secret(`${scheme}://${login}${place}${port ? `:${port}` : ''}${name ? `/${encodePart(name)}` : ''}${tail}`)
}

/** The parts of such a handle. Throws HANDLE_INVALID for what stands in its query and in no part. */
export function decomposed(split: SplitHandle, { sockets, query = [] }: Omit<Composition, 'scheme'>): HandleVariables {
  const other = split.query.find(({ key }) => !query.includes(key))?.key ?? split.unknownKeys[0]
  if (other !== undefined) throw invalid('says in its query what no variable holds', 'keep it as one handle, or take those words out')
  if (split.host === null) throw invalid('names no host that a variable could hold', 'keep it as one handle')
  if (split.host.text.startsWith('/') && !sockets) throw invalid('names a socket, which no variable holds', 'keep it as one handle')
  const said: readonly (readonly [string, string | undefined])[] = [
    ['host', split.host.text],
    ['port', split.port?.text],
    ['user', split.user?.text],
    ['password', split.password?.text],
    ['name', split.path?.text],
    ...split.query.map(({ key, text }) => [key, text] as const),
  ]
  return new Map(said.flatMap(([part, text]) => (text ? [[part, new Secret(text)] as const] : [])))
}

interface PlaceAndLogin {
  readonly host: string | undefined
  readonly port: string | undefined
  readonly user: string | undefined
  readonly password: Handle | undefined
}

/** What puts a new host, port, user and password where those of a handle stand. Throws HANDLE_INVALID for a port that is none. */
export function partEdits(split: SplitHandle, { host, port, user, password }: PlaceAndLogin): readonly Edit[] {
  if (port !== undefined) checkPort(port)
  return [
    ...editUserinfo(split, {
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password: password.reveal() }),
    }),
    ...editAuthority(split, { ...(host === undefined ? {} : { host: hostInHandle(host) }), ...(port === undefined ? {} : { port }) }),
  ]
}
