import { connect, type Socket } from 'node:net'
import { userInfo } from 'node:os'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import mysql from '../../../src/kinds/mysql/mysql.ts'
import { PROBE_LIMITS } from '../../../src/ports/kind.ts'
import { probe } from '../../conformance/kind.ts'
import { type Certificates, makeCertificates } from '../../support/certificates.ts'
import { haveMariaDb, type MariaDbServer, startMariaDb } from '../../support/mariadb.ts'
import { eventually } from '../../support/processes.ts'

const look = (handle: string) => probe(mysql, handle, { limits: PROBE_LIMITS })
const me = userInfo().username
const app = { user: 'app', password: 'app-pw-1', database: 'shop' }

describe.runIf(haveMariaDb())('a real MariaDB', () => {
  let certificates: Certificates
  let server: MariaDbServer
  beforeAll(async () => {
    certificates = await makeCertificates()
    server = await startMariaDb({ serverId: 101, tls: { ...certificates.good, ca: certificates.ca } })
    await server.sql('CREATE DATABASE shop')
    const make = (name: string, how = `IDENTIFIED BY 'app-pw-1'`) =>
      server.sql(
        `CREATE USER ${name}@'%' ${how}; CREATE USER ${name}@localhost ${how}; GRANT ALL ON shop.* TO ${name}@'%'; GRANT ALL ON shop.* TO ${name}@localhost`,
      )
    for (const name of ['app', 'locked', 'expired', 'few', 'bare']) await make(name)
    await make('tls', `IDENTIFIED BY 'app-pw-1' REQUIRE SSL`)
    await make('cert', `IDENTIFIED BY 'app-pw-1' REQUIRE X509`)
    await make('sock', 'IDENTIFIED VIA unix_socket')
    await server.sql(
      `CREATE USER IF NOT EXISTS ${me}@localhost; ALTER USER ${me}@localhost IDENTIFIED VIA unix_socket; GRANT ALL ON shop.* TO ${me}@localhost`,
    )
    await server.sql(
      `ALTER USER locked@'%' ACCOUNT LOCK; ALTER USER expired@'%' PASSWORD EXPIRE; ALTER USER few@'%' WITH MAX_USER_CONNECTIONS 1; REVOKE ALL ON shop.* FROM bare@'%'`,
    )
  }, 60_000)
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    certificates?.[Symbol.dispose]()
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  test('is told with its own version, not with the one that it greets old replicas with', async () => {
    expect(await look(server.url(app))).toMatchObject({
      ok: true,
      facts: {
        product: 'MariaDB',
        version: expect.stringMatching(/^1\d\.\d+\.\d+$/),
        role: 'primary',
        writable: true,
        more: { auth: 'mysql_native_password' },
      },
    })
  })

  test('is reached over its socket, where no TLS is asked for', async () => {
    expect(await look(`mysql://app:app-pw-1@localhost/shop?socket=${server.socket}`)).toMatchObject({
      ok: true,
      facts: { tls: null },
      findings: [],
    })
    expect(await look(`mysql://app:app-pw-1@${encodeURIComponent(server.socket)}/shop`)).toMatchObject({ ok: true })
    expect(await look(`mysql+pymysql://app:app-pw-1@/shop?unix_socket=${server.socket}.not`)).toMatchObject({
      ok: false,
      failedAt: 'connect',
      code: 'ENOENT',
    })
  })

  test('knows a user by the socket, and lets that account in by no password', async () => {
    expect(await look(`mysql://${me}@/shop?socket=${server.socket}`)).toMatchObject({ ok: true })
    const far = await look(server.url({ ...app, user: 'sock' }))
    expect(far).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent', code: '1698' })
  })

  test.each([
    ['locked', '4151', 'permanent', 'the account is locked'],
    ['expired', '1820', 'permanent', 'the password has expired'],
  ])('an account that is %s fails at login with %s', async (user, code, kind, words) => {
    const report = await look(server.url({ ...app, user }))
    expect(report).toMatchObject({ ok: false, failedAt: 'login', class: kind, code })
    expect(report.ok ? '' : report.reason).toContain(words)
  })

  test('a wrong password, and a user that does not exist, fail at login for good', async () => {
    const wrong = await look(server.url({ ...app, password: 'app-pw-2' }))
    expect(wrong).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent', code: '1045' })
    // Which way of login a server plays for such a user changes from one server to the next.
    const nobody = await look(server.url({ ...app, user: 'nobody' }))
    expect(nobody).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent', code: expect.stringMatching(/^(1045|1698)$/) })
  })

  test('a user without rights is let in, and stopped at the database; without one it passes', async () => {
    expect(await look(server.url({ ...app, user: 'bare' }))).toMatchObject({ ok: false, failedAt: 'use', class: 'permanent', code: '1044' })
    expect(await look(server.url({ ...app, user: 'bare', database: '' }))).toMatchObject({ ok: true, facts: { writable: true } })
  })

  test('a database that is not there is told as such to who may see that', async () => {
    expect(await look(server.url({ database: 'nowhere' }))).toMatchObject({ ok: false, failedAt: 'use', code: '1049' })
  })

  test('a server, and an account, without a connection left are transient', async () => {
    await server.sql('SET GLOBAL max_connections = 10')
    await using held = await hold(server.port, 11)
    const full = await eventually('it is full', async () => {
      const report = await look(server.url(app))
      expect(report.ok).toBe(false)
      return report
    })
    await held[Symbol.asyncDispose]()
    expect(full).toMatchObject({ failedAt: 'login', class: 'transient', code: '1040' })
    await server.sql('SET GLOBAL max_connections = 151')
    const opened = await mysql.open?.(mysql.parse(new Secret(server.url({ ...app, user: 'few' }))), {
      signal: new AbortController().signal,
      depth: 'use',
      limits: PROBE_LIMITS,
      now: () => performance.now(),
      today: Date.now,
    })
    expect(opened?.session).not.toBeNull()
    expect(await look(server.url({ ...app, user: 'few' }))).toMatchObject({
      ok: false,
      failedAt: 'login',
      class: 'transient',
      code: '1226',
    })
    await opened?.session?.[Symbol.asyncDispose]()
  })

  test('that is read-only is not writable, and says by which switch', async () => {
    await server.sql('SET GLOBAL read_only = 1')
    const report = await look(server.url(app))
    await server.sql('SET GLOBAL read_only = 0')
    expect(report).toMatchObject({ ok: true, facts: { writable: false, role: 'unknown', more: { readOnlyBy: 'read_only' } } })
  })

  test('TLS is used where it is offered, required where it is asked for, and verified where that is asked for', async () => {
    const at = (query: string, host = '127.0.0.1') => look(server.url({ ...app, host, query }))
    const verified = { ok: true, facts: { tls: { verified: true, protocol: expect.stringMatching(/^TLSv1\.[23]$/) } } }
    expect(await at('')).toMatchObject({ ok: true, facts: { tls: { verified: false } } })
    expect(await at('ssl-mode=REQUIRED')).toMatchObject({ ok: true, facts: { tls: { verified: false } } })
    expect(await at('ssl-mode=DISABLED')).toMatchObject({ ok: true, facts: { tls: null } })
    expect(await at(`ssl-mode=VERIFY_IDENTITY&ssl-ca=${certificates.ca}`, 'localhost')).toMatchObject(verified)
    expect(await at(`ssl-ca=${certificates.ca}`)).toMatchObject(verified)
    expect(await at('ssl-mode=VERIFY_CA')).toMatchObject({
      ok: false,
      failedAt: 'secure',
      class: 'permanent',
      code: 'SELF_SIGNED_CERT_IN_CHAIN',
    })
    expect(await at('ssl-mode=VERIFY_CA&ssl-ca=/nowhere.pem')).toMatchObject({ ok: false, failedAt: 'secure', code: 'file-unreadable' })
  })

  test('an account that takes TLS only, and one that takes a certificate only', async () => {
    expect(await look(server.url({ ...app, user: 'tls', query: 'ssl-mode=DISABLED' }))).toMatchObject({
      ok: false,
      failedAt: 'login',
      code: '1045',
    })
    expect(await look(server.url({ ...app, user: 'tls' }))).toMatchObject({ ok: true })
    const { cert, key } = certificates.client
    expect(await look(server.url({ ...app, user: 'cert' }))).toMatchObject({ ok: false, failedAt: 'login' })
    expect(await look(server.url({ ...app, user: 'cert', query: `ssl-mode=REQUIRED&ssl-cert=${cert}&ssl-key=${key}` }))).toMatchObject({
      ok: true,
    })
  })

  test('mysql2 of Node reads most words otherwise, and it is said', async () => {
    const ids = async (query: string, scheme = 'mysql') => (await look(server.url({ ...app, query, scheme }))).findings.map(({ id }) => id)
    expect(await ids('ssl-mode=REQUIRED')).toContain('tls.reader_differs')
    expect(await ids('sslaccept=accept_invalid_certs')).toContain('tls.reader_differs')
    expect(await ids('ssl={"rejectUnauthorized":false}')).not.toContain('tls.reader_differs')
    expect(await ids('ssl-mode=REQUIRED', 'mysql2')).not.toContain('tls.reader_differs')
    expect(await ids('useSSL=true', 'jdbc:mysql')).toContain('tls.reader_differs')
    expect(await ids('')).not.toContain('tls.reader_differs')
  })

  test('nothing of the environment has a say', async () => {
    for (const [name, value] of Object.entries({
      MYSQL_PWD: 'app-pw-1',
      MYSQL_HOST: 'nowhere.invalid',
      MYSQL_TCP_PORT: '1',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    }))
      vi.stubEnv(name, value)
    expect(await look(server.url(app))).toMatchObject({ ok: true })
    expect(await look(server.url({ ...app, password: '' }))).toMatchObject({ ok: false, failedAt: 'login', code: '1045' })
    expect(await look(server.url({ ...app, query: 'ssl-mode=VERIFY_CA' }))).toMatchObject({ ok: false, failedAt: 'secure' })
  })

  test('a probe writes nothing, leaves no session, and is no aborted connection', async () => {
    const counts = () =>
      server.sql(`SELECT @@gtid_binlog_pos; SHOW GLOBAL STATUS WHERE Variable_name IN ('Aborted_clients', 'Aborted_connects')`)
    const before = await counts()
    for (let time = 0; time < 3; time += 1)
      expect(await look(server.url({ ...app, query: 'ssl-mode=DISABLED' }))).toMatchObject({ ok: true })
    expect(await look(server.url(app))).toMatchObject({ ok: true })
    expect(await probe(mysql, server.url(app), { depth: 'login', limits: PROBE_LIMITS })).toMatchObject({ ok: true })
    await eventually('no session of ours', async () =>
      expect(await server.sql(`SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'app'`)).toBe('0'),
    )
    expect(await counts()).toBe(before)
  })

  test('a password of two bytes a letter, and one with every sign, are understood', async () => {
    const password = `ü'"\\%@/:?#&=+ ñ漢`
    await server.sql(`CREATE USER odd@'%' IDENTIFIED BY 'ü''"\\\\%@/:?#&=+ ñ漢'`)
    expect(await look(server.url({ user: 'odd', password }))).toMatchObject({ ok: true })
  })
})

