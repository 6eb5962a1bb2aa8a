import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Document } from '../../src/domain/document.ts'
import { attach, begin, documentIn, type RunOptions } from '../support/cli.ts'
import { documentSchema, publishedSchema } from '../support/document-schema.ts'
import { type Liar, liar, silent } from '../support/liars.ts'
import { freePort } from '../support/ports.ts'
import { haveRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { reopen, type Scratch, scratch } from '../support/scratch.ts'

const PUBLISHED = resolve(import.meta.dirname, '../../docs/attach-1.schema.json')

/** `ATTACH_WRITE_SCHEMA=1 npx vitest run test/cli/json.test.ts && npx biome check --write docs` makes it anew. */
if (process.env['ATTACH_WRITE_SCHEMA'] === '1') writeFileSync(PUBLISHED, JSON.stringify(publishedSchema()))

test('the published schema is the one the documents are checked against', () => {
  expect(JSON.parse(readFileSync(PUBLISHED, 'utf8'))).toEqual(JSON.parse(JSON.stringify(publishedSchema())))
})

/** Runs with `--json` and answers the one document, checked. */
async function document(args: readonly string[], how: RunOptions): Promise<Document> {
  const ran = await attach(['--json', ...args], how)
  const said = documentIn(ran.stdout)
  expect(ran.stderr, 'nothing stands beside the document').toBe('')
  expect(documentSchema.safeParse(said).error?.issues ?? [], JSON.stringify(said)).toEqual([])
  expect(said.exit).toBe(ran.exit)
  expect(said.error === null).toBe(said.exit === 0)
  expect(said.undo === null).toBe(said.release === null)
  return said
}

describe.runIf(haveRedis())('with --json every command prints exactly one document', () => {
  let one: RedisServer
  let two: RedisServer
  let mute: Liar
  let down: string
  beforeAll(async () => {
    one = await startRedis({ password: 'word-one' })
    two = await startRedis()
    mute = await liar(silent)
    down = `redis://127.0.0.1:${await freePort()}/0`
  })
  afterAll(() => Promise.all([one, two, mute].map((server) => server[Symbol.asyncDispose]())))

  test('through a whole life of a deploy', async () => {
    using place = scratch('PORT=3000\n')
    const how = { cwd: place.path }
    const run = (line: string, more: Partial<RunOptions> = {}) => document(line.split(' '), { ...how, ...more })

    expect(await run('CACHE_URL=- -m first --dry-run', { input: one.url() })).toMatchObject({
      verb: 'attach',
      outcome: 'planned',
      release: null,
    })
    expect(await run('CACHE_URL=- -m first', { input: one.url() })).toMatchObject({
      verb: 'attach',
      deploy: '.env',
      outcome: 'changed',
      release: 1,
      undo: ['attach', 'undo', 'v1'],
      changes: [{ key: 'CACHE_URL', from: null }],
      probes: [{ key: 'CACHE_URL', kind: 'redis', side: 'new', report: { ok: true, facts: { role: 'primary' } } }],
    })
    expect(await run('CACHE_URL=-', { input: one.url() })).toMatchObject({ outcome: 'unchanged', release: null, changes: [] })
    expect(await run(`swap CACHE_URL=${two.url()} -v`)).toMatchObject({ verb: 'swap', outcome: 'changed', release: 2 })
    expect(await run('status')).toMatchObject({
      verb: 'status',
      outcome: 'unchanged',
      open: null,
      attachments: [{ key: 'CACHE_URL', release: 2, edited: false }],
    })
    expect(await run('status --probe')).toMatchObject({ probes: [{ side: 'attached', report: { ok: true } }] })
    expect((await run('status --reveal')).attachments?.[0]?.value).toBe(two.url())
    expect(await run('probe')).toMatchObject({ verb: 'probe', outcome: 'unchanged', probes: [{ key: 'CACHE_URL' }] })
    expect(await run(`probe ${two.url()}`)).toMatchObject({ deploy: null, probes: [{ kind: 'redis' }] })
    expect(await run('rollback v0')).toMatchObject({ verb: 'rollback', release: 3, changes: [{ to: null }] })
    const undone = await run('undo v3 -q')
    expect(undone).toMatchObject({ verb: 'undo', release: 4, undo: ['attach', 'undo', 'v4'] })
    expect(await run('detach CACHE_URL')).toMatchObject({ verb: 'detach', release: 5 })
    expect(await run('log')).toMatchObject({
      verb: 'log',
      releases: [
        { release: 5 },
        { release: 4 },
        { release: 3 },
        { release: 2 },
        { release: 1, message: 'first', verdict: 'committed', settled: 'skipped' },
      ],
    })
    expect(await run('recover')).toMatchObject({ verb: 'recover', outcome: 'unchanged' })
  })

  test('the words of `undo` are a command that runs as they stand', async () => {
    using place = scratch()
    place.write('a deploy/.env.pro duction', 'A=1\n')
    const how = { cwd: place.path }
    const made = await document(['-C', 'a deploy', '-c', '.env.pro duction', `CACHE_URL=${two.url()}`], how)
    const [program, ...words] = made.undo ?? []
    expect(program).toBe('attach')
    expect(await document(words, how)).toMatchObject({ exit: 0, outcome: 'changed', changes: [{ key: 'CACHE_URL', to: null }] })
    expect(place.read('a deploy/.env.pro duction')).toBe('A=1\n')
  })

  const nothing = (): void => {}
  type Failure = readonly [title: string, line: readonly string[], exit: number, code: string, prepare: (place: Scratch) => void]
  const failures: readonly Failure[] = [
    ['usage', ['statsu'], 2, 'USAGE', nothing],
    ['usage of an option', ['status', '--jsn'], 2, 'USAGE', nothing],
    ['nothing asked for', [], 2, 'USAGE', nothing],
    ['a bad handle', ['A_URL=redis://h:x/0'], 2, 'HANDLE_INVALID', nothing],
    ['no such config', ['status', '-d', 'x'], 2, 'USAGE', nothing],
    ['a config that is none', ['status', '-c', '.'], 2, 'CONFIG_INVALID', nothing],
    ['a probe that failed', ['A_URL=DOWN'], 3, 'PROBE_FAILED', nothing],
    ['one that failed of two', ['probe', 'DOWN', 'UP'], 3, 'PROBE_FAILED', nothing],
    ['a refusal', ['undo', 'v9'], 3, 'REFUSED', nothing],
    ['a missing confirmation', ['REDIS_URL=UP'], 3, 'REFUSED', nothing],
    ['time that passed', ['A_URL=MUTE', '--timeout', '300ms'], 3, 'REFUSED', nothing],
    ['a conflict', ['undo', '--no-probe'], 4, 'CONFLICT', ({ write }) => write('.env', 'REDIS_URL=redis://by-hand.test/0\n')],
    ['a damaged journal', ['detach', 'REDIS_URL'], 6, 'DAMAGED', ({ write }) => write('.attach/.env/journal', 'nonsense\n')],
    [
      'an open operation that nobody can finish',
      ['recover'],
      8,
      'INCOMPLETE',
      (place) => reopen(place, 'REDIS_URL=redis://by-hand.test/0\n'),
    ],
  ]

  test.concurrent.each<Failure>(failures)('also for %s', async (_, line, exit, code, prepare) => {
    using place = scratch('REDIS_URL=redis://one.test/0\n')
    const how = { cwd: place.path }
    expect(await attach(['swap', 'REDIS_URL=redis://two.test/0', '--no-probe'], how)).toMatchObject({ exit: 0 })
    prepare(place)
    const words = line.map((word) =>
      word.replace('DOWN', down).replace('UP', two.url()).replace('MUTE', `redis://127.0.0.1:${mute.port}/0`),
    )
    const said = await document(words, how)
    expect(said).toMatchObject({ exit, error: { code } })
    if (exit >= 3 && words[0] !== 'probe') expect(said.deploy, 'it was known').toBe('.env')
  })

  test.concurrent('--dry-run of each command is planned, and names what would change', async () => {
    using place = scratch('REDIS_URL=redis://one.test/0\n')
    const how = { cwd: place.path }
    await attach(['swap', 'REDIS_URL=redis://two.test/0', '--no-probe'], how)
    for (const line of [
      'A_URL=redis://a.test/0',
      '-y REDIS_URL=redis://a.test/0',
      'swap REDIS_URL=redis://a.test/0',
      'rollback',
      'undo v1',
    ]) {
      const said = await document([...line.split(' '), '--no-probe', '--dry-run'], how)
      expect({ line, said }).toMatchObject({ line, said: { exit: 0, outcome: 'planned', release: null, undo: null, changes: [{}] } })
    }
    expect(await document(['detach', 'REDIS_URL', '--dry-run'], how)).toMatchObject({ outcome: 'planned', changes: [{ to: null }] })
    expect(await document(['detach', 'NO_URL', '--dry-run'], how)).toMatchObject({ exit: 0, changes: [] })
  })

  test.concurrent('a damaged journal is a warning for those that only read', async () => {
    using place = scratch('REDIS_URL=redis://one.test/0\n')
    place.write('.attach/.env/journal', 'nonsense\n')
    for (const verb of ['status', 'log']) {
      expect(await document([verb], { cwd: place.path })).toMatchObject({ exit: 0, warnings: [{ code: 'journal.damaged' }] })
    }
  })

  test.concurrent('an open operation stands in status and log', async () => {
    using place = scratch('REDIS_URL=redis://one.test/0\n')
    const how = { cwd: place.path }
    await attach(['swap', 'REDIS_URL=redis://two.test/0', '--no-probe'], how)
    reopen(place, 'REDIS_URL=redis://two.test/0\n')
    for (const verb of ['status', 'log']) {
      expect(await document([verb], how)).toMatchObject({ exit: 0, open: { verb: 'swap', keys: ['REDIS_URL'], owner: 'dead' } })
    }
    expect(await document(['recover', '--dry-run'], how)).toMatchObject({ exit: 0, outcome: 'planned' })
    expect(await document(['recover'], how)).toMatchObject({ exit: 0, outcome: 'changed' })
  })

  test.concurrent('help and version too', async () => {
    using place = scratch()
    for (const line of ['help', 'help swap', '--help', 'swap --help', 'version', '--version']) {
      expect(await document(line.split(' '), { cwd: place.path })).toMatchObject({
        exit: 0,
        outcome: 'unchanged',
        message: expect.stringMatching(/\w/),
      })
    }
  })

  test.concurrent('and also when a signal ends it', async () => {
    using place = scratch('A=1\n')
    const quiet = await liar(silent)
    const run = begin([`A_URL=redis://127.0.0.1:${quiet.port}/0`, '--json'], { cwd: place.path })
    while (quiet.heard() === '') await new Promise((done) => setTimeout(done, 10))
    run.kill('SIGINT')
    const { exit, stdout, stderr } = await run.ended
    const said = documentIn(stdout)
    expect(documentSchema.safeParse(said).error?.issues ?? []).toEqual([])
    expect({ exit, stderr, said }).toMatchObject({
      exit: 130,
      stderr: '',
      said: { exit: 130, outcome: 'unchanged', error: { code: 'INTERRUPTED' } },
    })
    await quiet[Symbol.asyncDispose]()
  })
})
