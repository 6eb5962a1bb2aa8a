import type { Finding } from '../../domain/finding.ts'
import type { Handle, Identity, TlsMode } from '../../domain/handle.ts'
import { type HandleGrammar, invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText, refuseHidden, splitHandle } from '../../domain/handle-split.ts'
import { isToken } from '../../domain/redact.ts'
import { Secret } from '../../domain/secret.ts'
import { type Traits, UNSHOWN } from '../../ports/kind.ts'
import { hostName } from '../host.ts'
import { providerOf } from '../provider.ts'
import { clientName, mailbox } from './mailbox.ts'
import { remarksOf, UNCHECKED } from './remarks.ts'
import { TLS_KEYS, type TlsWanted, tlsWanted } from './tls-words.ts'

/** Ways to log in that are spoken here (RFC 4954, 4616, 2195; LOGIN has none). */
export const MECHANISMS = ['CRAM-MD5', 'PLAIN', 'LOGIN'] as const
export type Mechanism = (typeof MECHANISMS)[number]

/** A parsed handle of a mail server. Holds its password only as a Secret. */
export interface Smtp extends TlsWanted {
  readonly scheme: string
  readonly address: { readonly host: string; readonly port: number }
  readonly host: string
  /** The name that TLS checks. */
  readonly serverName: string
  /** Null: nobody logs in. */
  readonly login: Login | null
  readonly files: { readonly ca?: string }
  /** What stands after EHLO. Null: the address that the connection comes from. */
  readonly name: string | null
  /** Null: nobody said from whom mail comes, so none is announced. */
  readonly from: string | null
  /** Null: the sender itself. */
  readonly to: string | null
  /** What it says of how a client behaves, fit to print. */
  readonly parameters: ReadonlyMap<string, string>
  readonly remarks: readonly Finding[]
}

export interface Login {
  readonly user: string
  readonly password: Secret
  /** The user is the password too, or a key, as a token of Postmark is: it is as secret. */
  readonly isToken: boolean
  /** Null: the strongest that the server offers. */
  readonly mechanism: Mechanism | null
}

export const SMTP_SCHEMES = ['smtp', 'smtps', 'submission', 'submissions', 'smtp+starttls', 'smtp+tls', 'smtp+ssl']

/** They have a meaning for the conversation. The first of a group is the usual one. */
const MEANT = ['from', 'to', 'name', 'local_domain', 'auth', 'authMethod', 'auth_mode', 'cafile']
/** They tune a client of nodemailer, Symfony or Django, and mean nothing to the server. */
const TUNING = [
  ...['pool', 'maxConnections', 'maxMessages', 'rateDelta', 'rateLimit', 'connectionTimeout', 'greetingTimeout', 'socketTimeout'],
  ...['dnsTimeout', 'debug', 'logger', 'transactionLog', 'restart_threshold', 'restart_threshold_sleep', 'ping_threshold'],
  ...['max_per_second', 'timeout'],
]

export const SMTP_GRAMMAR: HandleGrammar = {
  schemes: SMTP_SCHEMES,
  example: 'submission://USER:PASSWORD@HOST:587',
  queryKeys: [...MEANT, ...TLS_KEYS, ...TUNING, ...UNCHECKED],
  socketSchemes: [],
}

/** Throws HANDLE_INVALID. */
export function parseSmtp(handle: Handle): Smtp {
  const split = splitHandle(handle.reveal(), SMTP_GRAMMAR)
  if (split.host === null) throw invalid('names no host', `write ${SMTP_GRAMMAR.example}`)
  if (split.path !== null && split.path.text !== '') throw invalid('has a path, and a mail server has none', 'end it after the port')
  const host = hostName(split.host)
  const login = loginOf(split)
  const wanted = tlsWanted(split)
  const ca = nonEmpty(queryText(split, 'cafile'))
  const from = addressIn(split, 'from')
  const to = addressIn(split, 'to')
  if (to !== null && from === null) throw invalid('names a recipient and no sender', 'add from=app%40example.com')
  const name = nonEmpty(queryText(split, 'name') ?? queryText(split, 'local_domain'))
  const serverName = nonEmpty(queryText(split, 'tls.servername'))
  return {
    ...wanted,
    scheme: split.scheme,
    host,
    address: { host, port: split.port?.number ?? usualPort(wanted, split, login) },
    serverName: serverName === null ? host : hostName({ text: serverName }),
    login,
    files: ca === null ? {} : { ca },
    name: name === null ? null : clientName(name),
    from,
    to,
    parameters: parametersOf(split),
    remarks: remarksOf(split, wanted),
  }
}

