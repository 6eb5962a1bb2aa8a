import { describe } from 'vitest'
import smtp from '../../../../src/kinds/smtp/smtp.ts'
import { describeGuards } from '../../../conformance/guards.ts'
import { makeCertificates } from '../../../support/certificates.ts'
import { haveMailServer, startMailServer } from '../../../support/mail-server.ts'

const PASSWORD = 's3cret-of-mail'

describe.runIf(haveMailServer())('on real mail servers', () => {
  describeGuards({
    kind: smtp,
    start: async () => {
      const certificates = await makeCertificates()
      const start = (name: string) => startMailServer({ password: PASSWORD, tls: certificates.good, more: { name } })
      const [old, next] = await Promise.all(['mail-a.example.test', 'mail-b.example.test'].map(start))
      if (old === undefined || next === undefined) throw new Error('two servers were started')
      const handle = (port: number, password = PASSWORD) => `smtp://app:${password}@127.0.0.1:${port}?from=app%40example.test`
      return {
        old: (port = old.port) => handle(port),
        next: (port = next.port) => handle(port),
        ports: { old: old.port, next: next.port },
        password: PASSWORD,
        refused: handle(old.port, 'wrong'),
        [Symbol.asyncDispose]: async () => {
          await Promise.all([old, next].map((server) => server[Symbol.asyncDispose]()))
          certificates[Symbol.dispose]()
        },
      }
    },
  })
})
