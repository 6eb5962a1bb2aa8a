import { keep, recover } from '../../src/engine/recover.ts'
import { Deploy } from './deploy.ts'
import { ANY, asIs, GOOD, type Hook, KEEPS_UNSETTLED, KEY, MIXED, type Mutant, NEVER_SETTLES, OTHER, SECOND, type Texts } from './facts.ts'
import { judge } from './laws.ts'
import type { World } from './world.ts'

export interface Mutations {
  /** Between every command and the store. */
  readonly store?: Mutant
  /** The first writer. */
  readonly writer?: Mutant
  /** The one that recovers or takes over. */
  readonly second?: Mutant
  /** The person alone, when all is over. */
  readonly rescue?: Mutant
  /** What every command does about a hook that a dead process left running. */
  readonly orphans?: Hook['orphans']
}
type Actors = (deploy: Deploy, mutations: Mutations) => Readonly<Record<string, () => Promise<void>>>

const writer = (deploy: Deploy, { writer: mutant = asIs }: Mutations, luck = MIXED) => ({
  A: () => deploy.swap('A', 'y', luck, { mutant }),
})
const another = (deploy: Deploy) => ({ B: () => deploy.swap('B', 'z', GOOD) })
const taker = (deploy: Deploy, { second: mutant = asIs }: Mutations) => ({
  B: () => deploy.swap('B', 'z', GOOD, { takeOver: true, mutant }),
})
const recoverer = (deploy: Deploy, { second: mutant = asIs }: Mutations, how = recover, luck = MIXED) => ({
  R: () => deploy.recover('R', how, { luck, mutant }),
})
const hand = (deploy: Deploy, values: Texts) => ({ hand: () => deploy.edit(values) })

const ITS_KEY: Texts = new Map([[KEY, 'by hand']])
const ITS_SECOND_KEY: Texts = new Map([[SECOND, 'by hand']])
const ANOTHER_KEY: Texts = new Map([[OTHER, 'by hand']])
const THE_OLD_VALUES: Texts = new Map([
  [KEY, 'x'],
  [SECOND, null],
])

/** Who acts. A is dead, slow or quick as the schedule and the faults will have it. */
export const SCENARIOS = {
  'a writer alone': (deploy, m) => writer(deploy, m, ANY),
  'two polite writers': (deploy, m) => ({ ...writer(deploy, m), ...another(deploy) }),
  'a writer, and recover': (deploy, m) => ({ ...writer(deploy, m, ANY), ...recoverer(deploy, m, recover, ANY) }),
  'a writer to whom all goes well, and recover': (deploy, m) => ({ ...writer(deploy, m, GOOD), ...recoverer(deploy, m) }),
  'a writer that never settles, and recover twice': (deploy, m) => ({
    ...writer(deploy, m, NEVER_SETTLES),
    R: async () => {
      await deploy.recover('R', recover)
      await deploy.recover('S', recover)
    },
  }),
  'a writer that never settles, recover, and recover again': (deploy, m) => ({
    ...writer(deploy, m, NEVER_SETTLES),
    ...recoverer(deploy, m),
    S: () => deploy.recover('S', recover),
  }),
  'a writer, and recover --keep': (deploy, m) => ({ ...writer(deploy, m), ...recoverer(deploy, m, keep) }),
  'a writer, and one that takes over': (deploy, m) => ({ ...writer(deploy, m), ...taker(deploy, m) }),
  'a writer that does not settle, recover, and another writer': (deploy, m) => ({
    ...writer(deploy, m, KEEPS_UNSETTLED),
    ...recoverer(deploy, m),
    ...another(deploy),
  }),
  'a writer, and a hand edit of its key': (deploy, m) => ({ ...writer(deploy, m, ANY), ...hand(deploy, ITS_KEY) }),
  'a writer, and a hand edit of its second key': (deploy, m) => ({ ...writer(deploy, m, ANY), ...hand(deploy, ITS_SECOND_KEY) }),
  'a writer, and a hand that puts the old values back': (deploy, m) => ({ ...writer(deploy, m, ANY), ...hand(deploy, THE_OLD_VALUES) }),
  'a writer, and a hand edit of another key': (deploy, m) => ({ ...writer(deploy, m, ANY), ...hand(deploy, ANOTHER_KEY) }),
  'a writer, recover, and a hand edit of the key': (deploy, m) => ({
    ...writer(deploy, m),
    ...recoverer(deploy, m),
    ...hand(deploy, ITS_KEY),
  }),
  'a writer, recover, and a hand edit of another key': (deploy, m) => ({
    ...writer(deploy, m),
    ...recoverer(deploy, m),
    ...hand(deploy, ANOTHER_KEY),
  }),
} satisfies Record<string, Actors>
export type Scenario = keyof typeof SCENARIOS

/** Who acts in a scenario, each by its name. */
export const actorsOf = (name: Scenario, deploy: Deploy, mutations: Mutations = {}): ReturnType<Actors> =>
  SCENARIOS[name](deploy, mutations)

/** One run of one scenario, judged. */
export const play =
  (name: Scenario, mutations: Mutations = {}) =>
  async (world: World): Promise<void> => {
    const deploy = new Deploy(world, mutations)
    await world.run(actorsOf(name, deploy, mutations), deploy.state)
    await judge(world, deploy, mutations.rescue)
  }
