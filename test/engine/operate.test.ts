import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WITHOUT_QUESTIONS } from '../../src/deploys/operation.ts'
import type { Key } from '../../src/domain/change.ts'
import { isAttachError } from '../../src/domain/errors.ts'
import type { ProbeReport } from '../../src/domain/probe.ts'
import { Secret } from '../../src/domain/secret.ts'
import { type Consent, type Operation, operate, type Wish } from '../../src/engine/operate.ts'
import type { Request } from '../../src/engine/plan.ts'
import { MemoryStore } from '../../src/stores/memory.ts'

const A = 'A_URL' as Key
const B = 'B_URL' as Key

const { signal } = new AbortController()

const yes = WITHOUT_QUESTIONS

/** One deploy in memory, and commands that probe nothing: every value is opaque here. */
function deploy(entries: Readonly<Record<string, string>> = {}) {
  const store = MemoryStore.of(new Map(Object.entries(entries).map(([key, value]) => [key as Key, new Secret(value)])))
  let random = 0
  const operation: Operation = {
    store,
    signal,
    by: { user: 'tester', host: 'here', pid: 1 },
    now: () => '2026-01-01T00:00:00Z',
    clock: () => 0,
    random: () => `${++random}`.padStart(16, '0'),
    show: (_key, value) => value?.reveal() ?? null,
    settle: async () => 'skipped',
    ready: async () => {},
    begin: () => {},
    reporter: { event: () => {} },
    consent: yes,
    deploy: 'here',
    kinds: {
      describe: (value) => value.reveal(),
      joined: async (changes) => changes.map((change) => ({ ...change, keys: [change.key], kind: null, findings: [], problem: null })),
      seems: () => null,
      read: async () => ({
        kind: 'opaque',
        identity: { kind: 'opaque', scheme: '', host: '', tls: 'disable' },
        depth: null,
        remarks: [],
        traits: { parameters: new Map(), defaultCredentials: null },
        probe: () => expect.fail('nothing is probed here'),
        open: () => expect.fail('nothing is probed here'),
        guards: null,
      }),
    },
  }
  const wish = (request: Request): Wish => ({
    request,
    kind: 'opaque',
    expect: null,
    declared: new Map(),
    readers: [],
    settling: 'usual',
    onFailure: 'usual',
    probe: 'probe',
    message: null,
    allowed: [],
    strictness: 'usual',
    baselines: new Map(),
    run: 'real',
    lockTimeoutMs: 0,
  })
  const run = (request: Request) => operate(wish(request), operation)
  const values = async () => Object.fromEntries([...(await store.read()).entries].map(([key, value]) => [key, value.reveal()]))
  const edit = async (key: Key, value: string) => {
    const { entries } = await store.read()
    const { seq } = await store.journal.head(signal)
    await store.write([{ key, before: entries.get(key) ?? null, after: new Secret(value) }], { ifHead: seq })
  }
  return { run, values, edit, store, operation, wish }
}

const attach = (key: Key, to: string): Request => ({ verb: 'attach', edits: [{ key, to: new Secret(to) }] })
const swap = (key: Key, to: string): Request => ({ verb: 'swap', edits: [{ key, to: new Secret(to) }] })
const rollback = (release: number | null, allowEdited = false): Request => ({ verb: 'rollback', release, allowEdited })
const undo = (release: number | null, allowEdited = false): Request => ({ verb: 'undo', release, allowEdited })
const code = async (run: Promise<unknown>) => {
  try {
    await run
    return 'done'
  } catch (error) {
    return isAttachError(error) ? error.code : error
  }
}

