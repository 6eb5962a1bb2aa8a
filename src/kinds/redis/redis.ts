import type { Handle } from '../../domain/handle.ts'
import { invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { checkPort, type Edit, editAuthority, edited, editPath, editQuery, editUserinfo, encodePart } from '../../domain/handle-replace.ts'
import { queryText } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleParts, HandleVariables, Kind } from '../../ports/kind.ts'
import { hostInHandle } from '../host.ts'
import { composed, decomposed } from '../parts.ts'
import { databaseKey, identifyRedis, parseRedis, REDIS_GRAMMAR, REDIS_SCHEMES, type Redis, splitRedis, traitsOfRedis } from './handle.ts'
import { nameBesides, watchOf } from './sentinel/handle.ts'

/** Redis and Valkey. `rediss` is TLS with the certificate and the host name checked. */
export const redis: Kind<Redis> = {
  name: 'redis',
  schemes: REDIS_SCHEMES,
  usualKey: 'REDIS_URL',
  depth: 'use',
  parse: parseRedis,
  identify: identifyRedis,
  remarks: ({ remarks }) => remarks,
  traits: traitsOfRedis,
  probe: async (resource, context) => (await import('./probe.ts')).probeRedis(resource, context),
  open: async (resource, context) => {
    const { report, live } = await (await import('./probe.ts')).openRedis(resource, context)
    return { report, session: live === null ? null : (await import('./guards/guards.ts')).sessionOn(live) }
  },
  guards: async () => (await import('./guards/guards.ts')).guards,
  replaceParts,
  compose,
  decompose,
}

export default redis

function compose(parts: HandleVariables): Handle {
  const handle = composed(parts, { scheme: 'redis' })
  parseRedis(handle)
  return handle
}

/** No variable says that TLS is meant. */
function decompose(handle: Handle): HandleVariables {
  const { split } = splitRedis(handle.reveal())
  if (!['redis', 'valkey'].includes(split.scheme))
    throw invalid('asks for TLS, or names a socket or sentinels, which no variable holds', 'keep it as one handle')
  return decomposed(split, {})
}

function replaceParts(handle: Handle, { host, port, name, user, password }: HandleParts): Handle {
  const text = handle.reveal()
  const { split, fragment } = splitRedis(text)
  const isSocket = REDIS_GRAMMAR.socketSchemes.includes(split.scheme)
  const edits: Edit[] = []
  if (port !== undefined) checkPort(port)
  if (isSocket && (host !== undefined || port !== undefined))
    throw invalid('names a socket, which has no host and no port', 'give the whole handle')
  if (split.others.length > 0 && (host !== undefined || port !== undefined))
    throw invalid('lists several sentinels, and which one is meant is not said', 'give the whole handle')
  const inQuery = (key: string, value: string | undefined, standsThere: unknown): boolean => {
    const edit = value === undefined || standsThere || !queryText(split, key) ? null : editQuery(split, key, encodePart(value))
    if (edit !== null) edits.push(edit)
    return edit !== null || value === undefined
  }
  const secret = password?.reveal()
  const userinfo = {
    ...(inQuery('username', user, split.user) || user === undefined ? {} : { user }),
    ...(inQuery('password', secret, split.password) || secret === undefined ? {} : { password: secret }),
  }
  edits.push(...editUserinfo(split, userinfo))
  edits.push(
    ...editAuthority(split, { ...(host === undefined ? {} : { host: hostInHandle(host) }), ...(port === undefined ? {} : { port }) }),
  )
  if (name !== undefined) edits.push(databaseEdit(split, name, { isSocket, watched: pathName(split, fragment) }))
  const next = new Secret(edited(text, edits))
  parseRedis(next)
  return next
}

interface Meant {
  readonly isSocket: boolean
  /** The name of a master that the path begins with. */
  readonly watched: string | null
}

function databaseEdit(split: SplitHandle, name: string, { isSocket, watched }: Meant): Edit {
  const key = databaseKey(split)
  const edit = key === null ? null : editQuery(split, key, encodePart(name))
  if (edit !== null) return edit
  if (isSocket) throw invalid('names a socket and no database', 'add ?db=0 to the handle')
  return editPath(split, `${watched === null ? '' : `${watched}/`}${encodePart(name)}`)
}

const pathName = (split: SplitHandle, fragment: string): string | null =>
  nameBesides(split, fragment) === null ? (watchOf(split, fragment)?.name ?? null) : null
