import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Document } from '../../src/domain/document.ts'
import { type Certificates, makeCertificates } from '../support/certificates.ts'
import { asDocument } from '../support/cli.ts'
import { havePgBouncer, startPgBouncer } from '../support/pgbouncer.ts'
import { havePostgres, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { configOf, scratch } from '../support/scratch.ts'
import { APP, makeShop, READER, ROLES, restore } from '../support/shop.ts'

/** Each is a restore that somebody could attach at 3 a.m., and the one guard that must speak up. */
const DAMAGES: readonly (readonly [what: string, sql: string, id: string])[] = [
  [
    'lost grants',
    'REVOKE INSERT, UPDATE ON orders FROM app; ALTER TABLE orders OWNER TO postgres; GRANT SELECT ON orders TO app',
    'pg.grants',
  ],
  ['a sequence behind its column', `SELECT setval(pg_get_serial_sequence('customers', 'id'), 1, false)`, 'pg.sequences'],
  ['an identity column behind its rows', 'ALTER TABLE orders ALTER id RESTART WITH 100', 'pg.sequences'],
  ['a sequence that stands in a default alone, behind', `SELECT setval('invoice_numbers', 1, false)`, 'pg.sequences'],
  ['a missing extension', 'DROP EXTENSION pg_trgm CASCADE', 'pg.extensions'],
  ['a missing table', 'DROP TABLE invoices', 'pg.objects'],
  ['a missing unique index', 'ALTER TABLE customers DROP CONSTRAINT customers_email_key', 'pg.objects'],
  ['a missing column', 'ALTER TABLE customers DROP COLUMN created_at', 'pg.objects'],
  ['half the rows', 'DELETE FROM invoices; DELETE FROM orders WHERE id % 2 = 0; VACUUM FULL ANALYZE orders', 'pg.shrunken'],
  ['half the rows, and nobody vacuumed', 'DELETE FROM orders WHERE id > 2400 AND id NOT IN (SELECT "order" FROM invoices)', 'pg.shrunken'],
  ['an empty table', 'TRUNCATE invoices', 'pg.empty'],
  ['no rows at all', 'TRUNCATE customers CASCADE', 'pg.empty'],
  ['an older migration', `DELETE FROM schema_migrations WHERE version = '20260701000000'`, 'pg.migrations'],
  ['data of staging', `UPDATE ar_internal_metadata SET value = 'staging'`, 'pg.environment'],
  ['read-only transactions', 'ALTER DATABASE :name SET default_transaction_read_only = on', 'pg.read_only'],
  ['fewer connections than are in use', 'ALTER DATABASE :name CONNECTION LIMIT 2', 'pg.capacity'],
]

describe.runIf(havePostgres())(
  'the right database: swap refuses an unfit one by name, and the config stays as it is',
  { timeout: 120_000 },
  () => {
    let certificates: Certificates
    let production: PostgresServer
    let spare: PostgresServer
    let standby: PostgresServer
    beforeAll(async () => {
      certificates = await makeCertificates()
      ;[production, spare] = await Promise.all([startPostgres({ tls: certificates.good }), startPostgres({ tls: certificates.good })])
      await Promise.all([production.sql(ROLES), spare.sql(ROLES)])
      await makeShop(production, 'shop')
      await restore(production, 'shop', spare, 'restored')
      standby = await production.standby()
    }, 120_000)
    afterAll(async () => {
      await Promise.all([standby, production, spare].map((server) => server?.[Symbol.asyncDispose]()))
      certificates[Symbol.dispose]()
    })

    const present = (query = '') => production.url({ ...APP, database: 'shop', query })

    /** Runs a swap to a handle on a config of its own, which must not change. */
    const refused = async (to: string, from = present()): Promise<Document> => {
      using place = scratch(`A=1\nDATABASE_URL=${from}\n`)
      const config = configOf(place)
      const { document, exit } = await asDocument(['swap', `DATABASE_URL=${to}`], { cwd: place.path })
      expect({ exit, outcome: document.outcome, config: configOf(place) }, document.error?.message).toEqual({
        exit: 3,
        outcome: 'refused',
        config,
      })
      return document
    }

    /** The ids that refuse, in the findings and in the words. */
    const idsOf = ({ findings, error }: Document): readonly string[] => {
      const failed = [...new Set(findings.filter(({ status, allowed }) => status === 'fail' && allowed !== true).map(({ id }) => id))]
      for (const id of failed) expect(`${error?.message} ${error?.hint}`).toContain(id)
      return failed
    }

    /** A restored copy with something done to it. */
    const damaged = async (name: string, sql: string): Promise<string> => {
      await spare.sql(`CREATE DATABASE ${name} TEMPLATE restored OWNER app`)
      for (const statement of sql.replaceAll(':name', name).split('; ')) await spare.sql(statement, name)
      return spare.url({ ...APP, database: name })
    }

    test('one connection to each side, and every statement is read-only and bounded', async () => {
      const logs = [
        'logging_collector = on',
        `log_directory = 'log'`,
        `log_filename = 'all.log'`,
        'log_statement = all',
        'log_connections = on',
        `log_line_prefix = '%a|'`,
      ]
      await using watched = await startPostgres({ config: logs })
      await watched.sql(ROLES)
      await makeShop(watched, 'shop')
      await restore(watched, 'shop', watched, 'copy')
      using place = scratch(`DATABASE_URL=${watched.url({ ...APP, database: 'shop' })}\n`)
      const { exit } = await asDocument(['swap', `DATABASE_URL=${watched.url({ ...APP, database: 'copy' })}`, '--dry-run'], {
        cwd: place.path,
      })
      expect(exit).toBe(0)
      const log = readFileSync(join(watched.folder, 'data', 'log', 'all.log'), 'utf8')
      const ours = log.split('\n').filter((line) => line.startsWith('attach|'))
      expect(log.match(/connection authorized: .*application_name=attach/g)).toHaveLength(2)
      const statements = ours.flatMap((line) => /statement: (.*)$/.exec(line)?.[1] ?? [])
      expect(statements.length).toBeGreaterThan(20)
      for (const statement of statements)
        expect(statement).toMatch(
          /^(ROLLBACK; )?BEGIN READ ONLY; SET LOCAL statement_timeout = \d+; SET LOCAL lock_timeout = \d+|^(COMMIT|ROLLBACK)$|^SELECT current_setting/,
        )
      expect(ours.filter((line) => /ERROR|WARNING|FATAL/.test(line))).toEqual([])
    })

    test('a faithful restore passes, with no warning that is not true', async () => {
      using place = scratch(`DATABASE_URL=${present()}\n`)
      const { document } = await asDocument(['swap', `DATABASE_URL=${spare.url({ ...APP, database: 'restored' })}`], { cwd: place.path })
      const odd = document.findings.filter(
        ({ id, severity, status }) => severity !== 'info' && status !== 'pass' && id !== 'tls.unverified',
      )
      expect({ exit: document.exit, odd }, JSON.stringify(document.error)).toEqual({ exit: 0, odd: [] })
      expect(document.findings.length).toBeGreaterThan(30)
    })

    test.each(DAMAGES)('%s', async (what, sql, id) => {
      const busy = id === 'pg.capacity' ? await Promise.all([1, 2, 3, 4].map(() => sleeper())) : []
      const document = await refused(await damaged(`damaged_${DAMAGES.findIndex(([each]) => each === what)}`, sql))
      expect(idsOf(document)).toContain(id)
      await Promise.all(busy.map((end) => end()))
    })

    /** A session of the app, in use on the present database. */
    async function sleeper(): Promise<() => Promise<void>> {
      const { default: pg } = await import('pg')
      const client = new pg.Client({ host: '127.0.0.1', port: production.port, ...APP, database: 'shop' })
      await client.connect()
      return async () => await client.end()
    }

    test('a restore whose roles were missing: everything belongs to the restorer, and the reader may read nothing', async () => {
      await damaged('strange', 'REASSIGN OWNED BY app TO postgres; REVOKE ALL ON ALL TABLES IN SCHEMA public FROM reader')
      await spare.sql('ALTER DATABASE restored OWNER TO app') // It gave away the databases too.
      const from = production.url({ ...READER, database: 'shop' })
      expect(idsOf(await refused(spare.url({ ...READER, database: 'strange' }), from))).toContain('pg.grants')
    })

    test('a standby', async () => {
      expect(idsOf(await refused(standby.url({ ...APP, database: 'shop' })))).toContain('pg.recovery')
    })

    test('the same database under another name, and on its socket', async () => {
      expect(idsOf(await refused(production.url({ ...APP, database: 'shop', host: 'localhost' })))).toEqual(['handle.same_resource'])
      const socket = `postgresql://app:app-s3cret@/shop?host=${production.socketFolder}&port=${production.port}`
      expect(idsOf(await refused(socket))).toContain('handle.same_resource')
    })

    test.runIf(havePgBouncer())('the same database behind PgBouncer', async () => {
      await using pooler = await startPgBouncer(production, { poolMode: 'transaction', users: { [APP.user]: APP.password } })
      expect(idsOf(await refused(pooler.url({ ...APP, database: 'shop' })))).toContain('handle.same_resource')
    })

    test('another encoding', async () => {
      await spare.sql(`CREATE DATABASE latin OWNER app TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`)
      expect(idsOf(await refused(spare.url({ ...APP, database: 'latin' })))).toContain('pg.encoding')
    })

    test('weaker TLS', async () => {
      const to = spare.url({ ...APP, database: 'restored', query: 'sslmode=disable' })
      expect(idsOf(await refused(to, present('sslmode=require')))).toEqual(['handle.tls_downgrade'])
    })

    test('what --allow names passes and is recorded; one more finding still refuses', async () => {
      const to = await damaged(
        'twofold',
        `SELECT setval('invoice_numbers', 1, false); TRUNCATE ar_internal_metadata; INSERT INTO ar_internal_metadata (key, value) VALUES ('environment', 'staging')`,
      )
      using place = scratch(`DATABASE_URL=${present()}\n`)
      const one = await asDocument(['swap', `DATABASE_URL=${to}`, '--allow', 'pg.sequences'], { cwd: place.path })
      expect(one.exit).toBe(3)
      expect(one.document.findings.filter(({ allowed }) => allowed).map(({ id }) => id)).toEqual(['pg.sequences'])
      expect(one.document.error?.message).toMatch(/pg\.environment/)
      const both = await asDocument(['swap', `DATABASE_URL=${to}`, '--allow', 'pg.sequences,pg.environment'], { cwd: place.path })
      expect(both.exit).toBe(0)
      const log = await asDocument(['log'], { cwd: place.path })
      expect(log.document.releases?.[0]?.allowed).toEqual(['pg.sequences', 'pg.environment'])
    })
  },
)
