import type { Exchange } from '../../net/lines.ts'

/** What a server says of itself, by name. */
export type Stats = ReadonlyMap<string, string>

/** A refusal, in the server's own words: the word or number of its protocol, and a text that may be anything. */
export interface McError {
  readonly error: string
  readonly text: string
}

/** `''`: what it does. `settings`: how it is set. */
export type Section = '' | 'settings'

/** One of the two protocols, over one connection. Throws NetError: what is no such answer is `protocol`, what has no end `too-much`. */
export interface Dialect {
  version(exchange: Exchange): Promise<string | McError>
  stats(section: Section, exchange: Exchange): Promise<Stats | McError>
  /** A read of a key that nobody has. Null: it was answered. */
  miss(exchange: Exchange): Promise<McError | null>
}

/** Real servers have about a hundred. */
export const STATS_MAX = 2_000
/** No line and no packet of an answer to us comes near. */
export const ANSWER_BYTES_MAX = 16 * 1024
/** Nobody has it. */
export const MISSED_KEY = 'attach:probe'

export const isMcError = (answer: unknown): answer is McError => typeof answer === 'object' && answer !== null && 'error' in answer

/** The same deadline for the steps of one exchange. */
export function until({ ms, signal, now }: Exchange): () => Exchange {
  const deadline = now() + ms
  return () => ({ ms: Math.max(0, deadline - now()), signal, now })
}
