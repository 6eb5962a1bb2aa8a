import { freePort } from './ports.ts'
import { eventually } from './processes.ts'
import { type RedisServer, startRedis } from './redis.ts'

const SLOTS = 16_384

/** A real Redis Cluster of that many primaries, each with its part of the slots. Ends with its nodes. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[]
  [Symbol.asyncDispose](): Promise<void>
}

export async function startCluster(count: number): Promise<RedisCluster> {
  const buses = await Promise.all(Array.from({ length: count }, () => freePort()))
  const nodes = await Promise.all(buses.map((bus) => startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-port', `${bus}`] })))
  const [first] = nodes
  for (const [at, node] of nodes.entries()) {
    const [from, to] = [Math.floor((SLOTS * at) / count), Math.floor((SLOTS * (at + 1)) / count) - 1]
    await node.ask('CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${to}`)
    await node.ask('CLUSTER', 'SET-CONFIG-EPOCH', `${at + 1}`)
    if (node !== first) await node.ask('CLUSTER', 'MEET', '127.0.0.1', `${first?.port}`, `${buses[0]}`)
  }
  await eventually(
    'a cluster that is whole',
    async () => {
      for (const node of nodes)
        if (!/cluster_state:ok\r\ncluster_slots_assigned:16384\r\n/.test(await node.ask('CLUSTER', 'INFO'))) throw new Error('not yet')
    },
    20_000,
  )
  return {
    nodes,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
    },
  }
}