describe('plans', () => {
  test('the same value again is unchanged and leaves no trace', async () => {
    const { run, store } = deploy({ A_URL: 'a1' })
    expect(await run(attach(A, 'a1'))).toMatchObject({ type: 'unchanged' })
    expect(await store.journal.head(signal)).toEqual({ seq: 0, release: 0, open: null })
  })

  test('swap needs a key that holds something', async () => {
    const { run, values } = deploy({ A_URL: '' })
    expect(await code(run(swap(A, 'a1')))).toBe('REFUSED')
    expect(await code(run(swap(B, 'b1')))).toBe('REFUSED')
    expect(await values()).toEqual({ A_URL: '' })
  })

  test('a key that stands there empty is attached, and undo writes the empty text back', async () => {
    const { run, values } = deploy({ A_URL: '' })
    expect(await run(attach(A, 'a1'))).toMatchObject({ type: 'closed', proposal: { plan: { verb: 'attach' } } })
    await run(undo(1))
    expect(await values()).toEqual({ A_URL: '' })
  })

  test('attach over another value is recorded as the swap that it is', async () => {
    const { run } = deploy({ A_URL: 'a1' })
    expect(await run(attach(A, 'a2'))).toMatchObject({ proposal: { plan: { verb: 'swap' } } })
  })

  test('several keys are one release', async () => {
    const { run, values } = deploy({ A_URL: 'a1' })
    await run({
      verb: 'attach',
      edits: [
        { key: A, to: new Secret('a2') },
        { key: B, to: new Secret('b2') },
      ],
    })
    await run(rollback(0))
    expect(await values()).toEqual({ A_URL: 'a1' })
  })
})

describe('what is kept of a replaced handle', () => {
  const OLD = 'A_URL_OLD' as Key
  const keeping = (verb: 'attach' | 'swap', to: string, as = OLD): Request => ({
    verb,
    edits: [{ key: A, to: new Secret(to), keepOldAs: as }],
  })

  test('stands under its own key, in the same release, and undo takes both back', async () => {
    const { run, values, store } = deploy({ A_URL: 'a1', B_URL: 'b1' })
    expect(await run(keeping('swap', 'a2'))).toMatchObject({
      type: 'closed',
      close: { release: 1 },
      proposal: {
        plan: { verb: 'swap', kept: [OLD] },
        shown: [
          { key: A, from: 'a1', to: 'a2' },
          { key: OLD, from: null, to: 'a1', kept: true },
        ],
      },
    })
    expect(await values()).toEqual({ A_URL: 'a2', B_URL: 'b1', A_URL_OLD: 'a1' })
    const [, intent] = await store.journal.before(1_000, 2, signal)
    expect(intent).toMatchObject({ type: 'intent', shown: [{ key: A }, { key: OLD, kept: true }] })
    await run(undo(1))
    expect(await values()).toEqual({ A_URL: 'a1', B_URL: 'b1' })
  })

  test('is nothing where nothing was, or an empty text', async () => {
    for (const entries of [{}, { A_URL: '' }]) {
      const { run, values } = deploy(entries)
      expect(await run(keeping('attach', 'a1'))).toMatchObject({ proposal: { plan: { verb: 'attach', kept: [] } } })
      expect(await values()).toEqual({ A_URL: 'a1' })
    }
  })

  test('takes the place of what its key held, which is no loss: undo and rollback bring it back', async () => {
    const { run, values } = deploy({ A_URL: 'a1', A_URL_OLD: 'a0' })
    expect(await run(keeping('attach', 'a2'))).toMatchObject({
      proposal: { shown: [{ key: A }, { key: OLD, from: 'a0', to: 'a1', kept: true }] },
    })
    await run(keeping('attach', 'a3'))
    expect(await values()).toEqual({ A_URL: 'a3', A_URL_OLD: 'a2' })
    await run(rollback(1))
    expect(await values()).toEqual({ A_URL: 'a2', A_URL_OLD: 'a1' })
    await run(rollback(0))
    expect(await values()).toEqual({ A_URL: 'a1', A_URL_OLD: 'a0' })
  })

  test('is no change where it stands already, and of an unchanged key nothing is kept', async () => {
    const { run, values } = deploy({ A_URL: 'a1', A_URL_OLD: 'a1' })
    expect(await run(keeping('swap', 'a2'))).toMatchObject({ proposal: { plan: { changes: [{ key: A }], kept: [] } } })
    expect(await run(keeping('swap', 'a2'))).toMatchObject({ type: 'unchanged', keys: [A] })
    expect(await values()).toEqual({ A_URL: 'a2', A_URL_OLD: 'a1' })
  })

  test('of several keys is one release, for those alone that move', async () => {
    const { run, values } = deploy({ A_URL: 'a1', B_URL: 'b1' })
    await run({
      verb: 'swap',
      edits: [
        { key: A, to: new Secret('a2'), keepOldAs: OLD },
        { key: B, to: new Secret('b1'), keepOldAs: 'B_URL_OLD' as Key },
      ],
    })
    expect(await values()).toEqual({ A_URL: 'a2', B_URL: 'b1', A_URL_OLD: 'a1' })
  })

  test('that is edited meanwhile is a conflict, as any key of the change', async () => {
    const { edit, values, operation, wish } = deploy({ A_URL: 'a1' })
    const meddling = { ...operation, consent: { ...yes, approve: async () => await edit(OLD, 'by hand') } }
    expect(await code(operate(wish(keeping('swap', 'a2')), meddling))).toBe('CONFLICT')
    expect(await values()).toEqual({ A_URL: 'a1', A_URL_OLD: 'by hand' })
  })

  test('under a key that is edited itself is a bug of the caller', async () => {
    const { run, values } = deploy({ A_URL: 'a1' })
    expect(await code(run(keeping('swap', 'a2', A)))).toBe('BUG')
    expect(await values()).toEqual({ A_URL: 'a1' })
  })

  test('is not probed, neither when it is kept nor when undo and rollback move it', async () => {
    const { operation, wish, values } = deploy({ A_URL: 'a1', A_URL_OLD: 'dead' })
    const probed: string[] = []
    const probing: Operation = {
      ...operation,
      kinds: {
        ...operation.kinds,
        read: async (value) => {
          const probe = async (): Promise<ProbeReport> => {
            probed.push(value.reveal())
            const done = { stages: [], totalMs: 0, facts: {}, findings: [] }
            if (value.reveal() !== 'dead') return { ok: true, ...done }
            return { ok: false, ...done, failedAt: 'connect', class: 'permanent', code: 'X', reason: 'dead', hint: 'none' }
          }
          return {
            kind: 'redis',
            identity: { kind: 'redis', scheme: 'redis', host: 'h', tls: 'disable' },
            depth: 'use',
            remarks: [],
            traits: { parameters: new Map(), defaultCredentials: null },
            probe,
            open: async () => ({ report: await probe(), session: null }),
            guards: null,
          }
        },
      },
    }
    await operate(wish(keeping('swap', 'a2')), probing)
    await operate(wish(keeping('swap', 'a3')), probing)
    expect(await values()).toEqual({ A_URL: 'a3', A_URL_OLD: 'a2' })
    await operate(wish(rollback(1)), probing)
    await operate(wish(undo(1)), probing)
    expect(await values()).toEqual({ A_URL: 'a1', A_URL_OLD: 'dead' })
    expect(probed).not.toContain('dead')
    expect(probed).toHaveLength(8)
    await operate(wish({ verb: 'detach', keys: [OLD] }), probing)
    expect(await code(operate(wish(undo(5)), probing))).toBe('PROBE_FAILED')
  })
})

