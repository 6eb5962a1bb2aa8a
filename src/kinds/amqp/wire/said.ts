import { NetError } from '../../../net/bounded.ts'
import type { Frame } from './frames.ts'
import { Reader, type Table } from './reader.ts'
import type { Tuning } from './say.ts'

/** Why something was closed: the server's number and words. */
export interface Refusal {
  readonly code: number
  readonly text: string
}

/** What a server may say to a probe. */
export type Said =
  | { readonly is: 'start'; readonly properties: Table; readonly mechanisms: readonly string[] }
  | { readonly is: 'secure' }
  | ({ readonly is: 'tune' } & Tuning)
  | { readonly is: 'open' }
  | ({ readonly is: 'closed' } & Refusal)
  | { readonly is: 'goodbye' }
  | { readonly is: 'blocked'; readonly reason: string }
  | { readonly is: 'unblocked' }
  | { readonly is: 'channel' }
  | { readonly is: 'flow' }
  | ({ readonly is: 'channel closed'; readonly channel: number } & Refusal)
  | { readonly is: 'channel goodbye' }
  | { readonly is: 'exchange' }
  | { readonly is: 'queue'; readonly messages: number; readonly consumers: number }
  | { readonly is: 'ack' }
  | { readonly is: 'nack' }
  | { readonly is: 'confirming' }
  | { readonly is: 'heartbeat' }

/** Nothing that has a content is ever sent to us. Throws NetError `protocol`. */
export function saidIn({ type, channel, payload }: Frame): Said {
  if (type === 'heartbeat') return { is: 'heartbeat' }
  if (type !== 'method') throw new NetError('talk', 'protocol')
  const reader = new Reader(payload)
  const read = METHODS[`${reader.short()}.${reader.short()}`]
  if (read === undefined) throw new NetError('talk', 'protocol')
  return read(reader, channel)
}

const refusal = (reader: Reader): Refusal => ({ code: reader.short(), text: reader.shortText() })

const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '')

const METHODS: Readonly<Record<string, (reader: Reader, channel: number) => Said>> = {
  '10.10': (reader) => {
    reader.short() // 0-9: the version was agreed upon by the first eight bytes.
    return { is: 'start', properties: reader.table(), mechanisms: words(reader.longText()) }
  },
  '10.20': () => ({ is: 'secure' }),
  '10.30': (reader) => ({ is: 'tune', channelMax: reader.short(), frameMax: reader.long(), heartbeat: reader.short() }),
  '10.41': () => ({ is: 'open' }),
  '10.50': (reader) => ({ is: 'closed', ...refusal(reader) }),
  '10.51': () => ({ is: 'goodbye' }),
  '10.60': (reader) => ({ is: 'blocked', reason: reader.shortText() }),
  '10.61': () => ({ is: 'unblocked' }),
  '20.11': () => ({ is: 'channel' }),
  '20.21': () => ({ is: 'flow' }),
  '20.40': (reader, channel) => ({ is: 'channel closed', channel, ...refusal(reader) }),
  '20.41': () => ({ is: 'channel goodbye' }),
  '40.11': () => ({ is: 'exchange' }),
  '50.11': (reader) => {
    reader.shortText()
    return { is: 'queue', messages: reader.long(), consumers: reader.long() }
  },
  '60.80': () => ({ is: 'ack' }),
  '60.120': () => ({ is: 'nack' }),
  '85.11': () => ({ is: 'confirming' }),
}
