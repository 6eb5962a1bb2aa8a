import { randomBytes } from 'node:crypto'
import { type Finding, found, passed, unknown } from '../../domain/finding.ts'
import type { Secret } from '../../domain/secret.ts'
import type { Told } from '../../domain/survey.ts'
import { NetError } from '../../net/bounded.ts'
import type { Exchange } from '../../net/lines.ts'
import { harmless, serverSays } from '../../net/said.ts'
import { ChannelClosed, type Conversation, SERVICE } from './conversation.ts'
import { COMPARED } from './guards/checks.ts'
import { say } from './wire/say.ts'

/** Whether a publisher gets on. */
export type Alarm =
  | { readonly state: 'clear' }
  /** `reason`: the server's words. */
  | { readonly state: 'blocked'; readonly reason: string }
  /** Neither a confirm nor a word. */
  | { readonly state: 'silent'; readonly ms: number }
  /** The user may not publish there. What it said was read to its end, so nothing blocks. `text`: the server's words. */
  | { readonly state: 'refused'; readonly text: string }
  /** The server confirms nothing, or takes no message. `why`: in our words. */
  | { readonly state: 'unknown'; readonly why: string; readonly text: string }

/** A broker that is well confirms at once. */
const CONFIRM_MS = 1_000
/** The only channel there is, in turn. */
export const CHANNEL = 1

/**
 * Publishes one message with confirms to the default exchange, under a random name that no queue has: a broker that is well drops it and confirms;
 * nothing is written, made or kept. One with an alarm says `blocked` as soon as it sees that somebody publishes, and reads no further: the message
 * has a body, so that it stays unread. That comes before its rights are looked at: RabbitMQ refuses (403) nobody whom it blocks. https://www.rabbitmq.com/docs/alarms, https://www.rabbitmq.com/docs/connection-blocked
 */
export async function askAlarm(conversation: Conversation, canConfirm: boolean, exchange: () => Exchange): Promise<Alarm> {
  if (!canConfirm) return { state: 'unknown', why: 'the server confirms nothing that is published', text: '' }
  try {
    conversation.send(say.openChannel(CHANNEL), say.confirm(CHANNEL))
    await conversation.hear(['channel'], exchange())
    await conversation.hear(['confirming'], exchange())
    conversation.send(say.publish(CHANNEL, `attach-probe.${randomBytes(16).toString('hex')}`, 'x'))
    const said = await outcome(conversation, exchange())
    if (typeof said !== 'string') return said
    conversation.send(say.closeChannel(CHANNEL))
    await conversation.hear(['channel goodbye'], exchange())
    return said === 'ack' ? { state: 'clear' } : { state: 'unknown', why: 'the broker could not take the message (nack)', text: '' }
  } catch (error) {
    if (error instanceof ChannelClosed) return refused(error)
    throw error
  }
}

/** What the server is, and what may not be passed on of its words. */
interface Speaker {
  readonly product: string | null
  readonly secrets: readonly Secret[]
}

/** The same as a fact: why nobody can publish, empty where somebody can. */
export function blockedBy(alarm: Alarm, { product, secrets }: Speaker): Told<string> {
  switch (alarm.state) {
    case 'clear':
      return { is: '' }
    case 'blocked':
      return { is: harmless(alarm.reason, secrets) ?? 'an alarm' }
    case 'silent':
      return { is: `no confirm within ${alarm.ms / 1_000} s` }
    case 'refused':
      return product === SERVICE ? { is: '' } : { unknown: MAY_NOT }
    case 'unknown':
      return { unknown: alarm.why }
  }
}

/** What a person is told of it. Null: a publisher gets on. */
export function alarmFinding(alarm: Alarm, { product, secrets }: Speaker): Finding | null {
  const check = COMPARED.alarm
  switch (alarm.state) {
    case 'clear':
      return null
    case 'blocked':
      return found(check, `${BLOCKED}${serverSays(alarm.reason, secrets)}`, { remedy: UNBLOCK })
    case 'silent':
      return found(check, `the broker did not confirm a message within ${alarm.ms / 1_000} s: publishers wait`, { remedy: UNBLOCK })
    case 'refused':
      // What other brokers look at first is not known.
      return product === SERVICE
        ? passed(check, `no alarm is set; ${MAY_NOT}, and where it may is not known`)
        : unknown(check, `${UNKNOWN}: ${MAY_NOT}${serverSays(alarm.text, secrets)}`, UNASKED)
    case 'unknown':
      return unknown(check, `${UNKNOWN}: ${alarm.why}${serverSays(alarm.text, secrets)}`, UNASKED)
  }
}

const MAY_NOT = 'the user may not publish to the default exchange'
const UNKNOWN = 'whether it takes messages is not known'
export const BLOCKED = 'the broker lets nobody publish: every publisher waits'
export const UNBLOCK = 'rabbitmq-diagnostics alarms; free disk or memory on the nodes that it names'
const UNASKED = 'rabbitmq-diagnostics check_alarms tells it; or let the user write to amq.default'

/** What became of the message. */
async function outcome(conversation: Conversation, exchange: Exchange): Promise<'ack' | 'nack' | Alarm> {
  const ms = Math.min(CONFIRM_MS, exchange.ms)
  try {
    const said = await conversation.hear(['ack', 'nack', 'blocked'], { ...exchange, ms })
    return said.is === 'blocked' ? { state: 'blocked', reason: said.reason } : said.is
  } catch (error) {
    if (error instanceof NetError && error.code === 'timeout') return { state: 'silent', ms }
    throw error
  }
}

function refused({ refusal: { code, text } }: ChannelClosed): Alarm {
  if (code === 403) return { state: 'refused', text }
  return { state: 'unknown', why: 'the server takes no message from us', text }
}
