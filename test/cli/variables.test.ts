import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asDocument, attach } from '../support/cli.ts'
import { documentSchema } from '../support/document-schema.ts'
import { freePort } from '../support/ports.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { configOf, scratch } from '../support/scratch.ts'

const PASSWORD = 'pw-of-v4riables'

describe.runIf(havePostgres())('several variables that make one handle', { timeout: 60_000 }, () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres()
    await server.sql(`CREATE ROLE app LOGIN PASSWORD '${PASSWORD}'`)
    for (const name of ['one', 'two']) {
      await server.sql(`CREATE DATABASE ${name} OWNER app`)
      await server.sql('CREATE TABLE orders (id int PRIMARY KEY); ALTER TABLE orders OWNER TO app', name)
    }
    await server.sql('CREATE DATABASE empty OWNER app')
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const lines = (more: Readonly<Record<string, string>> = {}): string =>
    Object.entries({ PGHOST: '127.0.0.1', PGPORT: `${server.port}`, PGUSER: 'app', PGPASSWORD: PASSWORD, PGDATABASE: 'one', ...more })
      .map(([key, value]) => `${key}=${value}\n`)
      .join('')
  const url = (database: string): string => server.url({ user: 'app', password: PASSWORD, database })
  const whole = (text: string): void => expect(text).not.toContain(PASSWORD)

  test('are one attachment, which is probed once', async () => {
    using place = scratch(`# mine\n${lines()}OTHER=1\n`)
    const status = await asDocument(['status', '--probe'], { cwd: place.path })
    expect(documentSchema.safeParse(status.document).error?.issues ?? []).toEqual([])
    expect(status.document).toMatchObject({
      exit: 0,
      attachments: [
        {
          key: 'PGHOST',
          kind: 'postgres',
          target: `postgresql://app@127.0.0.1:${server.port}/one`,
          keys: expect.arrayContaining(['PGPASSWORD', 'PGDATABASE']),
        },
      ],
      probes: [{ key: 'PGHOST', report: { ok: true } }],
    })
    for (const words of [['probe'], ['probe', 'PGPASSWORD'], ['wait', 'PGHOST']]) {
      const probed = await asDocument(words, { cwd: place.path })
      expect(probed.document).toMatchObject({ exit: 0, probes: [{ key: 'PGHOST', report: { ok: true } }] })
      whole(probed.stdout + probed.stderr)
    }
    whole(status.stdout + status.stderr)
  })

  test('are swapped by their parts, as one operation that is compared as a whole; every other byte stays, and undo brings them back', async () => {
    using place = scratch(`# mine\n${lines()}OTHER=1 # kept\n`)
    const [before, text] = [configOf(place), place.read()]
    const refused = await asDocument(['swap', 'PGHOST', '--name', 'empty'], { cwd: place.path })
    expect(refused.document).toMatchObject({ exit: 3, error: { message: expect.stringMatching(/^PGHOST: pg\.objects refuses it/) } })
    expect(configOf(place)).toBe(before)
    const swapped = await asDocument(['swap', 'PGHOST', '--name', 'two'], { cwd: place.path })
    expect(swapped.document).toMatchObject({ exit: 0, changes: [{ key: 'PGDATABASE', from: 'one', to: 'two' }] })
    expect(place.read()).toBe(`# mine\n${lines({ PGDATABASE: 'two' })}OTHER=1 # kept\n`)
    expect((await attach(['undo', 'v1'], { cwd: place.path })).exit).toBe(0)
    expect(place.read()).toBe(text)
  })

  test('a change of one of them is a change of the whole: a wrong password is refused, and is told as such', async () => {
    using place = scratch(lines())
    const before = configOf(place)
    const ran = await attach(['swap', 'PGPASSWORD=-', '--json'], { cwd: place.path, input: 'wr0ng-pass' })
    expect(JSON.parse(ran.stdout)).toMatchObject({ exit: 3, error: { message: expect.stringMatching(/^PGHOST: .* failed at login/) } })
    expect(ran.stdout + ran.stderr).not.toContain('wr0ng-pass')
    expect(configOf(place)).toBe(before)
  })

  test('take a whole handle apart, and are made by one where none stood', async () => {
    using place = scratch(lines())
    const swapped = await attach(['swap', 'PGHOST=-', '--json'], { cwd: place.path, input: url('two') })
    expect(JSON.parse(swapped.stdout)).toMatchObject({ exit: 0, changes: [{ key: 'PGDATABASE', from: 'one', to: 'two' }] })
    whole(swapped.stdout + swapped.stderr)
    expect(place.read()).toBe(lines({ PGDATABASE: 'two' }))
    using fresh = scratch('A=1\n')
    const made = await attach(['attach', 'PGHOST=-', '--json'], { cwd: fresh.path, input: url('one') })
    expect(JSON.parse(made.stdout)).toMatchObject({ exit: 0, outcome: 'changed' })
    whole(made.stdout + made.stderr)
    for (const line of ['PGHOST=127.0.0.1', `PGPORT=${server.port}`, 'PGUSER=app', `PGPASSWORD=${PASSWORD}`, 'PGDATABASE=one'])
      expect(fresh.read()).toContain(`${line}\n`)
  })

  test('are detached together; what other services use as well stays', async () => {
    using place = scratch(
      `${lines()}S3_BUCKET=shop\nAWS_ACCESS_KEY_ID=AKIAEXAMPLE\nAWS_SECRET_ACCESS_KEY=s3cr3t-of-aws\nAWS_REGION=eu-west-1\n`,
    )
    const gone = await asDocument(['detach', 'PGHOST'], { cwd: place.path })
    expect(gone.document).toMatchObject({ exit: 0, outcome: 'changed' })
    expect(gone.document.changes.map(({ key, to }) => [key, to]).toSorted()).toEqual([
      ['PGDATABASE', null],
      ['PGHOST', null],
      ['PGPASSWORD', null],
      ['PGPORT', null],
      ['PGUSER', null],
    ])
    whole(gone.stdout + gone.stderr)
    const bucket = await asDocument(['detach', 'S3_BUCKET'], { cwd: place.path })
    expect(bucket.document.changes.map(({ key }) => key)).toEqual(['S3_BUCKET'])
    expect(place.read()).toBe('AWS_ACCESS_KEY_ID=AKIAEXAMPLE\nAWS_SECRET_ACCESS_KEY=s3cr3t-of-aws\nAWS_REGION=eu-west-1\n')
    expect((await attach(['undo', 'v1'], { cwd: place.path })).exit).toBe(0)
    expect(place.read()).toContain(`PGPASSWORD=${PASSWORD}\n`)
  })

  test('of which a needed one is missing are a finding by name, and hide nothing else', async () => {
    using place = scratch(`PGPORT=${server.port}\nPGUSER=app\nPGPASSWORD=${PASSWORD}\nDATABASE_URL=${url('one')}\n`)
    const { document } = await asDocument(['status'], { cwd: place.path })
    expect(document.attachments?.map(({ key }) => key)).toContain('DATABASE_URL')
    expect(document.findings).toContainEqual(
      expect.objectContaining({ id: 'handle.partial', status: 'warn', detail: expect.stringContaining('PGHOST') }),
    )
    const probed = await asDocument(['probe'], { cwd: place.path })
    expect(probed.document).toMatchObject({ exit: 3, probes: [{ key: 'DATABASE_URL', report: { ok: true } }] })
  })

  test('with names of their own stand in attach.yaml', async () => {
    using place = scratch(`SHOP_DB_HOST=127.0.0.1\nSHOP_DB_PORT=${server.port}\nSHOP_DB_USER=app\nSHOP_DB_PASS=${PASSWORD}\nSHOP_DB=one\n`)
    place.write(
      'attach.yaml',
      'deploys: { shop: { config: .env } }\nresources:\n  SHOP:\n    kind: postgres\n    variables: { host: SHOP_DB_HOST, port: SHOP_DB_PORT, user: SHOP_DB_USER, password: SHOP_DB_PASS, name: SHOP_DB }\n',
    )
    const probed = await asDocument(['probe', 'SHOP'], { cwd: place.path })
    expect(probed.document).toMatchObject({ exit: 0, probes: [{ key: 'SHOP', kind: 'postgres', report: { ok: true } }] })
    const swapped = await asDocument(['swap', 'SHOP', '--name', 'two'], { cwd: place.path })
    expect(swapped.document).toMatchObject({ exit: 0, changes: [{ key: 'SHOP_DB', from: 'one', to: 'two' }] })
    whole(probed.stdout + swapped.stdout + probed.stderr + swapped.stderr)
  })

  test('lead somewhere, as where finds it, and keep no old handle under one key', async () => {
    using place = scratch(lines())
    const found = await asDocument(['where', url('one')], { cwd: place.path })
    expect(found.document).toMatchObject({ exit: 0, attachments: [{ key: 'PGHOST', kind: 'postgres' }] })
    const kept = await attach(['swap', 'PGHOST=-', '--keep-old', '--json'], { cwd: place.path, input: url('two') })
    expect(JSON.parse(kept.stdout)).toMatchObject({ exit: 2, error: { message: expect.stringContaining('one of several variables') } })
  })

  test('a part that is no part of a handle is exit 2 by its name, before anything is contacted', async () => {
    using place = scratch(lines({ PGPORT: `${await freePort()}` }))
    const before = configOf(place)
    const { document } = await asDocument(['swap', 'PGPORT=not-a-port'], { cwd: place.path })
    expect(document).toMatchObject({
      exit: 2,
      error: { code: 'HANDLE_INVALID', message: expect.stringMatching(/^PGHOST: .*port.*; nothing was contacted$/) },
    })
    expect(document.probes).toBeUndefined()
    expect(configOf(place)).toBe(before)
  })
})
