import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { haveSupervisor } from '../support/app.ts'
import { chance } from '../support/chance.ts'
import { havePostgres } from '../support/postgres.ts'
import { killAndRecover, makeStorm, type Storm } from './strikes.ts'

const KILLS = 50

describe.runIf(havePostgres() && haveSupervisor())('a swap under a running app, at fifty moments', () => {
  let storm: Storm
  beforeAll(async () => {
    storm = await makeStorm()
  })
  afterAll(() => storm.server[Symbol.asyncDispose]())

  test('kill -9: recover closes it, and config and app agree', { timeout: 300_000 }, async () => {
    const chosen = chance()
    const left = await killAndRecover(storm, await storm.strikes(KILLS, chosen))
    const open = left.filter((one) => one === 'open').length
    process.stdout.write(`kill -9 of attach, seed ${chosen.seed}: ${left.length} of ${KILLS}, ${open} of them left open\n`)
    expect(left).toHaveLength(KILLS)
    expect(open).toBeGreaterThan(10)
  })
})
