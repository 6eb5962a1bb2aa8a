import { AttachError } from '../domain/errors.ts'
import type { Told } from '../domain/survey.ts'
import { bounded, NetError } from '../net/bounded.ts'
import type { Exchange } from '../net/lines.ts'
import type { SurveyContext } from '../ports/kind.ts'
import { Failed } from './probing.ts'

/** The server refused one question, and goes on answering others. `reason` is fit to print, as one says after `unknown:`. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly reason: string

  constructor(reason: string) {
    super('refused')
    this.reason = reason
  }
}

export const NO_TIME = { unknown: 'no time was left to ask' } as const

/** The questions of one survey, each within its bound, all within theirs. */
export class Asking {
  readonly #context: SurveyContext
  readonly #until: number
  #isOver = false

  constructor(context: SurveyContext) {
    this.#context = context
    this.#until = context.now() + context.limits.totalMs
  }

  get now(): number {
    return this.#context.now()
  }

  /** Milliseconds left of the whole. */
  get left(): number {
    return this.#isOver ? 0 : this.#until - this.#context.now()
  }

  /**
   * One question. Unknown: the server refused it (`Refused`), there was no time, or `how` could not make sense of the answer (any other error of
   * ours). Throws PROBE_FAILED when the session broke, INTERRUPTED.
   */
  async ask<T>(how: (exchange: Exchange) => Promise<T>): Promise<Told<T>> {
    const { signal, limits, now } = this.#context
    const ms = Math.min(limits.statementMs, this.left)
    if (ms < 1) return NO_TIME
    try {
      return { is: await how({ ms, signal, now }) }
    } catch (error) {
      if (error instanceof Refused) return { unknown: error.reason }
      // Its answer may still come, and would be taken for that to another.
      this.#isOver = ms < limits.statementMs && error instanceof NetError && error.code === 'timeout'
      if (this.#isOver) return NO_TIME
      if (error instanceof NetError || error instanceof Failed || error instanceof AttachError) throw asAttachError(error)
      return { unknown: 'the answer is not what such a server would say' }
    }
  }

  /** One short question and its answer, milliseconds: the median of five, for one slow answer is no slow server. */
  async roundTrip(how: (exchange: Exchange) => Promise<unknown>): Promise<Told<number>> {
    const times: number[] = []
    for (let time = 0; time < 5; time += 1) {
      const started = this.now
      const told = await this.ask(how)
      if (!('is' in told)) return told
      times.push(this.now - started)
    }
    return { is: times.sort((a, b) => a - b)[2] ?? 0 }
  }

  /** Waits for the other side, no longer than there is time. Null: it told nothing, or too late. Throws INTERRUPTED. */
  async other<T>(against: Promise<T | null>): Promise<T | null> {
    try {
      return await bounded<T | null>({ at: 'talk', ms: this.left, signal: this.#context.signal }, (done, fail) => {
        against.then(done, fail)
        return () => {}
      })
    } catch (error) {
      if (error instanceof NetError && error.code === 'timeout') return null
      throw asAttachError(error)
    }
  }
}

/** What a broken session is to whoever asked. What is none of ours stays what it is. */
export function asAttachError(error: unknown): unknown {
  if (error instanceof NetError && error.code === 'aborted')
    return new AttachError('INTERRUPTED', 'interrupted before anything was changed', { hint: 'run the command again' })
  const code = error instanceof NetError ? error.code : error instanceof Failed ? error.failure.code : null
  if (code === null) return error
  return new AttachError('PROBE_FAILED', `the session broke off while it was asked about its data (${code})`, { hint: 'attach probe' })
}
