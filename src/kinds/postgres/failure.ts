import type { Secret } from '../../domain/secret.ts'
import { serverSays } from '../../net/said.ts'
import type { Depth, FailureClass, ProbeFailure } from '../../ports/kind.ts'

/** An error of the server: its SQLSTATE and its own words. */
export interface ServerError {
  readonly code: string
  readonly message: string
}

type Meaning = readonly [FailureClass, string, string, Depth?]

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const STATES: Readonly<Record<string, Meaning>> = {
  '28P01': ['permanent', 'wrong user or password', 'check the password; a role that does not exist is answered the same way', 'login'],
  '28000': [
    'permanent',
    'the server lets this user not in this way',
    'look at pg_hba.conf: the rule may ask for TLS, for another address, or the role may not log in',
    'login',
  ],
  '3D000': ['permanent', 'no such database', 'check the name after the host'],
  '42501': ['permanent', 'not allowed', 'grant CONNECT on the database to this user'],
  '57P03': ['transient', 'the server does not take connections now', 'it starts, stops, or recovers: wait'],
  '57P01': ['transient', 'the server ended the session', 'it is shutting down: wait'],
  '57P02': ['transient', 'the server ended the session after a crash', 'it restarts: wait'],
  '57014': ['transient', 'the server took too long for a simple question', 'is it overloaded?'],
  '53300': ['transient', 'the server has no connection left', 'wait, or raise max_connections or the limit of the role'],
  '53400': ['transient', 'a limit of the server is reached', 'look at its log'],
  '55000': ['transient', 'the database takes no connections', 'somebody closed it: ALTER DATABASE … ALLOW_CONNECTIONS'],
  '08P01': ['permanent', 'the server did not understand', 'a pooler refuses startup parameters: leave options out of the handle'],
  '0A000': ['permanent', 'the server does not support this', 'is it PostgreSQL 10 or newer?'],
  '25006': ['permanent', 'the server is read-only', 'name the primary'],
  '26000': ['permanent', 'the server mixes up sessions', 'a pooler in transaction mode stands in between'],
}

const CLASSES: Readonly<Record<string, Meaning>> = {
  '08': ['transient', 'the connection broke off', 'try again'],
  '28': ['permanent', 'the login was refused', 'check user and password', 'login'],
  '42': ['permanent', 'the server refused the question', 'look at the rights of the user'],
  '53': ['transient', 'the server is out of resources', 'look at its log'],
  '57': ['transient', 'somebody stopped the server or the session', 'wait'],
  '58': ['transient', 'the server has trouble with its machine', 'look at its log'],
  XX: ['permanent', 'the server reports an internal error', 'look at its log'],
}

const OTHER: Meaning = ['permanent', 'the server refused', 'look at its log']

/** Our words for an error of the server, and a little of its own. `depth` is where it came. */
export function postgresFailure({ code, message }: ServerError, depth: Depth, secrets: readonly Secret[]): ProbeFailure {
  const state = /^[0-9A-Z]{5}$/.test(code) ? code : 'unknown'
  const [kind, reason, hint, at] = STATES[state] ?? CLASSES[state.slice(0, 2)] ?? OTHER
  return { failedAt: at ?? depth, class: kind, code: state, reason: `${reason}${serverSays(message, secrets)}`, hint }
}
