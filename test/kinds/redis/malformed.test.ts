import { describe, vi } from 'vitest'
import redis from '../../../src/kinds/redis/redis.ts'
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

describe('malformed handles of Redis', () => {
  describeMalformed(redis, [
    ['', 'is empty'],
    ['redis://', 'names no host'],
    ['redis:///0', 'names no host'],
    [`redis://:${P}@/0`, 'names no host'],
    [`redis://:${P}@:6379/0`, 'has a port and no host'],
    [`${P}@cache:6379`, 'has no scheme'],
    ['cache:6379', 'has no scheme'],
    [`cache:6379,password=${P},ssl=True,abortConnect=False`, 'is a StackExchange.Redis configuration (host,password=…)'],
    [`redis-cli -u redis://:${P}@h`, 'is a command line'],
    [`REDIS_URL=redis://:${P}@h`, 'begins with the name of a variable'],
    [`export REDIS_URL="redis://:${P}@h`, 'begins with the name of a variable'],
    [`{"url":"redis://:${P}@h"}`, 'is JSON'],
    [`"redis://:${P}@h:6379"`, 'stands in quotes'],
    [`redis://:${P}@h:6379\n`, 'ends with a line break'],
    [`\tredis://:${P}@h:6379`, 'begins or ends with a blank'],
    [`redis://:${P}@h:6379\u0000`, 'has a control character in it'],
    [`redis://:${P}\u2060@h:6379`, 'has an invisible character in it'],
    [`redis://:${P} @h:6379`, 'has a space in it'],
    [`redis:/:${P}@h:6379`, 'has no // after its scheme'],
    [`rediss::${P}@h:6379`, 'has no // after its scheme'],
    [`http://:${P}@h:6379`, 'has another scheme than redis, rediss, valkey, valkeys'],
    [`redis-sentinel://:${P}@h:26379`, 'has another scheme than redis, rediss, valkey, valkeys'],
    [`redis://:${P}@${P}@h`, 'has an unencoded @ in its user or password'],
    [`redis://:${P}/${P}@h`, 'has an unencoded / in its user or password'],
    [`redis://:${P}#${P}@h`, 'has an unencoded # in its user or password'],
    [`redis://:${P}@h/0#frag`, 'has an unencoded #'],
    [`redis://:${P}?${P}@h`, 'has an unencoded ? in its user or password'],
    [`redis://:${P}%@h`, 'has a % in its password that is not followed by two hexadecimal digits'],
    [`redis://:${P}%c3@h`, 'has percent-encoded bytes in its password that are not UTF-8'],
    [`redis://:${P}%00@h`, 'has a NUL byte in its password'],
    [`redis://:${P}@h:0`, 'has a port outside 1 to 65535'],
    [`redis://:${P}@h:65536`, 'has a port outside 1 to 65535'],
    [`redis://:${P}@h:six`, 'has a port that is not a number'],
    [`redis://:${P}@h:`, 'has nothing after the : of its host'],
    [`redis://:${P}@h1:6379,h2:6379`, 'names several hosts; one host only'],
    [`redis://:${P}@::1:6379`, 'has more than one : in its host'],
    [`redis://:${P}@[::1:6379`, 'has a broken IPv6 address'],
    [`redis://:${P}@-h:6379`, 'has a host that is no host name'],
    [`redis://:${P}@%2Frun%2Fredis.sock`, 'has a path where the host stands'],
    [`redis://${P}@h:6379`, 'has a user and no password'],
    [`redis://:${P}@h/shop`, 'has a database that is not a number'],
    [`redis://:${P}@h/-1`, 'has a database that is not a number'],
    [`redis://:${P}@h?db=one`, 'has a database that is not a number'],
    ['redis://:<password>@h', 'has a placeholder instead of the password'],
    ['redis://:$REDIS_PASSWORD@h', 'has a placeholder instead of the password'],
    ['redis://:change-me@h', 'has a sample word instead of the password'],
    ['redis://:*****@h', 'has a masked password, as tools print it'],
    [`redis://:${P}@h?ssl=true`, /^the handle asks about TLS in words that this kind does not have/],
    [`redis://:${P}@h?tls=true`, /^the handle asks about TLS in words that this kind does not have/],
    [`redis://:${P}@h?ssl_cert_reqs=none`, 'has words about TLS and a scheme without it'],
    [`rediss://:${P}@h?ssl_cert_reqs=maybe`, 'has an unknown word for ssl_cert_reqs'],
    [`rediss://:${P}@h?ssl_check_hostname=no`, 'has an unknown word for ssl_check_hostname'],
    [`unix://h/run/redis.sock?password=${P}`, 'names a host where only the path of a socket can stand'],
    [`unix://:${P}@`, 'names no socket'],
    [`unix:///${'x'.repeat(120)}?password=${P}`, 'names a socket with a path longer than 107 bytes'],
  ])
})
