import type { Socket } from 'node:net'
import { NetError } from '../../net/bounded.ts'
import { type Exchange, Lines } from '../../net/lines.ts'
import { protocolOf } from '../../net/sniff.ts'
import { wrongProtocol } from '../failure.ts'
import { Failed } from '../probing.ts'
import { type BeanstalkdError, ERRORS } from './failure.ts'

export const SERVICE = 'beanstalkd'

/** A server with 20,000 tubes says less. */
const BODY_BYTES_MAX = 1024 * 1024

/** A body, or the word of a refusal. */
export type Answer = { readonly body: Buffer } | { readonly error: BeanstalkdError }

/** Questions that are answered with `OK <bytes>` and a body. After an error of the network it is of no use. */
export class Conversation {
  readonly #lines: Lines

  constructor(socket: Socket) {
    this.#lines = new Lines(socket)
    this.#lines.allow(BODY_BYTES_MAX)
  }

  /** Throws NetError; Failed where another protocol speaks. */
  async ask(question: string, exchange: Exchange): Promise<Answer> {
    const [only] = await this.askAll([question], exchange)
    if (only === undefined) throw new NetError('talk', 'protocol')
    return only
  }

  /** Many questions in one round trip, and their answers in the same order. */
  async askAll(questions: readonly string[], { ms, signal, now }: Exchange): Promise<readonly Answer[]> {
    const deadline = now() + ms
    const left = (): Exchange => ({ ms: Math.max(0, deadline - now()), signal, now })
    this.#lines.send(questions.map((question) => `${question}\r\n`).join(''))
    const answers: Answer[] = []
    while (answers.length < questions.length) answers.push(await this.#answer(left))
    return answers
  }

  async #answer(left: () => Exchange): Promise<Answer> {
    const line = await this.#lines.line(left())
    const size = /^OK (\d{1,9})$/.exec(line)?.[1]
    const error = ERRORS.find((word) => word === line)
    if (error !== undefined) return { error }
    if (size === undefined) throw this.#stranger(line)
    const body = await this.#lines.bytes(Number(size), left())
    const end = await this.#lines.bytes(2, left())
    if (end.toString('latin1') !== '\r\n') throw new NetError('talk', 'protocol')
    return { body }
  }

  #stranger(line: string): Error {
    const as = (end: string) => protocolOf(Buffer.concat([Buffer.from(`${line}${end}`, 'latin1'), this.#lines.unread]))
    const protocol = as('\r\n') ?? as('\n')
    if (protocol === null || protocol === SERVICE) return new NetError('talk', 'protocol')
    return new Failed(wrongProtocol(protocol, SERVICE, { tls: null }))
  }
}
