import type { Secret } from '../../domain/secret.ts'
import { serverSays } from '../../net/said.ts'
import type { Depth, ProbeFailure } from '../../ports/kind.ts'
import { enhancedOf, type Reply, textOf } from './conversation.ts'

/** What was said before the reply came. */
export type Said = 'nothing' | 'EHLO' | 'STARTTLS' | 'AUTH' | 'MAIL' | 'RCPT' | 'RSET' | 'NOOP'

type Meaning = readonly [reason: string, hint: string, depth?: Depth]

/** Our words for a reply that refuses, and a little of its own. 4xx may pass, 5xx stays (RFC 5321, 4.2.1). */
export function smtpFailure(reply: Reply, said: Said, depth: Depth, secrets: readonly Secret[]): ProbeFailure {
  const [reason, hint, at] = meaningOf(reply, said)
  return {
    failedAt: at ?? depth,
    class: passes(reply) ? 'transient' : 'permanent',
    code: String(reply.code),
    reason: `${reason}${serverSays(textOf(reply), secrets)}`,
    hint,
  }
}

/** Whether another try may be taken. Postfix defers what it does not relay (454 4.7.1), so that no mail is lost while its owner mends that. */
export const passes = (reply: Reply): boolean => reply.code < 500 && !(reply.code === 454 && isAboutRelay(reply))

const isAboutRelay = (reply: Reply): boolean => /\brelay/i.test(textOf(reply))

/** What a refusal says in our words, without those of the server. */
export const meaningOf = (reply: Reply, said: Said): Meaning =>
  ANYWHERE[reply.code]?.(reply) ?? (reply.code >= 500 && WANTS_LOGIN.test(textOf(reply)) ? LOGIN : AFTER[said](reply))

/** 553 of Postfix, 550 of Exchange, 503 of others: no code of its own says so everywhere. */
const WANTS_LOGIN = /\bnot (logged in|authenticated)\b|\bauthenticat(e|ion) (is )?(required|first)\b|\bauth first\b/i

const LOGIN: Meaning = ['the server asks for a login, and the handle has none', 'write USER:PASSWORD@ before the host', 'login']
const ENCRYPTED: Meaning = ['the server asks for TLS first', 'ask for it: submission:// at 587, smtps:// at 465', 'secure']
const BUSY: Meaning = ['the server is busy, or going down', 'wait; it may also take too many connections from here']
const WEAK: Meaning = ['the server wants another way to log in', 'it may want a password made for apps: look into its account settings']

/** Codes that mean the same wherever they come. */
const ANYWHERE: Readonly<Record<number, (reply: Reply) => Meaning>> = {
  421: () => BUSY,
  452: () => ['the server has no room, or too many recipients for now', 'wait; look at its disk and its limits'],
  530: (reply) => (/starttls|\btls\b|encrypt|secure/i.test(textOf(reply)) ? ENCRYPTED : LOGIN),
  534: () => WEAK,
  535: () => ['wrong user or password', 'check both; a provider may want a token or an SMTP password instead of yours', 'login'],
  538: () => ENCRYPTED,
}

/** What else is refused, by what was said before. */
const AFTER: Readonly<Record<Said, (reply: Reply) => Meaning>> = {
  nothing: ({ code }) =>
    code < 500
      ? BUSY
      : ['the server takes no mail from here', 'is this address on a blocklist, or not among those that it serves? look at its log'],
  EHLO: () => ['the server refuses the name that the client gives itself', 'name a host that it accepts: ?name=app.example.com'],
  STARTTLS: ({ code }) =>
    code < 500
      ? ['the server has TLS, and it does not work for now', 'look at its log, and at its certificate']
      : ['the server refuses STARTTLS', 'look at its log; smtps:// at 465 is another way'],
  AUTH: (reply) =>
    reply.code < 500
      ? ['the login does not work there for now', 'look at the log of the server: it may not reach what knows the passwords']
      : [504, 500, 502, 503].includes(reply.code)
        ? ['the server does not know this way to log in', 'leave auth= out, or name another']
        : ['the server refuses the login', 'check user and password; the account may be blocked'],
  MAIL: senderMeaning,
  RCPT: recipientMeaning,
  RSET: () => ['the server does not take back what was announced', 'look at its log'],
  NOOP: () => ['the server refuses a question that means nothing', 'look at its log'],
}

function senderMeaning(reply: Reply): Meaning {
  if (reply.code < 500)
    return [
      'the server does not take mail from this sender for now',
      'wait: greylisting lets a later try through; it may also not reach its DNS',
    ]
  switch (enhancedOf(reply)) {
    case '5.1.8':
    case '5.1.7':
      return ['the server does not know the domain of the sender', 'check from=, and the DNS of its domain']
    case '5.7.60':
    case '5.7.1':
    case '5.7.0':
      return ['the server refuses this sender', 'verify the sender or its domain there, or log in as the user whom it belongs to']
    default:
      return ['the server refuses this sender', 'check from=; a provider takes only senders that were verified there']
  }
}

function recipientMeaning(reply: Reply): Meaning {
  if (isAboutRelay(reply) && !isUnknownMailbox(reply))
    return ['the server takes no mail for other domains from here', 'log in, or let it relay for this network (mynetworks of Postfix)']
  if (reply.code < 500)
    return ['the server does not take mail for this recipient for now', 'wait a few minutes: greylisting lets a later try through']
  if (isUnknownMailbox(reply)) return ['the server knows no such mailbox', 'check to=']
  return ['the server refuses this recipient', 'check to=; the account may be limited to some recipients']
}

/** RFC 3463: `x.1.x` is about the address, `x.2.x` about the mailbox. */
export const isUnknownMailbox = (reply: Reply): boolean =>
  reply.code >= 500 && /^5\.(1\.[1-3]|1\.6|1\.10|2\.[0-3])$/.test(enhancedOf(reply) ?? '')
