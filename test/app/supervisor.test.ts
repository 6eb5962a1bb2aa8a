import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, endGroup, fingerprint, haveSupervisor, makeApp, processesOf, SCHEMA } from '../support/app.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { eventually } from '../support/processes.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe.runIf(havePostgres() && haveSupervisor())('the app and its supervisor', { concurrent: true }, () => {
  let server: PostgresServer
  let one: string
  let two: string
  let bare: string
  beforeAll(async () => {
    server = await startPostgres()
    for (const name of ['one', 'two', 'bare']) await server.sql(`create database ${name}`)
    for (const name of ['one', 'two']) await server.sql(SCHEMA, name)
    one = server.url({ database: 'one' })
    two = server.url({ database: 'two' })
    bare = server.url({ database: 'bare' })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const changeTo = ({ place, port }: App, databaseUrl: string) => place.write('.env', `PORT=${port}\nDATABASE_URL=${databaseUrl}\n`)
  const appsOf = ({ place }: App) => processesOf(place).filter((words) => words.includes('app.js'))

  test('start returns when the app listens, and it is healthy because its database takes a write', async () => {
    await using app = await makeApp(one)
    expect(await app.supervise('status')).toMatchObject({ exit: 3 })
    expect(await app.supervise('start')).toEqual({ exit: 0, said: '' })
    expect(await app.whoAmI()).toMatchObject({ databaseUrl: fingerprint(one), config: app.place.env })
    const before = await app.health()
    expect(before).toMatchObject({ status: 200, body: { ok: true, database: 'one' } })
    expect(await app.visit()).toBe(200)
    expect((await app.health())?.body.visits).toBeGreaterThan((before?.body.visits ?? 0) + 1)
    expect(await app.supervise('status')).toMatchObject({ exit: 0 })
  })

  test('a changed .env is picked up by a restart, by a new process, and not before', async () => {
    await using app = await makeApp(one)
    await app.supervise('start')
    const before = await app.whoAmI()
    changeTo(app, two)
    expect(await app.whoAmI()).toEqual(before)
    expect(await app.supervise('restart')).toMatchObject({ exit: 0 })
    const after = await app.whoAmI()
    expect(after?.databaseUrl).toBe(fingerprint(two))
    expect(after?.pid).not.toBe(before?.pid)
    expect((await app.health())?.body.database).toBe('two')
  })

  test('a changed .env is picked up by a reload, by the same process', async () => {
    await using app = await makeApp(one)
    await app.supervise('start')
    const before = await app.whoAmI()
    changeTo(app, two)
    expect(await app.supervise('reload')).toMatchObject({ exit: 0 })
    const after = await eventually('a reload', async () => {
      const now = await app.whoAmI()
      if (now?.reloads !== 1) throw new Error('not yet')
      return now
    })
    expect(after).toEqual({ ...before, databaseUrl: fingerprint(two), reloads: 1 })
    expect((await app.health())?.body.database).toBe('two')
  })

  test('a database that takes no write makes it unhealthy, and the reason holds no secret', async () => {
    await using app = await makeApp(bare)
    await app.supervise('start')
    const health = await app.health()
    expect(health).toMatchObject({ status: 503, body: { ok: false, reason: expect.stringContaining('visits') } })
    expect(JSON.stringify(health)).not.toContain(server.password)
    changeTo(app, server.url({ database: 'one', password: 'not-this-one' }))
    await app.supervise('restart')
    expect(await app.health()).toMatchObject({ status: 503, body: { reason: expect.stringMatching(/^28P01/) } })
    expect(app.log()).not.toContain('not-this-one')
  })

  test('faults: it ends at start, warms up, is never well, is well every other time', async () => {
    await using app = await makeApp(one)
    expect(await app.supervise('start', { CRASH: '1' })).toMatchObject({ exit: 1, said: expect.stringContaining('CRASH') })
    expect(await app.whoAmI()).toBeNull()
    await app.supervise('restart', { WARMUP_MS: '400' })
    expect(await app.health()).toMatchObject({ status: 503, body: { reason: 'warming up' } })
    await eventually('the end of the warm-up', async () => expect(await app.health()).toMatchObject({ status: 200 }))
    await app.supervise('restart', { UNHEALTHY: '1' })
    expect(await app.health()).toMatchObject({ status: 503, body: { reason: 'UNHEALTHY' } })
    await app.supervise('restart', { FLAPPING: '1' })
    const four = [await app.health(), await app.health(), await app.health(), await app.health()]
    expect(four.map((health) => health?.status)).toEqual([200, 503, 200, 503])
  })

  test('an app that asks its database at start dies without one, and the supervisor says so', async () => {
    await using app = await makeApp(bare, ['CHECK_AT_START=1'])
    expect(await app.supervise('start')).toMatchObject({ exit: 1, said: expect.stringContaining('visits') })
    expect(await app.supervise('status')).toMatchObject({ exit: 3 })
  })

  test('restarts at the same time leave one app', async () => {
    await using app = await makeApp(one)
    const all = await Promise.all(Array.from({ length: 4 }, () => app.supervise('restart')))
    expect(all.map(({ exit }) => exit)).toEqual([0, 0, 0, 0])
    expect(appsOf(app)).toHaveLength(1)
    expect((await app.whoAmI())?.pid).toBe(Number(app.place.read('run/app.pid')))
  })

  test('a restart that is killed anywhere is made good by the next one, and no process is lost', async () => {
    await using app = await makeApp(one)
    await app.supervise('start')
    for (let ms = 0; ms < 160; ms += 12) {
      const restart = app.supervising('restart')
      await pause(ms)
      await endGroup(restart)
      changeTo(app, ms % 24 === 0 ? two : one)
      expect({ ms, ...(await app.supervise('restart')) }).toMatchObject({ exit: 0 })
      expect(appsOf(app)).toHaveLength(1)
      expect(await app.whoAmI()).toMatchObject({
        pid: Number(app.place.read('run/app.pid')),
        databaseUrl: fingerprint(ms % 24 === 0 ? two : one),
      })
    }
  })

  test('stop leaves no process, also of an app that is frozen', { timeout: 20_000 }, async () => {
    await using app = await makeApp(one)
    await app.supervise('start')
    process.kill((await app.whoAmI())?.pid ?? 0, 'SIGSTOP')
    expect(await app.supervise('stop')).toMatchObject({ exit: 0 })
    expect(processesOf(app.place)).toEqual([])
    expect(await app.supervise('stop')).toMatchObject({ exit: 0 })
  })
})
