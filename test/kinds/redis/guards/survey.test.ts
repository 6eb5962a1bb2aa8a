import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { told } from '../../../../src/domain/survey.ts'
import { leadText, mostAdvanced } from '../../../../src/engine/rank.ts'
import { freePort } from '../../../support/ports.ts'
import { eventually } from '../../../support/processes.ts'
import { haveRedis, type RedisServer, startRedis } from '../../../support/redis.ts'
import { compare, judge, notPassed, open, survey } from './pair.ts'

const APP = ['ACL', 'SETUSER', 'app', 'on', '>app-pw-app', '~*', '+@all', '-@dangerous']
const asApp = { user: 'app', password: 'app-pw-app' }

const fill = async (server: RedisServer, count: number): Promise<unknown> =>
  await server.ask('EVAL', `for i = 1, ${count} do redis.call('SET', 'k:' .. i, i) end`, '0')

/** What was asked, by the names of the commands that ran. */
async function ran(server: RedisServer): Promise<readonly string[]> {
  const stats = await server.ask('INFO', 'commandstats')
  return [...stats.matchAll(/cmdstat_([^:]+):calls=([1-9]\d*)/g)].map(([, name = '']) => name).sort()
}

describe.runIf(haveRedis())('a real Redis tells of itself', () => {
  test('a healthy copy passes everything', async () => {
    await using old = await startRedis({ password: 'pw-pw-pw' })
    await using next = await startRedis({ password: 'pw-pw-pw' })
    for (const server of [old, next]) await fill(server, 500)
    expect(notPassed(await compare(old.url(), next.url()))).toEqual([])
    expect(notPassed(await compare(old.url(), next.url(), { use: 'store' }))).toEqual([])
  })

  test('by commands that read: nothing is written, and the transaction is thrown away', async () => {
    await using server = await startRedis()
    await fill(server, 200)
    await server.ask('LPUSH', 'queue:mail', 'job')
    await server.ask('SADD', 'queues', 'mail')
    await server.ask('CONFIG', 'RESETSTAT')
    const told = await survey(server.url(), { against: survey(server.url()) })
    expect(told.facts.access).toMatchObject({ refused: { is: [] }, writes: { is: '' } })
    const reading = [
      'client|no-touch',
      'config|get',
      'dbsize',
      'discard',
      'exists',
      'function|list',
      'hello',
      'hlen',
      'info',
      'llen',
      'multi',
    ]
    const all = [...reading, 'config|resetstat', 'ping', 'randomkey', 'scan', 'sscan', 'xinfo|groups', 'zcard']
    expect((await ran(server)).filter((name) => !all.includes(name))).toEqual([])
    expect(await server.ask('INFO', 'persistence')).toContain('rdb_changes_since_last_save:202\r\n')
    expect(await server.ask('DBSIZE')).toBe(':202\r\n')
  })

  test('asking about a key does not make it look used', async () => {
    await using server = await startRedis()
    await server.ask('SET', 'idle', 'x')
    await eventually('an idle key', async () => expect(await server.ask('OBJECT', 'IDLETIME', 'idle')).not.toBe(':0\r\n'), 5_000)
    await survey(server.url(), { against: survey(server.url()) })
    expect(await server.ask('OBJECT', 'IDLETIME', 'idle')).not.toBe(':0\r\n')
  })

  test('one server under two names is one resource, another database of it is another', async () => {
    await using server = await startRedis()
    const [one, two, other] = await Promise.all([survey(server.url()), survey(`unix://${server.socket}`), survey(server.url({ db: 1 }))])
    expect(one.resource).toEqual(two.resource)
    expect(one.resource).toHaveProperty('is')
    expect(one.resource).not.toEqual(other.resource)
    expect((await judge(one, other)).get('redis.database')).toMatchObject({ status: 'warn' })
    expect((await judge(one, two)).get('redis.identity')).toMatchObject({ detail: 'the very same server' })
  })

  test('names of keys stand in no survey', async () => {
    await using server = await startRedis()
    await server.ask('SET', 'session:top-secret-token', 'x')
    const told = await survey(server.url(), { against: survey(server.url()) })
    expect(told.facts.keys.sample).toEqual({ is: { asked: 1, found: 1, refused: 0, lesser: 0 } })
    expect(JSON.stringify(told)).not.toContain('top-secret')
  })

  test('a replica and its primary share a line, and have positions that can be compared', async () => {
    await using primary = await startRedis()
    await using replica = await startRedis({ args: ['--replicaof', `127.0.0.1 ${primary.port}`] })
    await eventually('replication', async () => expect(await replica.ask('INFO', 'replication')).toContain('master_link_status:up'), 10_000)
    await fill(primary, 100)
    await eventually('the data', async () => expect(await replica.ask('DBSIZE')).toBe(':100\r\n'), 5_000)
    const [ours, theirs] = [await survey(primary.url()), await survey(replica.url())]
    expect(ours.resource).not.toEqual(theirs.resource)
    expect(ours.position).toMatchObject({ is: { unit: 'bytes of replication' } })
    expect('is' in ours.position && 'is' in theirs.position && ours.position.is.line === theirs.position.is.line).toBe(true)
    const findings = await compare(primary.url(), replica.url())
    expect(notPassed(findings)).toEqual(['redis.role fail error'])
    expect(findings.get('redis.identity')).toMatchObject({ detail: 'a replica of the old one' })
    expect((await compare(replica.url(), primary.url())).get('redis.identity')).toMatchObject({ detail: 'the primary of the old one' })
    await replica.ask('REPLICAOF', 'NO', 'ONE')
    const promoted = await compare(primary.url(), replica.url())
    expect(notPassed(promoted)).toEqual([])
    expect(promoted.get('redis.identity')?.detail).toMatch(/^once in one line with the old one/)
  })

  test('one that was promoted while it lagged is behind a replica that stands on the line it left', async () => {
    await using primary = await startRedis()
    const args = ['--replicaof', `127.0.0.1 ${primary.port}`, '--repl-diskless-sync-delay', '0']
    await using lagging = await startRedis({ args })
    await using standby = await startRedis({ args })
    const holds = (server: RedisServer, count: number) =>
      eventually('the data', async () => expect(await server.ask('DBSIZE')).toBe(`:${count}\r\n`), 15_000)
    await fill(primary, 50)
    for (const server of [lagging, standby]) await holds(server, 50)
    await lagging.ask('REPLICAOF', 'NO', 'ONE')
    await fill(primary, 100)
    await holds(standby, 100)
    await primary.stop()
    await lagging.ask('SET', 'own', 'x')
    const [one, other] = [await survey(lagging.url()), await survey(standby.url())]
    const standing = ({ position }: typeof one, candidate: number) => ({ candidate, position: told(position), newest: null })
    expect(leadText(standing(other, 2), standing(one, 1))).toMatch(/^[\d,]+ bytes of replication$/)
    expect(leadText(standing(one, 1), standing(other, 2))).toBeNull()
    await standby.ask('REPLICAOF', 'NO', 'ONE')
    const promoted = await survey(standby.url())
    expect(mostAdvanced([standing(one, 1), standing(promoted, 2)])?.candidate).toBe(2)
  })

  test('a primary without replicas counts no position', async () => {
    await using server = await startRedis()
    expect((await survey(server.url())).position).toHaveProperty('unknown')
  })

  test('a replica that has lost its primary is read-only, and not told as one that keeps up', async () => {
    await using server = await startRedis({ args: ['--replicaof', `127.0.0.1 ${await freePort()}`] })
    const told = await survey(server.url())
    expect(told.facts.server.replication).toMatchObject({ is: { link: 'down' } })
    expect(told.facts.access.writes).toEqual({ is: 'READONLY' })
  })
})

