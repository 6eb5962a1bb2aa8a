import { spawnSync } from 'node:child_process'
import { linkSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Entry } from '../../src/domain/operation.ts'
import type { SetAside } from '../../src/stores/set-aside.ts'
import {
  begin,
  change,
  claimAt,
  end,
  type Files,
  files,
  intentAt,
  namesIn,
  outcome,
  plain,
  programOrSkip,
  releases,
  rightsOf,
  STAMP,
  script,
  signal,
  thrown,
} from '../support/files.ts'

let place: Files
beforeEach(() => {
  place = files()
})
afterEach(() => place.remove())

const bytes = (): Buffer => readFileSync(place.state.journal)
const lines = (): readonly string[] => bytes().toString().trimEnd().split('\n')
/** Makes a line unreadable: the one of entry `seq`, in a journal that begins with entry 1. */
const damage = (...seqs: readonly number[]): void => {
  writeFileSync(
    place.state.journal,
    `${lines()
      .map((line, at) => (seqs.includes(at + 1) ? line.replace('"v"', '"w"') : line))
      .join('\n')}\n`,
  )
}
const setAside = async (): Promise<SetAside> => (await place.store().journal.setAside(STAMP, signal)) ?? expect.fail('nothing was damaged')
const history = (): Promise<readonly Entry[]> => place.store().journal.before(1_000_000, 1_000_000)
const named = (): readonly string[] => namesIn(place.state.path).filter((name) => name.startsWith('journal'))

describe('a journal that is whole', () => {
  test('is not set aside', async () => {
    expect(await place.store().journal.setAside(STAMP, signal)).toBeNull()
    expect(namesIn(place.folder)).toEqual(['.env'])
    await releases(place.store(), 2)
    const before = bytes()
    expect(await place.store().journal.setAside(STAMP, signal)).toBeNull()
    expect(bytes().equals(before)).toBe(true)
  })

  test('with a torn tail neither', async () => {
    await releases(place.store(), 2)
    truncateSync(place.state.journal, bytes().length - 5)
    expect(await place.store().journal.setAside(STAMP, signal)).toBeNull()
  })
})

describe('a journal that is damaged at its end', () => {
  test('keeps all its bytes under another name, and a new one goes on with its numbers', async () => {
    await releases(place.store(), 3)
    damage(6)
    const old = bytes()
    const { damage: where, name, release, from } = await setAside()
    expect([where.message, name]).toEqual(['the journal is damaged from entry 6 on; nothing was changed', 'journal.damaged-6'])
    expect(readFileSync(join(place.state.path, 'journal.damaged-6')).equals(old)).toBe(true)
    const { journal } = place.store()
    const head = await journal.head()
    expect(head).toEqual({ seq: from, release, open: null })
    expect([head.release, head.seq > 6]).toEqual([3, true])
    expect(rightsOf(place.state.journal)).toBe(rightsOf(place.config))
  })

  test('never gives a number of a release again, however much is lost', async () => {
    await releases(place.store(), 12)
    for (let first = 1; first <= 24; first += 1) {
      const other = files()
      const record = other.store()
      await end(record, await begin(record), { verdict: 'aborted' })
      const kept = lines().map((line, at) => (at + 1 >= first ? 'x'.repeat(line.length) : line))
      writeFileSync(other.state.journal, `${kept.join(first % 2 === 0 ? '\n' : ' ')}\n`)
      expect(await outcome(other.store().journal.head()), `from ${first}`).toBe('DAMAGED')
      const aside = await other.store().journal.setAside(STAMP, signal)
      expect(aside?.release, `from ${first}`).toBeGreaterThanOrEqual(12)
      expect((await other.store().journal.head()).seq, `from ${first}`).toBeGreaterThan(24)
      await other.remove()
    }
  })

  test('has no release left that could be undone, and says so; the next ones can be', async () => {
    const intents = await releases(place.store(), 3)
    damage(6)
    const { release } = await setAside()
    const store = place.store()
    expect(await store.journal.oldestKept()).toBe(release + 1)
    expect(await history()).toMatchObject([{ type: 'close', verdict: 'kept', found: [], by: STAMP.by }])
    await releases(store, 2)
    expect(await store.journal.oldestKept()).toBe(release + 1)
    expect((await store.journal.head()).release).toBe(release + 2)
    expect(plain(await store.journal.recall(intents[0] ?? expect.fail()))).toEqual([['DATABASE_URL', 'old', 'v1']])
  })

  test('keeps the values of lost releases until ten newer ones stand', async () => {
    await releases(place.store(), 3)
    damage(6)
    await setAside()
    const kept = (): readonly number[] => namesIn(place.state.values).map(Number)
    await releases(place.store(), 9)
    expect(kept().filter((seq) => seq <= 5)).toHaveLength(3)
    await releases(place.store(), 1)
    expect(kept().filter((seq) => seq <= 5)).toEqual([])
    expect(kept()).toHaveLength(10)
  })

  test('is left open no more: what stands in the config is accepted', async () => {
    const store = place.store()
    await releases(store, 1)
    await begin(store, [change('v1', 'v2')])
    store.journal.dispose()
    damage(3)
    await setAside()
    expect((await place.store().journal.head()).open).toBeNull()
    expect(place.text()).toBe('DATABASE_URL=v1\n')
  })
})

