import { describe, expect, test } from 'vitest'
import type { Finding } from '../../../../src/domain/finding.ts'
import type { RedisFacts } from '../../../../src/kinds/redis/guards/sides.ts'
import redis from '../../../../src/kinds/redis/redis.ts'
import type { Comparison } from '../../../../src/ports/kind.ts'
import { facts, queue, surveyOf } from './facts.ts'
import { judge, notPassed } from './pair.ts'

type Parts = NonNullable<Parameters<typeof facts>[1]>

async function judged(old: Parts | null, next: Parts = {}, more: Partial<Comparison> = {}): Promise<ReadonlyMap<string, Finding>> {
  return await judge(old === null ? null : surveyOf(facts('a', old)), surveyOf(facts('b', next)), more)
}

/** What one check says of two servers. */
const says = async (id: string, ...sides: Parameters<typeof judged>): Promise<Finding> => {
  const found = (await judged(...sides)).get(id)
  if (found === undefined) throw new Error(`no check ${id}`)
  return found
}

const unseen = { unknown: 'the user may not ask INFO' }

test('two healthy servers with the same in them differ in nothing', async () => {
  expect(notPassed(await judged({}))).toEqual([])
})

test('of a dead one nothing is known, and what the new one tells by itself is still told', async () => {
  expect(notPassed(await judged(null))).toEqual([
    ...['redis.mode unknown error', 'redis.database unknown warn', 'redis.version unknown warn', 'redis.modules unknown error'],
    ...['redis.acl unknown error', 'redis.policy unknown error', 'redis.persistence unknown warn', 'redis.keys unknown warn'],
    ...['redis.queues_left unknown error', 'redis.identity unknown info', 'redis.notify unknown warn', 'redis.functions unknown warn'],
  ])
  const full = { memory: { is: { used: 200, max: 100, policy: 'noeviction' } } }
  expect(await says('redis.state', null, { settings: full, access: { writes: unseen } })).toMatchObject({ status: 'fail' })
  const evicting = { memory: { is: { used: 1, max: 100, policy: 'allkeys-lru' } } }
  expect(await says('redis.policy', null, { settings: evicting }, { use: 'queue' })).toMatchObject({ status: 'fail' })
})

test.each<readonly [string, Parts]>([
  ['keys', { keys: { count: { is: -5 } } }],
  ['keys in part', { keys: { count: { is: 1.5 } } }],
  ['keys of a sample', { keys: { sample: { is: { asked: 10, found: -1, refused: 0, lesser: 0 } } } }],
  ['jobs', { queues: { queues: { is: [queue('queue:default', -3)] } } }],
  ['bytes', { settings: { memory: { is: { used: -1, max: 0, policy: 'noeviction' } } } }],
  ['databases', { server: { database: -1 } }],
])('fewer %s than none are in no baseline', async (_, parts) => {
  const guards = await redis.guards?.()
  await expect(guards?.decode(facts('a', parts))).rejects.toMatchObject({ name: 'ZodError' })
  await expect(guards?.decode(facts('a'))).resolves.toEqual(facts('a'))
})

test('a new one that lets nobody see passes nothing that it was not asked', async () => {
  const blind: Parts = {
    server: { runId: unseen, replication: unseen, version: unseen, mode: unseen, role: { unknown: 'untold' } },
    access: { refused: unseen, writes: unseen, channels: unseen, subscribed: unseen, modules: unseen, functions: unseen, notify: unseen },
    settings: { memory: unseen, disk: unseen, snapshots: unseen },
    keys: { count: unseen, sample: unseen },
  }
  const old: Parts = { access: { modules: { is: ['search'] }, functions: { is: ['lib.f'] }, notify: { is: 'AKE' } } }
  const findings = await judged(old, blind)
  const passed = [...findings.values()].filter(({ status }) => status === 'pass').map(({ id }) => id)
  expect(passed).toEqual(['redis.database', 'redis.queues_left'])
})

