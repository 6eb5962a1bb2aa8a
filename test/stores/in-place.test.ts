import { appendFileSync, existsSync, linkSync, readFileSync, renameSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Key } from '../../src/domain/change.ts'
import { Secret } from '../../src/domain/secret.ts'
import type { ApprovedPlan } from '../../src/engine/apply.ts'
import { apply } from '../../src/engine/apply.ts'
import type { Context } from '../../src/engine/protocol.ts'
import { editEnv } from '../../src/formats/dotenv.ts'
import type { FileStore } from '../../src/stores/file.ts'
import { keepTexts } from '../../src/stores/kept-texts.ts'
import { putBy } from '../../src/stores/put.ts'
import { filled } from '../../src/stores/splice.ts'
import { describeStore } from '../conformance/store.ts'
import { attach, documentIn } from '../support/cli.ts'
import {
  begin,
  change,
  claimAt,
  end,
  type Files,
  files,
  intentAt,
  namesIn,
  optionsFor,
  outcome,
  releases,
  rightsOf,
  STAMP,
  signal,
  thrown,
} from '../support/files.ts'

/** A config with a second name, which a rename would leave behind. */
function linked(text: string): Files & { readonly other: string } {
  const place = files({ text })
  const other = join(place.folder, 'other')
  linkSync(place.config, other)
  return { ...place, other }
}

describeStore('the file store, written in place,', {
  open: async () => {
    const place = linked('')
    return {
      a: place.store(),
      b: place.store(),
      edit: async (key, value) =>
        writeFileSync(place.config, editEnv(readFileSync(place.config), [{ key, after: new Secret(value) }]).bytes),
      raw: async () => place.text(),
      dispose: place.remove,
    }
  },
})

const OLD = 'A=1\nDATABASE_URL=old # why\nB=2\n'
let place: ReturnType<typeof linked>
beforeEach(() => {
  place = linked(OLD)
})
afterEach(() => place.remove())

const textWith = (value: string): string => OLD.replace('old', value)
const bytes = (text: string): Buffer => Buffer.from(text)

describe('a config with several names', () => {
  test.each(['new', 'n', 'a-much-longer-value-than-the-old-one-was'])(
    'is written under all of them, in the same file: %s',
    async (value) => {
      const { ino, mode } = statSync(place.config)
      const store = place.store()
      const changes = [change('old', value)]
      const intent = await begin(store, changes)
      await store.write(changes, { ifHead: intent.seq })
      await end(store, intent)
      const found = statSync(place.other)
      expect([readFileSync(place.other, 'utf8'), found.ino, found.mode, found.nlink]).toEqual([textWith(value), ino, mode, 2])
    },
  )

  test('both texts are kept for no longer than the write, and readable by the owner alone', async () => {
    const store = place.store()
    const seen: string[] = []
    const intent = await begin(store)
    keepTexts(place.state.inPlace, intent.values, { old: bytes(OLD), new: bytes(textWith('new')) }, { mode: 0o600, uid: 0, gid: 0 })
    seen.push(rightsOf(place.state.inPlace).slice(0, 4))
    await store.write([change('old', 'new')], { ifHead: intent.seq })
    expect([seen, existsSync(place.state.inPlace)]).toEqual([['0600'], false])
    await end(store, intent)
    expect(namesIn(place.folder).filter((name) => /tmp|in-place/.test(name))).toEqual([])
  })

  test('is announced before the question, and refused with the reason where only rename is wished', async () => {
    const { notes } = await place.store().rehearse([change('old', 'new')], 'new')
    expect(notes).toEqual([
      { code: 'config.in_place', message: expect.stringContaining('because it has 2 hard links: a reader'), readers: [] },
    ])
    const store = place.store({ atomicOnly: true })
    const intent = await begin(store)
    const said = [
      await thrown(store.rehearse([change('old', 'new')], 'new')),
      await thrown(store.write([change('old', 'new')], { ifHead: 1 })),
    ]
    for (const { code, message, hint } of said) {
      expect([code, message]).toEqual([
        'UNAVAILABLE',
        '.env has 2 hard links, and would be written in place, which --atomic-only does not allow; nothing was changed',
      ])
      expect(hint).toBe('make it a symbolic link, or a file of its own')
    }
    expect(place.text()).toBe(OLD)
    await end(store, intent, { verdict: 'aborted' })
  })

  test('what was announced is kept to: a second name that comes after the question is refused', async () => {
    const alone = files({ text: OLD })
    const store = alone.store()
    expect((await store.rehearse([change('old', 'new')], 'new')).notes).toEqual([])
    const intent = await begin(store)
    linkSync(alone.config, join(alone.folder, 'other'))
    const { code, message } = await thrown(store.write([change('old', 'new')], { ifHead: intent.seq }))
    expect([code, message, alone.text()]).toEqual(['UNAVAILABLE', expect.stringContaining('which was not said before'), OLD])
    await alone.remove()
  })

  test('one that was removed meanwhile is said to be', async () => {
    const rights = { mode: 0o600, uid: 0, gid: 0 }
    const target = { ...optionsFor(place.config), state: place.state, recordRights: rights, mayWrite: () => true }
    const put = await putBy({ by: 'in place', because: '', remedy: '' }, intentAt(1), target)
    expect(() => put(null, bytes(OLD))).toThrow('.env was removed meanwhile; nothing was changed')
  })

  test('a link or another file that took the name is left alone', async () => {
    const store = place.store()
    const intent = await begin(store)
    renameSync(place.config, join(place.folder, 'moved'))
    symlinkSync('moved', place.config)
    expect((await thrown(store.write([change('old', 'new')], { ifHead: intent.seq }))).message).toContain('became a symbolic link')
    expect(place.text()).toBe(OLD)
  })
})

