import { createHmac } from 'node:crypto'
import { NetError } from '../../net/bounded.ts'
import type { Reply } from './conversation.ts'
import { type Login, MECHANISMS, type Mechanism } from './handle.ts'

/** Says one command and waits for its reply, within the bounds of the probe. */
export type Ask = (command: string) => Promise<Reply>

/**
 * Which way to log in: the one that the handle names, else the strongest that the server offers, and after it a plain one, as clients try them
 * when the server offers a way that its store of passwords cannot serve. Empty: none that is spoken here.
 */
export function waysIn({ mechanism }: Login, offered: readonly string[]): readonly Mechanism[] {
  const spoken = MECHANISMS.filter((each) => offered.includes(each) && (mechanism === null || mechanism === each))
  const [first] = spoken
  const plain = spoken.find((each) => each !== 'CRAM-MD5')
  return first === undefined ? [] : first === plain || plain === undefined ? [first] : [first, plain]
}

/** RFC 4954: a longer first response would not fit into a command line. */
const INITIAL_MAX = 480

/** The last reply: 235, or a refusal. Throws NetError where the server does not keep to the mechanism. */
export async function logIn({ user, password }: Login, mechanism: Mechanism, ask: Ask): Promise<Reply> {
  const secret = password.reveal()
  switch (mechanism) {
    case 'PLAIN': {
      const response = base64(`\0${user}\0${secret}`)
      if (response.length <= INITIAL_MAX) return await ask(`AUTH PLAIN ${response}`)
      return await answer(await ask('AUTH PLAIN'), () => response, ask)
    }
    case 'LOGIN': {
      const named = await answer(await ask('AUTH LOGIN'), () => base64(user), ask)
      return await answer(named, () => base64(secret), ask)
    }
    case 'CRAM-MD5':
      return await answer(
        await ask('AUTH CRAM-MD5'),
        (challenge) => base64(`${user} ${createHmac('md5', secret).update(challenge).digest('hex')}`),
        ask,
      )
  }
}

/** Any reply but a challenge is the last one. */
async function answer(reply: Reply, respond: (challenge: Buffer) => string, ask: Ask): Promise<Reply> {
  if (reply.code !== 334) {
    if (reply.code === 235 || reply.code >= 400) return reply
    throw new NetError('talk', 'protocol')
  }
  return await ask(respond(Buffer.from(reply.lines.join(''), 'base64')))
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
