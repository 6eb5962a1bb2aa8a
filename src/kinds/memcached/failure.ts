import type { Secret } from '../../domain/secret.ts'
import { serverSays } from '../../net/said.ts'
import type { Depth, FailureClass, ProbeFailure } from '../../ports/kind.ts'
import type { McError } from './dialect.ts'

export const SERVICE = 'memcached'
export const ASK_FOR_TLS = 'memcacheds://'

type Failure = Omit<ProbeFailure, 'failedAt'> & { readonly failedAt?: Depth }
type Meaning = readonly [FailureClass, string, string]

/** Status numbers of the binary protocol. */
const STATUS: Readonly<Record<string, Meaning>> = {
  '0x3': ['permanent', 'the server takes no answer that large', 'look at item_size_max'],
  '0x20': ['permanent', 'the server asks for a login', 'write USER:PASSWORD@ before the host'],
  '0x21': ['permanent', 'the server wants more of a login than SASL PLAIN has', 'let the server offer PLAIN'],
  '0x81': ['permanent', 'the server does not know the question', 'is it memcached 1.4 or newer?'],
  '0x82': ['transient', 'the server is out of memory', 'look at limit_maxbytes'],
  '0x83': ['permanent', 'the server does not support the question', 'is it memcached 1.4 or newer?'],
  '0x84': ['transient', 'the server failed inside', 'look at its log'],
  '0x85': ['transient', 'the server is busy', 'wait'],
  '0x86': ['transient', 'the server failed for now', 'wait'],
}

/** Our words for a refusal, and a little of its own. */
export function memcachedFailure(error: McError, secrets: readonly Secret[]): Failure {
  const [kind, reason, hint] = meaningOf(error)
  return { class: kind, code: error.error, reason: `${reason}${serverSays(error.text, secrets)}`, hint }
}

/** The same, of the answer to a login. */
export function loginFailure(error: McError, secrets: readonly Secret[]): Failure {
  const { error: code, text } = error
  const said = serverSays(text, secrets)
  const failed = (reason: string, hint: string): Failure => ({ class: 'permanent', code, reason: `${reason}${said}`, hint })
  if (code === '0x20' || (code === 'CLIENT_ERROR' && /authentication failure/i.test(text)))
    return failed('wrong user or password', 'check both, and that this server knows the user')
  if (code === '0x81' || code === '0x83') return NO_LOGIN_THERE
  if (code === 'CLIENT_ERROR') return failed('the server did not take the login', 'a user and a password for a token have no blank in them')
  return memcachedFailure(error, secrets)
}

/** What a client that was told to log in would take for an error. */
export const NO_LOGIN_THERE: Failure = {
  class: 'permanent',
  code: 'no-login',
  reason: 'the server knows no login, and the handle has a user',
  hint: 'leave user and password out, or start memcached with -S',
}

export const TLS_NOT_OFFERED: Failure = {
  class: 'permanent',
  code: 'tls-not-offered',
  reason: 'the server speaks plain text there, and the handle asks for TLS',
  hint: 'start memcached with -Z; or write memcached:// if the way there is safe',
}

export const LOGIN_WANTED: Failure = {
  class: 'permanent',
  code: 'unauthenticated',
  reason: 'the server asks for a login, and the handle has no user',
  hint: 'write USER:PASSWORD@ before the host',
}

function meaningOf({ error, text }: McError): Meaning {
  const known = STATUS[error]
  if (known !== undefined) return known
  if (/too many open connections/i.test(text)) return ['transient', 'the server has no connection left', 'wait, or raise its -c']
  if (/out of memory/i.test(text)) return ['transient', 'the server is out of memory', 'look at limit_maxbytes']
  if (error === 'SERVER_ERROR') return ['transient', 'the server failed', 'look at its log; of a proxy: are the servers behind it up?']
  if (error === 'ERROR')
    return ['permanent', 'the server does not know the question', 'is it memcached, or a proxy that knows few commands?']
  return ['permanent', 'the server refused', 'look at its log']
}
