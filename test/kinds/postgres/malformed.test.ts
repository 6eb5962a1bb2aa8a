import { describe, expect, test, vi } from 'vitest'
import postgres from '../../../src/kinds/postgres/postgres.ts'
import { describeMalformed, PIECE as P, refusal } from '../malformed.ts'

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

describe('malformed handles of PostgreSQL', () => {
  describeMalformed(postgres, [
    ['', 'is empty'],
    ['postgres://', 'names no host'],
    ['postgres:///app', 'names no host'],
    [`postgres://app:${P}@/app`, 'names no host'],
    [`postgres://app:${P}@:5432/app`, 'has a port and no host'],
    [`jdbc:postgresql://h/app?user=u&password=${P}`, 'begins with jdbc:, which only Java reads'],
    [`host=db.example dbname=app user=u password=${P}`, 'is a list of libpq keywords (host=… dbname=…)'],
    [`app:${P}@tcp(db:3306)/app`, 'is a Go MySQL address (user@tcp(host)/name)'],
    [`Server=db;Database=app;User Id=u;Password=${P};`, 'is an ADO.NET connection string (Server=…;)'],
    [`{"host":"db","password":"${P}"}`, 'is JSON'],
    [`"postgres://app:${P}@h/app"`, 'stands in quotes'],
    [`'postgres://app:${P}@h/app'`, 'stands in quotes'],
    [`postgres://app:${P}@h/app"`, 'stands in quotes'],
    [`postgres://app:${P}@h/app\n`, 'ends with a line break'],
    [`postgres://app:${P}@h/app\r\n`, 'ends with a line break'],
    [` postgres://app:${P}@h/app`, 'begins or ends with a blank'],
    [`postgres://app:${P}@h/app `, 'begins or ends with a blank'],
    [`postgres://app:${P}@h/app\nOTHER=1`, 'has more than one line'],
    [`postgres://app:${P}\u001b[31m@h/app`, 'has a control character in it'],
    [`postgres://app:${P}\u200b@h/app`, 'has an invisible character in it'],
    [`postgres://app:${P} x@h/app`, 'has a space in it'],
    [`DATABASE_URL=postgres://app:${P}@h/app`, 'begins with the name of a variable'],
    [`psql 'postgres://app:${P}@h/app`, 'is a command line'],
    [`postgres:/app:${P}@h/app`, 'has no // after its scheme'],
    [`postgresql:app:${P}@h/app`, 'has no // after its scheme'],
    [`app:${P}@h/app`, 'has no scheme'],
    [`//app:${P}@h/app`, 'begins without a scheme'],
    [`http://app:${P}@h/app`, 'has another scheme than postgresql, postgres, pgsql, postgis'],
    [`postgres://app:${P}@${P}@h/app`, 'has an unencoded @ in its user or password'],
    [`postgres://app:${P}/${P}@h/app`, 'has an unencoded / in its user or password'],
    [`postgres://app:p@ss/${P}@h/app`, 'has an unencoded / in its user or password'],
    [`postgres://app:${P}#${P}@h/app`, 'has an unencoded # in its user or password'],
    [`postgres://app:${P}@h/app#x`, 'has an unencoded #'],
    [`postgres://app:${P}?${P}@h/app`, 'has an unencoded ? in its user or password'],
    [`postgres://app:12/a?${P}@h/app`, 'has an unencoded ? in its user or password'],
    [`postgres://app:${P}\\x@h/app`, 'has a backslash in it'],
    [`postgres://app:${P}%@h/app`, 'has a % in its password that is not followed by two hexadecimal digits'],
    [`postgres://app:${P}%zz@h/app`, 'has a % in its password that is not followed by two hexadecimal digits'],
    [`postgres://app:${P}%ff@h/app`, 'has percent-encoded bytes in its password that are not UTF-8'],
    [`postgres://app:${P}%00@h/app`, 'has a NUL byte in its password'],
    [`postgres://a%0app:${P}@h/app`, 'has a control or invisible character in its user'],
    [`postgres://app:${P}@h/a%1bpp`, 'has a control or invisible character in its database'],
    [`postgres://app:${P}@h:0/app`, 'has a port outside 1 to 65535'],
    [`postgres://app:${P}@h:65536/app`, 'has a port outside 1 to 65535'],
    [`postgres://app:${P}@h:abc/app`, 'has a port that is not a number'],
    [`postgres://app:${P}@h:54 32/app`, 'has a space in it'],
    [`postgres://app:${P}@h:/app`, 'has nothing after the : of its host'],
    [`postgres://app:${P}@h1,h2/app`, 'names several hosts; one host only'],
    [`postgres://app:${P}@h1:5432,h2:5432/app`, 'names several hosts; one host only'],
    [`postgres://app:${P}@/app?host=h1,h2`, 'names several hosts; one host only'],
    [`postgres://app:${P}@::1:5432/app`, 'has more than one : in its host'],
    [`postgres://app:${P}@[::1/app`, 'has a broken IPv6 address'],
    [`postgres://app:${P}@[h]/app`, 'has a broken IPv6 address'],
    [`postgres://app:${P}@h_!/app`, 'has a host that is no host name'],
    [`postgres://app:${P}@h..example/app`, 'has a host that is no host name'],
    ['postgres://app:<password>@h/app', 'has a placeholder instead of the password'],
    ['postgres://app:[YOUR-PASSWORD]@h/app', 'has a placeholder instead of the password'],
    [`postgres://app:$${'{DB_PASSWORD}'}@h/app`, 'has a placeholder instead of the password'],
    ['postgres://app:$DB_PASSWORD@h/app', 'has a placeholder instead of the password'],
    ['postgres://app:changeme@h/app', 'has a sample word instead of the password'],
    ['postgres://app:your-password-here@h/app', 'has a sample word instead of the password'],
    ['postgres://app:***@h/app', 'has a masked password, as tools print it'],
    ['postgres://app:[redacted]@h/app', 'has a masked password, as tools print it'],
    [`postgres://app:${P}@<host>/app`, 'has a placeholder instead of the host'],
    [`postgres://app:${P}@h/app?sslmode=strict`, 'has an unknown word for sslmode'],
    [`postgres://app:${P}@h/app?sslmode=no-verify`, 'has an unknown word for sslmode'],
    [`postgres://app:${P}@h/app?sslmode=__proto__`, 'has an unknown word for sslmode'],
    [`postgres://app:${P}@h/app?ssl=1`, 'has an unknown word for ssl'],
    [`postgres://app:${P}@h/app?sslaccept=strict`, /^the handle asks about TLS in words that this kind does not have/],
    [`postgres://app:${P}@h/app?useSSL=true`, /^the handle asks about TLS in words that this kind does not have/],
    [`postgres://app:${P}@h/app?tls=1`, /^the handle asks about TLS in words that this kind does not have/],
    [`postgres://app:${P}@h/app?verify=false`, /^the handle asks about TLS in words that this kind does not have/],
    [`postgres://app:${P}@h/app?${P}`, 'has a part of its query without ='],
    [`postgres://app:${P}@h/app?sslrootcert=system&sslmode=require`, 'has sslrootcert=system with a weaker sslmode than verify-full'],
    [`postgres://app:${P}@h/app?sslnegotiation=direct`, 'has sslnegotiation=direct without TLS being required'],
    [`postgres://app:${P}@h/app?service=prod`, 'names a service of a file on this machine instead of a server'],
    [`postgres://app:${P}@h/app?port=70000`, 'has a port outside 1 to 65535'],
    [`postgres:///app?host=/${'x'.repeat(120)}&password=${P}`, 'names a socket with a path longer than 107 bytes'],
  ])

  test('an unknown word for sslmode is answered with the allowed ones', () => {
    expect(refusal(postgres, 'postgres://h/x?sslmode=on').hint).toBe(
      'The words are disable, allow, prefer, require, verify-ca, verify-full',
    )
    expect(refusal(postgres, 'postgres://h/x?sslmode=no-verify').hint).toContain('no-verify is a word of node-postgres')
  })
})
