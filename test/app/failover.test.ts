import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fingerprint, haveSupervisor, SCHEMA } from '../support/app.ts'
import { documentIn, attach as run } from '../support/cli.ts'
import { documentSchema } from '../support/document-schema.ts'
import { liar, silent } from '../support/liars.ts'
import { freePort } from '../support/ports.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { eventually } from '../support/processes.ts'
import { agree, before, makeProduction, type Production } from '../support/production.ts'
import { configOf, journalOf, verdictsOf } from '../support/scratch.ts'

const KEY = 'DATABASE_URL'
const ROWS = 500

const to = (...candidates: readonly string[]): readonly string[] => candidates.flatMap((candidate) => ['--to', candidate])

/** Nothing of it moved since it was called. */
function untouched(production: Production): () => Promise<void> {
  const config = configOf(production.place)
  const entries = verdictsOf(production.place)
  const app = production.whoAmI()
  return async () => {
    expect(configOf(production.place)).toBe(config)
    expect(verdictsOf(production.place)).toEqual(entries)
    expect(await production.whoAmI()).toEqual(await app)
  }
}

describe.runIf(havePostgres() && haveSupervisor())('the primary dies under a running app', { timeout: 60_000 }, () => {
  let primary: PostgresServer
  let lagging: PostgresServer
  let good: PostgresServer
  let production: Production
  let dead: string
  beforeAll(async () => {
    primary = await startPostgres()
    await primary.sql(SCHEMA)
    lagging = await primary.standby()
    good = await primary.standby()
    await lagging.sql(`alter system set primary_conninfo = ''`)
    await lagging.sql('select pg_reload_conf()')
    await eventually('the end of its replication', async () => expect(await lagging.sql('select 1 from pg_stat_wal_receiver')).toEqual([]))
    await primary.sql(`insert into visits (at) select now() from generate_series(1, ${ROWS})`)
    await eventually('the good standby has all of it', async () =>
      expect(await good.sql(`select pg_last_wal_replay_lsn() >= '${await end(primary)}' as it`)).toEqual([{ it: true }]),
    )
    dead = `postgresql://postgres:n0body@127.0.0.1:${await freePort()}/postgres`
    production = await makeProduction(primary.url())
  }, 60_000)
  afterAll(async () => {
    for (const one of [production, primary, lagging, good]) await one?.[Symbol.asyncDispose]()
  })

  const end = async (server: PostgresServer): Promise<unknown> => (await server.sql('select pg_current_wal_lsn() as it'))[0]?.['it']
  const failover = (...more: readonly string[]) => production.attach('failover', KEY, ...to(dead, lagging.url(), good.url()), ...more)

  test('candidates that are still standbys are named unfit, each with what mends it; nothing is written', async () => {
    const same = untouched(production)
    const { exit, document } = await failover()
    expect({ exit, code: document.error?.code }).toEqual({ exit: 3, code: 'REFUSED' })
    expect(document.candidates).toMatchObject([
      { candidate: 1, fit: false, chosen: false, reason: expect.stringContaining('failed at connect'), position: null },
      { candidate: 2, fit: false, target: `127.0.0.1:${lagging.port}/postgres`, reason: expect.stringMatching(/\(.*pg\.recovery/) },
      { candidate: 3, fit: false, target: `127.0.0.1:${good.port}/postgres`, reason: expect.stringMatching(/\(.*pg\.recovery/) },
    ])
    documentSchema.parse(document)
    expect(document.error?.message).toMatch(/candidate 1 .*failed at connect.*candidate 2 .*pg\.recovery.*candidate 3 .*pg\.recovery/)
    expect(document.error?.hint).toMatch(/candidate 3 is the most advanced.*pg_promote/)
    const alive = document.candidates?.[2]?.findings.find(({ id }) => id === 'failover.old_alive')
    expect(alive).toMatchObject({ status: 'warn', remedy: expect.stringContaining('fence') })
    await same()
  })

  test('the good one is chosen, and the app writes again', async () => {
    await primary.stop('SIGKILL')
    for (const server of [lagging, good]) expect(await server.sql('select pg_promote() as it')).toEqual([{ it: true }])
    expect(await production.visit()).toBe(503)
    const found = await before(production)

    const dry = await failover('--dry-run')
    expect(dry).toMatchObject({ exit: 0, document: { outcome: 'planned', candidates: [{}, { fit: true }, { chosen: true }] } })
    expect(production.handle()).toBe(primary.url())

    const { exit, document, stdout } = await failover('-m', 'the primary is gone')
    expect({ exit, document }).toMatchObject({ exit: 0, document: { verb: 'failover', outcome: 'changed', release: 1 } })
    await agree(production, { exit, before: found, to: good.url() })
    expect(document.candidates).toMatchObject([
      { fit: false, reason: expect.stringContaining('failed at connect') },
      { fit: true, chosen: false, reason: expect.stringMatching(/^behind by [\d,]+ bytes of WAL$/) },
      { fit: true, chosen: true, reason: 'the most advanced' },
    ])
    const [, behind] = document.candidates ?? []
    const bytes = BigInt(/[\d,]+/.exec(behind?.reason ?? '')?.[0].replaceAll(',', '') ?? 0)
    expect(bytes).toBe(BigInt(document.candidates?.[2]?.position?.at ?? 0) - BigInt(behind?.position?.at ?? 0))
    documentSchema.parse(document)
    expect(stdout).not.toContain(good.password)

    expect(await production.visit()).toBe(200)
    expect(await good.sql('select count(*)::int > $$500$$::int as it from visits')).toEqual([{ it: true }])
    expect(journalOf(production.place).find(({ type }) => type === 'intent')).toMatchObject({ verb: 'failover', revertible: false })
    const log = await production.attach('log')
    expect(log.document.releases).toMatchObject([{ release: 1, verb: 'failover', message: 'the primary is gone', settled: 'yes' }])
  })

  test('a second one within the quiet period is refused before anybody is asked, and goes on when told so', async () => {
    await using listener = await liar(silent)
    const same = untouched(production)
    const { exit, document } = await production.attach('failover', KEY, '--to', `postgres://127.0.0.1:${listener.port}/postgres`)
    expect({ exit, error: document.error }).toMatchObject({
      exit: 3,
      error: {
        message: expect.stringMatching(/failover\.quiet.*\(v1\).* s ago by /),
        hint: expect.stringContaining('--allow failover.quiet'),
      },
    })
    expect(listener.seen()).toBe(0)
    expect(document.candidates).toBeUndefined()
    await same()

    const told = await production.attach('failover', KEY, ...to(lagging.url()), '--allow', 'failover.quiet,pg.empty,pg.shrunken')
    expect({ exit: told.exit, error: told.document.error }).toEqual({ exit: 0, error: null })
    expect(told.document.findings.find(({ id }) => id === 'failover.old_alive')).toMatchObject({ status: 'warn' })
    expect((await production.attach('log')).document.releases?.[0]).toMatchObject({
      verb: 'failover',
      allowed: expect.arrayContaining(['failover.quiet', 'pg.empty']),
    })
    const undone = await production.attach('undo', 'v2')
    expect({ exit: undone.exit, error: undone.document.error }).toEqual({ exit: 0, error: null })
    expect(await production.whoAmI()).toMatchObject({ databaseUrl: fingerprint(good.url()) })
  })
})

describe.runIf(havePostgres() && haveSupervisor())('a failover under a running app', { concurrent: true, timeout: 60_000 }, () => {
  let server: PostgresServer
  let one: string
  let two: string
  let three: string
  beforeAll(async () => {
    server = await startPostgres()
    for (const name of ['one', 'two', 'three']) {
      await server.sql(`create database ${name}`)
      await server.sql(SCHEMA, name)
    }
    ;[one = '', two = '', three = ''] = ['one', 'two', 'three'].map((database) => server.url({ database }))
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const hanging = (port: number): string => `postgres://app:s1lent@127.0.0.1:${port}/app`

  test('a candidate that hangs does not keep the good one waiting beyond the bound of a probe', async () => {
    await using listener = await liar(silent)
    await using production = await makeProduction(one)
    const found = await before(production)
    const { exit, document } = await production.attach('failover', KEY, ...to(hanging(listener.port), two))
    expect({ exit, error: document.error }).toEqual({ exit: 0, error: null })
    await agree(production, { exit, before: found, to: two })
    expect(document.candidates).toMatchObject([{ fit: false }, { chosen: true, reason: 'the only fit one' }])
    expect(Math.max(...(document.probes ?? []).map(({ report }) => report.totalMs))).toBeLessThan(10_500)
  })

  test('the time passes while all are silent: exit 3, named, and nothing is changed', async () => {
    await using listener = await liar(silent)
    await using production = await makeProduction(one)
    const same = untouched(production)
    const { exit, document } = await production.attach('failover', KEY, ...to(hanging(listener.port)), '--timeout', '1')
    expect({ exit, error: document.error }).toMatchObject({
      exit: 3,
      error: { code: 'REFUSED', message: expect.stringContaining('1 s passed') },
    })
    expect(document.candidates).toMatchObject([{ fit: false, reason: 'was still being asked' }])
    expect(listener.seen()).toBeGreaterThan(0)
    await same()
  })

  test('Ctrl-C while they are asked: 130, and nothing is changed', async () => {
    await using listener = await liar(silent)
    await using production = await makeProduction(one)
    const same = untouched(production)
    const running = production.begin('failover', KEY, ...to(hanging(listener.port), two))
    await eventually('the probe', async () => expect(listener.seen()).toBeGreaterThan(0))
    running.kill('SIGINT')
    expect(await running.ended).toMatchObject({ exit: 130 })
    await eventually('the end of every session', async () => expect(listener.open()).toBe(0))
    await same()
  })

  test('two at once: one is made, the other is refused and says by whom', async () => {
    await using production = await makeProduction(one)
    const both = await Promise.all([
      production.attach('failover', KEY, ...to(two, three)),
      production.attach('failover', KEY, ...to(three, two)),
    ])
    expect(both.map(({ exit }) => exit).sort()).toEqual([0, 3])
    expect(both.find(({ exit }) => exit === 3)?.document.error?.message).toContain('failover.quiet')
    expect(verdictsOf(production.place)).toEqual(['committed'])
    const chosen = both.find(({ exit }) => exit === 0)?.document.candidates?.find((one) => one.chosen)
    expect(production.handle()).toContain(chosen?.target)
  })

  test('candidates come from stdin, one a line, and from other keys; no secret is shown', async () => {
    await using production = await makeProduction(one, {}, [`STANDBY_URL=${three}`])
    const input = `${server.url({ database: 'nowhere' })}\n${server.url({ database: 'two', password: 'wr0ng' })}\n`
    const words = ['failover', KEY, '--to', '-', '--to', 'STANDBY_URL', '-d', 'production', '--trust', '--json']
    const ran = await run(words, { cwd: production.place.path, input })
    expect({ exit: ran.exit, document: documentIn(ran.stdout) }).toMatchObject({
      exit: 0,
      document: {
        candidates: [
          { fit: false, reason: expect.stringMatching(/^failed at use: .*3D000|does not exist/) },
          { fit: false, reason: expect.stringContaining('failed at login') },
          { chosen: true },
        ],
      },
    })
    expect(production.handle()).toBe(three)
    for (const secret of [server.password, 'wr0ng']) expect(ran.stdout + ran.stderr).not.toContain(secret)
  })

  test.each([
    ['an empty line', ['--to', '-'], () => `${two}\n\n${three}\n`, 'candidate 2 is an empty line'],
    ['a handle that cannot be read', ['--to', '-'], () => `${two}\npostgres://u:p@ss@h/d/e?sslmode=x\n`, 'candidate 2: '],
    ['a key that holds nothing', ['--to', 'NO_URL'], () => '', 'candidate 1 names a key that holds nothing'],
    ['what has no scheme', ['--to', 'NOTE'], () => '', 'candidate 1'],
    ['the same twice', ['--to', '-'], () => `${two}\n${two}?application_name=x\n`, 'candidate 2 leads where candidate 1 does'],
  ])('%s is exit 2, by its place, before anything is contacted', async (_, words, input, message) => {
    await using production = await makeProduction(one, {}, ['NOTE=plain'])
    const same = untouched(production)
    const all = ['failover', KEY, ...words, '-d', 'production', '--trust', '--json']
    const ran = await run(all, { cwd: production.place.path, input: input() })
    const { error, probes } = documentIn(ran.stdout)
    expect({ exit: ran.exit, error, probes }).toMatchObject({ exit: 2, error: { message: expect.stringContaining(message) } })
    expect(probes).toBeUndefined()
    expect(ran.stdout + ran.stderr).not.toMatch(/p@ss|sup3r/)
    await same()
  })

  test('what stands there already is no candidate, and a key that holds nothing is attached, not failed over', async () => {
    await using production = await makeProduction(one)
    const same = untouched(production)
    const standing = await production.attach('failover', KEY, ...to(one))
    expect({ exit: standing.exit, candidates: standing.document.candidates }).toMatchObject({
      exit: 3,
      candidates: [{ fit: false, reason: 'is what stands there' }],
    })
    const absent = await production.attach('failover', 'QUEUE_URL', ...to(two))
    expect({ exit: absent.exit, hint: absent.document.error?.hint }).toEqual({ exit: 3, hint: 'attach QUEUE_URL' })
    expect(absent.document.probes).toBeUndefined()
    await same()
  })
})
