import type { Secret } from '../../domain/secret.ts'
import { serverSays } from '../../net/said.ts'
import type { Depth, FailureClass, ProbeFailure } from '../../ports/kind.ts'
import type { Refusal } from './wire/said.ts'

/** Without a depth it failed where it was. */
type Failure = Omit<ProbeFailure, 'failedAt'> & { readonly failedAt?: Depth }

type Meaning = readonly [FailureClass, string, string, Depth?]

/** The names that the protocol gives to its numbers: https://www.rabbitmq.com/amqp-0-9-1-reference#constants */
const NAMES: Readonly<Record<number, string>> = {
  311: 'CONTENT_TOO_LARGE',
  320: 'CONNECTION_FORCED',
  402: 'INVALID_PATH',
  403: 'ACCESS_REFUSED',
  404: 'NOT_FOUND',
  405: 'RESOURCE_LOCKED',
  406: 'PRECONDITION_FAILED',
  501: 'FRAME_ERROR',
  502: 'SYNTAX_ERROR',
  503: 'COMMAND_INVALID',
  504: 'CHANNEL_ERROR',
  505: 'UNEXPECTED_FRAME',
  506: 'RESOURCE_ERROR',
  530: 'NOT_ALLOWED',
  540: 'NOT_IMPLEMENTED',
  541: 'INTERNAL_ERROR',
}

export const nameOf = (code: number): string => NAMES[code] ?? `AMQP-${code}`

const LOOK = 'look at the log of RabbitMQ'
const MISUNDERSTOOD: Meaning = ['permanent', 'the server does not understand what a client of AMQP 0-9-1 says', 'is that really RabbitMQ?']

/** Our words for the end of a connection, and a little of the server's. `login`: the hint for a login that is refused. */
export function connectionFailure(
  { code, text }: Refusal,
  { secrets, login }: { readonly secrets: readonly Secret[]; readonly login: string },
): Failure {
  const [kind, reason, hint, failedAt] = meaningOf({ code, text }, login)
  const at = failedAt === undefined ? {} : { failedAt }
  return { ...at, class: kind, code: nameOf(code), reason: `${reason}${serverSays(text, secrets)}`, hint }
}

function meaningOf({ code, text }: Refusal, login: string): Meaning {
  switch (code) {
    case 403:
      return ['permanent', 'wrong user or password', login, 'login']
    case 530:
      return notAllowed(text)
    case 320:
      return ['transient', 'the server closes its connections: it is stopped, or somebody closed this one', 'wait, and ask again']
    case 541:
      if (/vhost .*is down/i.test(text)) return ['transient', 'the vhost is down', 'rabbitmqctl list_vhosts name cluster_state', 'use']
      return ['transient', 'the server failed at it', LOOK]
    case 506:
      return ['transient', 'the server lacks something that it needs', LOOK]
    case 501:
    case 502:
    case 503:
    case 504:
    case 505:
    case 540:
      return MISUNDERSTOOD
    default:
      return ['permanent', 'the server refused', LOOK]
  }
}

/** RabbitMQ has one number for all of them. */
function notAllowed(text: string): Meaning {
  if (/limit .*is reached|limit .*reached/i.test(text))
    return [
      'transient',
      'a limit of connections is reached',
      'close some, or raise it: rabbitmqctl list_vhost_limits, list_user_limits',
      'use',
    ]
  if (/vhost .*not found/i.test(text))
    return ['permanent', 'no such vhost', 'rabbitmqctl list_vhosts shows their names; in a handle / is written %2F', 'use']
  if (/refused for user/i.test(text))
    return ['permanent', 'the user may not enter the vhost', "rabbitmqctl set_permissions -p VHOST USER '' '.*' '.*'", 'use']
  return ['permanent', 'not allowed', LOOK]
}

/** What hung up on a login, as servers did before they could say why. */
export const SILENT_REFUSAL: Failure = {
  class: 'permanent',
  code: 'ACCESS_REFUSED',
  reason: 'the server hung up on the login: wrong user or password, most likely',
  hint: 'check both; the log of the server says which it was',
}

/** Mechanisms are the server's words: only what looks like one is passed on. */
export function noMechanism(offered: readonly string[], wanted: 'PLAIN' | 'EXTERNAL'): Failure {
  const names = offered.filter((name) => /^[A-Z0-9_-]{1,20}$/.test(name)).slice(0, 5)
  const offers = names.length === 0 ? 'none that is known' : names.join(', ')
  return wanted === 'PLAIN'
    ? {
        class: 'permanent',
        code: 'auth-mechanism',
        reason: `the server takes no password: it offers ${offers}`,
        hint: names.includes('EXTERNAL')
          ? 'it wants the certificate of a client: amqps://…?auth_mechanism=external&certfile=…&keyfile=…'
          : 'let it offer PLAIN: auth_mechanisms in rabbitmq.conf',
      }
    : {
        class: 'permanent',
        code: 'auth-mechanism',
        reason: `the server takes no certificate for a login: it offers ${offers}`,
        hint: 'rabbitmq-plugins enable rabbitmq_auth_mechanism_ssl, and auth_mechanisms in rabbitmq.conf',
      }
}

/** The eight bytes with which a server answers who speaks another version. */
export function otherVersion(bytes: Buffer): Failure {
  const [id = 0, major = 0, minor = 0, revision = 0] = bytes.subarray(4, 8)
  const version = id === 1 ? `${minor}-${revision}` : major === 0 ? `0-${minor}-${revision}` : `${major}.${minor}`
  return {
    class: 'permanent',
    code: 'protocol-version',
    reason: `the server speaks AMQP ${version} there, and not 0-9-1`,
    hint: 'it may be another broker than RabbitMQ, or a RabbitMQ whose port of AMQP 0-9-1 is another',
  }
}
