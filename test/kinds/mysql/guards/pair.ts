import type { Finding } from '../../../../src/domain/finding.ts'
import { Secret } from '../../../../src/domain/secret.ts'
import type { Survey } from '../../../../src/domain/survey.ts'
import type { MySqlFacts } from '../../../../src/kinds/mysql/guards/sides.ts'
import mysql from '../../../../src/kinds/mysql/mysql.ts'
import { type Comparison, PROBE_LIMITS, SURVEY_LIMITS, type SurveyContext } from '../../../../src/ports/kind.ts'
import { judged } from '../../../conformance/judged.ts'

const clocks = { now: () => performance.now(), today: () => Date.now() }

/** What a server tells, over the session of a probe, which is closed again. */
export async function survey(handle: string, more: Partial<SurveyContext> = {}): Promise<Survey & { readonly facts: MySqlFacts }> {
  const signal = new AbortController().signal
  const opened = await mysql.open?.(mysql.parse(new Secret(handle)), { signal, depth: 'use', limits: PROBE_LIMITS, ...clocks })
  if (!opened?.session) throw new Error(`the probe failed: ${JSON.stringify(opened?.report)}`)
  await using session = opened.session
  const told = await session.survey({ signal, limits: SURVEY_LIMITS, fresh: null, against: Promise.resolve(null), ...clocks, ...more })
  return { ...told, facts: told.facts as MySqlFacts }
}

/** What the guards say of two surveys, by id. */
export const judge = (old: Survey | null, next: Survey, more: Partial<Comparison> = {}): Promise<ReadonlyMap<string, Finding>> =>
  judged(mysql, old, next, more)

/** The findings that are no pass: `my.role fail`. */
export const notPassed = (findings: ReadonlyMap<string, Finding>): readonly string[] =>
  [...findings.values()].filter(({ status }) => status !== 'pass').map(({ id, status }) => `${id} ${status}`)
