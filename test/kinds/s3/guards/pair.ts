import { isDeepStrictEqual } from 'node:util'
import type { Finding } from '../../../../src/domain/finding.ts'
import { Secret } from '../../../../src/domain/secret.ts'
import type { Survey } from '../../../../src/domain/survey.ts'
import type { S3Facts } from '../../../../src/kinds/s3/guards/sides.ts'
import s3 from '../../../../src/kinds/s3/s3.ts'
import { type Comparison, PROBE_LIMITS, SURVEY_LIMITS } from '../../../../src/ports/kind.ts'
import { judged } from '../../../conformance/judged.ts'

export type Surveyed = Survey & { readonly facts: S3Facts }

/** What a bucket tells. The session is closed again. */
export async function survey(handle: string, against: Promise<Survey | null> = Promise.resolve(null)): Promise<Surveyed> {
  const clocks = { now: () => performance.now(), today: Date.now }
  const { signal } = new AbortController()
  const opened = await s3.open?.(s3.parse(new Secret(handle)), { signal, depth: 'use', limits: PROBE_LIMITS, ...clocks })
  const session = opened?.session ?? null
  if (session === null) throw new Error(`the probe failed: ${JSON.stringify(opened?.report)}`)
  try {
    const told = await session.survey({ signal, limits: SURVEY_LIMITS, fresh: null, against, ...clocks })
    const guards = await s3.guards?.()
    const facts = (await guards?.decode(JSON.parse(JSON.stringify(told.facts)))) as S3Facts
    if (!isDeepStrictEqual(facts, told.facts)) throw new Error('a baseline reads back otherwise')
    return { ...told, facts }
  } finally {
    await session[Symbol.asyncDispose]()
  }
}

/** What the guards say of two surveys, by id. */
export const judge = (old: Survey | null, next: Survey, more: Partial<Comparison> = {}): Promise<ReadonlyMap<string, Finding>> =>
  judged(s3, old, next, more)

/** Asks both buckets as a swap does, and compares. */
export async function compare(old: string, next: string, more: Partial<Comparison> = {}): Promise<ReadonlyMap<string, Finding>> {
  const ours = survey(old)
  const theirs = survey(next, ours)
  return await judge(await ours, await theirs, more)
}

/** The findings that are no pass: `s3.listing fail error`. */
export const notPassed = (findings: ReadonlyMap<string, Finding>): readonly string[] =>
  [...findings.values()].filter(({ status }) => status !== 'pass').map(({ id, status, severity }) => `${id} ${status} ${severity}`)