describe('a write in place that was killed', () => {
  /** What a process leaves that dies when `state` stands: an open operation, both texts, and a config of that text. */
  async function killed(state: string, after: string, { next = textWith(after) } = {}): Promise<FileStore> {
    const store = place.store()
    const intent = await begin(store, [change('old', after)])
    const { uid, gid } = statSync(place.config)
    keepTexts(place.state.inPlace, intent.values, { old: bytes(OLD), new: bytes(next) }, { mode: 0o600, uid, gid })
    writeFileSync(place.config, state)
    await store[Symbol.asyncDispose]()
    return place.store()
  }

  const LONGER = 'a longer value'
  const padded = (text: string, other: string): string => Buffer.from(filled(bytes(text), bytes(other).length)).toString()
  const torn = (after: string, at: number): string => {
    const [before, next] = [padded(OLD, textWith(after)), padded(textWith(after), OLD)]
    return next.slice(0, at) + before.slice(at)
  }

  test.each([
    ['with room behind the old text', `${OLD}\n\n`, LONGER, OLD],
    ['with all of the room', padded(OLD, textWith(LONGER)), LONGER, OLD],
    ['in the middle of a longer text', torn(LONGER, 20), LONGER, textWith(LONGER)],
    ['in the middle of a shorter text', torn('x', 19), 'x', textWith('x')],
    ['before the cut', padded(textWith('x'), OLD), 'x', textWith('x')],
    ['before the first byte', OLD, LONGER, OLD],
    ['after the last byte', textWith(LONGER), LONGER, textWith(LONGER)],
  ])('%s is finished by the claim, before anybody looks', async (_, state, after, end_) => {
    const store = await killed(state, after)
    await store.journal.append(claimAt(2, 1), signal)
    expect([place.text(), readFileSync(place.other, 'utf8'), statSync(place.config).nlink]).toEqual([end_, end_, 2])
  })

  test('is read as what it will be, and that is said', async () => {
    const store = await killed(torn(LONGER, 20), LONGER)
    const { entries, unfinished } = await store.read()
    expect([entries.get('DATABASE_URL' as never)?.reveal(), unfinished]).toEqual([LONGER, true])
    const whole = await (await killedAgain()).read()
    expect(whole.unfinished).toBeUndefined()

    async function killedAgain(): Promise<FileStore> {
      writeFileSync(place.config, textWith(LONGER))
      return place.store()
    }
  })

  test.each([
    ['an edit of another key', OLD.replace('A=1', 'A=7')],
    ['a line more', `${OLD}C=3\n`],
  ])('and edited since, by %s, is left alone', async (_, edited) => {
    const store = await killed(edited, LONGER)
    await store.journal.append(claimAt(2, 1), signal)
    expect([place.text(), (await store.read()).unfinished]).toEqual([edited, undefined])
  })

  test('is finished once: an edit after that is an edit, though each of its bytes is of the old text or of the new one', async () => {
    const [old, next] = ['A=1\nDATABASE_URL=old # why\nB=2\n', 'A=7\nDATABASE_URL=new # why\nB=2\n']
    const store = await killed(next.slice(0, 20) + old.slice(20), 'new', { next })
    await store.journal.append(claimAt(2, 1), signal)
    expect([place.text(), existsSync(place.state.inPlace)]).toEqual([next, false])
    const edited = 'A=7\nDATABASE_URL=old # why\nB=2\n' // A person put one of the two keys back while the hook ran.
    writeFileSync(place.config, edited)
    const { entries, unfinished } = await store.read()
    expect([entries.get('DATABASE_URL' as never)?.reveal(), unfinished]).toEqual(['old', undefined])
    await store[Symbol.asyncDispose]()
    await place.store().journal.append(claimAt(3, 1), signal)
    expect(place.text()).toBe(edited)
  })

  test('and put back by hand in one of two keys while recover runs the hook ends with 8 and keeps the edit', async () => {
    const old = 'A_URL=redis://h/1\nB_URL=redis://h/1\n'
    const [next, edit] = [old.replaceAll('/1', '/2'), old.replace('/1', '/2')]
    writeFileSync(place.config, old)
    const store = place.store()
    const both = ['A_URL', 'B_URL'].map((key) => change('redis://h/1', 'redis://h/2', key as Key))
    const intent = await begin(store, both)
    const { uid, gid } = statSync(place.config)
    keepTexts(place.state.inPlace, intent.values, { old: bytes(old), new: bytes(next) }, { mode: 0o600, uid, gid })
    writeFileSync(place.config, edit)
    await store[Symbol.asyncDispose]()
    writeFileSync(join(place.folder, 'edit'), edit)
    writeFileSync(
      join(place.folder, 'attach.yaml'),
      'deploys:\n  production:\n    config: .env\n    hook: [sh, -c, "cp .env before; cat edit > .env"]\n',
    )
    const first = await attach(['recover', '--trust'], { cwd: place.folder })
    expect([first.exit, readFileSync(join(place.folder, 'before'), 'utf8'), place.text()]).toEqual([8, next, edit])
    const second = await attach(['recover', '--trust'], { cwd: place.folder })
    expect([second.exit, place.text()]).toEqual([8, edit])
  })

  test('and cannot be written stays as it is, with its texts, until somebody can', async () => {
    const store = await killed(torn(LONGER, 20), LONGER)
    renameSync(place.config, join(place.folder, 'moved'))
    symlinkSync('moved', place.config)
    const { code, message, hint } = await thrown(store.journal.append(claimAt(2, 1), signal))
    expect([code, hint, message]).toEqual([
      'UNKNOWN',
      'attach recover',
      expect.stringContaining('.env is half written and could not be finished'),
    ])
    expect(existsSync(place.state.inPlace)).toBe(true)
    renameSync(join(place.folder, 'moved'), place.config)
    await store[Symbol.asyncDispose]()
    await place.store().journal.append(claimAt(3, 1), signal)
    expect([place.text(), existsSync(place.state.inPlace)]).toEqual([textWith(LONGER), false])
  })

  test('texts of another operation, or half-written ones, finish nothing', async () => {
    const store = await killed(torn(LONGER, 20), LONGER)
    truncateSync(place.state.inPlace, statSync(place.state.inPlace).size - 1)
    await store.journal.append(claimAt(2, 1), signal)
    expect(place.text()).toBe(torn(LONGER, 20))
  })

  test('is finished where the journal is damaged so that nobody knows the operation any more', async () => {
    const store = await killed(torn(LONGER, 20), LONGER)
    writeFileSync(place.state.journal, readFileSync(place.state.journal, 'utf8').replace('"swap"', '"swop"'))
    appendFileSync(place.state.journal, 'x'.repeat(10))
    expect(await outcome(store.journal.head())).toBe('DAMAGED')
    await store.journal.setAside({ by: { user: 'ann', host: 'here', pid: 1 }, at: '2026-01-02T03:04:05.678Z' }, signal)
    expect(place.text()).toBe(textWith(LONGER))
  })

  test('is not taken over where only rename is wished, for it may have to be put back: 6, and nothing is claimed', async () => {
    const state = torn('postgres://app@db.example/app', 30)
    await killed(state, 'postgres://app@db.example/app')
    const before = readFileSync(place.state.journal, 'utf8')
    for (const words of [['recover'], ['swap', '--no-probe', '-y', 'DATABASE_URL=redis://h/0']]) {
      const said = await attach([...words, '--atomic-only'], { cwd: place.folder })
      expect([said.exit, said.stderr]).toEqual([6, expect.stringContaining('which --atomic-only does not allow; nothing was changed')])
      expect([readFileSync(place.state.journal, 'utf8'), place.text()]).toEqual([before, state])
    }
    expect((await attach(['recover', '--keep', '--atomic-only'], { cwd: place.folder })).exit).toBe(0)
  })

  test('status shows no half, exits 0 and says so; attach recover finishes it', async () => {
    const handle = 'postgres://app@db.example/app'
    await killed(torn(handle, 30), handle)
    const said = await attach(['status', '--json'], { cwd: place.folder })
    const { attachments = [], warnings, open } = documentIn(said.stdout)
    expect([said.exit, attachments[0]?.target]).toEqual([0, 'postgres://app@db.example:5432/app'])
    expect(warnings).toContainEqual({ code: 'config.unfinished', message: expect.stringContaining('.env is half written') })
    expect(open?.owner).toBe('dead')
    const recovered = await attach(['recover'], { cwd: place.folder })
    expect([recovered.exit, place.text()]).toEqual([0, textWith(handle)])
    expect((await attach(['status'], { cwd: place.folder })).stderr).toBe('')
  })
})

