import type { Secret } from '../../domain/secret.ts'
import { serverSays } from '../../net/said.ts'
import type { Depth, FailureClass, ProbeFailure } from '../../ports/kind.ts'
import type { ServerError } from './wire/greeting.ts'
import type { LoginImpossible } from './wire/login.ts'

type Meaning = readonly [FailureClass, string, string, Depth?]

// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html and https://mariadb.com/kb/en/mariadb-error-code-reference/
const NUMBERS: Readonly<Record<number, Meaning>> = {
  1040: ['transient', 'the server has no connection left', 'wait, or raise max_connections', 'login'],
  1041: ['transient', 'the server is out of memory', 'look at its log'],
  1043: ['permanent', 'the server did not understand the login', 'a proxy may stand in between: look at its log', 'login'],
  1044: [
    'permanent',
    'the user may not use this database, or there is none of that name',
    'check the name; GRANT … ON NAME.* TO the user, or create it',
  ],
  1045: [
    'permanent',
    'wrong user or password, or the user may not come from this address',
    'check both; an account is USER@HOST, made for some addresses only',
    'login',
  ],
  1047: ['transient', 'the node of the cluster is not ready', "wait; SHOW STATUS LIKE 'wsrep_%' on it says why"],
  1049: ['permanent', 'no such database', 'check the name after the host'],
  1053: ['transient', 'the server is shutting down', 'wait'],
  1129: [
    'permanent',
    'the server has blocked this address after too many connections that broke off',
    'mariadb-admin flush-hosts (MySQL: mysqladmin flush-hosts) at the server; then find what connects and hangs up, a TCP health check perhaps',
    'login',
  ],
  1130: ['permanent', 'no user may come from this address', 'make an account for it: CREATE USER …@ADDRESS', 'login'],
  1135: ['transient', 'the server cannot take one more connection', 'look at its log: memory, or a limit of its system', 'login'],
  1142: ['permanent', 'not allowed', 'look at the rights of the user: SHOW GRANTS'],
  1203: ['transient', 'the user has no connection left', 'wait, or raise max_user_connections', 'login'],
  1205: ['transient', 'somebody holds a lock', 'wait'],
  1226: [
    'transient',
    'the user has reached a limit of its account',
    'wait, or raise it: ALTER USER … WITH MAX_USER_CONNECTIONS …',
    'login',
  ],
  1227: ['permanent', 'not allowed', 'look at the rights of the user: SHOW GRANTS'],
  1251: [
    'permanent',
    'the server takes only clients older than MySQL 4.1',
    'give the account another plugin: ALTER USER … IDENTIFIED …',
    'login',
  ],
  1275: [
    'permanent',
    'the password of the account is stored in the form of MySQL 4.0',
    'set it anew: ALTER USER … IDENTIFIED BY …',
    'login',
  ],
  1290: ['permanent', 'the server is read-only', 'name the primary'],
  1317: ['transient', 'somebody stopped the question', 'try again'],
  1524: [
    'permanent',
    'the account logs in by a plugin that the server does not have',
    'ALTER USER … IDENTIFIED WITH a plugin that it has (SHOW PLUGINS)',
    'login',
  ],
  1698: [
    'permanent',
    'the server lets this user not in by a password',
    'an account of a user of that machine comes over the socket alone; a user that does not exist may be answered the same way',
    'login',
  ],
  1820: ['permanent', 'the password has expired', 'set another one: ALTER USER … IDENTIFIED BY …', 'login'],
  1836: ['permanent', 'the server is read-only', 'name the primary'],
  1862: ['permanent', 'the password has expired', 'set another one: ALTER USER … IDENTIFIED BY …', 'login'],
  1927: ['transient', 'somebody ended the session', 'try again'],
  1969: ['transient', 'the server took too long for a simple question', 'is it overloaded?'],
  3024: ['transient', 'the server took too long for a simple question', 'is it overloaded?'],
  3032: ['transient', 'the server is in offline mode', 'wait; SET GLOBAL offline_mode = OFF ends it', 'login'],
  3118: ['permanent', 'the account is locked', 'ALTER USER … ACCOUNT UNLOCK', 'login'],
  3159: ['permanent', 'the server takes encrypted connections only', 'ask for TLS: ssl-mode=REQUIRED', 'login'],
  3955: ['permanent', 'the account is locked after too many wrong passwords', 'wait, or ALTER USER … ACCOUNT UNLOCK', 'login'],
  4031: ['transient', 'the server ended the session', 'try again'],
  4151: ['permanent', 'the account is locked', 'ALTER USER … ACCOUNT UNLOCK', 'login'],
  9001: ['transient', 'the proxy reached no server', 'look at its log, and at the servers behind it'],
}

const OTHER: Meaning = ['permanent', 'the server refused', 'look at its log']

/** Our words for an error of the server, and a little of its own. `depth` is where it came. */
export function mysqlFailure({ number, message }: ServerError, depth: Depth, secrets: readonly Secret[]): ProbeFailure {
  const [kind, reason, hint, at] = NUMBERS[number] ?? OTHER
  return { failedAt: at ?? depth, class: kind, code: String(number), reason: `${reason}${serverSays(message, secrets)}`, hint }
}

/** The same after `refused …`: `: somebody holds a lock; server says: …`. */
export const whyRefused = ({ number, message }: ServerError, secrets: readonly Secret[]): string => {
  const [, reason] = NUMBERS[number] ?? OTHER
  return `${reason} (${number})${serverSays(message, secrets)}`
}

/** The server wants a login that we do not go. */
export function impossible({ code, plugin }: LoginImpossible): ProbeFailure {
  const base = { failedAt: 'login', class: 'permanent', code } as const
  switch (code) {
    case 'auth-plain':
      return {
        ...base,
        reason: `the server asks for the password itself (${plugin}), and the connection is not encrypted`,
        hint: 'ask for TLS: ssl-mode=REQUIRED; attach does not send it where it could be read',
      }
    case 'auth-cleartext':
      return {
        ...base,
        reason: 'the server asks for the password in clear text, and nobody vouches for it',
        hint: 'ask for ssl-mode=VERIFY_IDENTITY if that is meant (LDAP, PAM, IAM); otherwise find out who answers there',
      }
    case 'auth-method':
      return {
        ...base,
        reason: `the server asks for a way of login that attach cannot go (${plugin})`,
        hint: 'use a password user (caching_sha2_password, mysql_native_password), or --no-probe',
      }
  }
}
