import type { KindAbout } from '../../ports/kind.ts'

export const about: KindAbout = {
  product:
    'every service whose protocol no kind speaks: MongoDB, Kafka, NATS, MQTT, Elasticsearch, SQL Server, Oracle, Cassandra, ClickHouse, etcd …',
  forms: [
    ['mongodb://USER:PASSWORD@HOST,HOST2:27018/NAME', 'of several hosts one that answers is enough'],
    ['mongodb+srv://USER:PASSWORD@HOST/NAME', 'the hosts stand in the records of the name system'],
    [
      'kafka://HOST:9092,HOST2',
      'and nats:, mqtt:, mqtts:, elasticsearch:, sqlserver:, oracle:, cassandra:, clickhouse:, etcd:, ldap:, … each with its usual port',
    ],
    ['tcp://HOST:PORT', 'any server; tls: for one that speaks TLS'],
  ],
  tls: [
    ['tls, mqtts, kafka+ssl, ldaps, mongodb+srv, libsql', 'TLS from the first byte; the chain and the host name are checked'],
    ['tls=true, ssl=true', 'the same, in the query'],
    ['all others', 'plain text, as far as the probe goes'],
  ],
  probed: ['the addresses, and whether something listens there', 'the certificate, where the handle asks for TLS'],
  notProbed: ['the protocol, the login and the name: it is called reachable, never healthy'],
  notRunHere: ['records of the name system (+srv), but for one that does not exist'],
}