export function identifySmtp({ scheme, address, login, tls, host }: Smtp): Identity {
  return { kind: 'smtp', scheme, ...address, ...(login === null || login.isToken ? {} : { user: login.user }), tls, ...providerOf(host) }
}

/** Users of the guides and of mail catchers. */
const WELL_KNOWN = ['test', 'user', 'admin', 'root', 'smtp', 'mail', 'password', 'secret', '1234', '123456']

export function traitsOfSmtp({ parameters, login }: Smtp): Traits {
  const isKnown = login !== null && WELL_KNOWN.includes(login.password.reveal().toLowerCase())
  return { parameters, defaultCredentials: isKnown ? 'the password is one that anybody would try first' : null }
}

/** RFC 8314: 465 with TLS first. RFC 6409: who logs in, or asks for STARTTLS, submits mail at 587. Else 25, as a relay listens (RFC 5321). */
const usualPort = ({ start, tls }: TlsWanted, { scheme }: SplitHandle, login: Login | null): number =>
  start === 'implicit' ? 465 : login !== null || scheme !== 'smtp' || isRequired(tls) ? 587 : 25

const isRequired = (tls: TlsMode): boolean => tls === 'require' || tls === 'verify-ca' || tls === 'verify-full'

const nonEmpty = (text: string | null | undefined): string | null => (text === undefined || text === null || text === '' ? null : text)

function loginOf(split: SplitHandle): Login | null {
  const user = nonEmpty(split.user?.text)
  const password = nonEmpty(split.password?.text)
  const word = nonEmpty(queryText(split, 'auth') ?? queryText(split, 'authMethod') ?? queryText(split, 'auth_mode'))?.toLowerCase()
  const mechanism = MECHANISMS.find((each) => each.toLowerCase() === word?.replace(/^cram_?md5$/, 'cram-md5')) ?? null
  if (word !== undefined && mechanism === null && word !== 'none')
    throw invalid('has an unknown word for auth', 'the words are plain, login, cram-md5, none')
  if (user === null && password === null) return null
  if (user === null) throw invalid('has a password and no user', 'write USER:PASSWORD@ before the host')
  if (password === null) throw invalid('has a user and no password', 'write USER:PASSWORD@ before the host')
  if (word === 'none') throw invalid('has a user, and says auth=none', 'leave one of both out')
  refuseHidden({ text: user }, 'user')
  return { user, password: new Secret(password), isToken: isToken(split.scheme, user, password), mechanism }
}

function addressIn(split: SplitHandle, key: 'from' | 'to'): string | null {
  const text = nonEmpty(queryText(split, key))
  return text === null ? null : mailbox(text, key)
}

function parametersOf(split: SplitHandle): ReadonlyMap<string, string> {
  const told = [...MEANT, ...TUNING, ...UNCHECKED].filter((key) => key !== 'cafile')
  const known = told.flatMap((key): [string, string][] => {
    const text = queryText(split, key)
    return text === null ? [] : [[key, key === 'proxy' ? UNSHOWN : text]] // A proxy may have a password in it.
  })
  const others = [...split.unknown.keys()].filter((key) => /^[A-Za-z0-9_.-]{1,64}$/.test(key))
  return new Map([...known, ...others.map((key): [string, string] => [key, UNSHOWN])])
}
