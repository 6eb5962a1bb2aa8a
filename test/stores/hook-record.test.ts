import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import type { ProcessIdentity } from '../../src/ports/host.ts'
import { type RecordedRun, readHookRecord, removeHookRecord, writeHookRecord } from '../../src/stores/hook-record.ts'
import { lives, programOf } from '../support/commands.ts'
import { type App, app, hookOf } from '../support/declared.ts'
import { isRoot, NOBODY, rightsOf } from '../support/files.ts'
import { eventually } from '../support/processes.ts'
import { scratch } from '../support/scratch.ts'

const run: RecordedRun = { pid: 4711, start: '123', boot: 'b', namespace: 'pid:[1]', host: 'here' }
const me = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }

describe('the record of a running hook', () => {
  test('reads back as it was written, and is gone when it is removed', () => {
    using place = scratch('')
    writeHookRecord(place.at('hook'), run, me)
    writeHookRecord(place.at('hook'), { ...run, pid: 4712 }, me)
    expect(readHookRecord(place.at('hook'))).toEqual({ type: 'run', run: { ...run, pid: 4712 }, by: me.uid })
    expect(rightsOf(place.at('hook'))).toBe(`0644 ${me.uid}:${me.gid}`)
    removeHookRecord(place.at('hook'))
    removeHookRecord(place.at('hook'))
    expect(readHookRecord(place.at('hook'))).toBeNull()
  })

  test('cut short at any byte is none', () => {
    using place = scratch('')
    writeHookRecord(place.at('hook'), run, me)
    const whole = readFileSync(place.at('hook'))
    for (let length = 0; length < whole.length; length += 1) {
      writeFileSync(place.at('hook'), whole.subarray(0, length))
      expect(readHookRecord(place.at('hook')), `${length} bytes`).toBeNull()
    }
  })

  test.each([0, 1, -1, -4711, 1.5, 1e300, '4711', null, undefined, [4711]])('of a process %s is none', (pid) => {
    using place = scratch(`${JSON.stringify({ ...run, pid })}\n`)
    expect(readHookRecord(place.env)).toBeNull()
  })

  test.each<[string, string]>([
    ['no JSON', 'x\n'],
    ['null', 'null\n'],
    ['a list', '[]\n'],
    ['too large', `${JSON.stringify({ ...run, host: 'x'.repeat(5_000) })}\n`],
    ['without a beginning', `${JSON.stringify({ ...run, start: 5 })}\n`],
  ])('that is %s is none', (_name, text) => {
    using place = scratch(text)
    expect(readHookRecord(place.env)).toBeNull()
  })

  test('is not followed through a link, not read from a pipe or a folder, and not believed by a second name', () => {
    using place = scratch('')
    writeHookRecord(place.at('real'), run, me)
    symlinkSync('real', place.at('link'))
    mkdirSync(place.at('folder'))
    expect(['link', 'folder'].map((name) => readHookRecord(place.at(name)))).toEqual([null, null])
    linkSync(place.at('real'), place.at('second'))
    expect(['real', 'second'].map((name) => readHookRecord(place.at(name)))).toEqual([null, null])
  })

  test('that was written through a link leaves what the link led to', () => {
    using place = scratch('kept')
    symlinkSync('.env', place.at('hook'))
    writeHookRecord(place.at('hook'), run, me)
    expect(place.read()).toBe('kept')
    expect(readHookRecord(place.at('hook'))).toMatchObject({ type: 'run' })
  })
})

