import { expect, test } from 'vitest'
import type { Key } from '../../src/domain/change.ts'
import type { Entry, Intent, ValuesId } from '../../src/domain/operation.ts'
import { Secret } from '../../src/domain/secret.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { describeStore } from '../conformance/store.ts'

const signal = new AbortController().signal

describeStore('the memory store', {
  open: async () => {
    const a = MemoryStore.of(new Map())
    const b = a.another()
    const hand = a.another()
    return {
      a,
      b,
      edit: async (key, value) => {
        const before = (await hand.read()).entries.get(key) ?? null
        const { seq } = await hand.journal.head(signal)
        await hand.write([{ key, before, after: new Secret(value) }], { ifHead: seq })
      },
      dispose: async () => {
        for (const store of [a, b]) await store[Symbol.asyncDispose]()
      },
    }
  },
})

test('a claim takes an operation over also from an owner that is alive: the intent is the lock', async () => {
  const a = MemoryStore.of(new Map())
  const b = a.another()
  const key = 'DATABASE_URL' as Key
  const stamp = { by: { user: 'u', host: 'h', pid: 1 }, at: '2026-01-01T00:00:00Z' }
  const intent: Intent = {
    type: 'intent',
    seq: 1,
    verb: 'attach',
    values: 'a1' as ValuesId,
    shown: [],
    revertible: true,
    edited: [],
    ...stamp,
  }
  const claim: Entry = { type: 'claim', seq: 2, intent: 1, undo: false, landed: false, ...stamp }
  await a.journal.append(intent, signal)
  await b.journal.append(claim, signal)
  const write = a.write([{ key, before: null, after: new Secret('new') }], { ifHead: 1 })
  await expect(write).rejects.toMatchObject({ code: 'CLAIMED' })
  expect(await a.journal.owner(signal)).toBe('alive')
})
