import { describe } from 'vitest'
import postgres from '../../../../src/kinds/postgres/postgres.ts'
import { describeGuards } from '../../../conformance/guards.ts'
import { havePostgres, startPostgres } from '../../../support/postgres.ts'

const PASSWORD = 's3cret-of-the-app'

describe.runIf(havePostgres())('on real PostgreSQL servers', () => {
  describeGuards({
    kind: postgres,
    unasked: ['pg.age'], // No age is asked for here.
    start: async () => {
      const [old, next] = await Promise.all([startPostgres(), startPostgres()])
      for (const server of [old, next]) {
        await server.sql(`CREATE ROLE app LOGIN PASSWORD '${PASSWORD}'`)
        await server.sql('CREATE DATABASE shop OWNER app')
      }
      const handle = (port: number, password = PASSWORD) => `postgres://app:${password}@127.0.0.1:${port}/shop`
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
