import type { Handle } from '../../domain/handle.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { checkPort, type Edit, editAuthority, edited, editQuery, encodePart } from '../../domain/handle-replace.ts'
import { splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleParts, HandleVariables } from '../../ports/kind.ts'
import { hostInHandle } from '../host.ts'
import { BEANSTALKD_GRAMMAR, parseBeanstalkd } from './handle.ts'

/** One handle of a host and a port. Throws HANDLE_INVALID. */
export function composeBeanstalkd(parts: HandleVariables): Handle {
  const [host, port] = ['host', 'port'].map((name) => parts.get(name)?.reveal() ?? '')
  if (port) checkPort(port)
  const handle = new Secret(`beanstalkd://${hostInHandle(host ?? '')}${port ? `:${port}` : ''}`)
  parseBeanstalkd(handle)
  return handle
}

/** The inverse. Throws HANDLE_INVALID. */
export function decomposeBeanstalkd(handle: Handle): HandleVariables {
  parseBeanstalkd(handle)
  const { host, port, query, unknownKeys } = splitHandle(handle.reveal(), BEANSTALKD_GRAMMAR)
  if (query.length + unknownKeys.length > 0)
    throw invalid('has parameters, which these variables cannot say', 'leave out what stands behind the ?')
  const parts = { host: host?.text, port: port?.text }
  return new Map(Object.entries(parts).flatMap(([name, value]) => (value ? [[name, new Secret(value)] as const] : [])))
}

/** Every other byte is kept. Throws HANDLE_INVALID. */
export function replacePartsOfBeanstalkd(handle: Handle, { host, port, name, user, password }: HandleParts): Handle {
  const text = handle.reveal()
  const split = splitHandle(text, BEANSTALKD_GRAMMAR)
  if (user !== undefined || password !== undefined)
    throw invalid('has no user and no password: beanstalkd has no login', 'leave --user and --password out')
  if (port !== undefined) checkPort(port)
  const tube = name === undefined ? null : (editQuery(split, 'tube', encodePart(name)) ?? appended(text, encodePart(name)))
  const edits: readonly Edit[] = [
    ...editAuthority(split, { ...(host === undefined ? {} : { host: hostInHandle(host) }), ...(port === undefined ? {} : { port }) }),
    ...(tube === null ? [] : [tube]),
  ]
  const next = new Secret(edited(text, edits))
  parseBeanstalkd(next)
  return next
}

function appended(text: string, tube: string): Edit {
  const joint = !text.includes('?') ? '?' : /[?&]$/.test(text) ? '' : '&'
  return { start: text.length, end: text.length, text: `${joint}tube=${tube}` }
}
