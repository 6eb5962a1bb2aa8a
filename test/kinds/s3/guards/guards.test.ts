import { describe } from 'vitest'
import s3 from '../../../../src/kinds/s3/s3.ts'
import { describeGuards } from '../../../conformance/guards.ts'
import { haveS3rver, s3Handle, startS3 } from '../../../support/s3.ts'

const SECRET = 's3cret-of-the-store' // s3rver takes any.

describe.runIf(haveS3rver())('on real stores', () => {
  describeGuards({
    kind: s3,
    start: async () => {
      const [old, next] = [await startS3(), await startS3()]
      for (const server of [old, next]) for (const name of ['a', 'b/c', 'd']) server.put('shop', name, 'x')
      const handle = (port: number, key = 'S3RVER') => s3Handle(port, { login: `${key}:${SECRET}` })
      return {
        old: (port = old.port) => handle(port),
        next: (port = next.port) => handle(port),
        ports: { old: old.port, next: next.port },
        password: SECRET,
        refused: handle(old.port, 'NOBODY'),
        [Symbol.asyncDispose]: async () => {
          await old[Symbol.asyncDispose]()
          await next[Symbol.asyncDispose]()
        },
      }
    },
  })
})
