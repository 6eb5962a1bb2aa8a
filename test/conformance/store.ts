import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Change, Key, Value } from '../../src/domain/change.ts'
import { isAttachError } from '../../src/domain/errors.ts'
import { type Close, EMPTY_HEAD, type Ending, type Entry, type Intent, type Seq, type ValuesId } from '../../src/domain/operation.ts'
import { Secret } from '../../src/domain/secret.ts'
import type { ConfigStore } from '../../src/ports/store.ts'

/** One empty config, held by two handles as two processes hold it. A wait for the other one ends within about a second. */
export interface Opened {
  readonly a: ConfigStore
  readonly b: ConfigStore
  /** A save by another program, which knows nothing of any journal. */
  edit(key: Key, value: string): Promise<void>
  /** The text of the config, where it has one. */
  raw?(): Promise<string>
  /** Gives back everything, `a` and `b` included. */
  dispose(): Promise<void>
}

export interface StoreSubject {
  readonly open: () => Promise<Opened>
}

const KEY = 'DATABASE_URL' as Key
const SECOND = 'DATABASE_PASSWORD' as Key
const OTHER = 'LOG_LEVEL' as Key
const QUIET_MS = 200
const signal = new AbortController().signal

const change = (key: Key, before: string | null, after: string | null): Change => {
  const value = (text: string | null): Value => (text === null ? null : new Secret(text))
  return { key, before: value(before), after: value(after) }
}
const plain = (changes: readonly Change[]) =>
  changes.map(({ key, before, after }) => [key, before?.reveal() ?? null, after?.reveal() ?? null])

const stamp = { by: { user: 'ann', host: 'here', pid: 4711 }, at: '2026-01-02T03:04:05.678Z' }
const idOf = (seq: Seq, name: string): ValuesId => `${seq}${Buffer.from(name).toString('hex')}`.padEnd(16, '0') as ValuesId
const intentAt = (seq: Seq, rest: Partial<Intent> = {}): Intent => ({
  type: 'intent',
  seq,
  verb: 'swap',
  values: idOf(seq, 'v'),
  shown: [{ key: KEY, from: null, to: 'postgres://app@db/app' }],
  revertible: true,
  edited: [],
  ...stamp,
  ...rest,
})
const claimOf = (seq: Seq, intent: Seq): Entry => ({ type: 'claim', seq, intent, undo: false, landed: true, ...stamp })
const closeOf = (seq: Seq, intent: Seq, release: number, ending: Ending): Close => ({
  type: 'close',
  seq,
  intent,
  release,
  ...ending,
  ...stamp,
})
const COMMITTED: Ending = { verdict: 'committed', settled: 'yes' }

/** Opens an operation: values, then the intent that names them. */
async function begin({ journal }: ConfigStore, changes: readonly Change[], rest: Partial<Intent> = {}): Promise<Intent> {
  const { seq } = await journal.head(signal)
  const intent = intentAt(seq + 1, rest)
  await journal.keep(intent.seq, intent.values, changes, signal)
  await journal.append(intent, signal)
  return intent
}

async function end({ journal }: ConfigStore, { seq: intent }: Intent, ending: Ending = COMMITTED): Promise<Close> {
  const { seq, release } = await journal.head(signal)
  const close = closeOf(seq + 1, intent, release + (ending.verdict === 'committed' ? 1 : 0), ending)
  await journal.append(close, signal)
  return close
}

/** One whole release. */
async function release(store: ConfigStore, changes: readonly Change[]): Promise<Intent> {
  const intent = await begin(store, changes)
  await store.write(changes, { ifHead: intent.seq }, signal)
  await end(store, intent)
  return intent
}

const codeOf = (error: unknown): string => (isAttachError(error) ? error.code : String(error))
const rejected = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'resolved', codeOf)
const holds = async (store: ConfigStore, key: Key): Promise<string | null> => (await store.read(signal)).entries.get(key)?.reveal() ?? null

