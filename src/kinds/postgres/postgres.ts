import type { Handle } from '../../domain/handle.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { checkPort, type Edit, editAuthority, edited, editPath, editQuery, editUserinfo, encodePart } from '../../domain/handle-replace.ts'
import { queryText, splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleParts, HandleVariables, Kind } from '../../ports/kind.ts'
import { hostInHandle } from '../host.ts'
import { composed, decomposed } from '../parts.ts'
import { identifyPostgres, POSTGRES_GRAMMAR, POSTGRES_SCHEMES, type Postgres, parsePostgres } from './handle.ts'

// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS

/** PostgreSQL, and what speaks its protocol. */
export const postgres: Kind<Postgres> = {
  name: 'postgres',
  schemes: POSTGRES_SCHEMES,
  usualKey: 'DATABASE_URL',
  depth: 'use',
  parse: parsePostgres,
  identify: identifyPostgres,
  remarks: ({ remarks }) => remarks,
  traits: ({ traits }) => traits,
  probe: async (resource, context) => (await import('./probe.ts')).probePostgres(resource, context),
  open: async (resource, context) => {
    const { report, live } = await (await import('./probe.ts')).openPostgres(resource, context)
    return { report, session: live === null ? null : (await import('./guards/guards.ts')).sessionOn(live) }
  },
  guards: async () => (await import('./guards/guards.ts')).guards,
  replaceParts,
  compose,
  decompose,
}

export default postgres

/** PGHOST may be the folder of a socket. */
const VARIABLES = { sockets: true, query: ['sslmode'] } as const

function compose(parts: HandleVariables): Handle {
  const handle = composed(parts, { scheme: 'postgresql', ...VARIABLES })
  parsePostgres(handle)
  return handle
}

/** One variable holds one host, and one port: not every reader of them takes a list. */
function decompose(handle: Handle): HandleVariables {
  if (parsePostgres(handle).others.length > 0)
    throw invalid('lists several hosts, which a host and a port cannot say', 'attach it as one URL: DATABASE_URL=…')
  return decomposed(splitHandle(handle.reveal(), POSTGRES_GRAMMAR), VARIABLES)
}

/** libpq lets a query part win over the same part of the authority: what counts is what is replaced. */
function replaceParts(handle: Handle, { host, port, name, user, password }: HandleParts): Handle {
  const text = handle.reveal()
  const split = splitHandle(text, POSTGRES_GRAMMAR)
  const edits: Edit[] = []
  const inQuery = (key: string, value: string | undefined): boolean => {
    const edit = value === undefined || !queryText(split, key) ? null : editQuery(split, key, encodePart(value))
    if (edit !== null) edits.push(edit)
    return edit !== null || value === undefined
  }
  if (port !== undefined) checkPort(port)
  if ((host !== undefined || port !== undefined) && parsePostgres(handle).others.length > 0)
    throw invalid('lists several hosts, and which one is meant is not said', 'give the whole handle')
  if (host?.includes(',')) throw invalid('would list several hosts, and has one', 'give the whole handle')
  if (host !== undefined && queryText(split, 'hostaddr'))
    throw invalid('has hostaddr in its query, which would still lead to the old server', 'give the whole handle')
  const secret = password?.reveal()
  const authority = {
    ...(inQuery('host', host) || host === undefined ? {} : { host: hostText(host) }),
    ...(inQuery('port', port) || port === undefined ? {} : { port }),
  }
  const userinfo = {
    ...(inQuery('user', user) || user === undefined ? {} : { user }),
    ...(inQuery('password', secret) || secret === undefined ? {} : { password: secret }),
  }
  edits.push(...editUserinfo(split, userinfo), ...editAuthority(split, authority))
  if (!inQuery('dbname', name) && name !== undefined) edits.push(editPath(split, encodePart(name)))
  const next = new Secret(edited(text, edits))
  parsePostgres(next)
  return next
}

const hostText = (host: string): string => (host.startsWith('/') ? encodePart(host) : hostInHandle(host))