describe('rollback', () => {
  test('goes back to the release before the last, and to v0 after v1', async () => {
    const { run, values } = deploy({ A_URL: 'a0' })
    await run(swap(A, 'a1'))
    await run(swap(A, 'a2'))
    await run(rollback(null))
    expect(await values()).toEqual({ A_URL: 'a1' })
    const fresh = deploy()
    await fresh.run(attach(A, 'a1'))
    await fresh.run(rollback(null))
    expect(await fresh.values()).toEqual({})
  })

  test('repeated to the same release it is unchanged', async () => {
    const { run } = deploy()
    await run(attach(A, 'a1'))
    await run(swap(A, 'a2'))
    await run(rollback(1))
    expect(await run(rollback(1))).toMatchObject({ type: 'unchanged' })
  })

  test('bare, right after a rollback or an undo, it is refused: repeating a line must not toggle production', async () => {
    const { run, values } = deploy()
    await run(attach(A, 'a1'))
    await run(swap(A, 'a2'))
    await run(rollback(null))
    expect(await code(run(rollback(null)))).toBe('REFUSED')
    expect(await code(run(undo(null)))).toBe('REFUSED')
    await run(undo(3))
    expect(await code(run(undo(null)))).toBe('REFUSED')
    expect(await values()).toEqual({ A_URL: 'a2' })
  })

  test('a key edited outside is a conflict, unless that is allowed; then the edit is what the release was made from', async () => {
    const { run, values, edit, store } = deploy()
    await run(attach(A, 'a1'))
    await run(swap(A, 'a2'))
    await edit(A, 'by hand')
    expect(await code(run(rollback(1)))).toBe('CONFLICT')
    expect(await values()).toEqual({ A_URL: 'by hand' })
    await run(rollback(1, true))
    expect(await values()).toEqual({ A_URL: 'a1' })
    await run(undo(3))
    expect(await values()).toEqual({ A_URL: 'by hand' })
    const [, intent] = await store.journal.before(7, 2, signal)
    expect(intent).toMatchObject({ type: 'intent', verb: 'rollback', backTo: 1, edited: [A] })
  })

  test('there is nothing to go back to before the first release, nor to one that never was', async () => {
    const { run } = deploy({ A_URL: 'a0' })
    expect(await code(run(rollback(null)))).toBe('REFUSED')
    expect(await code(run(undo(null)))).toBe('REFUSED')
    await run(swap(A, 'a1'))
    expect(await code(run(rollback(2)))).toBe('REFUSED')
    expect(await code(run(undo(0)))).toBe('REFUSED')
    expect(await code(run(undo(2)))).toBe('REFUSED')
  })

  test('to any release gives every touched key its value of then, whatever the history', async () => {
    const step = fc.record({ key: fc.constantFrom(A, B), to: fc.constantFrom('1', '2', '3', null) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), fc.nat(), async (steps, pick) => {
        const { run, values, store } = deploy({ A_URL: 'a0' })
        const after: Record<string, string>[] = [await values()]
        for (const { key, to } of steps) {
          const { release } = await store.journal.head(signal)
          await run(to === null ? { verb: 'detach', keys: [key] } : attach(key, to))
          if ((await store.journal.head(signal)).release > release) after.push(await values())
        }
        if (after.length === 1) return
        const back = pick % after.length
        await run(rollback(back))
        expect(await values()).toEqual(after[back])
      }),
      { numRuns: 60 },
    )
  })
})

