import { afterEach, describe, expect, test, vi } from 'vitest'
import { WITHOUT_QUESTIONS } from '../../src/deploys/operation.ts'
import type { CandidateRow } from '../../src/domain/candidate.ts'
import type { Key } from '../../src/domain/change.ts'
import { AttachError } from '../../src/domain/errors.ts'
import type { Event } from '../../src/domain/event.ts'
import { type Check, found, passed } from '../../src/domain/finding.ts'
import type { Entry, Verb } from '../../src/domain/operation.ts'
import { Secret } from '../../src/domain/secret.ts'
import type { Survey } from '../../src/domain/survey.ts'
import { type FailoverWish, failover, NoneFit } from '../../src/engine/failover.ts'
import { type Operation, operate } from '../../src/engine/operate.ts'
import { QUIET_PERIOD_MS } from '../../src/engine/quiet-period.ts'
import type { Guards, Opened, ProbeReport, Resource } from '../../src/ports/kind.ts'
import { MemoryStore } from '../../src/stores/memory.ts'

const KEY = 'DATABASE_URL' as Key
const OTHER = 'QUEUE_URL' as Key
const { signal } = new AbortController()
const START = Date.parse('2026-01-01T12:00:00.000Z')

const HEALTHY: Check = { id: 'fake.healthy', severity: 'error', cost: 'free', about: 'It is well.' }

/** How a resource of these tests behaves. Its name is its handle. */
interface Manner {
  readonly answers?: boolean
  /** It answers, and lets nobody in. */
  readonly closed?: boolean
  /** The session ends in the middle of what it tells. */
  readonly breaksOff?: boolean
  readonly writable?: boolean
  readonly healthy?: boolean
  readonly at?: string
  readonly line?: string
  /** Where it left `line`, on which the others stand. It stands on a line of its own since. */
  readonly left?: string
  /** Milliseconds to log in, and to tell of itself. */
  readonly opensIn?: number
  readonly tellsIn?: number
}

const guards: Guards = {
  checks: [HEALTHY],
  compare: ({ next }) => [next.facts === 'healthy' ? passed(HEALTHY, 'well') : found(HEALTHY, 'it is not well', { remedy: 'mend it' })],
  decode: async (facts) => facts,
}

const pause = (ms: number, signal: AbortSignal): Promise<'over' | 'aborted'> =>
  ms === 0
    ? Promise.resolve('over')
    : new Promise((resolve) => {
        const timer = setTimeout(() => resolve('over'), ms)
        signal.addEventListener('abort', () => {
          clearTimeout(timer)
          resolve('aborted')
        })
      })

