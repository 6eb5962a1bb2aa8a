import { describe } from 'vitest'
import redis from '../../../../src/kinds/redis/redis.ts'
import { describeMalformed, PIECE as P } from '../../malformed.ts'

describe('malformed handles of sentinels', () => {
  describeMalformed(
    redis,
    [
      ['redis-sentinel://', 'names no sentinel'],
      [`redis-sentinel://:${P}@/m`, 'names no sentinel'],
      [`redis-sentinel://:${P}@h1:26379`, 'names no master that the sentinels watch'],
      [`redis-sentinel://:${P}@h1,h2/`, 'names no master that the sentinels watch'],
      [`redis-sentinel://:${P}@h1,h2//0`, 'names no master that the sentinels watch'],
      [`redis-sentinel://:${P}@h1,h2/0`, 'has a database where the name of the master stands'],
      [`redis-sentinel://:${P}@h1,h2/m/0/1`, 'has more in its path than a master and a database'],
      [`redis-sentinel://:${P}@h1,h2/m/shop`, 'has a database that is not a number'],
      [`redis-sentinel://:${P}@h1/m%20n`, 'has a name of a master that Sentinel does not take'],
      [`redis-sentinel://:${P}@h1/m%1b`, 'has a name of a master that Sentinel does not take'],
      [`redis-sentinel://:${P}@h1/${'m'.repeat(129)}`, 'has a name of a master that Sentinel does not take'],
      [`redis-sentinel://:${P}@h1/m/0?sentinelMasterId=n`, 'names its master twice, in the path and besides'],
      [`redis-sentinel://:${P}@h1/m/0#n`, 'names its master twice, in the path and besides'],
      [`redis-sentinel://:${P}@h1/0?sentinelMasterId=m#n`, 'names its master twice, in the query and behind the #'],
      [`redis-sentinel://:${P}@h1/shop?sentinelMasterId=m`, 'has a database that is not a number'],
      [`redis-sentinel://:${P}#${P}@h1/m`, 'has an unencoded # in its user or password'],
      [`redis-sentinel://:${P}@${P}@h1/m`, 'has an unencoded @ in its user or password'],
      [`redis-sentinel://${P}@h1/m`, 'has a user and no password'],
      [`redis-sentinel://:${P}@h1,,h2/m`, 'has an empty place in its list of hosts'],
      [`redis-sentinel://:${P}@h1,h2,/m`, 'has an empty place in its list of hosts'],
      [`redis-sentinel://:${P}@h1:0,h2/m`, 'has a port outside 1 to 65535'],
      [`redis-sentinel://:${P}@h1,h2:x/m`, 'has a port that is not a number'],
      [`redis-sentinel://:${P}@h1,-h2/m`, 'has a host that is no host name'],
      [`redis-sentinel://:${P}@h1,%2Frun%2Fs.sock/m`, 'has a path where a sentinel stands'],
      [`redis-sentinel://:${P}@${Array.from({ length: 33 }, (_, at) => `h${at}`).join(',')}/m`, 'lists more than 32 sentinels'],
      [`redis-sentinel://h1/m?sentinel_username=${P}`, 'has a user for the sentinels and no password'],
      ['redis-sentinel://h1/m?sentinel_password=<password>', 'has a placeholder instead of the query part sentinel_password'],
      [`redis-sentinel://:${P}@h1/m?ssl_cert_reqs=none`, 'has words about TLS and a scheme without it'],
      [`redis-sentinel://:${P}@h1/m?ssl=true`, /^the handle asks about TLS in words that this kind does not have/],
      [`redis-sentinel:/:${P}@h1/m`, 'has no // after its scheme'],
    ],
    12,
  )
})
