import { type Change, isEmpty, type Key } from '../domain/change.ts'
import type { ExpectedResource, OnFailure } from '../domain/deploy.ts'
import { AttachError, isAttachError } from '../domain/errors.ts'
import { type KeyedFinding, weighed } from '../domain/finding.ts'
import type { Close, Head, Open, Shown } from '../domain/operation.ts'
import type { KeptSurvey } from '../domain/survey.ts'
import type { Origin, Rehearsal, Snapshot } from '../ports/store.ts'
import { apply } from './apply.ts'
import { expectBaselinesMeant } from './baselines.ts'
import { type Expectation, ProbeFailed } from './expect.ts'
import { judge, type Leave, pardoned, Unfit } from './judge.ts'
import { fixedTo, isSameChange, look, planAgain } from './look.ts'
import type { Plan, Request } from './plan.ts'
import { type Preflight, type PreflightSetting, preflight } from './preflight.ts'
import { type Context, shownOf } from './protocol.ts'
import { expectSettled, makeQuiet, TRIES_MAX } from './quiet.ts'
import { type Recognised, recognise } from './recognise.ts'

export interface Wish {
  readonly request: Request
  /** `--kind`. */
  readonly kind: string | null
  readonly expect: Expectation | null
  /** `skip`: asked for with --no-probe, and recorded. */
  readonly probe: 'probe' | 'skip'
  /** What attach.yaml says of the resource under a key. */
  readonly declared: ReadonlyMap<string, ExpectedResource>
  /** Who reads this config: what one of them would read otherwise than it is meant is not written. */
  readonly readers: readonly string[]
  /** `skipped`: the deploy has a hook or health, and neither is to be run; this is recorded. */
  readonly settling: 'usual' | 'skipped'
  /** When the app does not settle: `usual` puts back, but not to an old resource that did not answer. */
  readonly onFailure: 'usual' | OnFailure
  readonly message: string | null
  /** `--allow`: findings that do not stand in the way. Those that would have are recorded. */
  readonly allowed: readonly string[]
  /** `strict`: warnings and what could not be found out stand in the way too. */
  readonly strictness: Leave['strictness']
  /** What old resources told when they were well. */
  readonly baselines: ReadonlyMap<Key, KeptSurvey>
  /** `dry`: everything but the write. */
  readonly run: 'real' | 'dry'
  readonly lockTimeoutMs: number
}

/** All that a person needs to say yes or no. */
export interface Proposal {
  readonly plan: Plan
  readonly shown: readonly Shown[]
  readonly recognised: readonly Recognised[]
  readonly rehearsal: Rehearsal
  readonly preflight: Preflight | null
  /** What is odd about the new handles themselves. */
  readonly remarks: readonly KeyedFinding[]
  /** What was found when the new resource was chosen among others. */
  readonly chosen: readonly KeyedFinding[]
  /** What does not settle is put back; otherwise the new value stays. */
  readonly revertible: boolean
}

/** Where a person comes in. Each of the questions throws REFUSED or INTERRUPTED to stop. */
export interface Consent {
  /** Before an operation of a dead process is recovered, which may run the hook. */
  recover(open: Open): Promise<void>
  /** Before anything is contacted: may this plan be meant at all? */
  meant(plan: Plan): Promise<void>
  /** A probe failed. Returns when the change is to be made all the same, else throws. */
  allTheSame(failure: ProbeFailed, proposal: Proposal): Promise<void>
  /** What was found out, before it is approved, or instead of it in a dry run. */
  tell(proposal: Proposal): void
  /** Before the first write. */
  approve(proposal: Proposal): Promise<void>
}

export interface Operation extends Context, PreflightSetting {
  readonly consent: Consent
  /** Throws CONFIG_INVALID or REFUSED, before anything is begun, when hook and health could not be run as they stand: not there, not safe, not trusted. */
  readonly ready: () => Promise<void>
}

