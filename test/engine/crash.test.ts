import { expect, test } from 'vitest'
import { explore } from './explore.ts'
import { play, SCENARIOS, type Scenario } from './scenarios.ts'

const FAULTS = Number(process.env['FAULTS'] ?? 0)
const names = Object.keys(SCENARIOS) as Scenario[]
test.each(names)(
  'every schedule: %s',
  async (name) => {
    const t = Date.now()
    const { runs, schedules } = await explore(FAULTS, play(name))
    process.stdout.write(`${name}, up to ${FAULTS} faults: ${schedules} schedules in ${runs} runs, ${Date.now() - t} ms\n`)
    expect(runs).toBeGreaterThan(0)
  },
  120_000,
)
