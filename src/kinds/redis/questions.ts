import type { Told } from '../../domain/survey.ts'
import { bounded, NetError } from '../../net/bounded.ts'
import { harmless } from '../../net/said.ts'
import type { SurveyContext } from '../../ports/kind.ts'
import { asAttachError, NO_TIME } from '../asking.ts'
import { whyRefused } from './failure.ts'
import type { Live } from './probe.ts'
import { isError, type Reply, type RespError, type RespLimits } from './resp.ts'

/** The words of one question: `['CONFIG', 'GET', 'save']`. */
export type Words = readonly string[]

/** More than any answer to our questions needs; a server that says more is not answered. */
const SURVEY_REPLIES: RespLimits = { bytes: 4 * 1024 * 1024, depth: 8, items: 64 * 1024 }
/** What is asked in one round trip: a server that serves one client at a time is not to be held up. */
const AT_ONCE = 200

/** Asks one session many questions, each within its bound. None of them writes. What the server refuses is unknown. */
export class Questions {
  readonly #live: Live
  readonly #context: SurveyContext
  readonly #until: number
  /** The time ran out over a question: its answer may still come, and would be taken for that to another. */
  #isOver = false

  constructor(live: Live, context: SurveyContext) {
    this.#live = live
    this.#context = context
    this.#until = context.now() + context.limits.totalMs
    live.conversation.allow(SURVEY_REPLIES)
  }

  /** Milliseconds left of the whole. */
  get left(): number {
    return this.#isOver ? 0 : this.#until - this.#context.now()
  }

  get now(): number {
    return this.#context.now()
  }

  /**
   * The answer to one question, read by `read`. Unknown: the server refused (with the reason), or the time was over. `read` may throw on what is
   * no such answer: that is unknown too. `absent`: what it means when the server does not know the question. Throws PROBE_FAILED when the session
   * broke, INTERRUPTED.
   */
  async ask<T>(words: Words, read: (reply: Reply) => T, absent?: Told<T>): Promise<Told<T>> {
    const [only] = await this.askAll([words], read, absent)
    return only ?? NO_TIME
  }

  /** The same of many, in as few round trips as may be. */
  async askAll<T>(questions: readonly Words[], read: (reply: Reply) => T, absent?: Told<T>): Promise<readonly Told<T>[]> {
    const replies = await this.replies(questions)
    return questions.map((words, at) => {
      const reply = replies?.[at]
      if (reply === undefined) return NO_TIME
      if (isError(reply)) return absent !== undefined && isUnheardOf(reply) ? absent : { unknown: this.#reason(reply, words) }
      try {
        return { is: read(reply) }
      } catch {
        return { unknown: 'the answer is not what Redis would say' }
      }
    })
  }

  /** Replies as they come, errors too. Null: no time was left to ask. */
  async replies(questions: readonly Words[]): Promise<readonly Reply[] | null> {
    const { signal, limits, now } = this.#context
    const replies: Reply[] = []
    for (let at = 0; at < questions.length; at += AT_ONCE) {
      const ms = Math.min(limits.statementMs, this.left)
      if (ms < 1) return null
      try {
        replies.push(...(await this.#live.conversation.askAll(questions.slice(at, at + AT_ONCE), { ms, signal, now })))
      } catch (error) {
        this.#isOver = ms < limits.statementMs && error instanceof NetError && error.code === 'timeout'
        if (!this.#isOver) throw asAttachError(error)
        return null
      }
    }
    return replies
  }

  /** Waits for the other side, no longer than there is time. Null: it told nothing, or too late. Throws INTERRUPTED. */
  async other<T>(against: Promise<T | null>): Promise<T | null> {
    const bound = { at: 'talk', ms: this.left, signal: this.#context.signal } as const
    try {
      return await bounded<T | null>(bound, (done, fail) => {
        against.then(done, fail)
        return () => {}
      })
    } catch (error) {
      if (error instanceof NetError && error.code === 'timeout') return null
      throw asAttachError(error)
    }
  }

  /** A name that the server says, fit to print and to be kept. */
  shown(name: string): string {
    return harmless(name, this.#live.secrets) ?? 'a name that cannot be shown'
  }

  #reason(error: RespError, words: Words): string {
    const name = nameOf(words)
    if (error.error === 'NOPERM') {
      return isAboutAccess(error)
        ? `the user may not touch the key that ${name} asks for`
        : `the user may not ask ${name} (its ACL lacks +${name.toLowerCase().replace(' ', '|')})`
    }
    if (isUnheardOf(error)) return `the server does not know ${name}`
    const elsewhere = whyElsewhere(error)
    if (elsewhere !== null) return `${elsewhere} that ${name} asks for`
    return `the server refused ${name}${whyRefused(error, this.#live.secrets)}`
  }
}

/** What an ACL refused was the key or the channel, not the command. */
export const isAboutAccess = ({ error, text }: RespError): boolean => error === 'NOPERM' && /permissions to access/i.test(text)

/** Why a node of a cluster does not answer for a key, up to `that … asks for`. Null: it is not about that. */
export const whyElsewhere = ({ error }: RespError): string | null => ELSEWHERE[error] ?? null

/** The server says which slot it is and who has it, another one at each question. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  MOVED: 'another node of the cluster holds a key',
  ASK: 'another node of the cluster takes over a key',
  TRYAGAIN: 'another node of the cluster takes over some of the keys',
  CROSSSLOT: 'not one node of the cluster holds all the keys',
  CLUSTERDOWN: 'the cluster is not whole, and nobody serves a key',
}

export const isUnheardOf = ({ error, text }: RespError): boolean =>
  error === 'ERR' && /unknown (sub)?command|wrong number of arguments|not supported|is disabled|support disabled/i.test(text)

/** Commands that are nothing without their second word. */
const CONTAINERS = ['CONFIG', 'MODULE', 'FUNCTION', 'CLUSTER', 'XINFO']

const nameOf = ([first = '', second = '']: Words): string => (CONTAINERS.includes(first) ? `${first} ${second}` : first)
