import { expect, test } from 'vitest'
import { Deploy } from './deploy.ts'
import { explore } from './explore.ts'
import type { Fact } from './facts.ts'
import { actorsOf, type Scenario } from './scenarios.ts'

/** Everything that was said by anyone in any schedule, the rescue included. */
async function saidIn(name: Scenario, faults: number): Promise<readonly string[]> {
  const said = new Set<string>()
  const note = (fact: Fact): void => {
    if (fact.did === 'end') said.add(`${fact.by} ${fact.said}: ${fact.effect}`)
  }
  await explore(faults, async (world) => {
    const deploy = new Deploy(world)
    await world.run(actorsOf(name, deploy), deploy.state)
    await deploy.rescue()
    deploy.facts.forEach(note)
  })
  return [...said].sort()
}

test('one fault is enough to meet every ending of a writer, and every way it is rescued', async () => {
  expect(await saidIn('a writer alone', 1)).toEqual([
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
  expect(await saidIn('a writer, and a hand edit of its second key', 0)).toEqual([
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
