import type { TlsMode } from '../../domain/handle.ts'
import { invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText } from '../../domain/handle-split.ts'

/** How a handle of mail wants TLS to begin, and how much of it. */
export interface TlsWanted {
  readonly tls: TlsMode
  /** From the first byte on, or by STARTTLS (RFC 3207). */
  readonly start: 'implicit' | 'starttls'
  /** What is asked of the certificate once there is TLS. */
  readonly verify: Exclude<TlsMode, 'disable'>
}

/** What one word says. `encrypted`: the port tells how. `auto`: STARTTLS if offered. `none`: no STARTTLS. Null: nothing. */
type Says = 'implicit' | 'starttls' | 'encrypted' | 'auto' | 'none' | null

/** Of the scheme. Absent: nothing. RFC 8314 for `submissions`, django-environ for those with a plus. */
const SCHEMES: Readonly<Record<string, Says>> = {
  smtps: 'implicit',
  submissions: 'implicit',
  'smtp+ssl': 'implicit',
  submission: 'starttls',
  'smtp+starttls': 'starttls',
  'smtp+tls': 'starttls',
}

const STARTTLS_WORDS = { true: 'starttls', always: 'starttls', required: 'starttls', auto: 'auto', never: 'none', false: 'none' } as const

const ENCRYPTION_WORDS = {
  ...({ tls: 'encrypted', ssl: 'implicit', smtps: 'implicit', force_tls: 'implicit', starttls: 'starttls' } as const),
  ...{ smtp: null, false: null, none: null },
}

/** Of nodemailer, Symfony, Rails, Mastodon, Laravel, PHPMailer, lettre, dj-email-url. Booleans are read as `true` and `false`. */
const WORDS: Readonly<Record<string, Readonly<Record<string, Says>>>> = {
  secure: { true: 'implicit', false: null, ssl: 'implicit', tls: 'starttls', starttls: 'starttls' },
  ssl: { true: 'implicit', false: null },
  tls: { true: 'encrypted', false: null, required: 'encrypted', opportunistic: 'auto' },
  encryption: ENCRYPTION_WORDS,
  security: ENCRYPTION_WORDS,
  starttls: STARTTLS_WORDS,
  starttls_auto: { true: 'auto', false: 'none' },
  auto_tls: { true: 'auto', false: 'none' },
  require_tls: { true: 'starttls', false: null },
  requireTLS: { true: 'starttls', false: null },
  ignoreTLS: { true: 'none', false: null },
  opportunisticTLS: { true: 'auto', false: null },
}

/** Of nodemailer, Symfony, Rails: whether the certificate is checked. */
const CHECKING: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  'tls.rejectUnauthorized': { true: true, false: false },
  verify_peer: { true: true, false: false },
  openssl_verify_mode: { peer: true, fail_if_no_peer_cert: true, client_once: true, none: false },
}

export const TLS_KEYS: readonly string[] = [...Object.keys(WORDS), ...Object.keys(CHECKING), 'tls.servername']

/** Ports that speak TLS from the first byte on. */
export const isImplicitPort = (port: number | null): boolean => port === 465 || port === 2465

/** Throws HANDLE_INVALID for a word that nobody knows, and where two contradict each other. */
export function tlsWanted(split: SplitHandle): TlsWanted {
  const port = split.port?.number ?? null
  const said = Object.entries(WORDS).map(([key, words]) => wordOf(split, key, words) ?? null)
  const all = [SCHEMES[split.scheme] ?? null, ...said].map((each) =>
    each === 'encrypted' ? (isImplicitPort(port) || beginsWithTls(split) ? 'implicit' : 'starttls') : each,
  )
  const says = (each: Exclude<Says, 'encrypted'>) => all.includes(each)
  const plain = split.query.some(({ key, text }) => key === 'secure' && booleanOf(text) === 'false')
  // No STARTTLS is what TLS from the first byte on has: Django says both.
  const clash = says('starttls') && (says('implicit') || says('none'))
  if (clash || (plain && SCHEMES[split.scheme] === 'implicit'))
    throw invalid('asks for TLS in two ways that contradict each other', 'keep one: smtps:// alone, or submission:// alone')
  const checked = Object.entries(CHECKING).flatMap(([key, words]) => wordOf(split, key, words) ?? [])
  if (new Set(checked).size > 1)
    throw invalid('asks both for a checked certificate and for none', 'keep one of tls.rejectUnauthorized, verify_peer')
  const verify = checked[0]
  if (says('implicit')) return { tls: verify === false ? 'require' : 'verify-full', start: 'implicit', verify: strictly(verify) }
  if (says('starttls')) return { tls: verify === false ? 'require' : 'verify-full', start: 'starttls', verify: strictly(verify) }
  if (says('none')) return { tls: 'disable', start: 'starttls', verify: 'verify-full' }
  return { tls: 'prefer', start: 'starttls', verify: verify === true ? 'verify-full' : 'prefer' }
}

const strictly = (verify: boolean | undefined) => (verify === false ? 'require' : 'verify-full')

/** Whether the scheme says already that TLS comes first, so that `tls=true` beside it is no other wish. */
const beginsWithTls = ({ scheme }: SplitHandle): boolean => SCHEMES[scheme] === 'implicit'

/** Undefined: it does not stand there. */
function wordOf<T>(split: SplitHandle, key: string, words: Readonly<Record<string, T>>): T | undefined {
  const text = queryText(split, key)
  if (text === null) return undefined
  const word = Object.hasOwn(words, text.toLowerCase()) ? text.toLowerCase() : booleanOf(text)
  if (word === null || !Object.hasOwn(words, word))
    throw invalid(`has an unknown word for ${key}`, `the words are ${Object.keys(words).join(', ')}`)
  return words[word]
}

/** As the configurations of apps write it. */
function booleanOf(text: string): 'true' | 'false' | null {
  if (/^(true|1|yes|on|y|t)$/i.test(text)) return 'true'
  return /^(false|0|no|off|n|f|null|)$/i.test(text) ? 'false' : null
}
