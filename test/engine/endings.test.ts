import { expect, test } from 'vitest'
import { Deploy } from './deploy.ts'
import { explore } from './explore.ts'
import type { Fact } from './facts.ts'
import { judge } from './laws.ts'
import { actorsOf, type Scenario } from './scenarios.ts'

interface Met {
  /** What was said by anyone, the rescue included. */
  readonly said: readonly string[]
  /** Every run of a hook: whose, what it was told, what it said. */
  readonly hooks: readonly string[]
  /** What went wrong with a hook, and with which. */
  readonly faults: readonly string[]
}

/** Everything of these that is met in any schedule, each judged by the laws. */
async function metIn(name: Scenario, faults: number): Promise<Met> {
  const said = new Set<string>()
  const hooks = new Set<string>()
  const wrong = new Set<string>()
  const note = (fact: Fact): void => {
    if (fact.did === 'end') said.add(`${fact.by} ${fact.said}: ${fact.effect}`)
    if (fact.did === 'hook') hooks.add(`${fact.by} ${fact.stands} v${fact.release}: ${fact.says}`)
  }
  await explore(faults, async (world) => {
    const deploy = new Deploy(world)
    await world.run(actorsOf(name, deploy), deploy.state)
    await judge(world, deploy)
    deploy.facts.forEach(note)
    for (const line of world.trace) if (/hook .*!/.test(line)) wrong.add(line)
  })
  return { said: [...said].sort(), hooks: [...hooks].sort(), faults: [...wrong].sort() }
}

test('one fault is enough to meet every ending of a writer, every way its hook goes, and every way it is rescued', async () => {
  const { said, hooks, faults } = await metIn('a writer alone', 1)
  expect(hooks).toEqual([
    'A new v1: no',
    'A new v1: nothing',
    'A new v1: yes',
    'A old v0: no',
    'A old v0: nothing',
    'A old v0: yes',
    'rescue new v1: yes',
    'rescue old v0: yes',
    'rescue standing v0: yes',
    'rescue standing v1: yes',
  ])
  expect(faults).toEqual([
    'A.hook new v1 !crash-before',
    'A.hook new v1 !interrupt',
    'A.hook new v1 !orphan',
    'A.hook new v1 !stopped',
    'A.hook old v0 !crash-before',
    'A.hook old v0 !interrupt',
    'A.hook old v0 !orphan',
  ])
  expect(said).toEqual([
    'A INCOMPLETE: unknown',
    'A INTERRUPTED: none',
    'A UNAVAILABLE: none',
    'A committed: changed',
    'A committed: unknown',
    'A reverted: reverted',
    'A reverted: unknown',
    'rescue aborted: none',
    'rescue committed: changed',
    'rescue nothing open: none',
    'rescue reverted: reverted',
  ])
})

test('a hand edit of a key is met on the way out, on the way back and in between', async () => {
  const { said } = await metIn('a writer, and a hand edit of its second key', 0)
  expect(said).toEqual([
    'A CONFLICT: none',
    'A INCOMPLETE: unknown',
    'A committed: changed',
    'A committed: unknown',
    'A reverted: reverted',
    'A reverted: unknown',
    'rescue --keep kept: none',
    'rescue INCOMPLETE: unknown',
    'rescue aborted: none',
    'rescue nothing open: none',
  ])
})

test('what never settled is recovered as often as it is asked for, and stays closed', async () => {
  const { said, hooks } = await metIn('a writer that never settles, and recover twice', 0)
  expect(said.filter((line) => /^[RS] (aborted|committed|reverted)/.test(line))).toEqual([
    'R aborted: none',
    'R aborted: unknown',
    'R committed: changed',
    'R committed: unknown',
    'R reverted: reverted',
    'R reverted: unknown',
    'S aborted: none',
    'S aborted: unknown',
    'S committed: changed',
    'S committed: unknown',
    'S reverted: reverted',
    'S reverted: unknown',
  ])
  expect(hooks.filter((line) => line.includes('standing'))).toEqual([
    'R standing v0: no',
    'R standing v0: yes',
    'R standing v1: no',
    'R standing v1: yes',
    'S standing v0: no',
    'S standing v0: yes',
    'S standing v1: no',
    'S standing v1: yes',
    'rescue standing v0: yes',
    'rescue standing v1: yes',
  ])
})
