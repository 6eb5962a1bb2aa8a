import { domainToASCII } from 'node:url'
import { ipVersion } from '../domain/address.ts'
import { invalid, type Part } from '../domain/handle-grammar.ts'
import { isHere } from '../domain/place.ts'

/** A host name as DNS takes it: lower case, and punycode where it is written in another script. Throws HANDLE_INVALID. */
export function hostName(part: Pick<Part, 'text'>): string {
  const { text } = part
  if (ipVersion(text) !== 0) return text.toLowerCase()
  const ascii = /^[\x20-\x7e]*$/.test(text) ? text.toLowerCase() : domainToASCII(text)
  const labels = ascii.replace(/\.$/, '').split('.')
  if (ascii === '' || ascii.length > 254 || labels.some((label) => !/^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))) {
    throw invalid(
      'has a host that is no host name',
      'write a name of letters, digits, - and . , or an address; a password is percent-encoded',
    )
  }
  return ascii
}

/** A host, its address, or the path of a socket, by how far what is sent to it travels. */
export function reach(host: string): 'local' | 'private' | 'public' {
  if (isHere(host)) return 'local'
  if (ipVersion(host) === 4) return /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(host) ? 'private' : 'public'
  if (ipVersion(host) === 6) return /^f[cd]|^fe[89ab]/i.test(host) ? 'private' : 'public'
  return !host.includes('.') || /\.(local|internal|lan|home\.arpa|cluster\.local|svc)$/.test(host) ? 'private' : 'public'
}

/** A host as it stands in a handle, checked. Throws HANDLE_INVALID. */
export function hostInHandle(host: string): string {
  if (ipVersion(host) === 6) return `[${host}]`
  hostName({ text: host })
  return host
}
