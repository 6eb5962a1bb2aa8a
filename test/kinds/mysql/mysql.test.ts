import mysql from '../../../src/kinds/mysql/mysql.ts'
import { describeKind, type Live, PASSWORD } from '../../conformance/kind.ts'
import { greets } from '../../support/liars.ts'
import { haveMariaDb, startMariaDb } from '../../support/mariadb.ts'
import { error, greeting } from './packets.ts'

const encoded = encodeURIComponent(PASSWORD)

describeKind({
  kind: mysql,
  valid: [
    ['mysql://db', { host: 'db', port: 3306, tls: 'prefer' }],
    ['mysql://app:pw@db.example.test:3307/shop', { host: 'db.example.test', port: 3307, name: 'shop', user: 'app' }],
    ['MARIADB://app@DB.Example.Test/Shop', { scheme: 'mariadb', host: 'db.example.test', name: 'Shop' }],
    ['mysql2://app:p%40ss%2Fw%3A@h/x', { scheme: 'mysql2', user: 'app', host: 'h' }],
    ['mysql+pymysql://app:a+b@h/x?charset=utf8mb4', { scheme: 'mysql+pymysql', user: 'app' }],
    ['mysql+mysqldb://app@h/x', { scheme: 'mysql+mysqldb' }],
    ['mysql+mysqlconnector://app@h/x?ssl_disabled=true', { tls: 'disable' }],
    ['mysql+asyncmy://app@h/x?ssl=true', { tls: 'require' }],
    ['mysql+aiomysql://app@h/x', { scheme: 'mysql+aiomysql' }],
    ['mariadb+mariadbconnector://app@h/x', { scheme: 'mariadb+mariadbconnector' }],
    ['jdbc:mysql://h:3307/x?user=u&password=p', { scheme: 'jdbc:mysql', host: 'h', port: 3307, user: 'u', name: 'x' }],
    ['JDBC:mariadb://h/x?user=u&sslMode=verify-full', { scheme: 'jdbc:mariadb', tls: 'verify-full' }],
    ['jdbc:mysql://h/x?useSSL=true', { tls: 'require' }],
    ['jdbc:mysql://h/x?useSSL=false', { tls: 'disable' }],
    ['jdbc:mysql://h/x?useSSL=true&requireSSL=true&verifyServerCertificate=true', { tls: 'verify-ca' }],
    ['mysql://app@h/x?ssl-mode=DISABLED', { tls: 'disable' }],
    ['mysql://app@h/x?ssl-mode=required', { tls: 'require' }],
    ['mysql://app@h/x?sslmode=Verify_CA', { tls: 'verify-ca' }],
    ['mysql://app@h/x?ssl_mode=VERIFY_IDENTITY', { tls: 'verify-full' }],
    ['mysql://app@h/x?ssl-ca=/ca.pem', { tls: 'verify-ca' }],
    ['mysql://app@h/x?ssl-mode=REQUIRED&sslca=/ca.pem', { tls: 'require' }],
    ['mysql+pymysql://app@h/x?ssl_ca=/ca.pem&ssl_verify_identity=true', { tls: 'verify-full' }],
    ['mysql://app@h/x?sslaccept=strict', { tls: 'verify-full' }],
    ['mysql://app@h/x?sslaccept=accept_invalid_certs&sslcert=/ca.pem', { tls: 'require' }],
    ['mysql://app@h/x?ssl={"rejectUnauthorized":true}', { tls: 'verify-ca' }],
    ['mysql://app@h/x?ssl=%7B%22rejectUnauthorized%22%3Atrue%2C%22verifyIdentity%22%3Atrue%7D', { tls: 'verify-full' }],
    ['mysql://app@h/x?ssl={"rejectUnauthorized":false}', { tls: 'require' }],
    ['mysql://app@h/x?tls=skip-verify', { tls: 'require' }],
    ['mysql://app@localhost/x?socket=/run/mysqld/mysqld.sock', { host: '/run/mysqld/mysqld.sock', name: 'x', tls: 'disable' }],
    ['mysql+pymysql://app@/x?unix_socket=/tmp/my.sock', { host: '/tmp/my.sock' }],
    ['mysql://app@%2Ftmp%2Fmy.sock/x', { host: '/tmp/my.sock' }],
    ['mysql://app@[::1]:3307/x', { host: '::1', port: 3307 }],
    ['mysql://bücher.example/x', { host: 'xn--bcher-kva.example' }],
    ['mysql://h/d%20b', { name: 'd b' }],
    ['mysql://x.abc.eu-central-1.rds.amazonaws.com/x', { provider: 'Amazon RDS' }],
    ['mysql://x.cluster-abc.eu-central-1.rds.amazonaws.com/x', { provider: 'Amazon RDS' }],
    ['mysql://u:p@aws.connect.psdb.cloud/x?ssl={"rejectUnauthorized":true}', { provider: 'PlanetScale' }],
    ['mysql://u:p@x.mysql.database.azure.com/x', { provider: 'Azure Database' }],
    [
      'mysql://doadmin:p@db-do-user-1-0.b.db.ondigitalocean.com:25060/defaultdb?ssl-mode=REQUIRED',
      { provider: 'DigitalOcean', tls: 'require' },
    ],
    ['mysql://avnadmin:p@x.aivencloud.com:12345/defaultdb?ssl-mode=REQUIRED', { provider: 'Aiven', port: 12345 }],
  ],
  invalid: ['mysql://', 'http://h/x', 'mysql://h:0/x', 'mysql://h,h2/x', 'mysql://h/x?ssl-mode=maybe', 'jdbc:postgresql://h/x', ''],
  variables: [
    [
      { host: 'db', port: '3307', user: 'app', password: PASSWORD, name: 'shop' },
      { host: 'db', port: 3307, user: 'app', name: 'shop' },
    ],
    [
      { host: '::1', name: 'a/b' },
      { host: '::1', name: 'a/b' },
    ],
    [{ host: 'db' }, { host: 'db', port: 3306 }],
  ],
  at: (host, port) => `mysql://app:${encoded}@${host}:${port}/shop?ssl-mode=DISABLED`,
  tlsAt: (host, port) => `mysql://app:${encoded}@${host}:${port}/shop?ssl-mode=REQUIRED`,
  protocol: 'MySQL',
  first: 'server',
  greeting: greeting(),
  flood: { first: Buffer.from([0xff, 0xff, 0xff, 0, 10]), chunk: 'x'.repeat(64 * 1024) },
  refusal: (text) => greets(error(0, 1130, text)),
  live: haveMariaDb() ? open : null,
})

async function open(): Promise<Live> {
  const server = await startMariaDb({ serverId: 101 })
  await server.sql(
    `CREATE DATABASE shop; CREATE DATABASE closed; CREATE USER app@'127.0.0.1' IDENTIFIED BY '${PASSWORD}'; GRANT ALL ON shop.* TO app@'127.0.0.1'`,
  )
  await server.sql(`GRANT ALL ON \`nowhere\`.* TO app@'127.0.0.1'`)
  const replica = await server.replica(102)
  const app = { user: 'app', password: PASSWORD, database: 'shop' }
  return {
    good: server.url(app),
    replica: replica.url(app),
    wrongPassword: server.url({ ...app, password: `${PASSWORD}-not` }),
    noPassword: server.url({ ...app, password: '' }),
    noSuchDatabase: server.url({ ...app, database: 'nowhere' }),
    notAllowed: { handle: server.url({ ...app, database: 'closed' }), failedAt: 'use' },
    tlsNotOffered: server.url({ ...app, query: 'ssl-mode=REQUIRED' }),
    [Symbol.asyncDispose]: async () => {
      await replica[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}
