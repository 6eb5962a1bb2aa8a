import type { Check } from './finding.ts'

/** What is asked of every resource that takes the place of another, whatever its kind. */
export const GENERAL = {
  kindChanged: {
    id: 'handle.kind_changed',
    severity: 'error',
    cost: 'free',
    about: 'The handle leads to another sort of service: the app cannot speak to it.',
  },
  sameResource: {
    id: 'handle.same_resource',
    severity: 'error',
    cost: 'free',
    about: 'Another handle leads to the very same resource, under another name or through a pooler: nothing would be swapped.',
  },
  baseline: {
    id: 'compare.baseline',
    severity: 'warn',
    cost: 'free',
    about: 'Who speaks for the old resource: itself, a baseline of it, whose age is told, or nobody; then what needs it is unknown.',
  },
  localhost: {
    id: 'handle.localhost',
    severity: 'error',
    cost: 'free',
    about:
      'The new handle leads to the very machine that asks, and the present one does not: from where the app runs that is another machine.',
  },
  otherDeploy: {
    id: 'handle.other_deploy',
    severity: 'error',
    cost: 'free',
    about: 'Another deploy of attach.yaml leads to the new resource already: both would write into the same data.',
  },
  nameChanged: {
    id: 'handle.name_changed',
    severity: 'info',
    cost: 'free',
    about:
      'The name of the database, or its index, is another one: what names it elsewhere (jobs, dashboards, grants) still has the old one.',
  },
  tlsDowngrade: {
    id: 'handle.tls_downgrade',
    severity: 'error',
    cost: 'free',
    about: 'The new handle asks for less of TLS than the present one, or gets less: password and rows can be read or changed on the way.',
  },
  expiring: {
    id: 'tls.expiring',
    severity: 'error',
    cost: 'free',
    about: 'The certificate of the server has expired, or does within a month (a warning): clients that check it do not connect.',
  },
  defaultCredentials: {
    id: 'handle.default_credentials',
    severity: 'warn',
    cost: 'free',
    about: 'User and password are those that an installation begins with: whoever reaches the server can guess them.',
  },
  paramsLost: {
    id: 'handle.params_lost',
    severity: 'warn',
    cost: 'free',
    about: 'Parameters of the present handle are gone or differ in the new one (pool, timeout, search_path): the client behaves otherwise.',
  },
  latency: {
    id: 'net.latency',
    severity: 'warn',
    cost: 'free',
    about: 'The new server answers far later than the old one, as from another region: every query of the app takes that much longer.',
  },
  incomplete: {
    id: 'compare.incomplete',
    severity: 'error',
    cost: 'free',
    about: 'The new resource broke off while it was asked: it was not compared.',
  },
} as const satisfies Record<string, Check>

/** What is asked of a failover alone. */
export const FAILOVER = {
  quiet: {
    id: 'failover.quiet',
    severity: 'error',
    cost: 'free',
    about: 'The key was failed over a short while ago: failing over to and fro loses more writes each time.',
  },
  behind: {
    id: 'failover.behind',
    severity: 'error',
    cost: 'free',
    about: 'A candidate that is not fit, a standby that nobody promoted, is further than the fittest: what it has more would be lost.',
  },
  oldAlive: {
    id: 'failover.old_alive',
    severity: 'warn',
    cost: 'free',
    about: 'The resource that is failed over from still takes writes: they may go to both, and those to the old one are lost.',
  },
} as const satisfies Record<string, Check>

/** What a probe, or the text of a handle, may find odd of one resource alone. */
export const REMARKS = [
  row('auth.cleartext', 'warn', 'The server asks for the password in clear text, and nothing is encrypted.'),
  row('auth.unasked', 'info', 'The server let us in without asking for the password: whether it is right is not known.'),
  row('config.edited', 'error', 'The key was edited outside since the release that is to be taken back.'),
  row('handle.filler_user', 'warn', 'A user stands before the password that older servers and clients do not know.'),
  row('handle.host_list', 'info', 'The handle lists several hosts, which not every client takes.'),
  row('handle.local_file', 'warn', 'The handle names files: they are read on the machine that connects.'),
  row('handle.no_user', 'warn', 'The handle names no user: clients take the name of the operating system user.'),
  row('handle.not_checked', 'info', 'The handle asks for something that the probe does not look at.'),
  row('handle.odd_name', 'warn', 'The name of the database has a / in it.'),
  row('handle.partial', 'warn', 'Some of the variables that make one handle stand there, and others are missing.'),
  row('handle.repeated_key', 'warn', 'A parameter stands there twice; clients differ in which one counts.'),
  row('handle.tls_allow', 'warn', 'The handle prefers plain text.'),
  row('handle.tls_on_socket', 'warn', 'TLS is asked for on a socket of this machine, where there is none.'),
  row('handle.unknown_key', 'warn', 'A parameter that clients refuse or pass over.'),
  row('pg.host', 'warn', 'Of several hosts an earlier one than that which was taken does not answer.'),
  row('probe.reachable', 'info', 'Something answers there; whether it is well, and the credentials right, was not asked.'),
  row('tcp.host', 'warn', 'One of several hosts does not answer.'),
  row('tls.plain', 'warn', 'The connection is not encrypted, and leaves this network.'),
  row('tls.reader_differs', 'warn', 'Clients read what the handle says of TLS in different ways.'),
  row('tls.unverified', 'warn', 'The connection is encrypted, but nobody checked who is at the other end.'),
] as const satisfies readonly Check[]

function row<const Id extends string>(id: Id, severity: Check['severity'], about: string) {
  return { id, severity, cost: 'free', about } as const
}