/** The contracts of ConfigStore and Journal, sentence by sentence. Every store passes them. */
export function describeStore(name: string, subject: StoreSubject): void {
  describe(`${name} keeps the contract of ConfigStore`, () => storeLaws(subject))
  describe(`${name} keeps the contract of write`, () => writeLaws(subject))
  describe(`${name} keeps the contract of Journal`, () => journalLaws(subject))
  describe(`${name} keeps the contract of values beside the journal`, () => valueLaws(subject))
  describe(`${name} tells who has an operation open`, () => ownerLaws(subject))
}

/** A fresh place for each test. */
function places({ open }: StoreSubject): () => Opened {
  let here: Opened | null = null
  beforeEach(async () => {
    here = await open()
  })
  afterEach(async () => {
    await here?.dispose()
    here = null
  })
  return () => here ?? expect.fail('no store is open')
}

function storeLaws(subject: StoreSubject): void {
  const place = places(subject)

  test('label: where this is, fit to print', () => {
    const { a, b } = place()
    expect(a.label).toMatch(/^[\x20-\x7e]+$/)
    expect(b.label).toBe(a.label)
  })

  test('read: what stands now, also what others wrote', async () => {
    const { a, b, edit } = place()
    expect((await a.read(signal)).entries.size).toBe(0)
    await edit(KEY, 'by hand')
    expect([await holds(a, KEY), await holds(b, KEY)]).toEqual(['by hand', 'by hand'])
    await release(a, [change(KEY, 'by hand', 'new')])
    expect([await holds(a, KEY), await holds(b, KEY)]).toEqual(['new', 'new'])
  })

  test('revision: tells two states of a config apart', async () => {
    const { a, b, edit } = place()
    await edit(KEY, 'one')
    const { revision } = await a.read(signal)
    expect((await b.read(signal)).revision).toBe(revision)
    await edit(KEY, 'two')
    expect((await a.read(signal)).revision).not.toBe(revision)
  })

  test('rehearse: throws whatever write would throw for the same changes before it touched anything, and writes nothing', async () => {
    const { a } = place()
    const odd = [
      'plain',
      '',
      ' both ends ',
      'a b',
      '"\'`',
      'two\nlines',
      ['$HOME $', '{X} `id`'].join(''),
      '#',
      'ünï',
      '\\n',
      'nul\u0000',
      '\u001b[31m',
      '\r\n',
    ]
    for (const text of odd) {
      const changes = [change(KEY, await holds(a, KEY), text)]
      const before = await a.read(signal)
      const head = await a.journal.head(signal)
      const rehearsed = await rejected(a.rehearse(changes, 'new', signal))
      expect([await a.read(signal), await a.journal.head(signal)]).toEqual([before, head])
      const intent = await begin(a, changes)
      const written = await rejected(a.write(changes, { ifHead: intent.seq }, signal))
      expect(written, JSON.stringify(text)).toBe(rehearsed)
      expect(await holds(a, KEY)).toBe(rehearsed === 'resolved' ? text : (before.entries.get(KEY)?.reveal() ?? null))
      await end(a, intent, rehearsed === 'resolved' ? COMMITTED : { verdict: 'aborted' })
    }
  })

  test('dispose: frees what this process holds, and an operation left open stays open', async () => {
    const { a, b } = place()
    const intent = await begin(a, [change(KEY, null, 'new')])
    await a[Symbol.asyncDispose]()
    expect((await b.journal.head(signal)).open?.intent).toEqual(intent)
    await b.journal.append(claimOf(2, 1), signal)
    await end(b, intent, { verdict: 'aborted' })
    expect(await b.journal.head(signal)).toEqual({ seq: 3, release: 0, open: null })
  })
}

