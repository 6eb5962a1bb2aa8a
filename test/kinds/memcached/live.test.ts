import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import memcached from '../../../src/kinds/memcached/memcached.ts'
import { sniff } from '../../../src/net/sniff.ts'
import { PROBE_LIMITS } from '../../../src/ports/kind.ts'
import { PASSWORD, type ProbeOptions, probe } from '../../conformance/kind.ts'
import { type Certificates, makeCertificates } from '../../support/certificates.ts'
import { answers, answersLines, floods, greets, liar, script } from '../../support/liars.ts'
import { haveMemcached, opened, startMemcached } from '../../support/memcached.ts'
import { freePort } from '../../support/ports.ts'
import { eventually } from '../../support/processes.ts'
import { relay } from '../../support/relay.ts'
import { packet } from './packet.ts'

const look = (handle: string, options: ProbeOptions = {}) => probe(memcached, handle, { limits: PROBE_LIMITS, ...options })
const LOGIN = { user: 'app', password: PASSWORD }
const who = `app:${encodeURIComponent(PASSWORD)}@`

describe.runIf(haveMemcached())('a real memcached', () => {
  test('without a login, over TCP and over its socket', async () => {
    await using server = await startMemcached()
    await server.fill(3)
    expect(await look(server.url())).toMatchObject({
      ok: true,
      facts: { product: 'memcached', role: 'primary', writable: true, tls: null, more: { nodes: 1, items: 3 } },
      findings: [],
    })
    await using local = await startMemcached({ socket: 'yes' })
    expect(await look(local.url())).toMatchObject({ ok: true, facts: { more: { nodes: 1, items: 0 } }, findings: [] })
  })

  test('nothing is written, and no key of anybody is read', async () => {
    await using server = await startMemcached()
    await server.fill(1)
    const counts = async () =>
      [...(await server.tell('stats\r\n', 'END')).matchAll(/STAT (cmd_\w+|total_items) (\d+)/g)].map(([line]) => line)
    const before = await counts()
    expect(await look(server.url())).toMatchObject({ ok: true })
    expect(await look(server.url(LOGIN))).toMatchObject({ ok: false, failedAt: 'login' })
    expect(await counts()).toEqual(before)
  })

  test('a login where none is known fails, as a client with one would', async () => {
    await using server = await startMemcached()
    expect(await look(server.url(LOGIN))).toMatchObject({
      ok: false,
      failedAt: 'login',
      class: 'permanent',
      code: 'no-login',
      reason: 'the server knows no login, and the handle has a user',
    })
    await using text = await startMemcached({ args: ['-B', 'ascii'] })
    expect(await look(text.url(LOGIN))).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent', code: 'no-login' })
  })

  test('a token is the login of the text protocol, and nothing is stored for it', async () => {
    const token = { user: 'app', password: 'a-token-of-its-own' }
    await using server = await startMemcached({ token })
    expect(await look(server.url(token))).toMatchObject({ ok: true, facts: { more: { items: 0 } } })
    expect(await look(server.url({ ...token, password: 'not-this' }))).toMatchObject({
      ok: false,
      failedAt: 'login',
      class: 'permanent',
      reason: expect.stringMatching(/^wrong user or password; server says: authentication failure/),
    })
    expect(await look(server.url())).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent', code: 'unauthenticated' })
    expect(await look(server.url(), { depth: 'speak' })).toMatchObject({ ok: true })
  })

  test('one that takes SASL alone is told from one that is dead', async () => {
    await using server = await startMemcached({ sasl: LOGIN })
    const started = performance.now()
    expect(await look(server.url())).toMatchObject({ ok: false, failedAt: 'login', class: 'permanent', code: 'unauthenticated' })
    expect(performance.now() - started).toBeLessThan(2_000)
    expect(await look(server.url({ user: 'nobody', password: PASSWORD }))).toMatchObject({
      ok: false,
      failedAt: 'login',
      code: '0x20',
      reason: 'wrong user or password; server says: Auth failure.',
    })
  })

  test('that has no connection left is transient', async () => {
    await using server = await startMemcached({ args: ['-c', '16'] })
    const held: Socket[] = []
    try {
      await eventually('no connection left', async () => {
        held.push(await opened(server.port))
        expect(await look(server.url())).toMatchObject({
          ok: false,
          class: 'transient',
          reason: expect.stringMatching(/no connection left/),
        })
      })
      expect(await look(server.url(LOGIN))).toMatchObject({
        ok: false,
        class: 'transient',
        reason: expect.stringMatching(/no connection left/),
      })
    } finally {
      for (const socket of held) socket.destroy()
    }
  })
})