/** One deploy in memory, and resources that behave as they are told. Who was asked, and whose session is open, is counted. */
function deploy(manners: Readonly<Record<string, Manner>>, { holds = 'old', verbs = WITHOUT_QUESTIONS } = {}) {
  const store = MemoryStore.of(
    new Map([
      [KEY, new Secret(holds)],
      [OTHER, new Secret('queue')],
    ]),
  )
  const asked: string[] = []
  const open = new Set<string>()
  const events: Event[] = []
  let [random, today] = [0, START]
  const resourceOf = (name: string): Resource => {
    const {
      answers = true,
      closed = false,
      breaksOff = false,
      writable = true,
      healthy = true,
      at = '1',
      line = 'line',
      left,
      opensIn = 0,
      tellsIn = 0,
    } = manners[name] ?? {}
    const facts = { role: writable ? 'primary' : 'replica', writable } as const
    const done = { stages: [], totalMs: opensIn, findings: [], facts: {} }
    const failed: ProbeReport = {
      ok: false,
      ...done,
      failedAt: closed ? 'login' : 'connect',
      class: 'transient',
      code: 'refused',
      reason: 'refused',
      hint: 'start it',
    }
    const survey: Survey = {
      kind: 'fake',
      takenAt: new Date(START).toISOString(),
      resource: { is: name },
      roundTripMs: { is: 1 },
      position: {
        is: {
          ...{ at, unit: 'bytes of WAL' },
          ...(left === undefined ? { line } : { line: `of ${name}`, before: { line, at: left } }),
        },
      },
      newest: { unknown: 'not asked' },
      facts: healthy ? 'healthy' : 'ill',
    }
    return {
      kind: 'fake',
      identity: { kind: 'fake', scheme: 'fake', host: name, tls: 'disable' },
      depth: 'use',
      remarks: [],
      traits: { parameters: new Map(), defaultCredentials: null },
      guards: async () => guards,
      probe: () => expect.fail('a failover keeps its sessions'),
      open: async (context): Promise<Opened> => {
        asked.push(name)
        if ((await pause(opensIn, context.signal)) === 'aborted' || !answers || closed) return { report: failed, session: null }
        open.add(name)
        return {
          report: { ok: true, ...done, facts },
          session: {
            survey: async ({ signal }) => {
              if ((await pause(tellsIn, signal)) === 'aborted') throw new AttachError('INTERRUPTED', 'interrupted')
              if (breaksOff) throw new AttachError('PROBE_FAILED', 'the session broke off')
              return survey
            },
            [Symbol.asyncDispose]: async () => void open.delete(name),
          },
        }
      },
    }
  }
  const operation: Operation = {
    store,
    signal,
    by: { user: 'ada', host: 'db-ops', pid: 1 },
    now: () => new Date(today).toISOString(),
    clock: () => performance.now(),
    random: () => `${++random}`.padStart(16, '0'),
    show: (_key, value) => value?.reveal() ?? null,
    settle: async () => 'skipped',
    ready: async () => {},
    begin: () => {},
    reporter: { event: (event) => events.push(event) },
    consent: verbs,
    deploy: 'here',
    kinds: {
      describe: (value) => value.reveal(),
      joined: async (changes) => changes.map((change) => ({ ...change, keys: [change.key], kind: null, findings: [], problem: null })),
      seems: () => null,
      read: async (value) => resourceOf(value.reveal()),
    },
  }
  const wish = (names: readonly string[], more: Partial<FailoverWish> = {}): FailoverWish => ({
    key: KEY,
    candidates: names.map((name) => ({ to: new Secret(name) })),
    kind: null,
    expect: null,
    declared: new Map(),
    readers: [],
    settling: 'usual',
    onFailure: 'usual',
    message: null,
    allowed: [],
    strictness: 'usual',
    baselines: new Map(),
    run: 'real',
    timeoutMs: 30_000,
    lockTimeoutMs: 0,
    ...more,
  })
  const to = (names: readonly string[], more?: Partial<FailoverWish>) => failover(wish(names, more), operation)
  const rows = (): readonly CandidateRow[] => events.flatMap((event) => (event.type === 'candidates' ? event.candidates : []))
  return {
    ...{ store, operation, asked, open, events, wish, to, rows },
    value: async (key = KEY) => (await store.read()).entries.get(key)?.reveal(),
    intents: async () => (await store.journal.before(100, 100, signal)).filter((entry: Entry) => entry.type === 'intent'),
    later: (ms: number) => {
      today += ms
    },
    swap: (to: string, key = KEY, verb: 'swap' | 'failover' = 'swap') =>
      operate({ ...wish([]), probe: 'skip', request: { verb, edits: [{ key, to: new Secret(to) }] } }, operation),
  }
}

