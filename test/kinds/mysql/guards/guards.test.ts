import { describe } from 'vitest'
import mysql from '../../../../src/kinds/mysql/mysql.ts'
import { describeGuards } from '../../../conformance/guards.ts'
import { haveMariaDb, startMariaDb } from '../../../support/mariadb.ts'

const PASSWORD = 's3cret-of-mysql'

describe.runIf(haveMariaDb())('on real MariaDB servers', () => {
  describeGuards({
    kind: mysql,
    unasked: ['my.age'],
    start: async () => {
      const [old, next] = await Promise.all([startMariaDb({ serverId: 101 }), startMariaDb({ serverId: 201 })])
      for (const server of [old, next]) {
        await server.sql(
          `CREATE DATABASE shop; CREATE USER app@'127.0.0.1' IDENTIFIED BY '${PASSWORD}'; GRANT ALL ON shop.* TO app@'127.0.0.1'`,
        )
        await server.sql(
          'CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20)); INSERT INTO orders (name) VALUES ("a"), ("b")',
          'shop',
        )
      }
      const handle = (port: number, password = PASSWORD) => `mysql://app:${password}@127.0.0.1:${port}/shop`
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
