import type { VariableSet } from '../../domain/variables.ts'

/** A list of servers, or one host and its port: a set has the one or the other. */
export const MEMCACHED_VARIABLES: readonly VariableSet[] = [
  {
    parts: { servers: ['MEMCACHIER_SERVERS'], user: ['MEMCACHIER_USERNAME'], password: ['MEMCACHIER_PASSWORD'] },
    needs: ['servers'],
  },
  {
    parts: { servers: ['MEMCACHEDCLOUD_SERVERS'], user: ['MEMCACHEDCLOUD_USERNAME'], password: ['MEMCACHEDCLOUD_PASSWORD'] },
    needs: ['servers'],
  },
  {
    parts: {
      servers: ['MEMCACHED_SERVERS', 'MEMCACHE_SERVERS'],
      user: ['MEMCACHED_USERNAME', 'MEMCACHE_USERNAME'],
      password: ['MEMCACHED_PASSWORD', 'MEMCACHE_PASSWORD'],
    },
    needs: ['servers'],
  },
  {
    parts: {
      host: ['MEMCACHED_HOST'],
      port: ['MEMCACHED_PORT'],
      user: ['MEMCACHED_USERNAME'],
      password: ['MEMCACHED_PASSWORD'],
    },
    needs: ['host'],
  },
]
