import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import redis from '../../../src/kinds/redis/redis.ts'
import { command, RESP_LIMITS, type Reply, readReply } from '../../../src/kinds/redis/resp.ts'
import { PROBE_LIMITS } from '../../../src/ports/kind.ts'
import { probe } from '../../conformance/kind.ts'
import { type Certificates, makeCertificates } from '../../support/certificates.ts'
import { liar, script } from '../../support/liars.ts'
import { freePort } from '../../support/ports.ts'
import { eventually } from '../../support/processes.ts'
import { haveRedis, startRedis } from '../../support/redis.ts'

const look = (handle: string) => probe(redis, handle, { limits: PROBE_LIMITS, today: () => Date.now() })

describe.runIf(haveRedis())('a real Redis', () => {
  test('without a password, over TCP and over its socket', async () => {
    await using server = await startRedis()
    expect(await look(server.url())).toMatchObject({
      ok: true,
      facts: { product: 'Redis', role: 'primary', writable: true, tls: null, more: { mode: 'standalone', db: 0 } },
    })
    expect(await look(`unix://${server.socket}?db=2`)).toMatchObject({ ok: true, facts: { more: { db: 2 } } })
  })

  test('a password where none is set is told as it is', async () => {
    await using server = await startRedis()
    const report = await look(server.url({ user: 'nobody', password: 'some-pw' }))
    expect(report).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent', code: 'WRONGPASS' })
  })

  test('is asked for nothing but HELLO, PING, SELECT and INFO', async () => {
    await using server = await startRedis({ password: 'pw-pw-pw' })
    await server.ask('CONFIG', 'RESETSTAT')
    expect(await look(server.url({ db: 3 }))).toMatchObject({ ok: true })
    const stats = await eventually('stats', async () => server.ask('INFO', 'commandstats'))
    const used = [...stats.matchAll(/cmdstat_([^:]+):/g)].map(([, name]) => name)
    expect(used.filter((name) => !['hello', 'ping', 'select', 'info', 'auth', 'config|resetstat'].includes(name ?? ''))).toEqual([])
  })

  test('that does not know HELLO is spoken to as of old', async () => {
    await using server = await startRedis({ password: 'pw-pw-pw', args: ['--rename-command', 'HELLO', ''] })
    expect(await look(server.url({ db: 1 }))).toMatchObject({
      ok: true,
      facts: { role: 'primary', writable: true, version: expect.stringMatching(/^\d+\./) },
    })
    expect(await look(server.url({ password: 'not-this' }))).toMatchObject({ ok: false, failedAt: 'login', code: 'WRONGPASS' })
    expect(await look(server.url({ password: '' }).replace('//:@', '//'))).toMatchObject({ ok: false, code: 'NOAUTH', class: 'permanent' })
  })

  test('a replica that has lost its primary and says so is transient', async () => {
    await using server = await startRedis({ args: ['--replicaof', `127.0.0.1 ${await freePort()}`, '--replica-serve-stale-data', 'no'] })
    expect(await look(server.url())).toMatchObject({ ok: false, failedAt: 'use', class: 'transient', code: 'MASTERDOWN' })
  })

  test('a replica that has lost its primary and serves on is warned about', async () => {
    await using server = await startRedis({ args: ['--replicaof', `127.0.0.1 ${await freePort()}`] })
    expect(await look(server.url())).toMatchObject({
      ok: true,
      facts: { role: 'replica', writable: false },
      findings: [{ id: 'redis.link_down' }],
    })
  })

  test('a cluster has one database', async () => {
    await using server = await startRedis({ args: ['--cluster-enabled', 'yes'] })
    expect(await look(server.url({ db: 1 }))).toMatchObject({
      ok: false,
      failedAt: 'use',
      class: 'permanent',
      reason: expect.stringContaining('a cluster has the database 0 alone'),
    })
  })

  test('that has no connection left is transient', async () => {
    await using server = await startRedis({ args: ['--maxclients', '1'] })
    await using holder = await hold(server.port)
    expect(holder.open()).toBe(true)
    expect(await look(server.url())).toMatchObject({ ok: false, failedAt: 'login', class: 'transient', code: 'ERR' })
  })

  test('a user with few rights but enough of them is fine, and its role is known', async () => {
    await using server = await startRedis({ password: 'pw-pw-pw' })
    await server.ask('ACL', 'SETUSER', 'app', 'on', '>app-pw-app', '~*', '+@all', '-@dangerous')
    expect(await look(server.url({ user: 'app', password: 'app-pw-app' }))).toMatchObject({
      ok: true,
      facts: { role: 'primary', writable: true },
    })
  })
})

