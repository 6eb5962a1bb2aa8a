import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import couchdb from '../../../src/kinds/couchdb/couchdb.ts'
import { type HandleParts, PROBE_LIMITS } from '../../../src/ports/kind.ts'
import { probe } from '../../conformance/kind.ts'
import { type Certificates, makeCertificates } from '../../support/certificates.ts'
import { type CouchServer, haveCouchDB, startCouchDB, tlsBefore } from '../../support/couchdb.ts'
import { liar } from '../../support/liars.ts'
import { eventually } from '../../support/processes.ts'
import { DATABASE, HEALTHY, http, serving, session, WELCOME } from './said.ts'

vi.setConfig({ testTimeout: 20_000 })
const look = (handle: string) => probe(couchdb, handle, { limits: PROBE_LIMITS })
const at = (port: number, name = 'shop') => `couchdb://app:s3cret-pw@127.0.0.1:${port}/${name}`

describe.runIf(haveCouchDB())('a real PouchDB Server', () => {
  let server: CouchServer
  let certificates: Certificates
  beforeAll(async () => {
    ;[server, certificates] = await Promise.all([startCouchDB({ password: 'sup3r-s3cret' }), makeCertificates()])
    await server.send('PUT', '/a%2Fb')
    await server.send('PUT', '/_users/org.couchdb.user:app', { name: 'app', password: 'app-pw-app', roles: ['staff'], type: 'user' })
  }, 60_000)
  afterAll(async () => {
    certificates?.[Symbol.dispose]()
    await server?.[Symbol.asyncDispose]()
  })

  test('whether an ordinary user may write is not told; an admin may', async () => {
    expect(await look(server.url({ user: 'app', password: 'app-pw-app', name: 'a%2Fb' }))).toMatchObject({
      ok: true,
      facts: { writable: 'unknown', more: { db: 'a/b', docs: 0 } },
    })
    expect(await look(server.url({ name: 'a%2Fb' }))).toMatchObject({ ok: true, facts: { writable: true } })
  })

  test('a handle without a database leads to the server', async () => {
    const report = await look(server.url())
    expect(report).toMatchObject({ ok: true, facts: { product: 'PouchDB Server' } })
    expect(report.facts.more).toBeUndefined()
  })

  test('couchdbs is verified, or fails at secure', async () => {
    await using front = await tlsBefore(server.port, certificates.good)
    const through = (scheme: string) => look(server.url({ scheme, name: 'a%2Fb' }).replace(`:${server.port}/`, `:${front.port}/`))
    expect(await through('couchdbs')).toMatchObject({
      ok: false,
      failedAt: 'secure',
      class: 'permanent',
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    })
    expect(await through('couchdb')).toMatchObject({
      ok: false,
      class: 'permanent',
      code: 'wrong-protocol',
      hint: 'ask for TLS: couchdbs://',
    })
  })

  test('a probe changes nothing: the sequences of the database and of the users stay', async () => {
    const seen = async () => [
      (await server.send('GET', '/a%2Fb'))['update_seq'],
      (await server.send('GET', '/_users'))['update_seq'],
      await server.send('GET', '/_all_dbs'),
    ]
    const before = await seen()
    await look(server.url({ name: 'a%2Fb' }))
    await look(server.url({ name: 'nothing' }))
    expect(await seen()).toEqual(before)
  })
})

