import type { Reply } from './conversation.ts'

/** What a server says after EHLO (RFC 5321, 4.1.1.1). */
export interface Offers {
  /** What it calls itself. */
  readonly name: string
  /** Keywords in upper case, and what stands behind them. Empty: it knows HELO alone. */
  readonly extensions: ReadonlyMap<string, string>
  /** Ways to log in, in upper case. */
  readonly mechanisms: readonly string[]
  /** Bytes of the largest message. 0: no limit is set. Null: it does not tell. */
  readonly size: number | null
}

export function offersIn({ lines: [first = '', ...rest] }: Reply): Offers {
  const pairs = rest.map((line): [string, string] => {
    const [, keyword = '', words = ''] = /^([A-Za-z0-9][A-Za-z0-9-]{0,63})(?:[ =](.*))?$/.exec(line.trim()) ?? []
    return [keyword.toUpperCase(), words.trim()]
  })
  const extensions = new Map(pairs.filter(([keyword]) => keyword !== ''))
  // Old clients know the form AUTH=LOGIN, so servers say both.
  const mechanisms = pairs.filter(([keyword]) => keyword === 'AUTH').flatMap(([, words]) => words.toUpperCase().split(/\s+/))
  const size = extensions.get('SIZE')
  return {
    name: first.trim().split(/\s+/)[0] ?? '',
    extensions,
    mechanisms: [...new Set(mechanisms.filter((each) => /^[A-Z0-9_-]{1,40}$/.test(each)))],
    size: size === undefined ? null : /^\d{1,15}$/.test(size) ? Number(size) : 0,
  }
}

/** By what its greeting says. First match wins. */
const PRODUCTS: readonly { readonly looks: RegExp; readonly product: string; readonly keeps?: true }[] = [
  { looks: /\bMailHog\b/i, product: 'MailHog', keeps: true },
  { looks: /\bMailpit\b/i, product: 'Mailpit', keeps: true },
  { looks: /\bMailCatcher\b|EventMachine SMTP/i, product: 'MailCatcher', keeps: true },
  { looks: /\bsmtp4dev\b/i, product: 'smtp4dev', keeps: true },
  { looks: /\bGreenMail\b/i, product: 'GreenMail', keeps: true },
  { looks: /\bInbucket\b/i, product: 'Inbucket', keeps: true },
  { looks: /\bPostfix\b/, product: 'Postfix' },
  { looks: /\bExim\b/, product: 'Exim' },
  { looks: /\bSendmail\b/, product: 'Sendmail' },
  { looks: /\bOpenSMTPD\b/, product: 'OpenSMTPD' },
  { looks: /\bHaraka\b/, product: 'Haraka' },
  { looks: /\bStalwart\b/i, product: 'Stalwart' },
  { looks: /\bPostmark\b/i, product: 'Postmark' },
  { looks: /SimpleEmailService/, product: 'Amazon SES' },
  { looks: /\bSG ESMTP\b/, product: 'SendGrid' },
  { looks: /\bMailgun\b/i, product: 'Mailgun' },
  { looks: /\bMailtrap\b/i, product: 'Mailtrap' },
  { looks: /\bgsmtp\b/, product: 'Gmail' },
  { looks: /Microsoft ESMTP/, product: 'Exchange' },
]

/** What a greeting gives away. Most servers do not tell their version, and some not even what they are. */
export function productOf(greeting: string): { readonly product: string; readonly version?: string } {
  const product = PRODUCTS.find(({ looks }) => looks.test(greeting))?.product ?? 'SMTP'
  const version = /\b(?:Exim|Sendmail|Haraka)[ /](\d+(?:\.\d+)+)/i.exec(greeting)?.[1]
  return version === undefined ? { product } : { product, version }
}

/** It is made to keep mail for testers. */
export const keepsMail = (greeting: string): boolean => PRODUCTS.find(({ looks }) => looks.test(greeting))?.keeps === true
