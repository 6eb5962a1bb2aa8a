import type { KindAbout } from '../../ports/kind.ts'

export const about: KindAbout = {
  product: 'memcached',
  forms: [
    ['memcached://HOST', 'one server, port 11211'],
    ['memcached://HOST:11211,HOST:11211', 'a list of servers that share the keys: every one must answer, for it is a ring'],
    [
      'memcached://USER:PASSWORD@HOST,HOST',
      'with a login: SASL PLAIN over the binary protocol, or the token of a server that was started with -Y',
    ],
    ['memcache://HOST', 'the same as memcached://'],
    ['memcached:///run/memcached.sock', 'a socket of this machine'],
    ['HOST:11211,HOST:11211', 'a list without a scheme, where --kind, attach.yaml or the name of a variable says that it is memcached'],
    ['MEMCACHIER_SERVERS, MEMCACHIER_USERNAME, MEMCACHIER_PASSWORD', 'a list and a login; MEMCACHEDCLOUD_… and MEMCACHED_… likewise'],
    ['MEMCACHED_HOST, MEMCACHED_PORT', 'one server'],
  ],
  tls: [
    ['memcached, memcache', 'plain text: the protocol cannot change to TLS on the way'],
    ['memcacheds, memcached+tls', 'TLS, with the certificate and the host name of each server checked; there is no word for less'],
    ['ssl_ca_certs', 'the authority to trust, a file; ssl_certfile and ssl_keyfile are the certificate of the client'],
  ],
  probed: [
    'every server of the list at the same time, each to the end',
    'version',
    'the login, where the handle has a user: without one, a server that asks for a login is told by that',
    'stats; a server that refuses them is asked for one key that nobody has',
  ],
  notProbed: [
    'that an item can be written: nothing is written',
    'which of the servers a client takes for a key: that is for its hashing',
    'that user and password are asked for in vain: a server without a login fails, because clients with one fail there',
    'the configuration endpoint of ElastiCache: it is asked as the server that it leads to, and its list of nodes is not read',
    'proxies that hang up on stats (older twemproxy) fail at use',
    'the start time, by which one process is told from another, has steps of a second: two containers of one image that began in the same second, with the same process number, look like one',
  ],
  notRunHere: [
    'MemCachier and Memcached Cloud: a real memcached with SASL PLAIN stands in, its passwords checked by a saslauthd of ours',
    'servers older or newer than the installed one',
  ],
}
