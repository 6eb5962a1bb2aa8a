import { describe } from 'vitest'
import beanstalkd from '../../../../src/kinds/beanstalkd/beanstalkd.ts'
import { describeGuards } from '../../../conformance/guards.ts'
import { haveBeanstalkd, startBeanstalkd } from '../../../support/beanstalkd.ts'
import { freePort } from '../../../support/ports.ts'

describe.runIf(haveBeanstalkd())('on real beanstalkd servers', () => {
  describeGuards({
    kind: beanstalkd,
    start: async () => {
      const [old, next, nobody] = await Promise.all([startBeanstalkd(), startBeanstalkd(), freePort()])
      const handle = (port: number) => `beanstalkd://127.0.0.1:${port}`
      return {
        old: (port = old.port) => handle(port),
        next: (port = next.port) => handle(port),
        ports: { old: old.port, next: next.port },
        password: 'there-is-none-of-it', // No handle of this kind holds one.
        refused: handle(nobody),
        [Symbol.asyncDispose]: async () => {
          await Promise.all([old, next].map((server) => server[Symbol.asyncDispose]()))
        },
      }
    },
  })
})
