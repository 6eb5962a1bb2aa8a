import type { Survey } from '../../../../src/domain/survey.ts'
import type { SmtpFacts } from '../../../../src/kinds/smtp/guards/survey.ts'

const taken = (address: string) => ({ is: { address, refused: '' } })

/** A live server with a login, TLS and the usual extensions. */
export const facts = (parts: Partial<SmtpFacts> = {}): SmtpFacts => ({
  product: 'Postfix',
  name: { is: 'mail.example.test' },
  tls: { is: { way: 'starttls', protocol: 'TLSv1.3', verified: true } },
  auth: { is: ['PLAIN', 'LOGIN'] },
  login: { is: 'user' },
  size: { is: 10_000_000 },
  extensions: { is: ['PIPELINING', 'SIZE', 'AUTH', '8BITMIME', 'SMTPUTF8', 'DSN'] },
  sandbox: { is: '' },
  sender: taken('app@example.test'),
  relay: taken('app@example.test'),
  ...parts,
})

export const surveyOf = (told: SmtpFacts): Survey => ({
  kind: 'smtp',
  takenAt: '2026-01-01T00:00:00.000Z',
  resource: { unknown: 'not asked' },
  roundTripMs: { is: 1 },
  position: { unknown: 'not asked' },
  newest: { unknown: 'not asked' },
  facts: told,
})
