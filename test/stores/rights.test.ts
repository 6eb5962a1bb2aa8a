import { chmodSync, chownSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { attach } from '../support/cli.ts'
import {
  begin,
  end,
  type Files,
  files,
  isRoot,
  NOBODY,
  namesIn,
  outcome,
  releases,
  rightsOf,
  rootOrSkip,
  thrown,
} from '../support/files.ts'

let place: Files
beforeEach(() => {
  place = files()
})
afterEach(() => place.remove())

const STRANGER = 1001
const HANDLE = 'DATABASE_URL=postgres://app@db/app'
const set = (options: { readonly uid?: number; readonly umask?: string; readonly env?: Record<string, string> } = {}, handle = HANDLE) =>
  attach(['--no-probe', '-y', handle], { cwd: place.folder, ...options })
const record = (): readonly string[] => namesIn(join(place.folder, '.attach')).map((name) => join(place.folder, '.attach', name))
const allRights = (): readonly string[] => [...new Set(record().map(rightsOf))].sort()
const own = (uid: number): void => {
  for (const path of [place.folder, place.config]) chownSync(path, uid, uid)
}
const me = `${process.geteuid?.()}:${process.getegid?.()}`

describe('the record of a config', () => {
  test.each(['000', '022', '077', '0777'])('is readable by its owner alone, whatever the umask: %s', async (umask) => {
    const { exit, stderr } = await set({ umask })
    expect([exit, stderr]).toEqual([0, expect.any(String)])
    expect(allRights()).toEqual([`0600 ${me}`, `0700 ${me}`])
    expect(rightsOf(join(place.folder, '.attach'))).toBe(`0700 ${me}`)
    expect(rightsOf(place.config)).toBe(`0600 ${me}`)
  })

  test('of a config that a group may write is open to that group', async () => {
    chmodSync(place.config, 0o660)
    expect((await set()).exit).toBe(0)
    expect(allRights()).toEqual([`0660 ${me}`, `0770 ${me}`])
  })

  test('is mended when its rights were loosened', async () => {
    await releases(place.store(), 1)
    for (const path of [join(place.folder, '.attach'), ...record()]) chmodSync(path, 0o777)
    chmodSync(join(place.state.values, '1'), 0o600)
    chmodSync(join(place.folder, '.attach', '.gitignore'), 0o600)
    await releases(place.store(), 1)
    expect(allRights()).toEqual([`0600 ${me}`, `0700 ${me}`])
  })

  test.each<[string, (path: string) => void, RegExp]>([
    ['a link', (path) => symlinkSync('/tmp', path), /is not a directory/],
    ['a file', (path) => writeFileSync(path, ''), /is not a directory|ENOTDIR/],
  ])('is not begun in %s planted in its place, and rehearse says so too', async (_, plant, why) => {
    for (const name of ['.attach', '.attach/.env', '.attach/.env/values']) {
      rmSync(join(place.folder, '.attach'), { recursive: true, force: true })
      mkdirSync(join(place.folder, name, '..'), { recursive: true })
      plant(join(place.folder, name))
      const store = place.store()
      const said = [await thrown(store.rehearse([], 'new')), await thrown(begin(store))]
      for (const { code, message, hint } of said) {
        expect(code).toBe('UNAVAILABLE')
        expect(message).toMatch(why)
        expect(hint).toContain('ATTACH_STATE_DIR')
      }
      expect(place.text()).toBe('DATABASE_URL=old\n')
    }
  })

  test('a .gitignore that a killed command left empty is written again, and one of the user stays', async () => {
    await releases(place.store(), 1)
    const path = join(place.folder, '.attach', '.gitignore')
    writeFileSync(path, '')
    await releases(place.store(), 1)
    expect(readFileSync(path, 'utf8')).toBe('*\n')
    writeFileSync(path, '*\n!mine\n')
    await releases(place.store(), 1)
    expect(readFileSync(path, 'utf8')).toBe('*\n!mine\n')
  })
})

describe('ATTACH_STATE_DIR', () => {
  test('holds the records of many configs apart, and leaves nothing beside them', async () => {
    const base = join(place.folder, 'deep', 'state')
    for (const name of ['.env', '.env.b']) {
      if (name !== '.env') writeFileSync(join(place.folder, name), '')
      const { exit } = await attach(['--no-probe', '-y', '-c', name, HANDLE], { cwd: place.folder, env: { ATTACH_STATE_DIR: base } })
      expect(exit).toBe(0)
    }
    expect(namesIn(place.folder)).not.toContain('.attach')
    const names = namesIn(base).filter((name) => name.endsWith('journal'))
    expect(names).toEqual([
      expect.stringMatching(/^\.env-[0-9a-f]{16}\/journal$/),
      expect.stringMatching(/^\.env\.b-[0-9a-f]{16}\/journal$/),
    ])
  })

  test('may be a link, and its own rights are the business of whoever made it', async () => {
    const [base, link] = [join(place.folder, 'state'), join(place.folder, 'link')]
    mkdirSync(base, { mode: 0o755 })
    chmodSync(base, 0o755)
    symlinkSync(base, link)
    expect((await set({ env: { ATTACH_STATE_DIR: link } })).exit).toBe(0)
    expect(statSync(base).mode & 0o777).toBe(0o755)
    for (const name of namesIn(base).filter((name) => !name.includes('/') && name !== '.gitignore'))
      expect(rightsOf(join(base, name))).toBe(`0700 ${me}`)
  })
})

describe.runIf(rootOrSkip('giving files to other users'))('a config of somebody else, written by root', () => {
  test('keeps its owner, and so does everything in the record', async () => {
    own(NOBODY)
    expect((await set()).exit).toBe(0)
    const mine = `${NOBODY}:${NOBODY}`
    expect(rightsOf(place.config)).toBe(`0600 ${mine}`)
    expect(allRights()).toEqual([`0600 ${mine}`, `0700 ${mine}`])
    expect(rightsOf(join(place.folder, '.attach'))).toBe(`0700 ${mine}`)
    const next = await set({ uid: NOBODY }, 'DATABASE_URL=postgres://app@db2/app')
    expect([next.exit, next.stderr]).toEqual([0, expect.not.stringContaining('EACCES')])
    expect((await set()).exit).toBe(0)
  })

  test.each([0o600, 0o640, 0o660, 0o444])('keeps its mode: %o', async (mode) => {
    own(NOBODY)
    chmodSync(place.config, mode)
    expect((await set()).exit).toBe(0)
    expect(rightsOf(place.config)).toBe(`${mode.toString(8).padStart(4, '0')} ${NOBODY}:${NOBODY}`)
  })

  test('is still written by its owner when a command of root left the record half-made', async () => {
    own(NOBODY)
    const steps: readonly (() => void)[] = [
      () => mkdirSync(join(place.folder, '.attach'), { mode: 0o700 }),
      () => {
        mkdirSync(place.state.path, { recursive: true, mode: 0o700 })
        chownSync(join(place.folder, '.attach'), NOBODY, NOBODY)
        chmodSync(join(place.folder, '.attach'), 0o700)
      },
      () => {
        mkdirSync(place.state.values, { recursive: true, mode: 0o700 })
        for (const path of [join(place.folder, '.attach'), place.state.path, place.state.values]) chownSync(path, NOBODY, NOBODY)
        writeFileSync(place.state.journal, '', { mode: 0o600 })
        writeFileSync(`${place.state.lock}.new`, '', { mode: 0o600 })
      },
    ]
    for (const [at, half] of steps.entries()) {
      rmSync(join(place.folder, '.attach'), { recursive: true, force: true })
      half()
      const { exit, stderr } = await set({ uid: NOBODY }, `DATABASE_URL=postgres://app@db${at}/app`)
      expect([exit, stderr], `step ${at}`).toEqual([0, expect.any(String)])
      expect(allRights(), `step ${at}`).toEqual([`0600 ${NOBODY}:${NOBODY}`, `0700 ${NOBODY}:${NOBODY}`])
      expect(namesIn(place.state.path), `step ${at}`).not.toContain('lock.new')
    }
  })

  test('a record that belongs to a stranger is refused, by root and by the owner', async () => {
    own(NOBODY)
    const path = join(place.folder, '.attach')
    mkdirSync(join(path, 'theirs'), { recursive: true })
    chownSync(path, STRANGER, STRANGER)
    chmodSync(path, 0o777)
    for (const uid of [0, NOBODY]) {
      const { exit, stderr } = await set({ uid })
      expect(exit).toBe(6)
      expect(stderr).toContain(`belongs to user ${STRANGER}, the config to user ${NOBODY}; nothing was changed`)
    }
    expect([place.text(), namesIn(path)]).toEqual(['DATABASE_URL=old\n', ['theirs']])
  })
})

test('a record in a directory that cannot be written is refused with the way out', async () => {
  const file = join(place.folder, 'file')
  writeFileSync(file, '')
  const store = place.store({ stateElsewhere: join(file, 'state') })
  expect(await outcome(store.rehearse([], 'new'))).toBe('UNAVAILABLE')
  expect((await thrown(begin(store))).message).toContain('ENOTDIR')
  const other = place.store()
  await end(other, await begin(other), { verdict: 'aborted' })
})

describe.runIf(isRoot)('a directory that somebody slipped in', () => {
  test('with anything in it is not given away, nor adopted', async () => {
    chownSync(place.config, NOBODY, NOBODY)
    mkdirSync(dirname(place.state.path), { recursive: true, mode: 0o700 })
    writeFileSync(join(dirname(place.state.path), 'dump.sql'), 'secret')
    expect(await outcome(begin(place.store()))).toBe('UNAVAILABLE')
    expect(statSync(dirname(place.state.path)).uid).toBe(0)
  })

  test('a file of another owner under the name of the journal, with a second name, is left alone', async () => {
    const victim = join(place.folder, 'victim')
    writeFileSync(victim, 'theirs')
    chownSync(place.config, NOBODY, NOBODY)
    mkdirSync(place.state.path, { recursive: true })
    for (const path of [dirname(place.state.path), place.state.path]) chownSync(path, NOBODY, NOBODY)
    linkSync(victim, place.state.journal)
    expect(await outcome(begin(place.store()))).toBe('UNAVAILABLE')
    expect([readFileSync(victim, 'utf8'), statSync(victim).uid]).toEqual(['theirs', 0])
  })
})
