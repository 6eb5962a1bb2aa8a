import { type Key, same, type Value } from '../domain/change.ts'
import type { KeyedFinding } from '../domain/finding.ts'
import type { Secret } from '../domain/secret.ts'
import type { Survey } from '../domain/survey.ts'
import { PROBE_LIMITS, type Resource } from '../ports/kind.ts'
import type { Reporter } from '../ports/reporter.ts'
import { type Asked, open, whereOf } from './ask.ts'
import { askOld, type OldTold } from './compare.ts'
import { ProbeFailed } from './expect.ts'
import { idsOf, judge } from './judge.ts'
import type { Edit } from './plan.ts'
import { type Asking, failureIn, findingsOf, type Preflight, type PreflightSetting, type ProbedChange } from './preflight.ts'

/** A resource that may take over. Nothing was contacted for it. */
export interface Candidate {
  /** Its place, from 1. */
  readonly candidate: number
  readonly edit: Pick<Edit, 'madeFrom'> & { readonly to: Secret }
  readonly resource: Resource
  /** `db2:5432/app` */
  readonly target: string
}

/** What became of one candidate. */
export interface Answer {
  readonly of: Candidate
  /** What it would be attached with. Null: it is not fit. */
  readonly preflight: Preflight | null
  /** Why it is not fit, in words. Empty: it is. */
  readonly unfit: string
  /** What would mend that. */
  readonly remedy: string
  readonly findings: readonly KeyedFinding[]
  readonly survey: Survey | null
}

/** What stands there now. */
export interface Present {
  readonly key: Key
  readonly value: Value
  /** Null: nothing that attach speaks can read it. */
  readonly resource: Resource | null
}

/** What asking many at once is bounded by. Milliseconds. */
export interface AskingLimits {
  /** From the start: what is fit waits no longer for what is slow, nor any of them for what the present resource tells. */
  readonly totalMs: number
  /** For the others, once one is known to be fit. */
  readonly graceMs: number
}

/** What is left of the whole once one is fit is for the write: of a short time no more than this part is spent on those that are slow. */
const PART = { total: 0.6, grace: 0.2 } as const

/** `timeoutMs`: all of a failover, up to its write. */
export const askingLimits = (timeoutMs: number): AskingLimits => ({
  totalMs: Math.min(PROBE_LIMITS.totalMs, PART.total * timeoutMs),
  graceMs: Math.min(2_000, PART.grace * timeoutMs),
})

/**
 * Asks all candidates and the present resource at once, each over one session; the present one is surveyed once for all. Every candidate gets
 * its answer, a slow one within `limits`. When it is asked to stop, what is known by then is the answer.
 */
export async function askAll(
  candidates: readonly Candidate[],
  present: Present,
  asking: Asking,
  setting: PreflightSetting,
  limits: AskingLimits,
): Promise<readonly Answer[]> {
  const over = new AbortController()
  const until = setting.clock() + limits.totalMs
  const inner: PreflightSetting = {
    ...setting,
    reporter: untilOver(over.signal, setting.reporter),
    signal: AbortSignal.any([setting.signal, over.signal]),
  }
  const old = askPresent(present, asking, inner, limits)
  try {
    const runs = candidates.map((candidate) => answerOf(candidate, present, old, asking, inner))
    const left = (): number => Math.max(until - setting.clock(), limits.graceMs)
    const answers = await gathered(runs, ({ preflight }) => preflight !== null, left, setting.signal)
    const late = setting.signal.aborted ? 'was still being asked' : 'was still being asked when another was known to be fit'
    return candidates.map((candidate, at) => answers[at] ?? unfitOf(candidate, late))
  } finally {
    over.abort()
    old.asked.then((asked) => asked?.session?.[Symbol.asyncDispose]()).catch(() => {}) // Whoever waits for it is told as well.
  }
}

/** Why a candidate is not fit that nobody would move to. */
export const STANDS_THERE = 'is what stands there'

interface Old {
  readonly asked: Promise<Asked | null>
  readonly told: Promise<OldTold>
}

