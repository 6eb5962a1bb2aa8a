import { NetError } from '../../net/bounded.ts'

/** An error reply: its first word, and the rest. */
export interface RespError {
  readonly error: string
  readonly text: string
}

/** A reply of Redis. Maps are flat lists of keys and values. */
export type Reply = string | number | boolean | null | RespError | readonly Reply[]

export interface RespLimits {
  readonly bytes: number
  readonly depth: number
  readonly items: number
}

/** Bounds that no answer to the questions of a probe comes near. */
export const RESP_LIMITS: RespLimits = { bytes: 64 * 1024, depth: 8, items: 4096 }

export const isError = (reply: Reply): reply is RespError => typeof reply === 'object' && reply !== null && 'error' in reply

export const isList = (reply: Reply | undefined): reply is readonly Reply[] => Array.isArray(reply)

/** What stands under a name in a map. */
export function fieldOf(map: readonly Reply[], name: string): Reply | undefined {
  const at = map.findIndex((each, index) => index % 2 === 0 && each === name)
  return at < 0 ? undefined : map[at + 1]
}

/** A command as an array of bulk strings. */
export function command(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
}

/**
 * Reads one reply (RESP2 and RESP3). `null`: it is not whole yet. Out-of-band messages are passed over. Throws NetError `protocol` for what is
 * no RESP, `too-much` for what is over the limits. https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
export function readReply(bytes: Buffer, limits = RESP_LIMITS): { readonly reply: Reply; readonly length: number } | null {
  if (bytes.length > limits.bytes) throw new NetError('talk', 'too-much')
  const reader = new Reader(bytes, limits)
  try {
    for (;;) {
      const pushed = bytes[reader.at] === PUSH
      const reply = reader.value(0)
      if (!pushed) return { reply, length: reader.at }
    }
  } catch (error) {
    if (error === INCOMPLETE) return null
    throw error
  }
}

const INCOMPLETE = Symbol('incomplete')
const PUSH = 0x3e

class Reader {
  at = 0
  readonly #bytes: Buffer
  readonly #limits: RespLimits
  #items = 0

  constructor(bytes: Buffer, limits: RespLimits) {
    this.#bytes = bytes
    this.#limits = limits
  }

  value(depth: number): Reply {
    this.#items += 1
    if (depth > this.#limits.depth || this.#items > this.#limits.items) throw new NetError('talk', 'too-much')
    const first = this.#bytes[this.at]
    if (first === undefined) throw INCOMPLETE
    const type = String.fromCharCode(first)
    if (!'+-:$*_#,(!=%~>|'.includes(type)) throw new NetError('talk', 'protocol')
    this.at += 1
    const line = this.#line()
    switch (type) {
      case '+':
      case ',':
      case '(':
        return line
      case '-':
        return errorOf(line)
      case ':':
        return this.#number(line)
      case '#':
        return line === 't'
      case '_':
        return null
      case '$':
        return this.#bulk(line)
      case '=':
        return this.#verbatim(line)
      case '!':
        return errorOf(this.#bulk(line) ?? '')
      case '|':
        this.#list(2 * this.#number(line), depth)
        return this.value(depth + 1)
      case '%':
        return this.#list(2 * this.#number(line), depth)
      default:
        return line === '-1' ? null : this.#list(this.#number(line), depth)
    }
  }

  #line(): string {
    const end = this.#bytes.indexOf('\r\n', this.at, 'latin1')
    if (end < 0) throw INCOMPLETE
    const line = this.#bytes.toString('utf8', this.at, end)
    this.at = end + 2
    return line
  }

  #number(line: string): number {
    if (!/^-?\d{1,15}$/.test(line)) throw new NetError('talk', 'protocol')
    return Number(line)
  }

  #bulk(line: string): string | null {
    const length = this.#number(line)
    if (length === -1) return null
    if (length < 0) throw new NetError('talk', 'protocol')
    if (length > this.#limits.bytes) throw new NetError('talk', 'too-much')
    if (this.#bytes.length < this.at + length + 2) throw INCOMPLETE
    const text = this.#bytes.toString('utf8', this.at, this.at + length)
    this.at += length + 2
    return text
  }

  /** A text that three letters and a colon stand before: `txt:`. They say how it is to be shown, and are none of it. */
  #verbatim(line: string): string {
    const text = this.#bulk(line)
    if (text === null || !/^[ -~]{3}:/.test(text)) throw new NetError('talk', 'protocol')
    return text.slice(4)
  }

  #list(count: number, depth: number): readonly Reply[] {
    if (count < 0) throw new NetError('talk', 'protocol')
    if (count > this.#limits.items) throw new NetError('talk', 'too-much')
    return Array.from({ length: count }, () => this.value(depth + 1))
  }
}

function errorOf(line: string): RespError {
  const [word = ''] = line.split(' ')
  return /^[A-Z][A-Z0-9]{1,30}$/.test(word) ? { error: word, text: line.slice(word.length + 1) } : { error: 'ERR', text: line }
}
