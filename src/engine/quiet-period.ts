import type { Key } from '../domain/change.ts'
import { FAILOVER } from '../domain/checks.ts'
import { type Finding, found, passed } from '../domain/finding.ts'
import type { Head } from '../domain/operation.ts'
import type { Journal } from '../ports/journal.ts'
import { type Closed, closedOperations } from './history.ts'

/** So long after a failover of a key no second one of it follows by itself. */
export const QUIET_PERIOD_MS = 15 * 60_000

/** Clocks differ, so one operation of long ago proves nothing about those before it; so many do. */
const OLD_ONES_MAX = 20
/** More are not made in a quiet period. */
const OPERATIONS_MAX = 500

/** Whether a key was failed over a short while ago. Reads the last operations only. Throws Damage, UNAVAILABLE. */
export async function quietPeriod(key: Key, journal: Journal, head: Head, today: number, signal: AbortSignal): Promise<Finding> {
  const check = FAILOVER.quiet
  const minutes = QUIET_PERIOD_MS / 60_000
  const last = await lastFailover(key, journal, head, today, signal)
  if (last === null) return passed(check, `no failover of it in the last ${minutes} minutes`)
  const { intent, close } = last
  const what = close.verdict === 'reverted' ? 'was failed over and put back' : `was failed over (v${close.release})`
  const detail = `it ${what} ${agoText(close.at, today)} by ${intent.by.user} on ${intent.by.host}, at ${close.at}; ${minutes} minutes must lie between two`
  return found(check, detail, { remedy: 'look first at why that one did not hold (attach log)' })
}

/** Null: there was none in the quiet period. */
async function lastFailover(key: Key, journal: Journal, head: Head, today: number, signal: AbortSignal): Promise<Closed | null> {
  let [all, old] = [0, 0]
  if (head.seq === 0) return null
  for await (const closed of closedOperations(journal, head.seq + 1, signal)) {
    const isOld = today - Date.parse(closed.close.at) >= QUIET_PERIOD_MS // What is no time, or a time to come, is not old.
    if (!isOld && isFailover(closed, key)) return closed
    all += 1
    old += isOld ? 1 : 0
    if (all === OPERATIONS_MAX || old === OLD_ONES_MAX) return null
  }
  return null
}

/** It moved the key, for good or not. */
const isFailover = ({ intent, close }: Closed, key: Key): boolean =>
  intent.verb === 'failover' &&
  (close.verdict === 'committed' || close.verdict === 'reverted') &&
  intent.shown.some((one) => one.key === key && one.kept !== true)

function agoText(at: string, today: number): string {
  const ms = today - Date.parse(at)
  if (!(ms >= 0)) return 'by a clock that is ahead of this one'
  const seconds = Math.floor(ms / 1_000)
  return seconds < 120 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ago`
}
