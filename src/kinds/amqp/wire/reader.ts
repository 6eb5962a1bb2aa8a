import { NetError } from '../../../net/bounded.ts'

/** A value of a field table. */
export type Field = string | number | boolean | null | readonly Field[] | Table
/** https://www.rabbitmq.com/amqp-0-9-1-errata#section_3 */
export type Table = ReadonlyMap<string, Field>

/** No table that answers us is nested so deep, or holds so many fields. */
const DEPTH_MAX = 8
const FIELDS_MAX = 1_000

/** Reads the arguments of one method. Whatever would lie beyond their end is no AMQP: throws NetError `protocol`. */
export class Reader {
  readonly #bytes: Buffer
  #at = 0
  #fields = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  octet(): number {
    return this.#take(1).readUInt8()
  }

  short(): number {
    return this.#take(2).readUInt16BE()
  }

  long(): number {
    return this.#take(4).readUInt32BE()
  }

  /** At most 255 bytes. */
  shortText(): string {
    return this.#take(this.octet()).toString('utf8')
  }

  longText(): string {
    return this.#take(this.long()).toString('utf8')
  }

  table(depth = 0): Table {
    const inside = new Reader(this.#take(this.long()))
    const table = new Map<string, Field>()
    while (!inside.#isAtEnd) {
      this.#count(depth)
      const name = inside.shortText()
      table.set(name, inside.#field(depth + 1))
    }
    return table
  }

  get #isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  #count(depth: number): void {
    this.#fields += 1
    if (depth > DEPTH_MAX || this.#fields > FIELDS_MAX) throw new NetError('talk', 'too-much')
  }

  #list(depth: number): readonly Field[] {
    const inside = new Reader(this.#take(this.long()))
    const list: Field[] = []
    while (!inside.#isAtEnd) {
      this.#count(depth)
      list.push(inside.#field(depth + 1))
    }
    return list
  }

  /** The letters that RabbitMQ writes and reads. */
  #field(depth: number): Field {
    const type = String.fromCharCode(this.octet())
    switch (type) {
      case 't':
        return this.octet() !== 0
      case 'b':
        return this.#take(1).readInt8()
      case 'B':
        return this.octet()
      case 's':
        return this.#take(2).readInt16BE()
      case 'u':
        return this.short()
      case 'I':
        return this.#take(4).readInt32BE()
      case 'i':
        return this.long()
      case 'l':
      case 'L':
      case 'T':
        return Number(this.#take(8).readBigInt64BE())
      case 'f':
        return this.#take(4).readFloatBE()
      case 'd':
        return this.#take(8).readDoubleBE()
      case 'D':
        return 10 ** -this.octet() * this.long()
      case 'S':
        return this.longText()
      case 'x':
        return this.#take(this.long()).toString('hex')
      case 'A':
        return this.#list(depth)
      case 'F':
        return this.table(depth)
      case 'V':
        return null
      default:
        throw new NetError('talk', 'protocol')
    }
  }

  #take(count: number): Buffer {
    const end = this.#at + count
    if (end > this.#bytes.length) throw new NetError('talk', 'protocol')
    const piece = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return piece
  }
}
