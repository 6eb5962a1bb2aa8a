import { closeSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ValuesId } from '../../src/domain/operation.ts'
import type { FileStore } from '../../src/stores/file.ts'
import { encodeLine } from '../../src/stores/journal-line.ts'
import { asDocument } from '../support/cli.ts'
import { begin, closeAt, end, type Files, files, intentAt, namesIn, releases, thrown } from '../support/files.ts'

let place: Files
beforeEach(() => {
  place = files()
})
afterEach(() => place.remove())

const valuesOf = (seq: number): string => join(place.state.values, String(seq))
const kept = (): readonly number[] =>
  namesIn(place.state.values)
    .map(Number)
    .sort((a, b) => a - b)

describe('values that cannot be given', () => {
  test('are refused by their number when they are gone', async () => {
    const [intent = expect.fail()] = await releases(place.store(), 1)
    rmSync(valuesOf(1))
    expect(await thrown(place.store().journal.recall(intent))).toEqual({
      code: 'REFUSED',
      message: 'the values of that release are no longer kept; nothing was changed',
      hint: 'attach log',
    })
  })

  test.each<[string, (path: string) => void]>([
    ['of another operation', (path) => writeFileSync(path, encodeLine({ seq: 1, id: 'other', changes: [] }, '').text)],
    ['of another entry', (path) => writeFileSync(path, encodeLine({ seq: 2, id: intentAt(1).values, changes: [] }, '').text)],
    ['cut off', (path) => writeFileSync(path, readFileSync(path).subarray(0, -1))],
    ['empty', (path) => writeFileSync(path, '')],
    ['two lines', (path) => writeFileSync(path, Buffer.concat([readFileSync(path), readFileSync(path)]))],
    ['no changes', (path) => writeFileSync(path, encodeLine({ seq: 1, id: intentAt(1).values, changes: [{}] }, '').text)],
  ])('are damaged, by their number, when they are %s', async (_, spoil) => {
    const [intent = expect.fail()] = await releases(place.store(), 1)
    spoil(valuesOf(1))
    expect(await thrown(place.store().journal.recall(intent))).toEqual({
      code: 'DAMAGED',
      message: 'the values of entry 1 are damaged; nothing was changed',
      hint: 'attach log',
    })
  })

  test('are damaged when any one byte is not what it was', async () => {
    const [intent = expect.fail()] = await releases(place.store(), 1)
    const whole = readFileSync(valuesOf(1))
    for (let at = 0; at < whole.length; at += 1) {
      const bent = Buffer.from(whole)
      bent.writeUInt8(bent.readUInt8(at) ^ 1, at)
      writeFileSync(valuesOf(1), bent)
      expect((await thrown(place.store().journal.recall(intent))).code, `byte ${at}`).toBe('DAMAGED')
    }
  })

  test('are not read through a link', async () => {
    const [intent = expect.fail()] = await releases(place.store(), 1)
    const elsewhere = join(place.folder, 'elsewhere')
    writeFileSync(elsewhere, readFileSync(valuesOf(1)))
    rmSync(valuesOf(1))
    symlinkSync(elsewhere, valuesOf(1))
    expect((await thrown(place.store().journal.recall(intent))).code).toBe('UNAVAILABLE')
  })

  test('of a newer version are said to be so', async () => {
    const [intent = expect.fail()] = await releases(place.store(), 1)
    writeFileSync(valuesOf(1), encodeLine({ v: 2 }, '').text)
    expect((await thrown(place.store().journal.recall(intent))).message).toBe(
      'the journal was written by a newer attach; nothing was changed',
    )
  })
})

