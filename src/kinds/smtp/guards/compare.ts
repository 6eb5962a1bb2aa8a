import { type Check, type Finding, found, passed, unknown } from '../../../domain/finding.ts'
import type { Told } from '../../../domain/survey.ts'
import { both, bytes, firstOf, ofNext, type Sides, silenceOf } from '../../comparing.ts'
import { COMPARED } from '../checks.ts'
import type { SmtpFacts } from './survey.ts'

type SmtpSides = Sides<SmtpFacts>

const WAYS = { implicit: 'TLS from the first byte on', starttls: 'STARTTLS', none: 'no TLS' } as const

/** What a client that prefers TLS gets. Pure, as all below. */
export const tls = (sides: SmtpSides): Finding =>
  both(
    COMPARED.tls,
    sides,
    ({ tls }) => tls,
    (old, next) => {
      const check = COMPARED.tls
      if (old.way !== 'none' && next.way === 'none')
        return found(check, `offers no TLS, and the old one has ${WAYS[old.way]}`, {
          remedy: 'turn TLS on there (smtpd_tls_security_level = may of Postfix)',
        })
      if (old.verified && !next.verified)
        return found(check, 'its certificate was not verified, and that of the old one was', {
          remedy: 'give it a certificate of a known authority, and ask for TLS: submission:// or smtps://',
          severity: 'warn',
        })
      if (old.protocol > next.protocol && next.protocol !== '')
        return found(check, `speaks ${next.protocol}, and the old one ${old.protocol}`, { remedy: 'update it', severity: 'info' })
      return passed(check, `${WAYS[next.way]}${next.protocol === '' ? '' : `, ${next.protocol}`}`)
    },
  )

export function auth(sides: SmtpSides): Finding {
  const check = COMPARED.auth
  return both(check, sides, signedIn, (old, next) => {
    if (old.login === 'user' && next.login === 'nobody')
      return found(check, 'nobody logs in there, and the old one has a user: who reaches it can send through it', {
        remedy: 'write USER:PASSWORD@ into the new handle; where the server asks for none, let it serve trusted networks alone',
      })
    const lost = old.mechanisms.filter((each) => !next.mechanisms.includes(each))
    if (next.login === 'nobody') return passed(check, 'nobody logs in, as before')
    if (lost.length === 0) return passed(check, `the same ways to log in: ${firstOf(next.mechanisms)}`)
    return found(
      check,
      `${firstOf(lost)} of the old one ${lost.length === 1 ? 'is' : 'are'} missing; it offers ${firstOf(next.mechanisms)}`,
      {
        remedy: 'look whether the app is set to one of them (authentication, authMethod)',
      },
    )
  })
}

type SignedIn = { readonly login: 'user' | 'nobody'; readonly mechanisms: readonly string[] }

const signedIn = ({ login, auth }: SmtpFacts): Told<SignedIn> =>
  !('is' in login) ? login : !('is' in auth) ? auth : { is: { login: login.is, mechanisms: auth.is } }

export const sandbox = (sides: SmtpSides): Finding =>
  ofNext(
    COMPARED.sandbox,
    sides,
    ({ sandbox }) => sandbox,
    (next) => {
      const check = COMPARED.sandbox
      if (next === '') return passed(check, 'nothing shows that mail is kept there')
      const old = sides.old?.sandbox
      if (old !== undefined && 'is' in old && old.is !== '') return passed(check, `${next}, as before ${old.is}`)
      return found(check, `${next}: no mail is delivered`, { remedy: 'name the live server, or its live token' })
    },
  )

export const sender = (sides: SmtpSides): Finding =>
  ofNext(
    COMPARED.sender,
    sides,
    ({ sender }) => sender,
    ({ address, refused }) =>
      refused === ''
        ? passed(COMPARED.sender, `takes mail from ${address}`)
        : found(COMPARED.sender, `takes no mail from ${address}: ${refused}`, { remedy: 'verify the sender or its domain there' }),
  )

export const relay = (sides: SmtpSides): Finding =>
  ofNext(
    COMPARED.relay,
    sides,
    ({ relay }) => relay,
    ({ address, refused }) =>
      refused === ''
        ? passed(COMPARED.relay, `takes mail for ${address}`)
        : found(COMPARED.relay, `takes no mail for ${address}: ${refused}`, {
            remedy: 'log in, or let it relay for the network of the app',
          }),
  )

export const size = (sides: SmtpSides): Finding =>
  both(
    COMPARED.size,
    sides,
    ({ size }) => size,
    (old, next) => {
      const check = COMPARED.size
      const shown = (count: number) => (count === 0 ? 'any size' : bytes(count))
      if (next === 0 || (old !== 0 && next >= old)) return passed(check, `takes messages of ${shown(next)}`)
      return found(check, `takes messages of ${shown(next)}, and the old one of ${shown(old)}`, {
        remedy: 'raise the limit there (message_size_limit of Postfix), or send links instead of attachments',
        severity: old !== 0 && next * 2 < old ? 'error' : 'warn',
      })
    },
  )

export const utf8 = (sides: SmtpSides): Finding => offered(COMPARED.utf8, 'SMTPUTF8', sides)
export const eightBit = (sides: SmtpSides): Finding => offered(COMPARED.eightBit, '8BITMIME', sides)
export const pipelining = (sides: SmtpSides): Finding => offered(COMPARED.pipelining, 'PIPELINING', sides)
export const dsn = (sides: SmtpSides): Finding => offered(COMPARED.dsn, 'DSN', sides)

const offered = (check: Check, extension: string, sides: SmtpSides): Finding =>
  both(
    check,
    sides,
    ({ extensions }) => extensions,
    (old, next) => {
      if (next.includes(extension)) return passed(check, `offers ${extension}`)
      if (!old.includes(extension)) return passed(check, `no ${extension}, as before`)
      return found(check, `offers no ${extension}, and the old one does`, {
        remedy: 'turn it on there, or make sure that the app does without',
      })
    },
  )

export const identity = (sides: SmtpSides): Finding =>
  both(
    COMPARED.identity,
    sides,
    ({ name }) => name,
    (old, next) => {
      const check = COMPARED.identity
      if (old === next) return passed(check, `calls itself ${next}, as the old one does`)
      return passed(check, `calls itself ${next}; the old one is ${old}`)
    },
  )

/** SMTP has no question for it. */
export function queueLeft({ old, comparison }: SmtpSides): Finding {
  const why = old === null ? silenceOf(comparison) : 'what still waits in the queue of the old server is not told over SMTP'
  return unknown(COMPARED.queueLeft, why, 'postqueue -p on the old server shows what it has yet to deliver')
}
