import { describe, vi } from 'vitest'
import amqp from '../../../src/kinds/amqp/amqp.ts'
import { describeMalformed, PIECE as P } from '../malformed.ts'

const { contact } = vi.hoisted(() => ({
  contact: () => {
    throw new Error('parsing a handle contacted something')
  },
}))
vi.mock('node:dns/promises', async (original) => ({ ...(await original<object>()), lookup: contact, resolve: contact }))
vi.mock('node:net', async (original) => ({ ...(await original<object>()), connect: contact, createConnection: contact }))
vi.mock('node:tls', async (original) => ({ ...(await original<object>()), connect: contact }))
vi.mock('node:fs/promises', async (original) => ({ ...(await original<object>()), readFile: contact, open: contact }))

describe('malformed handles of RabbitMQ', () => {
  describeMalformed(amqp, [
    ['', 'is empty'],
    ['amqp://', 'names no host'],
    ['amqp:///shop', 'names no host'],
    [`amqp://app:${P}@/shop`, 'names no host'],
    [`amqp://app:${P}@:5672/shop`, 'has a port and no host'],
    [`app:${P}@mq:5672`, 'has no scheme'],
    ['mq:5672', 'has no scheme'],
    [`AMQP_URL=amqp://app:${P}@mq`, 'begins with the name of a variable'],
    [`{"url":"amqp://app:${P}@mq"}`, 'is JSON'],
    [`"amqp://app:${P}@mq"`, 'stands in quotes'],
    [`host=mq;username=app;password=${P}`, 'is an ADO.NET connection string (Server=…;)'],
    [`amqp://app:${P}@mq/shop\n`, 'ends with a line break'],
    [` amqp://app:${P}@mq/shop`, 'begins or ends with a blank'],
    [`amqp://app:${P}@mq/sh\u0007op`, 'has a control character in it'],
    [`amqp://app:${P}\u2060@mq`, 'has an invisible character in it'],
    [`amqp://app:${P} @mq`, 'has a space in it'],
    [`amqp:/app:${P}@mq`, 'has no // after its scheme'],
    [`http://app:${P}@mq:15672`, 'has another scheme than amqp, amqps'],
    [`pyamqp://app:${P}@mq`, 'has another scheme than amqp, amqps'],
    [`amqp://app:${P}@${P}@mq`, 'has an unencoded @ in its user or password'],
    [`amqp://app:${P}/${P}@mq`, 'has an unencoded / in its user or password'],
    [`amqp://app:${P}#${P}@mq`, 'has an unencoded # in its user or password'],
    [`amqp://app:${P}%@mq`, 'has a % in its password that is not followed by two hexadecimal digits'],
    [`amqp://app:${P}%ff@mq`, 'has percent-encoded bytes in its password that are not UTF-8'],
    [`amqp://app:${P}%00@mq`, 'has a NUL byte in its password'],
    [`amqp://app:${P}@mq:0`, 'has a port outside 1 to 65535'],
    [`amqp://app:${P}@mq:amqp`, 'has a port that is not a number'],
    [`amqp://app:${P}@mq:`, 'has nothing after the : of its host'],
    [`amqp://app:${P}@mq1:5672,mq2:5672/shop`, 'names several hosts; one host only'],
    [`amqp://app:${P}@::1:5672`, 'has more than one : in its host'],
    [`amqp://app:${P}@[::1:5672`, 'has a broken IPv6 address'],
    [`amqp://app:${P}@-mq`, 'has a host that is no host name'],
    [`amqp://app:${P}@%2Frun%2Fmq.sock`, 'has a path where the host stands'],
    [`amqp://${P}@mq`, 'has a user and no password'],
    [`amqp://:${P}@mq`, 'has a password and no user'],
    [`amqp://app:${P}@mq/${'v'.repeat(256)}`, 'has a vhost of more than 255 bytes'],
    [`amqp://app:${P}@mq/a%0Ab`, 'has a control or invisible character in its vhost'],
    ['amqp://app:<password>@mq', 'has a placeholder instead of the password'],
    ['amqp://app:$RABBITMQ_PASSWORD@mq', 'has a placeholder instead of the password'],
    ['amqp://app:change-me@mq', 'has a sample word instead of the password'],
    ['amqp://app:*****@mq', 'has a masked password, as tools print it'],
    [`amqp://app:${P}@mq?verify=verify_peer`, 'has words about TLS and a scheme without it'],
    [`amqp://app:${P}@mq?cacertfile=/ca.pem`, 'has words about TLS and a scheme without it'],
    [`amqps://app:${P}@mq?verify=none`, 'has an unknown word for verify'],
    [`amqps://app:${P}@mq?verify=`, 'has an unknown word for verify'],
    [`amqps://app:${P}@mq?fail_if_no_peer_cert=maybe`, 'has an unknown word for fail_if_no_peer_cert'],
    [`amqps://app:${P}@mq?server_name_indication=a%20b`, 'has a server_name_indication that is no host name'],
    [`amqps://app:${P}@mq?keyfile=/key.pem`, 'names a keyfile and no certfile'],
    [`amqps://app:${P}@mq?ssl_options=x`, /^the handle asks about TLS in words that this kind does not have/],
    [`amqps://app:${P}@mq?certfile=/c.pem&password=${P}`, 'has a password in its query'],
    [`amqps://mq?auth_mechanism=external`, 'asks for auth_mechanism=external without a certificate'],
    [`amqp://app:${P}@mq?auth_mechanism=scram`, 'has an unknown word for auth_mechanism'],
    [`amqp://app:${P}@mq?heartbeat=ten`, 'has a heartbeat that is not a number from 0 to 65535'],
    [`amqp://app:${P}@mq?heartbeat=70000`, 'has a heartbeat that is not a number from 0 to 65535'],
    [`amqp://app:${P}@mq?channel_max=-1`, 'has a channel_max that is not a number from 0 to 65535'],
    [`amqp://app:${P}@mq?frame_max=128k`, 'has a frame_max that is not a number from 0 to 4294967295'],
    [`amqp://app:${P}@mq?connection_timeout=3s`, 'has a connection_timeout that is not a number from 0 to 4294967295'],
    [`amqp://app:${P}@mq?heartbeat`, 'has a part of its query without ='],
  ])
})