function writeLaws(subject: StoreSubject): void {
  const place = places(subject)

  test('resolves when it landed', async () => {
    const { a, b } = place()
    const changes = [change(KEY, null, 'new'), change(SECOND, null, 's3cret')]
    const { revision } = await b.read(signal)
    const intent = await begin(a, changes)
    const written = await a.write(changes, { ifHead: intent.seq }, signal)
    expect([await holds(b, KEY), await holds(b, SECOND)]).toEqual(['new', 's3cret'])
    expect((await b.read(signal)).revision).toBe(written)
    expect(written).not.toBe(revision)
  })

  test('null is absence: a key is added, changed and taken away', async () => {
    const { a, b } = place()
    for (const [before, after] of [
      [null, 'one'],
      ['one', 'two'],
      ['two', null],
      [null, 'three'],
    ] as const) {
      await release(a, [change(KEY, before, after)])
      expect(await holds(b, KEY)).toBe(after)
      expect((await b.read(signal)).entries.has(KEY)).toBe(after !== null)
    }
  })

  test('all of the changes or none: one key that does not hold its before stops them all', async () => {
    const { a, edit } = place()
    await edit(KEY, 'old')
    await edit(SECOND, 'edited')
    for (const changes of [
      [change(KEY, 'old', 'new'), change(SECOND, 'read', 'new')],
      [change(SECOND, 'read', 'new'), change(KEY, 'old', 'new')],
    ]) {
      const intent = await begin(a, changes)
      expect(await rejected(a.write(changes, { ifHead: intent.seq }, signal))).toBe('CONFLICT')
      expect([await holds(a, KEY), await holds(a, SECOND)]).toEqual(['old', 'edited'])
      await end(a, intent, { verdict: 'aborted' })
    }
  })

  test.each([
    ['another value', 'edited', 'read', 'new'],
    ['a value where none was read', 'edited', null, 'new'],
    ['nothing where a value was read', null, 'read', 'new'],
    ['nothing where a value was to go', null, 'read', null],
    ['already the new value', 'new', 'read', 'new'],
  ])('throws CONFLICT when a key holds %s, and changes nothing', async (_, stands, before, after) => {
    const { a, edit } = place()
    await edit(OTHER, 'info')
    if (stands !== null) await edit(KEY, stands)
    const { revision } = await a.read(signal)
    const changes = [change(KEY, before, after)]
    const intent = await begin(a, changes)
    expect(await rejected(a.write(changes, { ifHead: intent.seq }, signal))).toBe('CONFLICT')
    expect([await holds(a, KEY), (await a.read(signal)).revision]).toEqual([stands, revision])
  })

  test.each([
    ['before', -1],
    ['after', 1],
  ])('throws CLAIMED when the entry it was told of stands %s the last one, and changes nothing', async (_, off) => {
    const { a, edit } = place()
    await edit(KEY, 'old')
    const changes = [change(KEY, 'old', 'new')]
    const intent = await begin(a, changes)
    expect(await rejected(a.write(changes, { ifHead: intent.seq + off }, signal))).toBe('CLAIMED')
    expect(await holds(a, KEY)).toBe('old')
  })

  test('throws CLAIMED once another process decides about the operation, and changes nothing', async () => {
    const { a, b, edit } = place()
    await edit(KEY, 'old')
    const changes = [change(KEY, 'old', 'new')]
    const intent = await begin(a, changes)
    await a[Symbol.asyncDispose]()
    await b.journal.append(claimOf(intent.seq + 1, intent.seq), signal)
    expect(await rejected(a.write(changes, { ifHead: intent.seq }, signal))).toBe('CLAIMED')
    expect(await holds(b, KEY)).toBe('old')
    await b.write(changes, { ifHead: intent.seq + 1 }, signal)
    expect(await holds(b, KEY)).toBe('new')
  })

  test('on the text that stands now: an edit of another key is not a conflict, and stays', async () => {
    const { a, b, edit } = place()
    await edit(KEY, 'old')
    const changes = [change(KEY, 'old', 'new')]
    const intent = await begin(a, changes)
    await edit(OTHER, 'debug')
    await a.write(changes, { ifHead: intent.seq }, signal)
    await edit(OTHER, 'trace')
    await a.write([change(KEY, 'new', 'old')], { ifHead: intent.seq }, signal)
    expect([await holds(b, KEY), await holds(b, OTHER)]).toEqual(['old', 'trace'])
  })

  test('every key not named stays byte-identical', async () => {
    const { a, edit, raw } = place()
    await edit(OTHER, ' in fo ')
    await edit(KEY, 'old')
    await edit(SECOND, 'a#b')
    const lines = async (): Promise<readonly string[]> => ((await raw?.()) ?? '').split('\n').filter((line) => !line.includes(KEY))
    const [before, others] = [await lines(), (await a.read(signal)).entries]
    await release(a, [change(KEY, 'old', 'x'.repeat(300))])
    expect(await lines()).toEqual(before)
    const { entries } = await a.read(signal)
    expect([...entries].filter(([key]) => key !== KEY)).toEqual([...others].filter(([key]) => key !== KEY))
    expect([await holds(a, OTHER), await holds(a, SECOND)]).toEqual([others.get(OTHER)?.reveal(), others.get(SECOND)?.reveal()])
  })
}

