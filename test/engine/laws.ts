import type { Key } from '../../src/domain/change.ts'
import type { Deploy } from './deploy.ts'
import { type End, type Fact, INITIAL, OTHER, type Text, type Texts, TOUCHED, type Told } from './facts.ts'
import { show } from './names.ts'
import type { World } from './world.ts'

function must(holds: boolean, law: string): asserts holds {
  if (!holds) throw new Error(law)
}

const equal = (a: Texts, b: Texts): boolean => [...a].every(([key, text]) => b.get(key) === text)
const isEdit = (fact: Fact): boolean => fact.did === 'edit' && TOUCHED.some((key) => fact.values.has(key))

/** What holds after every schedule and every fault. Runs the rescue: a person's `recover`, `recover --keep`, `recover` again, each if needed. */
export async function judge(world: World, deploy: Deploy): Promise<void> {
  await remembered(deploy)
  await stopped(world, deploy)
  await deploy.rescue()
  await remembered(deploy)
  const { facts } = deploy
  const ends = facts.filter((fact) => fact.did === 'end')
  const edited = facts.some(isEdit)

  must(!(await deploy.isOpen()), 'L1 recover or recover --keep closes every operation')
  must(edited || !ends.some(({ by }) => by === 'rescue --keep'), 'L1 without a hand edit of a touched key, recover alone closes it')
  must(!(await deploy.unsettled()), 'L1 recover makes the app settle on what stands')

  const told = await deploy.told()
  const value = chain(told, facts)
  const holds = await deploy.holds()
  for (const key of TOUCHED) {
    const explained = holds.get(key) === value.get(key) || wasEdited(facts, key, holds.get(key) ?? null)
    must(explained, `L3 the journal explains the value: ${key} holds ${holds.get(key)}, told ${value.get(key)}`)
  }
  for (const fact of facts) {
    if (fact.did === 'write') must(equal(fact.was, fact.before), `L4 ${show(fact.was)} was overwritten unseen by ${fact.by}`)
    const other = fact.did === 'edit' ? fact.values.get(OTHER) : undefined
    if (other !== undefined) must((await deploy.other()) === other, 'L4 the edit of another key was lost')
  }
  must(edited || !ends.some(({ conflict }) => conflict), 'L5 only an edit of a touched key conflicts, on the way out or back')

  const hook = facts.findLastIndex(({ did }) => did === 'hook')
  const ran = facts[hook]
  const loaded = ran?.did === 'hook' ? ran.loaded : INITIAL
  const exempt = told.some(({ close }) => close.verdict === 'kept') || facts.slice(hook + 1).some(isEdit) // By a person, without the hook.
  must(exempt || equal(loaded, holds), `L6 the app runs on ${show(loaded)}, the config holds ${show(holds)}`)

  for (const [at, fact] of facts.entries()) if (fact.did === 'end') truth(fact, facts.slice(0, at), facts, told)
}

/** Releases are numbered, each begins where the one before ended. Answers what the journal says stands at the end. */
function chain(told: readonly Told[], facts: readonly Fact[]): Texts {
  const value = new Map(INITIAL)
  let release = 0
  for (const { before, after, close } of told) {
    if (close.verdict === 'committed') release += 1
    must(close.release === release, 'L2 releases are numbered 1, 2, 3 …')
    if (close.verdict !== 'committed' && close.verdict !== 'kept') continue
    for (const [key, text] of before) {
      must(text === value.get(key) || wasEdited(facts, key, text), `L2 history is a chain: ${text} does not follow ${value.get(key)}`)
      value.set(key, after.get(key) ?? null)
    }
  }
  return value
}

const wasEdited = (facts: readonly Fact[], key: Key, text: Text): boolean =>
  facts.some((fact) => fact.did === 'edit' && fact.values.has(key) && fact.values.get(key) === text)

/** The values beside the journal are there for every intent, and they are its own. */
async function remembered(deploy: Deploy): Promise<void> {
  const recalled = await deploy.recalled().catch((error: unknown) => {
    throw new Error(`L8 the changes of every intent are kept: ${String(error)}`)
  })
  for (const { intent, changes } of recalled) {
    const kept = changes.map(({ key, before, after }) => ({ key, from: before?.reveal() ?? null, to: after?.reveal() ?? null }))
    must(show(kept) === show(intent.shown), `L8 the changes kept for ${intent.by.user} are its own: ${show(kept)}`)
  }
}

