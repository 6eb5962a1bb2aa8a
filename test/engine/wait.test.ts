import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import type { ProbeReport } from '../../src/domain/probe.ts'
import { INTERVAL_MAX_MS, pauseOf, turns, type WaitWish, waitFor } from '../../src/engine/wait.ts'
import type { Resource } from '../../src/ports/kind.ts'

const DONE = { stages: [], totalMs: 1, findings: [], facts: {} } as const
const UP: ProbeReport = { ok: true, ...DONE, facts: { role: 'primary', writable: true } }
const STANDBY: ProbeReport = { ok: true, ...DONE, facts: { role: 'replica', writable: false } }
const down = (failedAt: 'resolve' | 'connect' | 'login', kind: 'transient' | 'permanent'): ProbeReport => ({
  ok: false,
  ...DONE,
  failedAt,
  class: kind,
  code: 'x',
  reason: `no ${failedAt}`,
  hint: 'mend it',
})
const REFUSED = down('connect', 'transient')
const WRONG = down('login', 'permanent')
const NO_NAME = down('resolve', 'permanent')

const WISH: WaitWish = {
  expect: 'readable',
  isAsked: false,
  until: 'there',
  intervalMs: 100,
  backoff: 'none',
  concurrency: 8,
  timeoutMs: 10_000,
}

/** Each answers with its reports in turn; the last one stays. */
function world(answers: Readonly<Record<string, readonly ProbeReport[]>>) {
  const events: Event[] = []
  const tries: Record<string, number> = {}
  const stop = new AbortController()
  const awaited = Object.entries(answers).map(([key, reports]) => {
    const resource: Resource = {
      kind: 'fake',
      identity: { kind: 'fake', scheme: 'fake', host: key, tls: 'disable' },
      depth: 'use',
      remarks: [],
      traits: { parameters: new Map(), defaultCredentials: null },
      guards: null,
      open: () => expect.fail('a wait only probes'),
      probe: async () => {
        const at = tries[key] ?? 0
        tries[key] = at + 1
        return reports[Math.min(at, reports.length - 1)] ?? expect.fail('no answer')
      },
    }
    return { key, resource }
  })
  const setting = {
    kinds: {
      read: () => expect.fail('nothing is read'),
      describe: () => '',
      seems: () => null,
      joined: () => expect.fail('nothing changes'),
    },
    reporter: { event: (event: Event) => events.push(event) },
    signal: stop.signal,
    clock: () => performance.now(),
    now: () => new Date().toISOString(),
    random: () => 0.5,
  }
  const wait = async (wish: Partial<WaitWish> = {}): Promise<unknown> => {
    const ended = waitFor(awaited, { ...WISH, ...wish }, setting).then(
      () => 'held',
      (error: unknown) => error,
    )
    await vi.advanceTimersByTimeAsync(30_000)
    return await ended
  }
  const last = (key: string): unknown => events.findLast((event) => event.type === 'probed' && event.key === key)
  return { wait, events, tries, stop, last }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('waiting', () => {
  test('what may pass is tried again until it holds, and each new state is told once', async () => {
    const { wait, events, tries } = world({ A: [REFUSED, REFUSED, down('login', 'transient'), UP] })
    expect(await wait()).toBe('held')
    expect(tries).toEqual({ A: 4 })
    expect(events.map((event) => (event.type === 'retrying' ? event.why : event.type))).toEqual([
      'failed at connect: no connect',
      'failed at login: no login',
      'probed',
    ])
  })

  test('what stays ends all of it at once, and what is known of the others is told', async () => {
    const { wait, tries, last } = world({ A: [REFUSED], B: [REFUSED, WRONG], C: [UP] })
    expect(await wait()).toMatchObject({ code: 'PROBE_FAILED', message: expect.stringMatching(/^B: .*login.*no login$/) })
    expect(tries['A']).toBeLessThan(4)
    for (const [key, ok] of [
      ['A', false],
      ['B', false],
      ['C', true],
    ] as const)
      expect(last(key)).toMatchObject({ report: { ok } })
  })

  test('a name that does not resolve is asked for twice', async () => {
    const late = world({ A: [NO_NAME, UP] })
    expect(await late.wait()).toBe('held')
    const { wait, tries } = world({ A: [NO_NAME] })
    expect(await wait()).toMatchObject({ code: 'PROBE_FAILED' })
    expect(tries).toEqual({ A: 2 })
  })

  test('a standby is waited for where a primary is expected', async () => {
    const { wait, events } = world({ A: [STANDBY, STANDBY, UP] })
    expect(await wait({ expect: 'writable', isAsked: true })).toBe('held')
    expect(events[0]).toMatchObject({ type: 'retrying', why: expect.stringContaining('was expected to be writable and is a replica') })
  })

  test('when the time passes it says what each still waited for', async () => {
    const { wait } = world({ A: [REFUSED], B: [UP], C: [STANDBY] })
    expect(await wait({ expect: 'writable', timeoutMs: 2_000 })).toMatchObject({
      code: 'TIMED_OUT',
      message: expect.stringMatching(/^after 2 s not as expected: A: failed at connect: no connect; C: .*replica$/),
    })
  })

  test('inverted it waits until nobody is there: whoever refuses a login still is', async () => {
    const { wait, tries } = world({ A: [UP, WRONG, REFUSED] })
    expect(await wait({ until: 'gone' })).toBe('held')
    expect(tries).toEqual({ A: 3 })
    const never = world({ A: [WRONG] })
    expect(await never.wait({ until: 'gone', timeoutMs: 1_000 })).toMatchObject({
      code: 'TIMED_OUT',
      message: expect.stringContaining('not gone: A: something answers, and fails at login'),
    })
  })

  test('a wish to stop is heard between two tries', async () => {
    const { wait, stop, tries } = world({ A: [REFUSED] })
    setTimeout(() => stop.abort(), 250)
    expect(await wait()).toMatchObject({ code: 'INTERRUPTED' })
    expect(tries['A']).toBeLessThanOrEqual(3)
  })
})

describe('pauses', () => {
  test('grow twofold up to their bound, and differ by a fifth at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4_000 }),
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (intervalMs, tries, random) => {
          const plain = Math.min(INTERVAL_MAX_MS, intervalMs * 2 ** (tries - 1))
          const pause = pauseOf({ intervalMs, backoff: 'exponential' }, tries, random)
          expect(pause).toBeGreaterThanOrEqual(Math.floor(plain * 0.8))
          expect(pause).toBeLessThanOrEqual(Math.ceil(plain * 1.2))
          expect(pauseOf({ intervalMs, backoff: 'none' }, tries, 0.5)).toBe(intervalMs)
        },
      ),
    )
  })

  test('of many no more than so many act at the same time, in the order in which they came', async () => {
    vi.useRealTimers()
    const turn = turns(3)
    let [acting, most] = [0, 0]
    const began: number[] = []
    await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        turn(async () => {
          began.push(at)
          acting += 1
          most = Math.max(most, acting)
          await new Promise((resolve) => setTimeout(resolve, 1))
          acting -= 1
        }),
      ),
    )
    expect(most).toBe(3)
    expect(began).toEqual(began.toSorted((a, b) => a - b))
  })
})
