import { expect } from 'vitest'
import type { Finding } from '../../../../src/domain/finding.ts'
import { Secret } from '../../../../src/domain/secret.ts'
import type { Survey } from '../../../../src/domain/survey.ts'
import type { SqliteFacts } from '../../../../src/kinds/sqlite/guards/survey.ts'
import sqlite from '../../../../src/kinds/sqlite/sqlite.ts'
import { type Comparison, PROBE_LIMITS, type Session, SURVEY_LIMITS, type SurveyContext } from '../../../../src/ports/kind.ts'

const clocks = { now: () => performance.now(), today: () => Date.now() }

export const surveying = (more: Partial<SurveyContext> = {}): SurveyContext => ({
  signal: new AbortController().signal,
  limits: SURVEY_LIMITS,
  fresh: null,
  against: Promise.resolve(null),
  ...clocks,
  ...more,
})

export async function sessionOf(handle: string): Promise<Session> {
  const probing = { signal: new AbortController().signal, depth: 'use', limits: PROBE_LIMITS, ...clocks } as const
  const opened = await sqlite.open?.(sqlite.parse(new Secret(handle)), probing)
  return opened?.session ?? expect.fail(`the probe failed: ${JSON.stringify(opened?.report)}`)
}

/** What a file tells. */
export async function survey(path: string): Promise<Survey> {
  await using session = await sessionOf(`sqlite:${path}`)
  return await session.survey(surveying())
}

/** What the guards say of two surveys, by id: `fail error the detail`. */
export async function judge(old: Survey | null, next: Survey, more: Partial<Comparison> = {}): Promise<ReadonlyMap<string, Finding>> {
  const guards = (await sqlite.guards?.()) ?? expect.fail('no guards')
  const findings = guards.compare({
    ...{ old, next, expect: 'writable', fresh: null, use: null, today: Date.now(), deploy: 'production' },
    oldSilent: old === null ? 'the old resource failed at resolve' : null,
    ...more,
  })
  expect(findings.map(({ id }) => id)).toEqual(guards.checks.map(({ id }) => id))
  return new Map(findings.map((finding) => [finding.id, finding]))
}

/** Of two files. */
export const compare = async (old: string, next: string): Promise<ReadonlyMap<string, Finding>> =>
  await judge(await survey(old), await survey(next))

/** A survey with parts of its facts put otherwise. */
export const withFacts = (survey: Survey, parts: Partial<SqliteFacts>): Survey => ({
  ...survey,
  facts: { ...(survey.facts as SqliteFacts), ...parts },
})
