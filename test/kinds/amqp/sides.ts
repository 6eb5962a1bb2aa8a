import type { Finding } from '../../../src/domain/finding.ts'
import { Secret } from '../../../src/domain/secret.ts'
import type { Survey } from '../../../src/domain/survey.ts'
import amqp from '../../../src/kinds/amqp/amqp.ts'
import type { AmqpFacts } from '../../../src/kinds/amqp/guards/facts.ts'
import { type Comparison, PROBE_LIMITS, SURVEY_LIMITS, type SurveyContext } from '../../../src/ports/kind.ts'
import { judged } from '../../conformance/judged.ts'

const clocks = { now: () => performance.now(), today: () => Date.now() }

/** What a broker tells. The session is closed again. */
export async function survey(handle: string, more: Partial<SurveyContext> = {}): Promise<Survey & { readonly facts: AmqpFacts }> {
  const context = { signal: new AbortController().signal, depth: 'use', limits: PROBE_LIMITS, ...clocks } as const
  const opened = await amqp.open?.(amqp.parse(new Secret(handle)), context)
  const session = opened?.session
  if (session === null || session === undefined) throw new Error(`the probe failed: ${JSON.stringify(opened?.report)}`)
  try {
    const asking = { signal: new AbortController().signal, limits: SURVEY_LIMITS, fresh: null, against: Promise.resolve(null), ...clocks }
    const told = await session.survey({ ...asking, ...more })
    return { ...told, facts: told.facts as AmqpFacts }
  } finally {
    await session[Symbol.asyncDispose]()
  }
}

/** What the guards say of two surveys, by id. */
export const judge = (old: Survey | null, next: Survey, more: Partial<Comparison> = {}): Promise<ReadonlyMap<string, Finding>> =>
  judged(amqp, old, next, more)

/** Asks both as a swap does, and compares. */
export async function compare(old: string, next: string): Promise<ReadonlyMap<string, Finding>> {
  const ours = survey(old)
  return await judge(await ours, await survey(next, { against: ours }))
}

/** The findings that are no pass: `mq.alarm fail`. */
export const notPassed = (findings: ReadonlyMap<string, Finding>): readonly string[] =>
  [...findings.values()].filter(({ status }) => status !== 'pass').map(({ id, status }) => `${id} ${status}`)
