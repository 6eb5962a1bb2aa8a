import type { Change } from '../../src/domain/change.ts'
import { AttachError, isAttachError } from '../../src/domain/errors.ts'
import type { Entry, ValuesId } from '../../src/domain/operation.ts'
import { STEADY } from '../../src/engine/protocol.ts'
import type { Journal } from '../../src/ports/journal.ts'
import type { ConfigStore, Snapshot } from '../../src/ports/store.ts'
import { forward } from './doors.ts'
import type { Mutant } from './facts.ts'
import { show } from './names.ts'

/** A mutant that only sees another store. */
const store =
  (changed: (store: ConfigStore) => Partial<ConfigStore>): Mutant =>
  (context) => ({ ...context, store: { ...forward(context.store), ...changed(context.store) } })

/** A mutant that only sees another journal. */
export const journal = (changed: (journal: Journal) => Partial<Journal>): Mutant =>
  store((real) => ({ journal: { ...forward(real).journal, ...changed(real.journal) } }))

/** A command that looks first and claims afterwards. */
export const looksBeforeClaim: Mutant = store((real) => {
  let held: Entry | null = null
  return {
    read: async (s) => {
      const snapshot = await real.read(s)
      if (held) await real.journal.append(held, s)
      held = null
      return snapshot
    },
    journal: {
      ...forward(real).journal,
      append: async (entry, s) => {
        if (entry.type === 'claim') held = entry
        else await real.journal.append(entry, s)
      },
    },
  }
})

/** A command that never claims. */
export const neverClaims: Mutant = store((real) => {
  let skipped = 0
  return {
    write: (changes, guard, s) => real.write(changes, { ifHead: guard.ifHead - skipped }, s),
    journal: {
      ...forward(real).journal,
      head: (s) => {
        skipped = 0
        return real.journal.head(s)
      },
      append: async (entry, s) => {
        if (entry.type === 'claim') skipped += 1
        else await real.journal.append({ ...entry, seq: entry.seq - skipped }, s)
      },
    },
  }
})

/** A command that takes every write for landed: an old value found was "put back". */
export const believesItLanded: Mutant = journal((real) => ({
  head: async (s) => {
    const head = await real.head(s)
    return { ...head, open: head.open && { ...head.open, landed: true } }
  },
}))

/** A recovery that forgets that a write is known to have landed. */
export const forgetsThatItLanded: Mutant = journal((real) => ({
  head: async (s) => {
    const head = await real.head(s)
    return { ...head, open: head.open && { ...head.open, landed: false } }
  },
}))

/** A command that believes its own write instead of reading back after the hook. */
export const trustsItsWrite: Mutant = store((real) => {
  let wrote: readonly Change[] = []
  return {
    read: async (s) => {
      const { revision, entries } = await real.read(s)
      return { revision, entries: new Map([...entries, ...wrote.flatMap(({ key, after }) => (after ? [[key, after] as const] : []))]) }
    },
    write: async (changes, guard, s) => {
      const revision = await real.write(changes, guard, s)
      wrote = changes
      return revision
    },
  }
})

/** A command that says "nothing changed" although its close was refused. */
export const closesRegardless: Mutant = journal((real) => ({
  append: (entry, s) =>
    real.append(entry, s).catch((error: unknown) => {
      if (entry.type !== 'close' || entry.verdict !== 'aborted') throw error
    }),
}))

/** A store whose guard, after `free` writes, is the whole file as it was last read or written. */
export const guardsWholeFile = (free: number): Mutant =>
  store((real) => {
    let writes = 0
    let last: Snapshot | null = null
    return {
      read: async (s) => {
        last = await real.read(s)
        return last
      },
      write: async (changes, guard, s) => {
        const now = await real.read(s)
        if (writes >= free && last && show(now.entries) !== show(last.entries)) throw new AttachError('CONFLICT', 'the file moved on')
        const revision = await real.write(changes, guard, s)
        writes += 1
        last = await real.read(s)
        return revision
      },
    }
  })

const withBefores = async (changes: readonly Change[], real: ConfigStore, s: AbortSignal): Promise<readonly Change[]> => {
  const { entries } = await real.read(s)
  return changes.map((change) => ({ ...change, before: entries.get(change.key) ?? null }))
}

/** A store that does not compare with `before`. */
export const guardsNoKey: Mutant = store((real) => ({
  write: async (changes, guard, s) => real.write(await withBefores(changes, real, s), guard, s),
}))

/** A store that compares the first key of a change and no other. */
export const guardsFirstKey: Mutant = store((real) => ({
  write: async ([first, ...rest], guard, s) => real.write(first ? [first, ...(await withBefores(rest, real, s))] : [], guard, s),
}))

/** A store that does not compare with the journal. */
export const ignoresClaims: Mutant = store((real) => ({
  write: async (changes, _guard, s) => real.write(changes, { ifHead: (await real.journal.head(s)).seq }, s),
}))

/** A store that calls a lost reply a refusal. */
export const callsLostRefused: Mutant = store((real) => ({
  write: async (changes, guard, s) => {
    try {
      return await real.write(changes, guard, s)
    } catch (error) {
      throw isAttachError(error, 'UNKNOWN') ? new AttachError('UNAVAILABLE', 'timed out') : error
    }
  },
}))

/** A command that writes its keys one after the other. */
export const writesOneByOne: Mutant = store((real) => ({
  write: async (changes, guard, s) => {
    let revision = (await real.read(s)).revision
    for (const change of changes) revision = await real.write([change], guard, s)
    return revision
  },
}))

/** A command that looks at the first key of a change and no other. */
export const looksAtFirstKey: Mutant = store((real) => {
  let wrote: readonly Change[] = []
  return {
    read: async (s) => {
      const { revision, entries } = await real.read(s)
      return {
        revision,
        entries: new Map([...entries, ...wrote.slice(1).flatMap(({ key, after }) => (after ? [[key, after] as const] : []))]),
      }
    },
    write: async (changes, guard, s) => {
      const revision = await real.write(changes, guard, s)
      wrote = changes
      return revision
    },
  }
})

const byPlace = (seq: number): ValuesId => `${seq}` as ValuesId
/** A journal that names values by their place alone: whoever comes second overwrites those of the first. */
export const namesValuesByPlace: Mutant = journal((real) => ({
  keep: (seq, _values, changes, s) => real.keep(seq, byPlace(seq), changes, s),
  append: (entry, s) => real.append(entry.type === 'intent' ? { ...entry, values: byPlace(entry.seq) } : entry, s),
}))

/** A command that begins although its values could not be kept. */
export const beginsRegardless: Mutant = journal((real) => ({
  keep: (seq, values, changes, s) => real.keep(seq, values, changes, s).catch(() => {}),
}))

/** A command that does not hear a wish to stop. */
export const hearsNoStop: Mutant = (context) => ({ ...context, signal: STEADY })

/** A command whose wish to stop cuts off its own records. */
export const cutsOffItsRecord: Mutant = (context) => {
  const { append } = forward(context.store).journal
  return journal(() => ({
    append: async (entry, s) => {
      if (context.signal.aborted) throw new AttachError('UNAVAILABLE', 'aborted')
      await append(entry, s)
    },
  }))(context)
}