describe('what the server is', () => {
  test('a replica is refused where a primary is meant, and the reverse', async () => {
    const replica = { server: { role: { is: 'replica' } } } as const
    expect(await says('redis.role', {}, replica)).toMatchObject({ status: 'fail', detail: 'a replica: it takes no writes' })
    expect(await says('redis.role', {}, replica, { expect: 'replica' })).toMatchObject({ status: 'pass' })
    expect(await says('redis.role', {}, replica, { expect: 'readable' })).toMatchObject({ status: 'pass' })
    expect(await says('redis.role', {}, {}, { expect: 'replica' })).toMatchObject({ status: 'fail' })
    expect(await says('redis.role', {}, { server: { role: { unknown: 'untold' } } })).toMatchObject({ status: 'unknown' })
  })

  test.each([
    ['OOM', 'it is full'],
    ['MISCONF', 'it cannot save to disk'],
    ['NOREPLICAS', 'too few replicas'],
    ['CLUSTERDOWN', 'not whole'],
    ['LOADING', 'loads its data'],
    ['MASTERDOWN', 'lost its primary'],
    ['READONLY', 'read-only'],
    ['BUSY', 'script'],
  ])('one that answers a write with %s is refused', async (word, text) => {
    const finding = await says('redis.state', {}, { access: { writes: { is: word } } })
    expect(finding).toMatchObject({ status: 'fail', severity: 'error', detail: expect.stringContaining(text) })
    expect(finding.remedy).not.toBe('')
  })

  test('a full one is told with figures, and no one that throws keys away is full', async () => {
    const memory = (policy: string, writes: RedisFacts['access']['writes'] = unseen) => ({
      settings: { memory: { is: { used: 3 * 1024 ** 3, max: 2 * 1024 ** 3, policy } } },
      access: { writes },
    })
    for (const full of [memory('noeviction'), memory('noeviction', { is: 'OOM' })])
      expect(await says('redis.state', {}, full)).toMatchObject({ detail: 'it is full, and refuses writes (3 GiB of 2 GiB): OOM' })
    expect(await says('redis.state', {}, memory('allkeys-lru'))).toMatchObject({ status: 'unknown' })
    expect(await says('redis.state', {}, memory('noeviction', { is: '' }))).toMatchObject({ status: 'pass' })
  })

  test('what only writes meet is nothing to those who only read', async () => {
    const full = { access: { writes: { is: 'OOM' } } }
    expect(await says('redis.state', {}, full, { expect: 'readable' })).toMatchObject({ status: 'pass' })
    const torn = { server: { cluster: { is: 'fail' } } } as const
    expect(await says('redis.state', {}, torn, { expect: 'readable' })).toMatchObject({ status: 'fail' })
  })

  test('a replica is not told twice', async () => {
    const replica = { server: { role: { is: 'replica' } }, access: { writes: { is: 'READONLY' } } } as const
    expect(await says('redis.state', {}, replica)).toMatchObject({ status: 'pass' })
  })

  test('a cluster and a single server do not take the place of each other', async () => {
    const cluster = { server: { mode: { is: 'cluster' }, cluster: { is: 'ok' } } } as const
    expect(await says('redis.mode', {}, cluster)).toMatchObject({ status: 'fail', detail: expect.stringContaining('MOVED') })
    expect(await says('redis.mode', cluster, {})).toMatchObject({ status: 'fail' })
    expect(await says('redis.mode', cluster, cluster)).toMatchObject({ status: 'pass' })
  })

  test('another database number is told', async () => {
    expect(await says('redis.database', { server: { database: 2 } }, {})).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('database 2'),
    })
  })

  test.each([
    ['7.2.4', '7.2.4', 'pass', 'warn'],
    ['7.2.4', '7.4.0', 'pass', 'warn'],
    ['7.2.4', '7.2.3', 'warn', 'warn'],
    ['7.2', '7.10', 'pass', 'warn'],
    ['7.2.4', '6.2.14', 'fail', 'error'],
    ['5.0.14', '7.2.4', 'pass', 'warn'],
  ])('%s to %s: %s', async (old, next, status, severity) => {
    const at = (version: string) => ({ server: { version: { is: version } } })
    expect(await says('redis.version', at(old), at(next))).toMatchObject({ status, severity })
  })

  test('versions of two products are not compared', async () => {
    expect(await says('redis.version', {}, { server: { product: 'Valkey', version: { is: '8.0.1' } } })).toMatchObject({
      status: 'unknown',
    })
  })

  test.each([
    ['a replica', { line: 'a', before: '0', link: 'up' }, 'a replica of the old one'],
    [
      'one that was promoted',
      { line: 'b', before: 'a', link: 'none' },
      'once in one line with the old one, and a primary of its own since',
    ],
    [
      'a replica that lost its primary',
      { line: 'a', before: '0', link: 'down' },
      'a replica that has lost its primary, in one line with the old one',
    ],
    ['a stranger', { line: 'b', before: '0', link: 'none' }, 'another server, with data of its own'],
  ] as const)('%s is told from the others', async (_, { line, before, link }, detail) => {
    const replication = { is: { line: line.repeat(40), before: before.repeat(40), link } }
    expect(await says('redis.identity', {}, { server: { replication } })).toMatchObject({ status: 'pass', severity: 'info', detail })
  })
})

