import type { Handle } from '../../domain/handle.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { checkPort, editAuthority, edited, editPath, editUserinfo } from '../../domain/handle-replace.ts'
import { splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleParts, Kind } from '../../ports/kind.ts'
import { hostInHandle } from '../host.ts'
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
  if (port !== undefined) checkPort(port)
  if (name?.startsWith('/')) throw invalid('would get a path with two slashes', 'leave the first / of --name out')
  const next = new Secret(
    edited(text, [
      ...editUserinfo(split, {
        ...(user === undefined ? {} : { user }),
        ...(password === undefined ? {} : { password: password.reveal() }),
      }),
      ...editAuthority(split, { ...(host === undefined ? {} : { host: hostInHandle(host) }), ...(port === undefined ? {} : { port }) }),
      ...(name === undefined ? [] : [editPath(split, encodeURI(name))]),
    ]),
  )
  parseHttp(next)
  return next
}
