import type { Socket } from 'node:net'
import { found, unknown } from '../../domain/finding.ts'
import { NetError } from '../../net/bounded.ts'
import { harmless } from '../../net/said.ts'
import type { ProbeContext, ProbeReport } from '../../ports/kind.ts'
import { reach } from '../host.ts'
import { type Opened, openProbe } from '../opening.ts'
import { Failed, type Run } from '../probing.ts'
import { negotiated, tlsFindings } from '../tls.ts'
import { REMARKED } from './checks.ts'
import { ASK_FOR_TLS, type Conversation, SERVICE } from './conversation.ts'
import { announce } from './envelope.ts'
import type { Mechanism, Smtp } from './handle.ts'
import { logIn, waysIn } from './login.ts'
import { type Offers, productOf } from './offers.ts'
import { type Begun, begin, exchangeOf, greet, hello, refused } from './opening.ts'
import { sandboxFinding } from './sandbox.ts'
import { secretsOf } from './secrets.ts'

/** A conversation that is logged in, and has been asked whether it takes the declared sender. */
export interface Live {
  readonly socket: Socket
  readonly conversation: Conversation
  readonly resource: Smtp
  readonly offers: Offers
  readonly greeting: string
  readonly secured: Begun['secured']
  readonly way: Begun['way']
}

/** Resolve, connect, greeting, EHLO, TLS, login, and the envelope of a mail that is taken back. No mail is sent. */
export async function probeSmtp(resource: Smtp, context: ProbeContext): Promise<ProbeReport> {
  const { report, live } = await openSmtp(resource, context)
  await live?.conversation.quit({ ms: context.limits.statementMs, signal: context.signal, now: context.now })
  live?.socket.destroy()
  return report
}

/** The same, and the conversation stays open when it came to depth `use`. */
export async function openSmtp(resource: Smtp, context: ProbeContext): Promise<Opened<Live>> {
  const door = { address: resource.address, service: SERVICE, askForTls: ASK_FOR_TLS } as const
  const opened = await openProbe(context, resource.start === 'implicit' ? door : { ...door, plainFirst: true }, (run, plain) =>
    converse(run, plain, resource),
  )
  const { report } = opened
  if (report.ok || report.code !== 'tls-not-offered' || resource.start === 'starttls') return opened
  return { ...opened, report: { ...report, hint: 'TLS comes later there, by STARTTLS: write submission:// instead of smtps://' } }
}

/** Null: it did not have to come to depth `use`. */
async function converse(run: Run, plain: Socket, resource: Smtp): Promise<Live | null> {
  const begun = await begin(run, plain, resource)
  const { conversation, socket, secured, way } = begun
  try {
    run.learn({ tls: secured === null ? null : negotiated(secured) })
    run.findings.push(...tlsFindings(secured, resource.serverName, run.today))
    if (run.passed()) return await goodbye(run, conversation)
    const greeting = begun.greeting ?? (await greet(run, conversation, resource))
    const offers = begun.offers ?? (await hello(run, begun, resource))
    learn(run, { ...begun, greeting, offers }, resource)
    if (run.passed()) return await goodbye(run, conversation)
    await login(run, { conversation, offers, isEncrypted: secured !== null }, resource)
    if (run.passed()) return await goodbye(run, conversation)
    await use(run, { conversation, offers }, resource)
    run.passed()
    return { socket, conversation, resource, offers, greeting, secured, way }
  } catch (error) {
    // A server that answers is told that we go; of one that fell silent nothing is expected.
    if (error instanceof Failed && error.failure.code !== 'wrong-protocol') await goodbye(run, conversation)
    throw error
  }
}

async function goodbye(run: Run, conversation: Conversation): Promise<null> {
  await conversation.quit(exchangeOf(run))
  return null
}

function learn(run: Run, { greeting, offers, way }: Begun & { readonly greeting: string; readonly offers: Offers }, resource: Smtp): void {
  const shown = (text: string): string => harmless(text, secretsOf(resource)) ?? 'unknown'
  const starttls = way === 'starttls' || offers.extensions.has('STARTTLS')
  run.learn({
    ...productOf(greeting),
    more: {
      name: shown(offers.name),
      auth: offers.mechanisms.length === 0 ? 'none' : shown(offers.mechanisms.slice(0, 12).join(' ')),
      ...(way === 'implicit' ? {} : { starttls }),
      ...(offers.size === null || offers.size === 0 ? {} : { size: offers.size }),
    },
  })
  const sandbox = sandboxFinding(resource, greeting)
  if (sandbox !== null) run.findings.push(sandbox)
}

