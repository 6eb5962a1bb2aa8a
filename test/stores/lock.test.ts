import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isLocked } from '../../src/stores/kernel-lock.ts'
import { attach, programOf } from '../support/cli.ts'
import {
  begin,
  end,
  type Files,
  files,
  holder,
  intentAt,
  namesIn,
  outcome,
  programOrSkip,
  releases,
  says,
  script,
  signal,
  thrown,
} from '../support/files.ts'
import { end as endProcess } from '../support/processes.ts'

const haveFlock = programOrSkip('flock')

let place: Files
const started: ChildProcess[] = []
beforeEach(async () => {
  place = files()
  await releases(place.store(), 1)
})
afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill('SIGCONT')
    await endProcess(child, 'SIGKILL')
  }
  await place.remove()
})

const held = async (): Promise<ChildProcess> => {
  const child = await holder(place.state)
  started.push(child)
  return child
}
const since = async (wait: Promise<unknown>): Promise<number> => {
  const from = performance.now()
  await wait
  return performance.now() - from
}
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The built command waits for the lock, and its whole process group gets a signal, as from a terminal. */
async function struckWhileWaiting(signal: 'SIGINT' | 'SIGTERM'): Promise<{ readonly exit: number | null; readonly stderr: string }> {
  const words = [programOf('attach'), 'A=postgres://app@db/app', '--no-probe', '-y', '--lock-timeout', '60s']
  const child = spawn(process.execPath, words, {
    cwd: place.folder,
    env: { PATH: process.env['PATH'], HOME: place.folder },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  started.push(child)
  let stderr = ''
  const waits = new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk) => {
      stderr += chunk
      if (stderr.includes('waiting for')) resolve()
    })
  })
  const closed = once(child, 'close')
  await Promise.race([waits, closed])
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal)
  const [exit] = await closed
  return { exit, stderr }
}

