import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { asDocument, attach, begin, documentIn } from '../support/cli.ts'
import { documentSchema } from '../support/document-schema.ts'
import { liar, silent } from '../support/liars.ts'
import { freePort } from '../support/ports.ts'
import { eventually } from '../support/processes.ts'
import { haveRedis, startRedis } from '../support/redis.ts'
import { scratch } from '../support/scratch.ts'

describe.runIf(haveRedis())('attach wait', { timeout: 30_000 }, () => {
  test('ends with 0 as soon as the server is there, and runs the command with its exit', async () => {
    await using server = await startRedis({ password: 'pw-of-wait' })
    await server.stop()
    using place = scratch(`REDIS_URL=${server.url()}\n`)
    const running = begin(['wait', '--timeout', '20', '--', 'sh', '-c', 'echo from the command; exit 7'], { cwd: place.path })
    await eventually('the first try', async () => expect(running.stderr()).toContain('failed at connect'))
    await server.start()
    const ran = await running.ended
    expect(ran).toMatchObject({ exit: 7, stdout: 'from the command\n' })
    expect(ran.stdout + ran.stderr).not.toContain('pw-of-wait')
  })

  test('a wrong password ends it at once, with what is known of each', async () => {
    await using server = await startRedis({ password: 'pw-of-wait' })
    const dead = await freePort()
    using place = scratch(`REDIS_URL=${server.url({ password: 'wrong' })}\nCACHE_URL=redis://127.0.0.1:${dead}\n`)
    const started = performance.now()
    const { document, exit } = await asDocument(['wait', '--timeout', '20'], { cwd: place.path })
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(documentSchema.safeParse(document).error?.issues ?? []).toEqual([])
    expect({ exit, error: document.error }).toMatchObject({
      exit: 3,
      error: { code: 'PROBE_FAILED', message: expect.stringMatching(/^REDIS_URL: .*login/) },
    })
    expect(document.probes?.map(({ key, report }) => [key, report.ok]).toSorted()).toEqual([
      ['CACHE_URL', false],
      ['REDIS_URL', false],
    ])
  })

  test('exit 124 when the time passes, and the config is as it was', async () => {
    using place = scratch(`REDIS_URL=redis://127.0.0.1:${await freePort()}\n`)
    const before = place.read()
    const { document, exit } = await asDocument(['wait', '--timeout', '1', '--interval', '100ms', '--backoff', 'none'], { cwd: place.path })
    expect(documentSchema.safeParse(document).error?.issues ?? []).toEqual([])
    expect({ exit, outcome: document.outcome, error: document.error }).toMatchObject({
      exit: 124,
      outcome: 'unchanged',
      error: { code: 'TIMED_OUT', message: expect.stringMatching(/^after 1 s not as expected: REDIS_URL: failed at connect: refused/) },
    })
    expect(place.read()).toBe(before)
  })

  test('inverted it waits until the server is gone', async () => {
    await using server = await startRedis()
    const running = begin(['wait', server.url(), '--invert', '--timeout', '20'], { cwd: tmpdir() })
    await eventually('the first try', async () => expect(running.stderr()).toContain('it answers'))
    await server.stop()
    expect(await running.ended).toMatchObject({ exit: 0, stdout: 'handle 1: gone\n' })
  })

  test('with --json and a command the document stands on stderr, and stdout is the command’s', async () => {
    await using server = await startRedis()
    const ran = await attach(['wait', server.url(), '--json', '--', 'echo', 'mine'], { cwd: tmpdir() })
    expect(ran).toMatchObject({ exit: 0, stdout: 'mine\n' })
    expect(documentIn(ran.stderr)).toMatchObject({ verb: 'wait', exit: 0 })
  })

  test('a signal ends it with its number, and every socket is closed', async () => {
    await using listener = await liar(silent)
    const running = begin(['wait', `redis://127.0.0.1:${listener.port}`], { cwd: tmpdir() })
    await eventually('the probe', async () => expect(listener.seen()).toBeGreaterThan(0))
    running.kill('SIGINT')
    expect(await running.ended).toMatchObject({ exit: 130 })
    await eventually('the end of every session', async () => expect(listener.open()).toBe(0))
  })

  test.each([
    [['wait', '--interval', '0'], 'interval'],
    [['wait', '--backoff', 'linear'], 'backoff'],
    [['wait', '--concurrency', '0'], 'concurrency'],
    [['wait', 'A=redis://h'], 'takes keys and handles'],
    [['wait', '--'], 'no command after'],
  ])('%j is exit 2, and nothing is contacted', async (line, message) => {
    const { document, exit } = await asDocument(line, { cwd: tmpdir() })
    expect({ exit, message: document.error?.message }).toMatchObject({ exit: 2, message: expect.stringContaining(message) })
  })

  test('where nothing can be asked it says so', async () => {
    using place = scratch('A=1\n')
    expect(await attach(['wait'], { cwd: place.path })).toMatchObject({ exit: 3, stderr: expect.stringContaining('nothing to wait for') })
  })
})
