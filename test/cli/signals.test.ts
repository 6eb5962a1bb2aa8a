import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asDocument, attach, begin, programOf } from '../support/cli.ts'
import { haveRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { frozen, journalOf, type Scratch, scratch, type Trap, trapped, treeOf, verdictsOf } from '../support/scratch.ts'

const ONE = 'redis://one.test:6379/0'
const TWO = 'redis://two.test:6379/0'
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const NUMBERS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** A swap that freezes itself at a file call, and is found frozen there. */
async function frozenSwap(place: Scratch, trap: Omit<Trap, 'does'>) {
  const run = begin(['swap', `REDIS_URL=${TWO}`, '--no-probe', '--json'], { cwd: place.path, env: trapped({ ...trap, does: 'SIGSTOP' }) })
  await frozen(run.pid)
  return run
}

describe('a signal', { concurrent: true }, () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s before the intent changes nothing', async (signal) => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    const run = await frozenSwap(place, { call: 'openSync', path: '/values/', when: 'before' })
    run.kill(signal)
    run.kill('SIGCONT')
    const ran = await run.ended
    expect(JSON.parse(ran.stdout)).toMatchObject({ exit: NUMBERS[signal], outcome: 'unchanged', error: { code: 'INTERRUPTED' } })
    expect(ran.exit).toBe(NUMBERS[signal])
    expect(place.read()).toBe(`REDIS_URL=${ONE}\n`)
    expect(verdictsOf(place)).not.toContain('open')
  })

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s between the intent and the write: the exit agrees with the config and the journal',
    async (signal) => {
      using place = scratch(`REDIS_URL=${ONE}\n`)
      const run = await frozenSwap(place, { call: 'renameSync', when: 'before' })
      expect(verdictsOf(place)).toEqual(['open'])
      run.kill(signal)
      run.kill('SIGCONT')
      const { exit } = await run.ended
      const now = place.read()
      if (exit === 0) expect({ now, verdicts: verdictsOf(place) }).toEqual({ now: `REDIS_URL=${TWO}\n`, verdicts: ['committed'] })
      else {
        expect([7, NUMBERS[signal]]).toContain(exit)
        expect({ now, verdicts: verdictsOf(place) }).toEqual({ now: `REDIS_URL=${ONE}\n`, verdicts: [exit === 7 ? 'reverted' : 'aborted'] })
      }
    },
  )

  test.each(['SIGINT', 'SIGTERM'] as const)('%s after the write puts back and exits 7', async (signal) => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    const run = await frozenSwap(place, { call: 'renameSync', when: 'after' })
    expect(place.read()).toBe(`REDIS_URL=${TWO}\n`)
    run.kill(signal)
    run.kill('SIGCONT')
    const ran = await run.ended
    expect({ exit: ran.exit, document: JSON.parse(ran.stdout) }).toMatchObject({
      exit: 7,
      document: { outcome: 'reverted', error: { message: expect.stringContaining('put back') } },
    })
    expect(place.read()).toBe(`REDIS_URL=${ONE}\n`)
    expect(verdictsOf(place)).toEqual(['reverted'])
  })

  test('SIGINT after a write in place puts back in place: the file keeps its names', async () => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    linkSync(place.env, place.at('other'))
    const run = await frozenSwap(place, { call: 'unlinkSync', path: '/in-place', nth: 2 })
    expect(readFileSync(place.at('other'), 'utf8')).toBe(`REDIS_URL=${TWO}\n`)
    run.kill('SIGINT')
    run.kill('SIGCONT')
    expect((await run.ended).exit).toBe(7)
    expect([place.read(), readFileSync(place.at('other'), 'utf8')]).toEqual([`REDIS_URL=${ONE}\n`, `REDIS_URL=${ONE}\n`])
    expect(verdictsOf(place)).toEqual(['reverted'])
  })

  test.each(['before', 'after'] as const)('SIGHUP %s the write does not stop an operation that has begun', async (when) => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    const run = await frozenSwap(place, { call: 'renameSync', when })
    run.kill('SIGHUP')
    run.kill('SIGCONT')
    expect(await run.ended).toMatchObject({ exit: 0 })
    expect(place.read()).toBe(`REDIS_URL=${TWO}\n`)
    expect(verdictsOf(place)).toEqual(['committed'])
  })

  test.each(SIGNALS)('%s after the close is ignored: the result stands', async (signal) => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    const run = await frozenSwap(place, { call: 'fsyncSync', path: '/journal', when: 'after', nth: 2 })
    expect(verdictsOf(place)).toEqual(['committed'])
    run.kill(signal)
    run.kill('SIGCONT')
    const ran = await run.ended
    expect({ exit: ran.exit, document: JSON.parse(ran.stdout) }).toMatchObject({ exit: 0, document: { outcome: 'changed', release: 1 } })
    expect(place.read()).toBe(`REDIS_URL=${TWO}\n`)
  })

  test('a second one while it is put back: the exit agrees with the journal, and recover ends what is open', async () => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    const env = trapped({ call: 'renameSync', when: 'after', does: 'SIGSTOP' }, { call: 'renameSync', nth: 2, does: 'SIGSTOP' })
    const run = begin(['swap', `REDIS_URL=${TWO}`, '--no-probe'], { cwd: place.path, env })
    await frozen(run.pid)
    run.kill('SIGINT')
    run.kill('SIGCONT')
    await new Promise((resolve) => setTimeout(resolve, 100))
    await frozen(run.pid)
    run.kill('SIGTERM')
    run.kill('SIGCONT')
    const { exit } = await run.ended
    const verdicts = verdictsOf(place)
    expect([
      [7, 'reverted'],
      [8, 'open'],
    ]).toContainEqual([exit, ...verdicts])
    expect(await attach(['recover'], { cwd: place.path })).toMatchObject({ exit: 0 })
    expect(verdictsOf(place)).not.toContain('open')
    expect(place.read()).toBe(`REDIS_URL=${ONE}\n`)
  })
})