describe.runIf(haveMemcached())('a list of real servers', () => {
  test('is asked as a whole: what all tell is told, and each by its name', async () => {
    await using one = await startMemcached()
    await using two = await startMemcached()
    await one.fill(2)
    await two.fill(5)
    const report = await look(`memcached://127.0.0.1:${one.port},localhost:${two.port}`)
    expect(report).toMatchObject({
      ok: true,
      facts: { product: 'memcached', role: 'primary', writable: true, tls: null, more: { nodes: 2, items: 7 } },
      findings: [
        { id: 'mc.node', status: 'pass', detail: expect.stringMatching(`^127.0.0.1:${one.port} answers, [\\d.]+, 2 items$`) },
        { id: 'mc.node', status: 'pass', detail: expect.stringMatching(`^localhost:${two.port} answers, [\\d.]+, 5 items$`) },
      ],
    })
    expect(report.stages.map(({ depth }) => depth)).toEqual(['resolve', 'connect', 'secure', 'speak', 'login', 'use'])
  })

  test('a dead one among them fails the list, and is named', async () => {
    await using one = await startMemcached()
    await using through = await relay(one.port)
    const dead = await freePort()
    expect(await look(`127.0.0.1:${through.port},127.0.0.1:${dead}`)).toMatchObject({
      ok: false,
      failedAt: 'connect',
      class: 'transient',
      code: 'ECONNREFUSED',
      stages: [{ depth: 'resolve' }],
      reason: `127.0.0.1:${dead}: refused: nothing listens there`,
      hint: expect.stringContaining('every server of the list must answer'),
      findings: [
        { id: 'mc.node', status: 'pass' },
        { id: 'mc.node', status: 'fail', detail: `127.0.0.1:${dead} failed at connect: refused: nothing listens there` },
      ],
    })
    await eventually('the others are closed', async () => expect(through.open()).toBe(0))
  })

  test('what fails for good at one of them is for good, whatever else fails', async () => {
    await using locked = await startMemcached({ sasl: LOGIN })
    const dead = await freePort()
    expect(await look(`127.0.0.1:${dead},127.0.0.1:${locked.port}`)).toMatchObject({
      ok: false,
      failedAt: 'connect',
      class: 'permanent',
      code: 'unauthenticated',
      reason: expect.stringMatching(`^127.0.0.1:${dead}: refused.*; 127.0.0.1:${locked.port}: the server asks for a login`),
    })
  })

  test('of many that fail the first is explained, and the others are named', async () => {
    const ports = await Promise.all([freePort(), freePort(), freePort(), freePort(), freePort(), freePort()])
    const report = await look(ports.map((port) => `127.0.0.1:${port}`).join(','))
    expect(report).toMatchObject({ ok: false, reason: expect.stringMatching(/nothing listens there; .*, .*, .* and 2 more fail too$/) })
  })
})

