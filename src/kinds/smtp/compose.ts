import type { Handle } from '../../domain/handle.ts'
import { invalid } from '../../domain/handle-grammar.ts'
import { checkPort, encodePart } from '../../domain/handle-replace.ts'
import { splitHandle } from '../../domain/handle-split.ts'
import { Secret } from '../../domain/secret.ts'
import type { HandleVariables } from '../../ports/kind.ts'
import { hostInHandle } from '../host.ts'
import { parseSmtp, SMTP_GRAMMAR } from './handle.ts'

/** Parts that stand in the query under their own name, each with the words of the variable that holds it. In this order. */
const WORDS = [
  'secure',
  'ssl',
  'tls',
  'encryption',
  'security',
  'starttls',
  'starttls_auto',
  'openssl_verify_mode',
  'auth',
  'name',
  'from',
  'to',
]

/** `smtp://USER:PASSWORD@HOST:PORT?starttls=true`. A part that is empty, or `null` as Laravel writes it, says nothing. Throws HANDLE_INVALID. */
export function composeSmtp(parts: HandleVariables): Handle {
  const part = (name: string): string | null => {
    const text = parts.get(name)?.reveal() ?? ''
    return text === '' || /^(null|\(null\))$/i.test(text) ? null : text
  }
  const [host, port, user, password] = [part('host'), part('port'), part('user'), part('password')]
  if (host === null) throw invalid('has no host among its variables', 'set the one that names the server')
  if (port !== null) checkPort(port)
  const login = user === null && password === null ? '' : `${encodePart(user ?? '')}${password === null ? '' : `:${encodePart(password)}`}@`
  const query = WORDS.flatMap((name) => {
    const text = part(name)
    return text === null ? [] : [`${name}=${encodePart(text)}`]
  }).join('&')
  const made = new Secret(`smtp://${login}${hostInHandle(host)}${port === null ? '' : `:${port}`}${query === '' ? '' : `?${query}`}`)
  parseSmtp(made)
  return made
}

const TLS_FIRST = ['smtps', 'submissions', 'smtp+ssl']
/** What a scheme asks for, in the words of Rails, nodemailer and Django, and in that of Laravel: no set has a variable for all of them. */
const SAID = {
  first: { ssl: 'true', secure: 'true', encryption: 'ssl' },
  later: { starttls: 'true', encryption: 'tls' },
} as const

/** What variables would hold. A scheme that asks for TLS becomes the words for it, and the port is named. Throws HANDLE_INVALID. */
export function decomposeSmtp(handle: Handle): HandleVariables {
  const { address } = parseSmtp(handle)
  const split = splitHandle(handle.reveal(), SMTP_GRAMMAR)
  const isPlain = split.scheme === 'smtp'
  const parts = new Map<string, Handle>()
  const put = (name: string, text: string | undefined): void => {
    if (text !== undefined) parts.set(name, new Secret(text))
  }
  put('host', split.host?.text)
  put('port', isPlain ? split.port?.text : String(address.port))
  put('user', split.user?.text)
  put('password', split.password?.text)
  const said: Readonly<Record<string, string>> = isPlain ? {} : TLS_FIRST.includes(split.scheme) ? SAID.first : SAID.later
  for (const [name, word] of Object.entries(said)) put(name, word)
  if ([...split.unknownKeys, ...split.query.map(({ key }) => key)].some((key) => !WORDS.includes(key)))
    throw invalid('says more than variables can hold', `keep ${WORDS.join(', ')} alone in its query`)
  for (const { key, text } of split.query) put(key, text)
  return parts
}
