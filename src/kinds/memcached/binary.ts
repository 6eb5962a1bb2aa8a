import { NetError } from '../../net/bounded.ts'
import type { Exchange, Lines } from '../../net/lines.ts'
import { ANSWER_BYTES_MAX, type Dialect, type McError, MISSED_KEY, type Section, STATS_MAX, type Stats, until } from './dialect.ts'
import type { Login } from './handle.ts'

const OPCODES = { get: 0x00, version: 0x0b, stat: 0x10, auth: 0x21 } as const
type Opcode = keyof typeof OPCODES

export const RESPONSE = 0x81
const REQUEST = 0x80
const HEADER = 24
const KEY_NOT_FOUND = 0x01
/**
 * Comes back as it is, so that it may be anything. With the end of a line in it, a server that speaks lines answers at once that it did not
 * understand, where it would wait for ever.
 */
const OPAQUE = 'at\r\n'

interface Packet {
  readonly status: number
  readonly key: string
  readonly value: string
}

/**
 * The binary protocol, for servers that ask for a login by SASL. https://github.com/memcached/memcached/wiki/BinaryProtocolRevamped,
 * https://github.com/memcached/memcached/wiki/SASLAuthProtocol
 */
export class Binary implements Dialect {
  readonly #lines: Lines

  constructor(lines: Lines) {
    this.#lines = lines
  }

  /** The first byte of the answer to `version`: RESPONSE, or the beginning of what another server says. Nothing more is read. */
  async knock(exchange: Exchange): Promise<number> {
    this.#lines.send(packet('version'))
    return (await this.#lines.bytes(1, exchange))[0] ?? 0
  }

  /** The rest of the answer to `knock`. */
  async knocked(exchange: Exchange): Promise<string | McError> {
    return versionOf(await this.#read('version', exchange, HEADER - 1))
  }

  async version(exchange: Exchange): Promise<string | McError> {
    this.#lines.send(packet('version'))
    return versionOf(await this.#read('version', exchange))
  }

  /** SASL PLAIN (RFC 4616). Null: it is in. */
  async authenticate({ user, password }: Login, exchange: Exchange): Promise<McError | null> {
    this.#lines.send(packet('auth', 'PLAIN', `\0${user}\0${password.reveal()}`))
    return errorIn(await this.#read('auth', exchange))
  }

  async stats(section: Section, exchange: Exchange): Promise<Stats | McError> {
    const left = until(exchange)
    const stats = new Map<string, string>()
    this.#lines.send(packet('stat', section))
    for (let at = 0; at <= STATS_MAX; at += 1) {
      const answer = await this.#read('stat', left())
      const error = errorIn(answer)
      if (error !== null) return error
      if (answer.key === '') return stats
      stats.set(answer.key, answer.value)
    }
    throw new NetError('talk', 'too-much')
  }

  async miss(exchange: Exchange): Promise<McError | null> {
    this.#lines.send(packet('get', MISSED_KEY))
    const answer = await this.#read('get', exchange)
    return answer.status === KEY_NOT_FOUND ? null : errorIn(answer)
  }

  async #read(opcode: Opcode, exchange: Exchange, headerLeft = HEADER): Promise<Packet> {
    const left = until(exchange)
    const header = Buffer.concat([Buffer.from([RESPONSE]).subarray(0, HEADER - headerLeft), await this.#lines.bytes(headerLeft, left())])
    const [keyBytes, extraBytes, status] = [header.readUInt16BE(2), header.readUInt8(4), header.readUInt16BE(6)]
    const size = header.readUInt32BE(8)
    if (header[0] !== RESPONSE || header[1] !== OPCODES[opcode] || keyBytes + extraBytes > size) throw new NetError('talk', 'protocol')
    if (size > ANSWER_BYTES_MAX) throw new NetError('talk', 'too-much')
    const body = size === 0 ? Buffer.alloc(0) : await this.#lines.bytes(size, left())
    const at = extraBytes + keyBytes
    return { status, key: body.toString('latin1', extraBytes, at), value: body.toString('latin1', at) }
  }
}

function packet(opcode: Opcode, key = '', value = ''): Buffer {
  const [name, body] = [Buffer.from(key), Buffer.from(value)]
  const header = Buffer.alloc(HEADER)
  header.writeUInt8(REQUEST, 0)
  header.writeUInt8(OPCODES[opcode], 1)
  header.writeUInt16BE(name.length, 2)
  header.writeUInt32BE(name.length + body.length, 8)
  header.write(OPAQUE, 12, 'latin1')
  return Buffer.concat([header, name, body])
}

const errorIn = ({ status, value }: Packet): McError | null => (status === 0 ? null : { error: `0x${status.toString(16)}`, text: value })

const versionOf = (answer: Packet): string | McError => errorIn(answer) ?? answer.value
