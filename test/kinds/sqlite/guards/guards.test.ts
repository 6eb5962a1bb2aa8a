import { symlinkSync } from 'node:fs'
import { describe } from 'vitest'
import sqlite from '../../../../src/kinds/sqlite/sqlite.ts'
import { describeGuards } from '../../../conformance/guards.ts'
import { haveSqlite, rows, sqliteFolder } from '../../../support/sqlite.ts'

describe.runIf(haveSqlite())('on real SQLite files', () => {
  describeGuards({
    kind: sqlite,
    server: 'none',
    start: async () => {
      const folder = sqliteFolder()
      const [old, next] = [folder.make('old.db', rows(20)), folder.make('next.db', rows(20))]
      symlinkSync(old, folder.at('link.db'))
      return {
        old: () => `sqlite:${old}`,
        next: () => `sqlite:${next}`,
        ports: { old: 0, next: 0 },
        alias: `file:${folder.at('link.db')}?cache=private`,
        password: 'qWx7-nobody-asks-Zk9',
        refused: `sqlite:${folder.at('nothing.db')}`,
        [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
      }
    },
  })
})
