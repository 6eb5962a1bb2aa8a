import type { Health } from '../../domain/deploy.ts'
import { type Running, runRecorded } from './command.ts'
import type { Asked } from './health-url.ts'

/** Of one request, however long all of them may take. */
const REQUEST_MS = 5_000
/** Timers are not exact: so close to the end of the time it is the end. */
const TIMER_MS = 10
/** So much of what the last check printed is shown when the app is not well. */
const LAST_LINES = 20

/**
 * Asks until so many checks in a row went well, or until the time of all is over. Null when the app is well, else the last thing that was wrong.
 * A failed check counts from nothing again: what comes and goes is not well.
 */
export async function askHealth(health: Health, running: Running): Promise<string | null> {
  const { successes, intervalMs, timeoutMs } = health
  const { host, signal, reporter, clean } = running
  const check = await checkOf(health, running)
  const until = host.clock() + timeoutMs
  let last: Tried = { why: null, printed: [] }
  const left = (): number => until - host.clock()
  for (let inARow = 0; ; ) {
    const tried = await check(Math.max(left(), TIMER_MS))
    if (signal.aborted) return 'it was interrupted'
    inARow = tried.why === null ? inARow + 1 : 0
    if (inARow >= successes) return null
    const isCutShort = last.why !== null && left() < TIMER_MS // It tells less than the one before.
    if (tried.why !== null && !isCutShort) {
      if (tried.why !== last.why) reporter.event({ type: 'detail', code: 'health.not_yet', message: `health: ${tried.why}` })
      last = tried
    }
    await pause(Math.min(intervalMs, left()), signal)
    if (signal.aborted) return 'it was interrupted'
    if (left() < TIMER_MS) {
      for (const line of last.printed.slice(-LAST_LINES)) reporter.event({ type: 'output', from: 'health', line: clean(line) })
      return `${foundLast(last, inARow, health)}; ${timeoutMs / 1_000} s passed (timeout of health in attach.yaml)`
    }
  }
}

function foundLast({ why }: Tried, inARow: number, { successes }: Health): string {
  if (inARow === 0 && why !== null) return why
  return `only the last ${inARow} of ${successes} checks in a row went well${why === null ? '' : `, and before that ${why}`}`
}

interface Tried {
  /** Null when it went well. */
  readonly why: string | null
  readonly printed: readonly string[]
}

type Check = (leftMs: number) => Promise<Tried>

async function checkOf({ check }: Health, running: Running): Promise<Check> {
  const { host, signal } = running
  if (check.by === 'url') {
    const { askUrl, authorities } = await import('./health-url.ts')
    const ca = check.url.startsWith('https:') ? authorities(host.env) : []
    const asked = (left: number): Asked => ({ ...check, ca, ms: Math.min(REQUEST_MS, left), signal, now: () => host.clock() })
    return async (left) => ({ why: await askUrl(asked(left)), printed: [] })
  }
  return async (left) => {
    const printed: string[] = []
    const { why } = await runRecorded(check.run, running, { timeoutMs: Math.ceil(left), name: null, subject: 'its command' }, (line) =>
      printed.push(line),
    )
    return { why, printed }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, Math.max(ms, 0))
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
  })
}
