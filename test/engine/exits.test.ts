import { expect, test } from 'vitest'
import { type Effect, effectOf } from '../../src/domain/effect.ts'
import { AttachError, isAttachError } from '../../src/domain/errors.ts'
import type { Settled } from '../../src/domain/operation.ts'
import { Secret } from '../../src/domain/secret.ts'
import { apply, begin } from '../../src/engine/apply.ts'
import { type Context, STEADY } from '../../src/engine/protocol.ts'
import { keep, recover } from '../../src/engine/recover.ts'
import type { ConfigStore } from '../../src/ports/store.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { forward } from './doors.ts'
import { KEY, SECOND } from './facts.ts'

/** How one write goes. `half`: a torn store, which wrote one key and says that it wrote both. */
type Trouble = 'refused' | 'lost' | 'lost-reply' | 'half' | 'none'
/** When a wish to stop comes: while the intent is appended, while the new value is written, while the hook runs, or never. */
type Stop = 'intent' | 'write' | 'hook' | 'never'

interface Row {
  readonly effect: Effect
  readonly code?: string
  readonly holds: 'old' | 'new' | 'mixed'
  readonly open: boolean
  readonly revertible: boolean
  readonly app: readonly Settled[]
  readonly writes: readonly Trouble[]
  readonly stop: Stop
}
const row = (effect: Effect, holds: Row['holds'], rest: Partial<Row> = {}): Row => ({
  effect,
  holds,
  open: false,
  revertible: true,
  app: ['yes'],
  writes: [],
  stop: 'never',
  ...rest,
})

const ROWS: readonly Row[] = [
  row('changed', 'new'),
  row('changed', 'new', { app: ['skipped'] }),
  row('changed', 'new', { writes: ['lost-reply'] }),
  row('none', 'old', { code: 'UNAVAILABLE', app: [], writes: ['refused'] }),
  row('none', 'old', { code: 'UNAVAILABLE', app: [], writes: ['lost'] }),
  row('reverted', 'old', { app: ['no', 'yes'] }),
  row('reverted', 'old', { app: ['no', 'skipped'] }),
  row('reverted', 'old', { app: ['no', 'yes'], writes: ['none', 'lost-reply'] }),
  row('unknown', 'old', { app: ['no', 'no'] }),
  row('unknown', 'new', { revertible: false, app: ['no'] }),
  row('unknown', 'new', { revertible: false, app: ['no'], writes: ['lost-reply'] }),
  row('unknown', 'new', { code: 'INCOMPLETE', open: true, app: ['no'], writes: ['none', 'refused'] }),
  row('unknown', 'new', { code: 'INCOMPLETE', open: true, app: ['no'], writes: ['none', 'lost'] }),
  row('unknown', 'mixed', { code: 'INCOMPLETE', open: true, app: [], writes: ['half'] }),
  row('none', 'old', { code: 'INTERRUPTED', app: [], stop: 'intent' }),
  row('none', 'old', { code: 'INTERRUPTED', app: [], stop: 'write', writes: ['lost'] }),
  row('none', 'old', { code: 'UNAVAILABLE', app: [], stop: 'write', writes: ['refused'] }),
  row('reverted', 'old', { app: ['yes'], stop: 'write' }),
  row('reverted', 'old', { app: ['yes'], stop: 'write', writes: ['lost-reply'] }),
  row('reverted', 'old', { app: ['yes', 'yes'], stop: 'hook' }),
  row('unknown', 'old', { app: ['no', 'no'], stop: 'hook' }),
  row('unknown', 'new', { revertible: false, app: [], stop: 'write' }),
  row('unknown', 'new', { revertible: false, app: ['no'], stop: 'hook' }),
  row('changed', 'new', { revertible: false, app: ['yes'], stop: 'hook' }),
]

const HOLDS = { old: 'old old', new: 'new new', mixed: 'new old' } as const
const changes = [KEY, SECOND].map((key) => ({ key, before: new Secret('old'), after: new Secret('new') }))

const memoryOf = (): MemoryStore => MemoryStore.of(new Map([KEY, SECOND].map((key) => [key, new Secret('old')])))
const contextOf = (store: ConfigStore, app: Settled[], stop = new AbortController(), when: Stop = 'never'): Context => ({
  store,
  by: { user: 'u', host: 'h', pid: 1 },
  now: () => '2026-01-01T00:00:00Z',
  random: () => 'a1',
  show: (_, value) => (value ? '(set)' : null),
  signal: stop.signal,
  settle: async () => {
    if (when === 'hook') stop.abort()
    return app.shift() ?? expect.fail('one hook too many')
  },
})

