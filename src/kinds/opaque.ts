import { invalid } from '../domain/handle-grammar.ts'
import type { Kind } from '../ports/kind.ts'

/** Nothing is known about it, and nothing of it is shown. */
export type Opaque = Readonly<Record<never, never>>

/** Any text, an empty one too: a token, a file's content, the handle of a service that attach does not speak. Nothing is ever contacted. */
export const opaque: Kind<Opaque> = {
  name: 'opaque',
  schemes: [],
  usualKey: 'TOKEN',
  depth: null,
  parse: () => ({}),
  identify: () => ({ kind: 'opaque', scheme: '', host: '', tls: 'disable' }),
  remarks: () => [],
  traits: () => ({ parameters: new Map(), defaultCredentials: null }),
  probe: async (_resource, { now }) => {
    const started = now()
    const detail = 'an opaque value has no server that could be asked'
    return {
      ok: true,
      stages: [],
      totalMs: now() - started,
      facts: {},
      findings: [{ id: 'opaque.unprobed', severity: 'info', status: 'unknown', detail }],
    }
  },
  replaceParts: () => {
    throw invalid('is opaque: it has no parts that could be replaced', 'give the whole value')
  },
}

export default opaque
