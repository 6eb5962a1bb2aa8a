import { type Reply, textOf } from './conversation.ts'
import { isUnknownMailbox, type Said } from './failure.ts'
import type { Ask } from './login.ts'

/** From whom, and to whom, mail is announced. No mail ever follows. */
export interface Envelope {
  readonly from: string
  /** Null: the sender itself. */
  readonly to: string | null
}

/** What became of it: taken, or the reply that refused it. */
export interface Announced {
  readonly refused: { readonly reply: Reply; readonly said: Said } | null
  /** The server knows no mailbox of the sender, whom nobody had named as a recipient: that says nothing of other mail. */
  readonly isSenderUnknown: boolean
}

/**
 * Announces a mail and takes it back: MAIL FROM, RCPT TO, RSET, and never DATA. A server may look both addresses up on its own, and opens a file
 * in its queue that RSET removes.
 */
export async function announce({ from, to }: Envelope, { isUtf8 }: { readonly isUtf8: boolean }, ask: Ask): Promise<Announced> {
  const isPlain = /^[\x21-\x7e]+$/.test(`${from}${to ?? ''}`)
  const sender = await ask(`MAIL FROM:<${from}>${isUtf8 && !isPlain ? ' SMTPUTF8' : ''}`)
  if (sender.code >= 300) return { refused: { reply: sender, said: 'MAIL' }, isSenderUnknown: false }
  const recipient = await ask(`RCPT TO:<${to ?? from}>`)
  const isSenderUnknown = to === null && isUnknownMailbox(recipient)
  const refused = recipient.code >= 300 && !isSenderUnknown ? { reply: recipient, said: meantBy(recipient) } : null
  const reset = recipient.code === 421 ? null : await ask('RSET')
  if (refused === null && reset !== null && reset.code >= 300) return { refused: { reply: reset, said: 'RSET' }, isSenderUnknown }
  return { refused, isSenderUnknown }
}

/** Postfix waits for the recipient before it says what it has against the client, its name or the sender (smtpd_delay_reject). */
function meantBy(reply: Reply): Said {
  const [, what] = /\b(client host|helo command|sender address) rejected/i.exec(textOf(reply)) ?? []
  switch (what?.toLowerCase()) {
    case 'client host':
      return 'nothing'
    case 'helo command':
      return 'EHLO'
    case 'sender address':
      return 'MAIL'
    default:
      return 'RCPT'
  }
}
