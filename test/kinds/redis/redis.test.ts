import redis from '../../../src/kinds/redis/redis.ts'
import { describeKind, type Live, PASSWORD } from '../../conformance/kind.ts'
import { script } from '../../support/liars.ts'
import { haveRedis, startRedis } from '../../support/redis.ts'

const encoded = encodeURIComponent(PASSWORD)

describeKind({
  kind: redis,
  valid: [
    ['redis://cache', { host: 'cache', port: 6379, name: '0', tls: 'disable' }],
    ['redis://cache:6380/3', { port: 6380, name: '3' }],
    ['rediss://app:pw@c.example.test', { tls: 'verify-full', user: 'app' }],
    ['redis://:p%40ss@h/0', { host: 'h', name: '0' }],
    ['REDIS://H:7000?db=5', { host: 'h', port: 7000, name: '5' }],
    ['redis://[::1]:6380/1', { host: '::1', port: 6380 }],
    ['unix:///run/redis.sock?db=2', { host: '/run/redis.sock', name: '2' }],
    ['redis+unix://:pw@/run/redis.sock', { host: '/run/redis.sock', name: '0' }],
    ['redis-socket:///run/redis.sock?database=4', { name: '4' }],
    ['valkey://h', { scheme: 'valkey' }],
    ['valkeys://h', { tls: 'verify-full' }],
    ['rediss://h?ssl_cert_reqs=none', { tls: 'require' }],
    ['rediss://h?ssl_cert_reqs=CERT_REQUIRED&ssl_check_hostname=false', { tls: 'verify-ca' }],
    ['redis://bücher.example', { host: 'xn--bcher-kva.example' }],
    ['rediss://:pw@eu1-fit-1.upstash.io:6379', { provider: 'Upstash' }],
    ['rediss://m.x.euw1.cache.amazonaws.com:6379', { provider: 'Amazon ElastiCache' }],
  ],
  invalid: ['redis://', 'http://h', 'redis://h:99999', 'redis://h/shop', 'redis://user@h', ''],
  variables: [
    [
      { host: 'cache', port: '6380', user: 'app', password: PASSWORD, name: '3' },
      { host: 'cache', port: 6380, user: 'app', name: '3' },
    ],
    [
      { host: '::1', password: PASSWORD },
      { host: '::1', port: 6379, name: '0' },
    ],
  ],
  at: (host, port) => `redis://app:${encoded}@${host}:${port}/0`,
  tlsAt: (host, port) => `rediss://app:${encoded}@${host}:${port}/0`,
  greeting: '%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n',
  flood: { first: '$60000000\r\n', chunk: 'x'.repeat(64 * 1024) },
  refusal: (text) => script(`-WRONGPASS ${text.replace(/[\r\n]+/g, ' ')}\r\n`),
  live: haveRedis() ? open : null,
})

async function open(): Promise<Live> {
  const server = await startRedis({ password: PASSWORD })
  await server.ask('ACL', 'SETUSER', 'narrow', 'on', `>${PASSWORD}`, '~*', '+get', '+hello')
  const replica = await startRedis({ password: PASSWORD, args: ['--replicaof', `127.0.0.1 ${server.port}`, '--masterauth', PASSWORD] })
  return {
    good: server.url({ db: 3 }),
    replica: replica.url(),
    wrongPassword: server.url({ password: `${PASSWORD}-not` }),
    noPassword: server.url({ password: '' }).replace('//:@', '//'),
    noSuchDatabase: server.url({ db: 99 }),
    notAllowed: { handle: server.url({ user: 'narrow' }), failedAt: 'use' },
    tlsNotOffered: server.url().replace('redis:', 'rediss:'),
    [Symbol.asyncDispose]: async () => {
      await replica[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}
