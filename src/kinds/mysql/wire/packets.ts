import type { Duplex } from 'node:stream'
import { NetError } from '../../../net/bounded.ts'
import type { Exchange } from '../../../net/lines.ts'
import { protocolOf } from '../../../net/sniff.ts'
import { nextChunk } from '../../../net/wire.ts'
import { wrongProtocol } from '../../failure.ts'
import { Failed } from '../../probing.ts'

export const SERVICE = 'MySQL'

/** No answer to a question of a probe comes near. */
const BYTES_MAX = 64 * 1024
/** A longer message goes on in another packet; none of ours does. */
const PACKET_MAX = 0xffffff
const HEAD = 4

/**
 * Messages in packets: three bytes of length, one that counts. What came and was not asked for yet is kept. After an error it is of no use: an
 * answer may still be on its way. https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
 */
export class Packets {
  #socket: Duplex
  #buffer: Buffer = Buffer.alloc(0)
  #chunks: Buffer[] = []
  #pending = 0
  #number = 0
  #limit = BYTES_MAX
  #taken = 0
  #heard = false

  constructor(socket: Duplex) {
    this.#socket = socket
  }

  /** From here on an answer may be as long as this. */
  allow(bytes: number): void {
    this.#limit = bytes
  }

  /** From here on over TLS. What came before its handshake was said by nobody that is known: it breaks the conversation. */
  over(socket: Duplex): void {
    if (this.#buffer.length + this.#pending > 0) throw new NetError('talk', 'protocol')
    this.#socket = socket
  }

  /** A question: its number is 0, and its answer may be as long as is allowed. */
  ask(payload: Buffer): void {
    this.#number = 0
    this.#taken = 0
    this.send(payload)
  }

  /** The next message of an exchange. */
  send(payload: Buffer): void {
    const head = Buffer.alloc(HEAD)
    head.writeUIntLE(payload.length, 0, 3)
    head.writeUInt8(this.#number & 255, 3)
    this.#number += 1
    this.#socket.write(Buffer.concat([head, payload]))
  }

  /** The next message of the server. Throws NetError; Failed where another protocol speaks. */
  async next(exchange: Exchange): Promise<Buffer> {
    const deadline = exchange.now() + exchange.ms
    await this.#fill(HEAD, deadline, exchange)
    const length = this.#buffer.readUIntLE(0, 3)
    if (!this.#heard) this.#refuseForeign(length)
    if (length >= PACKET_MAX || this.#taken + length > this.#limit) throw new NetError('talk', 'too-much')
    if (this.#buffer[3] !== (this.#number & 255)) throw new NetError('talk', 'protocol')
    await this.#fill(HEAD + length, deadline, exchange)
    const payload = this.#buffer.subarray(HEAD, HEAD + length)
    this.#buffer = this.#buffer.subarray(HEAD + length)
    this.#number += 1
    this.#taken += length
    this.#heard = true
    if (payload.length === 0) throw new NetError('talk', 'protocol')
    return payload
  }

  #refuseForeign(length: number): void {
    const isOdd = this.#buffer[3] !== 0 || length > this.#limit || length === 0
    const protocol = isOdd ? protocolOf(this.#buffer) : null
    if (protocol !== null && protocol !== SERVICE) throw new Failed(wrongProtocol(protocol, SERVICE, { tls: null }))
  }

  async #fill(bytes: number, deadline: number, { now, signal }: Exchange): Promise<void> {
    while (this.#buffer.length + this.#pending < bytes) {
      const chunk = await nextChunk(this.#socket, deadline - now(), signal)
      if (chunk === null) throw new NetError('talk', 'closed')
      this.#chunks.push(chunk)
      this.#pending += chunk.length
    }
    if (this.#chunks.length === 0) return
    this.#buffer = Buffer.concat([this.#buffer, ...this.#chunks])
    this.#chunks = []
    this.#pending = 0
  }
}