describe.runIf(haveMemcached())('a real memcached with TLS', () => {
  let certificates: Certificates
  beforeAll(async () => {
    certificates = await makeCertificates()
  })
  afterAll(() => certificates[Symbol.dispose]())

  test('memcacheds is verified, or fails at secure', async () => {
    await using server = await startMemcached({ tls: certificates.good })
    const at = (query: string, scheme = 'memcacheds') => look(`${scheme}://localhost:${server.port}${query}`)
    expect(await at('')).toMatchObject({ ok: false, failedAt: 'secure', class: 'permanent', code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
    const trusted = `?ssl_ca_certs=${certificates.ca}`
    expect(await at(trusted)).toMatchObject({ ok: true, facts: { tls: { verified: true } }, findings: [] })
    expect(await at(trusted, 'memcached+tls')).toMatchObject({ ok: true, facts: { tls: { verified: true } } })
  })

  test('each of a list is checked, and the certificate that ends first is told', async () => {
    await using good = await startMemcached({ tls: certificates.good })
    await using ending = await startMemcached({ tls: certificates.ending })
    await using wrong = await startMemcached({ tls: certificates.wrongHost })
    const list = (...ports: number[]) => look(`memcacheds://${ports.map((port) => `127.0.0.1:${port}`)}?ssl_ca_certs=${certificates.ca}`)
    const report = await list(good.port, ending.port)
    expect(report).toMatchObject({ ok: true, facts: { tls: { verified: true } } })
    const ends = Date.parse(report.facts.tls?.expires ?? '')
    expect(ends - Date.now()).toBeLessThan(6 * 86_400_000)
    expect(report.findings.map(({ id, detail }) => [id, detail])).toContainEqual([
      'tls.expiring',
      expect.stringMatching(`^127.0.0.1:${ending.port}: `),
    ])
    expect(await list(good.port, wrong.port)).toMatchObject({
      ok: false,
      failedAt: 'secure',
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      reason: expect.stringContaining(`127.0.0.1:${wrong.port}: `),
    })
  })

  test('plain text to a TLS port is told', async () => {
    await using server = await startMemcached({ tls: certificates.good })
    for (const handle of [server.url(), server.url(LOGIN)]) {
      expect(await look(handle)).toMatchObject({
        ok: false,
        class: 'permanent',
        code: 'wrong-protocol',
        hint: 'ask for TLS: memcacheds://',
      })
    }
  })

  test('TLS to a port of plain text is told', async () => {
    await using server = await startMemcached()
    const limits = { connectMs: 300, statementMs: 400, totalMs: 3_000 }
    expect(await look(server.url().replace('memcached:', 'memcacheds:'), { limits })).toMatchObject({
      ok: false,
      failedAt: 'secure',
      class: 'permanent',
      code: 'tls-not-offered',
    })
  })
})

describe('a memcached that is not what it should be', () => {
  const versions = 'VERSION 1.6.18\r\n'.repeat(3)

  test.each([
    ['SERVER_ERROR out of memory writing', 'transient', 'the server is out of memory'],
    ['SERVER_ERROR Connection refused', 'transient', 'the server failed'],
    ['CLIENT_ERROR no way', 'permanent', 'the server refused'],
  ])('%s is %s', async (line, kind, reason) => {
    await using server = await liar(answersLines(`${line}\r\n`))
    expect(await look(`memcached://127.0.0.1:${server.port}`)).toMatchObject({
      ok: false,
      failedAt: 'speak',
      class: kind,
      reason: expect.stringMatching(`^${reason}; server says: `),
    })
  })

  test.each([
    ['0x82', 0x82, 'transient'],
    ['0x85', 0x85, 'transient'],
    ['0x86', 0x86, 'transient'],
    ['0x21', 0x21, 'permanent'],
    ['0x7777', 0x7777, 'permanent'],
  ])('status %s as the answer to a login is %#', async (code, status, kind) => {
    await using server = await liar(script(packet({ opcode: 0x0b, value: '1.6' }), packet({ opcode: 0x21, status, value: 'no' })))
    expect(await look(`memcached://${who}127.0.0.1:${server.port}`)).toMatchObject({ ok: false, failedAt: 'login', class: kind, code })
  })

  test('a proxy that knows no stats is asked for a key that nobody has', async () => {
    await using server = await liar(script(versions, 'ERROR\r\n', 'END\r\n'))
    expect(await look(`memcached://127.0.0.1:${server.port}`)).toMatchObject({
      ok: true,
      facts: { version: '1.6.18', writable: true },
      findings: [{ id: 'mc.stats', status: 'unknown' }],
    })
    expect(server.heard()).toMatch(/get attach:probe\r\n$/)
    await using broken = await liar(script(versions, 'ERROR\r\n', 'SERVER_ERROR all servers are down\r\n'))
    expect(await look(`memcached://127.0.0.1:${broken.port}`)).toMatchObject({ ok: false, failedAt: 'use', class: 'transient' })
  })

  test('a service that tells nothing before the login is let do so', async () => {
    const stat = packet({ opcode: 0x10, key: 'curr_items', value: '7' })
    await using server = await liar(
      script(
        packet({ opcode: 0x0b, status: 0x20, value: 'Auth failure.' }),
        packet({ opcode: 0x21, value: 'Authenticated' }),
        packet({ opcode: 0x0b, value: '1.4.39' }),
        Buffer.concat([stat, packet({ opcode: 0x10 })]),
      ),
    )
    expect(await look(`memcached://${who}127.0.0.1:${server.port}`)).toMatchObject({
      ok: true,
      facts: { version: '1.4.39', more: { items: 7 } },
    })
  })

  test.each([
    ['statistics without end', floods(versions, `${'STAT x 1\r\n'.repeat(3_000)}`), 'too-much'],
    ['a line without end', floods(versions, 'x'.repeat(64 * 1024)), 'too-much'],
    ['statistics that are none', script(versions, 'STAT\r\nEND\r\n'), 'protocol'],
    ['items where statistics were asked for', script(versions, 'VALUE a 0 1\r\nx\r\nEND\r\n'), 'protocol'],
  ])('%s: no more is read', async (_, behaviour, code) => {
    await using server = await liar(behaviour)
    expect(await look(`memcached://127.0.0.1:${server.port}`)).toMatchObject({ ok: false, code })
    await eventually('all sockets closed', async () => expect(server.open()).toBe(0), 2_000)
  })

  test.each([
    ['another question', packet({ opcode: 0x10, value: '1.6' })],
    ['a key longer than its body', packet({ opcode: 0x0b, key: 'abc', size: 1 })],
  ])('a packet with %s in it is no answer', async (_, answer) => {
    await using server = await liar(script(answer))
    expect(
      await look(`memcached://${who}127.0.0.1:${server.port}`, { limits: { connectMs: 300, statementMs: 400, totalMs: 900 } }),
    ).toMatchObject({
      ok: false,
      class: 'permanent',
      code: 'protocol',
    })
  })

  test('a token is sent only to a server that says that it wants a login', async () => {
    for (const behaviour of [answers('ERROR\r\n'), greets('CLIENT_ERROR bad command line format\r\n')]) {
      await using server = await liar(behaviour)
      expect(await look(`memcached://${who}127.0.0.1:${server.port}`)).toMatchObject({ ok: false })
      expect(server.heard()).not.toMatch(/set /)
    }
  })

  test.each(['-ERR unknown command\r\n', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'UNKNOWN_COMMAND\r\n'])(
    '%j to text is another service',
    async (line) => {
      await using server = await liar(answersLines(line))
      expect(await look(`memcached://127.0.0.1:${server.port}`)).toMatchObject({ ok: false, class: 'permanent', code: 'wrong-protocol' })
    },
  )
})

describe('what a handle of memcached says', () => {
  const read = (handle: string) => memcached.parse(new Secret(handle))
  const replaced = (handle: string, parts: Parameters<typeof memcached.replaceParts>[1]) =>
    memcached.replaceParts(new Secret(handle), parts).reveal()

  test('what is odd and not wrong is remarked on', () => {
    const ids = (handle: string) => memcached.remarks(read(handle)).map(({ id }) => id)
    expect(ids('memcached://h?mystery=1&timeout=1&timeout=2')).toEqual(['handle.unknown_key', 'handle.repeated_key'])
    expect(ids('memcacheds://h?ssl_ca_certs=/ca.pem')).toEqual(['handle.local_file'])
    expect(ids('memcached://h1,h2,H1:11211')).toEqual(['mc.repeated'])
    expect(ids('memcached://h1,h1:11212')).toEqual([])
  })

  test('what tunes a client is told as it stands; of what is not known only that it is there', () => {
    const { parameters } = memcached.traits(read('memcacheds://u:pw-pw@h?namespace=shop&timeout=0.5&ssl_ca_certs=/ca&mystery=s3cret'))
    expect([...parameters]).toEqual([
      ['namespace', 'shop'],
      ['timeout', '0.5'],
      ['mystery', '…'],
    ])
  })

  test('without a login it is open to whoever reaches it', () => {
    const words = (handle: string) => memcached.traits(read(handle)).defaultCredentials
    expect(words('memcached://cache.example.com')).toBe('no login, on a host that anybody may reach')
    expect(words('memcached://cache,203.0.113.9')).toBe('no login, on a host that anybody may reach')
    expect(words('memcached://u:pw-pw@cache.example.com')).toBeNull()
    expect(words('memcached://cache,10.0.0.7')).toBeNull()
    expect(words('memcached:///run/m.sock')).toBeNull()
  })

  test.each([
    ['memcached://u:p%3d@old:1?timeout=1', { host: 'new' }, 'memcached://u:p%3d@new:1?timeout=1'],
    ['memcached://old', { host: '::1', port: '2' }, 'memcached://[::1]:2'],
    ['memcached://u:p@h1:1,h2', { user: 'v', password: new Secret('n/w') }, 'memcached://v:n%2Fw@h1:1,h2'],
    ['old:1', { host: 'new' }, 'new:1'],
    ['h1,h2', { user: 'u', password: new Secret('p') }, 'memcached://u:p@h1,h2'],
  ])('%s with %o replaced keeps every other byte', (before, parts, after) => {
    expect(replaced(before, parts)).toBe(after)
  })

  test.each([
    ['memcached://h1,h2', { host: 'h3' }],
    ['memcached://h1,h2', { port: '1' }],
    ['memcached:///run/m.sock', { host: 'h' }],
    ['memcached://h', { name: '0' }],
    ['memcached://h', { user: 'u' }],
    ['memcached://h', { port: '0' }],
    ['memcached://h', { host: 'a,b' }],
  ])('%s with %o would be no handle', (before, parts) => {
    expect(() => replaced(before, parts)).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
  })

  test.each([
    ['memcacheds://h', undefined, 'asks for TLS, which these variables cannot say'],
    ['memcached://h?timeout=1', undefined, 'has parameters, which these variables cannot say'],
    ['memcached://h1,h2', ['host', 'port'], 'lists several servers, which a host and a port cannot say'],
    ['memcached:///run/m.sock', undefined, 'names a socket, which a list of servers cannot say'],
  ])('what no variable can say is told: %s', (handle, wanted, sentence) => {
    expect(() => memcached.decompose?.(new Secret(handle), wanted)).toThrow(
      expect.objectContaining({ code: 'HANDLE_INVALID', message: `the handle ${sentence}` }),
    )
  })

  test.each([
    { servers: 'memcached://h' },
    { servers: 'h1, h2' },
    { servers: `u:${PASSWORD}@h` },
    { host: 'a b' },
    { host: 'h', port: '0' },
    { host: '' },
    { servers: 'h', user: 'u' },
  ])('variables that make no handle are refused, and not shown: %j', (parts) => {
    const given = new Map(Object.entries(parts).map(([name, value]) => [name, new Secret(value)]))
    expect(() => memcached.compose?.(given)).toThrow(
      expect.objectContaining({ code: 'HANDLE_INVALID', message: expect.not.stringContaining('qWx7') }),
    )
  })
})

test.runIf(haveMemcached())('who asks a real memcached in another protocol is told that it is one', async () => {
  await using server = await startMemcached()
  const asked = { ms: 900, signal: new AbortController().signal, now: () => performance.now(), ask: 'text' } as const
  expect(await sniff({ host: '127.0.0.1', port: server.port }, asked)).toBe('memcached')
})