describe('a half that no open operation answers for', () => {
  const [FROM, TO] = ['postgres://app@db.example/aaaa', 'postgres://app@db.example/bbbb']
  const was = `A=1\nDATABASE_URL=${FROM}\nB=2\n`
  const next = `A=7\nDATABASE_URL=${TO}\nB=2\n`
  const half = next.slice(0, 30) + was.slice(30)

  /** A closed release, then texts of `operation`, and a config of that text. */
  async function left(operation: 'lost' | 'closed', state = half): Promise<void> {
    writeFileSync(place.config, was)
    const store = place.store()
    const intent = await begin(store, [change(FROM, TO)])
    await end(store, intent, { verdict: 'aborted' })
    const { uid, gid } = statSync(place.config)
    const values = operation === 'closed' ? intent.values : intentAt(99).values
    keepTexts(place.state.inPlace, values, { old: bytes(was), new: bytes(next) }, { mode: 0o600, uid, gid })
    writeFileSync(place.config, state)
    await store[Symbol.asyncDispose]()
  }

  const run = (...words: readonly string[]) => attach(words, { cwd: place.folder })

  test('is finished by recover, which says so, exits 0, and finds nothing the second time', async () => {
    await left('lost')
    expect((await run('status')).stderr).toContain('half written')
    const dry = await run('recover', '--dry-run')
    expect([dry.exit, dry.stdout + dry.stderr, place.text()]).toEqual([
      0,
      expect.stringContaining('would finish .env, which is half written'),
      half,
    ])
    const first = await run('recover')
    expect([first.exit, first.stdout + first.stderr, place.text()]).toEqual([
      0,
      expect.stringContaining('.env was half written and is whole now'),
      next,
    ])
    const second = await run('recover')
    expect([second.exit, second.stdout + second.stderr]).toEqual([0, expect.stringContaining('nothing is open')])
    expect([(await run('status')).stderr, existsSync(place.state.inPlace)]).toEqual(['', false])
  })

  test('is finished by a change of another key, before that is begun', async () => {
    await left('lost')
    expect((await run('--no-probe', '-y', 'OTHER_URL=redis://h/0')).exit).toBe(0)
    expect(place.text()).toBe(`${next}OTHER_URL=redis://h/0\n`)
  })

  test('is finished by a change that finds what it asks for there already', async () => {
    await left('lost')
    const said = await run('swap', '--no-probe', '-y', `DATABASE_URL=${TO}`)
    expect([said.exit, place.text()]).toEqual([0, next])
  })

  test('and cannot be finished stops every change, with 8', async () => {
    await left('lost')
    renameSync(place.config, join(place.folder, 'moved'))
    const store = place.store()
    symlinkSync('moved', place.config)
    const context: Context = {
      store,
      ...STAMP,
      now: () => STAMP.at,
      random: () => intentAt(3).values,
      show: () => null,
      signal,
      settle: async () => 'yes',
    }
    const head = await store.journal.head()
    const plan: ApprovedPlan = { verb: 'swap', changes: [change(TO, 'new')], head, edited: [], revertible: true }
    for (const tried of [() => apply(plan, context), () => store.journal.mend(signal)]) {
      expect(await thrown(tried())).toEqual({
        code: 'INCOMPLETE',
        message: expect.stringContaining('.env is half written and could not be finished: .env became a symbolic link'),
        hint: 'attach recover',
      })
    }
    expect(readFileSync(place.other, 'utf8')).toBe(half)
  })

  test('of an operation that was closed is an edit: texts that a power cut brought back finish nothing, and go', async () => {
    for (const state of [half, was, next, `${was}C=3\n`]) {
      await left('closed', state)
      expect((await place.store().read()).unfinished).toBeUndefined()
      const said = await run('recover')
      expect([said.exit, said.stdout + said.stderr]).toEqual([0, expect.stringContaining('nothing is open')])
      expect([place.text(), existsSync(place.state.inPlace)]).toEqual([state, false])
    }
  })

  test('is finished before a damaged journal is set aside, and that is said', async () => {
    await left('lost')
    const lines = readFileSync(place.state.journal, 'utf8')
    writeFileSync(place.state.journal, lines.replace('"aborted"', '"aborten"'))
    const said = await run('recover')
    const all = said.stdout + said.stderr
    expect([said.exit, all, place.text()]).toEqual([0, expect.stringContaining('.env was half written and is whole now'), next])
    expect(all).not.toContain('The config was not touched')
  })

  test('that cannot be finished keeps a damaged journal where it is, so that the next try finds both', async () => {
    await left('lost')
    const damaged = readFileSync(place.state.journal, 'utf8').replace('"aborted"', '"aborten"')
    writeFileSync(place.state.journal, damaged)
    const store = place.store()
    renameSync(place.config, join(place.folder, 'moved'))
    symlinkSync('moved', place.config)
    expect(await outcome(store.journal.setAside(STAMP, signal))).toBe('INCOMPLETE')
    expect([readFileSync(place.state.journal, 'utf8'), readFileSync(place.other, 'utf8')]).toEqual([damaged, half])
  })
})

