import type { KindAbout } from '../../ports/kind.ts'

export const about: KindAbout = {
  product: 'PostgreSQL, and what speaks its protocol: poolers, Amazon RDS and Aurora, Supabase, Neon, CockroachDB',
  forms: [
    [
      'postgresql://USER:PASSWORD@HOST:5432/NAME',
      'and postgres:, pgsql:, postgis:, ecto:; without a port 5432, without a name that of the user',
    ],
    ['postgresql+psycopg://USER:PASSWORD@HOST/NAME', 'as SQLAlchemy writes it, also with psycopg2, asyncpg, pg8000'],
    [
      'postgresql://USER@/NAME?host=/var/run/postgresql',
      'a socket of this machine; also %2Fvar%2Frun%2Fpostgresql in the place of the host',
    ],
    [
      'postgresql://USER:PASSWORD@HOST:5432,HOST2:5433/NAME?target_session_attrs=read-write',
      'several hosts, at most 64, as libpq takes them: tried in order, the first that will do is taken; also ?host=HOST,HOST2&port=5432,5433, with one port for all or one for each. any (also without the word), read-write, read-only, primary, standby or prefer-standby; no sockets among them. Variables (PGHOST …) hold one host alone, and node-postgres takes no list',
    ],
    ['…?sslmode=verify-full&sslrootcert=FILE', 'the words of libpq; a word about TLS that libpq does not have is refused'],
  ],
  tls: [
    ['sslmode=disable', 'plain text'],
    ['sslmode=prefer, or nothing', 'TLS if the server offers it, not verified'],
    ['sslmode=require', 'encrypted, not verified; with sslrootcert the chain is checked, as libpq does'],
    ['sslmode=verify-ca', 'the chain is checked'],
    ['sslmode=verify-full', 'the chain and the host name are checked'],
    ['sslrootcert, sslcert, sslkey', 'the authority (system: those of the operating system), and the certificate and key of the client'],
  ],
  probed: [
    'the question for TLS, and what was negotiated',
    'the login, by SCRAM (with channel binding where it can be had), MD5 or clear text, and whether it was asked for at all',
    'of several hosts one after the other, each within its share of the time, until one will do: the next is asked after no address, no connection, no answer in time, a server that starts or stops, and a session of another sort than target_session_attrs says; a refused login, a TLS that cannot be agreed on and a server that hangs up end the search, as in libpq',
    'one read-only query: version, standby or primary, whether transactions are read-only by default',
  ],
  notProbed: [
    'whether a write goes through: nothing is written; a full disk shows only when somebody writes',
    'of several hosts those behind the one that was taken; load_balance_hosts=random is probed in the order of the list',
    'what a role may not see is unknown to its guards',
  ],
  notRunHere: ['majors 14 to 18 were run; managed services and CockroachDB were not', 'GSSAPI, LDAP, RADIUS and certificate logins'],
}
