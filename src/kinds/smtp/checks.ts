import { type Check, row } from '../../domain/finding.ts'

/** What two of them are compared by. In the order in which findings are told. */
export const COMPARED = {
  tls: row('smtp.tls', 'error', 'free', 'The new server offers no TLS, or a weaker one: mail and password can be read on the way.'),
  auth: row(
    'smtp.auth',
    'warn',
    'free',
    'Ways to log in are missing, or nobody has to log in any more: the app fails, or anybody sends through it.',
  ),
  sandbox: row(
    'smtp.sandbox',
    'error',
    'free',
    'The new server keeps mail for testers and delivers none: nobody would get it, and nothing would fail.',
  ),
  sender: row('smtp.sender', 'error', 'free', 'The new server refuses the sender that the app writes from: every mail would be refused.'),
  relay: row('smtp.relay', 'error', 'free', 'The new server takes no mail for where the app writes to: every mail would be refused.'),
  size: row(
    'smtp.size',
    'warn',
    'free',
    'The new server takes smaller messages only: those with attachments are refused. Below half: an error.',
  ),
  utf8: row('smtp.utf8', 'warn', 'free', 'SMTPUTF8 is missing: mail to addresses beyond ASCII is refused.'),
  eightBit: row(
    'smtp.eight_bit',
    'warn',
    'free',
    'The extension 8BITMIME is missing: mail that is not in ASCII may be refused or garbled.',
  ),
  pipelining: row('smtp.pipelining', 'info', 'free', 'PIPELINING is missing: each mail takes more round trips.'),
  dsn: row('smtp.dsn', 'info', 'free', 'DSN is missing: whoever asks for notices of delivery gets none.'),
  identity: row('smtp.identity', 'info', 'free', 'What both servers call themselves: receivers and their filters go by it.'),
  queueLeft: row(
    'smtp.queue_left',
    'info',
    'free',
    'Mail may wait in the queue of the old server, which SMTP does not show: it is not moved.',
  ),
} as const satisfies Record<string, Check>

/** What a probe, or a handle, finds of one alone. */
export const REMARKED = {
  noPort: row('smtp.no_port', 'warn', 'free', 'The handle names no port: clients take 25, 465 or 587.'),
  noSender: row('smtp.no_sender', 'info', 'free', 'No sender is declared: whether the server takes mail from the app was not asked.'),
  noLogin: row('smtp.no_login', 'warn', 'free', 'The server offers a login and the handle has none: whether it asks for one is not known.'),
  mechanism: row(
    'smtp.mechanism',
    'info',
    'free',
    'The strongest way to log in that the server offers does not work there: a plainer one does.',
  ),
  recipient: row('smtp.recipient', 'warn', 'free', 'The server knows no mailbox of the sender: notices of failed delivery are lost.'),
} as const satisfies Record<string, Check>

export const SMTP = { ...COMPARED, ...REMARKED } as const satisfies Record<string, Check>
