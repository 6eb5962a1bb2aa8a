import type { Socket } from 'node:net'
import { type Address, type DialOptions, dial } from './dial.ts'
import { gather } from './wire.ts'

const BANNERS: readonly { readonly looks: RegExp; readonly protocol: string }[] = [
  { looks: /^HTTP\/\d|^<!doctype|^<html/i, protocol: 'HTTP' },
  { looks: /^SSH-/, protocol: 'SSH' },
  { looks: /^220[ -].*ftp/i, protocol: 'FTP' },
  { looks: /^220[ -]/, protocol: 'SMTP' },
  { looks: /^\* (OK|BYE|PREAUTH)/, protocol: 'IMAP' },
  { looks: /^INFO \{/, protocol: 'NATS' },
  { looks: /^AMQP/, protocol: 'AMQP' },
  { looks: /^(-(ERR|NOAUTH|DENIED|NOPERM|LOADING|MASTERDOWN|WRONGPASS)\b|\+(OK|PONG)\r\n|-ERR)/, protocol: 'Redis' },
  { looks: /^UNKNOWN_COMMAND|^BAD_FORMAT/, protocol: 'beanstalkd' },
  { looks: /^ERROR\r\n/, protocol: 'memcached' },
]

/** What the first bytes of a server give away. */
export function protocolOf(bytes: Uint8Array): string | null {
  const text = Buffer.from(bytes.subarray(0, 512)).toString('latin1')
  return BANNERS.find(({ looks }) => looks.test(text))?.protocol ?? binaryProtocolOf(bytes)
}

/** A MySQL greeting: three bytes of length, number 0, version 10. A TLS alert or handshake. A PostgreSQL ErrorResponse. */
function binaryProtocolOf(bytes: Uint8Array): string | null {
  if (bytes.length >= 5 && bytes[1] === 0 && bytes[2] === 0 && bytes[3] === 0 && (bytes[4] === 10 || bytes[4] === 255)) return 'MySQL'
  if ((bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 3) return 'TLS'
  if (bytes[0] === 0x45 && bytes[1] === 0 && bytes[5] === 0x53) return 'PostgreSQL'
  return null
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SSLREQUEST */
export const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const TEXT_REQUEST = Buffer.from('GET / HTTP/1.0\r\n\r\n')

export interface SniffOptions extends DialOptions {
  /** Whether the port hung up on what it was asked, as PostgreSQL does. Redis would fall silent at PostgreSQL's question. */
  readonly hungUp: boolean
}

/**
 * Asks a port that did not answer as it should what it speaks instead: listens for a greeting, then provokes an answer. One connection, at
 * most `ms`, at most 512 bytes. No `Host:` line, which Redis logs as an attack. `null` when it cannot be told.
 */
export async function sniff(address: Address, { hungUp, ...options }: SniffOptions): Promise<string | null> {
  const { ms, signal, now } = options
  const deadline = now() + ms
  let socket: Socket | undefined
  try {
    socket = await dial(address, options)
    for (const question of [null, hungUp ? SSL_REQUEST : TEXT_REQUEST]) {
      if (question !== null) socket.write(question)
      const answer = await gather(socket, {
        ms: Math.min(300, deadline - now()),
        limit: 512,
        signal,
        enough: question === SSL_REQUEST ? 1 : 8,
      })
      if (question === SSL_REQUEST && /^[SN]$/.test(answer.toString('latin1'))) return 'PostgreSQL'
      const protocol = protocolOf(answer)
      if (protocol !== null) return protocol
    }
    return null
  } catch {
    return null
  } finally {
    socket?.destroy()
  }
}
