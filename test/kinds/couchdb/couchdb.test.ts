import { vi } from 'vitest'
import couchdb from '../../../src/kinds/couchdb/couchdb.ts'
import { describeKind, type Live, PASSWORD } from '../../conformance/kind.ts'
import { haveCouchDB, startCouchDB } from '../../support/couchdb.ts'
import { script } from '../../support/liars.ts'
import { http, WELCOME } from './said.ts'

vi.setConfig({ testTimeout: 20_000 })
const encoded = encodeURIComponent(PASSWORD)

describeKind({
  kind: couchdb,
  valid: [
    ['couchdb://db1', { host: 'db1', port: 5984, scheme: 'couchdb', tls: 'disable' }],
    ['couchdb://app:p%40ss@DB1:5985/shop', { host: 'db1', port: 5985, name: 'shop', user: 'app' }],
    ['couchdb://app:p@h/shop/', { name: 'shop' }],
    ['couchdbs://app:p@h/shop', { port: 6984, tls: 'verify-full', scheme: 'couchdbs' }],
    ['http://app:p@h:5984/shop', { port: 5984, scheme: 'couchdb', tls: 'disable' }],
    ['https://app:p@h:6984/shop', { port: 6984, scheme: 'couchdbs', tls: 'verify-full' }],
    ['https://couch.example.test/shop', { port: 443, tls: 'verify-full' }],
    ['http://couch.example.test/shop', { port: 80 }],
    ['https://app:p@acct.cloudant.com/shop', { port: 443, provider: 'IBM Cloudant' }],
    ['couchdbs://app:p@acct.cloudantnosqldb.appdomain.cloud/shop', { port: 443, provider: 'IBM Cloudant' }],
    ['couchdb://app:p@[::1]/a%2Fb+c', { host: '::1', name: 'a/b+c' }],
    ['couchdb://h/_users', { name: '_users' }],
  ],
  invalid: ['couchdb://', 'redis://h', 'couchdb://u@h/shop', 'couchdb://h/Shop', 'couchdb://h/a/b', ''],
  variables: [
    [{ host: 'db1' }, { host: 'db1', port: 5984 }],
    [
      { host: 'db1', port: '5985', user: 'app', password: 'p@ss/:%', name: 'a/b+c' },
      { port: 5985, user: 'app', name: 'a/b+c', tls: 'disable' },
    ],
    [
      { host: 'db1', port: '6984', user: 'app', password: 'p', name: 'shop' },
      { port: 6984, tls: 'verify-full' },
    ],
    [
      { host: 'acct.cloudant.com', user: 'app', password: 'p' },
      { port: 443, tls: 'verify-full', provider: 'IBM Cloudant' },
    ],
  ],
  at: (host, port) => `couchdb://app:${encoded}@${host}:${port}/shop`,
  tlsAt: (host, port) => `couchdbs://app:${encoded}@${host}:${port}/shop`,
  protocol: 'HTTP',
  greeting: http(200, WELCOME),
  flood: { first: 'HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n', chunk: 'x'.repeat(64 * 1024) },
  refusal: (text) => script(http(200, WELCOME), http(401, { error: 'unauthorized', reason: text })),
  lacks: ['replica'],
  live: haveCouchDB() ? open : null,
})

async function open(): Promise<Live> {
  const server = await startCouchDB({ password: PASSWORD })
  await server.send('PUT', '/shop')
  await server.send('PUT', '/shop/one', { total: 1 })
  await server.send('PUT', '/_users/org.couchdb.user:narrow', { name: 'narrow', password: PASSWORD, roles: [], type: 'user' })
  await server.send('PUT', '/shop/_security', { admins: { names: [], roles: [] }, members: { names: ['app'], roles: [] } })
  return {
    good: server.url({ name: 'shop' }),
    facts: { product: 'PouchDB Server', version: '4.2.0', role: 'primary', writable: true, tls: null, more: { db: 'shop', docs: 1 } },
    wrongPassword: server.url({ password: `${PASSWORD}-not`, name: 'shop' }),
    noPassword: server.url({ user: null, name: 'shop' }),
    noSuchDatabase: server.url({ name: 'nothing' }),
    notAllowed: { handle: server.url({ user: 'narrow', name: 'shop' }), failedAt: 'use' },
    tlsNotOffered: server.url({ scheme: 'couchdbs', name: 'shop' }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