describe('what may be done there', () => {
  test('commands that the user loses are named, and those it never had are not', async () => {
    const finding = await says(
      'redis.acl',
      { access: { refused: { is: ['info'] } } },
      { access: { refused: { is: ['info', 'evalsha', 'xadd'] } } },
    )
    expect(finding).toMatchObject({ status: 'fail', detail: 'the user may not run evalsha, xadd there, and could on the old one' })
    expect(finding.remedy).toContain('+evalsha +xadd')
  })

  test('channels that it loses are an error where somebody listens, or may, and a warning where nobody does', async () => {
    const none = { access: { channels: { is: false } } }
    expect(await says('redis.acl', {}, none)).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/, where nobody listens to one now$/),
    })
    for (const subscribed of [{ is: 3 }, unseen])
      expect(await says('redis.acl', { access: { subscribed } }, none)).toMatchObject({ status: 'fail' })
    expect(await says('redis.acl', none, none)).toMatchObject({
      status: 'pass',
      detail: expect.stringContaining('channels were not compared'),
    })
    expect(await says('redis.acl', {}, { access: { ...none.access, refused: { is: ['info'] } } })).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^the user may not run info there, and could on the old one; the user may not publish/),
      remedy: 'redis-cli ACL SETUSER … +info on the new one',
    })
  })

  test('keys of the old one that the user may not touch are told', async () => {
    const next = { keys: { sample: { is: { asked: 100, found: 0, refused: 100, lesser: 0 } } } }
    expect(await says('redis.acl', {}, next)).toMatchObject({
      status: 'fail',
      detail: 'the user may not touch 100 of 100 keys of the old one there',
    })
  })

  test('key patterns that were not asked are unknown, and no pass', async () => {
    const sample = { unknown: 'no keys of the old one are known' }
    expect(await says('redis.acl', {}, { keys: { sample } })).toMatchObject({
      status: 'unknown',
      severity: 'error',
      detail:
        'the user may run the commands that apps use most as on the old one; key patterns were not compared: no keys of the old one are known',
    })
    const none = { is: { asked: 0, found: 0, refused: 0, lesser: 0 } }
    for (const count of [{ is: 7 }, unseen])
      expect(await says('redis.acl', { keys: { count } }, { keys: { sample: none } })).toMatchObject({ status: 'unknown' })
    expect(await says('redis.acl', {}, { keys: { sample }, access: { refused: { is: ['get'] } } })).toMatchObject({ status: 'fail' })
  })

  test('an empty old one has no keys to ask for: the pass says so', async () => {
    const sample = { is: { asked: 0, found: 0, refused: 0, lesser: 0 } }
    expect(await says('redis.acl', { keys: { count: { is: 0 } } }, { keys: { sample } })).toMatchObject({
      status: 'pass',
      detail: expect.stringMatching(/; key patterns were not compared: the old one is empty$/),
    })
  })

  test('modules, functions and events that are missing are named; more than before is no loss', async () => {
    const old = {
      access: { modules: { is: ['search', 'ReJSON'] }, functions: { is: ['l.a', 'l.b', 'l.c', 'l.d', 'l.e'] }, notify: { is: 'AKE' } },
    }
    expect(await says('redis.modules', old, { access: { modules: { is: ['ReJSON'] } } })).toMatchObject({
      status: 'fail',
      detail: '1 module of the old one is missing: search',
    })
    expect(await says('redis.functions', old)).toMatchObject({
      status: 'warn',
      detail: '5 functions of the old one are missing: l.a, l.b, l.c and 2 more',
    })
    expect(await says('redis.notify', old, { access: { notify: { is: 'KEx' } } })).toMatchObject({ status: 'warn' })
    expect(await says('redis.notify', { access: { notify: { is: 'KEx' } } }, { access: { notify: { is: 'AKE' } } })).toMatchObject({
      status: 'pass',
    })
    expect(await says('redis.modules', {}, { access: { modules: unseen } })).toMatchObject({ status: 'pass' })
  })
})

