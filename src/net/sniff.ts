import type { Socket } from 'node:net'
import { NetError } from './bounded.ts'
import { type Address, type DialOptions, dial } from './dial.ts'
import { upgrade } from './tls.ts'
import { gather } from './wire.ts'

const BANNERS: readonly { readonly looks: RegExp; readonly protocol: string }[] = [
  { looks: /^HTTP\/\d|^<!doctype|^<html/i, protocol: 'HTTP' },
  { looks: /^SSH-/, protocol: 'SSH' },
  { looks: /^220[ -](?!.*smtp).*ftp/i, protocol: 'FTP' },
  { looks: /^220[ -]/, protocol: 'SMTP' },
  { looks: /^\* (OK|BYE|PREAUTH)/, protocol: 'IMAP' },
  { looks: /^\+OK .*(POP3|Dovecot|ready)/i, protocol: 'POP3' },
  { looks: /^INFO \{/, protocol: 'NATS' },
  { looks: /^AMQP/, protocol: 'AMQP' },
  { looks: /^(-(ERR|NOAUTH|DENIED|NOPERM|LOADING|MASTERDOWN|WRONGPASS)\b|\+(OK|PONG)\r\n|-ERR)/, protocol: 'Redis' },
  { looks: /^UNKNOWN_COMMAND|^BAD_FORMAT/, protocol: 'beanstalkd' },
  {
    looks: /^(ERROR|ERROR Too many open connections|(CLIENT|SERVER)_ERROR [^\r\n]*|STAT \w+ [^\r\n]*|VERSION \d[^\r\n]*)\r\n/,
    protocol: 'memcached',
  },
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
/** The least that can be said to begin TLS (RFC 5246, 7.4.1.2): one cipher, no extension. Whatever speaks TLS answers, be it with an alert. */
const CLIENT_HELLO = Buffer.concat([
  Buffer.from([22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3]),
  Buffer.alloc(32),
  Buffer.from([0, 0, 2, 0, 47, 1, 0]),
])
const REQUESTS = { text: TEXT_REQUEST, postgres: SSL_REQUEST, hello: Buffer.concat([CLIENT_HELLO, TEXT_REQUEST]) }
/** What speaks in lines answers one that it does not know. memcached hangs up on what looks like HTTP. */
const LINE = Buffer.from('version\r\n')

export interface SniffOptions extends DialOptions {
  /**
   * What to ask a port that does not greet: a line of text, PostgreSQL's question for TLS, or a TLS handshake. Each silences some server.
   * `hello`: the first bytes of TLS and a line of text, for a port where a server that greets was expected.
   */
  readonly ask: 'text' | 'postgres' | 'tls' | 'hello'
}

/**
 * Asks a port that did not answer as it should what it speaks instead: listens for a greeting, then provokes an answer. One connection, at
 * most `ms`, at most 512 bytes. No `Host:` line, which Redis logs as an attack. `null` when it cannot be told.
 */
export async function sniff(address: Address, { ask, ...options }: SniffOptions): Promise<string | null> {
  const { ms, signal, now } = options
  const deadline = now() + ms
  let socket: Socket | undefined
  try {
    socket = await dial(address, options)
    const greeting = protocolOf(await gather(socket, { ms: Math.min(300, ms / 3), limit: 512, signal, enough: 8 }))
    if (greeting !== null) return greeting
    const left = deadline - now()
    if (ask === 'tls') return await speaksTls(socket, { ms: left, signal })
    if (ask === 'text') {
      socket.write(LINE)
      const said = protocolOf(await gather(socket, { ms: Math.min(200, left / 3), limit: 512, signal, enough: 5 }))
      if (said !== null) return said
    }
    socket.write(REQUESTS[ask])
    const answer = await gather(socket, { ms: deadline - now(), limit: 512, signal, enough: ask === 'postgres' ? 1 : 8 })
    return ask === 'postgres' && /^[SN]$/.test(answer.toString('latin1')) ? 'PostgreSQL' : protocolOf(answer)
  } catch {
    return null
  } finally {
    socket?.destroy()
  }
}

/** A handshake that ends well, or with an alert, was TLS. */
async function speaksTls(socket: Socket, { ms, signal }: { readonly ms: number; readonly signal: AbortSignal }): Promise<string | null> {
  try {
    const secured = await upgrade(socket, { mode: 'require', host: '/', trust: {}, ms, signal })
    secured.socket.destroy()
    return 'TLS'
  } catch (error) {
    return error instanceof NetError && error.code.includes('ALERT') ? 'TLS' : null
  }
}
