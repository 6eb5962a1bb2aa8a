import { NetError } from '../../../net/bounded.ts'

/** Reads one packet from its front. Throws NetError `protocol` where it is shorter than it says. */
export class Bytes {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  take(count: number): Buffer {
    if (count > this.left) throw new NetError('talk', 'protocol')
    const part = this.#bytes.subarray(this.#at, this.#at + count)
    this.#at += count
    return part
  }

  /** A whole number of so many bytes, the lowest first. */
  number(count: 1 | 2 | 3 | 4): number {
    return this.take(count).readUIntLE(0, count)
  }

  /** Length-encoded. Null: 0xfb, which is NULL in a row. */
  length(): number | null {
    const first = this.number(1)
    if (first < 0xfb) return first
    if (first === 0xfb) return null
    if (first === 0xfc) return this.number(2)
    if (first === 0xfd) return this.number(3)
    throw new NetError('talk', first === 0xfe ? 'too-much' : 'protocol')
  }

  /** Length-encoded, UTF-8. */
  text(): string | null {
    const length = this.length()
    return length === null ? null : this.take(length).toString('utf8')
  }

  /** Up to a NUL, which is taken too; up to the end where there is none. */
  upToNul(): Buffer {
    const end = this.#bytes.indexOf(0, this.#at)
    if (end < 0) return this.take(this.left)
    const part = this.take(end - this.#at)
    this.take(1)
    return part
  }

  rest(): Buffer {
    return this.take(this.left)
  }
}

/** A length, and so many bytes. */
export function withLength(bytes: Buffer): Buffer {
  const { length } = bytes
  const head =
    length < 0xfb
      ? [length]
      : length <= 0xffff
        ? [0xfc, length & 255, length >> 8]
        : [0xfd, length & 255, (length >> 8) & 255, length >> 16]
  return Buffer.concat([Buffer.from(head), bytes])
}
