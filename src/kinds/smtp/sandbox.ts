import { type Finding, found } from '../../domain/finding.ts'
import type { Told } from '../../domain/survey.ts'
import { providerOf } from '../provider.ts'
import { COMPARED } from './checks.ts'
import type { Smtp } from './handle.ts'
import { keepsMail } from './offers.ts'

/** Hosts where mail is kept for testers. */
const HOSTS: readonly { readonly host: RegExp; readonly what: string }[] = [
  { host: /^(sandbox\.)?smtp\.mailtrap\.io$/, what: 'the sandbox of Mailtrap' },
  { host: /(^|\.)ethereal\.email$/, what: 'Ethereal, which delivers nothing' },
  { host: /(^|\.)mailosaur\.net$/, what: 'Mailosaur, which delivers nothing' },
]

/** Providers whose test mode belongs to the account, and is not told over SMTP. */
const UNTOLD: Readonly<Record<string, string>> = {
  'Amazon SES': 'whether the account is still in the sandbox of Amazon SES is told only when mail is sent (aws sesv2 get-account)',
  Postmark: 'whether the token is that of a sandbox server is told by the API of Postmark alone (GET /server, DeliveryType)',
}

/** What keeps mail there instead of delivering it. Empty: nothing that can be seen from here. */
export function sandboxOf({ host, login }: Pick<Smtp, 'host' | 'login'>, greeting: string): Told<string> {
  const known = HOSTS.find((each) => each.host.test(host))
  if (known !== undefined) return { is: known.what }
  if (keepsMail(greeting)) return { is: 'a mail catcher for developers' }
  if (login !== null && [login.user, login.password.reveal()].includes('POSTMARK_API_TEST')) return { is: 'the test token of Postmark' }
  if (login !== null && /@sandbox[0-9a-f]+\.mailgun\.org$/i.test(login.user)) return { is: 'a sandbox domain of Mailgun' }
  const untold = UNTOLD[providerOf(host).provider ?? '']
  return untold === undefined ? { is: '' } : { unknown: untold }
}

/** Of one alone. Null: nothing of the sort is to be seen. */
export function sandboxFinding(resource: Smtp, greeting: string): Finding | null {
  const told = sandboxOf(resource, greeting)
  if (!('is' in told) || told.is === '') return null
  return found(COMPARED.sandbox, `${told.is}: no mail is delivered`, {
    severity: 'warn',
    remedy: 'fine for tests; name the live server elsewhere',
  })
}
