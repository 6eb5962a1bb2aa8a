import type { Handle } from '../../domain/handle.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { checkPort, type Edit, editAuthority, edited, editPath, editQuery, editUserinfo, encodePart } from '../../domain/handle-replace.ts'
import { queryText, splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleParts, HandleVariables, Kind } from '../../ports/kind.ts'
import { hostInHandle } from '../host.ts'
import { composed, decomposed } from '../parts.ts'
import { identifyMySql, MYSQL_GRAMMAR, MYSQL_SCHEMES, type MySql, parseMySql, socketKey } from './handle.ts'

/** MySQL, MariaDB, and what speaks their protocol. */
export const mysql: Kind<MySql> = {
  name: 'mysql',
  schemes: MYSQL_SCHEMES,
  usualKey: 'DATABASE_URL',
  depth: 'use',
  parse: parseMySql,
  identify: identifyMySql,
  remarks: ({ remarks }) => remarks,
  traits: ({ traits }) => traits,
  probe: async (resource, context) => (await import('./probe.ts')).probeMySql(resource, context),
  open: async (resource, context) => {
    const { report, live } = await (await import('./probe.ts')).openMySql(resource, context)
    return { report, session: live === null ? null : (await import('./guards/guards.ts')).sessionOn(live) }
  },
  guards: async () => (await import('./guards/guards.ts')).guards,
  replaceParts,
  compose,
  decompose: (handle) => decomposed(splitHandle(handle.reveal(), MYSQL_GRAMMAR), {}),
}

export default mysql

function compose(parts: HandleVariables): Handle {
  const handle = composed(parts, { scheme: 'mysql' })
  parseMySql(handle)
  return handle
}

/** Java reads user and password in the query: what counts is what is replaced. */
function replaceParts(handle: Handle, { host, port, name, user, password }: HandleParts): Handle {
  const text = handle.reveal()
  const split = splitHandle(text, MYSQL_GRAMMAR)
  if (port !== undefined) checkPort(port)
  if ((host !== undefined || port !== undefined) && (socketKey(split) !== null || split.host?.text.startsWith('/')))
    throw invalid('names a socket, which has no host and no port', 'give the whole handle')
  const edits: Edit[] = []
  const inQuery = (key: string, value: string | undefined): boolean => {
    const edit = value === undefined || !queryText(split, key) ? null : editQuery(split, key, encodePart(value))
    if (edit !== null) edits.push(edit)
    return edit !== null || value === undefined
  }
  const secret = password?.reveal()
  const userinfo = {
    ...(inQuery('user', user) || user === undefined ? {} : { user }),
    ...(inQuery('password', secret) || secret === undefined ? {} : { password: secret }),
  }
  const authority = { ...(host === undefined ? {} : { host: hostInHandle(host) }), ...(port === undefined ? {} : { port }) }
  edits.push(...editUserinfo(split, userinfo), ...editAuthority(split, authority))
  if (name !== undefined) edits.push(editPath(split, encodePart(name)))
  const next = new Secret(edited(text, edits))
  parseMySql(next)
  return next
}
