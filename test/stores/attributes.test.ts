import { spawnSync } from 'node:child_process'
import { linkSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { attach } from '../support/cli.ts'
import { begin, change, end, type Files, files, isRoot, NOBODY, programOrSkip, rightsOf, thrown } from '../support/files.ts'

const run = (program: string, ...words: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(program, [...words], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`)
  return stdout
}

/** Access control lists and attributes are the file system's: without them there is nothing to keep. */
function attributesOrSkip(): boolean {
  if (!['setfacl', 'getfacl', 'setfattr', 'getfattr', 'tar', 'cp'].map(programOrSkip).every((found) => found)) return false
  const folder = mkdtempSync(join(tmpdir(), 'attach-attributes-'))
  try {
    const path = join(folder, 'file')
    writeFileSync(path, '')
    run('setfacl', '-m', `u:${NOBODY}:r`, path)
    run('setfattr', '-n', 'user.test', '-v', 'x', path)
    return true
  } catch (error) {
    if (process.env['ATTACH_REQUIRE'] === 'all') throw error
    process.stderr.write(
      `SKIPPED: the file system of ${tmpdir()} has no access control lists or user attributes; the tests that need them did not run\n`,
    )
    return false
  } finally {
    rmSync(folder, { recursive: true })
  }
}

let place: Files
beforeEach(() => {
  place = files({ text: 'A=1\nDATABASE_URL=old\n' })
})
afterEach(() => place.remove())

const acl = (): string => run('getfacl', '-cpn', place.config)
const attributes = (): string => run('getfattr', '--absolute-names', '-d', '-m', '-', place.config)
const grant = (): string => run('setfacl', '-m', `u:${NOBODY}:rw,g:7:r`, place.config)
const mark = (name = 'user.managed-by'): string => run('setfattr', '-n', name, '-v', 'deploy tool', place.config)

async function write(before: string, after: string): Promise<readonly string[]> {
  const store = place.store()
  const { notes } = await store.rehearse([change(before, after)], 'new')
  const intent = await begin(store, [change(before, after)])
  await store.write([change(before, after)], { ifHead: intent.seq })
  await end(store, intent)
  return notes.map(({ code }) => code)
}

describe.runIf(attributesOrSkip())('a config that is replaced keeps', () => {
  test.each<[string, () => unknown]>([
    ['its access control list', grant],
    ['its extended attributes', mark],
    ['both', () => [grant(), mark(), mark('user.second')]],
    ['a mode that a list narrows', () => [grant(), run('chmod', '640', place.config)]],
    ['a mode that nobody may write', () => [grant(), mark(), run('chmod', '440', place.config)]],
  ])('%s', async (_, give) => {
    give()
    const before = [acl(), attributes(), rightsOf(place.config)]
    const { ino } = statSync(place.config)
    expect(await write('old', 'new')).toEqual([])
    expect(await write('new', 'newer')).toEqual([])
    expect([acl(), attributes(), rightsOf(place.config)]).toEqual(before)
    expect(place.text()).toBe('A=1\nDATABASE_URL=newer\n')
    expect(statSync(place.config).ino).not.toBe(ino)
  })

  test('what was given to it after attach wrote it', async () => {
    await write('old', 'new')
    grant()
    mark()
    const before = [acl(), attributes()]
    await write('new', 'newer')
    expect([acl(), attributes()]).toEqual(before)
  })

  test('no list that its directory hands on to new files only', async () => {
    const before = acl()
    run('setfacl', '-d', '-m', `u:${NOBODY}:rw`, place.folder)
    await write('old', 'new')
    expect(acl()).toBe(before)
    await write('new', 'newer')
    expect(acl()).toBe(before)
  })

  test('the list, when it is empty', async () => {
    mark()
    writeFileSync(place.config, '')
    const store = place.store()
    const added = [change(null, 'new')]
    await store.rehearse(added, 'new')
    const intent = await begin(store, added)
    await store.write(added, { ifHead: intent.seq })
    await end(store, intent)
    expect([attributes(), place.text()]).toEqual([expect.stringContaining('user.managed-by="deploy tool"'), 'DATABASE_URL=new\n'])
  })

  test.runIf(isRoot)('the attributes that only root can set', async () => {
    mark('trusted.mark')
    const before = attributes()
    expect(before).toContain('trusted.mark')
    await write('old', 'new')
    expect(attributes()).toBe(before)
  })

  test.runIf(isRoot)('its list when a member of it writes, who owns it', async () => {
    for (const path of [place.folder, place.config]) run('chown', `${NOBODY}:${NOBODY}`, path)
    run('setfacl', '-m', 'u:1001:rw', place.config)
    const before = [acl(), rightsOf(place.config)]
    const ran = await attach(['--no-probe', '-y', 'DATABASE_URL=postgres://app@db/app'], { cwd: place.folder, uid: NOBODY })
    expect([ran.exit, acl(), rightsOf(place.config)]).toEqual([0, ...before])
  })
})

describe.runIf(attributesOrSkip())('attributes that cannot be copied', () => {
  /** Here nothing can be copied: cp is not the one of GNU. */
  const withoutCopy = (): { readonly searchPath: string } => {
    const bin = join(place.folder, 'bin')
    run('mkdir', bin)
    for (const program of ['tar', 'flock']) run('ln', '-s', run('sh', '-c', `command -v ${program}`).trim(), join(bin, program))
    writeFileSync(join(bin, 'cp'), '#!/bin/sh\necho "cp: unrecognized option" >&2\nexit 1\n', { mode: 0o755 })
    return { searchPath: bin }
  }

  test('make attach write in place, which keeps them, and it is said', async () => {
    grant()
    const before = acl()
    const options = withoutCopy()
    const store = place.store(options)
    const changes = [change('old', 'new')]
    const { notes } = await store.rehearse(changes, 'new')
    expect(notes.map(({ message }) => message)).toEqual([
      expect.stringContaining('access control list or extended attributes that cannot be copied'),
    ])
    const { ino } = statSync(place.config)
    const intent = await begin(store, changes)
    await store.write(changes, { ifHead: intent.seq })
    await end(store, intent)
    expect([acl(), statSync(place.config).ino, place.text()]).toEqual([before, ino, 'A=1\nDATABASE_URL=new\n'])
    expect((await thrown(place.store({ ...options, atomicOnly: true }).rehearse([], 'new'))).message).toContain('--atomic-only')
  })

  test('are no matter where there are none', async () => {
    const store = place.store(withoutCopy())
    expect((await store.rehearse([change('old', 'new')], 'new')).notes).toEqual([])
  })
})

describe('a config that attach wrote itself', () => {
  /** Which programs one change starts: each in PATH says its name before it goes on. */
  async function started(bin: string): Promise<readonly string[]> {
    const log = join(bin, 'log')
    writeFileSync(log, '')
    const store = place.store({ searchPath: bin })
    const now = /DATABASE_URL=(\w+)/.exec(place.text())?.[1] ?? ''
    const changes = [change(now, `${now}x`)]
    await store.rehearse(changes, 'new')
    const intent = await begin(store, changes)
    await store.write(changes, { ifHead: intent.seq })
    await end(store, intent)
    return [...new Set(readFileSync(log, 'utf8').split('\n').filter(Boolean))].sort()
  }

  function talking(): string {
    const bin = mkdtempSync(join(tmpdir(), 'attach-talking-'))
    for (const program of ['tar', 'flock', 'cp']) {
      const real = run('sh', '-c', `command -v ${program}`).trim()
      writeFileSync(join(bin, program), `#!/bin/sh\necho ${program} >> "${bin}/log"\nexec ${real} "$@"\n`, { mode: 0o755 })
    }
    return bin
  }

  test.runIf(programOrSkip('tar'))('is not asked for attributes again, until it or its directory was touched', async () => {
    const bin = talking()
    expect(await started(bin)).toEqual(['flock', 'tar'])
    expect(await started(bin)).toEqual(['flock'])
    expect(await started(bin)).toEqual(['flock'])
    run('touch', place.config)
    expect(await started(bin)).toEqual(['flock', 'tar'])
    expect(await started(bin)).toEqual(['flock'])
    writeFileSync(join(place.folder, 'another'), '')
    expect(await started(bin)).toEqual(['flock', 'tar'])
    linkSync(place.config, join(place.folder, 'linked'))
    expect(await started(bin)).toEqual(['flock'])
    rmSync(bin, { recursive: true })
  })
})
