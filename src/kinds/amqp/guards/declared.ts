import type { Exchange } from '../../../net/lines.ts'
import { CHANNEL } from '../alarm.ts'
import { ChannelClosed, type Conversation } from '../conversation.ts'
import { say } from '../wire/say.ts'

/** A thing that is asked for by its name, and not made. */
export interface Named {
  readonly is: 'queue' | 'exchange'
  readonly name: string
}

export interface Counts {
  readonly messages: number
  readonly consumers: number
}

/** `missing`: it is not there. `unseen`: the server says neither (it is locked, or refused). */
export type Answer = Counts | 'there' | 'missing' | 'unseen'

/** Asked in one go. */
const AT_ONCE = 50

/**
 * What stands there of these, in their order: passive declarations, which make nothing. Each refusal closes the channel, and it is opened anew: no
 * more than `refusals` of them, what comes after is left out. Throws Failed, NetError.
 */
export async function declared(
  conversation: Conversation,
  names: readonly Named[],
  exchange: Exchange,
  { refusals }: { readonly refusals: number },
): Promise<readonly Answer[]> {
  const until = exchange.now() + exchange.ms
  const rest = (): Exchange => ({ ...exchange, ms: until - exchange.now() })
  const answers: Answer[] = []
  let refused = 0
  while (answers.length < names.length && refused <= refusals) {
    await openChannel(conversation, rest())
    try {
      while (answers.length < names.length) {
        const some = names.slice(answers.length, answers.length + AT_ONCE)
        conversation.send(...some.map(({ is, name }) => say[is](CHANNEL, name)))
        for (const _ of some) {
          const said = await conversation.hear(['queue', 'exchange'], rest())
          answers.push(said.is === 'queue' ? { messages: said.messages, consumers: said.consumers } : 'there')
        }
      }
      await closeChannel(conversation, rest())
    } catch (error) {
      if (!(error instanceof ChannelClosed)) throw error
      // A type that is not the one of `say` is no answer to another question: it is there.
      const { code } = error.refusal
      answers.push(code === 404 ? 'missing' : code === 406 ? 'there' : 'unseen')
      refused += 1
    }
  }
  return answers
}

export async function openChannel(conversation: Conversation, exchange: Exchange): Promise<void> {
  conversation.send(say.openChannel(CHANNEL))
  await conversation.hear(['channel'], exchange)
}

export async function closeChannel(conversation: Conversation, exchange: Exchange): Promise<void> {
  conversation.send(say.closeChannel(CHANNEL))
  await conversation.hear(['channel goodbye'], exchange)
}
