import type { Duplex } from 'node:stream'
import { NetError } from '../../net/bounded.ts'
import { type Exchange, Lines } from '../../net/lines.ts'
import { protocolOf } from '../../net/sniff.ts'
import { wrongProtocol } from '../failure.ts'
import { Failed } from '../probing.ts'

export const SERVICE = 'SMTP'
export const ASK_FOR_TLS = 'smtps://'

/** A reply line has 512 octets at most (RFC 5321, 4.5.3.1.5); servers that greet with a law text have more. */
const LINE_BYTES_MAX = 4_096
/** No server offers so many extensions. */
const LINES_MAX = 128

/** One reply, of one line or many. */
export interface Reply {
  readonly code: number
  /** The text of each line, without the code. */
  readonly lines: readonly string[]
}

/** Commands and replies over one socket. After an error of the network it is of no use: a reply may still be on its way. */
export class Conversation {
  readonly #lines: Lines
  readonly #socket: Duplex

  constructor(socket: Duplex) {
    this.#socket = socket
    this.#lines = new Lines(socket)
    this.#lines.allow(LINE_BYTES_MAX)
  }

  /** Something came that nobody asked for yet. */
  get isAhead(): boolean {
    return this.#lines.unread.length > 0 || this.#socket.readableLength > 0
  }

  /** One command, without its line end, and the reply. */
  async ask(command: string, exchange: Exchange): Promise<Reply> {
    this.#lines.send(`${command}\r\n`)
    return await this.reply(exchange)
  }

  /** The next reply. Throws NetError; Failed where another protocol speaks. */
  async reply(exchange: Exchange): Promise<Reply> {
    const deadline = exchange.now() + exchange.ms
    const texts: string[] = []
    let code: string | null = null
    for (;;) {
      const line = await this.#lines.line({ ...exchange, ms: deadline - exchange.now() })
      const [, digits, more, text = ''] = /^([2-5]\d\d)(?:([ -])(.*))?$/s.exec(line) ?? []
      const isForeign = texts.length === 0 && /^220[ -]/.test(line) && protocolOf(Buffer.from(line, 'latin1')) !== SERVICE
      if (digits === undefined || isForeign) throw foreign(line)
      if (code !== null && code !== digits) throw new NetError('talk', 'protocol')
      code = digits
      texts.push(Buffer.from(text, 'latin1').toString('utf8'))
      if (more !== '-') return { code: Number(code), lines: texts }
      if (texts.length >= LINES_MAX) throw new NetError('talk', 'too-much')
    }
  }

  /** Says goodbye, and waits a moment for the answer: servers write down who hangs up instead. Never throws. */
  async quit(exchange: Exchange): Promise<void> {
    if (this.#socket.destroyed || !this.#socket.writable) return
    await this.ask('QUIT', { ...exchange, ms: Math.min(GOODBYE_MS, exchange.ms) }).catch(() => null)
  }
}

const GOODBYE_MS = 300

/** `5.7.1`, which stands before the text (RFC 2034). */
export const enhancedOf = ({ lines: [first = ''] }: Reply): string | null => /^([245]\.\d{1,3}\.\d{1,3})(?:\s|$)/.exec(first)?.[1] ?? null

export const textOf = ({ lines }: Reply): string => lines.join(' ')

function foreign(line: string): unknown {
  const protocol = protocolOf(Buffer.from(`${line}\r\n`, 'latin1'))
  return protocol === null || protocol === SERVICE
    ? new NetError('talk', 'protocol')
    : new Failed(wrongProtocol(protocol, SERVICE, { tls: ASK_FOR_TLS }))
}