describe('what an attach that was killed left running', () => {
  const started: ChildProcess[] = []
  afterEach(() => {
    for (const { pid } of started.splice(0)) if (pid !== undefined && lives(pid)) process.kill(-pid, 'SIGKILL')
  })
  /** A process group that waits, and does not listen to SIGTERM if so wished. */
  const orphan = async (place: App, script = 'exec sleep 60', uid = me.uid): Promise<ProcessIdentity> => {
    const child = spawn('/bin/sh', ['-c', `echo up; ${script}`], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      ...(uid === me.uid ? {} : { uid, gid: uid }),
    })
    started.push(child)
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    const found = await place.host.findProcess(child.pid ?? 0)
    if (found === null) throw new Error('the orphan did not start')
    return found.identity
  }
  const leave = (place: App, identity: ProcessIdentity, rest: Partial<RecordedRun> = {}): void =>
    writeHookRecord(place.record, { ...identity, host: place.host.actor.host, ...rest }, me)
  const ours = (timeoutMs = 20_000): App => app({ hook: hookOf('echo ran', timeoutMs) })

  test('is ended before the next hook begins, which is told', async () => {
    using place = ours()
    const { pid, ...rest } = await orphan(place, 'sleep 60 & sleep 60')
    leave(place, { pid, ...rest })
    expect(await place.settle()).toBe('yes')
    expect(lives(pid)).toBe(false)
    expect(place.events.map(({ type }) => type)).toEqual(['settling', 'waiting', 'output', 'settled'])
    expect(existsSync(place.record)).toBe(false)
  })

  test('that attach being killed by its own hook, and found by the next one', async () => {
    using place = ours()
    const source = `
import { writeHookRecord } from './src/stores/hook-record.ts'
import { processHost } from './src/host/process-host.ts'
const host = processHost()
void host.run({ line: 'kill -9 $PPID; sleep 60', folder: '/tmp', env: { PATH: process.env.PATH }, timeoutMs: 60_000, graceMs: 5_000,
  signal: new AbortController().signal, prints: () => {},
  begins: (process) => writeHookRecord(${JSON.stringify(place.record)}, { ...process, host: host.actor.host }, host) })`
    using program = await programOf(source)
    await new Promise((resolve) => spawn(process.execPath, [program.path], { stdio: 'ignore' }).once('exit', resolve))
    const found = readHookRecord(place.record)
    const pid = found?.type === 'run' ? found.run.pid : 0
    expect(lives(pid)).toBe(true)
    expect(await place.settle()).toBe('yes')
    expect(lives(pid)).toBe(false)
  })

  test.each<[string, (identity: ProcessIdentity) => Partial<RecordedRun>]>([
    ['whose number another process has now', () => ({ start: '1' })],
    ['of another run of this host', () => ({ boot: '00000000-0000-0000-0000-000000000000' })],
    ['that is attach itself', () => ({ pid: process.pid })],
    ['that is over', () => ({ pid: 4_000_000 })],
  ])('%s is left alone, without a word', async (_name, change) => {
    using place = ours()
    const identity = await orphan(place)
    leave(place, identity, change(identity))
    expect(await place.settle()).toBe('yes')
    expect(lives(identity.pid)).toBe(true)
    expect(place.events.map(({ type }) => type)).toEqual(['settling', 'output', 'settled'])
    expect(existsSync(place.record)).toBe(false)
  })

  test('is left alone where it leads no group: a record that names a part of ours is not believed', async () => {
    using place = ours()
    const child = spawn('sleep', ['60'], { stdio: 'ignore' })
    try {
      const identity = await eventually('it runs', async () => {
        const found = await place.host.findProcess(child.pid ?? 0)
        if (found === null) throw new Error('not yet')
        return found.identity
      })
      leave(place, identity)
      expect(await place.settle()).toBe('yes')
      expect(lives(identity.pid)).toBe(true)
    } finally {
      child.kill('SIGKILL')
    }
  })

  test('of whose group only the app is left is over: the app stays', async () => {
    using place = ours()
    const identity = await orphan(place, 'sleep 60 >/dev/null & echo $! >app; sleep 0.5'.replace('app', place.at('app')))
    leave(place, identity)
    await eventually('its own process is gone', async () => expect(lives(identity.pid)).toBe(false))
    const member = Number(place.read('app'))
    expect(await place.settle()).toBe('yes')
    expect(lives(member)).toBe(true)
    process.kill(member, 'SIGKILL')
  })

  test.each<[string, Partial<RecordedRun>]>([
    ['in another container', { namespace: 'pid:[1]', host: 'another' }],
    ['on another host', { boot: '00000000-0000-0000-0000-000000000000', host: 'another' }],
    ['where the system does not tell', { boot: null }],
  ])('%s cannot be seen: that is said, and not waited for', async (_name, change) => {
    using place = ours()
    leave(place, { pid: 4711, start: '5', boot: (await place.host.findProcess(process.pid))?.identity.boot ?? '', namespace: 'x' }, change)
    expect(await place.settle()).toBe('yes')
    expect(place.events.filter(({ type }) => type === 'note')).toEqual([expect.objectContaining({ code: 'hook.orphan_unknown' })])
  })

  test.runIf(isRoot)('by the word of one user about a process of another is left alone', async () => {
    using place = ours()
    const identity = await orphan(place)
    leave(place, identity)
    chownSync(place.record, NOBODY, NOBODY)
    expect(await place.settle()).toBe('yes')
    expect(lives(identity.pid)).toBe(true)
  })

  test.runIf(isRoot)('by the word of the user whose process it is, is ended by root', async () => {
    using place = ours()
    const identity = await orphan(place, 'exec sleep 60', NOBODY)
    leave(place, identity)
    chownSync(place.record, NOBODY, NOBODY)
    expect(await place.settle()).toBe('yes')
    expect(lives(identity.pid)).toBe(false)
  })

  test('of another user is waited for up to the time limit of the hook, which does not run meanwhile', async () => {
    using place = ours(700)
    const identity = await orphan(place)
    leave(place, identity)
    Object.assign(place.host, { endGroup: async () => 'barred' })
    expect(await place.settle()).toBe('no')
    expect(place.whys()[0]).toMatch(
      /^a hook of an attach that was killed still runs as user \d+ \(process \d+\), and did not end in 0\.7 s$/,
    )
    expect(place.printed()).toEqual([])
    process.kill(identity.pid, 'SIGKILL')
    await eventually('it is gone', async () => expect(lives(identity.pid)).toBe(false))
    Object.assign(place.deploy.declared ?? {}, { hook: hookOf('echo ran') })
    expect(await place.settle()).toBe('yes')
  })

  test.runIf(isRoot)('of another user cannot be ended by one who is not root', async () => {
    using place = ours()
    const { pid } = await orphan(place)
    chmodSync(place.path, 0o755)
    const source = `
import { processHost } from './src/host/process-host.ts'
process.setegid(${NOBODY}); process.setuid(${NOBODY})
void processHost().endGroup(${pid}, 100).then((end) => process.stdout.write(end))`
    using program = await programOf(source)
    const child = spawn(process.execPath, [program.path], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (piece) => {
      said += piece
    })
    await new Promise((resolve) => child.once('close', resolve))
    expect(said).toBe('barred')
    expect(lives(pid)).toBe(true)
  })
})