export type Outcome =
  | { readonly type: 'unchanged'; readonly keys: readonly Key[]; readonly head: Head; readonly snapshot: Snapshot }
  | { readonly type: 'planned'; readonly proposal: Proposal }
  | { readonly type: 'closed'; readonly close: Close; readonly proposal: Proposal; readonly findings: readonly KeyedFinding[] }

/** Findings older than this are taken again before the write. */
const FRESH_MS = 30_000

/** The pre-flight of one change, taken before its operation began. */
export interface Taken {
  readonly change: Change
  readonly preflight: Preflight
  /** What the choice of it brought up. */
  readonly findings: readonly KeyedFinding[]
}

/**
 * One operation from the wish to its close. Throws AttachError; its effect says what state the deploy is in. `taken` stands for the first
 * pre-flight, where this change is what is planned.
 */
export async function operate(
  wish: Wish,
  operation: Operation,
  { taken = null }: { readonly taken?: Taken | null } = {},
): Promise<Outcome> {
  const { consent, signal, clock } = operation
  await expectReadable(wish, operation)
  await makeQuiet(wish, operation)
  const { known, planned } = await look(wish, operation)
  if (planned.type === 'unchanged') {
    if (known.snapshot.unfinished && wish.run === 'real') await operation.store.journal.mend(signal)
    await expectSettled(planned.keys, known.head, operation)
    return { ...planned, head: known.head, snapshot: known.snapshot }
  }
  let { plan } = planned
  await consent.meant(plan)
  const { entries } = known.snapshot
  const recognised = await recognise(plan, { asked: wish.kind, declared: wish.declared, origin: originOf(plan), entries }, operation.kinds)
  expectBaselinesMeant(wish.baselines, recognised)
  const rehearsal = await operation.store.rehearse(plan.changes, originOf(plan), signal)
  const shown = shownOf(plan, operation)
  if (originOf(plan) === 'new') expectReadAlike(rehearsal, wish.readers)
  await operation.ready()
  const remarks = recognised.flatMap(({ change: { key }, next, findings = [] }) =>
    [...findings, ...(next?.remarks ?? [])].map((one) =>
      pardoned({ key, ...weighed(one, wish.declared.get(key)?.guards ?? new Map()) }, wish),
    ),
  )
  let proposal: Proposal = {
    plan,
    shown,
    recognised,
    rehearsal,
    remarks,
    chosen: taken?.findings ?? [],
    preflight: null,
    revertible: wish.onFailure !== 'keep',
  }
  const isTaken = taken !== null && plan.changes.some((change) => isSameChange(change, taken.change))
  if (taken !== null && !isTaken) {
    throw new AttachError(
      'CONFLICT',
      `${taken.change.key} was changed while the candidates were asked; nothing was changed by this command`,
      {
        hint: 'attach log',
      },
    )
  }
  proposal = checked(wish, proposal, isTaken ? taken.preflight : await check(wish, proposal, operation))
  consent.tell(proposal)
  expectFit(wish, proposal)
  if (wish.run === 'dry') return { type: 'planned', proposal }
  await consent.approve(proposal)
  while (proposal.preflight !== null && clock() - proposal.preflight.takenAt > FRESH_MS) {
    const agreed = proposal
    proposal = checked(wish, proposal, await check(wish, proposal, operation))
    if (!isSameCheck(agreed, proposal)) {
      consent.tell(proposal)
      expectFit(wish, proposal)
      await consent.approve(proposal)
    }
  }
  const fixed = fixedTo(plan, wish)
  for (let tries = 1; ; tries += 1) {
    try {
      proposal = { ...proposal, plan }
      const close = await apply({ ...plan, ...recorded(wish, proposal) }, operation)
      return { type: 'closed', close, proposal, findings: findingsOf(proposal) }
    } catch (error) {
      if (!isAttachError(error, 'BUSY') || tries === TRIES_MAX) throw error
      plan = await planAgain(error, fixed, plan, operation)
    }
  }
}

