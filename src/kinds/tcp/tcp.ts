import type { Handle } from '../../domain/handle.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { edited, editPath, encodePart } from '../../domain/handle-replace.ts'
import { splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleParts, Kind } from '../../ports/kind.ts'
import { partEdits } from '../parts.ts'
import { identifyTcp, parseTcp, TCP_GRAMMAR, TCP_SCHEMES, type TcpResource } from './handle.ts'

/** Every service whose protocol no kind speaks: reachable, and its certificate. Never called healthy. */
export const tcp: Kind<TcpResource> = {
  name: 'tcp',
  schemes: TCP_SCHEMES,
  usualKey: 'SERVICE_URL',
  depth: 'secure',
  parse: parseTcp,
  identify: identifyTcp,
  remarks: () => [],
  traits: () => ({ parameters: new Map(), defaultCredentials: null }),
  probe: async (resource, context) => (await import('./probe.ts')).probeTcp(resource, context),
  replaceParts,
}

export default tcp

function replaceParts(handle: Handle, { host, port, name, user, password }: HandleParts): Handle {
  const text = handle.reveal()
  const split = splitHandle(text, TCP_GRAMMAR)
  if (split.others.length > 0 && (host !== undefined || port !== undefined)) throw invalid('lists several hosts', 'give the whole handle')
  const next = new Secret(
    edited(text, [...partEdits(split, { host, port, user, password }), ...(name === undefined ? [] : [editPath(split, encodePart(name))])]),
  )
  parseTcp(next)
  return next
}