const failure = async (run: Promise<unknown>): Promise<AttachError> => {
  try {
    await run
  } catch (error) {
    if (error instanceof AttachError) return error
    throw error
  }
  return expect.fail('it was done')
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a failover', () => {
  test('takes the most advanced of the fit ones, asks each once, and closes every session', async () => {
    const { to, asked, open, value, rows, intents } = deploy({
      old: { answers: false },
      dead: { answers: false },
      ill: { healthy: false, at: '900' },
      behind: { at: '100' },
      ahead: { at: '1334' },
    })
    const outcome = await to(['dead', 'ill', 'behind', 'ahead'])
    expect(outcome).toMatchObject({ type: 'closed', close: { verdict: 'committed' }, candidates: rows() })
    expect(await value()).toBe('ahead')
    expect([...asked].sort()).toEqual(['ahead', 'behind', 'dead', 'ill', 'old'])
    expect([...open]).toEqual([])
    expect(rows()).toMatchObject([
      { candidate: 1, target: 'dead', fit: false, chosen: false, reason: 'failed at connect: refused' },
      { candidate: 2, target: 'ill', fit: false, reason: 'it is not well (fake.healthy)', position: { at: '900' } },
      { candidate: 3, target: 'behind', fit: true, chosen: false, reason: 'behind by 1,234 bytes of WAL' },
      { candidate: 4, target: 'ahead', fit: true, chosen: true, reason: 'the most advanced' },
    ])
    expect(await intents()).toMatchObject([{ verb: 'failover', revertible: false }])
  })

  test('without a fit one: each is named, and nothing is written or begun', async () => {
    const { to, store, value, open, rows } = deploy({ dead: { answers: false }, ill: { healthy: false } })
    const error = await failure(to(['dead', 'ill', 'old']))
    expect(error).toBeInstanceOf(NoneFit)
    expect(error).toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(
        /candidate 1 \(dead\): failed.*candidate 2 \(ill\): .*fake\.healthy.*candidate 3 \(old\): is what stands there/,
      ),
      hint: 'candidate 2 is the most advanced of those that answer: mend it',
      candidates: rows(),
    })
    expect(await value()).toBe('old')
    expect(await store.journal.head(signal)).toMatchObject({ seq: 0 })
    expect([...open]).toEqual([])
  })

  test('what a guard refuses is taken when it is let pass by name, and that is recorded', async () => {
    const { to, value, intents } = deploy({ ill: { healthy: false } })
    await to(['ill'], { allowed: ['fake.healthy'] })
    expect(await value()).toBe('ill')
    expect(await intents()).toMatchObject([{ allowed: ['fake.healthy'] }])
  })

  test('a present resource that takes writes is a warning; under --strict nobody is fit', async () => {
    const alive = deploy({})
    expect(await alive.to(['good'])).toMatchObject({
      findings: expect.arrayContaining([expect.objectContaining({ id: 'failover.old_alive', status: 'warn' })]),
    })
    expect(await failure(deploy({}).to(['good'], { strictness: 'strict' }))).toMatchObject({
      message: expect.stringContaining('failover.old_alive'),
    })
    for (const old of [{ answers: false }, { writable: false }]) {
      const fenced = deploy({ old })
      const outcome = await fenced.to(['good'], { expect: 'writable' })
      expect(outcome).toMatchObject({
        findings: expect.arrayContaining([expect.objectContaining({ id: 'failover.old_alive', status: 'pass' })]),
      })
    }
  })

  test('a present resource that answers and lets nobody in may still take writes: that is not known', async () => {
    const { to, events } = deploy({ old: { closed: true } })
    await to(['good'])
    const told = events.flatMap((event) => (event.type === 'candidates' ? event.candidates.flatMap(({ findings }) => findings) : []))
    expect(told.find(({ id }) => id === 'failover.old_alive')).toMatchObject({
      status: 'unknown',
      remedy: expect.stringContaining('fence'),
    })
  })

  test('what another command put there while the candidates were asked is a conflict, and stays', async () => {
    const { to, swap, value, intents } = deploy({ old: { answers: false }, good: { tellsIn: 120 } })
    const run = failure(to(['good']))
    await new Promise((resolve) => setTimeout(resolve, 40))
    await swap('what another operator chose')
    expect(await run).toMatchObject({ code: 'CONFLICT', effect: 'none' })
    expect(await value()).toBe('what another operator chose')
    expect(await intents()).toHaveLength(1)
  })

  test('is refused where a candidate that is not fit is further: what it has more would be lost', async () => {
    const manners = { old: { answers: false }, stale: { at: '5' }, standby: { writable: true, healthy: false, at: '1239' } }
    const { to, value, rows } = deploy(manners)
    const refused = await failure(to(['stale', 'standby']))
    expect(refused).toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('failover.behind'),
      hint: expect.stringContaining('of candidate 2: mend it'),
    })
    expect(refused.message).toContain('candidate 2 (standby) is 1,234 bytes of WAL ahead of candidate 1')
    expect([await value(), rows().map(({ fit }) => fit)]).toEqual(['old', [true, false]])
    await to(['stale', 'standby'], { allowed: ['failover.behind'] })
    expect(await value()).toBe('stale')
  })

  test('is refused where one that is not fit stands further on the line that the promoted one left', async () => {
    const manners = { old: { answers: false }, promoted: { at: '1470', left: '1464' }, standby: { healthy: false, at: '2915' } }
    const { to, value, rows } = deploy(manners)
    const refused = await failure(to(['promoted', 'standby']))
    expect(refused.message).toContain('candidate 2 (standby) is 1,451 bytes of WAL ahead of candidate 1')
    expect([await value(), rows()[0]?.position]).toEqual(['old', { line: 'of promoted', at: '1470', unit: 'bytes of WAL' }])
  })

  test('where positions are of two lines, nobody says that none is further', async () => {
    const { to, value } = deploy({ old: { answers: false }, good: { at: '5' }, stranger: { healthy: false, at: '9', line: 'another' } })
    const strict = { strictness: 'strict', allowed: ['handle.same_resource', 'tls.expiring', 'net.latency', 'failover.old_alive'] } as const
    const refused = await failure(to(['good', 'stranger'], strict))
    expect(refused.message).toContain('whether candidate 2 (stranger) is further cannot be told: candidate 1 is of another line')
    await to(['good', 'stranger'])
    expect(await value()).toBe('good')
  })

  test('one that breaks off is not taken against what its probe told, whatever is let pass', async () => {
    const { to, value } = deploy({ old: { answers: false }, standby: { writable: false, breaksOff: true } })
    expect(await failure(to(['standby'], { allowed: ['compare.incomplete'] }))).toBeInstanceOf(NoneFit)
    expect(await value()).toBe('old')
  })

  test.each([
    ['of another kind', KEY, 'redis'],
    ['of another key', OTHER, 'fake'],
  ])('a baseline %s is refused before anybody is asked', async (_, key, kind) => {
    const { to, asked, value } = deploy({})
    const baseline = {
      target: 'fake://h',
      kind,
      takenAt: '',
      resource: { unknown: '' },
      roundTripMs: { unknown: '' },
      position: { unknown: '' },
      newest: { unknown: '' },
      facts: {},
    }
    expect(await failure(to(['good'], { baselines: new Map([[key, baseline]]) }))).toMatchObject({ code: 'USAGE' })
    expect([asked, await value()]).toEqual([[], 'old'])
  })

  test('a pre-flight that is no longer fresh, after a question, is taken again', async () => {
    let clock = 0
    const { operation, wish, asked, value } = deploy({ old: { answers: false } })
    const approve = async (): Promise<void> => {
      clock += 31_000
    }
    await failover(wish(['good']), { ...operation, clock: () => clock, consent: { ...WITHOUT_QUESTIONS, approve } })
    expect(await value()).toBe('good')
    expect(asked.filter((name) => name === 'good')).toHaveLength(2)
  })

  test('a dry run asks and tells, and writes nothing', async () => {
    const { to, store, rows } = deploy({})
    expect(await to(['good'], { run: 'dry' })).toMatchObject({ type: 'planned', proposal: { plan: { verb: 'failover' } } })
    expect(rows()).toMatchObject([{ chosen: true }])
    expect(await store.journal.head(signal)).toMatchObject({ seq: 0 })
  })

  test('a key that holds nothing is refused before anybody is asked', async () => {
    const { to, asked } = deploy({}, { holds: '' })
    expect(await failure(to(['good']))).toMatchObject({ code: 'REFUSED', hint: `attach ${KEY}` })
    expect(asked).toEqual([])
  })

  test.each<[string, readonly string[], string]>([
    ['none at all', [], 'no candidate was given'],
    ['an empty one', ['good', ''], 'candidate 2 is empty'],
    ['two that lead to one place', ['good', 'better', 'good'], 'candidate 3 leads where candidate 1 does'],
    ['more than are sensible', Array.from({ length: 17 }, (_, at) => `db${at}`), 'more than 16'],
  ])('%s: exit 2 before anybody is asked', async (_, names, message) => {
    const { to, asked } = deploy({})
    expect(await failure(to(names))).toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) })
    expect(asked).toEqual([])
  })

  test('what is replaced stays under another key when that is asked for', async () => {
    const { to, value } = deploy({})
    await to(['queue'], {
      keepOldAs: OTHER,
      candidates: [{ to: new Secret('queue'), madeFrom: { key: OTHER, value: new Secret('queue') } }],
    })
    expect([await value(), await value(OTHER)]).toEqual(['queue', 'old'])
  })
})

