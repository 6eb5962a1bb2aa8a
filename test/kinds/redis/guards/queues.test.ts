import { describe, expect, test } from 'vitest'
import { eventually } from '../../../support/processes.ts'
import { haveRedis, type RedisServer, startRedis } from '../../../support/redis.ts'
import { compare, notPassed, survey } from './pair.ts'

type Command = readonly string[]

const SEPARATOR = '\u0006\u0016'
const JOB = '{"class":"Mail","args":[1],"jid":"b4a577edbccf1d805744efa9","queue":"default"}'

const write = async (server: RedisServer, commands: readonly Command[]): Promise<void> => {
  for (const words of commands) expect(await server.ask(...words)).not.toMatch(/^-/)
}

/** As the frameworks write them. */
const WAITING: readonly (readonly [name: string, commands: readonly Command[], detail: string, remedy: string])[] = [
  [
    'Sidekiq',
    [
      ['SADD', 'queues', 'default', 'mail'],
      ['LPUSH', 'queue:default', JOB, JOB, JOB],
      ['ZADD', 'schedule', '1790000000.5', JOB],
      ['ZADD', 'retry', '1790000000.5', JOB, '1790000001', `${JOB} `],
      ['ZADD', 'dead', '1790000000.5', JOB],
      ['INCR', 'stat:processed'],
    ],
    '6 jobs would be left on the old one: 3 in queue:default, 2 in retry, 1 in schedule and 1 more queue',
    'redis-cli LLEN queue:default',
  ],
  [
    'Sidekiq in a namespace',
    [
      ['SADD', 'shop:queues', 'default'],
      ['LPUSH', 'shop:queue:default', JOB],
      ['ZADD', 'shop:schedule', '1', JOB],
    ],
    '2 jobs would be left on the old one: 1 in shop:queue:default, 1 in shop:schedule',
    'redis-cli LLEN shop:queue:default',
  ],
  [
    'Resque',
    [
      ['SADD', 'resque:queues', 'mail'],
      ['RPUSH', 'resque:queue:mail', JOB, JOB],
    ],
    '2 jobs would be left on the old one: 2 in resque:queue:mail',
    'redis-cli LLEN resque:queue:mail',
  ],
  [
    'BullMQ',
    [
      ['HSET', 'bull:mail:meta', 'opts.maxLenEvents', '10000'],
      ['SET', 'bull:mail:id', '7'],
      ['LPUSH', 'bull:mail:wait', '5', '6'],
      ['LPUSH', 'bull:mail:active', '4'],
      ['ZADD', 'bull:mail:delayed', '1', '3'],
      ['ZADD', 'bull:mail:prioritized', '1', '2'],
      ['ZADD', 'bull:mail:completed', '1', '1'],
      ['LPUSH', 'bull:mail:paused', '7'],
      ['HSET', 'bull:mail:5', 'name', 'send'],
    ],
    '6 jobs would be left on the old one: 2 in bull:mail:wait',
    'redis-cli LLEN bull:mail:wait',
  ],
  [
    'BullMQ with a prefix of its own',
    [
      ['HSET', '{shop}:mail:meta', 'opts.maxLenEvents', '10000'],
      ['LPUSH', '{shop}:mail:wait', '1', '2'],
    ],
    '2 jobs would be left on the old one: 2 in {shop}:mail:wait',
    'redis-cli LLEN {shop}:mail:wait',
  ],
  [
    'Celery',
    [
      ['SADD', '_kombu.binding.celery', `celery${SEPARATOR}${SEPARATOR}celery`],
      ['SADD', '_kombu.binding.mail', `mail${SEPARATOR}${SEPARATOR}mail`],
      ['SADD', '_kombu.binding.celery.pidbox', `${SEPARATOR}${SEPARATOR}celery@h.celery.pidbox`],
      ['LPUSH', 'celery', '{}', '{}', '{}', '{}'],
      ['LPUSH', `celery${SEPARATOR}9`, '{}'],
      ['LPUSH', 'mail', '{}', '{}'],
      ['HSET', 'unacked', 'tag', '[]', 'tag2', '[]', 'tag3', '[]'],
      ['ZADD', 'unacked_index', '1', 'tag'],
    ],
    '10 jobs would be left on the old one: 4 in celery, 3 in unacked, 2 in mail and 1 more queue',
    'redis-cli LLEN celery',
  ],
  [
    'RQ',
    [
      ['SADD', 'rq:queues', 'rq:queue:default'],
      ['RPUSH', 'rq:queue:default', 'id-1', 'id-2'],
      ['ZADD', 'rq:wip:default', '1', 'id-3'],
    ],
    '3 jobs would be left on the old one: 2 in rq:queue:default, 1 in rq:wip:default',
    'redis-cli LLEN rq:queue:default',
  ],
  [
    'Celery with a prefix before its keys',
    [
      ['SADD', 'shop_kombu.binding.celery', `celery${SEPARATOR}${SEPARATOR}celery`],
      ['SADD', 'shop_kombu.binding.mail', `mail${SEPARATOR}${SEPARATOR}mail`],
      ['SADD', 'shop_kombu.binding.celery.pidbox', `${SEPARATOR}${SEPARATOR}celery@h.celery.pidbox`],
      ['LPUSH', 'shopcelery', '{}', '{}', '{}'],
      ['LPUSH', `shopmail${SEPARATOR}3`, '{}'],
      ['HSET', 'shopunacked', 'tag', '[]', 'tag2', '[]'],
      ['ZADD', 'shopunacked_index', '1', 'tag'],
    ],
    '6 jobs would be left on the old one: 3 in shopcelery, 2 in shopunacked, 1 in',
    'redis-cli LLEN shopcelery',
  ],
  [
    'Sidekiq in a namespace, before its first job was put into a queue',
    [
      ['ZADD', 'app:schedule', '1790000000.5', JOB, '1790000001.5', `${JOB} `],
      ['ZADD', 'app:retry', '1790000002', JOB],
    ],
    '3 jobs would be left on the old one: 2 in app:schedule, 1 in app:retry',
    'redis-cli ZCARD app:schedule',
  ],
  [
    'resque-scheduler alone',
    [
      ['RPUSH', 'resque:delayed:1790000000', '{"class":"Mail","args":[],"queue":"mail"}'],
      ['SADD', 'resque:timestamps:{"class":"Mail","args":[],"queue":"mail"}', 'delayed:1790000000'],
      ['ZADD', 'resque:delayed_queue_schedule', '1790000000', '1790000000'],
    ],
    '1 job would be left on the old one: 1 in resque:delayed_queue_schedule',
    'redis-cli ZCARD resque:delayed_queue_schedule',
  ],
  [
    'resque-scheduler without a namespace',
    [['ZADD', 'delayed_queue_schedule', '1790000000', '1790000000']],
    '1 job would be left on the old one: 1 in delayed_queue_schedule',
    'redis-cli ZCARD delayed_queue_schedule',
  ],
  [
    'BullMQ in a queue of that name',
    [
      ['HSET', 'bull:queues:meta', 'opts.maxLenEvents', '10000'],
      ['LPUSH', 'bull:queues:wait', '1', '2'],
      ['ZADD', 'bull:queues:delayed', '1', '3'],
    ],
    '3 jobs would be left on the old one: 2 in bull:queues:wait, 1 in bull:queues:delayed',
    'redis-cli LLEN bull:queues:wait',
  ],
  [
    'Laravel',
    [
      ['RPUSH', 'laravel_database_queues:default', '{"uuid":"1"}', '{"uuid":"2"}', '{"uuid":"3"}'],
      ['RPUSH', 'laravel_database_queues:default:notify', '1', '1', '1'],
      ['ZADD', 'laravel_database_queues:mail:delayed', '1790000000', '{"uuid":"4"}', '1790000001', '{"uuid":"5"}'],
      ['ZADD', 'laravel_database_queues:mail:reserved', '1790000000', '{"uuid":"6"}'],
    ],
    '6 jobs would be left on the old one: 3 in laravel_database_queues:default, 2 in laravel_database_queues:mail:delayed, 1 in',
    'redis-cli LLEN laravel_database_queues:default',
  ],
  [
    'Laravel without a prefix',
    [['RPUSH', 'queues:{mail}', '{"uuid":"1"}']],
    '1 job would be left on the old one: 1 in queues:{mail}',
    'redis-cli LLEN queues:{mail}',
  ],
  [
    'Dramatiq',
    [
      ['HSET', 'dramatiq:default.msgs', 'id-1', '{}', 'id-2', '{}', 'id-3', '{}'],
      ['RPUSH', 'dramatiq:default', 'id-1', 'id-2'],
      ['SADD', 'dramatiq:__acks__.7a5e.default', 'id-3'],
      ['ZADD', 'dramatiq:__heartbeats__', '1790000000', '7a5e'],
      ['HSET', 'dramatiq:default.DQ.msgs', 'id-4', '{}', 'id-5', '{}'],
      ['RPUSH', 'dramatiq:default.DQ', 'id-4', 'id-5'],
      ['ZADD', 'dramatiq:default.XQ', '1790000000', 'id-6'],
      ['HSET', 'dramatiq:default.XQ.msgs', 'id-6', '{}'],
    ],
    '5 jobs would be left on the old one: 3 in dramatiq:default.msgs, 2 in dramatiq:default.DQ.msgs, 1 in dramatiq:default.XQ.msgs',
    'redis-cli HLEN dramatiq:default.msgs',
  ],
  [
    'Dramatiq in a namespace',
    [
      ['HSET', 'shop:mail.msgs', 'id-1', '{}'],
      ['RPUSH', 'shop:mail', 'id-1'],
      ['ZADD', 'shop:__heartbeats__', '1790000000', '7a5e'],
    ],
    '1 job would be left on the old one: 1 in shop:mail.msgs',
    'redis-cli HLEN shop:mail.msgs',
  ],
  [
    'ARQ',
    [
      ['ZADD', 'arq:queue', '1790000000000', 'id-1', '1790000000001', 'id-2'],
      ['SET', 'arq:job:id-1', 'pickled'],
      ['SET', 'arq:job:id-2', 'pickled'],
      ['SET', 'arq:queue:health-check', 'Nov-29 j_complete=0'],
      ['ZADD', 'arq:queue:mail', '1790000000000', 'id-3'],
    ],
    '3 jobs would be left on the old one: 2 in arq:queue, 1 in arq:queue:mail',
    'redis-cli ZCARD arq:queue',
  ],
  [
    'a stream',
    [
      ['XADD', 'orders', '1-1', 'id', '1'],
      ['XADD', 'orders', '2-1', 'id', '2'],
      ['XADD', 'orders', '3-1', 'id', '3'],
      ['XGROUP', 'CREATE', 'orders', 'workers', '0'],
      ['XREADGROUP', 'GROUP', 'workers', 'one', 'COUNT', '1', 'STREAMS', 'orders', '>'],
    ],
    '3 jobs would be left on the old one: 3 in orders',
    'redis-cli XINFO GROUPS orders',
  ],
]

