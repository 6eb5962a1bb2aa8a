import { NetError } from '../../../net/bounded.ts'
import { Bytes } from './bytes.ts'

/** The server's own error: its number and its words. */
export interface ServerError {
  readonly number: number
  readonly message: string
}

/** A value, thrown: the server refused. */
export class ServerRefused extends Error {
  override readonly name = 'ServerRefused'
  readonly server: ServerError

  constructor(server: ServerError) {
    super(`${server.number}`)
    this.server = server
  }
}

/** https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html */
export const CAN = {
  longPassword: 1 << 0,
  protocol41: 1 << 9,
  tls: 1 << 11,
  transactions: 1 << 13,
  secureConnection: 1 << 15,
  pluginAuth: 1 << 19,
  attributes: 1 << 20,
  lengthEncodedAuth: 1 << 21,
} as const

/** How a server greets whoever connects. */
export interface Greeting {
  /** As it is told: MariaDB says 5.5.5- before its own, for old replicas. */
  readonly version: string
  readonly can: number
  /** 20 bytes that the password is mixed with. */
  readonly nonce: Buffer
  /** The way of login that it takes first. */
  readonly plugin: string
}

/** Throws ServerRefused where it greets with an error, NetError `protocol`. https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html */
export function readGreeting(payload: Buffer): Greeting {
  if (payload[0] === 0xff) throw new ServerRefused(readError(payload))
  const bytes = new Bytes(payload)
  if (bytes.number(1) !== 10) throw new NetError('talk', 'protocol')
  const version = bytes.upToNul().toString('latin1')
  bytes.take(4)
  const first = bytes.take(8)
  bytes.take(1)
  const low = bytes.number(2)
  bytes.take(3)
  const can = (bytes.number(2) << 16) | low
  const length = bytes.number(1)
  bytes.take(10)
  if ((can & CAN.protocol41) === 0 || (can & CAN.secureConnection) === 0) throw new NetError('talk', 'protocol')
  const second = bytes.take(Math.min(bytes.left, Math.max(13, length - 8)))
  const plugin = can & CAN.pluginAuth ? bytes.upToNul().toString('latin1') : 'mysql_native_password'
  const nonce = Buffer.concat([first, second]).subarray(0, 20)
  if (nonce.length !== 20) throw new NetError('talk', 'protocol')
  return { version, can, nonce, plugin }
}

/** The state, `#28000`, is left out: the number says more. */
export function readError(payload: Buffer): ServerError {
  const bytes = new Bytes(payload, 1)
  const number = bytes.number(2)
  const text = bytes.rest().toString('utf8')
  return { number, message: text.startsWith('#') ? text.slice(6) : text }
}