describe('a reader that is gone', { concurrent: true }, () => {
  const shell = async (place: Scratch, around: string): Promise<number> => {
    const command = `'${process.execPath}' '${programOf('attach')}' swap REDIS_URL=${TWO} --no-probe -v`
    const script = around.replace('COMMAND', command)
    const child = spawn('/bin/sh', ['-c', script], {
      cwd: place.path,
      env: { PATH: process.env['PATH'] ?? '', HOME: place.path },
      stdio: 'ignore',
    })
    await once(child, 'exit')
    return Number(place.read('exit'))
  }

  test.each([
    '{ COMMAND; echo $? >exit; } | head -c 0',
    '{ COMMAND --json; echo $? >exit; } | head -c 0',
    '{ COMMAND 2>&1; echo $? >exit; } | true',
    'COMMAND >&-; echo $? >exit',
    'COMMAND 2>&-; echo $? >exit',
    'COMMAND <&- >&- 2>&-; echo $? >exit',
    'COMMAND >/dev/full 2>/dev/full; echo $? >exit',
  ])('does not stop an operation: %s', async (around) => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    expect(await shell(place, around)).toBe(0)
    expect(place.read()).toBe(`REDIS_URL=${TWO}\n`)
    expect(verdictsOf(place)).toEqual(['committed'])
    expect(journalOf(place).some(({ type }) => type === 'claim')).toBe(false)
  })

  test('changes no exit of a reading command', async () => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    const untouched = treeOf(place.path)
    for (const words of ['status', 'log', 'help', '--version']) {
      const script = `{ '${process.execPath}' '${programOf('attach')}' ${words}; echo $? >&3; } 3>&1 1>&- | cat`
      const child = spawn('/bin/sh', ['-c', script], { cwd: place.path, stdio: ['ignore', 'pipe', 'ignore'] })
      let said = ''
      child.stdout.on('data', (chunk) => {
        said += chunk
      })
      await once(child, 'close')
      expect({ words, said }).toEqual({ words, said: '0\n' })
    }
    expect(treeOf(place.path)).toEqual(untouched)
  })
})