/** One that is half dead holds nobody up for long: what it did not tell in time is not known. */
function askPresent({ key, resource }: Present, { declared }: Asking, setting: PreflightSetting, { totalMs }: AskingLimits): Old {
  const silent = (why: string): OldTold => ({ survey: null, silent: why })
  const asked = resource === null || resource.depth === null ? Promise.resolve(null) : open(key, 'old', resource, setting)
  const telling = asked.then((one) =>
    one === null ? silent('nothing can be asked of the old resource') : askOld(one, declared.get(key) ?? null, setting),
  )
  const told = new Promise<OldTold>((resolve, reject) => {
    const timer = setTimeout(() => resolve(silent(`the old resource did not tell of itself in ${totalMs / 1_000} s`)), totalMs)
    telling.then(resolve, reject).finally(() => clearTimeout(timer))
  })
  told.catch(() => {}) // Whoever waits for it is told as well.
  return { asked, told }
}

async function answerOf(of: Candidate, present: Present, old: Old, asking: Asking, setting: PreflightSetting): Promise<Answer> {
  const { key } = present
  const { resource } = of
  const change = { key, before: present.value, after: of.edit.to }
  if (same(change.before, change.after) || (setting.within?.(change) ?? null) !== null) return unfitOf(of, STANDS_THERE)
  const [next, oldAsked] = await Promise.all([open(key, 'new', resource, setting), old.asked])
  try {
    const look: ProbedChange = { change, resource, next, old: oldAsked, isCompared: oldAsked !== null, oldTold: old.told }
    const failure = failureIn(look, asking)
    if (failure !== null) return unfitOf(of, withoutStart(failure.message, `${key}: ${whereOf(resource)} `), failure.hint)
    const judged = await findingsOf(look, asking, setting).catch(orMisfit)
    if (judged instanceof ProbeFailed) return unfitOf(of, judged.message, judged.hint)
    const { findings, survey, told } = judged
    const [first, ...more] = judge(findings, asking).blocking
    if (first !== undefined) {
      return { ...unfitOf(of, `${first.detail} (${idsOf([first, ...more])})`, first.remedy), findings, survey }
    }
    const probes = [next, ...(oldAsked === null ? [] : [oldAsked])]
    const revertible = oldAsked?.report.ok ?? true
    const preflight = { probes, findings, revertible, told: new Map(told === null ? [] : [[key, told]]), takenAt: setting.clock() }
    return { of, preflight, unfit: '', remedy: '', findings, survey }
  } finally {
    await next.session?.[Symbol.asyncDispose]()
  }
}

function orMisfit(error: unknown): ProbeFailed {
  if (error instanceof ProbeFailed) return error
  throw error
}

const unfitOf = (of: Candidate, unfit: string, remedy = ''): Answer => ({ of, preflight: null, unfit, remedy, findings: [], survey: null })

const withoutStart = (text: string, start: string): string => (text.startsWith(start) ? text.slice(start.length) : text)

/** The ends of all runs; null for one that had not ended when `left` had passed since the first that is good. Rejects with the first that does. */
function gathered<T>(
  runs: readonly Promise<T>[],
  isGood: (end: T) => boolean,
  left: () => number,
  signal: AbortSignal,
): Promise<readonly (T | null)[]> {
  const ends: (T | null)[] = runs.map(() => null)
  let running = runs.length
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const settle = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
    }
    const done = (): void => {
      settle()
      resolve(ends)
    }
    const failed = (error: unknown): void => {
      settle()
      reject(error)
    }
    signal.addEventListener('abort', done, { once: true })
    if (running === 0 || signal.aborted) done()
    for (const [at, run] of runs.entries()) {
      run.then((end) => {
        ends[at] = end
        running -= 1
        if (running === 0) done()
        else if (isGood(end)) timer ??= setTimeout(done, left())
      }, failed)
    }
  })
}

/** Who is not waited for any more says nothing either; and how many checks each candidate passed is told with the candidate. */
const untilOver = (over: AbortSignal, { event: tell }: Reporter): Reporter => ({
  event: (event) => {
    if (!over.aborted && event.type !== 'comparing' && event.type !== 'compared') tell(event)
  },
})
