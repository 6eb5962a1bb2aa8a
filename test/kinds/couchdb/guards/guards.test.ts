import { describe } from 'vitest'
import couchdb from '../../../../src/kinds/couchdb/couchdb.ts'
import { describeGuards } from '../../../conformance/guards.ts'
import { haveCouchDB, startCouchDB } from '../../../support/couchdb.ts'

const PASSWORD = 's3cret-of-couch'

describe.runIf(haveCouchDB())('on real PouchDB Servers', () => {
  describeGuards({
    kind: couchdb,
    start: async () => {
      const [old, next] = await Promise.all([startCouchDB({ password: PASSWORD }), startCouchDB({ password: PASSWORD })])
      for (const server of [old, next]) {
        await server.send('PUT', '/shop')
        await server.send('PUT', '/shop/one', { total: 1 })
        await server.send('PUT', '/shop/_design/orders', { views: { all: { map: 'function (doc) { emit(doc._id) }' } } })
      }
      const at = (port: number) => `couchdb://root:${PASSWORD}@127.0.0.1:${port}/shop`
      return {
        old: (port = old.port) => at(port),
        next: (port = next.port) => at(port),
        ports: { old: old.port, next: next.port },
        password: PASSWORD,
        refused: old.url({ password: 'wrong', name: 'shop' }),
        [Symbol.asyncDispose]: async () => {
          await Promise.all([old, next].map((server) => server[Symbol.asyncDispose]()))
        },
      }
    },
  })
})
