import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Entry, Head } from '../../src/domain/operation.ts'
import { headOf } from '../../src/domain/operation.ts'
import { Damage } from '../../src/ports/journal.ts'
import type { FileJournal } from '../../src/stores/file-journal.ts'
import { encodeLine } from '../../src/stores/journal-line.ts'
import { begin, claimAt, closeAt, end, type Files, files, intentAt, outcome, releases, signal, thrown } from '../support/files.ts'

let place: Files
beforeEach(() => {
  place = files()
})
afterEach(() => place.remove())

const bytes = (): Buffer => readFileSync(place.state.journal)

/** A journal of every sort of entry, which ends with an open operation. */
async function told(): Promise<readonly Entry[]> {
  const { journal } = place.store()
  const entries: readonly Entry[] = [
    intentAt(1, { message: 'ünï "x"\n' }),
    closeAt(2, 1, 1),
    intentAt(3, { verb: 'undo', undoes: 1 }),
    claimAt(4, 3),
    closeAt(5, 3, 1, { verdict: 'aborted', settled: 'no' }),
    intentAt(6),
    closeAt(7, 6, 1, { verdict: 'kept', found: [] }),
    intentAt(8, { edited: [] }),
    claimAt(9, 8),
  ]
  for (const entry of entries) await journal.append(entry, signal)
  journal.dispose()
  return entries
}

/** What a reading command sees: pages, and on behind each damage. */
async function readAll(journal: FileJournal): Promise<{ readonly entries: readonly Entry[]; readonly damages: readonly Damage[] }> {
  const [entries, damages]: [Entry[], Damage[]] = [[], []]
  for (let seq = 1_000; ; ) {
    try {
      const page = await journal.before(seq, 2)
      if (page.length === 0) return { entries, damages }
      entries.push(...page)
      seq = page.at(-1)?.seq ?? 0
    } catch (error) {
      if (!(error instanceof Damage)) throw error
      damages.push(error)
      expect(error.resume, 'a reader gets on').toBeLessThan(seq)
      seq = error.resume
    }
  }
}

const headAfter = (entries: readonly Entry[]): Head => headOf([...entries].reverse())
const linesOf = (text: Buffer): readonly number[] => [...text.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1)

describe('a torn tail', () => {
  test('is ignored, wherever the journal was cut: head and before show all whole entries', async () => {
    const entries = await told()
    const whole = bytes()
    const ends = linesOf(whole)
    expect(ends).toHaveLength(entries.length)
    for (let cut = 0; cut <= whole.length; cut += 1) {
      writeFileSync(place.state.journal, whole.subarray(0, cut))
      const left = entries.slice(0, ends.filter((end) => end <= cut).length)
      const { journal } = place.store()
      expect(await journal.head(), `cut at ${cut}`).toEqual(headAfter(left))
      expect(await journal.before(1_000, 100), `cut at ${cut}`).toEqual([...left].reverse())
    }
  })

  test('is taken away by the next entry', async () => {
    await releases(place.store(), 2)
    const whole = bytes()
    for (const tail of ['{"v":1,"prev"', '\0\0\0\0', 'x'.repeat(100_000)]) {
      writeFileSync(place.state.journal, Buffer.concat([whole, Buffer.from(tail)]))
      const store = place.store()
      await end(store, await begin(store))
      expect(bytes().subarray(0, whole.length).equals(whole)).toBe(true)
      expect((await readAll(place.store().journal)).damages).toEqual([])
      writeFileSync(place.state.journal, whole)
    }
  })
})

