import type { Finding } from '../../domain/finding.ts'
import type { SplitHandle } from '../../domain/handle-grammar.ts'
import type { Postgres } from './handle.ts'

/** What a handle has that is odd but not wrong. `unchecked`: keys that the probe does not look at. */
export function remarksOf(
  { user, files, tls, tlsWord, host, others, isShuffled }: Omit<Postgres, 'remarks'>,
  split: SplitHandle,
  unchecked: readonly string[],
): readonly Finding[] {
  const remarks: Finding[] = []
  const warn = (id: string, detail: string, remedy: string) => remarks.push({ id, severity: 'warn', status: 'warn', detail, remedy })
  if (user === null)
    warn(
      'handle.no_user',
      'the handle names no user: libpq takes the name of the operating system user, which differs between machines',
      'name the user',
    )
  for (const key of new Set(split.unknownKeys))
    warn(
      'handle.unknown_key',
      `${shownKey(key)} is unknown to libpq; its clients refuse the handle`,
      'remove it, unless the app alone reads it',
    )
  for (const key of new Set(split.repeatedKeys))
    warn('handle.repeated_key', `${key} stands there twice; libpq takes the last, other clients may not`, 'keep one')
  if (Object.values(files).some((file) => file !== 'system')) {
    warn('handle.local_file', 'the handle names files: they are read on the machine that connects', 'make sure that the app sees them too')
  }
  if (tlsWord !== null && host.startsWith('/'))
    warn('handle.tls_on_socket', 'TLS is asked for on a socket of this machine, where there is none', 'leave it out')
  if ((tls === 'verify-ca' || tls === 'verify-full') && files.ca === undefined) {
    const detail =
      'libpq trusts the file ~/.postgresql/root.crt alone here, and stops without it; node-postgres and others trust the public authorities'
    warn('tls.reader_differs', detail, 'add sslrootcert=system, or the file of the authority')
  }
  if (tlsWord === 'allow')
    warn('handle.tls_allow', 'sslmode=allow prefers plain text; it is probed as prefer', 'say prefer, require or verify-full')
  const tell = (id: string, detail: string) => remarks.push({ id, severity: 'info', status: 'unknown', detail })
  if (others.length > 0)
    tell('handle.host_list', 'the handle lists several hosts: libpq, pgx and asyncpg take such a list, node-postgres does not')
  if (isShuffled && others.length > 0)
    tell('handle.not_checked', 'load_balance_hosts=random: the client tries the hosts in any order, and the probe in that of the list')
  for (const key of unchecked) {
    if (split.query.some((part) => part.key === key)) tell('handle.not_checked', `${key} is kept, but the probe does not look at it`)
  }
  if (split.path?.text.includes('/')) warn('handle.odd_name', 'the name of the database has a / in it', 'write one name after the host')
  return remarks
}

const shownKey = (key: string): string => (/^[A-Za-z0-9_.-]{1,64}$/.test(key) ? `the query key ${key}` : 'a query key')
