import type { Words } from '../../../questions.ts'

/** What keeps its jobs in Redis, and is recognised by the names of its keys. */
export const FRAMEWORKS = ['Sidekiq or Resque', 'BullMQ', 'Celery', 'RQ', 'Dramatiq', 'ARQ', 'Laravel', 'stream'] as const
export type Framework = (typeof FRAMEWORKS)[number]

/** A key that may be a queue. */
export interface Suspect {
  readonly by: Framework
  readonly name: string
  /** The command that counts it. */
  readonly ask: 'LLEN' | 'ZCARD' | 'HLEN' | 'XINFO GROUPS'
  readonly forWhom: 'worker' | 'person'
  /** It is one only where one of these is answered by more than nothing. Null: its name is enough. */
  readonly marks: readonly Mark[] | null
}

/** A question whose answer tells a queue from a key that only has a name like one: no zero, and not only nulls. */
export type Mark = Words

export const stands = (key: string): Mark => ['EXISTS', key]

/** Something that works for a framework and waits, unless `more` says otherwise. */
export const waiting = (by: Framework, name: string, ask: Suspect['ask'], more: Partial<Suspect> = {}): Suspect => ({
  ...{ by, name, ask, forWhom: 'worker', marks: null },
  ...more,
})
