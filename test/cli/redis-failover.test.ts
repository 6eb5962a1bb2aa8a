import { describe, expect, test } from 'vitest'
import { asDocument } from '../support/cli.ts'
import { eventually } from '../support/processes.ts'
import { haveRedis, type RedisServer, startRedis } from '../support/redis.ts'
import { scratch } from '../support/scratch.ts'

const fill = async (server: RedisServer, count: number): Promise<unknown> =>
  await server.ask('EVAL', `for i = 1, ${count} do redis.call('SET', 'k:' .. i, i) end`, '0')

const holds = (server: RedisServer, count: number): Promise<unknown> =>
  eventually('the data', async () => expect(await server.ask('DBSIZE')).toBe(`:${count}\r\n`), 20_000)

describe.runIf(haveRedis())('a failover of a Redis whose primary is gone', () => {
  test('is refused where the promoted replica lacks what another has, and takes that one once it is promoted too', async () => {
    await using primary = await startRedis()
    const args = ['--replicaof', `127.0.0.1 ${primary.port}`, '--repl-diskless-sync-delay', '0']
    await using lagging = await startRedis({ args })
    await using standby = await startRedis({ args })
    await fill(primary, 50)
    await Promise.all([lagging, standby].map((server) => holds(server, 50)))
    await lagging.ask('REPLICAOF', 'NO', 'ONE')
    await fill(primary, 100)
    await holds(standby, 100)
    await primary.stop()
    using place = scratch(`REDIS_URL=${primary.url()}\n`)
    const words = ['failover', 'REDIS_URL', '--to', lagging.url(), '--to', standby.url(), '-y']
    const refused = await asDocument(words, { cwd: place.path })
    expect(refused.exit).toBe(3)
    expect(refused.document.error?.message).toMatch(
      /failover\.behind refuses it: candidate 2 \(127\.0\.0\.1:\d+\/0\) is [\d,]+ bytes of replication ahead of candidate 1/,
    )
    expect(place.read()).toBe(`REDIS_URL=${primary.url()}\n`)
    await standby.ask('REPLICAOF', 'NO', 'ONE')
    expect(await asDocument(words, { cwd: place.path })).toMatchObject({ exit: 0 })
    expect(place.read()).toBe(`REDIS_URL=${standby.url()}\n`)
  }, 60_000)
})