describe('a CouchDB as its documentation has it', () => {
  const met = async (answers: Readonly<Record<string, string | null>>, handle: (port: number) => string = at) => {
    await using server = await liar(serving(answers))
    const report = await look(handle(server.port))
    await eventually('all sockets closed', async () => expect(server.open()).toBe(0), 2_000)
    return { report, heard: server.heard(), seen: server.seen() }
  }

  test('version 3 tells what it is, over one connection, and hears who asks only after it said what it is', async () => {
    const { report, heard, seen } = await met(HEALTHY)
    expect(report).toMatchObject({
      ok: true,
      facts: { product: 'CouchDB', version: '3.3.3', writable: true, more: { db: 'shop', docs: 1_000 } },
    })
    expect(heard.match(/^(?:GET|authorization).*$/gim)?.map((line) => line.replace(/Basic .*/, 'Basic …').trim())).toEqual([
      ...['GET / HTTP/1.1', 'GET /_session HTTP/1.1', 'authorization: Basic …', 'GET /shop HTTP/1.1', 'authorization: Basic …'],
    ])
    expect(seen).toBe(1)
  })

  test('one that lets in nobody without a login says so at once, and is CouchDB all the same', async () => {
    const closed = http(401, { error: 'unauthorized', reason: 'Authentication required.' }, { server: 'CouchDB/3.4.2 (Erlang OTP/25)' })
    expect((await met({ ...HEALTHY, '/': closed })).report).toMatchObject({ ok: true, facts: { product: 'CouchDB', version: '3.4.2' } })
    const nobody = (port: number) => `couchdb://127.0.0.1:${port}/shop`
    expect((await met({ '/': closed, '/_session': closed }, nobody)).report).toMatchObject({
      ok: false,
      failedAt: 'login',
      class: 'permanent',
      code: 'unauthorized',
    })
  })

  test('Cloudant is told by its vendor', async () => {
    const welcome = http(200, { ...WELCOME, vendor: { name: 'IBM Cloudant', version: '8500' } })
    expect((await met({ ...HEALTHY, '/': welcome })).report).toMatchObject({ ok: true, facts: { product: 'IBM Cloudant' } })
  })

  test('where everyone is an admin, that is told', async () => {
    const answers = { ...HEALTHY, '/_session': http(200, session(null, ['_admin'])) }
    const { report } = await met(answers, (port) => `couchdb://127.0.0.1:${port}/shop`)
    expect(report).toMatchObject({ ok: true, facts: { writable: true }, findings: [{ id: 'couch.party', status: 'warn' }] })
  })

  test('a server that closes after each answer is asked over one connection after another', async () => {
    const closing = Object.fromEntries(
      Object.entries(HEALTHY).map(([path, answer]) => [path, answer.replace('\r\n', '\r\nConnection: close\r\n')]),
    )
    const { report, seen } = await met(closing)
    expect(report).toMatchObject({ ok: true })
    expect(seen).toBe(3)
  })

  test.each([
    ['/', http(503, 'busy'), 'speak', 'transient', 'http-503'],
    ['/', http(301, '', { location: 'https://db.example.test/' }), 'speak', 'permanent', 'redirected'],
    ['/', http(200, '<html>hello</html>'), 'speak', 'permanent', 'wrong-protocol'],
    ['/', http(200, { name: 'node-1', cluster_name: 'x', tagline: 'You Know, for Search' }), 'speak', 'permanent', 'wrong-protocol'],
    ['/', http(200, [1, 2]), 'speak', 'permanent', 'wrong-protocol'],
    ['/', http(200, { couchdb: { is: 'Welcome' } }), 'speak', 'permanent', 'wrong-protocol'],
    ['/', http(400, 'Client sent an HTTP request to an HTTPS server.'), 'speak', 'permanent', 'wrong-protocol'],
    ['/_session', http(401, { error: 'unauthorized', reason: 'Name or password is incorrect.' }), 'login', 'permanent', 'unauthorized'],
    ['/_session', http(403, { error: 'forbidden', reason: 'Account is temporarily locked' }), 'login', 'transient', 'forbidden'],
    ['/_session', http(429, {}), 'login', 'transient', 'http-429'],
    ['/_session', http(200, session(null)), 'login', 'permanent', 'not-logged-in'],
    ['/_session', http(200, session('other')), 'login', 'permanent', 'not-logged-in'],
    ['/_session', http(200, { ok: true, userCtx: 'app' }), 'login', 'permanent', 'protocol'],
    ['/_session', http(200, 'null'), 'login', 'permanent', 'protocol'],
    ['/shop', http(404, { error: 'not_found', reason: 'Database does not exist.' }), 'use', 'permanent', 'not-found'],
    ['/shop', http(403, { error: 'forbidden', reason: 'You are not allowed to access this db.' }), 'use', 'permanent', 'forbidden'],
    ['/shop', http(401, { error: 'unauthorized', reason: 'You are not authorized to access this db.' }), 'use', 'permanent', 'forbidden'],
    ['/shop', http(500, { error: 'internal_server_error', reason: 'no shard' }), 'use', 'transient', 'http-500'],
    ['/shop', http(200, { hello: 'world' }), 'use', 'permanent', 'protocol'],
    ['/shop', http(418, ''), 'use', 'permanent', 'http-418'],
    ['/shop', null, 'use', 'transient', 'closed'],
  ])('%s that answers %.40j fails at %s: %s, %s', async (path, answer, failedAt, kind, code) => {
    const { report } = await met({ ...HEALTHY, [path]: answer })
    expect(report).toMatchObject({ ok: false, failedAt, class: kind, code })
    expect(report.ok ? '' : report.hint).toMatch(/\S{4}/)
  })

  test('a redirect to TLS, and another service, are told by their names', async () => {
    const redirected = await met({ '/': http(301, '', { location: 'https://db.example.test/' }) })
    expect(redirected.report).toMatchObject({ hint: 'ask for TLS: couchdbs://' })
    const elastic = await met({ '/': http(200, { cluster_name: 'x' }) })
    expect(elastic.report).toMatchObject({ reason: 'Elasticsearch answers there, not CouchDB' })
  })

  test('what is no count is not told as one, and a name that was born with every object is none', async () => {
    for (const doc_count of ['7', -1, 1.5, 1e300, null, { valueOf: 1 }]) {
      const { report } = await met({ ...HEALTHY, '/shop': http(200, { ...DATABASE, doc_count }) })
      expect(report.facts.more).toEqual({ db: 'shop' })
    }
    const proto = '{"couchdb":"Welcome","__proto__":{"version":"1"},"vendor":{"__proto__":{"name":"Cloudant"}}}'
    const { report } = await met({ ...HEALTHY, '/': http(200, proto) })
    expect(report.facts.version).toBeUndefined()
    expect(report.facts.product).toBe('CouchDB')
  })

  test('arrays in arrays without end are no answer', async () => {
    expect((await met({ '/': http(200, '['.repeat(900_000)) })).report).toMatchObject({ ok: false, code: 'wrong-protocol' })
  })
})