function journalLaws(subject: StoreSubject): void {
  const place = places(subject)

  test('head: an empty journal has an empty head', async () => {
    const { a } = place()
    expect(await a.journal.head(signal)).toEqual(EMPTY_HEAD)
    expect(await a.journal.before(1, 10, signal)).toEqual([])
  })

  test('head: the last entry and what is open, for every process', async () => {
    const { a, b } = place()
    const intent = await begin(a, [change(KEY, null, 'new')])
    const open = { intent, undo: false, landed: false }
    expect(await b.journal.head(signal)).toEqual({ seq: 1, release: 0, open })
    await a.journal.append(claimOf(2, 1), signal)
    expect(await b.journal.head(signal)).toEqual({ seq: 2, release: 0, open: { ...open, landed: true } })
    await end(a, intent)
    for (const { journal } of [a, b]) expect(await journal.head(signal)).toEqual({ seq: 3, release: 1, open: null })
  })

  test('append: throws BUSY where that place is taken', async () => {
    const { a, b } = place()
    await end(a, await begin(a, [change(KEY, null, 'new')]), { verdict: 'aborted' })
    expect(await rejected(b.journal.append(intentAt(2), signal))).toBe('BUSY')
    expect(await b.journal.head(signal)).toMatchObject({ seq: 2, open: null })
  })

  test('append: create-if-absent, so of two at one place exactly one stands', async () => {
    const { a, b } = place()
    const [first, second] = [intentAt(1, { message: 'a' }), intentAt(1, { message: 'b' })]
    const said = await Promise.all([rejected(a.journal.append(first, signal)), rejected(b.journal.append(second, signal))])
    expect([...said].sort()).toEqual(['BUSY', 'resolved'])
    const { open, seq } = await b.journal.head(signal)
    expect([seq, open?.intent.message]).toEqual([1, said[0] === 'resolved' ? 'a' : 'b'])
  })

  test('append: an entry that does not follow the last one is not appended', async () => {
    const { a } = place()
    const intent = await begin(a, [change(KEY, null, 'new')])
    const wrong: readonly Entry[] = [claimOf(3, 1), intentAt(2), closeOf(2, 1, 0, COMMITTED), closeOf(2, 9, 1, COMMITTED)]
    for (const entry of wrong) expect(await rejected(a.journal.append(entry, signal))).not.toBe('resolved')
    expect(await a.journal.head(signal)).toEqual({ seq: 1, release: 0, open: { intent, undo: false, landed: false } })
  })

  test('before: at most limit entries before seq, newest first', async () => {
    const { a, b } = place()
    const intent = await begin(a, [change(KEY, null, 'new')])
    const claim = claimOf(2, 1)
    await a.journal.append(claim, signal)
    const close = await end(a, intent)
    expect(await b.journal.before(4, 10, signal)).toEqual([close, claim, intent])
    expect(await b.journal.before(4, 2, signal)).toEqual([close, claim])
    expect(await b.journal.before(3, 1, signal)).toEqual([claim])
    expect(await b.journal.before(2, 10, signal)).toEqual([intent])
    expect(await b.journal.before(1, 10, signal)).toEqual([])
  })

  test('before: entries come back as they were appended, whatever their words hold', async () => {
    const { a, b } = place()
    const noted = { undoes: 1, backTo: 0, message: 'why\n"ünï"\u001b[31m\u2028', allowed: ['pg.version'], unprobed: true } as const
    const intents = [intentAt(1), intentAt(3, { verb: 'attach' }), intentAt(5, { verb: 'detach', edited: [KEY] }), intentAt(7, noted)]
    const found = [
      { key: KEY, from: null, to: 'ünï' },
      { key: SECOND, from: 'postgres://app@db/app', to: null },
    ]
    const endings: readonly Ending[] = [
      { verdict: 'reverted', settled: 'no' },
      { verdict: 'aborted' },
      { verdict: 'aborted', settled: 'no' },
      { verdict: 'kept', found },
    ]
    const told: Entry[] = []
    for (const [at, intent] of intents.entries()) {
      await begin(a, [change(KEY, null, 'new')], intent)
      told.push(intent, await end(a, intent, endings[at] ?? COMMITTED))
    }
    expect(await b.journal.before(9, 100, signal)).toEqual(told.reverse())
  })

  test('before: pages join without a gap over a long history', async () => {
    const { a, b } = place()
    for (let count = 0; count < 40; count += 1) await end(a, await begin(a, [change(KEY, null, 'new')]), { verdict: 'aborted' })
    const seen: Seq[] = []
    for (let page = await b.journal.before(81, 7, signal); page.length > 0; ) {
      seen.push(...page.map(({ seq }) => seq))
      page = await b.journal.before(seen.at(-1) ?? 0, 7, signal)
    }
    expect(seen).toEqual(Array.from({ length: 80 }, (_, at) => 80 - at))
    expect(await b.journal.head(signal)).toEqual({ seq: 80, release: 0, open: null })
  })
}