describe.runIf(haveRedis())('a user with few rights', () => {
  test('without @dangerous is told what can be told, and the rest is unknown with what is missing', async () => {
    await using old = await startRedis({ password: 'pw-pw-pw' })
    await using next = await startRedis({ password: 'pw-pw-pw' })
    for (const server of [old, next]) {
      await server.ask(...APP)
      await fill(server, 50)
    }
    const findings = await compare(old.url(asApp), next.url(asApp))
    expect(notPassed(findings)).toEqual([
      'redis.policy unknown error',
      'redis.persistence unknown warn',
      'redis.identity unknown info',
      'redis.notify unknown warn',
    ])
    expect(findings.get('redis.policy')?.detail).toBe('the new one: the user may not ask INFO (its ACL lacks +info)')
    expect(findings.get('redis.notify')?.detail).toContain('+config|get')
    expect(findings.get('redis.state')).toMatchObject({ status: 'pass', detail: 'it would take a write' })
    expect((await survey(old.url(asApp))).resource).toHaveProperty('unknown')
  })

  test('sees that a server is full, or lacks replicas', async () => {
    await using server = await startRedis({ password: 'pw-pw-pw' })
    await server.ask(...APP)
    await server.ask('CONFIG', 'SET', 'min-replicas-to-write', '1')
    expect((await compare(server.url(asApp), server.url(asApp))).get('redis.state')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/NOREPLICAS$/),
    })
    await server.ask('CONFIG', 'SET', 'min-replicas-to-write', '0')
    await server.ask('CONFIG', 'SET', 'maxmemory', '1')
    expect((await compare(server.url(asApp), server.url(asApp))).get('redis.state')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/OOM$/),
    })
  })

  test('that may do less than before is refused, with the commands', async () => {
    await using old = await startRedis({ password: 'pw-pw-pw' })
    await using next = await startRedis({ password: 'pw-pw-pw' })
    await old.ask(...APP)
    await next.ask(...APP, '-@scripting', '-@stream')
    const finding = (await compare(old.url(asApp), next.url(asApp))).get('redis.acl')
    expect(finding).toMatchObject({ status: 'fail', detail: expect.stringContaining('xadd') })
    expect(finding?.remedy).toContain('+evalsha')
    expect((await compare(next.url(asApp), old.url(asApp))).get('redis.acl')).toMatchObject({ status: 'pass' })
  })

  test('that may touch other keys there is refused', async () => {
    await using old = await startRedis({ password: 'pw-pw-pw' })
    await using next = await startRedis({ password: 'pw-pw-pw' })
    await old.ask(...APP)
    await next.ask('ACL', 'SETUSER', 'app', 'on', '>app-pw-app', '~other:*', '+@all', '-@dangerous')
    await fill(old, 10)
    await fill(next, 10)
    expect((await compare(old.url(asApp), next.url(asApp))).get('redis.acl')).toMatchObject({
      status: 'fail',
      detail: 'the user may not touch 10 of 10 keys of the old one there',
    })
  })

  test.each<readonly [string, readonly string[], readonly string[], string]>([
    [
      'only read its keys',
      ['~app:*', '&*'],
      ['%R~app:*', '&*'],
      'the user may not read or write 10 of 10 keys of the old one there, and may on the old one',
    ],
    [
      'only write its keys',
      ['~app:*', '&*'],
      ['%W~app:*', '&*'],
      'the user may not read or write 10 of 10 keys of the old one there, and may on the old one',
    ],
    [
      'use no channels',
      ['~app:*', '&*'],
      ['~app:*', 'resetchannels'],
      'the user may not publish or subscribe to any channel it likes there, and could on the old one',
    ],
    [
      'use some channels',
      ['~app:*', '&*'],
      ['~app:*', 'resetchannels', '&app:*'],
      'the user may not publish or subscribe to any channel it likes there, and could on the old one',
    ],
    ['begin no transaction', ['~*'], ['~*', '-multi'], 'the user may not run multi there, and could on the old one'],
    ...['incr', 'hset', 'publish', 'subscribe', 'eval', 'lpush', 'sadd', 'mget', 'script|load', 'xgroup|create', 'zrangebyscore'].map(
      (name) =>
        [
          `not run ${name}`,
          ['~*', '&*'],
          ['~*', '&*', `-${name}`],
          `the user may not run ${name} there, and could on the old one`,
        ] as const,
    ),
  ])('that may %s there is refused', async (_, before, after, detail) => {
    await using old = await startRedis({ password: 'pw-pw-pw' })
    await using next = await startRedis({ password: 'pw-pw-pw' })
    const commands = ['+@all', '-@dangerous']
    await old.ask('ACL', 'SETUSER', 'app', 'on', '>app-pw-app', ...before.slice(0, 2), ...commands)
    await next.ask('ACL', 'SETUSER', 'app', 'on', '>app-pw-app', ...commands, ...after)
    for (const server of [old, next]) for (let at = 0; at < 10; at += 1) await server.ask('SET', `app:${at}`, 'x')
    expect((await compare(old.url(asApp), next.url(asApp))).get('redis.acl')).toMatchObject({ status: 'fail', severity: 'error', detail })
    expect((await compare(next.url(asApp), old.url(asApp))).get('redis.acl')?.status).toBe(after.includes('-multi') ? 'unknown' : 'pass')
    expect(await next.ask('DBSIZE')).toBe(':10\r\n')
    expect(await next.ask('GET', 'app:1')).toBe('$1\r\nx\r\n')
    expect(await next.ask('INFO', 'persistence')).toContain('rdb_changes_since_last_save:10\r\n')
  })

  test('that loses what administrators ask for alone is warned about', async () => {
    await using old = await startRedis({ password: 'pw-pw-pw' })
    await using next = await startRedis({ password: 'pw-pw-pw' })
    await next.ask(...APP, '&*')
    for (const server of [old, next]) await fill(server, 20)
    const finding = (await compare(old.url(), next.url(asApp))).get('redis.acl')
    expect(finding).toMatchObject({ status: 'warn', severity: 'warn' })
    expect(finding?.detail).toBe('the user may not run keys, info, config|get there, and could on the old one')
    await next.ask('ACL', 'SETUSER', 'app', 'resetchannels')
    expect((await compare(old.url(), next.url(asApp))).get('redis.acl')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/; the user may not publish or subscribe .* where nobody listens to one now$/),
    })
  })

  test('that may touch other keys there is no pass where a baseline speaks for the old one', async () => {
    await using old = await startRedis({ password: 'pw-pw-pw' })
    await using next = await startRedis({ password: 'pw-pw-pw' })
    await old.ask(...APP)
    await next.ask('ACL', 'SETUSER', 'app', 'on', '>app-pw-app', '~other:*', '+@all', '-@dangerous')
    await fill(old, 10)
    const baseline = JSON.parse(JSON.stringify(await survey(old.url(asApp))))
    const told = await survey(next.url(asApp), { against: Promise.resolve(baseline) })
    expect((await judge(baseline, told)).get('redis.acl')).toMatchObject({ status: 'unknown' })
  })

  test('that may touch some keys alone still learns whether writes are taken', async () => {
    await using server = await startRedis({ password: 'pw-pw-pw' })
    await server.ask('ACL', 'SETUSER', 'app', 'on', '>app-pw-app', '~app:*', '+@all', '-@dangerous')
    await server.ask('SET', 'app:1', 'x')
    expect((await survey(server.url(asApp))).facts.access).toMatchObject({
      writes: { is: '' },
      refused: { is: ['keys', 'info', 'config|get'] },
    })
    await server.ask('DEL', 'app:1')
    expect((await survey(server.url(asApp))).facts.access.writes).toHaveProperty('unknown')
  })

  test('that may only ping and get passes next to nothing', async () => {
    await using server = await startRedis({ password: 'pw-pw-pw' })
    await server.ask('ACL', 'SETUSER', 'tiny', 'on', '>tiny-pw-t', '~*', '+ping', '+get')
    const tiny = server.url({ user: 'tiny', password: 'tiny-pw-t' })
    const findings = await compare(tiny, tiny)
    const passed = [...findings.values()].filter(({ status }) => status === 'pass').map(({ id }) => id)
    expect(passed).toEqual(['redis.role', 'redis.mode', 'redis.database', 'redis.version', 'redis.modules'])
    expect(findings.get('redis.queues_left')).toMatchObject({ status: 'unknown', detail: expect.stringContaining('(its ACL lacks +') })
  })
})

