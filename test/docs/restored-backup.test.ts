import { readdirSync, readFileSync, symlinkSync, truncateSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fingerprint, haveSupervisor, SCHEMA, SUPERVISOR } from '../support/app.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { findProgram, run, serverOrSkip } from '../support/processes.ts'
import { makeProduction, type Production } from '../support/production.ts'
import { configOf, type Scratch, scratch } from '../support/scratch.ts'
import { makeTools, runScript, type Tools } from '../support/tools.ts'

const DOCS = resolve(import.meta.dirname, '../../docs')
const RUNBOOK = resolve(DOCS, 'runbooks/restored-backup.sh')
const PAGE = readFileSync(resolve(DOCS, 'runbooks/restored-backup.md'), 'utf8')
/** attach was asked, and nothing else was run. */
const ASKED_ONLY = /^attach swap .* --dry-run --no-probe\n$/
const CONFIRMED = ['--', '--confirm', 'production', '--trust']
/** The old backup lacks a table of the app: attach would refuse it. */
const INCOMPLETE = [...CONFIRMED, '--allow', 'pg.objects']

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
})

test.each([
  ['a table without a number', ['-t', 'orders'], 'TABLE=ROWS'],
  ['a number that is none', ['-t', 'orders=10k'], 'TABLE=ROWS'],
  ['two words for one table', ['-t', 'my orders=10'], 'TABLE=ROWS'],
  ['a word that stands before "--"', ['-t', 'visits=0', 'orders', '--', '--confirm', 'production'], 'behind --'],
  ['words for attach without "--"', ['orders'], 'behind --'],
  ['a swap that would swap nothing', ['--', '--dry-run'], '--dry-run swaps nothing'],
  ['a password, which would be printed to go on', ['--', '--password=s3cret'], '--password is not for this'],
])('%s is exit 2 at once: attach is not asked', async (_, words, why) => {
  using place = scratch()
  using tools = makeTools('attach alone')
  const ran = await runScript(RUNBOOK, ['-d', 'production', ...words], { cwd: place.path, env: { PATH: tools.path } })
  expect(ran).toMatchObject({ exit: 2, said: expect.stringContaining(why) })
  expect(ran.said).not.toContain('s3cret')
  expect(tools.argv()).toBe('')
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
    await create('good', `${SCHEMA}; create table orders (id int primary key); insert into orders select generate_series(1, 1000)`)
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
      shell: (line: string) => runScript('/bin/sh', ['-c', line], how),
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
    const ran = await made.runbook('-f', backups.at('good.dump'), '-n', 'restored_one', '-t', 'orders=1000', ...CONFIRMED)
    expect(ran).toMatchObject({ exit: 0, said: expect.stringContaining('orders|1000') })
    const now = server.url({ user: 'app', password: 'app-s3cret', database: 'restored_one' })
    expect(production.handle()).toBe(now)
    expect(await production.whoAmI()).toMatchObject({ databaseUrl: fingerprint(now) })
    expect((await production.whoAmI())?.pid).not.toBe(before?.pid)
    expect(await production.health()).toMatchObject({ status: 200, body: { database: 'restored_one' } })
    expect(await server.sql('select count(*)::int as rows from orders', 'restored_one')).toEqual([{ rows: 1000 }])
    expect(await server.sql('select count(*)::int as rows from orders', 'one')).toEqual([{ rows: 0 }])

    for (const secret of [server.password, 'app-s3cret']) {
      expect(ran.said).not.toContain(secret)
      expect(made.argv()).not.toContain(secret)
    }
    expect(made.argv()).toMatch(/^createdb .*\npg_restore .*restored_one/m)

    const [, undo = ''] = /Undo: attach (.*)/.exec(ran.said) ?? []
    expect(undo).toMatch(/^undo v1\b/)
    const back = [...undo.replace('-d production', '').trim().split(' '), '--confirm', 'production']
    const refused = await production.attach(...back)
    expect(refused, 'what went back lost its orders').toMatchObject({
      exit: 3,
      document: { error: { message: expect.stringMatching(/pg\.empty refuses it: .*public\.orders \(1,000 rows before\)/) } },
    })
    expect((await production.attach(...back, '--allow', 'pg.empty')).exit).toBe(0)
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
    expect(made.argv().match(/^attach .*/gm)).toEqual([expect.stringMatching(/^attach swap .* --dry-run --no-probe$/)])
    expect(await databases()).not.toContain(`restored_not_${step}`)
    await made.untouched()
  })

  test('a deploy that is not there stops it before anything is restored', async () => {
    await using made = await damaged('nowhere')
    const ran = await made.runbook('-d', 'prodution', '-f', backups.at('good.dump'))
    expect(ran).toMatchObject({ exit: 2, said: expect.stringContaining('prodution') })
    expect(made.argv()).toMatch(ASKED_ONLY)
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
    const ran = await made.runbook('-f', backups.at('old.dump'), '-n', 'restored_unwell', '-t', 'orders=90', ...INCOMPLETE)
    expect(ran).toMatchObject({ exit: 7, said: expect.stringContaining('runs on its old database again') })
    expect(made.production.handle()).toBe(made.handle)
    expect(await made.production.whoAmI()).toMatchObject({ databaseUrl: fingerprint(made.handle) })
    expect((await made.production.health())?.status).toBe(200)
    expect(await databases()).toContain('restored_unwell')
  })

  test('a backup that lacks what the app needs is refused: exit 3, the app keeps its database, and the new one stays for a look', async () => {
    await using made = await damaged('incomplete')
    const ran = await made.runbook('-f', backups.at('old.dump'), '-n', 'restored_incomplete', '-t', 'orders=90', ...CONFIRMED)
    expect(ran).toMatchObject({ exit: 3, said: expect.stringContaining('pg.objects refuses it: 1 table missing: public.visits') })
    expect(ran.said).toMatch(/^Go on: attach swap /m)
    expect(await databases()).toContain('restored_incomplete')
    await made.untouched()
  })

  test("the page's own line is refused before anything is restored where the hook is new, and with --trust it is done", async () => {
    await using made = await damaged('literal')
    const [, block = ''] = /^```sh\n(.*?)^```$/ms.exec(PAGE) ?? []
    const line = block.split('\n').find((one) => !one.startsWith('export ')) ?? ''
    expect(line).toContain('-- --confirm production')
    symlinkSync(DOCS, made.production.place.at('docs'))
    made.production.place.write('last-night.dump', readFileSync(backups.at('good.dump')))
    const refused = await made.shell(line)
    expect(refused).toMatchObject({ exit: 3, said: expect.stringContaining('for the first time: ') })
    expect(refused.said).toContain('add --trust')
    expect(refused.said).not.toContain('Go on')
    expect(made.argv()).toMatch(ASKED_ONLY)
    await made.untouched()

    expect(PAGE).toMatch(/add `--trust` behind `--`/)
    expect(await made.shell(`${line} --trust`)).toMatchObject({ exit: 0 })
  })

  test.each([
    ['a protected deploy that is not named', 'unnamed', ['--trust'], 3, 'is protected'],
    ['another name than that of the deploy', 'misnamed', ['--confirm', 'staging', '--trust'], 3, 'names another deploy'],
    ['a word that attach does not know', 'unknown', [...CONFIRMED.slice(1), '--trsut'], 2, 'did you mean "--trust"'],
    ['a document asked for', 'document', ['--json', '--trust'], 3, '"outcome":"refused"'],
  ])('%s: attach says so before anything is restored', async (_, name, words, exit, why) => {
    await using made = await damaged(name)
    const ran = await made.runbook('-f', backups.at('good.dump'), '--', ...words)
    expect(ran).toMatchObject({ exit, said: expect.stringContaining(why) })
    expect(made.argv()).toMatch(ASKED_ONLY)
    await made.untouched()
  })

  test('what must hold of the new database is not asked before it is there', async () => {
    await using made = await damaged('expected')
    const words = (name: string) => ['-f', backups.at('good.dump'), '-n', name, ...CONFIRMED]
    const refused = await made.runbook(...words('restored_expected'), '--expect=replica')
    expect(refused).toMatchObject({ exit: 3, said: expect.stringMatching(/^Go on: attach swap .* --expect=replica$/m) })
    expect(await databases()).toContain('restored_expected')
    await made.untouched()
    expect(await made.runbook(...words('restored_expected_too'), '--expect', 'writable', '-q')).toMatchObject({ exit: 0 })
    expect(made.argv()).toMatch(/^attach swap .* --expect writable -q$/m)
  })

  test('the line behind Go on: runs as it stands, with every word that was given', async () => {
    await using made = await damaged('onwards')
    const dump = "last night's $dump"
    made.production.place.write(dump, readFileSync(backups.at('old.dump')))
    const ran = await made.runbook('-f', dump, '-n', 'restored_onwards', ...INCOMPLETE, '--keep-old-as', 'BEFORE_URL')
    expect(ran).toMatchObject({ exit: 7 })
    const [, line = ''] = /^Go on: (.*)$/m.exec(ran.said) ?? []
    await server.sql(`set role app; ${SCHEMA}; insert into visits (at) select now() from generate_series(1, 50)`, 'restored_onwards')
    expect(await made.shell(line)).toMatchObject({ exit: 0 })
    const now = server.url({ user: 'app', password: 'app-s3cret', database: 'restored_onwards' })
    expect(made.production.handle()).toBe(now)
    expect(made.production.place.read()).toContain(`BEFORE_URL=${made.handle}`)
    expect((await made.production.attach('log')).stdout).toContain(`restored from ${dump}`)
    expect(ran.said).toMatch(/^Give it up: dropdb restored_onwards$/m)
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
