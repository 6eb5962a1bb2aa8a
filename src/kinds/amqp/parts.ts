import type { Handle } from '../../domain/handle.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { checkPort, type Edit, edited, editPath, encodePart } from '../../domain/handle-replace.ts'
import { splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleParts, HandleVariables } from '../../ports/kind.ts'
import { hostInHandle } from '../host.ts'
import { partEdits } from '../parts.ts'
import { AMQP_GRAMMAR, parseAmqp } from './handle.ts'

export function replaceParts(handle: Handle, { host, port, name, user, password }: HandleParts): Handle {
  const text = handle.reveal()
  const split = splitHandle(text, AMQP_GRAMMAR)
  const edits: Edit[] = [
    ...partEdits(split, { host, port, user, password }),
    ...(name === undefined ? [] : [editPath(split, encodePart(name))]),
  ]
  return checked(edited(text, edits))
}

/** Throws HANDLE_INVALID, which names a part. */
export function composeAmqp(parts: HandleVariables): Handle {
  const part = (name: string): string | null => parts.get(name)?.reveal() ?? null
  const [host, port, user, password, vhost] = [part('host'), part('port'), part('user'), part('password'), part('vhost')]
  if (host === null || host === '') throw invalid('has an empty host', 'set the variable to the name of the server')
  if (port !== null) checkPort(port)
  if ((user === null) !== (password === null)) throw invalid('has a user or a password alone', 'set both variables, or neither')
  const login = user === null || password === null ? '' : `${encodePart(user)}:${encodePart(password)}@`
  const path = vhost === null ? '' : `/${encodePart(vhost)}`
  return checked(`${schemeOf(part('tls'))}://${login}${hostInHandle(host)}${port === null ? '' : `:${port}`}${path}`)
}

/** Throws HANDLE_INVALID for what no variable can say. */
export function decomposeAmqp(handle: Handle): HandleVariables {
  parseAmqp(handle)
  const { scheme, user, password, host, port, path, query, unknownKeys } = splitHandle(handle.reveal(), AMQP_GRAMMAR)
  if (query.length + unknownKeys.length > 0) throw invalid('has parameters that no variable holds', 'leave what stands after the ? out')
  const parts: readonly (readonly [string, string | undefined])[] = [
    ['host', host?.text],
    ['port', port?.text],
    ['user', user?.text],
    ['password', password?.text],
    ['vhost', path?.text],
    ['tls', scheme === 'amqps' ? 'true' : undefined],
  ]
  return new Map(parts.flatMap(([name, text]) => (text === undefined ? [] : [[name, new Secret(text)] as const])))
}

const checked = (text: string): Handle => {
  const handle = new Secret(text)
  parseAmqp(handle)
  return handle
}

function schemeOf(tls: string | null): 'amqp' | 'amqps' {
  const word = (tls ?? 'false').toLowerCase()
  if (['true', '1', 'yes', 'on'].includes(word)) return 'amqps'
  if (['false', '0', 'no', 'off', ''].includes(word)) return 'amqp'
  throw invalid('has an unknown word for tls', 'the words are true, false')
}
