import { isDeepStrictEqual } from 'node:util'
import type { Finding } from '../../../../src/domain/finding.ts'
import { Secret } from '../../../../src/domain/secret.ts'
import type { Survey } from '../../../../src/domain/survey.ts'
import type { RedisFacts } from '../../../../src/kinds/redis/guards/sides.ts'
import redis from '../../../../src/kinds/redis/redis.ts'
import {
  type Comparison,
  type Opened,
  PROBE_LIMITS,
  SURVEY_LIMITS,
  type SurveyContext,
  type SurveyLimits,
} from '../../../../src/ports/kind.ts'
import { judged } from '../../../conformance/judged.ts'

/** Opens the session of a probe. */
export const open = async (handle: string): Promise<Opened> => {
  const resource = redis.parse(new Secret(handle))
  const context = {
    signal: new AbortController().signal,
    depth: 'use',
    limits: PROBE_LIMITS,
    now: () => performance.now(),
    today: Date.now,
  } as const
  const opened = await redis.open?.(resource, context)
  if (opened === undefined) throw new Error('the kind has no sessions')
  return opened
}

export interface Asking {
  readonly against?: Promise<Survey | null>
  readonly limits?: SurveyLimits
  readonly signal?: AbortSignal
}

export const contextOf = ({ against = Promise.resolve(null), limits = SURVEY_LIMITS, signal }: Asking = {}): SurveyContext => ({
  signal: signal ?? new AbortController().signal,
  limits,
  now: () => performance.now(),
  today: Date.now,
  fresh: null,
  against,
})

/** What a server tells. The session is closed again. */
export async function survey(handle: string, asking: Asking = {}): Promise<Survey & { readonly facts: RedisFacts }> {
  const { session, report } = await open(handle)
  if (session === null) throw new Error(`the probe failed: ${JSON.stringify(report)}`)
  try {
    const told = await session.survey(contextOf(asking))
    const guards = await redis.guards?.()
    const facts = (await guards?.decode(JSON.parse(JSON.stringify(told.facts)))) as RedisFacts
    if (!isDeepStrictEqual(facts, told.facts)) throw new Error('a baseline reads back otherwise')
    return Object.assign(told, { facts: told.facts as RedisFacts })
  } finally {
    await session[Symbol.asyncDispose]()
  }
}

/** What the guards say of two surveys, by id. */
export const judge = (old: Survey | null, next: Survey, more: Partial<Comparison> = {}): Promise<ReadonlyMap<string, Finding>> =>
  judged(redis, old, next, more)

/** Asks both servers as a swap does, and compares. */
export async function compare(old: string, next: string, more: Partial<Comparison> = {}): Promise<ReadonlyMap<string, Finding>> {
  const ours = survey(old)
  const theirs = survey(next, { against: ours })
  return await judge(await ours, await theirs, more)
}

/** The findings that are no pass: `redis.role fail`. */
export const notPassed = (findings: ReadonlyMap<string, Finding>): readonly string[] =>
  [...findings.values()].filter(({ status }) => status !== 'pass').map(({ id, status, severity }) => `${id} ${status} ${severity}`)