describe('how it keeps what it holds', () => {
  const memory = (used: number, max: number, policy: string) => ({ settings: { memory: { is: { used, max, policy } } } })
  const MIB = 1024 ** 2

  test.each(['allkeys-lru', 'volatile-ttl'])('a queue or a store under %s is refused', async (policy) => {
    for (const use of ['queue', 'store'] as const)
      expect(await says('redis.policy', {}, memory(1, 100 * MIB, policy), { use })).toMatchObject({ status: 'fail' })
    expect(await says('redis.policy', {}, memory(1, 100 * MIB, policy), { use: 'cache' })).toMatchObject({ status: 'pass' })
  })

  test('where nobody says what it is for, throwing away what was kept before is a warning', async () => {
    const evicting = memory(1, 100 * MIB, 'allkeys-lru')
    expect(await says('redis.policy', {}, evicting)).toMatchObject({
      status: 'warn',
      severity: 'warn',
      detail: 'allkeys-lru throws keys away when 100 MiB are full; the old one keeps all (noeviction)',
      remedy: expect.stringMatching(/use: cache/),
    })
    expect(await says('redis.policy', memory(1, 0, 'allkeys-lru'), evicting)).toMatchObject({ status: 'warn' })
    expect(await says('redis.policy', evicting, evicting)).toMatchObject({ status: 'pass' })
  })

  test('queues that were found make it a queue; where the old one was no better it is a warning', async () => {
    const queues = { frameworks: ['BullMQ' as const] }
    expect(await says('redis.policy', { queues }, memory(1, MIB, 'allkeys-lru'))).toMatchObject({ status: 'fail' })
    expect(await says('redis.policy', { queues, ...memory(1, MIB, 'allkeys-lru') }, memory(1, MIB, 'allkeys-lru'))).toMatchObject({
      status: 'warn',
    })
  })

  test('without a limit nothing is thrown away', async () => {
    expect(await says('redis.policy', {}, memory(1, 0, 'allkeys-lru'), { use: 'store' })).toMatchObject({ status: 'pass' })
  })

  test('a cache that throws nothing away is a warning', async () => {
    expect(await says('redis.policy', {}, memory(1, 0, 'noeviction'), { use: 'cache' })).toMatchObject({ status: 'warn' })
  })

  test('less memory than the old one uses is refused; a cache that makes room is warned about', async () => {
    const old = memory(512 * MIB, 0, 'noeviction')
    expect(await says('redis.policy', old, memory(MIB, 256 * MIB, 'noeviction'))).toMatchObject({
      status: 'fail',
      detail: 'maxmemory is 256 MiB, and the old one uses 512 MiB',
    })
    expect(await says('redis.policy', old, memory(MIB, 256 * MIB, 'allkeys-lru'), { use: 'cache' })).toMatchObject({ status: 'warn' })
    expect(await says('redis.policy', old, memory(MIB, 512 * MIB, 'noeviction'))).toMatchObject({ status: 'pass' })
  })

  const disk = (appends: boolean, snapshots: boolean, lastSave: 'ok' | 'err' = 'ok') => ({
    settings: { disk: { is: { appends, lastSave, lastAppend: 'ok' as const } }, snapshots: { is: snapshots } },
  })

  test.each([
    ['an append-only file, then snapshots', disk(true, true), disk(false, true), 'warn'],
    ['snapshots, then nothing', disk(false, true), disk(false, false), 'warn'],
    ['a snapshot that failed', disk(false, true), disk(false, true, 'err'), 'warn'],
    ['nothing, then nothing', disk(false, false), disk(false, false), 'pass'],
    ['nothing, then snapshots', disk(false, false), disk(false, true), 'pass'],
    ['snapshots, then an append-only file', disk(false, true), disk(true, false), 'pass'],
  ])('%s', async (_, old, next, status) => {
    expect(await says('redis.persistence', old, next)).toMatchObject({ status })
    const severe = await says('redis.persistence', old, next, { use: 'store' })
    expect(severe.status).toBe(status === 'pass' ? 'pass' : 'fail')
  })

  test('where CONFIG may not be asked, what INFO tells still counts', async () => {
    const some = (appends: boolean) => ({ settings: { ...disk(appends, true).settings, snapshots: unseen } })
    expect(await says('redis.persistence', some(true), some(false))).toMatchObject({ status: 'warn' })
    expect(await says('redis.persistence', some(false), some(true))).toMatchObject({ status: 'pass' })
    expect(await says('redis.persistence', some(false), some(false))).toMatchObject({ status: 'unknown' })
  })
})

