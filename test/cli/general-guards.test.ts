import { chmodSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificates, makeCertificates } from '../support/certificates.ts'
import { asDocument, attach } from '../support/cli.ts'
import { isRoot, NOBODY } from '../support/files.ts'
import { freePort } from '../support/ports.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { configOf, give, journalOf, type Scratch, scratch } from '../support/scratch.ts'

const LINE = (handle: string): string => `DATABASE_URL=${handle}\n`

describe.runIf(havePostgres())('what is asked of any two resources, on real servers', () => {
  let certificates: Certificates
  /** With TLS. */
  let one: PostgresServer
  /** Without. */
  let two: PostgresServer
  beforeAll(async () => {
    certificates = await makeCertificates()
    ;[one, two] = await Promise.all([startPostgres({ tls: certificates.good }), startPostgres()])
    for (const server of [one, two]) {
      await server.sql(`CREATE ROLE app LOGIN PASSWORD 'long-enough'`)
      for (const name of ['shop', 'second']) await server.sql(`CREATE DATABASE ${name} OWNER app`)
    }
  })
  afterAll(async () => {
    await Promise.all([one, two].map((server) => server[Symbol.asyncDispose]()))
    certificates[Symbol.dispose]()
  })

  const url = (server: PostgresServer, query = '', more: Parameters<PostgresServer['url']>[0] = {}): string =>
    server.url({ user: 'app', password: 'long-enough', database: 'shop', query, ...more })

  async function finding(place: Scratch, line: readonly string[], id: string) {
    const { document } = await asDocument(line, { cwd: place.path })
    return { exit: document.exit, message: document.error?.message ?? '', ...document.findings.find((one) => one.id === id) }
  }

  test('a TLS downgrade is refused with its id, and the config stays as it is, byte for byte', async () => {
    const verified = `sslmode=verify-full&sslrootcert=${certificates.ca}`
    for (const [old, next, detail] of [
      [url(one, verified), url(two, 'sslmode=disable'), /asks for less: disable, .* verify-full; TLSv1.3 now, plain text afterwards/],
      [url(one, 'sslmode=prefer'), url(two, 'sslmode=prefer'), /TLSv1.3 now, and plain text afterwards/],
      [url(one), url(two), /TLSv1.3 now, and plain text afterwards/],
      [url(one, 'sslmode=require'), url(one, 'sslmode=prefer'), /asks for less: prefer/],
    ] as const) {
      using place = scratch(`# mine\r\nexport ${LINE(`"${old}"`)}`)
      const before = configOf(place)
      const found = await finding(place, ['swap', `DATABASE_URL=${next}`], 'handle.tls_downgrade')
      expect(found).toMatchObject({ exit: 3, status: 'fail', severity: 'error', detail: expect.stringMatching(detail) })
      expect(found.message).toContain('handle.tls_downgrade refuses it')
      expect(configOf(place)).toBe(before)
      expect(journalOf(place)).toEqual([])
      const allowed = ['swap', `DATABASE_URL=${next}`, '--allow', 'handle.tls_downgrade', '--dry-run']
      expect((await asDocument(allowed, { cwd: place.path })).document).toMatchObject({ exit: 0, outcome: 'planned' })
    }
  })

  test('of an old one that is dead the handle alone counts; plain text for plain text, a socket, and more TLS pass', async () => {
    const dead = `postgres://app:long-enough@127.0.0.1:${await freePort()}/shop`
    for (const [old, next, status] of [
      [`${dead}?sslmode=verify-full`, url(two, 'sslmode=prefer'), 'fail'],
      [dead, url(two), 'pass'],
      [url(two, 'sslmode=disable'), url(one), 'pass'],
      [url(one, 'sslmode=require'), url(two, '', { host: encodeURIComponent(two.socketFolder) }), 'pass'],
    ] as const) {
      using place = scratch(LINE(old))
      expect(await finding(place, ['swap', `DATABASE_URL=${next}`, '--dry-run'], 'handle.tls_downgrade')).toMatchObject({ status })
    }
  })

  test('where the present handle cannot be read nothing is taken for fit: another kind refuses, the rest is not known', async () => {
    const broken = url(two).replace(`:${two.port}`, `:${two.port},`)
    for (const [old, status, severity] of [
      [broken, 'unknown', 'error'],
      [`jdbc:${url(two)}`, 'unknown', 'error'],
      ['nosuch://127.0.0.1:9092', 'unknown', 'error'],
      ['kafka://127.0.0.1:9092', 'fail', 'error'],
      ['redis-sentinel://127.0.0.1:26379/x', 'fail', 'error'],
    ] as const) {
      using place = scratch(LINE(old))
      const line = ['swap', `DATABASE_URL=${url(two)}`, '--dry-run']
      const found = await finding(place, line, 'handle.kind_changed')
      expect(found).toMatchObject({ exit: status === 'fail' ? 3 : 0, status, severity })
      const incomplete = status === 'fail' ? 'pass' : 'unknown' // What is of another kind is refused for that, and has nothing to compare.
      expect(await finding(place, [...line, '--strict'], 'compare.incomplete')).toMatchObject({ exit: 3, status: incomplete })
    }
  })

  test('a list is judged by the host of it that was taken', async () => {
    using place = scratch(LINE(url(one)))
    const list = (...ports: readonly number[]) => url(one).replace(`:${one.port}`, `:${ports.join(',127.0.0.1:')}`)
    const swapped = async (...ports: readonly number[]) =>
      await finding(place, ['swap', `DATABASE_URL=${list(...ports)}`, '--dry-run'], 'handle.same_resource')
    expect(await swapped(one.port, two.port)).toMatchObject({ exit: 3, status: 'fail' })
    expect(await swapped(1, one.port)).toMatchObject({ exit: 3, status: 'fail' })
    expect(await swapped(two.port, one.port)).toMatchObject({ status: 'pass' })
  })

  test('a swap that was let pass is undone without being let pass again', async () => {
    using place = scratch(LINE(url(two)))
    const how = { cwd: place.path }
    expect(await attach(['swap', `DATABASE_URL=${url(one)}`], how)).toMatchObject({ exit: 0 })
    const undone = await asDocument(['undo'], how)
    expect(undone.document).toMatchObject({ exit: 0, outcome: 'changed' })
    expect(undone.document.findings.find(({ id }) => id === 'handle.tls_downgrade')).toMatchObject({ status: 'warn' })
  })

  test('parameters that are lost are a warning with their names and values; a swap of parts keeps them', async () => {
    using place = scratch(LINE(url(two, 'pool=20&connect_timeout=5&foo=S3cret')))
    const lost = await finding(
      place,
      ['swap', `DATABASE_URL=${url(two, 'connect_timeout=9', { database: 'second' })}`, '--dry-run'],
      'handle.params_lost',
    )
    expect(lost).toMatchObject({
      exit: 0,
      status: 'warn',
      severity: 'warn',
      detail: 'pool=20 is gone, foo is gone, connect_timeout=5 becomes 9',
    })
    expect(JSON.stringify(lost)).not.toContain('S3cret')
    expect(await finding(place, ['swap', 'DATABASE_URL', '--name', 'second', '--dry-run'], 'handle.params_lost')).toMatchObject({
      status: 'pass',
    })
  })

  test('a new password is refused by none of them, also where nothing is as it should be', async () => {
    await two.sql(`CREATE ROLE postgres2 LOGIN PASSWORD 'postgres'`)
    using place = scratch(LINE(two.url({ user: 'postgres2', password: 'before', database: 'shop', query: 'pool=5' })))
    const { document } = await asDocument(['swap', 'DATABASE_URL', '--password', '-'], { cwd: place.path, input: 'postgres' })
    expect(document).toMatchObject({ exit: 0, outcome: 'changed' })
    expect(document.findings.filter(({ id, status }) => /^(handle|net|compare|tls)\./.test(id) && status === 'fail')).toEqual([])
    expect(document.findings.find(({ id }) => id === 'handle.default_credentials')).toMatchObject({ severity: 'info' })
  })

  test('the present resource is elsewhere, and the new one is this machine: refused', async () => {
    using place = scratch(LINE('postgres://app:long-enough@db1.invalid/shop'))
    const before = configOf(place)
    expect(await finding(place, ['swap', `DATABASE_URL=${url(two)}`], 'handle.localhost')).toMatchObject({ exit: 3, status: 'fail' })
    expect(configOf(place)).toBe(before)
  })

  describe('with several deploys', () => {
    function project(staging: string): Scratch {
      const place = scratch()
      place.write(
        'attach.yaml',
        'default: production\ndeploys:\n  production: { config: .env.production }\n  staging: { config: .env.staging }\n',
      )
      place.write('.env.production', LINE(url(two, '', { database: 'second' })))
      place.write('.env.staging', staging)
      return place
    }
    const swap = ['swap', `DATABASE_URL`, '--name', 'shop']

    test('the resource of another deploy is refused, by what its handle means', async () => {
      using place = project(`OTHER_URL=postgresql://somebody:x@LOCALHOST:${two.port}/shop?sslmode=require\n`)
      const before = place.read('.env.production')
      const found = await finding(place, swap, 'handle.other_deploy')
      expect(found).toMatchObject({ exit: 3, status: 'fail', detail: 'staging (OTHER_URL) leads there too' })
      expect(place.read('.env.production')).toBe(before)
      const compared = ['compare', 'DATABASE_URL', '--name', 'shop']
      expect(await finding(place, compared, 'handle.other_deploy'), 'and so says the pre-flight alone').toMatchObject({
        exit: 3,
        status: 'fail',
      })
      expect((await asDocument([...swap, '--allow', 'handle.other_deploy'], { cwd: place.path })).document).toMatchObject({ exit: 0 })
      const shared = ['swap', 'DATABASE_URL', '--user', 'postgres', '--password', two.password, '--dry-run']
      expect(await finding(place, shared, 'handle.other_deploy'), 'it is shared already').toMatchObject({ exit: 0, status: 'pass' })
    })

    test('what attach.yaml makes an error of a handle holds where nothing is probed too', async () => {
      using place = project('A=1\n')
      place.write(
        'attach.yaml',
        'deploys: { production: { config: .env.production } }\nresources: { DATABASE_URL: { guards: { handle.unknown_key: error } } }\n',
      )
      const odd = ['swap', 'DATABASE_URL=postgres://u@h/x?nonsense=1', '--no-probe']
      expect(await finding(place, odd, 'handle.unknown_key')).toMatchObject({ exit: 3, status: 'fail' })
      expect((await asDocument([...odd, '--allow', 'handle.unknown_key'], { cwd: place.path })).exit).toBe(0)
    })

    test('another resource passes; a config that is not here is told; one that cannot be read leaves it open', async () => {
      using place = project('DATABASE_URL=postgres://u@db9/x\nBROKEN=postgres://\n')
      expect(await finding(place, [...swap, '--dry-run'], 'handle.other_deploy')).toMatchObject({ exit: 0, status: 'pass' })
      place.write('.env.staging', 'x'.repeat(17 * 1024 * 1024))
      expect(await finding(place, [...swap, '--dry-run'], 'handle.other_deploy')).toMatchObject({
        exit: 0,
        status: 'unknown',
        severity: 'error',
      })
      using alone = scratch()
      alone.write('attach.yaml', 'deploys: { a: { config: .env }, b: { config: .env.b } }\ndefault: a\n')
      alone.write('.env', LINE(url(two, '', { database: 'second' })))
      expect(await finding(alone, [...swap, '--dry-run'], 'handle.other_deploy')).toMatchObject({
        exit: 0,
        status: 'unknown',
        severity: 'info',
      })
    })

    test('a handle of several hosts leads to each of them', async () => {
      const hosts = (list: string) => project(LINE(`postgres://u@${list}/shop`))
      for (const list of [`127.0.0.1:${two.port},127.0.0.9:${two.port}`, `db9,LOCALHOST:${two.port}`]) {
        using place = hosts(list)
        expect(await finding(place, [...swap, '--dry-run'], 'handle.other_deploy'), list).toMatchObject({
          status: 'fail',
          severity: 'error',
          detail: 'staging (DATABASE_URL) leads there too',
        })
      }
      using place = hosts(`127.0.0.1:1,db9:${two.port}`)
      expect(await finding(place, [...swap, '--dry-run'], 'handle.other_deploy'), 'other ports, other hosts').toMatchObject({
        status: 'pass',
      })
    })

    test('one that attach cannot read may lead there: it leaves it open', async () => {
      const list = `127.0.0.1:${two.port},127.0.0.9:${two.port}`
      using place = project(LINE(`jdbc:postgresql://${list}/shop`))
      expect(await finding(place, [...swap, '--dry-run'], 'handle.other_deploy')).toMatchObject({
        status: 'unknown',
        severity: 'error',
        detail: 'whether other deploys lead there is not known: staging (DATABASE_URL may lead there)',
      })
    })

    test.runIf(isRoot)('so does one that this user may not read', async () => {
      using place = project(LINE(url(two)))
      give(place.path, NOBODY)
      chmodSync(place.at('.env.staging'), 0)
      const { document } = await asDocument([...swap, '--dry-run'], { cwd: place.path, uid: NOBODY })
      expect(document.findings.find(({ id }) => id === 'handle.other_deploy')).toMatchObject({
        status: 'unknown',
        detail: expect.stringContaining('EACCES'),
      })
    })
  })
})