describe('undo', () => {
  test('takes back one release; later changes of other keys stay', async () => {
    const { run, values } = deploy()
    await run(attach(A, 'a1'))
    await run(attach(B, 'b1'))
    await run(undo(1))
    expect(await values()).toEqual({ B_URL: 'b1' })
  })

  test('of a release whose key a later one changed is a conflict that names the rollback', async () => {
    const { run } = deploy()
    await run(attach(A, 'a1'))
    await run(swap(A, 'a2'))
    await run(swap(A, 'a3'))
    const thrown = await run(undo(2)).catch((error: unknown) => error)
    expect(thrown).toMatchObject({ code: 'CONFLICT' })
    expect(isAttachError(thrown) && thrown.hint).toContain('attach rollback v1')
  })

  test('repeated it is unchanged', async () => {
    const { run } = deploy({ A_URL: 'a0' })
    await run(swap(A, 'a1'))
    await run(undo(1))
    expect(await run(undo(1))).toMatchObject({ type: 'unchanged' })
  })

  test('undoing twice gives the first state again, whatever was changed', async () => {
    const { run, values } = deploy({ A_URL: 'a0' })
    await run({
      verb: 'attach',
      edits: [
        { key: A, to: new Secret('a1') },
        { key: B, to: new Secret('b1') },
      ],
    })
    const then = await values()
    await run(undo(1))
    expect(await values()).toEqual({ A_URL: 'a0' })
    await run(undo(2))
    expect(await values()).toEqual(then)
  })
})