describe.runIf(haveFlock)('the lock of a config', () => {
  test('makes a second writer wait until the first one is done; the second is then told, and has the lock for its next try', async () => {
    const [a, b] = [place.store(), place.store({ lockTimeoutMs: 10_000 })]
    const intent = await begin(a)
    const order: string[] = []
    const second = outcome(b.journal.keep(4, intentAt(4).values, [], signal)).then((said) => order.push(said))
    await later(150)
    order.push('first')
    await end(a, intent)
    await second
    expect(order).toEqual(['first', 'BUSY'])
    expect(await outcome(begin(place.store()))).toBe('BUSY')
    expect((await begin(b)).seq).toBe(5)
  })

  test('is waited for no longer than said; then BUSY names who, what, which process and since when', async () => {
    const a = place.store()
    await begin(a)
    const waiting: string[] = []
    const b = place.store({ lockTimeoutMs: 1_200, onWait: (reason) => waiting.push(reason) })
    let said = { code: '', message: '', hint: '' }
    const took = await since(
      thrown(b.journal.keep(4, intentAt(4).values, [], signal)).then((thrown) => {
        said = thrown
      }),
    )
    const who = 'swap by ann on here (process 4711, since 2026-01-02T03:04:05.678Z)'
    expect(said).toEqual({
      code: 'BUSY',
      message: `${who} is still at work after 1.2 s (--lock-timeout); nothing was changed`,
      hint: 'attach status',
    })
    expect(waiting).toEqual([`waiting for ${who}`])
    expect(took).toBeGreaterThan(1_150)
    expect(took).toBeLessThan(2_000)
  })

  test('of somebody who has begun nothing yet is waited for too', async () => {
    await held()
    expect((await thrown(begin(place.store()))).message).toContain('another attach command is still at work after 1 s')
  })

  test('of a process that was killed is had in less than a second', async () => {
    const child = await held()
    const waiting = begin(place.store({ lockTimeoutMs: 20_000 }))
    await later(200)
    const took = await since(endProcess(child, 'SIGKILL').then(() => waiting))
    expect(took).toBeLessThan(1_000)
  })

  test('of a process that is frozen is never taken', async () => {
    const child = await held()
    child.kill('SIGSTOP')
    expect(await place.store().journal.owner()).toBe('alive')
    expect(await outcome(begin(place.store({ lockTimeoutMs: 1_500 })))).toBe('BUSY')
    expect(await outcome(place.store().journal.quiet(1_000, signal))).toBe('BUSY')
    child.kill('SIGCONT')
    await endProcess(child, 'SIGKILL')
    expect(await outcome(begin(place.store()))).toBe('resolved')
  })

  test('is not inherited by a child that outlives us', async () => {
    const path = await script(
      `const { FileStore } = await import('../../src/stores/file.ts')
       const { spawn } = await import('node:child_process')
       const store = new FileStore(files.optionsFor(argv[0]))
       await files.begin(store)
       const child = spawn('sleep', ['30'], { stdio: 'ignore', detached: true })
       console.log('child ' + child.pid + ' begun')
       setInterval(() => {}, 1000)`,
      place.folder,
    )
    const parent = spawn(process.execPath, [path, place.config], { stdio: ['ignore', 'pipe', 'inherit'] })
    started.push(parent)
    let said = ''
    parent.stdout.on('data', (chunk) => {
      said += chunk
    })
    await says(parent, 'begun')
    const pid = Number(/child (\d+)/.exec(said)?.[1])
    expect(isLocked(place.state.lock, 'flock')).toBe(true)
    const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
    expect(open.filter((name) => name.includes('.attach'))).toEqual([])
    await endProcess(parent, 'SIGKILL')
    expect(await place.store().journal.owner()).toBe('dead')
    process.kill(pid, 'SIGKILL')
  })

  test('whose file was removed while it was waited for is asked for anew', async () => {
    const child = await held()
    const waiting = begin(place.store({ lockTimeoutMs: 10_000 }))
    await later(200)
    rmSync(place.state.lock)
    await endProcess(child, 'SIGKILL')
    await waiting
    expect(namesIn(place.state.path)).toContain('lock')
    expect(isLocked(place.state.lock, 'flock')).toBe(true)
  })

  test('whose file was removed under its holder no longer lets that one write', async () => {
    const [a, b] = [place.store(), place.store()]
    const intent = await begin(a)
    rmSync(place.state.lock)
    expect(await outcome(a.write([], { ifHead: intent.seq }))).toBe('CLAIMED')
    await b.journal.quiet(1_000, signal)
  })

  test('given up while waiting leaves nothing behind: no process, no open file, and the holder undisturbed', async () => {
    const child = await held()
    const files = (): number => readdirSync('/proc/self/fd').length
    const before = files()
    const stop = new AbortController()
    const store = place.store({ lockTimeoutMs: 60_000 })
    const waiting = thrown(store.journal.keep(3, intentAt(3).values, [], stop.signal))
    await later(200)
    stop.abort()
    const took = await since(waiting)
    expect(await waiting).toMatchObject({ code: 'INTERRUPTED' })
    expect(took).toBeLessThan(500)
    expect(files()).toBeLessThanOrEqual(before)
    expect(isLocked(place.state.lock, 'flock')).toBe(true)
    await endProcess(child, 'SIGKILL')
    expect(isLocked(place.state.lock, 'flock')).toBe(false)
  })

  test('is not asked for by somebody who wished to stop before', async () => {
    await held()
    const took = await since(outcome(place.store({ lockTimeoutMs: 60_000 }).journal.keep(3, intentAt(3).values, [], AbortSignal.abort())))
    expect(took).toBeLessThan(500)
  })

  test('is only looked at by readers, who give it back at once', async () => {
    const store = place.store()
    for (let look = 0; look < 5; look += 1) expect(await store.journal.owner()).toBe('dead')
    const looking = Promise.all(Array.from({ length: 20 }, () => place.store().journal.owner()))
    await begin(place.store())
    await looking
    expect(await store.journal.owner()).toBe('alive')
  })

  test('is asked for again when whoever asks is ended by a signal', async () => {
    const searchPath = place.flock('test -e struck || { : > struck; kill -TERM $$; }')
    const store = place.store({ searchPath })
    expect(isLocked(place.state.lock, 'flock', searchPath)).toBe(false)
    rmSync(join(place.folder, 'struck'))
    await begin(store)
    expect(isLocked(place.state.lock, 'flock')).toBe(true)
  })

  test('is not told apart by somebody whose every question is ended by a signal, and waited for in vain', async () => {
    const searchPath = place.flock('kill -TERM $$')
    expect(isLocked(place.state.lock, 'flock', searchPath)).toBe(null)
    expect(await outcome(begin(place.store({ searchPath })))).toBe('BUSY')
  })

  test('a signal that ends the wait of flock, and not ours, ends no wait', async () => {
    const child = await held()
    const searchPath = place.flock('case $* in *-w*) test -e struck || { : > struck; kill -INT $$; };; esac')
    const waiting = begin(place.store({ searchPath, lockTimeoutMs: 20_000 }))
    await later(300)
    await endProcess(child, 'SIGKILL')
    expect(await outcome(waiting)).toBe('resolved')
  })

  test.each([
    [65, 'the file system refuses locks', 'ATTACH_STATE_DIR'],
    [71, 'the file system refuses locks', 'ATTACH_STATE_DIR'],
    [127, 'flock ended with exit 127', 'flock --version'],
  ])('that flock cannot have (exit %i) is refused with what that exit says', async (exit, why, hint) => {
    const refused = await thrown(begin(place.store({ searchPath: place.flock(`exit ${exit}`) })))
    expect(refused.code).toBe('UNAVAILABLE')
    expect(refused.message).toContain(`: ${why}; nothing was changed`)
    expect(refused.hint).toContain(hint)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'given up by a %s of the terminal, which flock gets too, is never a lock refused',
    async (name) => {
      await held()
      const number = { SIGINT: 130, SIGTERM: 143 }[name]
      const one = async (): Promise<unknown> => {
        const { exit, stderr } = await struckWhileWaiting(name)
        return { exit, refuses: stderr.includes('no kernel lock') }
      }
      for (let round = 0; round < 4; round += 1)
        expect(await Promise.all(Array.from({ length: 5 }, one))).toEqual(Array(5).fill({ exit: number, refuses: false }))
    },
    30_000,
  )

  test('where flock is missing nothing is written, and it is said', async () => {
    const { exit, stderr } = await attach(['--no-probe', '-y', 'A=postgres://app@db/app'], { cwd: place.folder, env: { PATH: '/nowhere' } })
    expect(exit).toBe(6)
    expect(stderr).toMatch(/no kernel lock can be had on .*: the flock command is missing; the config was not touched/)
    expect(stderr).toContain('install util-linux')
    expect(place.text()).toBe('DATABASE_URL=v1\n')
    expect(await place.store().journal.head()).toEqual({ seq: 2, release: 1, open: null })
  })
})

test('a lock that is no file is refused', async () => {
  rmSync(place.state.lock)
  writeFileSync(join(place.folder, 'victim'), 'victim')
  symlinkSync(join(place.folder, 'victim'), place.state.lock)
  const { code, message, hint } = await thrown(begin(place.store()))
  expect([code, message]).toEqual(['UNAVAILABLE', 'the lock file beside the journal could not be opened: ELOOP; nothing was changed'])
  expect(hint).toContain('symbolic link')
  expect(await place.store().journal.owner()).toBe('unknown')
})
