import type { CandidateRow } from '../domain/candidate.ts'
import { isEmpty, type Key, same, type Value } from '../domain/change.ts'
import { FAILOVER } from '../domain/checks.ts'
import { AttachError } from '../domain/errors.ts'
import { type Finding, found, type KeyedFinding, passed, unknown, weighed } from '../domain/finding.ts'
import type { Secret } from '../domain/secret.ts'
import { type Position, told } from '../domain/survey.ts'
import type { Resource } from '../ports/kind.ts'
import { whereOf } from './ask.ts'
import { expectBaselinesMeant } from './baselines.ts'
import { type Answer, askAll, askingLimits, type Candidate, STANDS_THERE } from './candidates.ts'
import { pardoned } from './judge.ts'
import { look } from './look.ts'
import { type Operation, type Outcome, operate, type Taken, type Wish } from './operate.ts'
import type { Edit } from './plan.ts'
import { makeQuiet } from './quiet.ts'
import { isRanked, leadText, mostAdvanced, type Standing, why, whyNot } from './rank.ts'
import { read, readIfAny } from './recognise.ts'

/** How long a failover may take up to its write, if nothing else is said. */
export const FAILOVER_MS = 30_000

/** More at once would be a scan. */
export const CANDIDATES_MAX = 16

/** A handle that may take over, and what it was made from. */
export interface Offer extends Pick<Edit, 'madeFrom'> {
  readonly to: Secret
}

export interface FailoverWish extends Omit<Wish, 'request' | 'probe'> {
  readonly key: Key
  /** In the order of their places. One at least. */
  readonly candidates: readonly Offer[]
  /** The key that what is replaced stays under. */
  readonly keepOldAs?: Key
  /** All of it, up to the write. Who is to stop it when the time is over is the signal of the operation. */
  readonly timeoutMs: number
}

export type FailoverOutcome = Outcome & { readonly candidates: readonly CandidateRow[] }

/** No candidate is fit to take over. */
export class NoneFit extends AttachError {
  readonly candidates: readonly CandidateRow[]

  constructor(key: Key, candidates: readonly CandidateRow[], hint: string) {
    const each = candidates.map(({ candidate, target, reason }) => `candidate ${candidate} (${target}): ${reason}`)
    super('REFUSED', `${key}: no candidate is fit to take over: ${each.join('; ')}; nothing was changed`, { hint })
    this.candidates = candidates
  }
}

/**
 * Asks all candidates at once, chooses the most advanced of those that are fit, and puts it in the place of what stands under the key: one
 * operation, as a swap is. Promotes nothing and fences nothing. Throws AttachError; its effect says what state the deploy is in.
 */
export async function failover(wish: FailoverWish, operation: Operation): Promise<FailoverOutcome> {
  const { key } = wish
  const { consent, reporter } = operation
  const candidates = await readAll(wish, operation)
  const before = await valueAt(wish, operation)
  const moving = candidates.find(({ edit }) => !same(edit.to, before)) ?? candidates[0]
  if (moving === undefined) throw new AttachError('BUG', 'BUG: a failover to nobody')
  await makeQuiet(wishFor(moving, wish), operation)
  const { known, planned } = await look(wishFor(moving, wish), operation)
  if (planned.type === 'plan') await consent.meant(planned.plan)
  await operation.ready()
  const value = known.snapshot.entries.get(key) ?? null
  const present = { key, value, resource: value === null ? null : await readIfAny(value, operation.kinds) }
  for (const { edit, resource } of candidates)
    expectBaselinesMeant(wish.baselines, [{ change: { key, before: value, after: edit.to }, next: resource, old: present.resource }])
  const answers = await askAll(candidates, present, { ...wish, verb: 'failover' }, operation, askingLimits(wish.timeoutMs))
  const isStopped = operation.signal.aborted
  const chosen = isStopped ? null : mostAdvanced(answers.filter(isFit).map(standingOf))
  const rows = answers.map((answer) => rowOf(answer, chosen, answers))
  reporter.event({ type: 'candidates', key, candidates: rows })
  if (isStopped) throw new AttachError('INTERRUPTED', 'interrupted before anything was changed', { hint: 'run the command again' })
  const taking = answers.find(({ of }) => of.candidate === chosen?.candidate)
  if (taking === undefined || taking.preflight === null) throw new NoneFit(key, rows, hintFor(answers))
  const findings = [pardoned({ key, ...weighed(behind(taking, answers), wish.declared.get(key)?.guards ?? new Map()) }, wish)]
  const taken: Taken = { change: { key, before: value, after: taking.of.edit.to }, preflight: taking.preflight, findings }
  return { ...(await operate(wishFor(taking.of, wish), operation, { taken })), candidates: rows }
}

const wishFor = ({ edit }: Candidate, { candidates: _, timeoutMs: _time, key, keepOldAs, ...wish }: FailoverWish): Wish => ({
  ...wish,
  probe: 'probe',
  request: { verb: 'failover', edits: [{ key, ...edit, ...(keepOldAs === undefined ? {} : { keepOldAs }) }] },
})

const valueAt = async ({ key }: FailoverWish, { store, signal }: Operation): Promise<Value> =>
  (await store.read(signal)).entries.get(key) ?? null