describe.runIf(haveRedis())('a real Redis with TLS', () => {
  let certificates: Certificates
  beforeAll(async () => {
    certificates = await makeCertificates()
  })
  afterAll(() => certificates[Symbol.dispose]())

  test('rediss is verified, or fails at secure', async () => {
    await using server = await startRedis({ tls: certificates.good })
    const at = (query: string, host = '127.0.0.1') => look(`rediss://${host}:${server.port}/0${query}`)
    expect(await at('')).toMatchObject({ ok: false, failedAt: 'secure', class: 'permanent', code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
    expect(await at(`?ssl_ca_certs=${certificates.ca}`, 'localhost')).toMatchObject({
      ok: true,
      facts: { tls: { verified: true } },
      findings: [],
    })
    const loose = await at('?ssl_cert_reqs=none')
    expect(loose).toMatchObject({ ok: true, facts: { tls: { verified: false } }, findings: [{ id: 'tls.unverified' }] })
  })

  test('a certificate of another host, and an expired one, fail at secure', async () => {
    await using elsewhere = await startRedis({ tls: certificates.wrongHost })
    await using expired = await startRedis({ tls: certificates.expired })
    const root = `ssl_ca_certs=${certificates.ca}`
    expect(await look(`rediss://127.0.0.1:${elsewhere.port}/0?${root}`)).toMatchObject({
      failedAt: 'secure',
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
    expect(await look(`rediss://127.0.0.1:${elsewhere.port}/0?${root}&ssl_check_hostname=false`)).toMatchObject({ ok: true })
    expect(await look(`rediss://127.0.0.1:${expired.port}/0?${root}`)).toMatchObject({ failedAt: 'secure', code: 'CERT_HAS_EXPIRED' })
  })

  test('plain text to a TLS port is told', async () => {
    await using server = await startRedis({ tls: certificates.good })
    expect(await look(`redis://127.0.0.1:${server.port}/0`)).toMatchObject({
      ok: false,
      class: 'permanent',
      code: 'wrong-protocol',
      hint: 'ask for TLS: rediss://',
    })
  })
})

describe('a Redis that is not what it should be', () => {
  const hello = '%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n$4\r\nrole\r\n$6\r\nmaster\r\n'

  test.each([
    ['LOADING', 'transient', 'LOADING Redis is loading the dataset in memory'],
    ['CLUSTERDOWN', 'transient', 'CLUSTERDOWN The cluster is down'],
    ['MISCONF', 'permanent', 'MISCONF Redis is configured to save RDB snapshots'],
    ['BUSY', 'transient', 'BUSY Redis is busy running a script'],
  ])('%s after the login is %s', async (code, kind, line) => {
    await using server = await liar(script(hello, `-${line}\r\n`))
    expect(await look(`redis://127.0.0.1:${server.port}`)).toMatchObject({ ok: false, failedAt: 'use', class: kind, code })
  })

  test('a sentinel is no data server', async () => {
    await using server = await liar(script('%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$4\r\nmode\r\n$8\r\nsentinel\r\n'))
    expect(await look(`redis://127.0.0.1:${server.port}`)).toMatchObject({ ok: false, class: 'permanent', code: 'wrong-service' })
  })

  test('a filler of old providers is remarked on', () => {
    const ids = (handle: string) => redis.remarks(redis.parse(new Secret(handle))).map(({ id }) => id)
    expect(ids('redis://h:pw-pw@host')).toEqual(['handle.filler_user'])
    expect(ids('redis://app:pw-pw@host?pool=1&db=1&db=2')).toEqual(['handle.unknown_key', 'handle.repeated_key'])
    expect(ids('redis://host/1?db=2')).toEqual(['handle.repeated_key'])
    expect(ids('rediss://host?ssl_ca_certs=/ca.pem')).toEqual(['handle.local_file'])
  })
})

describe('what a handle says beside where it leads', () => {
  const traits = (handle: string) => redis.traits(redis.parse(new Secret(handle)))

  test('parameters that tune a client are told as they stand; none of TLS, and no secret', () => {
    const { parameters } = traits('rediss://:pw-pw@h/1?max_connections=20&socket_timeout=2.5&ssl_cert_reqs=none&db=1')
    expect([...parameters]).toEqual([
      ['socket_timeout', '2.5'],
      ['max_connections', '20'],
    ])
    expect([...traits('redis://h?username=app&password=pw-pw').parameters]).toEqual([])
  })

  test.each([
    ['redis://:foobared@cache', 'the password of user default is that of every guide'],
    ['redis://app:Redis@cache', 'the password of user app is that of every guide'],
    ['redis://cache/0', 'no password'],
    ['redis://127.0.0.1/0', null],
    ['unix:///run/redis.sock', null],
    ['redis://:kQ9-x7@cache', null],
  ])('%s: %s', (handle, words) => {
    expect(traits(handle).defaultCredentials).toBe(words)
  })
})

describe('the protocol of Redis', () => {
  const read = (text: string): Reply | undefined => readReply(Buffer.from(text))?.reply

  test.each<readonly [string, Reply]>([
    ['+OK\r\n', 'OK'],
    [':42\r\n', 42],
    ['$-1\r\n', null],
    ['$3\r\na\r\n\r\n', 'a\r\n'],
    ['*-1\r\n', null],
    ['*2\r\n:1\r\n*1\r\n#t\r\n', [1, [true]]],
    ['%1\r\n+a\r\n_\r\n', ['a', null]],
    ['~1\r\n,1.5\r\n', ['1.5']],
    ['(12345678901234567890\r\n', '12345678901234567890'],
    ['=7\r\ntxt:abc\r\n', 'abc'],
    ['=4\r\ntxt:\r\n', ''],
    ['-WRONGPASS no way\r\n', { error: 'WRONGPASS', text: 'no way' }],
    ['-what is this\r\n', { error: 'ERR', text: 'what is this' }],
    ['!9\r\nERR oh no\r\n', { error: 'ERR', text: 'oh no' }],
    ['|1\r\n+ttl\r\n:3\r\n+OK\r\n', 'OK'],
    ['>2\r\n+message\r\n+x\r\n+OK\r\n', 'OK'],
  ])('%j is read', (text, reply) => {
    expect(read(text)).toEqual(reply)
    for (let cut = 0; cut < text.length; cut += 1) expect(readReply(Buffer.from(text.slice(0, cut)))).toBeNull()
  })

  test.each([
    ['HTTP/1.1 400', 'protocol'],
    [':x\r\n', 'protocol'],
    ['*-5\r\n', 'protocol'],
    ['$-2\r\n', 'protocol'],
    ['=3\r\ntxt\r\n', 'protocol'],
    ['=7\r\ntextabc\r\n', 'protocol'],
    ['=-1\r\n', 'protocol'],
    [`$${RESP_LIMITS.bytes + 1}\r\n`, 'too-much'],
    [`*${RESP_LIMITS.items + 1}\r\n`, 'too-much'],
    ['*1\r\n'.repeat(RESP_LIMITS.depth + 2), 'too-much'],
    [`+${'x'.repeat(RESP_LIMITS.bytes)}`, 'too-much'],
  ])('%.20j is refused', (text, code) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code }))
  })

  test('random bytes are a reply, incomplete, or refused, and never anything else', () => {
    const alphabet = fc.constantFrom(...'+-:$*_#,(!=%~>|0123456789\r\nabc ')
    fc.assert(
      fc.property(fc.array(fc.oneof(alphabet, fc.constant('\r\n')), { maxLength: 40 }), (letters) => {
        try {
          readReply(Buffer.from(letters.join('')))
        } catch (error) {
          expect(error).toMatchObject({ name: 'NetError', code: expect.stringMatching(/^(protocol|too-much)$/) })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('a command counts bytes, not letters', () => {
    expect(command('AUTH', 'ü')).toBe('*2\r\n$4\r\nAUTH\r\n$2\r\nü\r\n')
  })
})

/** Keeps one connection open. */
async function hold(port: number): Promise<{ open(): boolean; [Symbol.asyncDispose](): Promise<void> }> {
  const { connect } = await import('node:net')
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => {})
  await new Promise<void>((resolve) => {
    socket.once('data', () => resolve())
    socket.write('PING\r\n')
  })
  return {
    open: () => !socket.destroyed,
    [Symbol.asyncDispose]: async () => {
      socket.destroy()
    },
  }
}
