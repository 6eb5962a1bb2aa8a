import { describe, vi } from 'vitest'
import memcached from '../../../src/kinds/memcached/memcached.ts'
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

describe('malformed handles of memcached', () => {
  describeMalformed(memcached, [
    ['', 'is empty'],
    ['memcached://', 'names no host'],
    ['memcached:///', 'names no host'],
    [`memcached://u:${P}@`, 'names no host'],
    [`memcached://u:${P}@:11211`, 'has a port and no host'],
    [`u:${P}@cache:11211`, 'has no scheme'],
    [`cache:11211;cache2:11211;${P}`, 'has no scheme'],
    ['cache:11211:33', 'has no scheme'],
    ['cache:11211,', 'has no scheme'],
    ['c1:11211, c2:11211', 'has no scheme'],
    ['c1:0,c2:11211', 'has a port outside 1 to 65535'],
    ['c1:99999', 'has a port outside 1 to 65535'],
    ['-c1:11211', 'has a host that is no host name'],
    [`MEMCACHED_URL=memcached://u:${P}@h`, 'begins with the name of a variable'],
    [`{"url":"memcached://u:${P}@h"}`, 'is JSON'],
    [`"memcached://u:${P}@h"`, 'stands in quotes'],
    [`memcached://u:${P}@h\n`, 'ends with a line break'],
    [`\tmemcached://u:${P}@h`, 'begins or ends with a blank'],
    [`memcached://u:${P}\u2060@h`, 'has an invisible character in it'],
    [`memcached://u:${P} @h`, 'has a space in it'],
    [`memcached:/u:${P}@h`, 'has no // after its scheme'],
    [`memcached:u:${P}@h`, 'has no // after its scheme'],
    [`redis://u:${P}@h`, 'has another scheme than memcached, memcache, memcacheds, memcached+tls'],
    [`memcached://u:${P}@${P}@h`, 'has an unencoded @ in its user or password'],
    [`memcached://u:${P}/${P}@h`, 'has an unencoded / in its user or password'],
    [`memcached://u:${P}#${P}@h`, 'has an unencoded # in its user or password'],
    [`memcached://u:${P}?${P}@h`, 'has an unencoded ? in its user or password'],
    [`memcached://u:${P}%@h`, 'has a % in its password that is not followed by two hexadecimal digits'],
    [`memcached://u:${P}%c3@h`, 'has percent-encoded bytes in its password that are not UTF-8'],
    [`memcached://u:${P}%00@h`, 'has a NUL byte in its password'],
    [`memcached://u%0a:${P}@h`, 'has a control or invisible character in its user'],
    [`memcached://u:${P}@h:0`, 'has a port outside 1 to 65535'],
    [`memcached://u:${P}@h1,h2:65536`, 'has a port outside 1 to 65535'],
    [`memcached://u:${P}@h1,h2:six`, 'has a port that is not a number'],
    [`memcached://u:${P}@h1:,h2`, 'has nothing after the : of its host'],
    [`memcached://u:${P}@h1,,h2`, 'has an empty place in its list of hosts'],
    [`memcached://u:${P}@h1,`, 'has an empty place in its list of hosts'],
    [`memcached://u:${P}@,h1`, 'has an empty place in its list of hosts'],
    [`memcached://u:${P}@h1,:11211`, 'has a port and no host'],
    [`memcached://u:${P}@h1,::1`, 'has more than one : in its host'],
    [`memcached://u:${P}@h1,[::1`, 'has a broken IPv6 address'],
    [`memcached://u:${P}@h1,-h2`, 'has a host that is no host name'],
    [`memcached://u:${P}@%2Frun%2Fm.sock`, 'has a path where the host stands'],
    [`memcached://u:${P}@${Array.from({ length: 65 }, (_, at) => `h${at}`).join()}`, 'lists more than 64 hosts'],
    [`memcached://${P}@h`, 'has a user and no password'],
    [`memcached://${P}:@h`, 'has a user and no password'],
    [`memcached://:${P}@h`, 'has a password and no user'],
    [`memcached://u:${P}@h/1`, 'has a path behind its hosts, where memcached has nothing'],
    [`memcached://u:${P}@h?ssl=true`, /^the handle asks about TLS in words that this kind does not have/],
    [`memcacheds://u:${P}@h?verify=no`, /^the handle asks about TLS in words that this kind does not have/],
    [`memcached://u:${P}@h?ssl_ca_certs=/ca.pem`, 'has words about TLS and a scheme without it'],
    [`memcached://u:${P}@/${'x'.repeat(120)}`, 'names a socket with a path longer than 107 bytes'],
    ['memcached://u:<password>@h', 'has a placeholder instead of the password'],
    ['memcached://u:*****@h', 'has a masked password, as tools print it'],
    ['memcached://u:changeme@h', 'has a sample word instead of the password'],
  ])
})