describe('replacing parts', () => {
  test.each<readonly [string, HandleParts, string]>([
    ['couchdb://u:p%3d@old:1/shop?x=1', { host: 'new' }, 'couchdb://u:p%3d@new:1/shop?x=1'],
    ['http://u:p@old:5984/shop', { port: '6984', name: 'a/b' }, 'http://u:p@old:6984/a%2Fb'],
    ['couchdb://u:p@h', { name: 'shop' }, 'couchdb://u:p@h/shop'],
    ['couchdb://u:p@h/shop', { user: 'v', password: new Secret('n&w p@ss') }, 'couchdb://v:n%26w%20p%40ss@h/shop'],
  ])('%s keeps every other byte', (before, parts, after) => {
    expect(couchdb.replaceParts(new Secret(before), parts).reveal()).toBe(after)
  })

  test.each<readonly [string, HandleParts]>([
    ['couchdb://h/shop', { user: 'u' }],
    ['couchdb://h/shop', { name: 'Shop' }],
    ['couchdb://h/shop', { port: '0' }],
    ['couchdb://h/shop', { host: 'a b' }],
  ])('what would not be a handle any more is HANDLE_INVALID (%#)', (before, parts) => {
    expect(() => couchdb.replaceParts(new Secret(before), parts)).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
  })
})

describe('what a handle says beside where it leads', () => {
  test.each([
    ['couchdb://admin:Password@h/shop', 'the password of user admin is that of every guide'],
    ['couchdb://h/shop', 'no user and no password'],
    ['couchdb://127.0.0.1/shop', null],
    ['couchdb://app:kQ9-x7@h/shop', null],
  ])('%s: %s', (handle, words) => {
    expect(couchdb.traits(couchdb.parse(new Secret(handle))).defaultCredentials).toBe(words)
  })

  test('what variables cannot say is HANDLE_INVALID', () => {
    for (const handle of ['couchdb://h/shop?x=1', 'couchdbs://h:7000/shop', 'http://h:443/shop'])
      expect(() => couchdb.decompose?.(new Secret(handle))).toThrow(expect.objectContaining({ code: 'HANDLE_INVALID' }))
    for (const parts of [{}, { host: 'h', user: 'u' }, { host: 'h', name: 'Shop' }, { host: 'h', port: '0' }])
      expect(() => couchdb.compose?.(new Map(Object.entries(parts).map(([part, text]) => [part, new Secret(text)])))).toThrow(
        expect.objectContaining({ code: 'HANDLE_INVALID' }),
      )
  })
})
