import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import postgres from '../../../src/kinds/postgres/postgres.ts'
import { PROBE_LIMITS } from '../../../src/ports/kind.ts'
import { probe } from '../../conformance/kind.ts'
import { liar, silent } from '../../support/liars.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { eventually } from '../../support/processes.ts'

/** A public name that leads to this machine: what is said about remote hosts can be seen. */
const REMOTE = 'db.example.com'
vi.mock('node:dns/promises', async (original) => {
  const actual = await original<typeof import('node:dns/promises')>()
  const lookup = (name: string, options: import('node:dns').LookupAllOptions) =>
    name === 'db.example.com' ? Promise.resolve([{ address: '127.0.0.1', family: 4 }]) : actual.lookup(name, options)
  return { ...actual, lookup }
})

const look = (handle: string) => probe(postgres, handle, { limits: PROBE_LIMITS })
const app = { user: 'app', password: 'app-pw', database: 'shop' }

describe.runIf(havePostgres())('a real PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    const hba = [
      'local all postgres scram-sha-256',
      'local all trusted trust',
      'local all app scram-sha-256',
      'host all clear 127.0.0.1/32 password',
      'host all barred 127.0.0.1/32 reject',
      'host all old 127.0.0.1/32 md5',
      'host all all 127.0.0.1/32 scram-sha-256',
    ]
    server = await startPostgres({ hba, config: ['max_connections = 20'] })
    await server.sql(
      `CREATE ROLE app LOGIN PASSWORD 'app-pw'; CREATE ROLE clear LOGIN PASSWORD 'app-pw'; CREATE ROLE trusted LOGIN; CREATE ROLE barred LOGIN PASSWORD 'app-pw'`,
    )
    await server.sql(`SET password_encryption = 'md5'; CREATE ROLE old LOGIN PASSWORD 'app-pw'`)
    await server.sql('CREATE DATABASE shop OWNER app')
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  test('is reached over its socket', async () => {
    const report = await look(`postgres://app:app-pw@/shop?host=${server.socketFolder}&port=${server.port}`)
    expect(report).toMatchObject({
      ok: true,
      facts: { tls: null, more: { auth: 'scram-sha-256', database: 'shop', user: 'app', pooler: false } },
      findings: [],
    })
    const encoded = `postgres://app:app-pw@${encodeURIComponent(server.socketFolder)}:${server.port}/shop`
    expect(await look(encoded)).toMatchObject({ ok: true })
  })

  test('that lets in without a password says so: whether ours is right is not known', async () => {
    const report = await look(`postgres://trusted:whatever-pw@/shop?host=${server.socketFolder}&port=${server.port}`)
    expect(report).toMatchObject({ ok: true, findings: [{ id: 'auth.unasked', status: 'unknown' }] })
  })

  test('with an md5 password, and with one in clear text, is told by its way', async () => {
    expect(await look(server.url({ ...app, user: 'old' }))).toMatchObject({ ok: true, facts: { more: { auth: 'md5' } } })
    expect(await look(server.url({ ...app, user: 'clear' }))).toMatchObject({
      ok: true,
      facts: { more: { auth: 'cleartext' } },
      findings: [],
    })
  })

  test('far away and in plain text is warned about, a password in clear text above all', async () => {
    const report = await look(server.url({ ...app, user: 'clear', host: REMOTE }))
    expect(report.ok).toBe(true)
    expect(report.findings.map(({ id, status }) => [id, status])).toEqual([
      ['tls.plain', 'warn'],
      ['auth.cleartext', 'warn'],
    ])
  })

  test('that is read otherwise by node-postgres is warned about', async () => {
    const report = await look(server.url({ ...app, host: REMOTE, query: 'sslmode=prefer' }))
    expect(report.findings.map(({ id }) => id)).toContain('tls.reader_differs')
    const same = await look(server.url({ ...app, host: REMOTE, query: 'sslmode=prefer&uselibpqcompat=true' }))
    expect(same.findings.map(({ id }) => id)).toEqual(['tls.plain'])
  })

  test('a role whose transactions are read-only by default is not writable, and no replica', async () => {
    await server.sql(`ALTER ROLE app IN DATABASE shop SET default_transaction_read_only = on`)
    try {
      expect(await look(server.url(app))).toMatchObject({
        ok: true,
        facts: { role: 'primary', writable: false, more: { readOnlyByDefault: true } },
      })
    } finally {
      await server.sql(`ALTER ROLE app IN DATABASE shop RESET default_transaction_read_only`)
    }
  })

  test('whose user, database and password are one word is shown with its names', async () => {
    await server.sql(`CREATE ROLE same LOGIN PASSWORD 'same'`)
    await server.sql('CREATE DATABASE same OWNER same')
    const report = await look(server.url({ user: 'same', password: 'same', database: 'same' }))
    expect(report).toMatchObject({ ok: true, facts: { more: { user: 'same', database: 'same' } } })
  })

  test('that has no connection left is transient, one that bars the user is permanent', async () => {
    await server.sql('ALTER ROLE app CONNECTION LIMIT 0')
    const full = await look(server.url(app))
    await server.sql('ALTER ROLE app CONNECTION LIMIT -1')
    expect(full).toMatchObject({ ok: false, failedAt: 'use', class: 'transient', code: '53300' })
    expect(await look(server.url({ ...app, user: 'barred' }))).toMatchObject({
      ok: false,
      failedAt: 'login',
      class: 'permanent',
      code: '28000',
    })
  })

  test('with a database that is closed for a while is transient', async () => {
    await server.sql('ALTER DATABASE shop ALLOW_CONNECTIONS false')
    const closed = await look(server.url(app))
    await server.sql('ALTER DATABASE shop ALLOW_CONNECTIONS true')
    expect(closed).toMatchObject({ ok: false, failedAt: 'use', class: 'transient', code: '55000' })
  })

  test('options of the handle are sent as the app would send them', async () => {
    const query = `options=${encodeURIComponent('-c default_transaction_read_only=on')}`
    expect(await look(server.url({ ...app, query }))).toMatchObject({ ok: true, facts: { writable: false } })
  })

  test('nothing of the environment has a say', async () => {
    const folder = mkdtempSync('/tmp/att-home-')
    const passwords = join(folder, 'pgpass')
    writeFileSync(passwords, '*:*:*:*:app-pw\n', { mode: 0o600 })
    const wild = {
      ...{
        PGOPTIONS: '-c default_transaction_read_only=on',
        PGPASSWORD: 'app-pw',
        PGUSER: 'postgres',
        PGDATABASE: 'postgres',
        PGHOST: 'nowhere.invalid',
      },
      ...{
        PGPORT: '1',
        PGSSLMODE: 'verify-full',
        PGSSLNEGOTIATION: 'direct',
        PGAPPNAME: 'other',
        PGPASSFILE: passwords,
        PGREPLICATION: 'database',
        PGBINARY: '1',
      },
    }
    for (const [name, value] of Object.entries(wild)) vi.stubEnv(name, value)
    try {
      const report = await look(server.url(app))
      expect(report).toMatchObject({ ok: true, facts: { writable: true, tls: null, more: { database: 'shop', user: 'app' } } })
      expect(await look(server.url({ ...app, password: '' }))).toMatchObject({ ok: false, failedAt: 'login', code: 'no-password' })
      await using listener = await liar(silent)
      await probe(postgres, `postgres://app@127.0.0.1:${listener.port}/shop?sslmode=disable`)
      const sent = listener.heard()
      expect(sent).toContain('application_name\0attach\0')
      for (const word of ['other', 'statement_timeout', 'options', 'replication', 'postgres']) expect(sent).not.toContain(word)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a probe writes nothing and leaves no session behind', async () => {
    const next = async () => (await server.sql('SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS x'))[0]?.['x']
    const before = await next()
    for (let index = 0; index < 3; index += 1) expect(await look(server.url(app))).toMatchObject({ ok: true })
    expect(await next()).toBe(before)
    await eventually('no session of ours', async () => {
      const [row] = await server.sql(`SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'attach'`)
      expect(row?.['n']).toBe(0)
    })
  })

  test('a server that is stopped under a probe and started again is met as what it is', async () => {
    await server.stop()
    expect(await look(server.url(app))).toMatchObject({ ok: false, failedAt: 'connect', class: 'transient' })
    await server.start()
    expect(await look(server.url(app))).toMatchObject({ ok: true })
  })
})

