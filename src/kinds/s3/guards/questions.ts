import type { Secret } from '../../../domain/secret.ts'
import type { Told } from '../../../domain/survey.ts'
import type { HttpAnswer } from '../../../net/http.ts'
import { harmless, serverSays } from '../../../net/said.ts'
import { type Asking, Refused } from '../../asking.ts'
import type { Question } from '../conversation.ts'
import { refusalOf } from '../failure.ts'
import type { Live } from '../probe.ts'
import { type Element, readXml } from '../xml.ts'

/** One question of a survey. */
export interface Inquiry<T> {
  readonly question: Question
  /** The root of the answer. Any other is no answer to it. */
  readonly root: string
  /** What the key needs to ask it. */
  readonly right: string
  /** Throws where the answer makes no sense. */
  read(document: Element, answer: HttpAnswer): T
  /** What it means that there is nothing of the sort: the codes that say so, and the answer. */
  readonly absent?: { readonly codes: readonly string[]; readonly is: T }
}

/** Asks, and reads the answer. What is denied is unknown. Throws as `Asking.ask` does. */
export const inquire = <T>(asking: Asking, { conversation, secrets }: Live, inquiry: Inquiry<T>): Promise<Told<T>> =>
  asking.ask(async (exchange) => {
    const answer = await conversation.ask(inquiry.question, exchange)
    if (answer.status === 200) {
      const document = readXml(answer.body)
      if (document.name !== inquiry.root) throw new Refused('the server answers another question')
      return inquiry.read(document, answer)
    }
    return absentOrRefused(answer, inquiry, secrets)
  })

function absentOrRefused<T>(answer: HttpAnswer, { absent, right }: Inquiry<T>, secrets: readonly Secret[]): T {
  const { code, message, status } = refusalOf(answer)
  if (absent?.codes.includes(code)) return absent.is
  if (status === 403) throw new Refused(`the key may not ask (${right} is missing)`)
  if (code === 'NotImplemented' || status === 405) throw new Refused('the server does not know the question')
  throw new Refused(`the server refused with ${code}${serverSays(message, secrets)}`)
}

/** A text of the server, fit to print and to be kept. Throws where nothing of it is. */
export function shown(text: string, { secrets }: Pick<Live, 'secrets'>): string {
  const words = harmless(text, secrets)
  if (words === null) throw new Error('nothing to show')
  return words
}
