import type { Finding } from '../../../../../src/domain/finding.ts'
import { Secret } from '../../../../../src/domain/secret.ts'
import type { Survey } from '../../../../../src/domain/survey.ts'
import { guards, type PostgresFacts, sessionOn } from '../../../../../src/kinds/postgres/guards/guards.ts'
import { compareServers } from '../../../../../src/kinds/postgres/guards/server/compare.ts'
import type { ServerFacts } from '../../../../../src/kinds/postgres/guards/server/survey.ts'
import { parsePostgres } from '../../../../../src/kinds/postgres/handle.ts'
import { openPostgres } from '../../../../../src/kinds/postgres/probe.ts'
import { type Comparison, PROBE_LIMITS, SURVEY_LIMITS } from '../../../../../src/ports/kind.ts'

/** A day on which PostgreSQL 14 still got fixes. */
export const TODAY = Date.parse('2026-06-01')

/** What a real server tells of itself through this handle. `against`: what the other side told. */
export async function surveyed(handle: string, against: Survey | null | Promise<Survey | null> = null): Promise<Survey> {
  const { signal } = new AbortController()
  const clock = { signal, now: () => performance.now(), today: () => TODAY }
  const { report, live } = await openPostgres(parsePostgres(new Secret(handle)), { ...clock, depth: 'use', limits: PROBE_LIMITS })
  if (live === null) throw new Error(report.ok ? 'no session' : report.reason)
  await using session = sessionOn(live)
  return await session.survey({ ...clock, limits: SURVEY_LIMITS, fresh: null, against: Promise.resolve(against) })
}

/** Of a survey that this file took, or of one that was decoded. */
export const serverOf = (survey: Survey): ServerFacts => (survey.facts as PostgresFacts).server

/** Names of the facts that were not told. */
export const untoldOf = (survey: Survey): readonly string[] =>
  Object.entries(serverOf(survey)).flatMap(([name, told]) => ('unknown' in told ? [name] : []))

type Setting = Partial<Pick<Comparison, 'expect' | 'oldSilent' | 'today'>>

/** Every finding of a comparison of two servers, by the id of its check. */
export function compared(old: Survey | null, next: Survey, setting: Setting = {}): ReadonlyMap<string, Finding> {
  const findings = guards.compare({
    ...comparisonOf(setting),
    old,
    next,
    ...(old === null ? { oldSilent: setting.oldSilent ?? 'gone' } : {}),
  })
  return new Map(findings.map((finding) => [finding.id, finding]))
}

/** The same of facts alone. */
export const comparedFacts = (old: ServerFacts | null, next: ServerFacts, setting: Setting = {}): readonly Finding[] =>
  compareServers(old, next, { ...comparisonOf(setting), ...(old === null ? { oldSilent: setting.oldSilent ?? 'gone' } : {}) })

/** What is no pass, in the order in which it is told. */
export const noted = (findings: ReadonlyMap<string, Finding>): readonly (readonly [string, string])[] =>
  [...findings.values()].filter(({ status }) => status !== 'pass').map(({ id, status }) => [id, status])

const NOTHING: Survey = {
  kind: 'postgres',
  takenAt: '2026-06-01T00:00:00.000Z',
  resource: { unknown: 'not asked' },
  roundTripMs: { unknown: 'not asked' },
  position: { unknown: 'not asked' },
  newest: { unknown: 'not asked' },
  facts: null,
}

const comparisonOf = ({ expect = 'writable', oldSilent = null, today = TODAY }: Setting): Comparison => ({
  old: null,
  oldSilent,
  next: NOTHING,
  expect,
  fresh: null,
  use: null,
  today,
  deploy: 'production',
})