describe('what is slow', () => {
  /** How long it took by the clock of the test, which passes at once. */
  const timed = async (run: Promise<unknown>): Promise<number> => {
    const start = performance.now()
    let over = false
    const end = run.finally(() => {
      over = true
    })
    end.catch(() => {})
    while (!over) await vi.advanceTimersByTimeAsync(100)
    return performance.now() - start
  }

  test.each<[string, Readonly<Record<string, Manner>>, number, string]>([
    ['a candidate that tells of itself too late is left behind', { slow: { tellsIn: 19_000, at: '99' } }, 10_000, 'good'],
    ['a candidate that is slow but in time is waited for', { slow: { tellsIn: 4_000, at: '99' } }, 4_000, 'slow'],
    ['a present resource that logs in and then hangs holds nobody up for longer', { old: { tellsIn: 20_000 } }, 10_000, 'slow'],
    [
      'when the first fit one comes late, the others have a little longer',
      { old: { tellsIn: 20_000 }, slow: { tellsIn: 11_500 } },
      11_500,
      'slow',
    ],
    ['and no more than that', { old: { tellsIn: 20_000 }, slow: { tellsIn: 13_500 } }, 12_000, 'good'],
  ])('%s', async (_, manners, due, chosen) => {
    vi.useFakeTimers()
    const { to, value, open } = deploy({ good: {}, ...manners })
    const ms = await timed(to(['slow', 'good']))
    expect(ms).toBeGreaterThanOrEqual(due)
    expect(ms).toBeLessThanOrEqual(due + 200)
    expect(await value()).toBe(chosen)
    await vi.advanceTimersByTimeAsync(30_000)
    expect([...open]).toEqual([])
  })

  test('who is left behind is named, and says nothing any more', async () => {
    vi.useFakeTimers()
    const { to, events, rows } = deploy({ slow: { opensIn: 15_000 } })
    await timed(to(['slow', 'good']))
    expect(rows()).toMatchObject([{ fit: false, reason: 'was still being asked when another was known to be fit' }, { chosen: true }])
    await vi.advanceTimersByTimeAsync(30_000)
    expect(events.filter(({ type }) => type === 'probed')).toHaveLength(2)
  })

  test('of a short time no more than a part is spent on one that hangs, once another is fit', async () => {
    vi.useFakeTimers()
    const { operation, wish, value } = deploy({ hangs: { opensIn: 60_000 } })
    const run = failover(wish(['hangs', 'good'], { timeoutMs: 5_000 }), operation)
    await vi.advanceTimersByTimeAsync(3_100)
    expect((await run).candidates).toMatchObject([{ reason: 'was still being asked when another was known to be fit' }, { chosen: true }])
    expect(await value()).toBe('good')
  })

  test('when it is stopped, what is known of each candidate by then is told', async () => {
    vi.useFakeTimers()
    const { operation, wish, events } = deploy({ hangs: { opensIn: 60_000 }, ill: { healthy: false } })
    const stop = new AbortController()
    const run = failure(failover(wish(['hangs', 'good', 'ill']), { ...operation, signal: stop.signal }))
    await vi.advanceTimersByTimeAsync(1_000)
    stop.abort()
    expect(await run).toMatchObject({ code: 'INTERRUPTED' })
    expect(events.find(({ type }) => type === 'candidates')).toMatchObject({
      candidates: [
        { fit: false, chosen: false, reason: 'was still being asked' },
        { fit: true, chosen: false, reason: 'is fit' },
        { fit: false, reason: expect.stringContaining('it is not well') },
      ],
    })
  })

  test('a wish to stop is heard at once, and leaves no session and no entry', async () => {
    vi.useFakeTimers()
    const { operation, wish, open, store } = deploy({ slow: { tellsIn: 9_000 }, old: { tellsIn: 9_000 } })
    const stop = new AbortController()
    const run = failure(failover(wish(['slow']), { ...operation, signal: stop.signal }))
    await vi.advanceTimersByTimeAsync(1_000)
    stop.abort()
    expect(await run).toMatchObject({ code: 'INTERRUPTED' })
    await vi.advanceTimersByTimeAsync(0)
    expect([...open]).toEqual([])
    expect(await store.journal.head(signal)).toMatchObject({ seq: 0 })
  })
})

