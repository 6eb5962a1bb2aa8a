import type { Socket } from 'node:net'
import { NetError } from '../../net/bounded.ts'
import type { Exchange } from '../../net/lines.ts'
import { protocolOf } from '../../net/sniff.ts'
import { nextChunk } from '../../net/wire.ts'
import { wrongProtocol } from '../failure.ts'
import { Failed } from '../probing.ts'
import { command, RESP_LIMITS, type Reply, type RespLimits, readReply } from './resp.ts'

export const SERVICE = 'Redis'
export const ASK_FOR_TLS = 'rediss://'

/** Questions and answers over one socket. After an error of the network it is of no use: an answer may still be on its way. */
export class Conversation {
  readonly #socket: Socket
  #limits: RespLimits = RESP_LIMITS
  #buffer: Buffer = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** From here on, answers may be as long as this. */
  allow(limits: RespLimits): void {
    this.#limits = limits
  }

  async ask(words: readonly string[], exchange: Exchange): Promise<Reply> {
    const deadline = exchange.now() + exchange.ms
    this.#socket.write(command(...words))
    return await this.#answer(deadline, exchange)
  }

  /** Many questions in one round trip, and their answers in the same order. */
  async askAll(commands: readonly (readonly string[])[], exchange: Exchange): Promise<readonly Reply[]> {
    const deadline = exchange.now() + exchange.ms
    this.#socket.write(commands.map((words) => command(...words)).join(''))
    const replies: Reply[] = []
    while (replies.length < commands.length) replies.push(await this.#answer(deadline, exchange))
    return replies
  }

  /** Throws NetError; Failed where another protocol speaks. */
  async #answer(deadline: number, { signal, now }: Exchange): Promise<Reply> {
    for (;;) {
      const found = this.#whole()
      if (found !== null) {
        this.#buffer = this.#buffer.subarray(found.length)
        return found.reply
      }
      const chunk = await nextChunk(this.#socket, deadline - now(), signal)
      if (chunk === null) throw new NetError('talk', 'closed')
      this.#buffer = Buffer.concat([this.#buffer, chunk]).subarray(0, this.#limits.bytes + 1)
    }
  }

  #whole(): ReturnType<typeof readReply> {
    if (this.#buffer.length === 0) return null
    try {
      return readReply(this.#buffer, this.#limits)
    } catch (error) {
      const protocol = protocolOf(this.#buffer)
      if (protocol === null || protocol === SERVICE) throw error
      throw new Failed(wrongProtocol(protocol, SERVICE, { tls: ASK_FOR_TLS }))
    }
  }
}