describe('operate', () => {
  test('a dry run says what would change and begins nothing', async () => {
    const { operation, wish, store, values } = deploy({ A_URL: 'a0' })
    const outcome = await operate({ ...wish(swap(A, 'a1')), run: 'dry' }, operation)
    expect(outcome).toMatchObject({ type: 'planned', proposal: { shown: [{ key: A, from: 'a0', to: 'a1' }] } })
    expect(await values()).toEqual({ A_URL: 'a0' })
    expect(await store.journal.head(signal)).toEqual({ seq: 0, release: 0, open: null })
  })

  test('a change of another key by another command, made while this one asks, is no conflict', async () => {
    const { operation, wish, run, values } = deploy({ A_URL: 'a0' })
    const consent: Consent = { ...yes, approve: async () => void (await run(attach(B, 'b1'))) }
    await operate(wish(swap(A, 'a1')), { ...operation, consent })
    expect(await values()).toEqual({ A_URL: 'a1', B_URL: 'b1' })
  })

  test('a change of the same key by another command, made while this one asks, is a conflict and stays', async () => {
    const { operation, wish, run, values } = deploy({ A_URL: 'a0' })
    const consent: Consent = { ...yes, approve: async () => void (await run(swap(A, 'theirs'))) }
    expect(await code(operate(wish(swap(A, 'ours')), { ...operation, consent }))).toBe('CONFLICT')
    expect(await values()).toEqual({ A_URL: 'theirs' })
  })

  test('an edit by hand of the same key, made while this one asks, is a conflict and stays', async () => {
    const { operation, wish, edit, values, store } = deploy({ A_URL: 'a0' })
    const consent: Consent = { ...yes, approve: async () => void (await edit(A, 'by hand')) }
    expect(await code(operate(wish(swap(A, 'ours')), { ...operation, consent }))).toBe('CONFLICT')
    expect(await values()).toEqual({ A_URL: 'by hand' })
    expect((await store.journal.head(signal)).open).toBeNull()
  })

  test('a no at the question leaves everything as it was', async () => {
    const { operation, wish, values, store } = deploy({ A_URL: 'a0' })
    const consent: Consent = { ...yes, approve: () => Promise.reject(new Error('no')) }
    expect(await code(operate(wish(swap(A, 'a1')), { ...operation, consent }))).toEqual(new Error('no'))
    expect(await values()).toEqual({ A_URL: 'a0' })
    expect((await store.journal.head(signal)).seq).toBe(0)
  })
})

describe('what a person relies on at 3 a.m.', () => {
  test('a value made from another one is not written over a change of that one', async () => {
    const { operation, wish, run, values } = deploy({ A_URL: 'a0' })
    const made: Request = { verb: 'swap', edits: [{ key: A, to: new Secret('a0+parts'), madeFrom: { key: A, value: new Secret('a0') } }] }
    await run(swap(A, 'theirs'))
    expect(await code(operate(wish(made), operation))).toBe('CONFLICT')
    expect(await values()).toEqual({ A_URL: 'theirs' })
  })

  test('an empty value is refused, also without the command line', async () => {
    const { operation, wish, values } = deploy({ A_URL: 'a0' })
    expect(await code(operate({ ...wish(swap(A, '')), kind: null }, operation))).toBe('USAGE')
    expect(await values()).toEqual({ A_URL: 'a0' })
  })

  test('a release is a whole number', async () => {
    const { run } = deploy({ A_URL: 'a0' })
    await run(swap(A, 'a1'))
    expect(await code(run(rollback(-1)))).toBe('USAGE')
    expect(await code(run(undo(0.5)))).toBe('USAGE')
  })

  test('after an undo the hint of a bare one goes further back than what stands', async () => {
    const { run } = deploy()
    await run(attach(A, 'a1'))
    await run(swap(A, 'a2'))
    await run(swap(A, 'a3'))
    await run(undo(3))
    const thrown = await run(undo(null)).catch((error: unknown) => error)
    expect(isAttachError(thrown) && thrown.hint).toBe('attach undo v4 takes the undo back, attach rollback v1 goes further back')
  })
})

describe('what a newcomer stumbled over', () => {
  test('a rollback gives back what the release wrote, not what was edited after it', async () => {
    const { run, edit, values } = deploy()
    await run(attach(A, 'a1'))
    await run(swap(A, 'a2'))
    await edit(A, 'by hand')
    await run(swap(A, 'a3'))
    await run(rollback(2))
    expect(await values()).toEqual({ A_URL: 'a2' })
  })

  test('an undo under later releases says which release changed the key, and --allow does not go over it', async () => {
    const { run } = deploy()
    await run(attach(A, 'a1'))
    await run(swap(A, 'a2'))
    await run(swap(A, 'a3'))
    for (const allowed of [false, true]) {
      const thrown = await run(undo(2, allowed)).catch((error: unknown) => error)
      expect(thrown).toMatchObject({ code: 'CONFLICT' })
      expect(isAttachError(thrown) && thrown.message).toContain('v3 changed it since')
    }
  })

  test('a mistyped key of a swap is answered with the one that is there', async () => {
    const { run } = deploy({ A_URL: 'a0' })
    const thrown = await run(swap('A_URI' as Key, 'a1')).catch((error: unknown) => error)
    expect(isAttachError(thrown) && thrown.message).toContain('did you mean A_URL?')
  })
})