describe('what it holds', () => {
  const holds = (count: number, found = 100) => ({
    keys: { count: { is: count }, sample: { is: { asked: 100, found, refused: 0, lesser: 0 } } },
  })

  test('an empty one in the place of a full one is refused, unless it is a cache or nobody knows', async () => {
    const empty = holds(0, 0)
    expect(await says('redis.keys', {}, empty, { use: 'store' })).toMatchObject({
      status: 'fail',
      detail: 'empty: the old one holds 1,000 keys',
    })
    expect(await says('redis.keys', {}, empty, { use: 'queue' })).toMatchObject({ status: 'fail' })
    expect(await says('redis.keys', {}, empty, { use: 'cache' })).toMatchObject({ status: 'warn' })
    expect(await says('redis.keys', {}, empty)).toMatchObject({ status: 'warn' })
    expect(await says('redis.keys', holds(0), empty, { use: 'store' })).toMatchObject({ status: 'pass' })
  })

  test('a queue whose jobs are done may be left for an empty one', async () => {
    const empty = holds(0, 0)
    const drained = { queues: { frameworks: ['Celery' as const] } }
    expect(await says('redis.keys', drained, empty, { use: 'queue' })).toMatchObject({ status: 'warn' })
    expect(await says('redis.keys', drained, empty, { use: 'store' })).toMatchObject({ status: 'fail' })
    const waits = { queues: { frameworks: ['Celery' as const], queues: { is: [queue('celery', 1)] } } }
    expect(await says('redis.keys', waits, empty)).toMatchObject({ status: 'fail' })
  })

  test('as many keys, and others, is told by the sample', async () => {
    expect(await says('redis.keys', {}, holds(1_000, 12))).toMatchObject({
      status: 'warn',
      detail: '1,000 keys, and the old one holds 1,000 keys; of a sample of 100, 12 stand there',
    })
    expect(await says('redis.keys', {}, holds(1_010, 98))).toMatchObject({ status: 'pass' })
    expect(await says('redis.keys', {}, holds(400))).toMatchObject({ status: 'warn' })
  })

  test('other keys, however many, are as bad as none', async () => {
    for (const there of [0, 9])
      expect(await says('redis.keys', {}, holds(1_000, there), { use: 'store' })).toMatchObject({
        status: 'fail',
        detail: `other keys: 1,000 keys, and the old one holds 1,000 keys; of a sample of 100, ${there} stand there`,
      })
    expect(await says('redis.keys', {}, holds(1_000, 0), { use: 'queue' })).toMatchObject({ status: 'fail' })
    expect(await says('redis.keys', {}, holds(1_000, 0), { use: 'cache' })).toMatchObject({ status: 'warn' })
    expect(await says('redis.keys', {}, holds(1_000, 0))).toMatchObject({ status: 'warn' })
    expect(await says('redis.keys', {}, holds(1_000, 50), { use: 'store' })).toMatchObject({ status: 'warn' })
  })

  test('a baseline has no sample: the figures are compared', async () => {
    const next = { keys: { count: { is: 990 }, sample: { unknown: 'no keys of the old one are known' } } }
    expect(await says('redis.keys', {}, next)).toMatchObject({ status: 'pass', detail: '990 keys, and the old one holds 1,000 keys' })
  })

  test('one node of a cluster does not speak for the others', async () => {
    const cluster = { server: { mode: { is: 'cluster' } } } as const
    expect(await says('redis.keys', cluster, cluster)).toMatchObject({ status: 'unknown' })
    expect(await says('redis.queues_left', cluster, cluster)).toMatchObject({ status: 'unknown' })
  })
})

