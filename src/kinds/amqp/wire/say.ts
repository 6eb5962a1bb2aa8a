import { frame } from './frames.ts'
import { long, longText, octet, short, shortText, table, type Written } from './writer.ts'

const method = (channel: number, of: number, id: number, ...parts: readonly Buffer[]): Buffer =>
  frame('method', channel, Buffer.concat([short(of), short(id), ...parts]))

const NOTHING = table({})

/** What a probe says, as whole frames. https://www.rabbitmq.com/amqp-0-9-1-reference */
export const say = {
  startOk: (told: Readonly<Record<string, Written>>, mechanism: string, response: string): Buffer =>
    method(0, 10, 11, table(told), shortText(mechanism), longText(response), shortText('en_US')),
  tuneOk: ({ channelMax, frameMax, heartbeat }: Tuning): Buffer => method(0, 10, 31, short(channelMax), long(frameMax), short(heartbeat)),
  open: (vhost: string): Buffer => method(0, 10, 40, shortText(vhost), shortText(''), octet(0)),
  close: (): Buffer => method(0, 10, 50, short(200), shortText('goodbye'), short(0), short(0)),
  closeOk: (): Buffer => method(0, 10, 51),
  openChannel: (channel: number): Buffer => method(channel, 20, 10, shortText('')),
  flow: (channel: number): Buffer => method(channel, 20, 20, octet(1)),
  closeChannel: (channel: number): Buffer => method(channel, 20, 40, short(200), shortText('done'), short(0), short(0)),
  closeChannelOk: (channel: number): Buffer => method(channel, 20, 41),
  /** Passive: asks whether it stands there, and makes nothing. */
  exchange: (channel: number, name: string): Buffer =>
    method(channel, 40, 10, short(0), shortText(name), shortText('direct'), octet(PASSIVE), NOTHING),
  /** Passive. */
  queue: (channel: number, name: string): Buffer => method(channel, 50, 10, short(0), shortText(name), octet(PASSIVE), NOTHING),
  confirm: (channel: number): Buffer => method(channel, 85, 10, octet(0)),
  /** To the default exchange, not mandatory: what no queue is named after is dropped. */
  publish: (channel: number, routingKey: string, body: string): Buffer => {
    const content = Buffer.from(body)
    const header = Buffer.concat([short(60), short(0), long(0), long(content.length), short(0)])
    const publish = method(channel, 60, 40, short(0), shortText(''), shortText(routingKey), octet(0))
    return Buffer.concat([publish, frame('header', channel, header), frame('body', channel, content)])
  },
} as const

export interface Tuning {
  /** 0: no limit. */
  readonly channelMax: number
  /** Bytes; 0: no limit. */
  readonly frameMax: number
  /** Seconds; 0: none. */
  readonly heartbeat: number
}

const PASSIVE = 1
