import { type Change, same } from '../domain/change.ts'
import { AttachError } from '../domain/errors.ts'
import { type KeyedFinding, weighed } from '../domain/finding.ts'
import type { Head } from '../domain/operation.ts'
import { lastWritten, releasesAfter } from './history.ts'
import { judge, pardoned, Unfit } from './judge.ts'
import type { Operation, Wish } from './operate.ts'
import { type Known, type Plan, type Planned, plan, type Request, rollbackTarget, undoTarget } from './plan.ts'
import { makeQuiet } from './quiet.ts'
import { quietPeriod } from './quiet-period.ts'

/** What was known when a plan was made, and the plan. */
export interface Look {
  readonly known: Known
  readonly planned: Planned
}

/** Reads what a wish needs to know, and plans it. Throws REFUSED, CONFLICT, and what the store throws. */
export async function look(wish: Wish, operation: Operation): Promise<Look> {
  const { request } = wish
  const { store, signal } = operation
  const { journal } = store
  const head = await journal.head(signal) // Before the config: whatever begins in between takes our place.
  const snapshot = await store.read(signal)
  const known = { head, snapshot, ...(await historyFor(request)) }
  const planned = plan(request, known)
  const findings = await quietPeriods(wish, head, operation)
  if (planned.type === 'unchanged' || findings.length === 0) return { known, planned }
  return { known, planned: { type: 'plan', plan: { ...planned.plan, findings } } }

  async function historyFor(request: Request): Promise<Pick<Known, 'written' | 'later'>> {
    switch (request.verb) {
      case 'attach':
      case 'swap':
      case 'failover':
      case 'detach': {
        const keys =
          request.verb === 'detach'
            ? request.keys
            : request.edits.flatMap(({ key, keepOldAs }) => [key, ...(keepOldAs === undefined ? [] : [keepOldAs])])
        return { written: await lastWritten(new Set(keys), journal, head, signal), later: [] }
      }
      case 'rollback': {
        const backTo = rollbackTarget(request.release, head.release)
        const later = await releasesAfter(backTo, journal, head, signal)
        const keys = new Set(later.flatMap(({ changes }) => changes.map(({ key }) => key)))
        return { later, written: await lastWritten(keys, journal, head, signal, { upTo: backTo }) }
      }
      case 'undo':
        return { written: new Map(), later: await releasesAfter(undoTarget(request.release, head.release) - 1, journal, head, signal) }
    }
  }
}

/** Read with the head that the plan is made on: of two failovers at once the later one finds the other. Throws REFUSED. */
async function quietPeriods(wish: Wish, head: Head, operation: Operation): Promise<readonly KeyedFinding[]> {
  const { request, declared } = wish
  if (request.verb !== 'failover') return []
  const { store, signal, now } = operation
  const findings: KeyedFinding[] = []
  for (const { key } of request.edits) {
    const finding = await quietPeriod(key, store.journal, head, Date.parse(now()), signal)
    findings.push(pardoned({ key, ...weighed(finding, declared.get(key)?.guards ?? new Map()) }, wish))
  }
  const { blocking } = judge(findings, wish)
  if (blocking.length > 0) throw new Unfit(blocking)
  return findings
}

/** The journal moved. Another operation's change of other keys is no conflict; one that touches ours is. Throws BUSY, CONFLICT. */
export async function planAgain(busy: AttachError, wish: Wish, agreed: Plan, operation: Operation): Promise<Plan> {
  const { journal } = operation.store
  const now = await journal.head(operation.signal)
  if (now.open !== null && (await journal.owner(operation.signal)) === 'alive') throw busy
  if (now.open !== null) await makeQuiet(wish, operation)
  else if (now.seq === agreed.head.seq) throw busy
  const { planned } = await look(wish, operation)
  if (planned.type === 'plan' && isSamePlan(planned.plan, agreed)) return planned.plan
  const keys = agreed.changes.map(({ key }) => key).join(', ')
  throw new AttachError('CONFLICT', `${keys} was changed by another attach command meanwhile; nothing was changed by this one`, {
    hint: 'attach log',
  })
}

/** A release that was meant without its number is the one it was when the plan was agreed to. */
export function fixedTo({ undoes, backTo }: Plan, wish: Wish): Wish {
  const { request } = wish
  if (request.verb !== 'undo' && request.verb !== 'rollback') return wish
  return { ...wish, request: { ...request, release: undoes ?? backTo ?? request.release } }
}

const isSamePlan = (a: Plan, b: Plan): boolean =>
  a.changes.length === b.changes.length && a.changes.every((change, at) => isSameChange(change, b.changes[at]))

export const isSameChange = (a: Change, b: Change | undefined): boolean =>
  b !== undefined && a.key === b.key && same(a.before, b.before) && same(a.after, b.after)