/** A wish to stop stops the new value, and is no reason to leave anything open. Judged before the rescue. */
async function stopped(world: World, deploy: Deploy): Promise<void> {
  const { facts } = deploy
  must(!facts.some(({ did }) => did === 'defied'), 'L9 nothing new is written after a wish to stop')
  const told = await deploy.told()
  for (const [at, { did, by }] of facts.entries()) {
    if (did !== 'interrupt') continue
    const end = facts.find((fact) => fact.did === 'end' && fact.by === by)
    const revertible = told.find(({ intent }) => intent.by.user === by)?.intent.revertible === true
    const hook = facts.findLastIndex((fact) => fact.did === 'hook' && fact.by === by)
    const stays = end?.did === 'end' && end.effect === 'changed'
    must(!(stays && revertible && at < hook), `L9 ${by} was stopped before the app settled, and did not put back`)
    if (world.troubles > 0 || facts.some((fact) => fact.by !== by)) continue
    must(!(await deploy.isOpen()), `L9 a wish to stop alone made ${by} leave its operation open`)
    const settles = facts.every((fact) => fact.did !== 'hook' || fact.settled !== 'no')
    must(!(end?.did === 'end' && end.effect === 'unknown' && revertible && settles), `L9 ${by} was stopped, put back, and does not know it`)
  }
}

/** L7: what a command said about the deploy was so. */
function truth(end: End, past: readonly Fact[], all: readonly Fact[], told: readonly Told[]): void {
  const law = `L7 ${end.by} said ${end.said} (${end.effect}):`
  const record = told.find(({ close }) => close.seq === end.close?.seq)
  must(show(record?.close ?? null) === show(end.close), `${law} but the journal says ${show(record?.close)}`)
  if (end.effect === 'unknown') return
  const hook = past.findLastIndex((fact) => fact.did === 'hook' && fact.by === end.by)
  const ran = past[hook]
  const again = end.close?.verdict === 'aborted' && end.close.settled !== undefined
  if (end.effect === 'none' && !again) {
    must(!all.some(({ did, by }) => did === 'hook' && by === end.by), `${law} but it ran the hook, then or later`)
    must(
      all.every((fact, at) => fact.did !== 'write' || fact.by !== end.by || undoneByHand(fact.before, all.slice(at))),
      `${law} but it wrote, then or later`,
    )
    const own = told.filter(({ intent }) => intent.by.user === end.by)
    must(
      own.every(({ close: { verdict } }) => verdict === 'aborted' || verdict === 'kept'),
      `${law} but the journal says that it changed something`,
    )
    return
  }
  must(record !== undefined, `${law} but the journal does not`)
  const writes = past.findLastIndex(({ did }) => did === 'write')
  must(ran?.did === 'hook' && hook > writes, `${law} but it ran no hook after the write`)
  must(ran.settled !== 'no', `${law} but the app did not settle`)
  const editedSince = past.slice(hook).some(isEdit)
  must(equal(ran.loaded, end.holds) || editedSince, `${law} but the app took ${show(ran.loaded)} and the keys hold ${show(end.holds)}`)
  must(!again || !all.some(({ did, by }) => did === 'write' && by === end.by), `${law} but it wrote`)
  if (again) return

  const stands = end.effect === 'changed' ? record.after : record.before
  must(equal(stands, ran.loaded), `${law} but the app took ${show(ran.loaded)}`)
  const steps = past.filter((fact) => fact.did === 'write' || isEdit(fact))
  const there = steps.findLastIndex((fact) => fact.did === 'write' && equal(fact.after, record.after) && equal(fact.before, record.before))
  must(there >= 0, `${law} but its change was never written`)
  const since = steps.slice(there + 1).filter(({ did }) => did === 'write')
  if (end.effect === 'changed') must(since.length === 0, `${law} but it was written over`)
  else
    must(
      since.every((fact) => fact.did === 'write' && equal(fact.after, record.before)),
      `${law} but it was not put back`,
    )
}

/** A person who writes exactly the old values cannot be told from a write that never landed. */
const undoneByHand = (before: Texts, since: readonly Fact[]): boolean =>
  since.some((fact) => fact.did === 'edit' && equal(before, fact.values))
