import { readdirSync, readFileSync, truncateSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fingerprint, haveSupervisor, SCHEMA, SUPERVISOR } from '../support/app.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { findProgram, run, serverOrSkip } from '../support/processes.ts'
import { makeProduction, type Production } from '../support/production.ts'
import { configOf, type Scratch, scratch } from '../support/scratch.ts'
import { makeTools, runScript, type Tools } from '../support/tools.ts'

const RUNBOOK = resolve(import.meta.dirname, '../../docs/runbooks/restored-backup.sh')
const CONFIRMED = ['--', '--confirm', 'production', '--trust']

test.runIf(serverOrSkip('shellcheck', findProgram('shellcheck')))('shellcheck finds nothing in the scripts', async () => {
  expect(await run('shellcheck', [RUNBOOK, SUPERVISOR])).toBe('')
})

test('a command line that is not understood gets the words at the top of the runbook, and exit 2', async () => {
  using place = scratch()
  using tools = makeTools('attach alone')
  const how = { cwd: place.path, env: { PATH: tools.path } }
  const ran = await runScript(RUNBOOK, ['-f', 'x.dump'], how)
  expect(ran).toMatchObject({ exit: 2, said: expect.stringMatching(/^The data are broken.*-d DEPLOY.*-t TABLE=ROWS/s) })
  expect(ran.said).not.toContain('set -eu')
  expect(await runScript(RUNBOOK, ['-d', 'production', '-t', 'orders'], how)).toMatchObject({ exit: 2 })
})

