import memcached from '../../../src/kinds/memcached/memcached.ts'
import { describeKind, type Live, PASSWORD } from '../../conformance/kind.ts'
import { script } from '../../support/liars.ts'
import { haveMemcached, startMemcached } from '../../support/memcached.ts'
import { packet } from './packet.ts'

const encoded = encodeURIComponent(PASSWORD)

describeKind({
  kind: memcached,
  valid: [
    ['memcached://cache', { host: 'cache', port: 11_211, tls: 'disable' }],
    ['memcached://cache:11212/', { host: 'cache', port: 11_212 }],
    ['memcache://u:p@c1,c2:11213', { scheme: 'memcache', user: 'u', host: 'c1', port: 11_211, others: ['c2:11213'] }],
    ['MEMCACHED://[::1]:1,[::2],H3', { host: '::1', port: 1, others: ['[::2]:11211', 'h3:11211'] }],
    ['memcacheds://c.example.test', { tls: 'verify-full' }],
    ['memcached+tls://c.example.test:1', { scheme: 'memcached+tls', tls: 'verify-full' }],
    ['memcached:///run/memcached.sock', { host: '/run/memcached.sock' }],
    ['memcached://u:p@/run/memcached.sock', { host: '/run/memcached.sock', user: 'u' }],
    ['cache:11211', { scheme: 'memcached', host: 'cache', port: 11_211 }],
    ['c1:11211,c2:11212,[::1]', { host: 'c1', others: ['c2:11212', '[::1]:11211'] }],
    ['memcached://a:b@mc1.dev.ec2.memcachier.com:11211', { provider: 'MemCachier' }],
    ['memcached://a:b@memcached-15.c1.us-east-1-2.ec2.cloud.redislabs.com:15', { provider: 'Memcached Cloud' }],
    ['memcached://m.x.cfg.euw1.cache.amazonaws.com', { provider: 'Amazon ElastiCache' }],
    ['memcached://bücher.example', { host: 'xn--bcher-kva.example' }],
  ],
  invalid: ['memcached://', 'redis://h', 'memcached://h:99999', 'memcached://h/0', 'memcached://u@h', ''],
  variables: [
    [
      { servers: 'mc1.dev.ec2.memcachier.com:11211', user: 'u', password: 'p@/ :ü' },
      { user: 'u', provider: 'MemCachier' },
    ],
    [{ servers: 'c1:11211,c2:11212,[::1]:3' }, { host: 'c1', others: ['c2:11212', '[::1]:3'] }],
    [{ servers: 'c1' }, { host: 'c1', port: 11_211 }],
    [
      { host: 'c1', port: '11300' },
      { host: 'c1', port: 11_300 },
    ],
    [
      { host: '::1', port: '11300' },
      { host: '::1', port: 11_300 },
    ],
    [
      { host: 'c1', user: 'u', password: 'p' },
      { host: 'c1', port: 11_211, user: 'u' },
    ],
    [{ host: '/run/a b/m.sock' }, { host: '/run/a b/m.sock' }],
  ],
  at: (host, port) => `memcached://app:${encoded}@${host}:${port}`,
  tlsAt: (host, port) => `memcacheds://app:${encoded}@${host}:${port}`,
  protocol: 'memcached',
  greeting: packet({ opcode: 0x0b, value: '1.6.18' }),
  flood: { first: packet({ opcode: 0x0b, size: 60_000_000 }), chunk: 'x'.repeat(64 * 1024) },
  refusal: (text) => script(packet({ opcode: 0x0b, value: '1.6.18' }), packet({ opcode: 0x21, status: 0x20, value: text })),
  lacks: ['replica', 'database', 'permission'],
  live: haveMemcached() ? open : null,
})

async function open(): Promise<Live> {
  const login = { user: 'app', password: PASSWORD }
  const server = await startMemcached({ sasl: login })
  return {
    good: server.url(login),
    wrongPassword: server.url({ ...login, password: `${PASSWORD}-not` }),
    noPassword: server.url(),
    tlsNotOffered: server.url(login).replace('memcached:', 'memcacheds:'),
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  }
}
