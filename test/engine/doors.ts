import type { Journal } from '../../src/ports/journal.ts'
import type { ConfigStore } from '../../src/ports/store.ts'
import type { World } from './world.ts'

const journalOf = ({ journal }: ConfigStore): Journal => ({
  head: (signal) => journal.head(signal),
  owner: (signal) => journal.owner(signal),
  quiet: (timeoutMs, signal) => journal.quiet(timeoutMs, signal),
  keep: (seq, values, changes, signal) => journal.keep(seq, values, changes, signal),
  mend: (signal) => journal.mend(signal),
  recall: (intent, signal) => journal.recall(intent, signal),
  append: (entry, signal) => journal.append(entry, signal),
  before: (seq, limit, signal) => journal.before(seq, limit, signal),
  oldestKept: (signal) => journal.oldestKept(signal),
})

/** A store as plain functions, to spread and override. */
export const forward = (store: ConfigStore): ConfigStore => ({
  label: store.label,
  journal: journalOf(store),
  read: (signal) => store.read(signal),
  rehearse: (changes, origin, signal) => store.rehearse(changes, origin, signal),
  write: (changes, guard, signal) => store.write(changes, guard, signal),
  [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
})

/** The store as `actor` has it: every request waits for its place in the schedule. */
export function gated(world: World, actor: string, store: ConfigStore): ConfigStore {
  const { journal } = store
  const ask = <T>(call: string, perform: () => Promise<T>): Promise<T> => world.gate(actor, { call, sort: 'look', perform })
  const tell = <T>(call: string, perform: () => Promise<T>): Promise<T> => world.gate(actor, { call, sort: 'change', perform })
  return {
    ...forward(store),
    read: (signal) => ask('read', () => store.read(signal)),
    write: (changes, guard, signal) =>
      tell(`write ${changes.map(({ after }) => after?.reveal() ?? '-').join(' ')}`, () => store.write(changes, guard, signal)),
    journal: {
      ...journalOf(store),
      head: (signal) => ask('head', () => journal.head(signal)),
      keep: (seq, values, changes, signal) => tell(`keep ${seq} ${values}`, () => journal.keep(seq, values, changes, signal)),
      recall: (intent, signal) => ask(`recall ${intent.seq}`, () => journal.recall(intent, signal)),
      append: (entry, signal) => {
        const what = entry.type === 'close' ? entry.verdict : entry.type === 'claim' && entry.undo ? 'claim to undo' : entry.type
        return tell(`append ${entry.seq} ${what}`, () => journal.append(entry, signal))
      },
      before: (seq, limit, signal) => ask(`before ${seq}`, () => journal.before(seq, limit, signal)),
    },
  }
}