/** What is wrong with one is told by its place, before anything is contacted. Throws USAGE, HANDLE_INVALID. */
async function readAll(wish: FailoverWish, operation: Operation): Promise<readonly Candidate[]> {
  const { key, kind, declared } = wish
  if (wish.candidates.length === 0) throw slip('no candidate was given', 'name one at least')
  if (wish.candidates.length > CANDIDATES_MAX) throw slip(`more than ${CANDIDATES_MAX} candidates are named`, 'name those that may be fit')
  const was = await valueAt(wish, operation)
  const candidates: Candidate[] = []
  for (const [at, edit] of wish.candidates.entries()) {
    const name = `candidate ${at + 1}`
    if (isEmpty(edit.to)) throw slip(`${name} is empty`, 'attach help failover')
    const resource = await read(name, edit.to, { asked: kind ?? declared.get(key)?.kind ?? null, was }, operation.kinds)
    if (resource.depth === null) throw slip(`${name} is ${resource.kind}: nobody can be asked whether it is fit`, `attach swap ${key}`)
    const target = targetOf(resource)
    const twin = candidates.find((one) => one.resource.kind === resource.kind && one.target === target)
    if (twin !== undefined) throw slip(`${name} leads where candidate ${twin.candidate} does`, 'attach help failover')
    candidates.push({ candidate: at + 1, edit, resource, target })
  }
  return candidates
}

/** `db2:5432/app`: nothing of it tells how one gets in. */
const targetOf = (resource: Resource): string =>
  `${whereOf(resource)}${resource.identity.name === undefined ? '' : `/${resource.identity.name}`}`

const slip = (what: string, hint: string): AttachError => new AttachError('USAGE', `${what}; nothing was contacted`, { hint })

/** Whether one that is not fit has what the chosen one lacks. */
function behind(chosen: Answer, answers: readonly Answer[]): Finding {
  const check = FAILOVER.behind
  const others = answers.filter((answer) => !isFit(answer) && answer.survey !== null)
  const furthest = mostAdvanced(others.filter((one) => leadText(standingOf(one), standingOf(chosen)) !== null).map(standingOf))
  const ahead = others.find(({ of }) => of.candidate === furthest?.candidate)
  if (ahead === undefined) return silent(chosen, answers) ?? passed(check, 'no candidate that is not fit is further')
  const { candidate } = ahead.of
  const far = leadText(standingOf(ahead), standingOf(chosen))
  const detail = `candidate ${candidate} (${ahead.of.target}) is ${far} ahead of candidate ${chosen.of.candidate}, and is not fit: ${ahead.unfit}`
  return found(check, detail, {
    remedy: ahead.remedy === '' ? `make candidate ${candidate} fit` : `of candidate ${candidate}: ${ahead.remedy}`,
  })
}

/** Who told no position, or one that cannot be ranked against that of the chosen one, may be the furthest of all. Null: there is none. */
function silent(chosen: Answer, answers: readonly Answer[]): Finding | null {
  const others = answers.filter((answer) => !isFit(answer) && answer.unfit !== STANDS_THERE)
  const untold = others.filter((answer) => standingOf(answer).position === null)
  const unranked = others.filter((answer) => !untold.includes(answer) && !isRanked(standingOf(answer), standingOf(chosen)))
  const why = [
    ...(untold.length === 0 ? [] : [`nothing tells how far ${namesOf(untold)} ${untold.length === 1 ? 'is' : 'are'}`]),
    ...(unranked.length === 0
      ? []
      : [`whether ${namesOf(unranked)} ${unranked.length === 1 ? 'is' : 'are'} further cannot be told: ${lines(chosen)}`]),
  ]
  return why.length === 0 ? null : { ...unknown(FAILOVER.behind, why.join('; ')), severity: 'warn' }
}

const namesOf = (answers: readonly Answer[]): string => answers.map(({ of }) => `candidate ${of.candidate} (${of.target})`).join(', ')

const lines = (chosen: Answer): string =>
  standingOf(chosen).position === null
    ? `candidate ${chosen.of.candidate} tells no position`
    : `candidate ${chosen.of.candidate} is of another line`

const isFit = ({ preflight }: Answer): boolean => preflight !== null

const standingOf = ({ of, survey }: Answer): Standing => ({
  candidate: of.candidate,
  position: survey === null ? null : told(survey.position),
  newest: survey === null ? null : told(survey.newest),
})

function rowOf(answer: Answer, chosen: Standing | null, answers: readonly Answer[]): CandidateRow {
  const { of, unfit, findings } = answer
  const { candidate, position, newest } = standingOf(answer)
  const fit = isFit(answer)
  const isChosen = candidate === chosen?.candidate
  return {
    ...{ candidate, target: of.target, fit, chosen: isChosen, reason: reason() },
    ...{ position: position === null ? null : withoutBefore(position), newest, findings: findings.map(withoutKey) },
  }

  function reason(): string {
    if (!fit) return unfit
    if (chosen === null) return 'is fit'
    const standings = answers.filter(isFit).map(standingOf)
    return isChosen ? why(chosen, standings) : whyNot(standingOf(answer), chosen, standings)
  }
}

const withoutBefore = ({ before: _, ...position }: Position): CandidateRow['position'] => position

const withoutKey = ({ key: _, ...finding }: KeyedFinding): Finding => finding

/** What a person does first: with the most advanced of those that answer. */
function hintFor(answers: readonly Answer[]): string {
  const first = mostAdvanced(answers.filter(({ survey }) => survey !== null).map(standingOf))
  const remedy = answers.find(({ of }) => of.candidate === first?.candidate)?.remedy ?? ''
  if (first === null) return answers.find((answer) => answer.remedy !== '')?.remedy ?? 'name another candidate'
  return `candidate ${first.candidate} is the most advanced of those that answer${remedy === '' ? '' : `: ${remedy}`}`
}