describe.runIf(haveRedis())('jobs that would be left behind', () => {
  test.each(WAITING)('of %s are counted', async (_, commands, detail, remedy) => {
    await using old = await startRedis()
    await using next = await startRedis()
    await write(old, commands)
    const finding = (await compare(old.url(), next.url())).get('redis.queues_left')
    expect(finding).toMatchObject({ status: 'fail', severity: 'error', detail: expect.stringContaining(detail) })
    expect(finding?.remedy?.endsWith(remedy)).toBe(true)
    expect((await compare(next.url(), old.url())).get('redis.queues_left')).toMatchObject({ status: 'pass' })
  })

  test.each(WAITING)('of %s are no loss on a copy with all of them', async (_, commands) => {
    await using old = await startRedis()
    await using next = await startRedis()
    await write(old, commands)
    await write(next, commands)
    expect(notPassed(await compare(old.url(), next.url()))).toEqual(['redis.queues_left warn info'])
  })

  test('of a stream whose groups tell no lag are unknown, unless all of it was served', async () => {
    await using old = await startRedis()
    await using next = await startRedis()
    const ids = ['1-1', '2-1', '3-1', '4-1']
    await write(old, [
      ...ids.map((id): Command => ['XADD', 'orders', id, 'id', '1']),
      ['XGROUP', 'CREATE', 'orders', 'workers', '2-1'],
      ['XDEL', 'orders', '3-1'],
    ])
    const finding = async () => (await compare(old.url(), next.url())).get('redis.queues_left')
    expect(await finding()).toMatchObject({ status: 'unknown', detail: expect.stringContaining('the stream orders') })
    await write(old, [['XGROUP', 'SETID', 'orders', 'workers', '4-1']])
    expect(await finding()).toMatchObject({ status: 'pass' })
  })

  test('a user without @dangerous sees them too', async () => {
    await using old = await startRedis({ password: 'pw-pw-pw' })
    await old.ask('ACL', 'SETUSER', 'app', 'on', '>app-pw-app', '~*', '+@all', '-@dangerous')
    for (const [, commands] of WAITING) await write(old, commands)
    await using next = await startRedis()
    const finding = (await compare(old.url({ user: 'app', password: 'app-pw-app' }), next.url())).get('redis.queues_left')
    expect(finding).toMatchObject({ status: 'fail', detail: expect.stringMatching(/^64 jobs .* more queues$/) })
  })

  test.each<readonly [string, readonly string[], readonly Command[], string]>([
    [
      'names of queues',
      ['-sscan'],
      [
        ['SADD', 'queues', 'default'],
        ['LPUSH', 'queue:default', JOB, JOB, JOB],
      ],
      'no queue was found; the user may not ask SSCAN (its ACL lacks +sscan)',
    ],
    [
      'lengths, and marks beside them',
      ['-zcard', '-exists'],
      [
        ['ZADD', 'bull:mail:delayed', '1', '3', '2', '4'],
        ['HSET', 'unacked', 'tag', '[]'],
      ],
      'the user may not ask ZCARD (its ACL lacks +zcard); the user may not ask EXISTS (its ACL lacks +exists)',
    ],
    [
      'marks',
      ['-hmget'],
      [
        ['HSET', '{shop}:mail:meta', 'opts.maxLenEvents', '10000'],
        ['LPUSH', '{shop}:mail:wait', '1', '2'],
      ],
      'the user may not ask HMGET (its ACL lacks +hmget)',
    ],
    [
      'groups of streams',
      ['-xinfo'],
      [
        ['XADD', 'orders', '1-1', 'id', '1'],
        ['XGROUP', 'CREATE', 'orders', 'workers', '0'],
      ],
      'the user may not ask XINFO GROUPS (its ACL lacks +xinfo|groups)',
    ],
    [
      'some keys',
      ['resetkeys', '~unacked', '~celery*'],
      [
        ['SADD', 'queues', 'default'],
        ['LPUSH', 'queue:default', JOB],
      ],
      'the user may not touch the key that SSCAN asks for',
    ],
  ])('are unknown, and no pass, to a user who may not ask for %s', async (_, rights, commands, why) => {
    await using old = await startRedis({ password: 'pw-pw-pw' })
    await using next = await startRedis()
    await old.ask('ACL', 'SETUSER', 'app', 'on', '>app-pw-app', '~*', '+@all', ...rights)
    await write(old, commands)
    const asApp = old.url({ user: 'app', password: 'app-pw-app' })
    const unknown = { status: 'unknown', severity: 'error', detail: expect.stringContaining(why) }
    expect((await compare(asApp, next.url())).get('redis.queues_left')).toMatchObject(unknown)
    expect((await compare(asApp, asApp)).get('redis.queues_left')).toMatchObject(unknown)
  })

  test('a replica holds them: nothing is lost', async () => {
    await using old = await startRedis()
    await using next = await startRedis({ args: ['--replicaof', `127.0.0.1 ${old.port}`] })
    await write(old, [
      ['SADD', 'queues', 'default'],
      ['LPUSH', 'queue:default', JOB],
    ])
    await eventually('replication', async () => expect(await next.ask('LLEN', 'queue:default')).toBe(':1\r\n'), 10_000)
    expect((await compare(old.url(), next.url())).get('redis.queues_left')).toMatchObject({ severity: 'info' })
  })

  test('one that was promoted holds them, though other keys came and went since', async () => {
    await using old = await startRedis({ args: ['--enable-debug-command', 'local'] })
    await using next = await startRedis({ args: ['--replicaof', `127.0.0.1 ${old.port}`, '--repl-diskless-sync-delay', '0'] })
    await write(old, [
      ['DEBUG', 'SET-ACTIVE-EXPIRE', '0'],
      ['SADD', 'queues', 'default'],
      ['LPUSH', 'queue:default', ...Array<string>(20).fill(JOB)],
      ['EVAL', "for i = 1, 50 do redis.call('SET', 'session:' .. i, i, 'PX', 200) end return 1", '0'],
    ])
    await eventually('replication', async () => expect(await next.ask('LLEN', 'queue:default')).toBe(':20\r\n'), 10_000)
    await write(next, [
      ['REPLICAOF', 'NO', 'ONE'],
      ['SET', 'session:new', 'x'],
    ])
    await eventually('keys that are over', async () => expect(await next.ask('DBSIZE')).toBe(':3\r\n'), 5_000)
    expect(await old.ask('DBSIZE')).toBe(':52\r\n')
    expect((await compare(old.url(), next.url())).get('redis.queues_left')).toMatchObject({
      severity: 'info',
      detail: 'the new one holds them too: 20 in queue:default',
    })
    await next.ask('RPOP', 'queue:default')
    expect((await compare(old.url(), next.url())).get('redis.queues_left')).toMatchObject({ status: 'fail' })
  })

  test('queues where nothing waits pass, and make it a queue', async () => {
    await using old = await startRedis()
    await using next = await startRedis({ args: ['--maxmemory', '1gb', '--maxmemory-policy', 'allkeys-lru'] })
    await write(old, [['HSET', 'bull:mail:meta', 'opts.maxLenEvents', '10000']])
    const findings = await compare(old.url(), next.url())
    expect(findings.get('redis.queues_left')).toMatchObject({ status: 'pass', detail: 'no job waits (BullMQ)' })
    expect(findings.get('redis.policy')).toMatchObject({ status: 'fail' })
  })

  test('what only has a name like theirs is no queue', async () => {
    await using old = await startRedis()
    await using next = await startRedis()
    await write(old, [
      ['ZADD', 'schedule', '1', 'monday'],
      ['ZADD', 'dead', '1', 'rabbit'],
      ['LPUSH', 'user:7:active', 'x'],
      ['LPUSH', 'room:1:active', 'ada'],
      ['SET', 'room:1:id', '1'],
      ['HSET', 'room:1:meta', 'title', 'lobby'],
      ['ZADD', 'team:schedule', '9', 'monday'],
      ['HSET', 'mail:box.msgs', 'a', 'b'],
      ['SET', 'dramatiq:notes', 'x'],
      ['SADD', 'all:queues:here', 'x'],
      ['SET', 'queue:default', 'x'],
      ['SET', 'celery', 'a vegetable'],
      ['HSET', 'unacked', 'a', 'b'],
      ['XADD', 'events', '1-1', 'a', 'b'],
      ['SET', 'my:queues', 'x'],
    ])
    expect((await compare(old.url(), next.url())).get('redis.queues_left')).toMatchObject({ status: 'pass', detail: 'no queue was found' })
  })

  test('more keys than are looked at are told, and well-known names are found among them', async () => {
    await using server = await startRedis()
    await server.ask('EVAL', "for i = 1, 130000 do redis.call('SET', 'k:' .. i, '') end", '0')
    const started = performance.now()
    expect((await survey(server.url())).facts.queues).toMatchObject({
      queues: { is: [] },
      unseen: expect.stringMatching(/^of 130000 keys only some \d+ were/),
    })
    expect(performance.now() - started).toBeLessThan(8_000)
    await write(server, [
      ['SADD', 'queues', 'default'],
      ['LPUSH', 'queue:default', JOB],
    ])
    expect((await survey(server.url())).facts.queues).toMatchObject({ queues: { is: [{ name: 'queue:default', waits: 1 }] } })
  })
})
