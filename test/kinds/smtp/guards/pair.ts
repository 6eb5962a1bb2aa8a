import type { Finding } from '../../../../src/domain/finding.ts'
import { Secret } from '../../../../src/domain/secret.ts'
import type { Survey } from '../../../../src/domain/survey.ts'
import type { SmtpFacts } from '../../../../src/kinds/smtp/guards/survey.ts'
import smtp from '../../../../src/kinds/smtp/smtp.ts'
import { PROBE_LIMITS, SURVEY_LIMITS } from '../../../../src/ports/kind.ts'

/** What a server tells. The session is closed again. */
export async function survey(
  handle: string,
  against: Promise<Survey | null> = Promise.resolve(null),
): Promise<Survey & { readonly facts: SmtpFacts }> {
  const clocks = { signal: new AbortController().signal, now: () => performance.now(), today: Date.now }
  const opened = await smtp.open?.(smtp.parse(new Secret(handle)), { ...clocks, depth: 'use', limits: PROBE_LIMITS })
  if (opened === undefined || opened.session === null) throw new Error(`the probe failed: ${JSON.stringify(opened?.report)}`)
  await using session = opened.session
  const told = await session.survey({ ...clocks, limits: SURVEY_LIMITS, fresh: null, against })
  return { ...told, facts: told.facts as SmtpFacts } // Made by the survey of this kind.
}

/** What the guards say of two surveys, by id. */
export async function judge(old: Survey | null, next: Survey): Promise<ReadonlyMap<string, Finding>> {
  const guards = await smtp.guards?.()
  if (guards === undefined) throw new Error('the kind has no guards')
  const findings = guards.compare({
    old,
    oldSilent: old === null ? 'the old resource failed at connect' : null,
    next,
    expect: 'writable',
    fresh: null,
    use: null,
    today: Date.now(),
    deploy: 'production',
  })
  return new Map(findings.map((finding) => [finding.id, finding]))
}

/** Asks both servers as a swap does, and compares. */
export async function compare(old: string, next: string): Promise<ReadonlyMap<string, Finding>> {
  const ours = survey(old)
  return await judge(await ours, await survey(next, ours))
}

/** The findings that are no pass: `smtp.tls fail error`. */
export const notPassed = (findings: ReadonlyMap<string, Finding>): readonly string[] =>
  [...findings.values()].filter(({ status }) => status !== 'pass').map(({ id, status, severity }) => `${id} ${status} ${severity}`)
