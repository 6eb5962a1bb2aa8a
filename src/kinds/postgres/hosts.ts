import { invalid, type SplitHandle } from '../../domain/handle-grammar.ts'
import { queryText, refuseHidden } from '../../domain/handle-split.ts'
import type { Address } from '../../net/dial.ts'
import { hostName } from '../host.ts'

/** One server of a handle. */
export interface Server {
  readonly address: Address
  /** The name that TLS checks; the path of the socket for one. */
  readonly host: string
  /** `db1:5432`, or the path of the socket. Fit to print. */
  readonly place: string
}

/** In the order in which they are tried. */
export type Servers = readonly [Server, ...Server[]]

/** Which session will do: the words of target_session_attrs. https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-TARGET-SESSION-ATTRS */
export const WANTED = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const
export type Wanted = (typeof WANTED)[number]

const PORT = 5432
/** More than a probe could ask in its time. */
const HOSTS_MAX = 64
const LIST = 'write HOST:PORT,HOST:PORT, or ?host=HOST,HOST&port=PORT,PORT'

/**
 * The servers of a handle. As in libpq all hosts are one list and all ports another, each from the query where it stands there; a lone port is that
 * of all hosts. A host that begins with / is a folder with a socket in it; the port is part of the socket's name. Throws HANDLE_INVALID.
 */
export function serversOf(split: SplitHandle, example: string): Servers {
  const addresses = listOf(queryText(split, 'hostaddr'))
  const names = listOf(queryText(split, 'host')) ?? listOf(hostsIn(split)) ?? addresses
  if (names === null) throw invalid('names no host', `write ${example}, or ?host=/var/run/postgresql for a socket`)
  if (names.length > HOSTS_MAX) throw invalid(`lists more than ${HOSTS_MAX} hosts`, 'name those that the app is to try')
  if (names.includes('') || addresses?.includes('') === true) throw invalid('has an empty place in its list of hosts', LIST)
  if (addresses !== null && addresses.length !== names.length)
    throw invalid(
      `has ${counted(names.length, 'host')} and ${counted(addresses.length, 'address', 'addresses')} in hostaddr`,
      'name an address for each host, in the same order',
    )
  if (names.length > 1 && names.some((name) => name.startsWith('/')))
    throw invalid('has the folder of a socket in its list of hosts', 'name a socket alone, or localhost in its place')
  const ports = portsOf(split, names.length)
  const [first, ...others] = names.map((text, at) => serverOf(text, addresses?.[at] ?? null, ports[at] ?? PORT))
  if (first === undefined) throw invalid('names no host', `write ${example}`)
  return [first, ...others]
}

/** What stands in the authority, as libpq joins it. */
const hostsIn = ({ host, others }: SplitHandle): string | null =>
  host === null ? null : [host, ...others.map((other) => other.host)].map(({ text }) => text).join()

const listOf = (text: string | null): readonly string[] | null => (text === null || text === '' ? null : text.split(','))

function serverOf(text: string, address: string | null, port: number): Server {
  refuseHidden({ text }, 'host')
  if (text.startsWith('/')) {
    const path = `${text.replace(/\/+$/, '')}/.s.PGSQL.${port}`
    if (Buffer.byteLength(path) > 107) throw invalid('names a socket with a path longer than 107 bytes', 'use a shorter path')
    return { address: { path }, host: path, place: path }
  }
  const host = hostName({ text })
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return { address: { host: address === null ? host : hostName({ text: address }), port }, host, place }
}

/** One for each host. What names no port in a list has the usual one. */
function portsOf(split: SplitHandle, hosts: number): readonly number[] {
  const inAuthority = [split.port, ...split.others.map(({ port }) => port)].map((port) => port?.text ?? '')
  const texts = listOf(queryText(split, 'port')) ?? inAuthority
  const ports = texts.map((text) => (text === '' ? PORT : portOf(text)))
  const [only] = ports
  if (only !== undefined && ports.length === 1) return Array.from({ length: hosts }, () => only)
  if (ports.length !== hosts)
    throw invalid(
      `has ${counted(hosts, 'host')} and ${counted(ports.length, 'port')}`,
      'write one port for all hosts, or one for each, in the same order',
    )
  return ports
}

function portOf(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 65_535)
    throw invalid('has a port outside 1 to 65535', 'write a number from 1 to 65535')
  return Number(text)
}

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
