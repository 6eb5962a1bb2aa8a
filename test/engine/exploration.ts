import { test } from 'vitest'
import { explore } from './explore.ts'
import { play, type Scenario } from './scenarios.ts'

/** Plays every schedule of one scenario with up to so many faults, and says how many those were. */
export function exploration(name: Scenario, faults: number, timeoutMs: number): void {
  test(
    `every schedule keeps the laws: ${name}, up to ${faults} faults`,
    async () => {
      const { runs, schedules } = await explore(faults, play(name))
      process.stdout.write(`${name}, up to ${faults} faults: ${schedules} schedules in ${runs} runs\n`)
    },
    timeoutMs,
  )
}
