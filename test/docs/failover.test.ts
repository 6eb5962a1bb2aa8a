import { chmodSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fingerprint, haveSupervisor, SCHEMA } from '../support/app.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { eventually, findProgram, run, serverOrSkip } from '../support/processes.ts'
import { makeProduction, type Production } from '../support/production.ts'
import { configOf, scratch, verdictsOf } from '../support/scratch.ts'
import { makeTools, runScript, type Tools } from '../support/tools.ts'

const DOCS = resolve(import.meta.dirname, '../../docs')
const RUNBOOK = resolve(DOCS, 'runbooks/failover.sh')
const PAGE = readFileSync(resolve(DOCS, 'failover.md'), 'utf8')

test.runIf(serverOrSkip('shellcheck', findProgram('shellcheck')))('shellcheck finds nothing in the script', async () => {
  expect(await run('shellcheck', [RUNBOOK])).toBe('')
})

test.each([
  ['no deploy', ['STANDBY_URL'], '-d is needed'],
  ['no candidate', ['-d', 'production'], 'candidates are needed'],
  ['a handle in the place of a key', ['-d', 'production', 'postgres://app:s3cret@h/app'], 'a key of the config'],
  ['an option that is not known', ['-x', '-d', 'production'], 'not known'],
  ['words of attach that would hide what it says', ['-d', 'production', 'A', '--', '--json'], '--json is not for this'],
])('%s is exit 2 at once, with the words at the top of the runbook: attach is not asked', async (_, words, why) => {
  using place = scratch()
  using tools = makeTools('attach alone')
  const ran = await runScript(RUNBOOK, words, { cwd: place.path, env: { PATH: tools.path } })
  expect(ran).toMatchObject({ exit: 2, said: expect.stringMatching(/^The primary is dead.*-d DEPLOY/ms) })
  expect(ran.said).toContain(why)
  expect(ran.said).not.toMatch(/s3cret|set -eu/)
  expect(tools.argv()).toBe('')
})

test('the page names every exit of the runbook, and the ids that it speaks of are checks', async () => {
  const { isCheck } = await import('../../src/deploys/checks.ts')
  const ids = [...PAGE.matchAll(/`((?:failover|pg|handle)\.[a-z_]+)`/g)].map(([, id = '']) => id)
  expect(ids).toEqual(expect.arrayContaining(['failover.quiet', 'failover.old_alive', 'pg.recovery']))
  for (const id of ids) expect({ id, is: isCheck(id) }).toEqual({ id, is: true })
  for (const exit of [0, 3, 7, 8]) expect(PAGE).toMatch(new RegExp(`^\\| (\\d+, )*${exit}(, \\d+)* \\|`, 'm'))
})

describe.runIf(havePostgres() && haveSupervisor())('the runbook for a dead primary', { timeout: 60_000 }, () => {
  let primary: PostgresServer
  let behind: PostgresServer
  let ahead: PostgresServer
  let production: Production
  let tools: Tools
  let env: Readonly<Record<string, string>>
  beforeAll(async () => {
    tools = makeTools()
    primary = await startPostgres()
    await primary.sql(SCHEMA)
    behind = await primary.standby()
    ahead = await primary.standby()
    await behind.sql(`alter system set primary_conninfo = ''`)
    await behind.sql('select pg_reload_conf()')
    await eventually('the end of its replication', async () => expect(await behind.sql('select 1 from pg_stat_wal_receiver')).toEqual([]))
    await primary.sql('insert into visits (at) select now() from generate_series(1, 500)')
    await eventually('all of it on the other one', async () =>
      expect(await ahead.sql('select count(*)::int as it from visits')).toEqual([{ it: 500 }]),
    )
    const lines = [`BEHIND_URL=${behind.url()}`, `AHEAD_URL=${ahead.url()}`]
    production = await makeProduction(primary.url(), { protected: true }, lines)
    production.place.write('pgpass', `*:*:*:postgres:${primary.password}\n`)
    chmodSync(production.place.at('pgpass'), 0o600)
    env = { PATH: tools.path, PGUSER: 'postgres', PGPASSFILE: production.place.at('pgpass') }
  }, 60_000)
  afterAll(async () => {
    for (const one of [production, primary, behind, ahead]) await one?.[Symbol.asyncDispose]()
    tools[Symbol.dispose]()
  })

  const runbook = (...words: readonly string[]) =>
    runScript(RUNBOOK, ['-d', 'production', 'BEHIND_URL', 'AHEAD_URL', '--', ...words], { cwd: production.place.path, env })
  const isStandby = async (server: PostgresServer) => (await server.sql('select pg_is_in_recovery() as it'))[0]?.['it']

  test('a primary that still takes writes: nobody is promoted, nothing is changed', async () => {
    const config = configOf(production.place)
    const ran = await runbook('--confirm', 'production', '--trust')
    expect(ran).toMatchObject({ exit: 3, said: expect.stringContaining('Fence it first') })
    expect([await isStandby(behind), await isStandby(ahead), configOf(production.place)]).toEqual([true, true, config])
  })

  test('a living primary that refuses the login of the app is not dead: nobody is promoted, nothing is changed', async () => {
    const config = production.place.read()
    const wrong = primary.url().replace(`:${primary.password}@`, ':not-its-password@')
    production.place.write('.env', config.replace(primary.url(), wrong))
    const ran = await runbook('--confirm', 'production', '--trust')
    expect(ran).toMatchObject({ exit: 3, said: expect.stringContaining('it is not known to be dead (failed at login)') })
    expect(ran.said).toContain('pg_promote()')
    expect([await isStandby(behind), await isStandby(ahead), production.handle()]).toEqual([true, true, wrong])
    expect(verdictsOf(production.place)).toEqual([])
    production.place.write('.env', config)
  })

  test('a protected deploy that is not named: nobody is promoted', async () => {
    await primary.stop('SIGKILL')
    const ran = await runbook('--trust')
    expect(ran).toMatchObject({ exit: 3, said: expect.stringContaining('is protected') })
    expect([await isStandby(behind), await isStandby(ahead), verdictsOf(production.place)]).toEqual([true, true, []])
  })

  test('the furthest is promoted, and the app runs on it', async () => {
    const ran = await runbook('--confirm', 'production', '--trust')
    expect(ran).toMatchObject({ exit: 0, said: expect.stringContaining(`promoting 127.0.0.1:${ahead.port}/postgres`) })
    expect([await isStandby(behind), await isStandby(ahead)]).toEqual([true, false])
    expect(production.handle()).toBe(ahead.url())
    expect(await production.whoAmI()).toMatchObject({ databaseUrl: fingerprint(ahead.url()) })
    expect(await production.visit()).toBe(200)
    expect((await production.attach('log')).document.releases).toMatchObject([{ verb: 'failover', settled: 'yes' }])
    expect(ran.said).not.toContain(primary.password)
  })

  test('run again, it stops: the app is well where it is', async () => {
    const ran = await runbook('--confirm', 'production', '--trust')
    expect(ran).toMatchObject({ exit: 3, said: expect.stringContaining('answers and takes writes') })
    expect(verdictsOf(production.place)).toEqual(['committed'])
  })
})
