import { existsSync, readFileSync, statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Document } from '../../src/domain/document.ts'
import { isAttachError, openDeploy } from '../../src/index.ts'
import { asDocument, attach, type Ran } from '../support/cli.ts'
import { documentSchema } from '../support/document-schema.ts'
import { freePort } from '../support/ports.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { haveRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { type Scratch, scratch, treeOf } from '../support/scratch.ts'

const run = (place: Scratch, args: readonly string[], input = ''): Promise<Ran> => attach(args, { cwd: place.path, input })

/** A run with --json, whose document is as published, and that left everything as it was. */
async function harmless(place: Scratch, args: readonly string[], input = ''): Promise<Document> {
  const before = treeOf(place.path)
  const { exit, document } = await asDocument(args, { cwd: place.path, input })
  expect(documentSchema.safeParse(document).error?.issues ?? []).toEqual([])
  expect(document).toMatchObject({ verb: 'compare', exit, outcome: 'unchanged', release: null, changes: [], undo: null })
  expect(treeOf(place.path)).toEqual(before)
  return document
}

const finding = ({ findings }: Document, id: string) => findings.filter((one) => one.id === id)

describe.runIf(havePostgres() && haveRedis())('attach compare', { concurrent: true }, () => {
  let db: PostgresServer
  let standby: PostgresServer
  let cache: RedisServer
  beforeAll(async () => {
    const starting = startRedis()
    db = await startPostgres()
    await db.sql("CREATE ROLE app LOGIN PASSWORD 'pw'")
    for (const name of ['first', 'second', 'frozen']) await db.sql(`CREATE DATABASE ${name} OWNER app`)
    await db.sql('ALTER DATABASE frozen SET default_transaction_read_only = on')
    standby = await db.standby()
    cache = await starting
  })
  afterAll(() => Promise.all([standby, db, cache].map((server) => server[Symbol.asyncDispose]())))

  const url = (database = 'first', server = db): string => server.url({ user: 'app', password: 'pw', database })
  const config = (more = ''): string => `DATABASE_URL=${url()}\n${more}`

  test('says fit and exits 0 when nothing stands in the way of a swap, with every check in the document', async () => {
    using place = scratch(config())
    const document = await harmless(place, ['compare', 'DATABASE_URL=-'], url('second'))
    expect(document).toMatchObject({ exit: 0, error: null, deploy: '.env' })
    expect(document.message).toMatch(/^DATABASE_URL: fit/)
    expect(finding(document, 'pg.recovery')).toMatchObject([{ key: 'DATABASE_URL', status: 'pass' }])
    expect(document.probes?.map(({ side, key }) => `${side} ${key}`).sort()).toEqual(['new DATABASE_URL', 'old DATABASE_URL'])
    const told = await run(place, ['compare', 'DATABASE_URL=-'], url('second'))
    expect(told.stdout).toMatch(/^DATABASE_URL: fit.*\n$/)
    expect(told.stderr).toMatch(/^ {2}guards \d+ checks of DATABASE_URL: /m)
    expect(told.stderr).not.toMatch(/✓ pg\./)
    expect((await run(place, ['compare', '-v', 'DATABASE_URL=-'], url('second'))).stderr).toMatch(/^ {2}✓ pg\.recovery {2}a primary$/m)
    expect(existsSync(place.at('.attach'))).toBe(false)
  })

  test('says who refuses, why, and what to do about it, and exits 3', async () => {
    using place = scratch(config())
    for (const [to, id] of [
      [url('first', standby), 'pg.recovery'],
      [url('frozen'), 'pg.read_only'],
      [url().replace('127.0.0.1', 'localhost'), 'handle.same_resource'],
      [cache.url(), 'handle.kind_changed'],
    ] as const) {
      const document = await harmless(place, ['compare', `DATABASE_URL=${to}`])
      expect(document).toMatchObject({ exit: 3, error: { code: 'REFUSED', message: expect.stringContaining(`${id} refuses it`) } })
      expect(document.message).toMatch(new RegExp(`^DATABASE_URL: refused by .*${id.replace('.', '\\.')}`))
      expect(finding(document, id)).toMatchObject([{ status: 'fail', severity: 'error', remedy: expect.any(String) }])
    }
    const told = await run(place, ['compare', `DATABASE_URL=${url('first', standby)}`])
    expect(told.stderr).toMatch(/^ {2}✗ pg\.recovery {2}a standby in recovery: it takes no writes\n {6}\S/m)
    expect(told.stderr).toMatch(/^attach: DATABASE_URL: pg\.recovery refuses it: a standby/m)
  })

  test('lets what is named pass, and with --strict lets nothing unknown pass', async () => {
    using place = scratch(config())
    const frozen = ['compare', `DATABASE_URL=${url('frozen')}`, '--allow', 'pg.read_only']
    const allowed = await harmless(place, frozen)
    expect(allowed).toMatchObject({ exit: 0, error: null, message: expect.stringMatching(/^DATABASE_URL: fit \(pg\.read_only let pass/) })
    place.write('.env', `DATABASE_URL=${db.url({ user: 'app', password: 'wrong', database: 'first' })}\n`)
    const blind = ['compare', `DATABASE_URL=${url('second')}`]
    expect(await harmless(place, blind)).toMatchObject({ exit: 0 })
    const strict = await harmless(place, [...blind, '--strict'])
    expect(strict).toMatchObject({
      exit: 3,
      error: { message: expect.stringMatching(/is not known|refuses it/) },
    })
  })

  test('what attach.yaml weighs is seen, and stands in the way as it says', async () => {
    using place = scratch(config())
    const yaml = (guards: string): void =>
      place.write('attach.yaml', `deploys: { local: { config: .env } }\nresources: { DATABASE_URL: { guards: { ${guards} } } }\n`)
    const line = ['compare', `DATABASE_URL=${url('frozen')}`]
    yaml('pg.read_only: info')
    const light = await harmless(place, [...line, '--strict', '--allow', 'tls.plain'])
    expect(finding(light, 'pg.read_only')).toMatchObject([{ severity: 'info', status: 'warn' }])
    expect(light.error?.message ?? '').not.toContain('pg.read_only')
    yaml('pg.read_only: warn')
    expect(await harmless(place, line)).toMatchObject({ exit: 0 })
    expect(await harmless(place, [...line, '--strict'])).toMatchObject({ exit: 3 })
  })

  test('two handles need no deploy, and keys may stand in for either', async () => {
    using place = scratch()
    const without = await harmless(place, ['compare', url(), url('second')])
    expect(without).toMatchObject({ exit: 0, deploy: null, message: expect.stringMatching(/^handle 2: fit/) })
    expect(await harmless(place, ['compare', '-', url('frozen')], url())).toMatchObject({ exit: 3 })
    expect(await harmless(place, ['compare', 'DATABASE_URL', url('second')])).toMatchObject({ exit: 2 })
    place.write('.env', config(`FROZEN_URL=${url('frozen')}\n`))
    expect(await harmless(place, ['compare', 'DATABASE_URL', url('second')])).toMatchObject({ exit: 0 })
    expect(await harmless(place, ['compare', 'DATABASE_URL', 'FROZEN_URL'])).toMatchObject({
      exit: 3,
      message: expect.stringMatching(/^DATABASE_URL: refused by pg\.read_only/),
    })
    expect(await harmless(place, ['compare', url('second'), 'DATABASE_URL'])).toMatchObject({ exit: 0 })
  })

  test('takes its value as swap does, and several pairs at once', async () => {
    using place = scratch(config(`OTHER_URL=${url('second')}\n`))
    expect(await harmless(place, ['compare', 'DATABASE_URL', '--name', 'frozen'])).toMatchObject({ exit: 3 })
    expect(await harmless(place, ['compare', '--from-key', 'DATABASE_URL=OTHER_URL'])).toMatchObject({ exit: 0 })
    const both = await harmless(place, ['compare', `DATABASE_URL=${url('second')}`, `OTHER_URL=${url('frozen')}`])
    expect(both.message).toMatch(/^DATABASE_URL: fit.*\nOTHER_URL: refused by pg\.read_only/)
    expect(both).toMatchObject({ exit: 3, error: { message: expect.stringMatching(/^OTHER_URL: pg\.read_only/) } })
  })

  test('exit 3 when the new one does not answer or nothing stands there, 2 when it cannot be compared at all', async () => {
    using place = scratch(config(`TOKEN=abc\nEMPTY=\n`))
    const dead = await harmless(place, ['compare', `DATABASE_URL=postgres://app@127.0.0.1:${await freePort()}/first`])
    expect(dead).toMatchObject({ exit: 3, message: 'DATABASE_URL: refused by the probe', error: { code: 'PROBE_FAILED' } })
    const absent = await harmless(place, ['compare', `DATABSE_URL=${url()}`])
    expect(absent).toMatchObject({ exit: 3, error: { message: expect.stringContaining('did you mean DATABASE_URL?') } })
    expect(await harmless(place, ['compare', `EMPTY=${url()}`])).toMatchObject({ exit: 3 })
    expect(await harmless(place, ['compare', `TOKEN=${url()}`])).toMatchObject({ exit: 2 })
    expect(await harmless(place, ['compare', 'DATABASE_URL=abc', '--kind', 'opaque'])).toMatchObject({ exit: 2 })
    expect(await harmless(place, ['compare', 'TOKEN', '--save', 'b'])).toMatchObject({ exit: 2 })
    expect(await harmless(place, ['compare', `DATABASE_URL=${url()}`])).toMatchObject({ exit: 0, findings: [] })
  })

  test('a baseline speaks in undo and rollback too, and one of a key that they do not change is refused', async () => {
    using place = scratch(config(`OTHER_URL=${url('second')}\n`))
    expect(await run(place, ['swap', 'DATABASE_URL=-'], url('second'))).toMatchObject({ exit: 0 })
    for (const [key, file] of [
      ['DATABASE_URL', 'db'],
      ['OTHER_URL', 'other'],
    ] as const)
      expect(await run(place, ['compare', key, '--save', file])).toMatchObject({ exit: 0 })
    for (const back of [
      ['undo', 'v1'],
      ['rollback', 'v0'],
    ]) {
      const { document } = await asDocument([...back, '--dry-run', '--baseline', 'db'], { cwd: place.path })
      expect(document).toMatchObject({ exit: 0, outcome: 'planned' })
      expect(finding(document, 'compare.baseline')).toMatchObject([{ severity: 'info', status: 'warn' }])
      const stray = await asDocument([...back, '--baseline', 'other'], { cwd: place.path })
      expect(stray.document).toMatchObject({ exit: 2, error: { message: expect.stringContaining('found one of OTHER_URL') } })
      expect(stray.document.probes).toBeUndefined()
    }
  })

  test('from TypeScript too', async () => {
    using place = scratch(config())
    const before = treeOf(place.path)
    const deploy = await openDeploy({ directory: place.path })
    expect((await deploy.compare({ DATABASE_URL: url('second') })).blocking).toEqual([])
    expect((await deploy.compare({ DATABASE_URL: url('frozen') })).blocking).toMatchObject([{ id: 'pg.read_only' }])
    expect((await deploy.compare({ DATABASE_URL: url('frozen') }, { allow: ['pg.read_only'] })).letPass).toEqual(['pg.read_only'])
    expect(treeOf(place.path)).toEqual(before)
    await deploy.saveBaseline('DATABASE_URL', place.at('b.json'))
    const { preflight } = await deploy.compare({ DATABASE_URL: url('second') }, { baseline: place.at('b.json') })
    expect(preflight.findings.find(({ id }) => id === 'compare.baseline')).toMatchObject({ severity: 'info', status: 'warn' })
    await expect(deploy.swap({ DATABASE_URL: url('second') }, { baseline: place.at('none') })).rejects.toSatisfy((error) =>
      isAttachError(error, 'USAGE'),
    )
    await deploy.close()
  })
})

describe.runIf(havePostgres())('a baseline, for the day the old one is dead', () => {
  const CANARIES = { password: 'kanarienvogel-eins', setting: 'kanarienvogel-zwei', row: 'kanarienvogel-drei', role: 'kanarienvogel-vier' }
  let old: PostgresServer
  let next: PostgresServer
  let place: Scratch
  beforeAll(async () => {
    const prepared = async (): Promise<PostgresServer> => {
      const server = await startPostgres()
      await server.sql(`CREATE ROLE app LOGIN PASSWORD '${CANARIES.password}'`)
      await server.sql('CREATE DATABASE first OWNER app')
      return server
    }
    ;[old, next] = await Promise.all([prepared(), prepared()])
    await old.sql(`ALTER DATABASE first SET app.token = '${CANARIES.setting}'`)
    await old.sql(`ALTER ROLE app SET app.key = '${CANARIES.role}'`)
    await old.sql(`CREATE TABLE notes (text text); INSERT INTO notes VALUES ('${CANARIES.row}'); ALTER TABLE notes OWNER TO app`, 'first')
    await next.sql('CREATE TABLE notes (text text); ALTER TABLE notes OWNER TO app', 'first')
    place = scratch(`DATABASE_URL=${handle(old)}\nOTHER_URL=${handle(old)}?application_name=other\n`)
  })
  afterAll(async () => {
    place[Symbol.dispose]()
    await Promise.all([old, next].map((server) => server[Symbol.asyncDispose]()))
  })

  const handle = (server: PostgresServer): string => server.url({ user: 'app', password: CANARIES.password, database: 'first' })
  const saved = (): string => readFileSync(place.at('db.baseline'), 'utf8')

  test('is kept while it lives: readable by its owner alone, and the config and its folder stay as they were', async () => {
    const before = treeOf(place.path)
    const { document, stdout, stderr } = await asDocument(['compare', 'DATABASE_URL', '--save', 'db.baseline'], { cwd: place.path })
    expect(documentSchema.safeParse(document).error?.issues ?? []).toEqual([])
    expect(document).toMatchObject({
      exit: 0,
      outcome: 'unchanged',
      message: expect.stringMatching(/^DATABASE_URL: baseline of \S+ saved to db\.baseline$/),
    })
    expect(statSync(place.at('db.baseline')).mode & 0o777).toBe(0o600)
    const { 'db.baseline': made, '.': _after, ...rest } = treeOf(place.path)
    const { '.': _before, ...was } = before
    expect(made).toBeDefined()
    expect(rest).toEqual(was)
    expect(JSON.parse(saved())).toMatchObject({
      schema: 'attach-baseline/1',
      key: 'DATABASE_URL',
      kind: 'postgres',
      target: expect.not.stringContaining('kanarien'),
    })
    for (const canary of Object.values(CANARIES)) expect(saved() + stdout + stderr).not.toContain(canary)
  })

  test('is kept beside a comparison as well, and replaced by it', async () => {
    const before = saved()
    const ran = await run(place, ['compare', 'DATABASE_URL=-', '--save', 'db.baseline'], handle(next))
    expect(ran.stdout).toMatch(/^DATABASE_URL: .*\nDATABASE_URL: baseline of \S+ saved to db\.baseline\n$/)
    expect(JSON.parse(saved())).toMatchObject({ key: 'DATABASE_URL', survey: { resource: JSON.parse(before).survey.resource } })
    expect(saved()).not.toBe(before)
  })

  test('is kept where the value stands there already, too: there is nothing to compare', async () => {
    const before = saved()
    const ran = await run(place, ['compare', 'DATABASE_URL=-', '--save', 'db.baseline'], handle(old))
    expect(ran).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^DATABASE_URL: baseline of \S+ saved to db\.baseline\n$/) })
    expect(saved()).not.toBe(before)
  })

  test('never takes the place of the config, nor of anything else that is no baseline', async () => {
    const before = place.read()
    const ran = await run(place, ['compare', 'DATABASE_URL', '--save', '.env'])
    expect(ran).toMatchObject({ exit: 2, stderr: expect.stringMatching(/no baseline, and is not replaced; nothing was written/) })
    expect(place.read()).toBe(before)
  })

  test('speaks for it once it is dead, in compare and in swap, and its age is told', async () => {
    await old.stop()
    const blind = await harmless(place, ['compare', 'DATABASE_URL=-'], handle(next))
    expect(blind).toMatchObject({ exit: 0 })
    expect(finding(blind, 'compare.baseline')).toMatchObject([{ status: 'unknown', remedy: expect.stringContaining('--baseline') }])
    const seeing = await harmless(place, ['compare', 'DATABASE_URL=-', '--baseline', 'db.baseline'], handle(next))
    expect(finding(seeing, 'compare.baseline')).toMatchObject([
      { status: 'warn', severity: 'info', detail: expect.stringMatching(/taken less than a minute ago/) },
    ])
    const unknowns = ({ findings }: Document): number => findings.filter(({ status }) => status === 'unknown').length
    expect(unknowns(seeing)).toBeLessThan(unknowns(blind))
    const lost = await harmless(place, ['compare', 'DATABASE_URL=-', '--save', 'new.baseline'], handle(next))
    expect(lost).toMatchObject({ exit: 3, error: { message: expect.stringContaining('no baseline was saved') } })
    expect(await harmless(place, ['compare', 'DATABASE_URL', '--save', 'new.baseline'])).toMatchObject({
      exit: 3,
      error: { code: 'PROBE_FAILED' },
    })
    expect(existsSync(place.at('new.baseline'))).toBe(false)
    const dry = await run(place, ['swap', 'DATABASE_URL=-', '--baseline', 'db.baseline', '--dry-run'], handle(next))
    expect(dry.stderr).toMatch(/^ {2}i compare\.baseline {2}a baseline of \S+ speaks for the old resource, taken less than a minute ago$/m)
  })

  test.each([
    ['of another key', ['OTHER_URL=-', '--baseline', 'db.baseline'], /expected a baseline of OTHER_URL, found one of DATABASE_URL/],
    ['that is the config', ['DATABASE_URL=-', '--baseline', '.env'], /expected a baseline of attach/],
    ['that is not there', ['DATABASE_URL=-', '--baseline', 'none'], /there is no such file/],
  ])('%s is exit 2 for swap and compare, before anything is contacted', async (_, args, message) => {
    for (const verb of ['swap', 'compare']) {
      const before = place.read()
      const { document } = await asDocument([verb, ...args], { cwd: place.path, input: handle(next) })
      expect(document).toMatchObject({ exit: 2, outcome: 'unchanged', error: { message: expect.stringMatching(message) } })
      expect(document.probes).toBeUndefined()
      expect(place.read()).toBe(before)
    }
  })

  test('that is old is told as such', async () => {
    const old = { ...JSON.parse(saved()), takenAt: '2020-01-01T00:00:00.000Z' }
    place.write('old.baseline', JSON.stringify({ ...old, survey: { ...old.survey, takenAt: old.takenAt } }))
    const document = await harmless(place, ['compare', 'DATABASE_URL=-', '--baseline', 'old.baseline'], handle(next))
    expect(finding(document, 'compare.baseline')).toMatchObject([{ severity: 'warn', remedy: expect.stringContaining('--save') }])
  })
})
