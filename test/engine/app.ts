import { type Context, type Round, STEADY } from '../../src/engine/protocol.ts'
import { type Fact, type Hook, INITIAL, type Luck, type Texts } from './facts.ts'
import type { World } from './world.ts'

/** What a hook finds when it begins, and where that is noted. */
export interface Witness {
  readonly now: () => Promise<Pick<Hook, 'read' | 'head'>>
  readonly note: (fact: Fact) => void
}

export interface Runner {
  /** The process, and the command that it runs. */
  readonly actor: string
  readonly by: string
  readonly luck: Luck
  readonly orphans: Hook['orphans']
}

/**
 * Hook and health as `Context.settle` of one command. What no command can see takes no place in the schedule: whether the app had loaded
 * when a hook failed or was stopped, and when one does whose process was killed. The laws count with all of it: see `mayBe`.
 */
export function hookOf(world: World, { now, note }: Witness, { actor, by, luck, orphans }: Runner): Context['settle'] {
  let hook: Luck['hook'][number] | null = null
  return async (round, stop) => {
    if (stop.aborted) return 'no'
    hook ??= world.choice(actor, 'hook', luck.hook)
    if (hook === 'is skipped') return 'skipped'
    const run = async <Says extends Hook['says']>(says: Says): Promise<Says> => {
      note({ did: 'hook', by, orphans, says, ...told(round), ...(await now()) })
      return says
    }
    return await world.gate(actor, {
      call: `hook ${round.stands} v${round.release}`,
      sort: stop === STEADY ? 'act' : 'stoppable',
      perform: () => run(world.choice(actor, 'app', luck.app)),
      whenStopped: () => run('no'),
      whenOrphaned: () => run('nothing'),
    })
  }
}

/** Hook and health of a person alone, where all goes well. */
export const settles =
  ({ now, note }: Witness, by: string): Context['settle'] =>
  async (round) => {
    note({ did: 'hook', by, orphans: 'ends', says: 'yes', ...told(round), ...(await now()) })
    return 'yes'
  }

/** What a command does about a hook that a dead process left running, when it takes its operation over. */
export const clears =
  ({ note }: Witness, by: string, orphans: Hook['orphans']): (() => Promise<void>) =>
  async () => {
    if (orphans === 'ends') note({ did: 'clear', by })
  }

const told = ({ intent, stands, release }: Round): Pick<Hook, 'of' | 'stands' | 'release'> => ({ of: intent.seq, stands, release })

/** Values that the app may run on, the place of the fact at which they were read, and the hook that loads them. */
export interface Loaded {
  readonly values: Texts
  readonly at: number
  readonly hook: Hook | null
}

/** It began after another process had taken its operation over: only where a store lets that happen to a living owner. */
export const isOvertaken = ({ by, head }: Hook): boolean => head.by !== by

export interface May {
  /** All that the app may run on. */
  readonly runOn: ReadonlySet<Loaded>
  /** What it may yet be made to load by hooks that still run and nobody waits for. */
  readonly load: ReadonlySet<Loaded>
}

/**
 * What may have become of the app after these facts. A hook that went well made it load what it read. One that failed or was stopped may have
 * done so. One whose process was killed goes on alone: until it is ended it may at any moment make the app load what it read, or what
 * stands then. Whoever runs a hook ends it first, which only `yes` proves.
 */
export function mayBe(facts: readonly Fact[]): May {
  const runOn = new Set<Loaded>([{ values: INITIAL, at: -1, hook: null }])
  const load = new Set<Loaded>()
  let stands = INITIAL
  for (const [at, fact] of facts.entries()) {
    if (fact.did === 'write' || fact.did === 'edit') {
      const wrote = fact.did === 'write' ? fact.after : fact.values
      stands = new Map([...stands].map(([key, text]) => [key, wrote.has(key) ? (wrote.get(key) ?? null) : text]))
      for (const hook of new Set([...load].map((loaded) => loaded.hook))) load.add({ values: stands, at, hook })
    }
    if (fact.did === 'clear') load.clear()
    if (fact.did === 'hook') {
      const loaded = { values: fact.read, at, hook: fact }
      if (fact.says === 'yes') runOn.clear()
      if (fact.says === 'yes' && fact.orphans === 'ends') load.clear()
      if (fact.says === 'nothing') load.add(loaded)
      runOn.add(loaded)
    }
    for (const loaded of load) runOn.add(loaded)
  }
  return { runOn, load }
}
