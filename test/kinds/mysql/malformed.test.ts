import { describe, vi } from 'vitest'
import mysql from '../../../src/kinds/mysql/mysql.ts'
import { describeMalformed, PIECE as P } from '../malformed.ts'

const { contact } = vi.hoisted(() => ({
  contact: () => {
    throw new Error('parsing a handle contacted something')
  },
}))
vi.mock('node:dns', async (original) => ({
  ...(await original<object>()),
  lookup: contact,
  resolve: contact,
  resolve4: contact,
  resolve6: contact,
}))
vi.mock('node:dns/promises', async (original) => ({ ...(await original<object>()), lookup: contact, resolve: contact }))
vi.mock('node:net', async (original) => ({ ...(await original<object>()), connect: contact, createConnection: contact }))
vi.mock('node:tls', async (original) => ({ ...(await original<object>()), connect: contact }))
vi.mock('node:fs/promises', async (original) => ({ ...(await original<object>()), readFile: contact, open: contact }))

describe('malformed handles of MySQL', () => {
  describeMalformed(mysql, [
    ['', 'is empty'],
    ['mysql://', 'names no host'],
    [`mysql://app:${P}@/x`, 'names no host'],
    [`mysql://app:${P}@:3306/x`, 'has a port and no host'],
    [`app:${P}@db:3306/x`, 'has no scheme'],
    [`app:${P}@tcp(db:3306)/app`, 'is a Go MySQL address (user@tcp(host)/name)'],
    [`mysql -h db -u app -p${P}`, 'is a command line'],
    [`Server=db;Database=x;Uid=app;Pwd=${P};`, 'is an ADO.NET connection string (Server=…;)'],
    [`DATABASE_URL=mysql://app:${P}@h/x`, 'begins with the name of a variable'],
    [`{"host":"db","password":"${P}"}`, 'is JSON'],
    [`"mysql://app:${P}@h/x"`, 'stands in quotes'],
    [`mysql://app:${P}@h/x\n`, 'ends with a line break'],
    [`\tmysql://app:${P}@h/x`, 'begins or ends with a blank'],
    [`mysql://app:${P}\u0000@h/x`, 'has a control character in it'],
    [`mysql://app:${P}\u2060@h/x`, 'has an invisible character in it'],
    [`mysql://app:${P} @h/x`, 'has a space in it'],
    [`mysql:/app:${P}@h/x`, 'has no // after its scheme'],
    [`jdbc:mysql:loadbalance://h1,h2/x?password=${P}`, 'has no // after its scheme'],
    [`jdbc:postgresql://h/x?user=u&password=${P}`, 'begins with jdbc:, which only Java reads'],
    [`http://app:${P}@h/x`, 'has another scheme than mysql, mariadb, mysql2, jdbc:mysql'],
    [`mysqlx://app:${P}@h:33060/x`, 'has another scheme than mysql, mariadb, mysql2, jdbc:mysql'],
    [`mysql://app:${P}@${P}@h/x`, 'has an unencoded @ in its user or password'],
    [`mysql://app:${P}/${P}@h/x`, 'has an unencoded / in its user or password'],
    [`mysql://app:${P}#${P}@h/x`, 'has an unencoded # in its user or password'],
    [`mysql://app:${P}@h/x#frag`, 'has an unencoded #'],
    [`mysql://app:${P}?${P}@h/x`, 'has an unencoded ? in its user or password'],
    [`mysql://app:${P}%@h/x`, 'has a % in its password that is not followed by two hexadecimal digits'],
    [`mysql://app:${P}%c3@h/x`, 'has percent-encoded bytes in its password that are not UTF-8'],
    [`mysql://app:${P}%00@h/x`, 'has a NUL byte in its password'],
    [`mysql://app:${P}@h:0/x`, 'has a port outside 1 to 65535'],
    [`mysql://app:${P}@h:six/x`, 'has a port that is not a number'],
    [`mysql://app:${P}@h1,h2/x`, 'names several hosts; one host only'],
    [`mysql://app:${P}@-h/x`, 'has a host that is no host name'],
    [`mysql://app:<password>@h/x`, 'has a placeholder instead of the password'],
    [`mysql://app:***@h/x`, 'has a masked password, as tools print it'],
    [`mysql://app:${P}@h/x?ssl-mode=${P}`, 'has an unknown word for ssl-mode'],
    [`mysql://app:${P}@h/x?sslmode=require`, 'has an unknown word for sslmode'],
    [`mysql://app:${P}@h/x?ssl=Amazon%20RDS`, 'has an unknown word for ssl'],
    [`mysql://app:${P}@h/x?ssl={"rejectUnauthorized":"no"}`, 'has an unknown word for ssl'],
    [`mysql://app:${P}@h/x?ssl={"ca":"${P}"}`, 'has an unknown word for ssl'],
    [`mysql://app:${P}@h/x?sslaccept=loose`, 'has an unknown word for sslaccept'],
    [`jdbc:mysql://h/x?useSSL=maybe&password=${P}`, 'has an unknown word for useSSL'],
    [
      `mysql://app:${P}@h/x?ssl_modus=1`,
      'asks about TLS in words that this kind does not have, and drivers would pass over them in silence',
    ],
    [`mysql://app:${P}@h/x?ssl-mode=DISABLED&ssl=true`, 'asks for TLS and for none'],
    [`mysql://app:${P}@h/x?ssl-mode=DISABLED&ssl-ca=/ca.pem`, 'asks for TLS and for none'],
    [`mysql://app:${P}@h/x?ssl-cert=/c.pem`, 'names one of a certificate and its key, and not both'],
    [`jdbc:mariadb://h/x?serverSslCert=classpath:${P}`, 'holds a certificate where attach reads the path of a file'],
    [`mysql://app:${P}@h/x?socket=my.sock`, 'names a socket that is no absolute path'],
    [`mysql://app:${P}@h/x?socket=/${'s'.repeat(110)}`, 'names a socket with a path longer than 107 bytes'],
    [`mysql://app:${P}@h/x?charset`, 'has a part of its query without ='],
    [`mysql://app:${P}@h/a%0Ab`, 'has a control or invisible character in its database'],
  ])
})
