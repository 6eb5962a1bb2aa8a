import { domainToASCII } from 'node:url'
import { ipVersion } from '../../domain/address.ts'
import { invalid } from '../../domain/handle-grammar.ts'

/** RFC 5321, 4.5.3.1: a path is at most 256 octets with its brackets. */
const BYTES_MAX = 254

/**
 * The address in `app@example.com` or `App <app@example.com>`, as MAIL FROM takes it. `what` names the part. Throws HANDLE_INVALID: nothing but
 * a plain address is ever sent, so that no line can be ended by one.
 */
export function mailbox(text: string, what: string): string {
  const [, inner] = /^[^<>\r\n]*<([^<>]*)>$/.exec(text.trim()) ?? []
  const address = (inner ?? text).trim()
  const at = address.lastIndexOf('@')
  const [local, domain] = [address.slice(0, Math.max(at, 0)), address.slice(at + 1)]
  const isLocal = /^[^\s\p{Cc}\p{Cf}"(),:;<>@[\\\].]+(\.[^\s\p{Cc}\p{Cf}"(),:;<>@[\\\].]+)*$/u.test(local)
  if (at < 1 || !isLocal || !isDomain(domain) || Buffer.byteLength(address) > BYTES_MAX)
    throw invalid(`has a ${what} that is no mail address`, `write ${what}=app%40example.com`)
  return address
}

/** What stands after EHLO: a host name, or an address in brackets (RFC 5321, 4.1.1.1). Throws HANDLE_INVALID. */
export function clientName(text: string): string {
  const [, literal] = /^\[(?:IPv6:)?([^\]]*)\]$/i.exec(text) ?? []
  if (literal === undefined ? !isDomain(text) : ipVersion(literal) === 0)
    throw invalid('has a name for EHLO that is no host name', 'write name=app.example.com, or leave it out')
  return literal === undefined ? domainToASCII(text) : text
}

/** How a client without a host name of its own calls itself (RFC 5321, 4.1.3): by the address that it comes from. */
export function addressLiteral(address: string | undefined): string {
  const plain = (address ?? '127.0.0.1').replace(/^::ffff:(?=\d+\.)/i, '').split('%')[0] ?? ''
  return ipVersion(plain) === 6 ? `[IPv6:${plain}]` : `[${plain}]`
}

/** `domainToASCII` drops line ends in silence: they are refused before. */
function isDomain(text: string): boolean {
  if (/[\s\p{Cc}\p{Cf}]/u.test(text)) return false
  const ascii = /^[\x21-\x7e]*$/.test(text) ? text : domainToASCII(text)
  return ascii.length <= 253 && /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i.test(ascii)
}
