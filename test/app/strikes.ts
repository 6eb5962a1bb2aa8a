import { existsSync, readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { SCHEMA } from '../support/app.ts'
import { type Chance, moments } from '../support/chance.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { agree, before, type Ended, expectRecovered, makeProduction, type Production } from '../support/production.ts'
import { journalOf, verdictsOf } from '../support/scratch.ts'

/** When a swap is struck: so many milliseconds after its start, or after its intent stands in the journal. */
export interface Strike {
  readonly after: 'start' | 'intent'
  readonly ms: number
}

/** Two good databases, and swaps between them that are struck at moments spread over the whole of them. */
export interface Storm {
  readonly server: PostgresServer
  /** So many moments: a third of them over the whole of a swap, the others from its intent on, where the config, the app and the journal move. */
  strikes(count: number, chosen: Chance): Promise<readonly Strike[]>
  /** Every strike once, on two deploys at the same time. */
  play(all: readonly Strike[], strike: (one: Strike, production: Production) => Promise<void>): Promise<void>
  /** A swap of what stands to the other database, with these signals: the first at the strike, each other one so much later. */
  struck(production: Production, strike: Strike, signal: NodeJS.Signals, ...later: readonly number[]): Promise<Ended>
}

/** More would not be at work at the same time on two cores. */
const LANES = 2
/** Moments go on a little longer than a swap takes, so that the last step of it is met as well. */
const BEYOND = 1.1

export async function makeStorm(): Promise<Storm> {
  const server = await startPostgres()
  for (const name of ['one', 'two']) {
    await server.sql(`create database ${name}`)
    await server.sql(SCHEMA, name)
  }
  const one = server.url({ database: 'one' })
  const two = server.url({ database: 'two' })
  const otherThan = (handle: string | undefined): string => (handle === one ? two : one)

  /** When one fails, the others come to their end as well, and leave no app behind. */
  const lanes = async (work: (production: Production) => Promise<void>): Promise<void> => {
    const ends = await Promise.allSettled(
      Array.from({ length: LANES }, async () => {
        await using production = await makeProduction(one)
        await work(production)
      }),
    )
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  return {
    server,
    strikes: async (count, chosen) => {
      let whole = 0
      let late = 0
      await lanes(async (production) => {
        for (let swap = 1; swap <= 2; swap += 1) {
          const begun = performance.now()
          const run = production.begin('swap', `DATABASE_URL=${otherThan(production.handle())}`)
          await intentOf(production, swap - 1)
          const intent = performance.now()
          expect(await run.ended).toMatchObject({ exit: 0 })
          whole = Math.max(whole, performance.now() - begun)
          late = Math.max(late, performance.now() - intent)
        }
      })
      const early = Math.round(count / 3)
      return [
        ...moments(early, BEYOND * whole, chosen).map((ms) => ({ after: 'start', ms }) as const),
        ...moments(count - early, BEYOND * late, chosen).map((ms) => ({ after: 'intent', ms }) as const),
      ]
    },
    play: async (all, strike) => {
      const left = [...all]
      await lanes(async (production) => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          await strike(next, production).catch((error) => {
            left.length = 0
            throw error
          })
        }
      })
    },
    struck: async (production, { after, ms }, signal, ...later) => {
      const found = await before(production)
      const to = otherThan(found.handle)
      const run = production.begin('swap', `DATABASE_URL=${to}`)
      let ended = false
      const end = run.ended.finally(() => {
        ended = true
      })
      if (after === 'intent') await Promise.race([intentOf(production, found.operations), end])
      for (const wait of [ms, ...later]) {
        await Promise.race([pause(wait), end])
        if (!ended) run.kill(signal)
      }
      const { exit, signal: endedBy } = await end
      return { exit: endedBy === 'SIGINT' ? 130 : exit, before: found, to } // It came before anybody listened: what a shell shows.
    },
  }
}

async function intentOf({ place }: Production, operations: number): Promise<void> {
  for (const until = performance.now() + 30_000; performance.now() < until; await pause(4))
    if (verdictsOf(place).length > operations) return
  throw new Error('there was no intent in 30 s')
}

/** Kills attach at each strike, and has it recovered. What each swap had left behind: `open`, `committed` … */
export async function killAndRecover(storm: Storm, all: readonly Strike[]): Promise<readonly string[]> {
  const left: string[] = []
  await storm.play(all, async (strike, production) => {
    const ended = await storm.struck(production, strike, 'SIGKILL')
    const found = { strike, left: verdictsOf(production.place)[ended.before.operations] ?? 'nothing' }
    if (ended.exit !== null) await agree(production, ended)
    const { exit, document } = await production.attach('recover')
    expect({ ...found, exit, error: document.error }).toEqual({ ...found, exit: 0, error: null })
    await expectRecovered(production)
    expect([ended.before.handle, ended.to]).toContain(production.handle())
    expect(journalOf(production.place).findLast(({ type }) => type === 'close')?.settled ?? 'yes').toBe('yes')
    expect(strays(production)).toEqual([])
    left.push(found.left)
  })
  return left
}

/** Files that neither the app, the test nor attach's memory put there: the folder is the home of who runs it. */
function strays({ place }: Production): readonly string[] {
  const beside = readdirSync(place.path).filter((name) => !['.attach', '.env', '.local', 'attach.yaml', 'run'].includes(name))
  const record = existsSync(place.at('.attach')) ? readdirSync(place.at('.attach'), { recursive: true, encoding: 'utf8' }) : []
  return [...beside, ...record.filter((name) => name.includes('tmp'))]
}