test('ten releases in place and back again leave the text as it was', async () => {
  const store = place.store()
  await releases(store, 4)
  const now = (await store.read()).entries.get('DATABASE_URL' as never)?.reveal() ?? null
  const intent = await begin(store, [change(now, 'old')])
  await store.write([change(now, 'old')], { ifHead: intent.seq })
  await end(store, intent)
  expect([place.text(), readFileSync(place.other, 'utf8')]).toEqual([OLD, OLD])
})

describe('a half that somebody edited since', () => {
  const NEW = bytes(textWith('xyz'))

  /** A swap that was killed when the first bytes of the new text stood. */
  async function halved(): Promise<void> {
    using store = Object.assign(place.store(), { [Symbol.dispose]: () => {} })
    const intent = await begin(store, [change('old', 'xyz')])
    keepTexts(place.state.inPlace, intent.values, { old: bytes(OLD), new: NEW }, { mode: 0o600, uid: 0, gid: 0 })
    const half = Buffer.from(OLD)
    NEW.copy(half, 0, 0, OLD.indexOf('old') + 1)
    writeFileSync(place.config, half)
    await store[Symbol.asyncDispose]()
  }

  test('behind its end is finished, and the edit stays behind it', async () => {
    await halved()
    appendFileSync(place.config, '# note\n')
    expect(await attach(['recover'], { cwd: place.folder })).toMatchObject({ exit: 0 })
    expect(place.text()).toBe(`${NEW.toString()}# note\n`)
  })

  test('in its middle is left to a person, with both whole texts kept', async () => {
    await halved()
    const muddle = `# first\n${place.text()}`
    writeFileSync(place.config, muddle)
    const ran = await attach(['recover'], { cwd: place.folder })
    expect(ran).toMatchObject({ exit: 8, stderr: expect.stringContaining('may be half of two texts') })
    expect(place.text()).toBe(muddle)
    expect(await attach(['recover', '--keep'], { cwd: place.folder })).toMatchObject({ exit: 0 })
    expect(readFileSync(`${place.state.inPlace}.left`, 'utf8')).not.toBe('')
    expect(place.text()).toBe(muddle)
  })
})

test('two commands that know a config by two of its names lose nothing of each other', async () => {
  writeFileSync(place.config, 'A=1\n')
  renameSync(place.other, join(place.folder, '.env.web'))
  const both = Array.from({ length: 6 }, (_, at) => [
    attach([`A${at}=x`, '--kind', 'opaque', '-y', '-c', place.config], { cwd: place.folder }),
    attach([`B${at}=x`, '--kind', 'opaque', '-y', '-c', '.env.web'], { cwd: place.folder }),
  ])
  const exits = (await Promise.all(both.flat())).map(({ exit }) => exit)
  expect(exits).toEqual(exits.map(() => 0))
  expect(place.text().match(/^[AB]\d=x$/gm)).toHaveLength(12)
})
