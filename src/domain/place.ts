import { ipVersion } from './address.ts'
import type { Identity } from './handle.ts'

/** A host as two handles are compared by it: case, a final dot and the ways to write one address do not count. The path of a socket is itself. */
export function canonicalHost(host: string): string {
  if (host.startsWith('/')) return host.replace(/\/{2,}/g, '/')
  const name = host.toLowerCase().replace(/\.$/, '')
  if (ipVersion(name) === 6) return canonicalIpv6(name)
  // What the system takes for an address: 127.1, 0x7f.0.0.1.
  return /^[\da-fx.]+$/.test(name) && URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : name
}

/** Whether a host, an address or a socket is of the machine that asks for it. */
export function isHere(host: string): boolean {
  const name = canonicalHost(host)
  return name.startsWith('/') || isLoopback(name)
}

/**
 * Whether two handles lead to one resource, as far as they say: kind, host, port and name. Names of this machine are one; a socket is its path. Of
 * lists: the same servers, in whatever order; of hosts that only tell where it is, one that both have.
 */
export function isSameResource(one: Identity, other: Identity): boolean {
  if (one.watched !== undefined && other.watched !== undefined) return sharesServer(one, other)
  const [ours, theirs] = [placesOf(one), placesOf(other)]
  const isAmong = (places: readonly Identity[]) => (place: Identity) => places.some((each) => isSamePlace(place, each))
  return ours.every(isAmong(theirs)) && theirs.every(isAmong(ours))
}

/** Whether two handles lead to one server at least. */
export const sharesServer = (one: Identity, other: Identity): boolean =>
  placesOf(one).some((ours) => placesOf(other).some((theirs) => isSamePlace(ours, theirs)))

/** Each server of a handle, as if it stood there alone. */
export function placesOf({ others = [], ...first }: Identity): readonly Identity[] {
  return [first, ...others.map((place) => ({ ...first, ...hostAndPortOf(place) }))]
}

const isSamePlace = (one: Identity, other: Identity): boolean =>
  one.host !== '' &&
  one.kind === other.kind &&
  one.name === other.name &&
  one.watched === other.watched &&
  one.port === other.port &&
  isSameHost(one.host, other.host)

/** Of `HOST:PORT`, `[ADDRESS]:PORT`. */
function hostAndPortOf(place: string): { readonly host: string; readonly port: number } {
  const colon = place.lastIndexOf(':')
  return { host: place.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(place.slice(colon + 1)) }
}

/** Whether two hosts are one, as far as their names say. */
export function isSameHost(one: string, other: string): boolean {
  const [a, b] = [canonicalHost(one), canonicalHost(other)]
  return a === b || (isLoopback(a) && isLoopback(b))
}

function canonicalIpv6(name: string): string {
  const [address = '', zone] = name.split('%')
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(text)
  if (mapped === null) return zone === undefined ? text : `${text}%${zone}`
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** 0.0.0.0 and :: are where one listens; who connects to them comes to this machine. */
const isLoopback = (name: string): boolean =>
  name === 'localhost' || name.endsWith('.localhost') || ['::1', '::', '0.0.0.0'].includes(name) || /^127\.\d+\.\d+\.\d+$/.test(name)
