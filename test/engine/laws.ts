import type { Key } from '../../src/domain/change.ts'
import { isOvertaken, mayBe } from './app.ts'
import type { Deploy } from './deploy.ts'
import { asIs, equal, type Fact, INITIAL, isEdit, OTHER, type Text, type Texts, TOUCHED, type Told } from './facts.ts'
import { show } from './names.ts'
import { must, round, truth } from './truth.ts'
import type { World } from './world.ts'

/** What holds after every schedule and every fault. Runs the rescue: a person's `recover`, `recover --keep`, `recover` again, each if needed. */
export async function judge(world: World, deploy: Deploy, rescue = asIs): Promise<void> {
  await remembered(deploy)
  await stopped(world, deploy)
  await deploy.rescue(rescue)
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

  // By the hook, or by a person: who kept what was found, skipped the hook, or edited since. Who was killed before the hook is judged here.
  const restarts = told.findLast(({ close }) => close.verdict === 'kept' || close.settled !== undefined)?.close
  const byPerson = restarts?.verdict === 'kept' || restarts?.settled === 'skipped'
  const may = mayBe(facts)
  for (const { values, at } of may.runOn) {
    const exempt = byPerson || facts.slice(at + 1).some(isEdit)
    must(exempt || equal(values, holds), `L6 the app may run on ${show(values)}, the config holds ${show(holds)}`)
  }
  for (const { values, hook } of may.load) {
    const exempt = hook !== null && isOvertaken(hook) // Left out, see docs/house.md: a living owner is never taken over where a lock holds.
    must(exempt || equal(values, holds), `L6 the app may yet load ${show(values)}, the config holds ${show(holds)}`)
  }

  const recalled = await deploy.recalled()
  for (const [at, fact] of facts.entries()) {
    if (fact.did === 'end') truth(fact, facts.slice(0, at), facts, told)
    if (fact.did === 'hook') round(fact, facts.slice(0, at), recalled)
  }
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
    const settles = facts.every((fact) => fact.did !== 'hook' || fact.says !== 'no')
    must(!(end?.did === 'end' && end.effect === 'unknown' && revertible && settles), `L9 ${by} was stopped, put back, and does not know it`)
  }
}