describe('a journal that is damaged in the middle', () => {
  test('keeps every release after the damage, with its number and its values', async () => {
    const intents = await releases(place.store(), 5)
    const before = await history()
    damage(4)
    const { name, from, release, damage: where } = await setAside()
    expect([name, from, release, where.resume]).toEqual(['journal.damaged-4', 4, 5, 4])
    const { journal } = place.store()
    expect(await journal.head()).toEqual({ seq: 10, release: 5, open: null })
    expect((await history()).slice(0, -1)).toEqual(before.slice(0, 6))
    expect(await journal.oldestKept()).toBe(3)
    expect(plain(await journal.recall(intents[2] ?? expect.fail()))).toEqual([['DATABASE_URL', 'v2', 'v3']])
    expect(await journal.damage()).toBeNull()
  })

  test('at an intent: its close is kept, and the release cannot be undone', async () => {
    await releases(place.store(), 5)
    const before = await history()
    damage(5)
    expect(await setAside()).toMatchObject({ from: 6, release: 5 })
    expect(await history()).toEqual(before.slice(0, 5))
    expect(await place.store().journal.oldestKept()).toBe(4)
  })

  test('at two places: the newest part that is whole is kept', async () => {
    await releases(place.store(), 5)
    damage(2, 7)
    const { damage: where } = await setAside()
    expect(where.message).toContain('at entry 7')
    expect((await history()).map(({ seq }) => seq)).toEqual([10, 9, 8])
    expect((await place.store().journal.head()).release).toBe(5)
  })

  test('before an open operation: it stays open', async () => {
    const store = place.store()
    await releases(store, 2)
    const intent = await begin(store)
    store.journal.dispose()
    damage(4)
    await setAside()
    const head = await place.store().journal.head()
    expect(head.open?.intent).toEqual(intent)
    expect([head.seq, head.release >= 2]).toEqual([5, true])
    await end(place.store(), intent)
  })

  test('at the intent of an open operation: it is over', async () => {
    const store = place.store()
    await releases(store, 1)
    const intent = await begin(store)
    await store.journal.append(claimAt(4, intent.seq), signal)
    store.journal.dispose()
    damage(3)
    await setAside()
    const head = await place.store().journal.head()
    expect([head.open, head.seq, head.release >= 1]).toEqual([null, 5, true])
  })
})

describe('a journal that is gone', () => {
  test('begins again behind the numbers that its values show', async () => {
    await releases(place.store(), 4)
    rmSync(place.state.journal)
    expect((await thrown(begin(place.store()))).code).toBe('DAMAGED')
    const { name, release } = await setAside()
    expect([name, release]).toEqual([null, 4])
    await releases(place.store(), 1)
    expect((await place.store().journal.head()).release).toBe(5)
  })
})

describe('setting aside', () => {
  test('waits for a writer, and gives its lock back', async () => {
    await releases(place.store(), 1)
    const store = place.store()
    await store.journal.append(intentAt(3), signal)
    damage(1)
    expect(await outcome(place.store().journal.setAside(STAMP, signal))).toBe('BUSY')
    store.journal.dispose()
    await setAside()
    expect(await place.store().journal.owner()).toBe('dead')
  })

  test('twice at one place keeps both files', async () => {
    await releases(place.store(), 1)
    damage(2)
    linkSync(place.config, join(place.state.path, 'journal.damaged-2'))
    expect((await setAside()).name).toBe('journal.damaged-2-2')
    expect(named()).toEqual(['journal', 'journal.damaged-2', 'journal.damaged-2-2'])
  })
})

describe.runIf(programOrSkip('strace'))('setting aside, killed at any of its steps', () => {
  test('leaves the old journal or the whole new one, and never a v1; done again it succeeds', { timeout: 120_000 }, async () => {
    await releases(place.store(), 3)
    damage(6)
    const old = bytes()
    const path = await script(
      `const store = new (await import('../../src/stores/file.ts')).FileStore(files.optionsFor(argv[0]))
       await store.journal.setAside(files.STAMP, files.signal)`,
      place.folder,
    )
    const seen = new Set<string>()
    for (const call of ['openat', 'write', 'fsync', 'link', 'rename', 'fchmod', 'close']) {
      for (let count = 1; count < 20; count += 1) {
        for (const name of named()) rmSync(join(place.state.path, name))
        writeFileSync(place.state.journal, old, { mode: 0o600 })
        const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${count}`]
        const only = ['-P', place.state.journal, '-P', `${place.state.journal}.new`, '-P', place.state.path]
        const { signal: by, status } = spawnSync('strace', [
          '-f',
          '-qq',
          '-o',
          '/dev/null',
          ...only,
          ...inject,
          process.execPath,
          path,
          place.config,
        ])
        const isNew = !bytes().equals(old)
        seen.add(isNew ? 'new' : 'old')
        const { journal } = place.store()
        const said = await journal.head().then(
          ({ release }) => release,
          (error: { code: string }) => error.code,
        )
        expect(said, `${call} ${count}`).toBe(isNew ? 3 : 'DAMAGED')
        if (!isNew) await setAside()
        expect(readFileSync(join(place.state.path, 'journal.damaged-6')).equals(old), `${call} ${count}`).toBe(true)
        expect((await place.store().journal.head()).release).toBe(3)
        expect(named()).toEqual(['journal', 'journal.damaged-6'])
        if (by === null) {
          expect(status, `${call} ${count}`).toBe(0)
          break
        }
      }
    }
    expect([...seen].sort()).toEqual(['new', 'old'])
  })
})

test('a config that was moved away and back is not damaged', async () => {
  await releases(place.store(), 1)
  const away = join(place.folder, 'away')
  renameSync(place.config, away)
  renameSync(away, place.config)
  await releases(place.store(), 1)
  expect((await place.store().journal.head()).release).toBe(2)
})