describe.runIf(haveRedis())('kill -9 at any moment', () => {
  let one: RedisServer
  let two: RedisServer
  beforeAll(async () => {
    one = await startRedis({ password: 'word-one' })
    two = await startRedis({ password: 'word-two' })
  })
  afterAll(() => Promise.all([one, two].map((server) => server[Symbol.asyncDispose]())))

  test('of a swap leaves the old config or the new one, and recover or the next command agrees with it', { timeout: 60_000 }, async () => {
    const begun = performance.now()
    using first = scratch(`PORT=3000\nREDIS_URL=${one.url()}\n`)
    expect(await attach(['swap', `REDIS_URL=${two.url()}`], { cwd: first.path })).toMatchObject({ exit: 0 })
    const usual = performance.now() - begun
    const left: string[] = []
    const storm = async (round: number): Promise<void> => {
      using place = scratch(`PORT=3000\nREDIS_URL=${one.url()}\n`)
      const how = { cwd: place.path }
      const run = begin(['swap', `REDIS_URL=${two.url()}`], how)
      const timer = setTimeout(() => run.kill('SIGKILL'), usual * (0.5 + Math.random()))
      const { exit } = await run.ended
      clearTimeout(timer)
      const found = place.read()
      const isNew = found === `PORT=3000\nREDIS_URL=${two.url()}\n`
      if (!isNew) expect(found).toBe(`PORT=3000\nREDIS_URL=${one.url()}\n`)
      if (exit === 0) expect(isNew).toBe(true)
      else expect(exit).toBeNull()
      left.push(`${exit === null ? 'killed' : 'done'}, ${isNew ? 'new' : 'old'}`)
      const next = round % 2 === 0 ? ['recover'] : ['A_URL=redis://a.test/0', '--no-probe']
      const { exit: after, document } = await asDocument(next, how)
      expect({ left: left.at(-1), after, error: document.error }).toMatchObject({ after: 0 })
      expect(place.read()).toBe(round % 2 === 0 ? found : `${found}A_URL=redis://a.test/0\n`)
      expect(verdictsOf(place)).not.toContain('open')
      expect(Object.keys(treeOf(place.path)).filter((name) => name.endsWith('.tmp'))).toEqual([])
    }
    for (let round = 0; round < 20; round += 2) await Promise.all([storm(round), storm(round + 1)])
    expect(left).toHaveLength(20)
  })

  test.each([
    ['before the intent', { call: 'openSync', path: '/values/', when: 'before' }, 'old', []],
    ['after the intent', { call: 'renameSync', when: 'before' }, 'old', ['aborted']],
    ['after the write', { call: 'renameSync', when: 'after' }, 'new', ['committed']],
    ['before the close', { call: 'fsyncSync', path: '/journal', when: 'before', nth: 2 }, 'new', ['committed']],
  ] as const)('%s is closed by the next command for what it was', async (_, trap, stands, verdicts) => {
    using place = scratch(`REDIS_URL=${ONE}\n`)
    const run = begin(['swap', `REDIS_URL=${TWO}`, '--no-probe'], { cwd: place.path, env: trapped({ ...trap, does: 'SIGKILL' }) })
    expect(await run.ended).toMatchObject({ exit: null, signal: 'SIGKILL' })
    const expected = `REDIS_URL=${stands === 'old' ? ONE : TWO}\n`
    expect(place.read()).toBe(expected)
    expect(await attach(['recover'], { cwd: place.path })).toMatchObject({ exit: 0 })
    expect({ config: place.read(), verdicts: verdictsOf(place) }).toEqual({ config: expected, verdicts })
    expect(await attach(['swap', 'REDIS_URL=redis://three.test/0', '--no-probe'], { cwd: place.path })).toMatchObject({ exit: 0 })
  })
})
