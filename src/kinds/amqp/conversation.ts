import type { Socket } from 'node:net'
import type { Secret } from '../../domain/secret.ts'
import { NetError } from '../../net/bounded.ts'
import type { Exchange } from '../../net/lines.ts'
import { protocolOf } from '../../net/sniff.ts'
import { nextChunk } from '../../net/wire.ts'
import { wrongProtocol } from '../failure.ts'
import { Failed } from '../probing.ts'
import { connectionFailure, otherVersion } from './failure.ts'
import { readFrame } from './wire/frames.ts'
import { type Refusal, type Said, saidIn } from './wire/said.ts'
import { say } from './wire/say.ts'

export const SERVICE = 'RabbitMQ'
export const PROTOCOL = 'AMQP'
export const ASK_FOR_TLS = 'amqps://'

/** No answer of ours needs so many frames, heartbeats and all. */
const FRAMES_MAX = 5_000

/** The server closed one channel, and the connection lives on. */
export class ChannelClosed extends Error {
  override readonly name = 'ChannelClosed'
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super('the channel was closed')
    this.refusal = refusal
  }
}

/** Frames to and from one server. After an error of the network it is of no use: an answer may still be on its way. */
export class Conversation {
  readonly #socket: Socket
  readonly #secrets: readonly Secret[]
  readonly #login: string
  #buffer: Buffer = Buffer.alloc(0)
  #isFirst = true
  #blocked: string | null = null

  /** `login`: the hint for a login that is refused. */
  constructor(socket: Socket, { secrets, login }: { readonly secrets: readonly Secret[]; readonly login: string }) {
    this.#socket = socket
    this.#secrets = secrets
    this.#login = login
  }

  /** Why the server reads nothing more of what we say. Null: it does read. */
  get blocked(): string | null {
    return this.#blocked
  }

  send(...frames: readonly Buffer[]): void {
    this.#socket.write(Buffer.concat(frames))
  }

  /**
   * The next thing said that is one of these; a notice that publishers are blocked is remembered and passed over unless it is asked for. Throws
   * Failed when the server closes the connection, ChannelClosed, NetError.
   */
  async hear<Is extends Said['is']>(wanted: readonly Is[], exchange: Exchange): Promise<Extract<Said, { readonly is: Is }>> {
    const deadline = exchange.now() + exchange.ms
    const isWanted = (said: Said): said is Extract<Said, { readonly is: Is }> => wanted.some((is) => is === said.is)
    for (let frames = 0; frames < FRAMES_MAX; frames += 1) {
      const said = await this.#next(deadline, exchange)
      if (said.is === 'blocked') this.#blocked = said.reason
      if (said.is === 'unblocked') this.#blocked = null
      if (isWanted(said)) return said
      if (said.is === 'closed') {
        this.send(say.closeOk())
        throw new Failed(connectionFailure(said, { secrets: this.#secrets, login: this.#login }))
      }
      if (said.is === 'channel closed') {
        this.send(say.closeChannelOk(said.channel))
        throw new ChannelClosed(said)
      }
      if (!PASSED_OVER.includes(said.is)) throw new NetError('talk', 'protocol')
    }
    throw new NetError('talk', 'too-much')
  }

  /** Says goodbye, so that the log of the server shows no broken connection, and hangs up. Never rejects. */
  async end(exchange: Exchange): Promise<void> {
    if (this.#blocked === null && !this.#socket.destroyed) {
      this.send(say.close())
      await this.hear(['goodbye'], exchange).catch(() => {}) // Whatever it answers, we go.
    }
    this.#socket.destroy()
  }

  async #next(deadline: number, { signal, now }: Exchange): Promise<Said> {
    for (;;) {
      const found = this.#whole()
      if (found !== null) {
        this.#isFirst = false
        this.#buffer = this.#buffer.subarray(found.length)
        return saidIn(found.frame)
      }
      const chunk = await nextChunk(this.#socket, deadline - now(), signal)
      if (chunk === null) throw new NetError('talk', 'closed')
      this.#buffer = Buffer.concat([this.#buffer, chunk])
    }
  }

  #whole(): ReturnType<typeof readFrame> {
    if (this.#isFirst && this.#buffer.length < VERSION.length && VERSION.startsWith(this.#buffer.toString('latin1', 0, 4))) return null
    try {
      return readFrame(this.#buffer)
    } catch (error) {
      const protocol = this.#isFirst ? protocolOf(this.#buffer) : null
      if (protocol === null) throw error
      if (protocol === PROTOCOL) throw new Failed(otherVersion(this.#buffer))
      throw new Failed(wrongProtocol(protocol, SERVICE, { tls: ASK_FOR_TLS }))
    }
  }
}

/** A server that speaks another version answers with the eight bytes that begin it, of which four are always these. */
const VERSION = 'AMQP----'

const PASSED_OVER: readonly Said['is'][] = ['heartbeat', 'blocked', 'unblocked']
