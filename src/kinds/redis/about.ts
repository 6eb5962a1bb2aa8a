import type { KindAbout } from '../../ports/kind.ts'

export const about: KindAbout = {
  product: 'Redis and Valkey, Amazon ElastiCache and MemoryDB, Upstash, Redis Cloud',
  forms: [
    ['redis://:PASSWORD@HOST:6379/0', 'and valkey:; without a port 6379, without a number the database 0'],
    ['redis://USER:PASSWORD@HOST/0', 'a user of Redis 6 or newer; older servers know only the password'],
    ['rediss://:PASSWORD@HOST/0', 'TLS; also valkeys:'],
    ['unix:///run/redis.sock?db=0', 'a socket of this machine; also redis+unix:, redis-socket:'],
  ],
  tls: [
    ['redis', 'plain text'],
    ['rediss', 'the chain and the host name are checked'],
    ['ssl_cert_reqs=none', 'encrypted, not verified (redis-py)'],
    ['ssl_check_hostname=false', 'the chain is checked, and the host name is not'],
    ['ssl_ca_certs, ssl_certfile, ssl_keyfile', 'the authority, and the certificate and key of the client'],
  ],
  probed: [
    'HELLO with the login, which tells version, role and mode to every user; AUTH where the server is older than Redis 6',
    'PING, which a server answers otherwise that loads, or has lost its primary',
    'SELECT of the database of the handle',
  ],
  notProbed: ['whether a write goes through: nothing is written', 'Sentinel, and lists of hosts: name the server that the sentinels watch'],
  notRunHere: ['Redis below 6, Valkey and the managed services; Redis 7.0 was run, alone, as a replica and as a cluster of three'],
}
