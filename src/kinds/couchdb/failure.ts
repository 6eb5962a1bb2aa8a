import type { Secret } from '../../domain/secret.ts'
import type { HttpAnswer } from '../../net/http.ts'
import { serverSays } from '../../net/said.ts'
import type { Depth, ProbeFailure } from '../../ports/kind.ts'
import { wrongProtocol } from '../failure.ts'
import { fieldIn, fieldsOf, textIn } from './answer.ts'
import { ASK_FOR_TLS, SERVICE } from './conversation.ts'

interface Asked {
  readonly at: Depth
  readonly isLoggedIn: boolean
  /** To be taken out of what the server says. */
  readonly secrets: readonly Secret[]
}

type Failure = Omit<ProbeFailure, 'failedAt'> & { readonly failedAt?: Depth }

/** Why an answer is not what was asked for, in our words and a little of its own. */
export function refusalOf(answer: HttpAnswer, { at, isLoggedIn, secrets }: Asked): Failure {
  const { status } = answer
  const fields = fieldsOf(answer)
  const says = serverSays((fields === null ? null : textIn(fields, 'reason')) ?? '', secrets)
  const failure = (code: string, reason: string, hint: string, more: Partial<Failure> = {}): Failure => ({
    ...{ class: 'permanent', code, reason: `${reason}${says}`, hint },
    ...more,
  })
  if (status === 429)
    return failure('http-429', 'the server takes no more questions for now', 'wait; the plan of the account may set the limit', TRANSIENT)
  if (status >= 500)
    return failure(`http-${status}`, `the server answers ${status}`, 'look at its log; a proxy may stand in between', TRANSIENT)
  if (status === 401 && !isLoggedIn)
    return failure(
      'unauthorized',
      'the server asks for user and password, and the handle has none',
      'write them as USER:PASSWORD@ before the host',
      { failedAt: 'login' },
    )
  if (status === 401 && at === 'login')
    return failure(
      'unauthorized',
      'wrong user or password',
      'check both; a user is a document of _users, an admin stands in the configuration',
    )
  if (status === 403 && at === 'login')
    return failure('forbidden', 'the server does not let this user in for now', 'it may be locked after wrong passwords: wait', TRANSIENT)
  if (status === 401 || status === 403)
    return failure(
      'forbidden',
      'this user may not read the database',
      'add it, or a role of it, to the members in _security of the database',
    )
  if (status === 404) return failure('not-found', 'no such database', 'check its name; an admin makes it: curl -X PUT URL')
  return failure(`http-${status}`, `the server answers ${status}`, `is that really ${SERVICE}? check host and port`)
}

const TRANSIENT = { class: 'transient' } as const

/** Something that speaks HTTP, and is no CouchDB. */
export function stranger(answer: HttpAnswer, asksForTls: boolean): Failure {
  const { status, headers, body } = answer
  const fields = fieldsOf(answer)
  if (!asksForTls && (status === 400 || status === 426) && /https|ssl|tls/i.test(body.toString('latin1', 0, 2_048)))
    return wrongProtocol('TLS', SERVICE, { tls: ASK_FOR_TLS })
  if (status === 429 || status >= 500)
    return {
      ...TRANSIENT,
      code: `http-${status}`,
      reason: `a web server answers ${status} there; the ${SERVICE} behind it may be down`,
      hint: 'try again',
    }
  if (status >= 300 && status < 400) {
    const isTls = !asksForTls && /^https:/i.test(headers['location'] ?? '')
    return {
      ...{ class: 'permanent', code: 'redirected', reason: `a web server answers there, and leads elsewhere (${status})` },
      hint: isTls ? `ask for TLS: ${ASK_FOR_TLS}` : 'name the place that it leads to: curl -i URL shows it',
    }
  }
  const isElastic = fields !== null && (fieldIn(fields, 'cluster_name') !== undefined || textIn(fields, 'tagline') !== null)
  return wrongProtocol(isElastic ? 'Elasticsearch' : 'HTTP', SERVICE, { tls: ASK_FOR_TLS })
}
