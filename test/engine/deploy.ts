import type { Change } from '../../src/domain/change.ts'
import { type Effect, effectOf } from '../../src/domain/effect.ts'
import { AttachError, isAttachError } from '../../src/domain/errors.ts'
import type { Close, Intent } from '../../src/domain/operation.ts'
import { Secret } from '../../src/domain/secret.ts'
import { apply } from '../../src/engine/apply.ts'
import { type Context, STEADY } from '../../src/engine/protocol.ts'
import { keep, recover, unsettled } from '../../src/engine/recover.ts'
import type { ConfigStore } from '../../src/ports/store.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { clears, hookOf, settles, type Witness } from './app.ts'
import { forward, gated } from './doors.ts'
import {
  afters,
  asIs,
  befores,
  type Fact,
  type Hook,
  KEY,
  type Luck,
  MIXED,
  type Mutant,
  OTHER,
  plain,
  type Recalled,
  type Text,
  type Texts,
  TOUCHED,
  type Told,
  textsOf,
} from './facts.ts'
import { show } from './names.ts'
import type { World } from './world.ts'

/** One deploy in one world: all requests of the commands are gated, all that really happens is witnessed. */
export class Deploy {
  readonly facts: Fact[] = []
  readonly #world: World
  readonly #memory = MemoryStore.of(
    new Map([
      [KEY, new Secret('x')],
      [OTHER, new Secret('info')],
    ]),
  )
  readonly #store: ConfigStore
  #state = ''
  #begun: Intent | null = null
  #head: Hook['head'] = { by: '', release: 0 }
  readonly #orphans: Hook['orphans']
  readonly #names = new Map<string, number>()

  /** `store` stands between every command and the store. */
  constructor(world: World, { store: mutant = asIs, orphans = 'ends' }: { store?: Mutant; orphans?: Hook['orphans'] } = {}) {
    this.#world = world
    this.#orphans = orphans
    this.#store = mutant(this.#bare('store')).store
  }

  /** Changes the touched keys from what it finds. `takeOver` recovers an open operation first, as if its owner were known to be dead. */
  swap(actor: string, to: string, luck: Luck, { takeOver = false, mutant = asIs } = {}): Promise<void> {
    return this.#command(actor, async () => {
      const context = this.#context(actor, actor, luck, mutant)
      const { journal } = context.store
      if (takeOver && (await journal.head(STEADY)).open) {
        const by = `${actor}.recover`
        await this.#command(by, () => recover(this.#context(actor, by, MIXED, mutant)))
      }
      const head = await journal.head(STEADY)
      if (head.open) throw new AttachError('BUSY', 'an operation is open')
      const { entries } = await context.store.read(STEADY)
      const changes = TOUCHED.map((key) => ({ key, before: entries.get(key) ?? null, after: new Secret(key === KEY ? to : `${to}2`) }))
      const revertible = this.#world.choice(actor, 'revertible', luck.revertible)
      return await apply({ verb: 'swap', changes, head, revertible, edited: [] }, context)
    })
  }

  /** `attach recover [--keep]`, as an actor of its own. */
  recover(actor: string, how: typeof recover, { luck = MIXED, mutant = asIs } = {}): Promise<void> {
    return this.#command(actor, () => how(this.#context(actor, actor, luck, mutant)))
  }

  /** One save by a person: no guard, no journal. */
  edit(values: Texts): Promise<void> {
    const perform = async (): Promise<void> => {
      const { entries } = await this.#memory.read()
      const { seq } = await this.#memory.journal.head(STEADY)
      const changes = [...values].map(([key, value]) => ({
        key,
        before: entries.get(key) ?? null,
        after: value === null ? null : new Secret(value),
      }))
      await this.#memory.write(changes, { ifHead: seq })
      this.#note({ did: 'edit', by: 'hand', values })
    }
    return this.#world.gate('hand', { call: `edit ${[...values.keys()].join(' ')}`, sort: 'hand', perform })
  }

  /** When all is over, a person alone and without faults: `recover`, `recover --keep` when that leaves it open, and `recover` for a release before it that did not settle. */
  async rescue(mutant = asIs): Promise<void> {
    const context = (by: string): Context =>
      mutant({
        ...this.#bare(by),
        store: this.#witnessed(by),
        settle: settles(this.#witness, by),
        clearOrphan: clears(this.#witness, by, this.#orphans),
      })
    await this.#command('rescue', () => recover(context('rescue')))
    if (await this.isOpen()) await this.#command('rescue --keep', () => keep(context('rescue --keep')))
    if (await this.unsettled()) await this.#command('rescue again', () => recover(context('rescue again')))
  }

  /** All the future depends on, apart from what the actors know. */
  readonly state = (): string => this.#state

  async holds(): Promise<Texts> {
    return textsOf((await this.#memory.read()).entries)
  }

  async other(): Promise<Text> {
    return plain((await this.#memory.read()).entries.get(OTHER))
  }

  async isOpen(): Promise<boolean> {
    return (await this.#memory.journal.head(STEADY)).open !== null
  }

  async unsettled(): Promise<boolean> {
    const { journal } = this.#memory
    return (await unsettled(journal, await journal.head(STEADY), STEADY)) !== null
  }

  /** Every intent with the changes that are kept for it. Rejects when they are gone. */
  async recalled(): Promise<readonly Recalled[]> {
    const intents = (await this.#entries()).filter((entry) => entry.type === 'intent')
    return await Promise.all(intents.map(async (intent) => ({ intent, changes: await this.#memory.journal.recall(intent, STEADY) })))
  }

  /** What the journal and the values beside it say happened to the touched keys, oldest first. */
  async told(): Promise<readonly Told[]> {
    const recalled = await this.recalled()
    const closes = (await this.#entries()).filter((entry) => entry.type === 'close')
    return closes.map((close) => {
      const found = recalled.find(({ intent }) => intent.seq === close.intent)
      if (!found) throw new Error(`close ${close.seq} has no intent`)
      const { intent, changes } = found
      const after = close.verdict === 'kept' ? new Map(close.found.map(({ key, to }) => [key, to])) : afters(changes)
      return { intent, before: befores(changes), after, close }
    })
  }

  async #entries(): Promise<ReturnType<MemoryStore['journal']['before']>> {
    return [...(await this.#memory.journal.before(1_000, 1_000, STEADY))].reverse()
  }

  /** Runs one command and notes what it says about itself. */
  async #command(by: string, run: () => Promise<Close | null>): Promise<void> {
    const end = async (said: string, effect: Effect, close: Close | null, conflict = false): Promise<void> =>
      this.#note({ did: 'end', by, said, effect, conflict, holds: await this.holds(), close })
    try {
      const close = await run()
      await (close ? end(close.verdict, effectOf(close), close) : end('nothing open', 'none', null))
    } catch (error) {
      if (!isAttachError(error) || (error.code === 'INCOMPLETE' && error.cause !== undefined && !isAttachError(error.cause))) throw error
      await end(
        error.code,
        error.effect,
        null,
        [error, error.cause].some((met) => isAttachError(met, 'CONFLICT')),
      )
    }
  }

  /** `actor` is the process, `by` the command that it runs. */
  #context(actor: string, by: string, luck: Luck, mutant: Mutant): Context {
    const signal = this.#world.signal(actor)
    signal.addEventListener('abort', () => this.#note({ did: 'interrupt', by }))
    const store = gated(this.#world, actor, this.#witnessed(by))
    return mutant({
      ...this.#bare(by),
      signal,
      store: {
        ...forward(store),
        write: (changes, guard, s) => {
          if (signal.aborted && this.#isNew(changes)) this.#note({ did: 'defied', by })
          return store.write(changes, guard, s)
        },
      },
      clearOrphan: clears(this.#witness, by, this.#orphans),
      settle: hookOf(this.#world, this.#witness, { actor, by, luck, orphans: this.#orphans }),
    })
  }

  #bare(by: string): Context {
    return {
      store: this.#memory,
      by: { user: by, host: 'h', pid: 1 },
      now: () => '2026-01-01T00:00:00Z',
      random: () => this.#fresh(by),
      show: (_, value) => plain(value),
      signal: STEADY,
      settle: async () => 'yes',
    }
  }

  /** The same names in every schedule, so that equal states are recognised. */
  #fresh(by: string): string {
    const many = (this.#names.get(by) ?? 0) + 1
    this.#names.set(by, many)
    return `${by} ${many}`
  }

  /** These are the new values of the operation that is open, or a part of them. */
  #isNew(changes: readonly Change[]): boolean {
    return changes.every(({ key, after }) => this.#begun?.shown.some((shown) => shown.key === key && shown.to === plain(after)))
  }

  #witnessed(by: string): ConfigStore {
    const store = this.#store
    const { journal } = forward(store)
    return {
      ...forward(store),
      write: async (changes, guard, s) => {
        const was = await this.holds()
        const revision = await store.write(changes, guard, s)
        const touched = new Map(changes.map(({ key }) => [key, was.get(key) ?? null]))
        this.#note({ did: 'write', by, was: touched, before: befores(changes), after: afters(changes) })
        return revision
      },
      journal: {
        ...journal,
        keep: async (seq, values, changes, s) => {
          await journal.keep(seq, values, changes, s)
          this.#state = this.#world.name(() => this.#state + show([seq, values, changes]))
        },
        append: async (entry, s) => {
          await journal.append(entry, s)
          if (entry.type === 'intent') this.#begun = entry
          this.#head = { by: entry.by.user, release: entry.type === 'close' ? entry.release : this.#head.release }
          this.#state = this.#world.name(() => this.#state + show(entry))
        },
      },
    }
  }

  readonly #note = (fact: Fact): void => {
    this.facts.push(fact)
    this.#state = this.#world.name(() => this.#state + show(fact))
  }

  readonly #witness: Witness = { now: async () => ({ read: await this.holds(), head: this.#head }), note: this.#note }
}
