import type { Survey } from '../../../../src/domain/survey.ts'
import type { Queue } from '../../../../src/kinds/redis/guards/content/queues/survey.ts'
import type { RedisFacts } from '../../../../src/kinds/redis/guards/sides.ts'

type Parts = { readonly [Part in keyof RedisFacts]?: Partial<RedisFacts[Part]> }

const line = (letter: string): string => letter.repeat(40)

/** A healthy server with 1,000 keys, no queue, and a line of its own. */
export function facts(name: string, parts: Parts = {}): RedisFacts {
  return {
    server: {
      product: 'Redis',
      version: { is: '7.2.4' },
      role: { is: 'primary' },
      mode: { is: 'standalone' },
      database: 0,
      runId: { is: `run-${name}` },
      replication: { is: { line: line(name), before: line('0'), link: 'none' } },
      cluster: { is: 'none' },
      ...parts.server,
    },
    access: {
      refused: { is: [] },
      channels: { is: true },
      subscribed: { is: 0 },
      writes: { is: '' },
      modules: { is: [] },
      functions: { is: [] },
      notify: { is: '' },
      ...parts.access,
    },
    settings: {
      memory: { is: { used: 1_000_000, max: 0, policy: 'noeviction' } },
      disk: { is: { appends: false, lastSave: 'ok', lastAppend: 'ok' } },
      snapshots: { is: true },
      ...parts.settings,
    },
    keys: { count: { is: 1_000 }, sample: { is: { asked: 100, found: 100, refused: 0, lesser: 0 } }, ...parts.keys },
    queues: { queues: { is: [] }, frameworks: [], unseen: '', ...parts.queues },
  }
}

export const surveyOf = (facts: RedisFacts): Survey => ({
  kind: 'redis',
  takenAt: '2026-01-01T00:00:00.000Z',
  resource: { unknown: 'not asked' },
  roundTripMs: { is: 1 },
  position: { unknown: 'not asked' },
  newest: { unknown: 'not asked' },
  facts,
})

export const queue = (name: string, waits: number, more: Partial<Queue> = {}): Queue => ({
  by: 'Sidekiq or Resque',
  name,
  ask: 'LLEN',
  waits,
  forWhom: 'worker',
  ...more,
})
