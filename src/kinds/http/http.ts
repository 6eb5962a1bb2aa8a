import type { Handle } from '../../domain/handle.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { edited, editPath } from '../../domain/handle-replace.ts'
import { splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleParts, Kind } from '../../ports/kind.ts'
import { partEdits } from '../parts.ts'
import { HTTP_GRAMMAR, HTTP_SCHEMES, type HttpResource, identifyHttp, parseHttp } from './handle.ts'

/** Any web service: reachable, with its status and its certificate. Never called healthy: what it does is not known. */
export const http: Kind<HttpResource> = {
  name: 'http',
  schemes: HTTP_SCHEMES,
  usualKey: 'API_URL',
  depth: 'login',
  parse: parseHttp,
  identify: identifyHttp,
  remarks: ({ remarks }) => remarks,
  traits: () => ({ parameters: new Map(), defaultCredentials: null }),
  probe: async (resource, context) => (await import('./probe.ts')).probeHttp(resource, context),
  replaceParts,
}

export default http

function replaceParts(handle: Handle, { host, port, name, user, password }: HandleParts): Handle {
  const text = handle.reveal()
  const split = splitHandle(text, HTTP_GRAMMAR)
  if (name?.startsWith('/')) throw invalid('would get a path with two slashes', 'leave the first / of --name out')
  const next = new Secret(
    edited(text, [...partEdits(split, { host, port, user, password }), ...(name === undefined ? [] : [editPath(split, encodeURI(name))])]),
  )
  parseHttp(next)
  return next
}
