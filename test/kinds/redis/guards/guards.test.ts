import { describe } from 'vitest'
import redis from '../../../../src/kinds/redis/redis.ts'
import { describeGuards } from '../../../conformance/guards.ts'
import { haveRedis, startRedis } from '../../../support/redis.ts'

const PASSWORD = 's3cret-of-redis'

describe.runIf(haveRedis())('on real Redis servers', () => {
  describeGuards({
    kind: redis,
    unasked: ['redis.database'],
    start: async () => {
      const [old, next] = await Promise.all([startRedis({ password: PASSWORD }), startRedis({ password: PASSWORD })])
      for (const server of [old, next]) for (const name of ['a', 'b', 'c']) await server.ask('SET', name, 'x')
      const handle = (port: number, password = PASSWORD) => `redis://:${password}@127.0.0.1:${port}/0`
      return {
        old: (port = old.port) => handle(port),
        next: (port = next.port) => handle(port),
        ports: { old: old.port, next: next.port },
        password: PASSWORD,
        refused: handle(old.port, 'wrong'),
        [Symbol.asyncDispose]: async () => {
          await Promise.all([old, next].map((server) => server[Symbol.asyncDispose]()))
        },
      }
    },
  })
})
