import { describe, expect, test } from 'vitest'
import { haveRedis, type RedisServer, startRedis } from '../../../support/redis.ts'
import { startCluster } from '../../../support/redis-cluster.ts'
import { compare, notPassed, survey } from './pair.ts'

/** Keys of every slot: a node takes its own. */
const fill = async (nodes: readonly RedisServer[], count: number): Promise<void> => {
  for (let at = 0; at < count; at += 1) for (const node of nodes) await node.ask('SET', `k:${at}`, 'x')
}

const inServerWords = /\b(MOVED|ASK|CROSSSLOT|server says)\b|127\.0\.0\.1/

describe.runIf(haveRedis())('a real Redis Cluster', () => {
  test('of one node that is whole is fit to take writes', async () => {
    await using old = await startCluster(1)
    await using next = await startCluster(1)
    for (const { nodes } of [old, next]) await fill(nodes, 50)
    const [ours = '', theirs = ''] = [old, next].flatMap(({ nodes }) => nodes.map((node) => node.url()))
    const findings = await compare(ours, theirs)
    expect(findings.get('redis.state')).toMatchObject({ status: 'pass', detail: 'it would take a write' })
    expect(findings.get('redis.mode')).toMatchObject({ status: 'pass' })
    expect(notPassed(findings)).toEqual(['redis.keys unknown warn', 'redis.queues_left unknown error'])
  })

  test('of three nodes is told by each for the keys it holds, and for those of the others in our words', async () => {
    await using old = await startCluster(3)
    await using next = await startCluster(3)
    for (const { nodes } of [old, next]) await fill(nodes, 100)
    for (const [at, node] of next.nodes.entries()) {
      for (const other of old.nodes) {
        const findings = await compare(other.url(), node.url())
        expect(findings.get('redis.state')).toMatchObject({ status: 'pass', detail: 'it would take a write' })
        expect(findings.get('redis.queues_left')).toMatchObject({ status: 'unknown' })
        for (const { detail, remedy = '' } of findings.values()) expect(`${detail} ${remedy}`).not.toMatch(inServerWords)
      }
      const twin = await compare(old.nodes[at]?.url() ?? '', node.url())
      expect(twin.get('redis.acl')).toMatchObject({ status: 'pass' })
      expect(twin.get('redis.queues_left')?.detail).toContain('another node of the cluster holds a key that SSCAN asks for')
    }
  }, 60_000)

  test('with a queue of Sidekiq on the node that is asked tells it, wherever its marks stand', async () => {
    await using old = await startCluster(1)
    await using next = await startCluster(1)
    const [node] = old.nodes
    await node?.ask('SADD', 'queues', 'mail')
    await node?.ask('ZADD', 'schedule', '1', 'job')
    const [ours = '', theirs = ''] = [old, next].flatMap(({ nodes }) => nodes.map((each) => each.url()))
    expect((await compare(ours, theirs)).get('redis.queues_left')).toMatchObject({
      status: 'fail',
      detail: '1 job would be left on the old one: 1 in schedule',
    })
  })

  test('that holds nothing yet cannot tell of every slot, and says why', async () => {
    await using cluster = await startCluster(3)
    const told = await Promise.all(cluster.nodes.map((node) => survey(node.url())))
    const writes = told.map(({ facts }) => facts.access.writes)
    expect(writes.filter((each) => 'is' in each)).toEqual([{ is: '' }])
    const elsewhere = { unknown: 'another node of the cluster holds a key that was asked for' }
    expect(writes.filter((each) => 'unknown' in each)).toEqual([elsewhere, elsewhere])
  })

  test('keys of a single server are asked for where a node may hold them', async () => {
    await using old = await startRedis()
    await using next = await startCluster(3)
    for (let at = 0; at < 100; at += 1) await old.ask('SET', `k:${at}`, 'x')
    const [node] = next.nodes
    const told = await survey(node?.url() ?? '', { against: survey(old.url()) })
    const { sample } = told.facts.keys
    expect('is' in sample && sample.is.asked > 0 && sample.is.asked < 80).toBe(true)
  })
})