describe('values are kept for ten releases', () => {
  test('and no line of the journal is touched when older ones go', async () => {
    const store = place.store()
    let before = Buffer.alloc(0)
    for (let release = 1; release <= 14; release += 1) {
      await releases(store, 1)
      const now = readFileSync(place.state.journal)
      expect(now.subarray(0, before.length).equals(before)).toBe(true)
      before = now
      expect(kept()).toHaveLength(Math.min(release, 10))
    }
    expect(kept()[0]).toBe(9)
    expect(await store.journal.oldestKept()).toBe(5)
    expect(await store.journal.before(1_000, 1_000)).toHaveLength(28)
  })

  test('those of an operation that changed nothing go at once', async () => {
    const store = place.store()
    await end(store, await begin(store), { verdict: 'aborted' })
    expect(kept()).toEqual([])
    await releases(store, 1)
    await end(store, await begin(store), { verdict: 'kept', found: [] })
    expect(kept()).toEqual([3])
  })

  test('what a dying command left behind goes too, and names that are not ours stay', async () => {
    const store = place.store()
    await releases(store, 4)
    for (const name of ['2', '0', '01', 'x', '5.bak', '99999999999999999999']) writeFileSync(valuesOf(0).replace(/0$/, name), '')
    await releases(store, 7)
    expect(namesIn(place.state.values)).toEqual(expect.arrayContaining(['0', '01', 'x', '5.bak', '99999999999999999999']))
    expect(namesIn(place.state.values)).not.toContain('2')
    expect(namesIn(place.state.values)).not.toContain('1')
  })

  test('an undo of the tenth works, of the eleventh is refused', async () => {
    for (let release = 1; release <= 11; release += 1) {
      const { exit } = await asDocument(['--no-probe', '-y', `A${release}=postgres://app@db${release}/app`], { cwd: place.folder })
      expect(exit).toBe(0)
    }
    const eleventh = await asDocument(['undo', 'v1', '-y', '--no-probe'], { cwd: place.folder })
    expect([eleventh.exit, eleventh.document.error?.code]).toEqual([3, 'REFUSED'])
    expect(eleventh.document.error?.message).toContain('the values of v1 are no longer kept; the oldest kept is v2; nothing was changed')
    expect(place.text()).toContain('A2=')
    const tenth = await asDocument(['undo', 'v2', '-y', '--no-probe'], { cwd: place.folder })
    expect([tenth.exit, place.text().includes('A2='), place.text().includes('A1=')]).toEqual([0, false, true])
  })

  test('what cannot be removed does not make a finished operation fail', async () => {
    const store = place.store()
    await releases(store, 10)
    rmSync(valuesOf(1))
    mkdirSync(valuesOf(1))
    await releases(store, 1)
    expect((await store.journal.head()).release).toBe(11)
  })
})

describe('a long history', () => {
  const LONG = 100_000

  /** What one call costs, in milliseconds, on a journal of so many releases. */
  async function cost(count: number, call: (store: FileStore) => Promise<unknown>): Promise<number> {
    const other = files()
    const store = other.store()
    await end(store, await begin(store), { verdict: 'aborted' })
    history(other.state.journal, count)
    await call(other.store())
    const runs: number[] = []
    for (let run = 0; run < 15; run += 1) {
      const fresh = other.store()
      const from = performance.now()
      await call(fresh)
      runs.push(performance.now() - from)
    }
    await other.remove()
    return Math.min(...runs)
  }

  function history(path: string, count: number): void {
    const fd = openSync(path, 'w')
    let previous = ''
    for (let release = 1; release <= count; release += 1) {
      const intent = intentAt(2 * release - 1, { values: '0123456789abcdef' as ValuesId })
      const close = closeAt(2 * release, intent.seq, release)
      let text = ''
      for (const entry of [intent, close]) {
        const line = encodeLine(entry, previous)
        previous = line.sum
        text += line.text
      }
      writeSync(fd, text)
    }
    closeSync(fd)
  }

  test.each<[string, (store: FileStore) => Promise<unknown>]>([
    ['head', (store) => store.journal.head()],
    ['a page of before', async (store) => store.journal.before((await store.journal.head()).seq + 1, 20)],
    ['oldestKept', (store) => store.journal.oldestKept()],
  ])('costs %s nothing: %s', { timeout: 60_000 }, async (name, call) => {
    const [short, long] = [await cost(20, call), await cost(LONG, call)]
    expect(long, `${name}: ${short} ms with 20 releases, ${long} ms with ${LONG}`).toBeLessThan(short * 3 + 1)
  })

  test('is read in pages, each at the price of its own length', { timeout: 60_000 }, async () => {
    const store = place.store()
    await end(store, await begin(store), { verdict: 'aborted' })
    history(place.state.journal, 20_000)
    const reader = place.store().journal
    const from = performance.now()
    let seen = 0
    for (let seq = 40_001; seq > 1; seen += 1) seq = (await reader.before(seq, 64)).at(-1)?.seq ?? 0
    expect(seen).toBe(625)
    expect(performance.now() - from).toBeLessThan(5_000)
  })
})
