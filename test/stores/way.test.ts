import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { attach, programOf } from '../support/cli.ts'
import { begin, change, type Files, files, mountsOrSkip, NOBODY, namesIn, rightsOf, rootOrSkip } from '../support/files.ts'

let place: Files
beforeEach(() => {
  place = files()
})
afterEach(() => place.remove())

const STRANGER = 1001
const HANDLE = 'DATABASE_URL=postgres://app@db/app'

test('a config that was saved by an editor between two looks keeps that edit', async () => {
  const store = place.store()
  const intent = await begin(store)
  writeFileSync(place.config, 'LOG_LEVEL=debug\nDATABASE_URL=old # why\n')
  await store.write([change('old', 'new')], { ifHead: intent.seq })
  expect(place.text()).toBe('LOG_LEVEL=debug\nDATABASE_URL=new # why\n')
})

describe.runIf(rootOrSkip('giving files to other users'))('somebody who is not root', () => {
  const set = () => attach(['--no-probe', '-y', HANDLE], { cwd: place.folder, uid: NOBODY })
  const asNobody = (path: string): void => chownSync(path, NOBODY, NOBODY)

  /** What stands in `.env`, under which name it stood before, and who owns it. */
  const stands = (): readonly unknown[] => [place.text(), statSync(place.config).ino, rightsOf(place.config)]
  const inode = (): number => statSync(place.config).ino

  test.each<[string, () => void, string]>([
    [
      'a config of another user that they may not write',
      () => asNobody(place.folder),
      'belongs to user 0, and cannot be written in place: EACCES',
    ],
    [
      'a config of another user that everybody may write, beside which a history would lock that user out',
      () => {
        asNobody(place.folder)
        chmodSync(place.config, 0o646)
      },
      'belongs to user 0, who could not read a history beside it that is yours',
    ],
    [
      'a config in a directory that they may not write, where the history would stand',
      () => asNobody(place.config),
      'the history beside the config cannot be written: EACCES',
    ],
    [
      'a config that they may not write in a directory that they may not write',
      () => {
        asNobody(place.config)
        chmodSync(place.config, 0o444)
      },
      'stands in a directory that is not writable (EACCES), and cannot be written in place: EACCES',
    ],
  ])('is refused %s, before anything is begun', async (_, spoil, why) => {
    chmodSync(place.config, 0o644)
    spoil()
    const before = stands()
    const { exit, stderr } = await set()
    expect(stderr).toContain(why)
    expect(stderr).toContain('nothing was changed')
    expect([exit, stands(), namesIn(place.folder)]).toEqual([6, before, ['.env']])
  })

  test.each<[string, () => void, string]>([
    [
      'a config of a group that they are not in',
      () => {
        asNobody(place.folder)
        chownSync(place.config, NOBODY, 0)
        chmodSync(place.config, 0o640)
      },
      'belongs to group 0, which you are not in',
    ],
    [
      'a config in a directory that they may not read',
      () => {
        for (const path of [place.folder, place.config]) asNobody(path)
        chmodSync(place.folder, 0o333)
      },
      'stands in a directory that is not writable (EACCES)',
    ],
    [
      'a config of another user that their group may write',
      () => {
        asNobody(place.folder)
        chownSync(place.config, 0, NOBODY)
        chmodSync(place.config, 0o660)
      },
      'belongs to user 0',
    ],
  ])('writes %s in place: owner, group, mode and file stay, and it is said', async (_, spoil, why) => {
    spoil()
    const [ino, rights] = [inode(), rightsOf(place.config)]
    const env = { ATTACH_STATE_DIR: join(place.folder, '..', `${basename(place.folder)}-state`) }
    mkdirSync(env.ATTACH_STATE_DIR, { mode: 0o700 })
    chownSync(env.ATTACH_STATE_DIR, NOBODY, NOBODY)
    const ran = await attach(['--no-probe', '-y', HANDLE], { cwd: place.folder, uid: NOBODY, env })
    chmodSync(place.folder, 0o755)
    rmSync(env.ATTACH_STATE_DIR, { recursive: true })
    expect(ran.stderr).toContain(`because it ${why}: a reader may meet it half written`)
    expect([ran.exit, place.text(), inode(), rightsOf(place.config)]).toEqual([0, `${HANDLE}\n`, ino, rights])
  })

  test('shares the history with the owner of a config that their group may write, in turns', async () => {
    asNobody(place.folder)
    chownSync(place.folder, 0, NOBODY)
    chmodSync(place.folder, 0o2775)
    chownSync(place.config, STRANGER, NOBODY)
    chmodSync(place.config, 0o660)
    const by = (uid: number, name: string) =>
      attach(['--no-probe', '-y', `DATABASE_URL=postgres://app@${name}/app`], { cwd: place.folder, uid, gid: NOBODY })
    for (const [turn, uid] of [NOBODY, STRANGER, NOBODY, 0, STRANGER].entries()) {
      const { exit, stderr } = await by(uid, `db${turn}`)
      expect([exit, stderr], `turn ${turn}`).toEqual([0, expect.any(String)])
      expect([place.text(), rightsOf(place.config)]).toEqual([`DATABASE_URL=postgres://app@db${turn}/app\n`, `0660 ${STRANGER}:${NOBODY}`])
    }
    const undone = await attach(['undo', 'v5', '--no-probe'], { cwd: place.folder, uid: NOBODY, gid: NOBODY })
    expect([undone.exit, place.text()]).toEqual([0, 'DATABASE_URL=postgres://app@db3/app\n'])
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

  test.each(['.env', 'my env'])('on %s itself is written in place, and the file that is mounted there holds it', (name) => {
    writeFileSync(join(place.folder, name), 'DATABASE_URL=old\n')
    const mount = `cp .env elsewhere; mount --bind elsewhere "${name}"`
    const real = inside(`${mount}; $attach -c "${name}" ${HANDLE}; code=$?; cat elsewhere; exit $code`)
    expect([real.status, real.said]).toEqual([
      0,
      expect.stringContaining(`${name} is written in place, not replaced, because it is mounted on its own`),
    ])
    expect(real.said).toContain(`${HANDLE}\n`)
  })

  test('on the config is refused with --atomic-only, in a dry run and in a real one, and where the mount is read-only', () => {
    const mount = 'cp .env elsewhere; mount --bind elsewhere .env'
    for (const words of ['--atomic-only --dry-run', '--atomic-only']) {
      const { status, said } = inside(`${mount}; $attach ${words} ${HANDLE}; code=$?; cat elsewhere; exit $code`)
      expect([status, said]).toEqual([6, expect.stringContaining('is mounted on its own, and would be written in place')])
      expect(said).toContain('mount its directory instead')
      expect(said).toMatch(/^DATABASE_URL=old$/m)
    }
    const { status, said } = inside(`${mount}; mount -o remount,bind,ro .env; $attach ${HANDLE}`)
    expect([status, said]).toEqual([
      6,
      expect.stringContaining('is mounted on its own, and cannot be written in place: EROFS; nothing was changed'),
    ])
    expect(namesIn(place.folder)).not.toContain('.attach')
  })

  test('that is read-only is refused with its own words', () => {
    const { status, said } = inside(`mkdir m; mount -t tmpfs none m; cp .env m; mount -o remount,ro m; cd m; $attach ${HANDLE}`)
    expect([status, said]).toEqual([
      6,
      expect.stringContaining(
        '.env stands in a directory that is not writable (EROFS), and cannot be written in place: EROFS; nothing was changed',
      ),
    ])
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
