import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, linkSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { attach, programOf } from '../support/cli.ts'
import { begin, change, type Files, files, mountsOrSkip, NOBODY, namesIn, rightsOf, rootOrSkip, thrown } from '../support/files.ts'

let place: Files
beforeEach(() => {
  place = files()
})
afterEach(() => place.remove())

const CHANGES = [change('old', 'new')]
const HANDLE = 'DATABASE_URL=postgres://app@db/app'

/** What rehearse and write say of the same change, the one before anything is begun, the other after. */
async function both(spoil: () => void): Promise<readonly Awaited<ReturnType<typeof thrown>>[]> {
  const store = place.store()
  const intent = await begin(store)
  spoil()
  const before = [place.text(), statSync(place.config).ino, namesIn(place.folder)]
  const said = [await thrown(store.rehearse(CHANGES, 'new')), await thrown(store.write(CHANGES, { ifHead: intent.seq }))]
  expect([place.text(), statSync(place.config).ino, namesIn(place.folder)]).toEqual(before)
  return said
}

test('a config with several names is refused before and at the write, and nothing is changed', async () => {
  for (const { code, message, hint } of await both(() => linkSync(place.config, join(place.folder, 'other')))) {
    expect([code, message]).toEqual([
      'UNAVAILABLE',
      '.env has 2 hard links, and replacing it would leave the others behind; nothing was changed',
    ])
    expect(hint).toBe('make it a symbolic link, or a file of its own')
  }
})

test('a config that was saved by an editor between two looks keeps that edit', async () => {
  const store = place.store()
  const intent = await begin(store)
  writeFileSync(place.config, 'LOG_LEVEL=debug\nDATABASE_URL=old # why\n')
  await store.write(CHANGES, { ifHead: intent.seq })
  expect(place.text()).toBe('LOG_LEVEL=debug\nDATABASE_URL=new # why\n')
})

describe.runIf(rootOrSkip('giving files to other users'))('somebody who is not root', () => {
  const set = () => attach(['--no-probe', '-y', HANDLE], { cwd: place.folder, uid: NOBODY })
  const asNobody = (path: string): void => chownSync(path, NOBODY, NOBODY)

  test.each<[string, () => void, string]>([
    ['a config of another user', () => asNobody(place.folder), 'belongs to user 0, and replacing it would make it yours'],
    [
      'a config of a group that they are not in',
      () => {
        asNobody(place.folder)
        chownSync(place.config, NOBODY, 0)
        chmodSync(place.config, 0o640)
      },
      'belongs to group 0, which you are not in, and replacing it would lose that',
    ],
    ['a config in a directory that they may not write', () => asNobody(place.config), 'the directory of .env is not writable: EACCES'],
    [
      'a config in a directory that they may not read',
      () => {
        for (const path of [place.folder, place.config]) asNobody(path)
        chmodSync(place.folder, 0o333)
      },
      'the directory of .env is not writable: EACCES',
    ],
  ])('is refused %s, before anything is begun', async (_, spoil, why) => {
    chmodSync(place.config, 0o644)
    spoil()
    const [before, rights] = [place.text(), rightsOf(place.config)]
    const { exit, stderr } = await set()
    chmodSync(place.folder, 0o755)
    expect(stderr).toContain(why)
    expect(stderr).toContain('nothing was changed')
    expect([exit, place.text(), rightsOf(place.config), namesIn(place.folder)]).toEqual([6, before, rights, ['.env']])
  })

  test('writes their own config that nobody may write, and its mode stays', async () => {
    for (const path of [place.folder, place.config]) asNobody(path)
    chmodSync(place.config, 0o444)
    expect((await set()).exit).toBe(0)
    expect([place.text(), rightsOf(place.config)]).toEqual([`${HANDLE}\n`, `0444 ${NOBODY}:${NOBODY}`])
  })

  test('keeps the group of a config whose directory hands it on', async () => {
    asNobody(place.folder)
    chownSync(place.folder, NOBODY, 0)
    chmodSync(place.folder, 0o2755)
    chownSync(place.config, NOBODY, 0)
    const { exit, stderr } = await set()
    expect([exit, stderr]).toEqual([0, expect.any(String)])
    expect(rightsOf(place.config)).toBe(`0600 ${NOBODY}:0`)
  })

  test('is told of a read-only directory of the record before anything is begun', async () => {
    for (const path of [place.folder, place.config]) asNobody(path)
    const state = join(place.folder, 'state')
    mkdirSync(state, { mode: 0o755 })
    const env = { ATTACH_STATE_DIR: state }
    const { exit, stderr } = await attach(['--no-probe', '-y', HANDLE], { cwd: place.folder, uid: NOBODY, env })
    expect(exit).toBe(6)
    expect(stderr).toContain('the history beside the config cannot be written: EACCES; nothing was changed')
    expect(stderr).toContain('set ATTACH_STATE_DIR to a directory you may write')
  })
})

describe.runIf(mountsOrSkip())('a mount', () => {
  /** Runs a shell in a mount namespace of its own, in the folder; `$attach` is the command. */
  const inside = (words: string): { readonly status: number | null; readonly said: string } => {
    const attach = `${process.execPath} ${programOf('attach')} --no-probe -y`
    const shell = ['-m', '--propagation', 'private', 'sh', '-c', words]
    const { status, stdout, stderr } = spawnSync('unshare', shell, { cwd: place.folder, encoding: 'utf8', env: { ...process.env, attach } })
    return { status, said: stdout + stderr }
  }

  test.each(['.env', 'my env'])('on %s itself is refused, by rehearse and, were it made later, by the write', (name) => {
    const place_ = join(place.folder, name)
    writeFileSync(place_, 'DATABASE_URL=old\n')
    const mount = `cp .env elsewhere; mount --bind elsewhere "${name}"`
    const dry = inside(`${mount}; $attach --dry-run -c "${name}" ${HANDLE}`)
    expect([dry.status, dry.said]).toEqual([6, expect.stringContaining('is mounted on its own, and cannot be replaced by rename')])
    const real = inside(`${mount}; $attach -c "${name}" ${HANDLE}; code=$?; cat "${name}"; exit $code`)
    expect(real.status).toBe(6)
    expect(real.said).toContain('mount its directory instead')
    expect(real.said).toMatch(/^DATABASE_URL=old$/m)
    expect(namesIn(place.folder)).not.toContain('.attach')
  })

  test('that is read-only is refused with its own words', () => {
    const { status, said } = inside(`mkdir m; mount -t tmpfs none m; cp .env m; mount -o remount,ro m; cd m; $attach ${HANDLE}`)
    expect([status, said]).toEqual([6, expect.stringContaining('the directory of .env is not writable: EROFS; nothing was changed')])
  })

  test('that holds only the record, read-only, is refused with the way out', () => {
    const { status, said } = inside(`mkdir m; mount -t tmpfs none m; mount -o remount,ro m; ATTACH_STATE_DIR=$PWD/m $attach ${HANDLE}`)
    expect([status, said]).toEqual([6, expect.stringContaining('the history beside the config cannot be written: EROFS')])
    expect(readFileSync(place.config, 'utf8')).toBe('DATABASE_URL=old\n')
  })

  test('on the directory of the config is no matter', () => {
    const { status, said } = inside(`mkdir a m; cp .env a; mount --bind a m; cd m; $attach ${HANDLE}; cat .env`)
    expect([status, said]).toEqual([0, expect.stringContaining(HANDLE)])
  })
})
