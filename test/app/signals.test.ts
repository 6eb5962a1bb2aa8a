import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { haveSupervisor } from '../support/app.ts'
import { chance } from '../support/chance.ts'
import { havePostgres } from '../support/postgres.ts'
import { agree, expectRecovered } from '../support/production.ts'
import { makeStorm, type Storm } from './strikes.ts'

const CTRL_C = 9
const CTRL_C_TWICE = 6

describe.runIf(havePostgres() && haveSupervisor())('a swap under a running app, interrupted at any moment', () => {
  let storm: Storm
  beforeAll(async () => {
    storm = await makeStorm()
  })
  afterAll(() => storm.server[Symbol.asyncDispose]())

  const told = (what: string, seed: number, found: readonly (number | null)[]) =>
    process.stdout.write(`${what}, seed ${seed}: ${[...found].sort().join(' ')}\n`)

  test('Ctrl-C: config, app, journal and exit agree', { timeout: 120_000 }, async () => {
    const chosen = chance()
    const exits: (number | null)[] = []
    await storm.play(await storm.strikes(CTRL_C, chosen), async (strike, production) => {
      const ended = await storm.struck(production, strike, 'SIGINT')
      exits.push(ended.exit)
      expect([0, 7, 130]).toContain(ended.exit)
      await agree(production, ended)
    })
    told('Ctrl-C', chosen.seed, exits)
    expect(exits).toHaveLength(CTRL_C)
  })

  test('Ctrl-C twice: what is left open is said, and recover makes all agree', { timeout: 120_000 }, async () => {
    const chosen = chance()
    const exits: (number | null)[] = []
    await storm.play(await storm.strikes(CTRL_C_TWICE, chosen), async (strike, production) => {
      const ended = await storm.struck(production, strike, 'SIGINT', 60 * chosen.next())
      exits.push(ended.exit)
      expect([0, 7, 8, 130]).toContain(ended.exit)
      await agree(production, ended)
      expect((await production.attach('recover')).exit).toBe(0)
      await expectRecovered(production)
    })
    told('Ctrl-C twice', chosen.seed, exits)
    expect(exits).toHaveLength(CTRL_C_TWICE)
  })
})
