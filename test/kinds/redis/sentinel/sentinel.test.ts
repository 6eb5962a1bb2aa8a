import redis from '../../../../src/kinds/redis/redis.ts'
import { describeKind, type Live, PASSWORD } from '../../../conformance/kind.ts'
import { script } from '../../../support/liars.ts'
import { haveRedis } from '../../../support/redis.ts'
import { MASTER, startSentinels } from '../../../support/redis-sentinel.ts'

const encoded = encodeURIComponent(PASSWORD)
const own = `sentinel_password=${encoded}`

describeKind({
  kind: redis,
  valid: [
    ['redis-sentinel://h1/m', { host: 'h1', port: 26379, watched: 'm', name: '0', tls: 'disable' }],
    ['redis-sentinel://h1:1,h2,[::1]:3/my.m-1_x/4', { port: 1, others: ['h2:26379', '[::1]:3'], watched: 'my.m-1_x', name: '4' }],
    ['redis+sentinel://app:pw@h1,H2/m/', { others: ['h2:26379'], user: 'app', watched: 'm' }],
    ['REDISS-SENTINEL://h1/m?db=3', { tls: 'verify-full', name: '3' }],
    ['rediss+sentinel://h1/m?ssl_check_hostname=false', { tls: 'verify-ca' }],
    ['redis-sentinel://pw@h1,h2:5/2?sentinelMasterId=m', { others: ['h2:5'], watched: 'm', name: '2' }],
    ['redis-sentinel://:pw@h1/1#m', { watched: 'm', name: '1' }],
    ['redis-sentinel://h1?sentinelMasterId=m', { watched: 'm', name: '0' }],
    ['redis-sentinel://h1,h1:26379,H1./m', { host: 'h1', watched: 'm' }],
    ['redis-sentinel://h1/m?sentinel_username=s&sentinel_password=pw', { watched: 'm' }],
  ],
  invalid: ['redis-sentinel://h1', 'redis-sentinel://h1/0', 'redis-sentinel:///m'],
  at: (host, port) => `redis-sentinel://app:${encoded}@${host}:${port}/m/0?${own}`,
  tlsAt: (host, port) => `rediss-sentinel://app:${encoded}@${host}:${port}/m/0?${own}`,
  greeting: '*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n',
  flood: { first: '$60000000\r\n', chunk: 'x'.repeat(64 * 1024) },
  refusal: (text) => script(`-WRONGPASS ${text.replace(/[\r\n]+/g, ' ')}\r\n`),
  lacks: ['replica'],
  live: haveRedis() ? open : null,
})

async function open(): Promise<Live> {
  const sentinels = await startSentinels({ password: PASSWORD, sentinelPassword: 'of-sentinels' })
  for (const server of sentinels.servers) await server.ask('ACL', 'SETUSER', 'narrow', 'on', `>${PASSWORD}`, '~*', '+get', '+hello')
  const handle = (login: string, db = 0, scheme = 'redis-sentinel') =>
    `${scheme}://${login}${sentinels.hosts}/${MASTER}/${db}?sentinel_password=of-sentinels`
  return {
    good: handle(`:${encoded}@`, 3),
    wrongPassword: handle(`:${encoded}-not@`),
    noPassword: handle(''),
    noSuchDatabase: handle(`:${encoded}@`, 99),
    notAllowed: { handle: handle(`narrow:${encoded}@`), failedAt: 'use' },
    tlsNotOffered: handle(`:${encoded}@`, 0, 'rediss-sentinel'),
    [Symbol.asyncDispose]: () => sentinels[Symbol.asyncDispose](),
  }
}
