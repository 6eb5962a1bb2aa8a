import type { KindAbout } from '../../ports/kind.ts'

export const about: KindAbout = {
  product: 'Redis and Valkey, Amazon ElastiCache and MemoryDB, Upstash, Redis Cloud',
  forms: [
    ['redis://:PASSWORD@HOST:6379/0', 'and valkey:; without a port 6379, without a number the database 0'],
    ['redis://USER:PASSWORD@HOST/0', 'a user of Redis 6 or newer; older servers know only the password'],
    ['rediss://:PASSWORD@HOST/0', 'TLS; also valkeys:'],
    ['unix:///run/redis.sock?db=0', 'a socket of this machine; also redis+unix:, redis-socket:'],
    [
      'redis-sentinel://USER:PASSWORD@HOST:26379,HOST2/MASTER/0',
      'sentinels, and the name of the master that they watch; also redis+sentinel:. User and password are those of the master',
    ],
    ['…?sentinel_username=USER&sentinel_password=PASSWORD', 'the login of the sentinels themselves, where they ask for one'],
    [
      'redis-sentinel://PASSWORD@HOST,HOST2/0?sentinelMasterId=MASTER',
      'as Lettuce writes it: a lone word before the @ is the password then; also /0#MASTER',
    ],
  ],
  tls: [
    ['redis', 'plain text'],
    ['rediss', 'the chain and the host name are checked'],
    ['rediss-sentinel, rediss+sentinel', 'the same, of the sentinels and of the master, by the address that they name'],
    ['ssl_cert_reqs=none', 'encrypted, not verified (redis-py)'],
    ['ssl_check_hostname=false', 'the chain is checked, and the host name is not'],
    ['ssl_ca_certs, ssl_certfile, ssl_keyfile', 'the authority, and the certificate and key of the client'],
  ],
  probed: [
    'of sentinels: all are asked which server is the master; those that are silent, disagree or are too few are told; that server must say that it is it',
    'HELLO with the login, which tells version, role and mode to every user; AUTH where the server is older than Redis 6',
    'PING, which a server answers otherwise that loads, or has lost its primary',
    'SELECT of the database of the handle',
  ],
  notProbed: ['whether a write goes through: nothing is written', 'lists of hosts without sentinels', 'the replicas that sentinels watch'],
  notRunHere: [
    'Redis below 6, Valkey and the managed services; Redis 7.0 was run, alone, as a replica, as a cluster of three and with three sentinels',
    'a failover of sentinels with TLS: one of them was run alone',
  ],
}