describe('jobs that wait', () => {
  const waiting = { queues: { queues: { is: [queue('queue:default', 1_200), queue('retry', 3, { ask: 'ZCARD' })] } } }

  test('are refused with figures, and the remedy counts them', async () => {
    expect(await says('redis.queues_left', waiting)).toMatchObject({
      status: 'fail',
      detail: '1,203 jobs would be left on the old one: 1,200 in queue:default, 3 in retry',
      remedy: 'stop what makes jobs, let the workers finish them, and ask again: on the old server: redis-cli LLEN queue:default',
    })
  })

  test('that a baseline saw are no longer there to be finished: a warning', async () => {
    expect(await says('redis.queues_left', waiting, {}, { kept: true })).toMatchObject({ status: 'warn' })
  })

  test('that a baseline did not see, or saw on both, may wait now: never a pass', async () => {
    const since = 'what waits there now is not known'
    expect(await says('redis.queues_left', {}, {}, { kept: true })).toMatchObject({
      status: 'unknown',
      detail: `no queue was found when the baseline was taken; ${since}`,
    })
    const drained = { queues: { frameworks: ['BullMQ' as const] } }
    expect(await says('redis.queues_left', drained, {}, { kept: true })).toMatchObject({
      detail: `no job waited (BullMQ) when the baseline was taken; ${since}`,
    })
    expect(await says('redis.queues_left', waiting, waiting, { kept: true })).toMatchObject({ status: 'unknown' })
    const empty = { keys: { count: { is: 0 } } }
    expect(await says('redis.keys', drained, empty)).toMatchObject({ status: 'warn' })
    expect(await says('redis.keys', drained, empty, { kept: true })).toMatchObject({ status: 'fail' })
  })

  test('a list of them has an end, and a name that is no word is not pasted', async () => {
    const many = Array.from({ length: 9 }, (_, at) => queue(`q; rm -rf ${at}`, 9 - at))
    const { detail, remedy } = await says('redis.queues_left', { queues: { queues: { is: many } } })
    expect(detail).toContain('and 6 more queues')
    expect(remedy).toContain('LLEN KEY')
  })

  test('that are dead wait for a person', async () => {
    const dead = { queues: { queues: { is: [queue('dead', 4, { ask: 'ZCARD', forWhom: 'person' })] } } }
    expect(await says('redis.queues_left', dead)).toMatchObject({ status: 'warn' })
  })

  test('are no loss on a replica that keeps up, on a copy, and where only the password changes', async () => {
    const line = { is: { line: 'a'.repeat(40), before: '0'.repeat(40), link: 'up' } } as const
    const nearly = { queues: { queues: { is: [queue('queue:default', 1_190), queue('retry', 3)] } } }
    expect(await says('redis.queues_left', waiting, { ...nearly, server: { replication: line } })).toMatchObject({
      status: 'warn',
      severity: 'info',
    })
    expect(await says('redis.queues_left', waiting, waiting)).toMatchObject({ status: 'warn', severity: 'info' })
    expect(await says('redis.queues_left', waiting, {}, { within: true })).toMatchObject({ severity: 'info' })
  })

  test('are no loss on one that was promoted and has as many of them, whatever other keys came and went', async () => {
    const replication = { is: { line: 'b'.repeat(40), before: 'a'.repeat(40), link: 'none' } } as const
    const more = { keys: { count: { is: 1_001 }, sample: { is: { asked: 100, found: 60, refused: 0, lesser: 0 } } } }
    const promoted = { ...waiting, ...more, server: { replication } }
    expect(await says('redis.queues_left', waiting, promoted)).toMatchObject({ status: 'warn', severity: 'info' })
    const fewer = { ...promoted, queues: { queues: { is: [queue('queue:default', 1_199), queue('retry', 3)] } } }
    expect(await says('redis.queues_left', waiting, fewer)).toMatchObject({ status: 'fail' })
    expect(await says('redis.queues_left', waiting, { ...promoted, server: { replication, database: 1 } })).toMatchObject({
      status: 'fail',
    })
    expect(await says('redis.queues_left', waiting, { ...waiting, ...more })).toMatchObject({ status: 'fail' })
  })

  test('are a loss where the copy is older, or only looks alike', async () => {
    const fewer = { queues: { queues: { is: [queue('queue:default', 1_100), queue('retry', 3)] } } }
    expect(await says('redis.queues_left', waiting, fewer)).toMatchObject({ status: 'fail' })
    const alike = { ...waiting, keys: { sample: { is: { asked: 100, found: 3, refused: 0, lesser: 0 } } } }
    expect(await says('redis.queues_left', waiting, alike)).toMatchObject({ status: 'fail' })
    const baseline = { ...waiting, keys: { sample: unseen } }
    expect(await says('redis.queues_left', waiting, baseline)).toMatchObject({ status: 'fail' })
    const elsewhere = { ...waiting, server: { database: 1, runId: { is: 'run-a' } } }
    expect(await says('redis.queues_left', waiting, elsewhere)).toMatchObject({ status: 'warn', severity: 'info' })
    const empty = { server: { database: 1, runId: { is: 'run-a' } } }
    expect(await says('redis.queues_left', waiting, empty)).toMatchObject({ status: 'fail' })
  })

  test('that could not be looked for are unknown', async () => {
    expect(await says('redis.queues_left', { queues: { queues: unseen } })).toMatchObject({ status: 'unknown' })
    expect(await says('redis.queues_left', { queues: { unseen: 'of 9 keys only 2 were looked at' } })).toMatchObject({
      status: 'unknown',
      detail: 'no queue was found; of 9 keys only 2 were looked at',
    })
  })

  test('are unknown as well where the new one would hold them', async () => {
    const old = { queues: { unseen: 'the user may not ask SSCAN' } }
    const detail = 'no queue was found; the user may not ask SSCAN'
    expect(await says('redis.queues_left', old, {}, { within: true })).toMatchObject({ status: 'unknown', detail })
    expect(await says('redis.queues_left', {}, {}, { within: true })).toMatchObject({ status: 'pass' })
  })

  test('are told together with what was not seen', async () => {
    const not = 'the user may not ask SSCAN'
    const old = { queues: { ...waiting.queues, unseen: not } }
    expect((await says('redis.queues_left', old)).detail).toMatch(/would be left on the old one: .*; the user may not ask SSCAN$/)
    expect((await says('redis.queues_left', old, waiting)).detail).toMatch(/holds them too: .*; the user may not ask SSCAN$/)
    const dead = { queues: { queues: { is: [queue('dead', 2, { forWhom: 'person' })] }, unseen: not } }
    expect(await says('redis.queues_left', dead)).toMatchObject({
      status: 'warn',
      detail: 'jobs that failed for good would be left on the old one: 2 in dead; the user may not ask SSCAN',
    })
  })

  test('that could not be looked for make no drained queue: an empty new one is refused', async () => {
    const old = (unseen: string): Parts => ({ queues: { frameworks: ['BullMQ'], unseen } })
    const empty = { keys: { count: { is: 0 } } }
    expect(await says('redis.keys', old(''), empty)).toMatchObject({ status: 'warn' })
    expect(await says('redis.keys', old('the user may not ask ZCARD'), empty)).toMatchObject({ status: 'fail' })
  })
})