function valueLaws(subject: StoreSubject): void {
  const place = places(subject)

  test('recall: the changes of an intent, for every process, as they were kept', async () => {
    const { a, b } = place()
    const changes = [change(KEY, null, 'ünï\n"x"\u0000'), change(SECOND, '', null), change(OTHER, ' ', '\\')]
    const intent = await begin(a, changes)
    for (const { journal } of [a, b]) expect(plain(await journal.recall(intent, signal))).toEqual(plain(changes))
    await end(a, intent)
    for (const { journal } of [a, b]) expect(plain(await journal.recall(intent, signal))).toEqual(plain(changes))
  })

  test('recall: an operation that changes no key has no changes', async () => {
    const { a, b } = place()
    const intent = await begin(a, [], { shown: [] })
    expect(await b.journal.recall(intent, signal)).toEqual([])
  })

  test('recall: values that are not those of the intent are never given', async () => {
    const { a } = place()
    const intent = await begin(a, [change(KEY, null, 'new')])
    const said = await rejected(a.journal.recall({ ...intent, values: idOf(1, 'w') }, signal))
    expect(['REFUSED', 'DAMAGED']).toContain(said)
  })

  test('keep: what was kept there for an intent that never came is replaced', async () => {
    const { a, b } = place()
    await a.journal.keep(1, idOf(1, 'dead'), [change(KEY, null, 'dead')], signal)
    await a[Symbol.asyncDispose]()
    const changes = [change(KEY, null, 'new')]
    const intent = await begin(b, changes)
    expect(plain(await b.journal.recall(intent, signal))).toEqual(plain(changes))
    const said = await rejected(b.journal.recall({ ...intent, values: idOf(1, 'dead') }, signal))
    expect(['REFUSED', 'DAMAGED']).toContain(said)
  })

  test('keep: without its intent nothing has begun', async () => {
    const { a, b } = place()
    await a.journal.keep(1, idOf(1, 'v'), [change(KEY, null, 'new')], signal)
    expect(await b.journal.head(signal)).toEqual(EMPTY_HEAD)
  })

  test('keep: throws BUSY while another living process is writing, and the values of that one stay', async () => {
    const { a, b } = place()
    const changes = [change(KEY, null, 'of a')]
    const intent = await begin(a, changes)
    for (const seq of [1, 2]) expect(await rejected(b.journal.keep(seq, idOf(seq, 'b'), [change(KEY, null, 'of b')], signal))).toBe('BUSY')
    expect(plain(await b.journal.recall(intent, signal))).toEqual(plain(changes))
  })

  test('keep: throws BUSY where that place is taken, and the values of the intent there stay', async () => {
    const { a, b } = place()
    const changes = [change(KEY, null, 'of a')]
    const intent = await release(a, changes)
    expect(await rejected(b.journal.keep(1, idOf(1, 'b'), [change(KEY, null, 'of b')], signal))).toBe('BUSY')
    expect(plain(await a.journal.recall(intent, signal))).toEqual(plain(changes))
  })

  test('oldestKept: the oldest release whose values are still kept; recall throws REFUSED for those before it', async () => {
    const { a, b } = place()
    const intents: Intent[] = []
    for (let count = 0; count < 12; count += 1) {
      const now = await holds(a, KEY)
      intents.push(await release(a, [change(KEY, now, `v${count + 1}`)]))
      if (count % 3 === 0) await end(a, await begin(a, [change(KEY, 'x', 'y')]), { verdict: 'aborted' })
    }
    const oldest = await b.journal.oldestKept(signal)
    expect(oldest).toBeGreaterThanOrEqual(1)
    expect(oldest).toBeLessThanOrEqual(12)
    for (const [at, intent] of intents.entries()) {
      expect(await rejected(b.journal.recall(intent, signal)), `v${at + 1}`).toBe(at + 1 < oldest ? 'REFUSED' : 'resolved')
    }
    expect(await b.journal.before(1_000, 1_000, signal)).toHaveLength(32)
  })

  test('oldestKept: with few releases the first', async () => {
    const { a } = place()
    await release(a, [change(KEY, null, 'one')])
    await release(a, [change(KEY, 'one', 'two')])
    expect(await a.journal.oldestKept(signal)).toBe(1)
  })
}

