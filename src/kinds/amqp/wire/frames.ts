import { NetError } from '../../../net/bounded.ts'
import { long, octet, short } from './writer.ts'

/** https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf, 2.3.5 */
export type FrameType = 'method' | 'header' | 'body' | 'heartbeat'

export interface Frame {
  readonly type: FrameType
  readonly channel: number
  readonly payload: Buffer
}

const TYPES: ReadonlyMap<number, FrameType> = new Map([
  [1, 'method'],
  [2, 'header'],
  [3, 'body'],
  [8, 'heartbeat'],
])
const END = 0xce
/** Type, channel and size before the payload, the mark after it. */
const AROUND = 8

/** Bytes of a whole frame: RabbitMQ's own limit, and more than anything that is said to us. */
export const FRAME_MAX = 131_072

/** The first words of a client: AMQP 0-9-1. */
export const PREAMBLE = Buffer.from('AMQP\0\0\x09\x01', 'latin1')

export function frame(type: FrameType, channel: number, payload: Buffer): Buffer {
  const number = [...TYPES].find(([, each]) => each === type)?.[0] ?? 1
  return Buffer.concat([octet(number), short(channel), long(payload.length), payload, octet(END)])
}

/**
 * The first frame of these bytes, and how many of them it took. Null: it is not whole yet. A frame that would be longer than FRAME_MAX is refused
 * by its head alone. Throws NetError `protocol`, `too-much`.
 */
export function readFrame(bytes: Buffer): { readonly frame: Frame; readonly length: number } | null {
  const type = bytes.length === 0 ? undefined : TYPES.get(bytes.readUInt8())
  if (bytes.length > 0 && type === undefined) throw new NetError('talk', 'protocol')
  if (type === undefined || bytes.length < AROUND - 1) return null
  const [channel, size] = [bytes.readUInt16BE(1), bytes.readUInt32BE(3)]
  const length = size + AROUND
  if (length > FRAME_MAX) throw new NetError('talk', 'too-much')
  if (bytes.length < length) return null
  if (bytes.readUInt8(length - 1) !== END) throw new NetError('talk', 'protocol')
  return { frame: { type, channel, payload: bytes.subarray(AROUND - 1, length - 1) }, length }
}