interface Talk {
  readonly conversation: Conversation
  readonly offers: Offers
}

async function login(
  run: Run,
  { conversation, offers, isEncrypted }: Talk & { readonly isEncrypted: boolean },
  resource: Smtp,
): Promise<void> {
  const { login: wanted, host, from } = resource
  if (wanted === null) {
    if (offers.mechanisms.length > 0 && from === null)
      run.findings.push(unknown(REMARKED.noLogin, NO_LOGIN, 'write USER:PASSWORD@ before the host, or name a sender: ?from='))
    return
  }
  if (!isEncrypted && reach(host) !== 'local') throw new Failed(TLS_NEEDED)
  const ways = waysIn(wanted, offers.mechanisms)
  if (ways.length === 0) throw new Failed(noWayIn(offers, isEncrypted, wanted.mechanism))
  for (const [at, way] of ways.entries()) {
    const reply = await logIn(wanted, way, (command) => conversation.ask(command, exchangeOf(run)))
    if (reply.code === 235) {
      if (at > 0) run.findings.push(found(REMARKED.mechanism, `${ways[0]} is offered and refused; ${way} is taken`))
      if (!isEncrypted && way !== 'CRAM-MD5') run.findings.push(CLEARTEXT)
      return
    }
    if (reply.code < 400) throw new NetError('talk', 'protocol')
    if (reply.code < 500 || at === ways.length - 1) throw refused(run, reply, 'AUTH', resource)
  }
}

/** Whether the server takes mail from the declared sender. Where none is declared, whether it still answers. */
async function use(run: Run, { conversation, offers }: Talk, resource: Smtp): Promise<void> {
  const ask = (command: string) => conversation.ask(command, exchangeOf(run))
  const { from, to } = resource
  if (from === null) {
    const reply = await ask('NOOP')
    if (reply.code >= 300) throw refused(run, reply, 'NOOP', resource)
    run.findings.push(
      unknown(
        REMARKED.noSender,
        'no sender is declared: whether the server takes mail from the app was not asked',
        'add ?from=app%40example.com to the handle',
      ),
    )
    return
  }
  const isUtf8 = offers.extensions.has('SMTPUTF8')
  if (!isUtf8 && !/^[\x21-\x7e]+$/.test(`${from}${to ?? ''}`)) throw new Failed(NO_UTF8)
  const announced = await announce({ from, to }, { isUtf8 }, ask)
  if (announced.isSenderUnknown)
    run.findings.push(
      found(REMARKED.recipient, SENDER_UNKNOWN, { remedy: 'make a mailbox for it, or name a recipient that there is: ?to=' }),
    )
  if (announced.refused === null) return
  throw refused(run, announced.refused.reply, announced.refused.said, resource)
}

const NO_LOGIN = 'the server offers a login, and the handle has none: whether it asks for one is not known'
const SENDER_UNKNOWN = 'the server takes mail from the sender and knows no mailbox of that name: notices of failed delivery are lost'

const CLEARTEXT = {
  id: 'auth.cleartext',
  severity: 'warn',
  status: 'warn',
  detail: 'the password goes to the server in clear text, and nothing is encrypted',
  remedy: 'ask for TLS: submission:// or smtps://',
} as const

const TLS_NEEDED = {
  class: 'permanent',
  code: 'tls-needed',
  reason: 'the connection is not encrypted, and the password would go over the network in clear text: it was not sent',
  hint: 'ask for TLS: submission:// at 587, smtps:// at 465; the server must offer it',
} as const

const NO_UTF8 = {
  class: 'permanent',
  code: 'utf8-not-offered',
  reason: 'the declared address has letters beyond ASCII, and the server does not offer SMTPUTF8',
  hint: 'name an address in ASCII',
} as const

function noWayIn({ mechanisms }: Offers, isEncrypted: boolean, wanted: Mechanism | null): Failed['failure'] {
  const base = { class: 'permanent', code: 'auth-not-offered', failedAt: 'login' } as const
  if (mechanisms.length === 0) {
    const hint = isEncrypted
      ? 'port 587 is where mail is submitted; or leave user and password out'
      : 'it may offer one after STARTTLS alone: ask for TLS with submission://'
    return { ...base, reason: 'the server offers no login, and the handle has a user', hint }
  }
  const names = mechanisms.slice(0, 8).join(', ')
  if (wanted !== null)
    return { ...base, reason: `the server does not offer ${wanted}, which auth= asks for; it offers ${names}`, hint: 'leave auth= out' }
  return {
    ...base,
    reason: `the server offers no login that is spoken here: ${names}`,
    hint: 'turn PLAIN or LOGIN on at the server, over TLS',
  }
}
