import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { havePgBouncer, type PgBouncer, startPgBouncer } from '../../../../support/pgbouncer.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../../../../support/postgres.ts'
import { compared, noted, serverOf, surveyed, untoldOf } from './surveyed.ts'

const app = { user: 'app', password: 'app-pw', database: 'shop' }
const MODES = ['session', 'transaction'] as const

describe.runIf(havePostgres() && havePgBouncer()).each(MODES)('a real PgBouncer in %s mode', (poolMode) => {
  let server: PostgresServer
  let pooler: PgBouncer
  beforeAll(async () => {
    server = await startPostgres()
    await server.sql(`CREATE ROLE app LOGIN PASSWORD 'app-pw'`)
    await server.sql('CREATE DATABASE shop OWNER app')
    pooler = await startPgBouncer(server, { poolMode, users: { app: app.password } })
  })
  afterAll(async () => {
    await pooler[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  test('lets everything be told, and leads to the same resource as the server itself', async () => {
    const [through, straight] = [await surveyed(pooler.url(app)), await surveyed(server.url(app))]
    expect(untoldOf(through)).toEqual([])
    expect(through.resource).toEqual(straight.resource)
    expect([serverOf(through).pooled, serverOf(straight).pooled]).toEqual([{ is: true }, { is: false }])
  })

  test('is warned about where none answered before, and the reverse', async () => {
    const [through, straight] = [await surveyed(pooler.url(app)), await surveyed(server.url(app))]
    expect(noted(compared(straight, through))).toEqual([['pg.pooler', 'warn']])
    expect(compared(straight, through).get('pg.pooler')).toMatchObject({
      detail: expect.stringContaining('in transaction mode prepared statements'),
    })
    expect(noted(compared(through, straight))).toEqual([['pg.pooler', 'warn']])
    expect(noted(compared(through, await surveyed(pooler.url(app))))).toEqual([])
  })

  test('keeps nothing of a survey in its sessions', async () => {
    await surveyed(pooler.url(app))
    const [row] = await server.sql(
      `SELECT count(*)::int AS it FROM pg_stat_activity WHERE datname = 'shop' AND state LIKE 'idle in transaction%'`,
    )
    expect(row).toEqual({ it: 0 })
    expect(serverOf(await surveyed(pooler.url(app))).settings).toEqual(serverOf(await surveyed(server.url(app))).settings)
  })
})