describe.runIf(havePostgres() && haveSupervisor())('the runbook for a restored backup', { concurrent: true, timeout: 60_000 }, () => {
  let server: PostgresServer
  let backups: Scratch
  let tools: Tools
  beforeAll(async () => {
    server = await startPostgres()
    backups = scratch()
    tools = makeTools()
    await server.sql(`create role app login password 'app-s3cret'`)
    await create('good', `${SCHEMA}; create table orders (id int primary key); insert into orders select generate_series(1, 100)`)
    await create('old', 'create table orders (id int primary key); insert into orders select generate_series(1, 90)')
    await backUp('good')
    await backUp('old')
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    backups[Symbol.dispose]()
    tools[Symbol.dispose]()
  })

  /** A database that the app owns, and all in it. */
  const create = async (name: string, sql: string) => {
    await server.sql(`create database ${name} owner app`)
    await server.sql(`set role app; ${sql}`, name)
  }

  const backUp = async (name: string) => {
    const env = tools.environment(server, name)
    expect(await runScript('pg_dump', ['--format=custom', `--file=${backups.at(`${name}.dump`)}`], { cwd: backups.path, env })).toEqual({
      exit: 0,
      said: '',
    })
  }

  /** An app whose own database has lost its orders. */
  const damaged = async (name: string) => {
    await create(name, `${SCHEMA}; create table orders (id int primary key)`)
    const handle = server.url({ user: 'app', password: 'app-s3cret', database: name })
    const production = await makeProduction(handle, { protected: true })
    const called = makeTools()
    const how = { cwd: production.place.path, env: called.environment(server, name) }
    return {
      production,
      handle,
      runbook: (...args: readonly string[]) => runScript(RUNBOOK, ['-d', 'production', ...args], how),
      argv: called.argv,
      untouched: untouched(production),
      [Symbol.asyncDispose]: async () => {
        await production[Symbol.asyncDispose]()
        called[Symbol.dispose]()
      },
    }
  }

  const databases = async () =>
    (await server.sql(`select datname from pg_database where datname like 'restored%'`)).map(({ datname }) => datname)

  test('restores, counts, swaps and restarts; the rows are there, and its undo line goes back', async () => {
    await using made = await damaged('one')
    const { production, handle } = made
    const before = await production.whoAmI()
    const ran = await made.runbook('-f', backups.at('good.dump'), '-n', 'restored_one', '-t', 'orders=100', ...CONFIRMED)
    expect(ran).toMatchObject({ exit: 0, said: expect.stringContaining('orders|100') })
    const now = server.url({ user: 'app', password: 'app-s3cret', database: 'restored_one' })
    expect(production.handle()).toBe(now)
    expect(await production.whoAmI()).toMatchObject({ databaseUrl: fingerprint(now) })
    expect((await production.whoAmI())?.pid).not.toBe(before?.pid)
    expect(await production.health()).toMatchObject({ status: 200, body: { database: 'restored_one' } })
    expect(await server.sql('select count(*)::int as rows from orders', 'restored_one')).toEqual([{ rows: 100 }])
    expect(await server.sql('select count(*)::int as rows from orders', 'one')).toEqual([{ rows: 0 }])

    for (const secret of [server.password, 'app-s3cret']) {
      expect(ran.said).not.toContain(secret)
      expect(made.argv()).not.toContain(secret)
    }
    expect(made.argv()).toMatch(/^createdb .*\npg_restore .*restored_one/m)

    const [, undo = ''] = /Undo: attach (.*)/.exec(ran.said) ?? []
    expect(undo).toMatch(/^undo v1\b/)
    const undone = await production.attach(...undo.replace('-d production', '').trim().split(' '), '--confirm', 'production')
    expect(undone.exit).toBe(0)
    expect(await production.whoAmI()).toMatchObject({ databaseUrl: fingerprint(handle) })
  })

  test('without a backup at hand it copies the present database', async () => {
    await using made = await damaged('two')
    await made.production.visit()
    const ran = await made.runbook(...CONFIRMED)
    expect(ran).toMatchObject({ exit: 0 })
    const [, name = ''] = /is attached to (restored_\w+)/.exec(ran.said) ?? []
    expect((await made.production.health())?.body.database).toBe(name)
    expect(await server.sql('select count(*)::int >= 1 as kept from visits where id = 1', name)).toEqual([{ kept: true }])
  })

  test.each([
    ['cut short', 'restored', (path: string) => truncateSync(path, readFileSync(path).length - 40)],
    ['of another make', 'read', (path: string) => truncateSync(path, 3)],
  ])('a backup %s cannot be %s: it stops before attach, nothing is changed, and the new database is gone', async (_, step, damage) => {
    await using made = await damaged(`not_${step}`)
    made.production.place.write('broken.dump', readFileSync(backups.at('good.dump')))
    damage(made.production.place.at('broken.dump'))
    const ran = await made.runbook('-f', 'broken.dump', '-n', `restored_not_${step}`, ...CONFIRMED)
    expect(ran).toMatchObject({ exit: 3, said: expect.stringContaining(`broken.dump cannot be ${step}`) })
    expect(ran.said).toContain('the deploy production is as it was')
    expect(made.argv().includes('dropdb restored_not_restored')).toBe(step === 'restored')
    expect(made.argv()).not.toContain('attach swap')
    expect(await databases()).not.toContain(`restored_not_${step}`)
    await made.untouched()
  })

  test('a deploy that is not there stops it before anything is restored', async () => {
    await using made = await damaged('nowhere')
    const ran = await made.runbook('-d', 'prodution', '-f', backups.at('good.dump'))
    expect(ran).toMatchObject({ exit: 3, said: expect.stringContaining('attach cannot read prodution') })
    expect(made.argv()).toBe('attach status -d prodution\n')
  })

  test('a backup with too few rows stops before attach', async () => {
    await using made = await damaged('few')
    const ran = await made.runbook('-f', backups.at('old.dump'), '-n', 'restored_few', '-t', 'orders=100', ...CONFIRMED)
    expect(ran).toMatchObject({ exit: 3, said: expect.stringContaining('orders holds 90 rows, and at least 100 were expected') })
    expect(await databases()).not.toContain('restored_few')
    await made.untouched()
  })

  test('a name that is taken is not used, and its database is left alone', async () => {
    await using made = await damaged('taken')
    await server.sql('create database restored_taken')
    expect(await made.runbook('-f', backups.at('good.dump'), '-n', 'restored_taken', ...CONFIRMED)).toMatchObject({
      exit: 3,
      said: expect.stringContaining('restored_taken cannot be created'),
    })
    expect(made.argv()).not.toContain('dropdb')
    expect(await databases()).toContain('restored_taken')
    await made.untouched()
  })

  test('a backup on which the app is not well: attach puts back, the runbook says so, exit 7', async () => {
    await using made = await damaged('unwell')
    const ran = await made.runbook('-f', backups.at('old.dump'), '-n', 'restored_unwell', '-t', 'orders=90', ...CONFIRMED)
    expect(ran).toMatchObject({ exit: 7, said: expect.stringContaining('runs on its old database again') })
    expect(made.production.handle()).toBe(made.handle)
    expect(await made.production.whoAmI()).toMatchObject({ databaseUrl: fingerprint(made.handle) })
    expect((await made.production.health())?.status).toBe(200)
    expect(await databases()).toContain('restored_unwell')
  })

  test('a protected deploy that is not named is exit 3, from attach', async () => {
    await using made = await damaged('unnamed')
    const ran = await made.runbook('-f', backups.at('good.dump'), '-n', 'restored_unnamed', '--', '--trust')
    expect(ran).toMatchObject({ exit: 3, said: expect.stringContaining('attach refused') })
    expect(ran.said).toContain('attach swap DATABASE_URL --name restored_unnamed -d production')
    await made.untouched()
  })
})

/** Neither config nor app nor record were touched since it was called. */
function untouched(production: Production): () => Promise<void> {
  const config = configOf(production.place)
  const app = production.whoAmI()
  return async () => {
    expect(configOf(production.place)).toBe(config)
    expect(await production.whoAmI()).toEqual(await app)
    expect(readdirSync(production.place.path)).not.toContain('.attach')
  }
}
