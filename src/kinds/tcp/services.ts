/** A service whose protocol no kind speaks: its handles are read as far as their hosts. */
export interface TcpService {
  readonly product: string
  /** Of a handle that names none. Absent: it must. */
  readonly port?: number
  /** TLS from the first byte on. */
  readonly tls?: true
  /** Its hosts stand in the records of the name system: `_mongodb._tcp.NAME` (RFC 2782). */
  readonly srv?: string
}

/** By scheme. `tcp` and `tls` are any server. */
export const TCP_SERVICES: Readonly<Record<string, TcpService>> = {
  tcp: { product: 'a server' },
  tls: { product: 'a server', tls: true },
  mongodb: { product: 'MongoDB', port: 27_017 },
  'mongodb+srv': { product: 'MongoDB', port: 27_017, tls: true, srv: '_mongodb._tcp' },
  nats: { product: 'NATS', port: 4_222 },
  mqtt: { product: 'an MQTT broker', port: 1_883 },
  mqtts: { product: 'an MQTT broker', port: 8_883, tls: true },
  kafka: { product: 'Kafka', port: 9_092 },
  'kafka+ssl': { product: 'Kafka', port: 9_093, tls: true },
  elasticsearch: { product: 'Elasticsearch', port: 9_200 },
  libsql: { product: 'libSQL', port: 443, tls: true },
  sqlserver: { product: 'SQL Server', port: 1_433 },
  mssql: { product: 'SQL Server', port: 1_433 },
  oracle: { product: 'Oracle', port: 1_521 },
  cassandra: { product: 'Cassandra', port: 9_042 },
  clickhouse: { product: 'ClickHouse', port: 9_000 },
  'redis+cluster': { product: 'a list of Redis Cluster nodes', port: 6_379 },
  etcd: { product: 'etcd', port: 2_379 },
  neo4j: { product: 'Neo4j', port: 7_687 },
  ldap: { product: 'an LDAP server', port: 389 },
  ldaps: { product: 'an LDAP server', port: 636, tls: true },
  stomp: { product: 'a STOMP broker', port: 61_613 },
  pulsar: { product: 'Pulsar', port: 6_650 },
}
