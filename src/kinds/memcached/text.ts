import { NetError } from '../../net/bounded.ts'
import type { Exchange, Lines } from '../../net/lines.ts'
import { protocolOf } from '../../net/sniff.ts'
import { wrongProtocol } from '../failure.ts'
import { Failed } from '../probing.ts'
import { type Dialect, isMcError, type McError, MISSED_KEY, type Section, STATS_MAX, type Stats, until } from './dialect.ts'
import { ASK_FOR_TLS, SERVICE } from './failure.ts'

/** The text protocol. https://github.com/memcached/memcached/blob/master/doc/protocol.txt */
export class Text implements Dialect {
  readonly #lines: Lines

  constructor(lines: Lines) {
    this.#lines = lines
  }

  async version(exchange: Exchange): Promise<string | McError> {
    this.#lines.send('version\r\n')
    return versionIn(await this.#lines.line(exchange), this.#lines)
  }

  /**
   * The first question. It is asked three times at once: a server that takes the binary protocol alone waits for 24 bytes before it hangs up, and
   * would be waited for in vain.
   */
  async greet(exchange: Exchange): Promise<string | McError> {
    const left = until(exchange)
    this.#lines.send('version\r\n'.repeat(3))
    const first = versionIn(await this.#lines.line(left()), this.#lines)
    // It hangs up after that, or reads no further line.
    if (isTooMany(first) || isLocked(first)) return first
    for (let at = 0; at < 2; at += 1) await this.#lines.line(left())
    return first
  }

  async stats(section: Section, exchange: Exchange): Promise<Stats | McError> {
    const left = until(exchange)
    const stats = new Map<string, string>()
    this.#lines.send(section === '' ? 'stats\r\n' : `stats ${section}\r\n`)
    for (let at = 0; at <= STATS_MAX; at += 1) {
      const line = await this.#lines.line(left())
      if (line === 'END') return stats
      const error = errorIn(line)
      if (error !== null) return error
      const [, name, value] = /^STAT ([\w:.-]{1,128})(?: (.*))?$/.exec(line) ?? []
      if (name === undefined) throw new NetError('talk', 'protocol')
      stats.set(name, value ?? '')
    }
    throw new NetError('talk', 'too-much')
  }

  async miss(exchange: Exchange): Promise<McError | null> {
    this.#lines.send(`get ${MISSED_KEY}\r\n`)
    const line = await this.#lines.line(exchange)
    const error = errorIn(line)
    if (error === null && line !== 'END') throw new NetError('talk', 'protocol')
    return error
  }

  /**
   * The login with a token, for a server that has just said that it wants one: there `set` stores nothing. Null: it is in. `ahead`: bytes of ours
   * that it still holds as the beginning of a line. https://github.com/memcached/memcached/blob/master/doc/protocol.txt, section "Authentication"
   */
  async authenticate(token: string, ahead: 'nothing' | 'something', exchange: Exchange): Promise<McError | null> {
    const left = until(exchange)
    if (ahead === 'something') {
      this.#lines.send('\r\n')
      const answer = errorIn(await this.#lines.line(left()))
      if (!isLocked(answer)) throw new NetError('talk', 'protocol')
    }
    this.#lines.send(`set attach 0 0 ${Buffer.byteLength(token)}\r\n${token}\r\n`)
    const line = await this.#lines.line(left())
    const error = errorIn(line)
    if (error === null && line !== 'STORED') throw new NetError('talk', 'protocol')
    return error
  }
}

/** It answers nothing until somebody has logged in. */
export const isLocked = (answer: unknown): boolean =>
  isMcError(answer) && answer.error === 'CLIENT_ERROR' && /^unauthenticated/i.test(answer.text)

export const isTooMany = (answer: unknown): boolean => isMcError(answer) && /too many open connections/i.test(answer.text)

/** A line with a version or an error in it. Throws Failed where another protocol speaks, NetError. */
export function versionIn(line: string, lines: Lines): string | McError {
  const version = /^VERSION (.{1,200})$/.exec(line)?.[1]
  if (version !== undefined) return version
  const error = errorIn(line)
  if (error !== null) return error
  throw stranger(line, lines)
}

/** What spoke there instead, or `protocol`. `said`: a line, or the beginning of one. */
export function stranger(said: string, { unread }: Lines): Error {
  const as = (end: string) => protocolOf(Buffer.concat([Buffer.from(`${said}${end}`, 'latin1'), unread]))
  const protocol = as('\r\n') ?? as('\n')
  return protocol === null || protocol === SERVICE
    ? new NetError('talk', 'protocol')
    : new Failed(wrongProtocol(protocol, SERVICE, { tls: ASK_FOR_TLS }))
}

export function errorIn(line: string): McError | null {
  const [, error, text] = /^(ERROR|CLIENT_ERROR|SERVER_ERROR)(?: (.*))?$/.exec(line) ?? []
  return error === undefined ? null : { error, text: text ?? '' }
}
