import { existsSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fingerprint, haveSupervisor, SCHEMA, SUPERVISOR } from '../support/app.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { eventually } from '../support/processes.ts'
import { agree, before, expectRecovered, healthOf, hooksOf, makeProduction, type Production } from '../support/production.ts'
import { journalOf, verdictsOf } from '../support/scratch.ts'

describe.runIf(havePostgres() && haveSupervisor())('a swap under a running app', { concurrent: true, timeout: 60_000 }, () => {
  let server: PostgresServer
  /** Has its table; the app runs on it. */
  let one: string
  /** As good. */
  let two: string
  /** Takes logins and writes, and has no table. */
  let bare: string
  /** `two` for a role that may only read. */
  let readOnly: string
  beforeAll(async () => {
    server = await startPostgres()
    for (const name of ['one', 'two', 'bare']) await server.sql(`create database ${name}`)
    for (const name of ['one', 'two']) await server.sql(SCHEMA, name)
    await server.sql(`create role reader login password 'r3ader'; grant select on visits to reader`, 'two')
    one = server.url({ database: 'one' })
    two = server.url({ database: 'two' })
    bare = server.url({ database: 'bare' })
    readOnly = server.url({ user: 'reader', password: 'r3ader', database: 'two' })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  /** A swap of what the app runs on, judged. */
  const swap = async (production: Production, to: string, ...options: readonly string[]) => {
    const found = await before(production)
    const ran = await production.attach('swap', `DATABASE_URL=${to}`, ...options)
    return { ...ran, was: found.app, judged: { exit: ran.exit, before: found, to } }
  }
  const lastClose = ({ place }: Production) => journalOf(place).findLast(({ type }) => type === 'close')

  test('a good database: exit 0, the app runs on it, and the release is settled', async () => {
    await using production = await makeProduction(one)
    const { exit, stderr, document, was, judged } = await swap(production, two)
    expect({ exit, stderr }).toMatchObject({ exit: 0 })
    await agree(production, judged)
    expect(lastClose(production)).toMatchObject({ verdict: 'committed', settled: 'yes' })
    expect(document.settling).toMatchObject({
      settled: 'yes',
      steps: [
        { step: 'hook', why: null },
        { step: 'health', why: null },
      ],
    })
    expect((await production.whoAmI())?.pid).not.toBe(was?.pid)
    expect((await production.attach('undo', 'v1')).exit).toBe(0)
    expect(await production.whoAmI()).toMatchObject({ databaseUrl: fingerprint(one) })
  })

  test.each([
    ['without the table', () => bare, []],
    ['that this role may only read', () => readOnly, ['--expect', 'readable']],
  ])('a database %s: exit 7, config and app are back on the old one and well', async (_, to, options) => {
    await using production = await makeProduction(one)
    const { exit, document, judged } = await swap(production, to(), ...options)
    expect({ exit, error: document.error }).toMatchObject({
      exit: 7,
      error: { code: 'UNSETTLED', message: expect.stringContaining('503') },
    })
    await agree(production, judged)
    expect(await production.health()).toMatchObject({ status: 200, body: { database: 'one' } })
    expect((await production.attach('log')).document.releases?.at(0)).toMatchObject({ verdict: 'reverted', settled: 'yes' })
  })

  test('a hook that fails for the new value and not for the old one: exit 7, with what it said', async () => {
    await using production = await makeProduction(one, {}, ['CHECK_AT_START=1'])
    const found = await before(production)
    const { exit, stderr } = await production.begin('swap', `DATABASE_URL=${bare}`).ended
    expect({ exit, stderr }).toMatchObject({ exit: 7, stderr: expect.stringContaining('relation "visits" does not exist') })
    await agree(production, { exit, before: found, to: bare })
  })

  test('a hook that always fails: exit 8, closed and shown, and recover runs it again until it is mended', async () => {
    await using production = await makeProduction(one, { hook: `[ ! -e broken ] && exec '${SUPERVISOR}' restart` })
    production.place.write('broken', '')
    const { exit, judged } = await swap(production, two)
    expect(exit).toBe(8)
    await agree(production, judged)
    expect(lastClose(production)).toMatchObject({ verdict: 'reverted', settled: 'no' })
    expect(production.handle()).toBe(one)
    expect((await production.attach('status')).document.unsettled).toMatchObject({ verdict: 'reverted' })
    expect((await production.attach('recover')).exit).toBe(8)
    expect((await production.attach('status')).document.unsettled).not.toBeNull()
    rmSync(production.place.at('broken'))
    expect((await production.attach('recover')).exit).toBe(0)
    expect((await production.attach('status')).document.unsettled ?? null).toBeNull()
    await expectRecovered(production)
  })

  test('a hook that hangs: its time passes, nothing of it is left, exit 7', async () => {
    const run = `if grep -q /two .env; then trap '' TERM; sleep 1000 & sleep 1000; fi; exec '${SUPERVISOR}' restart`
    await using production = await makeProduction(one, { hook: { run, timeout: '3s' } })
    const { document, judged } = await swap(production, two)
    expect(document).toMatchObject({ exit: 7, error: { message: expect.stringMatching(/hook.*3 s/) } })
    await agree(production, judged)
    await eventually('the end of every hook', async () => expect(hooksOf(production)).toEqual([]))
  })

  test('a hook that kills attach: recover makes config and app agree', async () => {
    const run = `if [ ! -e killed ]; then touch killed; kill -9 $PPID; fi; exec '${SUPERVISOR}' restart`
    await using production = await makeProduction(one, { hook: run })
    const killed = await production.begin('swap', `DATABASE_URL=${two}`).ended
    expect(killed).toMatchObject({ exit: null, signal: 'SIGKILL' })
    expect(verdictsOf(production.place)).toEqual(['open'])
    expect((await production.attach('recover')).exit).toBe(0)
    await expectRecovered(production)
  })

  test('health that flaps never settles: exit 7', async () => {
    await using production = await makeProduction(one, {
      hook: `if grep -q /two .env; then export FLAPPING=1; fi; exec '${SUPERVISOR}' restart`,
    })
    const { exit, document, judged } = await swap(production, two)
    expect({ exit, error: document.error?.message }).toMatchObject({ exit: 7, error: expect.stringContaining('health') })
    await agree(production, judged)
  })

  test('an app that is never well again, on the old value neither: exit 8, put back', async () => {
    await using production = await makeProduction(one)
    production.place.write('.env', `${production.place.read()}UNHEALTHY=1\n`)
    const { exit, judged } = await swap(production, two)
    expect(exit).toBe(8)
    await agree(production, judged)
    expect(production.handle()).toBe(one)
    expect(lastClose(production)).toMatchObject({ verdict: 'reverted', settled: 'no' })
  })

  test('an app that warms up is waited for', async () => {
    await using production = await makeProduction(one, {}, ['WARMUP_MS=700'])
    const { exit, judged } = await swap(production, two)
    expect(exit).toBe(0)
    await agree(production, judged)
  })

  test('--on-failure keep: the new value stays, exit 8, and recover is 0 once the database is mended', async () => {
    await server.sql('create database mended')
    const mended = server.url({ database: 'mended' })
    await using production = await makeProduction(one)
    const { exit, judged } = await swap(production, mended, '--on-failure', 'keep')
    expect(exit).toBe(8)
    await agree(production, judged)
    expect(production.handle()).toBe(mended)
    expect(await production.whoAmI()).toMatchObject({ databaseUrl: fingerprint(mended) })
    expect(lastClose(production)).toMatchObject({ verdict: 'committed', settled: 'no' })
    expect((await production.attach('recover')).exit).toBe(8)
    await server.sql(SCHEMA, 'mended')
    expect((await production.attach('recover')).exit).toBe(0)
    await expectRecovered(production)
  })

  test('an old database that is dead is not gone back to: the new value stays, exit 8', async () => {
    await using dead = await startPostgres()
    await dead.sql(SCHEMA)
    const old = dead.url()
    await using production = await makeProduction(old)
    await dead.stop()
    const { exit, judged } = await swap(production, bare)
    expect(exit).toBe(8)
    await agree(production, judged)
    expect(production.handle()).toBe(bare)
    expect(lastClose(production)).toMatchObject({ verdict: 'committed', settled: 'no' })
  })

  test('--no-hook: exit 0, and the app is not restarted', async () => {
    await using production = await makeProduction(one)
    const { exit, was, stdout } = await swap(production, two, '--no-hook')
    expect(exit).toBe(0)
    expect(stdout).toContain('not restarted')
    expect(production.handle()).toBe(two)
    expect(await production.whoAmI()).toEqual(was)
    expect(lastClose(production)).toMatchObject({ verdict: 'committed', settled: 'skipped' })
  })

  test('a hook that reloads: the same process runs on the new database', async () => {
    await using production = await makeProduction(one, { hook: [SUPERVISOR, 'reload'] })
    const { exit, was, judged } = await swap(production, two)
    expect(exit).toBe(0)
    await agree(production, judged)
    expect((await production.whoAmI())?.pid).toBe(was?.pid)
  })

  test('a hook that reloads onto a database that fails: the same process is back on the old one', async () => {
    await using production = await makeProduction(one, { hook: [SUPERVISOR, 'reload'] })
    const { exit, was, judged } = await swap(production, bare)
    expect(exit).toBe(7)
    await agree(production, judged)
    expect(await production.whoAmI()).toMatchObject({ pid: was?.pid, reloads: 2 })
  })

  test('health by a command is asked the same way', async () => {
    await using production = await makeProduction(one)
    const run = `exec '${process.execPath}' -e 'fetch(process.argv[1]).then(({ ok }) => process.exit(ok ? 0 : 1))' ${healthOf(production)['url']}`
    production.declare({ health: { run, successes: 1, interval: '100ms', timeout: '4s' } })
    const { exit, judged } = await swap(production, bare)
    expect(exit).toBe(7)
    await agree(production, judged)
    const good = await swap(production, two)
    expect(good.exit).toBe(0)
    await agree(production, good.judged)
  })

  test('what a refused swap leaves: the app is not touched', async () => {
    await using production = await makeProduction(one)
    const { exit, judged } = await swap(production, server.url({ database: 'nowhere' }))
    expect(exit).toBe(3)
    await agree(production, judged)
    const bad = await swap(production, server.url({ database: 'two', password: 'wrong' }))
    expect(bad.exit).toBe(3)
    await agree(production, bad.judged)
    expect(existsSync(production.place.at('.env.tmp'))).toBe(false)
  })

  test('no value reaches the hook, its output or the journal', async () => {
    await using production = await makeProduction(one, {
      hook: `env >seen; cat /proc/$PPID/cmdline >>seen; cat .env; exec '${SUPERVISOR}' restart`,
    })
    const found = await before(production)
    expect(production.place.read()).toContain(server.password)
    const ran = await production.attach('swap', 'DATABASE_URL', '--name', 'two')
    expect(ran.exit).toBe(0)
    await agree(production, { exit: ran.exit, before: found, to: two })
    for (const text of [production.place.read('seen'), ran.stdout, ran.stderr, production.place.read('.attach/.env/journal')])
      expect(text).not.toContain(server.password)
    expect(production.place.read('seen')).toContain('ATTACH_DEPLOY=production')
  })
})
