import { expect, test } from 'vitest'
import { type Change, invert, type Value } from '../../src/domain/change.ts'
import { Secret } from '../../src/domain/secret.ts'
import { begin } from '../../src/engine/apply.ts'
import { type Context, STEADY } from '../../src/engine/protocol.ts'
import { keep, recover } from '../../src/engine/recover.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { forward } from './doors.ts'
import { KEY } from './facts.ts'

const change: Change = { key: KEY, before: new Secret('old'), after: new Secret('new') }

/** The owner wrote the new value and was killed while its hook ran. Then a person wrote `held`, if anything. */
async function killed(held?: Value): Promise<MemoryStore> {
  const memory = MemoryStore.of(new Map([[KEY, new Secret('old')]]))
  const head = await memory.journal.head(STEADY)
  const { seq } = await begin({ verb: 'swap', changes: [change], head, revertible: true, edited: [] }, contextOf(memory, []))
  await memory.write([change], { ifHead: seq })
  if (held !== undefined) await memory.write([{ ...invert(change), after: held }], { ifHead: seq })
  return memory
}

const contextOf = (memory: MemoryStore, steps: string[]): Context => ({
  store: {
    ...forward(memory),
    read: () => {
      steps.push('look')
      return memory.read()
    },
    journal: {
      ...forward(memory).journal,
      append: (entry, signal) => {
        steps.push(entry.type === 'close' ? entry.verdict : entry.type)
        return memory.journal.append(entry, signal)
      },
    },
  },
  by: { user: 'u', host: 'h', pid: 1 },
  now: () => '2026-01-01T00:00:00Z',
  random: () => 'a1',
  show: (_, value) => (value ? '(set)' : null),
  signal: STEADY,
  clearOrphan: async () => {
    steps.push('clear')
  },
  settle: async () => {
    steps.push('hook')
    return 'yes'
  },
})

test.each([
  { how: recover, held: undefined, stands: 'the new value', decides: ['look', 'hook', 'look', 'committed'] },
  { how: recover, held: new Secret('old'), stands: 'the old value, by hand', decides: ['look', 'aborted'] },
  { how: keep, held: new Secret('by hand'), stands: 'another value', decides: ['look', 'kept'] },
])('$how.name ends the hook that a killed owner left running before it decides: $stands stands', async ({ how, held, decides }) => {
  const memory = await killed(held)
  const steps: string[] = []
  await how(contextOf(memory, steps))
  expect(steps).toEqual(['claim', 'clear', ...decides])
})

test('what was taken over by somebody else is not touched', async () => {
  const memory = await killed()
  const steps: string[] = []
  const context = contextOf(memory, steps)
  const { head } = context.store.journal
  const late: Context = {
    ...context,
    store: {
      ...context.store,
      journal: {
        ...context.store.journal,
        head: async (signal) => {
          const before = await head(signal)
          await recover(contextOf(memory, []))
          return before
        },
      },
    },
  }
  await expect(recover(late)).rejects.toMatchObject({ code: 'BUSY' })
  expect(steps).toEqual(['claim'])
})