/** A wrong handle is told before anything is contacted, written or recovered. */
async function expectReadable({ request, kind, declared }: Wish, { store, kinds, signal }: Operation): Promise<void> {
  if (!('edits' in request)) return
  const { entries } = await store.read(signal)
  for (const { key, to, isPart } of request.edits) {
    if (isPart === true) continue
    if (to === null || (isEmpty(to) && kind !== 'opaque')) {
      throw new AttachError('USAGE', `the value for ${key} is empty, and an empty value would wipe it; nothing was contacted`, {
        hint: `attach detach ${key}, or --kind opaque for an empty text`,
      })
    }
  }
  const changes = request.edits.map(({ key, to }) => ({ key, before: entries.get(key) ?? null, after: to }))
  await recognise({ changes }, { asked: kind, declared, origin: 'new', entries }, kinds)
}

/** Throws REFUSED with the reader's name. What stood there once goes back as it was. */
function expectReadAlike({ notes }: Rehearsal, declared: readonly string[]): void {
  for (const { message, readers, standing = false } of notes) {
    const named = standing ? [] : readers.filter((reader) => declared.includes(reader))
    if (named.length > 0) {
      throw new AttachError('REFUSED', `${named.join(', ')} reads this config: ${message} (${readers.join(', ')}); nothing was changed`, {
        hint: 'percent-encode what is special in the handle, or take the reader out of readers: in attach.yaml',
      })
    }
  }
}

const isSameCheck = (a: Proposal, b: Proposal): boolean =>
  a.revertible === b.revertible &&
  JSON.stringify(a.preflight?.findings.map(({ id, status }) => [id, status])) ===
    JSON.stringify(b.preflight?.findings.map(({ id, status }) => [id, status]))

async function check(wish: Wish, proposal: Proposal, operation: Operation): Promise<Preflight | null> {
  if (wish.probe === 'skip') return null
  try {
    return await preflight(proposal.recognised, { ...wish, verb: proposal.plan.verb }, operation)
  } catch (error) {
    if (!(error instanceof ProbeFailed)) throw error
    await operation.consent.allTheSame(error, proposal)
    return null
  }
}

/** Throws REFUSED with the ids of what stands in the way. */
function expectFit(wish: Wish, proposal: Proposal): void {
  const { blocking } = judge(findingsOf(proposal), wish)
  if (blocking.length > 0) throw new Unfit(blocking)
}

/** All that was found. Of what nobody was asked about, what the texts of the handles tell. */
export const findingsOf = ({ plan, preflight, remarks, chosen }: Proposal): readonly KeyedFinding[] => [
  ...(plan.findings ?? []),
  ...(preflight === null ? remarks : [...remarks.filter(({ id }) => id === 'handle.partial'), ...preflight.findings]),
  ...chosen,
]

/** What the pre-flight found out decides what becomes of a change that does not settle, unless somebody said so. */
const checked = (wish: Wish, proposal: Proposal, preflight: Preflight | null): Proposal => ({
  ...proposal,
  preflight,
  revertible: wish.onFailure === 'usual' ? (preflight?.revertible ?? true) : wish.onFailure === 'revert',
})

function recorded(wish: Wish, proposal: Proposal) {
  const { plan, preflight, recognised, revertible } = proposal
  const asked = recognised.some(({ next }) => next !== null && next.depth !== null)
  const edited = plan.edited.length > 0 && wish.allowed.includes('config.edited') ? ['config.edited'] : []
  const allowed = [...edited, ...judge(findingsOf(proposal), wish).letPass]
  return {
    revertible,
    ...(wish.message === null ? {} : { message: wish.message }),
    ...(allowed.length === 0 ? {} : { allowed }),
    ...(preflight === null && asked ? { unprobed: true } : {}),
    ...(wish.settling === 'skipped' ? { unhooked: true } : {}),
  }
}

/** Undo and rollback write what stood there before. */
const originOf = ({ verb }: Plan): Origin => (verb === 'undo' || verb === 'rollback' ? 'history' : 'new')

/** Whether a plan puts something in the place of something. */
export const replaces = ({ changes }: Plan): boolean => changes.some(({ before, after }) => after !== null && !isEmpty(before))