describe.runIf(haveRedis())('a real Redis that is not fit', () => {
  test('a node of a cluster without its slots is down, and in another mode', async () => {
    await using old = await startRedis()
    await using next = await startRedis({ args: ['--cluster-enabled', 'yes'] })
    const findings = await compare(old.url(), next.url())
    expect(findings.get('redis.state')).toMatchObject({ status: 'fail', detail: 'its cluster is not whole: CLUSTERDOWN' })
    expect(findings.get('redis.mode')).toMatchObject({ status: 'fail' })
    expect(findings.get('redis.keys')).toMatchObject({ status: 'unknown' })
  })

  test('a full one is told with its figures', async () => {
    await using old = await startRedis()
    await using next = await startRedis({ args: ['--maxmemory', '500kb'] })
    await fill(old, 100)
    const findings = await compare(old.url(), next.url())
    expect(findings.get('redis.state')).toMatchObject({ status: 'fail', detail: expect.stringMatching(/of 500 KiB\): OOM$/) })
    expect(findings.get('redis.policy')).toMatchObject({ status: 'fail', detail: expect.stringMatching(/^maxmemory is 500 KiB/) })
  })

  test('one whose memory is over the limit and that takes writes all the same is not full', async () => {
    await using old = await startRedis()
    await using next = await startRedis({ args: ['--repl-backlog-size', '16kb'] })
    const args = ['--replicaof', `127.0.0.1 ${next.port}`, '--repl-diskless-sync-delay', '0', '--enable-debug-command', 'local']
    await using replica = await startRedis({ args })
    await eventually('a replica', async () => expect(await replica.ask('INFO', 'replication')).toContain('master_link_status:up'), 15_000)
    // What waits for a slow replica is not counted against the limit.
    const sleeps = replica.ask('DEBUG', 'SLEEP', '3')
    await next.ask('EVAL', "for i = 1, 80 do redis.call('SET', 'big', string.rep('x', 500000)) end return 1", '0')
    await next.ask('CONFIG', 'SET', 'maxmemory', '8mb')
    const told = await survey(next.url())
    const { memory } = told.facts.settings
    expect('is' in memory && memory.is.used > memory.is.max).toBe(true)
    expect(told.facts.access.writes).toEqual({ is: '' })
    expect((await compare(old.url(), next.url())).get('redis.state')).toMatchObject({ status: 'pass' })
    await sleeps
  })

  test('one that keeps less on disk, sends no events and has no functions is told', async () => {
    await using old = await startRedis({ args: ['--appendonly', 'yes', '--notify-keyspace-events', 'AKE'] })
    await using next = await startRedis()
    await old.ask('FUNCTION', 'LOAD', "#!lua name=shop\nredis.register_function('buy', function() return 1 end)")
    const findings = await compare(old.url(), next.url(), { use: 'store' })
    expect(findings.get('redis.persistence')).toMatchObject({
      status: 'fail',
      detail: 'keeps nothing on disk; the old one appends every write to a file',
    })
    expect(findings.get('redis.notify')).toMatchObject({ status: 'warn', detail: 'notify-keyspace-events is off, and AKE on the old one' })
    expect(findings.get('redis.functions')).toMatchObject({ status: 'warn', detail: '1 function of the old one is missing: shop.buy' })
    expect(notPassed(await compare(next.url(), old.url()))).toEqual([])
  })

  test('one that cannot save is told, also where it takes writes all the same', async () => {
    await using old = await startRedis({ args: ['--save', '3600 1'] })
    await using next = await startRedis({ args: ['--save', '3600 1', '--stop-writes-on-bgsave-error', 'no'] })
    mkdirSync(join(dirname(next.socket), 'dump.rdb')) // No file can be put there.
    await next.ask('BGSAVE')
    await eventually('the end', async () => expect(await next.ask('INFO', 'persistence')).toContain('rdb_last_bgsave_status:err'), 5_000)
    const findings = await compare(old.url(), next.url())
    expect(notPassed(findings)).toEqual(['redis.persistence warn warn'])
    expect(findings.get('redis.persistence')?.detail).toBe('its last snapshot failed')
    await next.ask('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'yes')
    expect((await open(next.url())).report).toMatchObject({ ok: false, code: 'MISCONF' })
  })

  test('an empty one, and one with other keys, are told', async () => {
    await using old = await startRedis()
    await using empty = await startRedis()
    await using other = await startRedis()
    await fill(old, 300)
    await other.ask('EVAL', "for i = 1, 300 do redis.call('SET', 'other:' .. i, i) end", '0')
    expect((await compare(old.url(), empty.url(), { use: 'store' })).get('redis.keys')).toMatchObject({ status: 'fail' })
    expect((await compare(old.url(), other.url())).get('redis.keys')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/of a sample of \d\d+, 0 stand there$/),
    })
    expect((await compare(old.url(), other.url(), { use: 'store' })).get('redis.keys')).toMatchObject({ status: 'fail', severity: 'error' })
  })

  test('one that hides its functions may have some', async () => {
    await using old = await startRedis({ args: ['--rename-command', 'FUNCTION', 'HIDDEN'] })
    await using next = await startRedis()
    await old.ask('HIDDEN', 'LOAD', "#!lua name=shop\nredis.register_function('buy', function() return 1 end)")
    expect(await old.ask('FCALL', 'buy', '0')).toBe(':1\r\n')
    expect((await compare(old.url(), next.url())).get('redis.functions')).toMatchObject({
      status: 'unknown',
      detail: 'the old one: the server does not know FUNCTION LIST',
    })
  })

  test('one without HELLO is compared all the same', async () => {
    await using old = await startRedis({ args: ['--rename-command', 'HELLO', ''] })
    await using next = await startRedis({ args: ['--rename-command', 'HELLO', '', '--rename-command', 'FUNCTION', ''] })
    expect(notPassed(await compare(old.url(), next.url()))).toEqual([])
  })
})
