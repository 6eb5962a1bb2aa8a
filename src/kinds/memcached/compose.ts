import type { Handle } from '../../domain/handle.ts'
import { invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { checkPort, encodePart } from '../../domain/handle-replace.ts'
import { splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleVariables } from '../../ports/kind.ts'
import { hostInHandle } from '../host.ts'
import { BARE_LIST, MEMCACHED_GRAMMAR, parseMemcached, withScheme } from './handle.ts'

/** One handle of a list of servers, or of a host and a port. Throws HANDLE_INVALID. */
export function composeMemcached(parts: HandleVariables): Handle {
  const part = (name: string): string | null => parts.get(name)?.reveal() ?? null
  const [servers, host, port, user, password] = ['servers', 'host', 'port', 'user', 'password'].map(part)
  const login = user || password ? `${encodePart(user ?? '')}:${encodePart(password ?? '')}@` : ''
  const handle = new Secret(`memcached://${login}${servers ? listOf(servers) : placeOf(host ?? '', port ?? '')}`)
  parseMemcached(handle)
  return handle
}

/** The inverse. `wanted` with a `host` in it: the set has no list. Throws HANDLE_INVALID. */
export function decomposeMemcached(handle: Handle, wanted: readonly string[] = ['servers']): HandleVariables {
  const { text } = withScheme(handle.reveal())
  const split = splitHandle(text, MEMCACHED_GRAMMAR)
  const { tls } = parseMemcached(handle)
  if (tls !== 'disable') throw invalid('asks for TLS, which these variables cannot say', 'attach it as one URL: MEMCACHED_URL=…')
  if (split.query.length + split.unknownKeys.length > 0)
    throw invalid('has parameters, which these variables cannot say', 'leave out what stands behind the ?')
  const place = wanted.includes('host') ? hostParts(split) : { servers: serversIn(text, split) }
  const parts = { ...place, user: split.user?.text, password: split.password?.text }
  return new Map(Object.entries(parts).flatMap(([name, value]) => (value ? [[name, new Secret(value)] as const] : [])))
}

function listOf(servers: string): string {
  if (/:\/\//.test(servers)) throw invalid('has a URL where a list of servers stands', 'write HOST:PORT,HOST:PORT')
  if (!BARE_LIST.test(servers)) throw invalid('has a list of servers that is none', 'write HOST:PORT,HOST:PORT, without blanks')
  return servers
}

function placeOf(host: string, port: string): string {
  if (host.startsWith('/')) return host.split('/').map(encodePart).join('/')
  if (port !== '') checkPort(port)
  return `${hostInHandle(host)}${port === '' ? '' : `:${port}`}`
}

function hostParts({ host, port, others, path }: SplitHandle): Readonly<Record<string, string | undefined>> {
  if (others.length > 0) throw invalid('lists several servers, which a host and a port cannot say', 'name one server')
  return host === null ? { host: `/${path?.text ?? ''}` } : { host: host.text, port: port?.text }
}

function serversIn(text: string, { host, hostsRange }: SplitHandle): string {
  if (host === null) throw invalid('names a socket, which a list of servers cannot say', 'name a host')
  return text.slice(hostsRange.start, hostsRange.end)
}
