import { existsSync, rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { asDocument, attach, begin } from '../support/cli.ts'
import { type Scratch, scratch, trapped, verdictsOf } from '../support/scratch.ts'
import { haveTerminal, onTerminal } from '../support/terminal.ts'

const SWAP = ['swap', 'TOKEN=new', '--kind', 'opaque']

/** Killed right after it wrote, and then the config was removed. */
async function killedAndRemoved(words: readonly string[] = SWAP, env: Readonly<Record<string, string>> = {}): Promise<Scratch> {
  const place = scratch('TOKEN=old\nOTHER=1\n')
  const trap = trapped({ call: 'renameSync', when: 'after', does: 'SIGKILL' })
  expect(await begin(words, { cwd: place.path, env: { ...env, ...trap } }).ended).toMatchObject({ signal: 'SIGKILL' })
  rmSync(place.env)
  return place
}

describe('a config that was removed with an operation open', { concurrent: true }, () => {
  test.each(['beside', 'elsewhere'] as const)('is read and closed by its history, which stands %s', async (where) => {
    using elsewhere = scratch()
    const env: Record<string, string> = where === 'beside' ? {} : { ATTACH_STATE_DIR: elsewhere.path }
    using place = await killedAndRemoved(SWAP, env)
    const told = { cwd: place.path, env }
    const removed = { code: 'config.removed', message: '.env was removed: each of its keys counts as absent.' }
    expect((await asDocument(['status'], told)).document).toMatchObject({ exit: 0, open: { keys: ['TOKEN'] }, warnings: [removed] })
    expect((await asDocument(['log'], told)).document).toMatchObject({ exit: 0, open: { verb: 'swap' } })
    expect((await asDocument(['recover', '--dry-run'], told)).document).toMatchObject({
      exit: 0,
      message: expect.stringContaining('attach recover --keep'),
    })
    const recovered = await attach(['recover'], told)
    expect(recovered).toMatchObject({ exit: 8, stderr: expect.stringContaining('TOKEN now: absent') })
    expect(recovered.stderr).toContain('hint: attach recover --keep')
    expect(await attach(['recover', '--keep'], told)).toMatchObject({ exit: 0, stdout: 'kept: what stands under TOKEN was accepted\n' })
    expect((await asDocument(['log'], told)).document).toMatchObject({ exit: 0, open: null, releases: [{ verdict: 'kept' }] })
    expect(existsSync(place.env)).toBe(false)
  })

  test('is as an attach of an absent key found it: recover closes that as never changed, and makes no file', async () => {
    using place = await killedAndRemoved(['TOKEN2=x', '--kind', 'opaque'])
    expect(await attach(['recover'], { cwd: place.path })).toMatchObject({ exit: 0 })
    expect(verdictsOf(place)).toEqual(['aborted'])
    expect(existsSync(place.env)).toBe(false)
  })

  test('by its own hook is told, and recover --keep ends it', async () => {
    using place = scratch('TOKEN=old\n')
    place.write('attach.yaml', 'deploys: { production: { config: .env, hook: [sh, hook.sh] } }\n')
    place.write('hook.sh', 'rm .env\nexit 1\n')
    expect(await attach([...SWAP, '--trust'], { cwd: place.path })).toMatchObject({ exit: 8 })
    expect(await attach(['recover', '--keep'], { cwd: place.path })).toMatchObject({ exit: 0 })
    expect(verdictsOf(place)).toEqual(['kept'])
  })

  test('is not made anew by what puts back a detached key: the rest of it is in no history', async () => {
    using place = scratch('TOKEN=old\nOTHER=1\n')
    place.write('attach.yaml', 'deploys: { production: { config: .env, hook: [sh, hook.sh] } }\n')
    place.write('hook.sh', 'test -e ran || rm .env\n: > ran\nexit 1\n')
    expect(await attach(['detach', 'TOKEN', '--trust'], { cwd: place.path })).toMatchObject({ exit: 8 })
    expect(existsSync(place.env)).toBe(false)
    expect(await attach(['recover'], { cwd: place.path })).toMatchObject({ exit: 8 })
    expect(existsSync(place.env)).toBe(false)
    expect(await attach(['recover', '--keep'], { cwd: place.path })).toMatchObject({ exit: 0 })
    expect(verdictsOf(place)).toEqual(['kept'])
  })

  test('is said to be removed by every verb that needs it, and nothing makes it anew unasked', async () => {
    using place = await killedAndRemoved()
    for (const words of [SWAP, ['detach', 'TOKEN'], ['rollback'], ['probe'], ['exec', '--', 'true'], ['TOKEN=x', '--kind', 'opaque']]) {
      const ran = await attach(words, { cwd: place.path })
      expect(ran).toMatchObject({ exit: 2 })
      expect(ran.stderr).toContain('.env does not exist, and its history does (.attach/.env): it was removed; bring it back from a copy')
      expect(ran.stderr).toContain('hint: attach recover')
    }
    expect(existsSync(place.env)).toBe(false)
  })

  test('and came back from a copy is recovered as if it had never been gone', async () => {
    using place = await killedAndRemoved()
    place.write('.env', 'TOKEN=new\nOTHER=1\n')
    expect(await attach(['recover'], { cwd: place.path })).toMatchObject({ exit: 0 })
    expect(verdictsOf(place)).toEqual(['committed'])
  })
})

test('a folder without a history has nothing to read or to close', async () => {
  using place = scratch()
  for (const verb of ['status', 'log', 'recover'])
    expect(await attach([verb], { cwd: place.path })).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('.env does not exist; and no'),
    })
})

test.runIf(haveTerminal())('attach alone shows the history of a config that was removed', async () => {
  using place = await killedAndRemoved()
  const { exit, screen } = await onTerminal([], { cwd: place.path }).ended
  expect(exit).toBe(0)
  expect(screen).toContain('.env was removed')
  expect(screen).not.toContain('nothing is attached here yet')
})