describe('damage', () => {
  test('of any byte is a torn tail or is said; what is shown is never another history', async () => {
    const entries = await told()
    const whole = bytes()
    const ends = linesOf(whole)
    for (let at = 0; at < whole.length; at += 1) {
      const flip = [0x01, 0x2b, 0x80][at % 3] ?? 1
      const bent = Buffer.from(whole)
      bent.writeUInt8(bent.readUInt8(at) ^ flip, at)
      writeFileSync(place.state.journal, bent)
      const line = ends.filter((end) => end <= at).length
      const { journal } = place.store()
      const seen = await readAll(journal)
      for (const entry of seen.entries) expect(entry, `byte ${at}`).toEqual(entries[entry.seq - 1])
      const lost = entries.filter(({ seq }) => !seen.entries.some((entry) => entry.seq === seq)).map(({ seq }) => seq)
      const isLastFeed = at === whole.length - 1
      expect(lost, `byte ${at}`).toEqual(ends[line] === at + 1 && !isLastFeed ? [line + 1, line + 2] : [line + 1])
      expect(seen.damages.length, `byte ${at}`).toBe(isLastFeed ? 0 : 1)
      const head = await journal.head().catch((error: unknown) => error)
      if (isLastFeed) expect(head).toEqual(headAfter(entries.slice(0, -1)))
      else if (lost.some((seq) => seq >= 7)) expect(head, `byte ${at}`).toBeInstanceOf(Damage)
      else expect(head, `byte ${at}`).toEqual(headAfter(entries))
    }
  })

  test.each([
    [9, 'from entry 9 on', 8],
    [5, 'at entry 5', 4],
    [1, 'at entry 1', 0],
  ])('of entry %i is named by its number, and the reader goes on behind it', async (seq, where, after) => {
    const entries = await told()
    const lines = bytes().toString().split('\n')
    lines[seq - 1] = 'x'.repeat(200)
    writeFileSync(place.state.journal, lines.join('\n'))
    const { entries: seen, damages } = await readAll(place.store().journal)
    expect(damages.map(({ message }) => message)).toEqual([`the journal is damaged ${where}; nothing was changed`])
    expect(damages.map(({ hint, code, after }) => [hint, code, after])).toEqual([['attach recover', 'DAMAGED', after]])
    expect(seen).toEqual(entries.filter((entry) => entry.seq !== seq).reverse())
  })

  test.each<[string, (lines: readonly string[]) => readonly string[], string]>([
    ['a line that is missing', (lines) => lines.toSpliced(3, 1), 'at entry 4'],
    ['three lines that are missing', (lines) => lines.toSpliced(3, 3), 'at entries 4 to 6'],
    ['a line of nonsense between two entries', (lines) => lines.toSpliced(3, 0, 'nonsense'), 'between entries 3 and 4'],
    ['an empty line between two entries', (lines) => lines.toSpliced(3, 0, ''), 'between entries 3 and 4'],
    ['two lines that changed places', ([a = '', b = '', ...rest]) => [b, a, ...rest], 'at entry 2'],
    ['a beginning that is missing', (lines) => lines.slice(3), 'at entries 1 to 3'],
    ['a line that stands there twice', (lines) => lines.toSpliced(3, 0, lines[3] ?? ''), 'between'],
  ])('is %s too', async (_, change, where) => {
    const entries = await told()
    writeFileSync(place.state.journal, `${change(bytes().toString().trimEnd().split('\n')).join('\n')}\n`)
    const { journal } = place.store()
    expect((await journal.damage())?.message).toContain(`the journal is damaged ${where}`)
    for (const entry of (await readAll(journal)).entries) expect(entry).toEqual(entries[entry.seq - 1])
  })

  test('is an entry of another history, however whole it is', async () => {
    const entries = await told()
    const lines = bytes().toString().trimEnd().split('\n')
    const previous = /"sum":"([0-9a-f]{32})"\}$/.exec(lines[3] ?? '')?.[1] ?? ''
    const forged = encodeLine({ ...closeAt(5, 3, 2) }, previous).text.trimEnd()
    writeFileSync(place.state.journal, `${lines.toSpliced(4, 1, forged).join('\n')}\n`)
    const { entries: seen, damages } = await readAll(place.store().journal)
    expect(damages.map(({ after, before }) => [after, before])).toEqual([[4, 6]])
    expect(seen).toEqual(entries.filter(({ seq }) => seq !== 5).reverse())
  })

  test.each<[string, readonly Entry[]]>([
    ['a claim of another operation', [intentAt(1), claimAt(2, 9)]],
    ['an intent while one is open', [intentAt(1), intentAt(2)]],
    ['a beginning in the middle', [intentAt(5)]],
    ['a claim at the beginning', [claimAt(1, 1)]],
    ['a number that was left out', [intentAt(1), closeAt(3, 1, 1)]],
  ])('is %s, though all sums fit', async (_, entries) => {
    await told()
    let previous = ''
    const lines = entries.map((entry) => {
      const { text, sum } = encodeLine(entry, previous)
      previous = sum
      return text
    })
    writeFileSync(place.state.journal, lines.join(''))
    expect(await place.store().journal.damage()).toBeInstanceOf(Damage)
  })

  test('at the end stops whoever would write, before anything is written', async () => {
    await releases(place.store(), 3)
    const whole = bytes()
    whole.writeUInt8(0, whole.length - 20)
    writeFileSync(place.state.journal, whole)
    const { journal } = place.store()
    expect(await outcome(journal.keep(7, intentAt(7).values, [], signal))).toBe('DAMAGED')
    expect(await outcome(journal.append(intentAt(7), signal))).toBe('DAMAGED')
    expect(bytes().equals(whole)).toBe(true)
    expect(await place.store().journal.owner()).toBe('dead')
  })

  test('deep in the past does not stop a new operation', async () => {
    await told()
    const whole = bytes()
    whole.writeUInt8(0, 30)
    writeFileSync(place.state.journal, whole)
    const store = place.store()
    await store.journal.append(closeAt(10, 8, 1, { verdict: 'aborted' }), signal)
    await releases(store, 2)
    expect(await store.journal.head()).toEqual({ seq: 14, release: 3, open: null })
  })

  test('is a journal that lost its end, or all of itself, while values of later entries stand beside it', async () => {
    await releases(place.store(), 5)
    const whole = bytes()
    truncateSync(place.state.journal, linesOf(whole)[5])
    const { journal } = place.store()
    expect((await thrown(journal.keep(7, intentAt(7).values, [], signal))).message).toContain('damaged from entry 7 on')
    rmSync(place.state.journal)
    expect((await thrown(place.store().journal.head())).message).toContain('damaged from entry 1 on')
    expect(existsSync(place.state.journal)).toBe(false)
  })
})

