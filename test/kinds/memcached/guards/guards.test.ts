import { describe } from 'vitest'
import memcached from '../../../../src/kinds/memcached/memcached.ts'
import { describeGuards } from '../../../conformance/guards.ts'
import { haveMemcached, startMemcached } from '../../../support/memcached.ts'

const LOGIN = { user: 'app', password: 's3cret-of-the-ring' }

describe.runIf(haveMemcached())('on real memcached servers with a login', () => {
  describeGuards({
    kind: memcached,
    unasked: ['mc.nodes'],
    start: async () => {
      const [old, next] = await Promise.all([startMemcached({ sasl: LOGIN }), startMemcached({ sasl: LOGIN })])
      const handle = (port: number, password = LOGIN.password) => `memcached://${LOGIN.user}:${password}@127.0.0.1:${port}`
      return {
        old: (port = old.port) => handle(port),
        next: (port = next.port) => handle(port),
        ports: { old: old.port, next: next.port },
        password: LOGIN.password,
        refused: handle(old.port, 'wrong'),
        [Symbol.asyncDispose]: async () => {
          await Promise.all([old, next].map((server) => server[Symbol.asyncDispose]()))
        },
      }
    },
  })
})