/** The nth write goes as the nth trouble says; the wish to stop comes when it is due. */
function troubled(real: ConfigStore, troubles: Trouble[], stop: AbortController, when: Stop): ConfigStore {
  const store = forward(real)
  return {
    ...store,
    write: async (all, guard, s) => {
      if (when === 'write') stop.abort()
      const trouble = troubles.shift() ?? 'none'
      if (trouble === 'refused') throw new AttachError('UNAVAILABLE', 'disk full')
      if (trouble === 'lost') throw new AttachError('UNKNOWN', 'no answer')
      const revision = await store.write(trouble === 'half' ? all.slice(0, 1) : all, guard, s)
      if (trouble === 'lost-reply') throw new AttachError('UNKNOWN', 'no answer')
      return revision
    },
    journal: {
      ...store.journal,
      append: async (entry, s) => {
        if (when === 'intent') stop.abort()
        await store.journal.append(entry, s)
      },
    },
  }
}

test.each(ROWS)(
  'effect $effect, $holds value, open $open: revertible $revertible, app $app, writes $writes, stop at $stop',
  async (expected) => {
    const memory = memoryOf()
    const app = [...expected.app]
    const stop = new AbortController()
    const store = troubled(memory, [...expected.writes], stop, expected.stop)
    const head = await memory.journal.head(STEADY)
    const plan = { verb: 'swap', changes, head, revertible: expected.revertible, edited: [] } as const
    const said = await apply(plan, contextOf(store, app, stop, expected.stop)).then(
      (close) => ({ effect: effectOf(close) }),
      (error: unknown) => (isAttachError(error) ? { effect: error.effect, code: error.code } : expect.fail(String(error))),
    )
    expect({ ...said, app }).toEqual({ effect: expected.effect, ...(expected.code ? { code: expected.code } : {}), app: [] })
    const { entries } = await memory.read()
    expect([KEY, SECOND].map((key) => entries.get(key)?.reveal()).join(' ')).toBe(HOLDS[expected.holds])
    expect((await memory.journal.head(STEADY)).open !== null).toBe(expected.open)
  },
)

const begun = async (memory: MemoryStore, writes: Trouble[], app: Settled[], revertible = true): Promise<unknown> => {
  const context = contextOf(troubled(memory, writes, new AbortController(), 'never'), app)
  const head = await memory.journal.head(STEADY)
  return await apply({ verb: 'swap', changes, head, revertible, edited: [] }, context).catch((error: unknown) => error)
}

test('what was edited outside is said with the way on, and recover --keep records what stands without its value', async () => {
  const memory = memoryOf()
  const error = await begun(memory, ['half'], [])
  expect(error).toMatchObject({ code: 'INCOMPLETE', hint: 'attach recover --keep', message: expect.stringContaining(`${KEY}, ${SECOND}`) })
  await expect(recover(contextOf(memory, []))).rejects.toMatchObject({ code: 'INCOMPLETE', hint: 'attach recover --keep' })
  const close = await keep(contextOf(memory, []))
  expect(close).toMatchObject({ verdict: 'kept', found: [KEY, SECOND].map((key) => ({ key, from: '(set)', to: '(set)' })) })
  await expect(keep(contextOf(memory, []))).resolves.toBeNull()
})

test('what could not be put back is said with the way on, and one recover puts it back', async () => {
  const memory = memoryOf()
  const error = await begun(memory, ['none', 'refused'], ['no'])
  expect(error).toMatchObject({ code: 'INCOMPLETE', hint: 'attach recover' })
  expect(error).toHaveProperty('message', expect.stringMatching(/disk full; the old value was to be put back/))
  await expect(recover(contextOf(memory, ['yes']))).resolves.toMatchObject({ verdict: 'reverted', settled: 'yes' })
})

test('recover with the values gone says so, and recover --keep closes it', async () => {
  const memory = memoryOf()
  await begun(memory, ['none', 'lost'], ['no'])
  const store = forward(memory)
  const recall = () => Promise.reject(new AttachError('REFUSED', 'the values are no longer kept'))
  const gone = { ...store, journal: { ...store.journal, recall } }
  await expect(recover(contextOf(gone, []))).rejects.toMatchObject({ code: 'INCOMPLETE', hint: 'attach recover --keep' })
  await expect(keep(contextOf(gone, []))).resolves.toMatchObject({ verdict: 'kept' })
})

test('recover makes the app settle on a release that did not, once, and makes no new release', async () => {
  const memory = memoryOf()
  await begun(memory, [], ['no'], false)
  const still = await recover(contextOf(memory, ['no']))
  expect(still && effectOf(still)).toBe('unknown')
  const settled = await recover(contextOf(memory, ['yes']))
  expect(settled).toMatchObject({ verdict: 'aborted', settled: 'yes', release: 1 })
  expect(settled && effectOf(settled)).toBe('none')
  await expect(recover(contextOf(memory, []))).resolves.toBeNull()
})

test('a release that did not settle is found behind any number of operations that changed nothing', async () => {
  const memory = memoryOf()
  await begun(memory, [], ['no'], false)
  const back = changes.map(({ key, before, after }) => ({ key, before: after, after: before }))
  for (let times = 0; times < 20; times += 1) {
    const head = await memory.journal.head(STEADY)
    const context = contextOf(troubled(memory, ['refused'], new AbortController(), 'never'), [])
    await apply({ verb: 'swap', changes: back, head, revertible: true, edited: [] }, context).catch(() => {})
  }
  await expect(recover(contextOf(memory, ['yes']))).resolves.toMatchObject({ settled: 'yes' })
})