describe.runIf(haveMariaDb())('a real MariaDB with the certificate of another', () => {
  let certificates: Certificates
  beforeAll(async () => {
    certificates = await makeCertificates()
  })
  afterAll(() => certificates?.[Symbol.dispose]())

  test('is refused where its name is checked, and told where it is not', async () => {
    await using elsewhere = await startMariaDb({ tls: certificates.wrongHost })
    const full = elsewhere.url({ query: `ssl-mode=VERIFY_IDENTITY&ssl-ca=${certificates.ca}` })
    expect(await look(full)).toMatchObject({ ok: false, failedAt: 'secure', code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    expect(await look(full.replace('VERIFY_IDENTITY', 'VERIFY_CA'))).toMatchObject({
      ok: true,
      findings: [{ id: 'tls.unverified' }, { id: 'tls.reader_differs' }],
    })
  })
})

/** Keeps so many connections open that never log in. */
async function hold(port: number, count: number): Promise<AsyncDisposable> {
  const sockets: Socket[] = []
  for (let at = 0; at < count; at += 1) {
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('error', () => {})
    sockets.push(socket)
    await new Promise((resolve) => socket.once('data', resolve))
  }
  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.all(
        sockets.map(
          (socket) =>
            new Promise((resolve) => {
              if (socket.destroyed) return resolve(null)
              socket.once('close', resolve)
              socket.destroy()
            }),
        ),
      )
    },
  }
}
