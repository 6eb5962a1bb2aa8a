import { AttachError } from '../domain/errors.ts'
import type { ProbeReport } from '../domain/probe.ts'
import type { Resource } from '../ports/kind.ts'
import type { Reporter } from '../ports/reporter.ts'
import { type ProbeSetting, probe, whereOf } from './ask.ts'
import { type Expectation, failureOf, ProbeFailed, troubleOf, untold } from './expect.ts'

/** What is waited for. */
export interface Awaited {
  readonly key: string
  readonly resource: Resource
}

export interface WaitWish {
  readonly expect: Expectation
  /** `--expect` was given: what does not tell whether it is that is waited for. */
  readonly isAsked: boolean
  /** `gone`: until nothing answers at its address any more. */
  readonly until: 'there' | 'gone'
  /** Before the second try; with `exponential` twice as long before each next one, up to `INTERVAL_MAX_MS`. Milliseconds. */
  readonly intervalMs: number
  readonly backoff: 'exponential' | 'none'
  /** So many are asked at the same time. */
  readonly concurrency: number
  /** All of it. Milliseconds. */
  readonly timeoutMs: number
}

export interface WaitSetting extends ProbeSetting {
  /** From 0 to 1, another one each time. */
  readonly random: () => number
}

export const INTERVAL_MAX_MS = 5_000
/** So much of a pause is left to chance: many that wait for one server are not to ask it all at once. */
const JITTER = 0.2
/** A name may be a moment late where a network is just made; a typo stays one. */
const LATE_NAMES = 2

/** How it ended for one of them. */
type End =
  | { readonly how: 'holds' }
  | { readonly how: 'failed'; readonly failure: ProbeFailed }
  | { readonly how: 'waiting'; readonly why: string }

/**
 * Probes each until it is what is expected. What another try may not meet again is tried again; what stays until somebody acts ends all of it at
 * once. The last report of each is told as `probed`. Throws PROBE_FAILED with every failure that stays, TIMED_OUT with what each still waited for,
 * INTERRUPTED.
 */
export async function waitFor(awaited: readonly Awaited[], wish: WaitWish, setting: WaitSetting): Promise<void> {
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(), wish.timeoutMs)
  let isLate = false
  const late = (): void => {
    isLate = true
  }
  over.signal.addEventListener('abort', late, { once: true })
  const failed = new AbortController()
  const signal = AbortSignal.any([setting.signal, over.signal, failed.signal])
  const turn = turns(wish.concurrency)
  try {
    const ends = await Promise.all(
      awaited.map(async (one) => {
        const end = await waitForOne(one, wish, { ...setting, signal }, turn)
        if (end.how === 'failed') failed.abort()
        return { one, end }
      }),
    )
    if (setting.signal.aborted) throw new AttachError('INTERRUPTED', 'interrupted', { hint: 'run the command again' })
    const failures = ends.flatMap(({ end }) => (end.how === 'failed' ? end.failure : []))
    if (failures.length > 0) throw ProbeFailed.of(failures)
    const waiting = ends.flatMap(({ one, end }) => (end.how === 'waiting' ? `${one.key}: ${end.why}` : []))
    if (isLate && waiting.length > 0) throw timedOut(wish, waiting)
  } finally {
    clearTimeout(timer)
    over.signal.removeEventListener('abort', late)
  }
}

const timedOut = ({ timeoutMs, until }: WaitWish, waiting: readonly string[]): AttachError =>
  new AttachError('TIMED_OUT', `after ${timeoutMs / 1_000} s not ${until === 'gone' ? 'gone' : 'as expected'}: ${waiting.join('; ')}`, {
    hint: `attach probe -v shows which stage fails; --timeout ${Math.ceil((2 * timeoutMs) / 1_000)}s waits longer`,
  })

async function waitForOne(one: Awaited, wish: WaitWish, setting: WaitSetting, turn: Turn): Promise<End> {
  const { key, resource } = one
  const { reporter, signal } = setting
  let last: ProbeReport | null = null
  let said = ''
  for (let tries = 1; !signal.aborted; tries += 1) {
    const { report } = await turn(() => probe(key, 'attached', resource, { ...setting, reporter: SILENT }))
    if (signal.aborted && last !== null) break // It was cut off: the one before tells more.
    last = report
    const end = judged(one, report, wish, tries)
    if (end.how !== 'waiting') return told(end, report)
    const pauseMs = pauseOf(wish, tries, setting.random())
    if (end.why !== said) reporter.event({ type: 'retrying', key, where: whereOf(resource), why: end.why, tries, pauseMs })
    said = end.why
    await pause(pauseMs, signal)
  }
  return told({ how: 'waiting', why: said === '' ? 'was not asked any more' : said }, last)

  function told(end: End, report: ProbeReport | null): End {
    if (report !== null)
      reporter.event({
        type: 'probed',
        key,
        kind: resource.kind,
        where: whereOf(resource),
        identity: resource.identity,
        side: 'attached',
        report,
      })
    return end
  }
}

/** What one try says. */
function judged({ key, resource }: Awaited, report: ProbeReport, { until, expect, isAsked }: WaitWish, tries: number): End {
  const probed = { key, side: 'attached', resource, report } as const
  if (until === 'gone') {
    const isGone = !report.ok && (report.failedAt === 'resolve' || report.failedAt === 'connect')
    return isGone
      ? { how: 'holds' }
      : { how: 'waiting', why: report.ok ? 'it answers' : `something answers, and fails at ${report.failedAt}` }
  }
  const failure = failureOf(probed, expect) ?? troubleOf(probed) ?? (isAsked ? untold(probed, expect) : null)
  if (failure === null) return { how: 'holds' }
  const isLateName = !report.ok && report.failedAt === 'resolve' && tries < LATE_NAMES
  if (!report.ok && report.class === 'permanent' && !isLateName) return { how: 'failed', failure }
  return { how: 'waiting', why: report.ok ? failure.message.slice(`${key}: `.length) : `failed at ${report.failedAt}: ${report.reason}` }
}

export function pauseOf({ intervalMs, backoff }: Pick<WaitWish, 'intervalMs' | 'backoff'>, tries: number, random: number): number {
  const plain = backoff === 'none' ? intervalMs : Math.min(Math.max(INTERVAL_MAX_MS, intervalMs), intervalMs * 2 ** (tries - 1))
  return Math.round(plain * (1 + JITTER * (2 * random - 1)))
}

const SILENT: Reporter = { event: () => {} }

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
  })

type Turn = <T>(act: () => Promise<T>) => Promise<T>

/** Lets so many act at the same time; the others in the order in which they came. */
export function turns(most: number): Turn {
  const queue: (() => void)[] = []
  let acting = 0
  return async (act) => {
    if (acting >= most) await new Promise<void>((resolve) => queue.push(resolve))
    acting += 1
    try {
      return await act()
    } finally {
      acting -= 1
      queue.shift()?.()
    }
  }
}