describe('the quiet period', () => {
  test('a second failover of the key is refused before anybody is asked, and says who and when', async () => {
    const { to, asked, later, value } = deploy({})
    await to(['good'])
    later(QUIET_PERIOD_MS - 1)
    const before = asked.length
    expect(await failure(to(['old']))).toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(/failover\.quiet.*\(v1\) 14 min ago by ada on db-ops, at 2026-01-01T12:00:00\.000Z/),
      hint: expect.stringContaining('--allow failover.quiet'),
    })
    expect(asked).toHaveLength(before)
    later(1)
    await to(['old'])
    expect(await value()).toBe('old')
  })

  test('told so, it goes on, and that is recorded', async () => {
    const { to, intents } = deploy({})
    await to(['good'])
    await to(['old'], { allowed: ['failover.quiet'] })
    expect(await intents()).toMatchObject([{ allowed: ['failover.quiet'] }, { verb: 'failover' }])
    expect((await intents()).at(-1)).not.toHaveProperty('allowed')
  })

  test('attach.yaml may weigh it less', async () => {
    const { to, value } = deploy({})
    await to(['good'])
    const declared = new Map([
      [KEY, { kind: null, expect: null, fresh: null, use: null, variables: null, guards: new Map([['failover.quiet', 'warn' as const]]) }],
    ])
    await to(['old'], { declared })
    expect(await value()).toBe('old')
  })

  test('another key, another verb, and a run that changed nothing do not count; what was put back does', async () => {
    const others = deploy({})
    await others.swap('good')
    await others.swap('queue2', OTHER, 'failover')
    await others.to(['old'])
    const aborted = deploy({})
    const stop = new AbortController()
    const stopped: Operation = { ...aborted.operation, signal: stop.signal, begin: () => stop.abort() }
    expect(await failure(failover(aborted.wish(['good']), stopped))).toMatchObject({ code: 'INTERRUPTED' })
    expect(await aborted.intents()).toHaveLength(1)
    expect(await aborted.to(['good'])).toMatchObject({ type: 'closed' })
    const back = deploy({})
    await failover(back.wish(['good'], { onFailure: 'revert' }), {
      ...back.operation,
      settle: async ({ stands }) => (stands === 'new' ? 'no' : 'yes'),
    })
    expect(await back.value()).toBe('old')
    expect(await failure(back.to(['good']))).toMatchObject({ message: expect.stringContaining('was failed over and put back') })
  })

  test('a failover at a time to come counts as within it', async () => {
    const { to, later } = deploy({})
    await to(['good'])
    later(-3 * QUIET_PERIOD_MS)
    expect(await failure(to(['old']))).toMatchObject({ message: expect.stringContaining('by a clock that is ahead of this one') })
  })

  test('one old operation of another clock does not hide it', async () => {
    const { to, swap, later } = deploy({})
    await to(['good'])
    later(-2 * QUIET_PERIOD_MS)
    await swap('queue2', OTHER)
    later(2 * QUIET_PERIOD_MS)
    expect(await failure(to(['old']))).toMatchObject({ message: expect.stringContaining('failover.quiet') })
  })

  test('undo and rollback of a failover are always possible', async () => {
    for (const verb of ['undo', 'rollback'] satisfies readonly Verb[]) {
      const { to, operation, wish, value } = deploy({})
      await to(['good'])
      await operate({ ...wish([]), probe: 'probe', request: { verb, release: null, allowEdited: false } }, operation)
      expect(await value()).toBe('old')
    }
  })

  test('of two at once the later one finds the other, also when it was asking already', async () => {
    const { to, operation, wish, value, intents } = deploy({})
    let other: Promise<unknown> | null = null
    const approve = async (): Promise<void> => {
      other ??= to(['first'])
      await other
    }
    const slow: Operation = {
      ...operation,
      consent: { ...WITHOUT_QUESTIONS, approve },
    }
    expect(await failure(failover(wish(['second']), slow))).toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('failover.quiet'),
    })
    expect(await value()).toBe('first')
    expect(await intents()).toHaveLength(1)
  })
})
