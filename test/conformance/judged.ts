import type { Finding } from '../../src/domain/finding.ts'
import type { Survey } from '../../src/domain/survey.ts'
import type { Comparison, Kind } from '../../src/ports/kind.ts'

/** What the guards of a kind say of two surveys, by id: one finding for each check, in their order. */
export async function judged<R>(
  kind: Kind<R>,
  old: Survey | null,
  next: Survey,
  more: Partial<Comparison>,
): Promise<ReadonlyMap<string, Finding>> {
  const guards = await kind.guards?.()
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
    ...more,
  })
  const ids = findings.map(({ id }) => id)
  if (JSON.stringify(ids) !== JSON.stringify(guards.checks.map(({ id }) => id))) throw new Error(`not one finding for each check: ${ids}`)
  return new Map(findings.map((finding) => [finding.id, finding]))
}