test('a wish to stop before anything began writes nothing at all', async () => {
  const memory = memoryOf()
  const stop = new AbortController()
  stop.abort()
  const head = await memory.journal.head(STEADY)
  const plan = { verb: 'swap', changes, head, revertible: true, edited: [] } as const
  await expect(apply(plan, contextOf(memory, [], stop))).rejects.toMatchObject({ code: 'INTERRUPTED', effect: 'none' })
  expect(await memory.journal.head(STEADY)).toEqual(head)
})

test('a plan that changes nothing is a bug', async () => {
  const memory = memoryOf()
  const head = await memory.journal.head(STEADY)
  const same = changes.map(({ key, before }) => ({ key, before, after: before }))
  for (const none of [[], same]) {
    await expect(apply({ verb: 'swap', changes: none, head, revertible: true, edited: [] }, contextOf(memory, []))).rejects.toThrow('BUG')
  }
})

test('an intent carries what the plan says and no value', async () => {
  const memory = memoryOf()
  const head = await memory.journal.head(STEADY)
  const noted = { undoes: 3, backTo: 2, message: 'why', allowed: ['pg.version'], unprobed: true } as const
  await apply({ verb: 'rollback', changes, head, revertible: false, edited: [SECOND], ...noted }, contextOf(memory, ['yes']))
  const [intent] = await memory.journal.before(2, 1, STEADY)
  expect(intent).toMatchObject({ verb: 'rollback', values: 'a1', revertible: false, edited: [SECOND], ...noted })
  expect(intent).toHaveProperty(
    'shown',
    [KEY, SECOND].map((key) => ({ key, from: '(set)', to: '(set)' })),
  )
})

test('what a request said of itself is not repeated as the state of the operation', async () => {
  const memory = memoryOf()
  const full = () => Promise.reject(new AttachError('UNAVAILABLE', 'no space left; nothing was changed', { hint: 'df' }))
  const store = forward(memory)
  const head = await memory.journal.head(STEADY)
  const plan = { verb: 'swap', changes, head, revertible: true, edited: [] } as const
  const unkept = { ...store, journal: { ...store.journal, keep: full } }
  await expect(apply(plan, contextOf(unkept, []))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'not begun: no space left; the config was not touched',
    hint: 'df',
  })
  const unread = { ...store, read: full }
  await expect(apply(plan, contextOf(unread, []))).rejects.toMatchObject({
    code: 'INCOMPLETE',
    message: `the change of ${KEY}, ${SECOND} was begun and not finished: no space left; the new value was written`,
    hint: 'attach recover',
  })
})

test('while the way back runs, values that a person put back by hand count as put back', async () => {
  const memory = memoryOf()
  const hand = async (): Promise<void> => {
    const { seq } = await memory.journal.head(STEADY)
    await memory.write(
      changes.map(({ key, before, after }) => ({ key, before: after, after: before })),
      { ifHead: seq },
    )
  }
  const app: Settled[] = ['no', 'yes']
  const context: Context = {
    ...contextOf(memory, app),
    settle: async () => {
      if (app.length === 2) await hand()
      return app.shift() ?? expect.fail('one hook too many')
    },
  }
  const head = await memory.journal.head(STEADY)
  await expect(apply({ verb: 'swap', changes, head, revertible: true, edited: [] }, context)).resolves.toMatchObject({
    verdict: 'reverted',
    settled: 'yes',
  })
})

test('behind an operation left open, a release that did not settle takes one recover more', async () => {
  const memory = memoryOf()
  await begun(memory, [], ['no'], false)
  const back = changes.map(({ key, before, after }) => ({ key, before: after, after: before }))
  const head = await memory.journal.head(STEADY)
  await begin({ verb: 'swap', changes: back, head, revertible: true, edited: [] }, contextOf(memory, []))
  await expect(recover(contextOf(memory, []))).resolves.toMatchObject({ verdict: 'aborted', release: 1 })
  await expect(recover(contextOf(memory, ['yes']))).resolves.toMatchObject({ verdict: 'aborted', settled: 'yes' })
  await expect(recover(contextOf(memory, []))).resolves.toBeNull()
})

test('a run of hook and health that died is finished by one recover', async () => {
  const memory = memoryOf()
  await begun(memory, [], ['no'], false)
  const head = await memory.journal.head(STEADY)
  await begin({ verb: 'swap', changes: [], head, revertible: false, edited: [] }, contextOf(memory, []))
  await expect(recover(contextOf(memory, ['yes']))).resolves.toMatchObject({ verdict: 'aborted', settled: 'yes', release: 1 })
  await expect(recover(contextOf(memory, []))).resolves.toBeNull()
})
