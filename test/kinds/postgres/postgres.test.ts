import postgres from '../../../src/kinds/postgres/postgres.ts'
import { describeKind, type Live, PASSWORD } from '../../conformance/kind.ts'
import { script } from '../../support/liars.ts'
import { havePostgres, startPostgres } from '../../support/postgres.ts'

const encoded = encodeURIComponent(PASSWORD)

/** A message of the server: its letter, its length, its body. */
const message = (letter: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5)
  head.write(letter, 'latin1')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const errorMessage = (text: string) => message('E', Buffer.from(`SFATAL\0VFATAL\0C28P01\0M${text}\0\0`))
const authenticationOk = message('R', Buffer.from([0, 0, 0, 0]))

describeKind({
  kind: postgres,
  valid: [
    ['postgres://db', { host: 'db', port: 5432, tls: 'prefer' }],
    [
      'postgresql://app:pw@db.example.test:6543/shop',
      { scheme: 'postgresql', host: 'db.example.test', port: 6543, name: 'shop', user: 'app' },
    ],
    ['POSTGRES://app@DB.Example.Test/Shop', { scheme: 'postgres', host: 'db.example.test', name: 'Shop' }],
    ['postgres://app:p%40ss%2Fw%3A@h/x?sslmode=verify-full', { tls: 'verify-full', user: 'app', host: 'h' }],
    ['postgres://app@[::1]:5433/x', { host: '::1', port: 5433 }],
    ['postgres://app@[fe80::1%25eth0]/x', { host: 'fe80::1%eth0' }],
    ['postgres://app@%2Fvar%2Frun%2Fpostgresql/x', { host: '/var/run/postgresql/.s.PGSQL.5432', tls: 'disable' }],
    ['postgres:///x?host=/var/run/postgresql&port=5433', { host: '/var/run/postgresql/.s.PGSQL.5433' }],
    ['postgres://bücher.example/x', { host: 'xn--bcher-kva.example' }],
    ['postgresql+asyncpg://app:a+b@h/x', { scheme: 'postgresql+asyncpg', user: 'app' }],
    ['postgres://h/x?user=u&dbname=y&port=7', { user: 'u', name: 'y', port: 7 }],
    ['postgres://app@h', { name: 'app' }],
    ['postgres://h/d%20b', { name: 'd b' }],
    ['postgres://h/x?ssl=true', { tls: 'require' }],
    ['postgres://h/x?sslmode=require&sslrootcert=/ca.pem', { tls: 'verify-ca' }],
    ['postgres://app@h1:5433,H2,[::1]:1/x', { host: 'h1', port: 5433, others: ['h2:5432', '[::1]:1'] }],
    ['postgres://app@/x?host=h1,h2&port=1,2', { host: 'h1', port: 1, others: ['h2:2'] }],
    ['postgres://app@/x?host=h1,h2&port=7', { host: 'h1', port: 7, others: ['h2:7'] }],
    ['postgres://app@h1,h2/x?port=,7&target_session_attrs=read-write', { host: 'h1', port: 5432, others: ['h2:7'] }],
    ['postgres://app@h1,h2/x?hostaddr=10.0.0.1,10.0.0.2', { host: 'h1', others: ['h2:5432'] }],
    ['postgres://h1%2Ch2:7/x', { host: 'h1', port: 7, others: ['h2:7'] }],
    ['postgres://x.abc.eu-central-1.rds.amazonaws.com/x', { provider: 'Amazon RDS' }],
    ['postgres://ep-a-b-pooler.eu-central-1.aws.neon.tech/x?sslmode=require&channel_binding=require', { provider: 'Neon', tls: 'require' }],
    ['postgres://db.abcdefgh.supabase.co:5432/postgres', { provider: 'Supabase' }],
    ['postgres://ec2-3-4-5-6.eu-west-1.compute.amazonaws.com/d', { provider: 'Heroku' }],
  ],
  invalid: ['postgres://', 'http://h/x', 'postgres://h:0/x', 'postgres://h,/x', 'postgres://h,h2/x?port=1,2,3', ''],
  variables: [
    [
      { host: 'db', port: '5433', user: 'app', password: PASSWORD, name: 'shop', sslmode: 'verify-full' },
      { host: 'db', port: 5433, user: 'app', name: 'shop', tls: 'verify-full' },
    ],
    [
      { host: '/run/postgresql', name: 'a/b' },
      { host: '/run/postgresql/.s.PGSQL.5432', name: 'a/b' },
    ],
    [
      { host: '::1', user: 'a@b' },
      { host: '::1', user: 'a@b' },
    ],
  ],
  at: (host, port) => `postgres://app:${encoded}@${host}:${port}/shop?sslmode=disable`,
  tlsAt: (host, port) => `postgres://app:${encoded}@${host}:${port}/shop?sslmode=require`,
  greeting: authenticationOk,
  flood: { first: authenticationOk, chunk: message('S', Buffer.from(`a\0${'b'.repeat(4_000)}\0`)) },
  refusal: (text) => script(errorMessage(text)),
  live: havePostgres() ? open : null,
})

async function open(): Promise<Live> {
  const server = await startPostgres()
  await server.sql(`CREATE ROLE app LOGIN PASSWORD '${PASSWORD}'; CREATE ROLE locked LOGIN PASSWORD '${PASSWORD}'`)
  await server.sql('CREATE DATABASE shop OWNER app')
  await server.sql('CREATE DATABASE closed')
  await server.sql('REVOKE CONNECT ON DATABASE closed FROM PUBLIC')
  const standby = await server.standby()
  const app = { user: 'app', password: PASSWORD, database: 'shop' }
  return {
    good: server.url(app),
    replica: standby.url(app),
    wrongPassword: server.url({ ...app, password: `${PASSWORD}-not` }),
    noPassword: server.url({ ...app, password: '' }),
    noSuchDatabase: server.url({ ...app, database: 'nowhere' }),
    notAllowed: { handle: server.url({ ...app, user: 'locked', database: 'closed' }), failedAt: 'use' },
    tlsNotOffered: server.url({ ...app, query: 'sslmode=require' }),
    [Symbol.asyncDispose]: async () => {
      await standby[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}