test('remarks say what is odd, and hold no value', () => {
  const ids = (handle: string) => postgres.remarks(postgres.parse(new Secret(handle))).map(({ id }) => id)
  expect(ids('postgres://app@h/x')).toEqual([])
  expect(ids('postgres://h/x')).toEqual(['handle.no_user'])
  expect(ids('postgres://a@h/x?pgbouncer=true&pool=5')).toEqual(['handle.unknown_key', 'handle.unknown_key'])
  expect(ids('postgres://a@h/x?sslmode=require&sslmode=disable')).toEqual(['handle.repeated_key'])
  expect(ids('postgres://a@h/x?sslmode=verify-full&sslrootcert=/ca.pem')).toEqual(['handle.local_file'])
  expect(ids('postgres://a@h/x?sslmode=verify-full&sslrootcert=system')).toEqual([])
  expect(ids('postgres://a@h/x?sslmode=verify-full')).toEqual(['tls.reader_differs'])
  expect(ids('postgres://a@h/x?sslmode=allow')).toEqual(['handle.tls_allow'])
  expect(ids('postgres://a@/x?host=/run&sslmode=require')).toEqual(['handle.tls_on_socket'])
  expect(ids('postgres://a@h/x?require_auth=md5')).toEqual(['handle.not_checked'])
  expect(ids('postgres://a@h/x?target_session_attrs=read-write&load_balance_hosts=random')).toEqual([])
  expect(ids('postgres://a@h1,h2/x?target_session_attrs=read-write')).toEqual(['handle.host_list'])
  expect(ids('postgres://a@h1,h2/x?load_balance_hosts=random')).toEqual(['handle.host_list', 'handle.not_checked'])
  expect(ids('postgres://a@h/x/y')).toEqual(['handle.odd_name'])
})