function ownerLaws(subject: StoreSubject): void {
  const place = places(subject)

  test('owner: a process that is still there is never called dead, and asking changes nothing', async () => {
    const { a, b } = place()
    const intent = await begin(a, [change(KEY, null, 'new')])
    expect(await b.journal.owner(signal)).not.toBe('dead')
    expect(await b.journal.owner(signal)).not.toBe('dead')
    await end(a, intent)
    expect(await b.journal.head(signal)).toEqual({ seq: 2, release: 1, open: null })
  })

  test('owner: a process that is gone is not called alive', async () => {
    const { a, b } = place()
    await begin(a, [change(KEY, null, 'new')])
    await a[Symbol.asyncDispose]()
    expect(await b.journal.owner(signal)).not.toBe('alive')
  })

  test('quiet: resolves when no living process has an operation open', async () => {
    const { a, b } = place()
    await b.journal.quiet(QUIET_MS, signal)
    const intent = await begin(a, [change(KEY, null, 'new')])
    const quiet = rejected(b.journal.quiet(10_000, signal))
    await new Promise((later) => setTimeout(later, 50))
    await end(a, intent)
    expect(await quiet).toBe('resolved')
  })

  test('quiet: an operation whose process is gone is not waited for, and stays open', async () => {
    const { a, b } = place()
    await begin(a, [change(KEY, null, 'new')])
    await a[Symbol.asyncDispose]()
    await b.journal.quiet(QUIET_MS, signal)
    expect((await b.journal.head(signal)).open?.intent.seq).toBe(1)
  })

  test('quiet: throws BUSY after its time, and a wish to stop ends it before', async () => {
    const { a, b } = place()
    await begin(a, [change(KEY, null, 'new')])
    expect(await rejected(b.journal.quiet(QUIET_MS, signal))).toBe('BUSY')
    const stop = new AbortController()
    const quiet = rejected(b.journal.quiet(60_000, stop.signal))
    stop.abort()
    expect(await quiet).toBe('INTERRUPTED')
  })
}
