import type { Finding } from '../../../../src/domain/finding.ts'
import { Secret } from '../../../../src/domain/secret.ts'
import type { Survey } from '../../../../src/domain/survey.ts'
import { guards } from '../../../../src/kinds/memcached/guards/guards.ts'
import type { MemcachedFacts, NodeFacts } from '../../../../src/kinds/memcached/guards/survey.ts'
import memcached from '../../../../src/kinds/memcached/memcached.ts'
import { type Comparison, PROBE_LIMITS, SURVEY_LIMITS } from '../../../../src/ports/kind.ts'

/** A healthy server with 1,000 items and ten reads a second. */
export const node = (place: string, parts: Partial<NodeFacts> = {}): NodeFacts => ({
  place,
  version: { is: '1.6.18' },
  run: { is: { pid: 7, started: Number.parseInt(Buffer.from(place).toString('hex').slice(0, 12), 16) } },
  memory: { is: 64 * 1024 ** 2 },
  itemMax: { is: 1024 ** 2 },
  evicts: { is: true },
  evictions: { is: 0 },
  load: { is: { items: 1_000, gets: 1_000, hits: 900, uptime: 100 } },
  ...parts,
})

export const facts = (nodes: readonly NodeFacts[], login: MemcachedFacts['login'] = { is: 'none' }): MemcachedFacts => ({
  nodes: [...nodes],
  login,
})

export const surveyOf = (some: MemcachedFacts): Survey => ({
  kind: 'memcached',
  takenAt: '2026-01-01T00:00:00.000Z',
  resource: { unknown: 'not asked' },
  roundTripMs: { is: 1 },
  position: { unknown: 'not asked' },
  newest: { unknown: 'not asked' },
  facts: some,
})

/** What the guards say of two surveys, by id. */
export function judge(old: Survey | null, next: Survey, more: Partial<Comparison> = {}): ReadonlyMap<string, Finding> {
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
  return new Map(findings.map((finding) => [finding.id, finding]))
}

/** What a real server, or a liar, tells. */
export async function survey(handle: string): Promise<Survey & { readonly facts: MemcachedFacts }> {
  const context = { signal: new AbortController().signal, now: () => performance.now(), today: Date.now }
  const opened = await memcached.open?.(memcached.parse(new Secret(handle)), { ...context, depth: 'use', limits: PROBE_LIMITS })
  if (opened === undefined || opened.session === null) throw new Error(`the probe failed: ${JSON.stringify(opened?.report)}`)
  await using session = opened.session
  const told = await session.survey({ ...context, limits: SURVEY_LIMITS, fresh: null, against: Promise.resolve(null) })
  return Object.assign(told, { facts: (await guards.decode(JSON.parse(JSON.stringify(told.facts)))) as MemcachedFacts })
}
