import { frame } from '../../src/kinds/amqp/wire/frames.ts'
import { long, longText, octet, short, shortText, table } from '../../src/kinds/amqp/wire/writer.ts'
import type { Behaviour } from './liars.ts'

/** One method, as a server says it. */
export const method = (channel: number, of: number, id: number, ...parts: readonly Buffer[]): Buffer =>
  frame('method', channel, Buffer.concat([short(of), short(id), ...parts]))

export interface Greeting {
  readonly mechanisms?: string
  readonly product?: string
  readonly capabilities?: Readonly<Record<string, boolean>>
}

const CAPABILITIES = { publisher_confirms: true, authentication_failure_close: true, 'connection.blocked': true }

/** What a server says first. */
export const start = ({ mechanisms = 'AMQPLAIN PLAIN', product = 'RabbitMQ', capabilities = CAPABILITIES }: Greeting = {}): Buffer => {
  const properties = { product, version: '3.12.1', cluster_name: 'liars', capabilities }
  return method(0, 10, 10, octet(0), octet(9), table(properties), longText(mechanisms), longText('en_US'))
}

export const tune = ({ channelMax = 2_047, frameMax = 131_072, heartbeat = 60 } = {}): Buffer =>
  method(0, 10, 30, short(channelMax), long(frameMax), short(heartbeat))
export const open = method(0, 10, 41, shortText(''))
export const closed = (code: number, text: string): Buffer => method(0, 10, 50, short(code), shortText(text), short(0), short(0))
export const blocked = (reason: string): Buffer => method(0, 10, 60, shortText(reason))
export const channelOpen = method(1, 20, 11, longText(''))
export const channelClosed = (code: number, text: string): Buffer => method(1, 20, 40, short(code), shortText(text), short(60), short(40))
export const channelGoodbye = method(1, 20, 41)
export const confirming = method(1, 85, 11)
export const ack = method(1, 60, 80, long(0), long(1), octet(0))
export const nack = method(1, 60, 120, long(0), long(1), octet(0))
export const heartbeat = frame('heartbeat', 0, Buffer.alloc(0))

/** How the server of a law goes on, step by step: each is said when something was heard, and nothing more. */
export const upTo = (...steps: readonly Buffer[]): readonly Buffer[] => [start(), tune(), open, ...steps]

/** Text as it fits into 255 bytes. */
export const cut = (text: string): string =>
  Buffer.from(text)
    .subarray(0, 250)
    .toString('utf8')
    .replace(/\ufffd+$/, '')

/** Hears one chunk, and says the first; then the second … */
export const steps =
  (...said: readonly Buffer[]): Behaviour =>
  (socket) => {
    let at = 0
    socket.on('data', () => {
      const next = said[at]
      at += 1
      if (next !== undefined) socket.write(next)
    })
  }
