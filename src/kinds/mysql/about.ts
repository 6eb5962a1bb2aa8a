import type { KindAbout } from '../../ports/kind.ts'

export const about: KindAbout = {
  product: 'MySQL, MariaDB',
  forms: [
    ['mysql://USER:PASSWORD@HOST:3306/NAME', 'also mariadb://, and mysql2:// of Rails'],
    [
      'mysql+pymysql://USER:PASSWORD@HOST/NAME',
      'SQLAlchemy: mysql+ or mariadb+, and pymysql, mysqldb, mysqlconnector, asyncmy, aiomysql, mariadbconnector',
    ],
    ['jdbc:mysql://HOST/NAME?user=USER&password=PASSWORD', 'Java; also jdbc:mariadb://. One host'],
    [
      'mysql://USER:PASSWORD@localhost/NAME?socket=/run/mysqld/mysqld.sock',
      'a socket; also unix_socket, unixSocket, socketPath, localSocket',
    ],
    ['MYSQL_HOST, MYSQL_PORT, MYSQL_USER, MYSQL_PASSWORD, MYSQL_DATABASE', 'the same in variables; also MYSQL_TCP_PORT, MYSQL_PWD'],
    ['DB_HOST, DB_PORT, DB_USERNAME, DB_PASSWORD, DB_DATABASE', 'where DB_CONNECTION or DB_ADAPTER says mysql, mysql2 or mariadb'],
  ],
  tls: [
    ['(nothing)', 'TLS if the server offers it, not verified; a handshake that fails is a failure. Over a socket: none'],
    [
      'ssl-mode, sslmode, ssl_mode, sslMode',
      'DISABLED, PREFERRED, REQUIRED (encrypted, not verified), VERIFY_CA, VERIFY_IDENTITY, in any case of letters',
    ],
    [
      'useSSL, requireSSL, verifyServerCertificate',
      "Java's old words; what asks for TLS is held to, where Java's clients may go on without",
    ],
    ['sslaccept', 'Prisma: strict is VERIFY_IDENTITY, accept_invalid_certs is REQUIRED; sslcert then names the authority'],
    ['ssl={"rejectUnauthorized":true}', 'mysql2 of Node: VERIFY_CA; with "verifyIdentity":true VERIFY_IDENTITY; with false REQUIRED'],
    ['ssl-ca, ssl_ca, sslca; ssl-cert, ssl-key', 'files in PEM; an authority alone means VERIFY_CA'],
    ['ssl_verify_cert, ssl_verify_identity, ssl_disabled, sslverify, tls', 'the words of Python, Ruby and Go'],
  ],
  probed: [
    'resolve, connect, and the greeting of the server, which comes before TLS',
    'TLS as the handle asks for it; the certificate is judged here and by nothing in the environment',
    'login by mysql_native_password or caching_sha2_password; the password itself goes inside TLS alone, or over a socket',
    'the database is chosen, and the server is asked for its version, its read-only switches, Galera, and whether it follows another server',
  ],
  notProbed: [
    'whether the account may read or write a table: that is compared with the old one before a swap',
    'the role where the server does not tell it to this account: SHOW REPLICA STATUS takes REPLICATION CLIENT or SLAVE MONITOR; then it is unknown',
    'caching_sha2_password without TLS where the server does not remember the account: its public key could be that of anybody, and is not asked for',
    'ed25519, PARSEC, PAM, LDAP, Kerberos and FIDO logins; mysql_clear_password goes to a verified certificate or a socket alone',
    'the X protocol (mysqlx, port 33060), several hosts, Java key stores, and folders of authorities (ssl-capath)',
    'how many rows a big table has: up to 1,000 are counted, of more the guess of the server is compared',
    'the bodies of routines, triggers and views, and whether the definer of a view still exists',
  ],
  notRunHere: [
    'MySQL 8 and 9, Percona Server: greeting, caching_sha2_password and errors were written from the documentation of the protocol, and stood in for by programs that say the same; MariaDB 10.11 is the real server of the tests',
    'SHOW REPLICA STATUS, GTID sets, information_schema and grants of MySQL: read as documented, tested on text',
    'Amazon Aurora, PlanetScale (Vitess), TiDB, ProxySQL, Galera: told by their variables alone',
  ],
}
