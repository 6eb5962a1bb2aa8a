import type { Handle } from '../../domain/handle.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { type Edit, edited } from '../../domain/handle-replace.ts'
import { splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleParts, Kind } from '../../ports/kind.ts'
import { partEdits } from '../parts.ts'
import { composeMemcached, decomposeMemcached } from './compose.ts'
import {
  identifyMemcached,
  MEMCACHED_GRAMMAR,
  MEMCACHED_SCHEMES,
  type Memcached,
  parseMemcached,
  traitsOfMemcached,
  withScheme,
} from './handle.ts'

/** memcached: one server, or a list of them that share the keys. https://github.com/memcached/memcached/blob/master/doc/protocol.txt */
export const memcached: Kind<Memcached> = {
  name: 'memcached',
  schemes: MEMCACHED_SCHEMES,
  usualKey: 'MEMCACHED_URL',
  depth: 'use',
  parse: parseMemcached,
  identify: identifyMemcached,
  remarks: ({ remarks }) => remarks,
  traits: traitsOfMemcached,
  probe: async (resource, context) => (await import('./probe.ts')).probeMemcached(resource, context),
  open: async (resource, context) => {
    const { report, live } = await (await import('./probe.ts')).openMemcached(resource, context)
    return { report, session: live === null ? null : (await import('./guards/guards.ts')).sessionOn(live) }
  },
  guards: async () => (await import('./guards/guards.ts')).guards,
  replaceParts,
  compose: composeMemcached,
  decompose: decomposeMemcached,
}

export default memcached

/** Of a list no single host is replaced: which one is meant is not said. */
function replaceParts(handle: Handle, { host, port, name, user, password }: HandleParts): Handle {
  const { text, added } = withScheme(handle.reveal())
  const split = splitHandle(text, MEMCACHED_GRAMMAR)
  if (name !== undefined) throw invalid('has no name of a database: memcached has none', 'leave --name out')
  if (host !== undefined || port !== undefined) {
    if (split.others.length > 0) throw invalid('lists several hosts, and which one is meant is not said', 'give the whole list')
    if (split.host === null) throw invalid('names a socket, which has no host and no port', 'give the whole handle')
  }
  const edits: readonly Edit[] = [...partEdits(split, { host, port, user, password })]
  const whole = edited(text, edits)
  // A bare list stays one as long as it can.
  const next = new Secret(user === undefined && password === undefined ? whole.slice(added) : whole)
  parseMemcached(next)
  return next
}
