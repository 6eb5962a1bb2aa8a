import type { TLSSocket } from 'node:tls'
import type { core } from 'zod'
import { ipVersion } from '../../../domain/address.ts'
import type { Told } from '../../../domain/survey.ts'
import { harmless } from '../../../net/said.ts'
import type { SurveyContext } from '../../../ports/kind.ts'
import { type Asking, Refused } from '../../asking.ts'
import { providerOf } from '../../provider.ts'
import { toldSchema, type Zod } from '../../told-schema.ts'
import { textOf } from '../conversation.ts'
import { type Announced, announce, type Envelope } from '../envelope.ts'
import { meaningOf, passes } from '../failure.ts'
import { productOf } from '../offers.ts'
import type { Live } from '../probe.ts'
import { sandboxOf } from '../sandbox.ts'
import { secretsOf } from '../secrets.ts'

/** What a server tells of itself, as it is kept in a baseline. */
export const factsSchema = (z: Zod) => {
  const verdict = z.strictObject({ address: z.string(), refused: z.string() })
  return z.strictObject({
    product: z.string(),
    /** What it calls itself after EHLO. */
    name: toldSchema(z, z.string()),
    /** `none`: it offers none. `protocol` is empty where none was spoken. */
    tls: toldSchema(z, z.strictObject({ way: z.enum(['implicit', 'starttls', 'none']), protocol: z.string(), verified: z.boolean() })),
    /** Ways to log in. */
    auth: toldSchema(z, z.array(z.string())),
    login: toldSchema(z, z.enum(['user', 'nobody'])),
    /** Bytes. 0: no limit is set. */
    size: toldSchema(z, z.number()),
    extensions: toldSchema(z, z.array(z.string())),
    /** What keeps mail instead of delivering it. Empty: nothing. */
    sandbox: toldSchema(z, z.string()),
    /** Whether it takes mail from there. `refused`: why not, or empty. */
    sender: toldSchema(z, verdict),
    /** Whether it takes mail for there. */
    relay: toldSchema(z, verdict),
  })
}

export type SmtpFacts = core.output<ReturnType<typeof factsSchema>>

const NAMES_MAX = 64

/** Everything but the envelope was told during the probe. */
export async function surveyFacts(asking: Asking, live: Live, against: SurveyContext['against']): Promise<SmtpFacts> {
  const { offers, greeting, resource, secured, way } = live
  const shown = (text: string): string => harmless(text, secretsOf(resource)) ?? 'a name that cannot be shown'
  const isOffered = way === 'unasked' && offers.extensions.has('STARTTLS')
  return {
    product: productOf(greeting).product,
    name: offers.name === '' ? { unknown: 'the server does not tell its name' } : { is: shown(offers.name) },
    tls: {
      is: {
        way: way === 'unasked' ? (isOffered ? 'starttls' : 'none') : way,
        protocol: secured?.protocol ?? '',
        verified: secured?.verified ?? false,
      },
    },
    auth: { is: offers.mechanisms.slice(0, NAMES_MAX).map(shown) },
    login: { is: resource.login === null ? 'nobody' : 'user' },
    size: offers.size === null ? { unknown: 'the server does not tell how large a message may be' } : { is: offers.size },
    extensions: { is: [...offers.extensions.keys()].slice(0, NAMES_MAX).map(shown) },
    sandbox: sandboxOf(resource, greeting),
    ...(await envelopeFacts(asking, live, against)),
  }
}

/** The probe has asked for the declared sender. Where none is declared, that of the other side is asked for: the app will write from it. */
async function envelopeFacts(asking: Asking, live: Live, against: SurveyContext['against']): Promise<Pick<SmtpFacts, 'sender' | 'relay'>> {
  const { from, to } = live.resource
  if (from !== null) return { sender: { is: { address: from, refused: '' } }, relay: { is: { address: to ?? from, refused: '' } } }
  const other = senderOf(await asking.other(against))
  if (other === null) return { sender: UNDECLARED, relay: UNDECLARED }
  const told = await asking.ask((exchange) =>
    announce(other, { isUtf8: live.offers.extensions.has('SMTPUTF8') }, (command) => live.conversation.ask(command, exchange)),
  )
  if (!('is' in told)) return { sender: told, relay: told }
  return verdictsOf(told.is, other)
}

function verdictsOf({ refused }: Announced, { from, to }: Envelope): Pick<SmtpFacts, 'sender' | 'relay'> {
  const why = refused === null ? '' : `${meaningOf(refused.reply, refused.said)[0]} (${refused.reply.code})`
  // What keeps everybody out for a moment says nothing of the sender.
  if (refused !== null && passes(refused.reply)) return { sender: { unknown: why }, relay: { unknown: why } }
  const isSender = refused?.said === 'MAIL'
  return {
    sender: { is: { address: from, refused: isSender ? why : '' } },
    relay: isSender
      ? { unknown: 'the sender was refused before a recipient could be named' }
      : { is: { address: to ?? from, refused: why } },
  }
}

/** From whom the other side writes, as its survey tells. */
function senderOf(survey: Awaited<SurveyContext['against']>): Envelope | null {
  if (survey?.kind !== 'smtp') return null
  const { sender, relay } = survey.facts as SmtpFacts // Made by a survey of this kind, or by `decode`.
  if (!('is' in sender)) return null
  return { from: sender.is.address, to: 'is' in relay && relay.is.address !== sender.is.address ? relay.is.address : null }
}

const UNDECLARED = { unknown: 'no handle declares a sender (?from=app%40example.com)' }

/** A short question. Throws Refused. */
export const noop =
  (live: Live): Parameters<Asking['roundTrip']>[0] =>
  async (exchange) => {
    const reply = await live.conversation.ask('NOOP', exchange)
    if (reply.code >= 300)
      throw new Refused(`the server refused NOOP (${reply.code}): ${harmless(textOf(reply), secretsOf(live.resource)) ?? ''}`)
  }

/**
 * Its name and its certificate together: a server that was built anew under the old name has another one. A provider has one name for the accounts
 * of all, so there nothing tells.
 */
export function identityOf({ greeting, offers, resource, secured }: Live): Told<string> {
  const name = offers.name.toLowerCase().replace(/\.$/, '')
  const provider = providerOf(resource.host).provider
  if (provider !== undefined) return { unknown: `servers of ${provider} have one name for the accounts of all` }
  const isOwn = name.includes('.') && ipVersion(name) === 0 && !/^\[|(^|\.)(localhost|localdomain|local|invalid)$/.test(name)
  if (!isOwn) return { unknown: 'the server has no name of its own' }
  if (!greeting.toLowerCase().startsWith(name))
    return { unknown: 'the server gives itself one name in its greeting and another after EHLO' }
  const print = secured === null ? '' : printOf(secured.socket)
  return print === ''
    ? { unknown: 'a name alone is no proof, and without TLS there is no certificate beside it' }
    : { is: `${name} ${print}` }
}

const printOf = (socket: TLSSocket): string => socket.getPeerCertificate().fingerprint256 ?? ''
