import type { Socket } from 'node:net'
import { NetError } from '../../net/bounded.ts'
import type { Exchange } from '../../net/lines.ts'
import { type Secured, upgrade } from '../../net/tls.ts'
import { Failed, type Run } from '../probing.ts'
import { trustOf } from '../tls.ts'
import { Conversation, type Reply, textOf } from './conversation.ts'
import { type Said, smtpFailure } from './failure.ts'
import type { Smtp } from './handle.ts'
import { addressLiteral } from './mailbox.ts'
import { type Offers, offersIn } from './offers.ts'
import { secretsOf } from './secrets.ts'

/** A conversation at the end of the stage `secure`. */
export interface Begun {
  readonly conversation: Conversation
  readonly socket: Socket
  readonly secured: Secured | null
  /** How TLS began, or could have. `unasked`: nobody looked. */
  readonly way: 'implicit' | 'starttls' | 'none' | 'unasked'
  /** What was learned before TLS, which TLS makes void, save the greeting: it comes once. */
  readonly greeting: string | null
  readonly offers: Offers | null
}

/** TLS from the first byte on, or by STARTTLS once the server has greeted; none where the handle asks for none. Throws Failed, NetError. */
export async function begin(run: Run, plain: Socket, resource: Smtp): Promise<Begun> {
  const conversation = new Conversation(plain)
  const unasked = { conversation, socket: plain, secured: null, way: 'unasked', greeting: null, offers: null } as const
  if (resource.tls === 'disable') return unasked
  if (resource.start === 'implicit') {
    const secured = await encrypt(run, plain, resource)
    return { ...unasked, conversation: new Conversation(secured.socket), socket: secured.socket, secured, way: 'implicit' }
  }
  const greeting = await greet(run, conversation, resource)
  const offers = await hello(run, { conversation, socket: plain }, resource)
  const spoken = { ...unasked, greeting, offers }
  if (!offers.extensions.has('STARTTLS')) {
    if (resource.tls === 'prefer') return { ...spoken, way: 'none' }
    await conversation.quit(exchangeOf(run))
    throw new Failed(NOT_OFFERED)
  }
  const reply = await conversation.ask('STARTTLS', exchangeOf(run))
  if (reply.code !== 220) {
    if (resource.tls === 'prefer' && reply.code !== 421) return { ...spoken, way: 'none' }
    throw refused(run, reply, 'STARTTLS', resource)
  }
  // Whatever came in plain text behind this reply would be read as if it had come through TLS (CVE-2011-0411, turned round).
  if (conversation.isAhead) throw new Failed(INJECTED)
  const secured = await encrypt(run, plain, resource)
  return { ...spoken, conversation: new Conversation(secured.socket), socket: secured.socket, secured, way: 'starttls', offers: null }
}

/** Servers let strangers wait before they greet, since spammers do not (postscreen_greet_wait of Postfix is 6 s). */
const GREETING_MS = 7_000

/** The greeting of the server, whole. */
export async function greet(run: Run, conversation: Conversation, resource: Smtp): Promise<string> {
  // A little is kept back for asking what speaks there instead.
  const ms = Math.max(1, Math.min(GREETING_MS, run.left - Math.min(900, run.left / 4)))
  const reply = await conversation.reply({ ...exchangeOf(run), ms }).catch((error: unknown) => {
    throw error instanceof NetError && error.code === 'timeout' ? new NetError('talk', 'no-greeting') : error
  })
  if (reply.code !== 220) throw refused(run, reply, 'nothing', resource)
  return textOf(reply)
}

/** EHLO, or HELO to a server that knows no other: it offers nothing then. */
export async function hello(run: Run, { conversation, socket }: Pick<Begun, 'conversation' | 'socket'>, resource: Smtp): Promise<Offers> {
  const name = resource.name ?? addressLiteral(socket.localAddress)
  const reply = await conversation.ask(`EHLO ${name}`, exchangeOf(run))
  if (reply.code === 250) return offersIn(reply)
  if (![500, 501, 502, 504].includes(reply.code)) throw refused(run, reply, 'EHLO', resource)
  const old = await conversation.ask(`HELO ${name}`, exchangeOf(run))
  if (old.code === 250) return offersIn({ ...old, lines: old.lines.slice(0, 1) })
  throw refused(run, old, 'EHLO', resource)
}

export const exchangeOf = (run: Run): Exchange => ({ ms: run.exchangeMs, signal: run.signal, now: run.now })

/** What was refused. Where the reason lies at a depth that was taken for passed (a login that nobody knew to be needed), that one is not. */
export function refused(run: Run, reply: Reply, said: Said, resource: Smtp): Failed {
  const failure = smtpFailure(reply, said, run.at, secretsOf(resource))
  if (failure.failedAt !== run.at) run.again(failure.failedAt)
  return new Failed(failure)
}

async function encrypt(run: Run, plain: Socket, { files, serverName, verify }: Smtp): Promise<Secured> {
  const trust = await trustOf(files, { ca: 'cafile', cert: 'cafile', key: 'cafile' })
  return await upgrade(plain, { mode: verify, host: serverName, trust, ms: run.exchangeMs, signal: run.signal })
}

const NOT_OFFERED = {
  class: 'permanent',
  code: 'tls-not-offered',
  reason: 'the server does not offer STARTTLS, and the handle asks for TLS',
  hint: 'smtps:// at port 465 is another way to TLS; is that the right port, or does something in between take STARTTLS out?',
} as const

const INJECTED = {
  class: 'permanent',
  code: 'starttls-injection',
  reason: 'more came in plain text behind the answer to STARTTLS: somebody may be in between',
  hint: 'use smtps:// at port 465, and look at what stands between here and the server',
} as const