describe('a journal of a newer version', () => {
  test('is left alone by everybody', async () => {
    await releases(place.store(), 2)
    const sum = /"sum":"([0-9a-f]{32})"\}\n$/.exec(bytes().toString())?.[1] ?? ''
    appendFileSync(place.state.journal, encodeLine({ type: 'intent', seq: 5, v: 2 }, sum).text)
    const [store, before] = [place.store(), bytes()]
    const { journal } = store
    const says = {
      code: 'DAMAGED',
      message: 'the journal was written by a newer attach; nothing was changed',
      hint: 'install the newest attach',
    }
    expect(await thrown(journal.head())).toEqual(says)
    expect(await thrown(journal.before(9, 9))).toEqual(says)
    expect(await thrown(begin(store))).toEqual(says)
    expect(await thrown(journal.damage())).toEqual(says)
    expect(await thrown(journal.setAside({ by: { user: 'u', host: 'h', pid: 1 }, at: '' }, signal))).toEqual(says)
    expect(bytes().equals(before)).toBe(true)
  })
})

describe('what is no journal', () => {
  test.each<[string, (path: string, folder: string) => void, RegExp]>([
    ['a symbolic link', (path, folder) => symlinkSync(join(folder, 'elsewhere'), path), /ELOOP/],
    ['a directory', (path) => mkdirSync(path), /not a regular file|EISDIR/],
  ])('%s is refused by readers and writers', async (_, plant, why) => {
    await releases(place.store(), 1)
    writeFileSync(join(place.folder, 'elsewhere'), bytes())
    rmSync(place.state.journal)
    plant(place.state.journal, place.folder)
    for (const said of [await thrown(place.store().journal.head()), await thrown(begin(place.store()))]) {
      expect(said.code).toBe('UNAVAILABLE')
      expect(said.message).toMatch(why)
    }
  })
})
