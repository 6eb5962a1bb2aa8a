import type { Finding } from '../../domain/finding.ts'
import type { SplitHandle } from '../../domain/handle-grammar.ts'
import type { MySql } from './handle.ts'
import { UNCHECKED_TLS } from './handle-tls.ts'

/** What is odd about a handle, and not wrong. Holds no value of it. */
export function remarksOf(resource: Omit<MySql, 'traits' | 'remarks'>, split: SplitHandle): readonly Finding[] {
  const { user, files, tlsKeys, host, scheme } = resource
  const remarks: Finding[] = []
  const warn = (id: string, detail: string, remedy: string) => remarks.push({ id, severity: 'warn', status: 'warn', detail, remedy })
  if (user === null) warn('handle.no_user', 'the handle names no user: clients take that of the operating system, or root', 'name the user')
  for (const key of new Set(split.unknownKeys))
    warn(
      'handle.unknown_key',
      `${shownKey(key)} is of no client that we know; clients pass over it or refuse it`,
      'remove it, unless the app alone reads it',
    )
  for (const key of new Set(split.repeatedKeys))
    warn('handle.repeated_key', `${key} stands there twice; clients differ in which one counts`, 'keep one')
  if (Object.keys(files).length > 0)
    warn('handle.local_file', 'the handle names files: they are read on the machine that connects', 'make sure that the app sees them too')
  if (tlsKeys.length > 0 && host.startsWith('/'))
    warn('handle.tls_on_socket', 'TLS is asked for on a socket of this machine, where none is needed', 'leave it out')
  if (LIBMYSQL.includes(scheme) && host === 'localhost')
    remarks.push({
      id: 'handle.localhost_socket',
      severity: 'info',
      status: 'unknown',
      detail: 'this client takes localhost for the socket of this machine; the probe goes over TCP',
      remedy: 'write 127.0.0.1, or ?socket=/run/mysqld/mysqld.sock',
    })
  for (const key of UNCHECKED_TLS)
    if (split.query.some((part) => part.key === key))
      remarks.push({
        id: 'handle.not_checked',
        severity: 'info',
        status: 'unknown',
        detail: `${key} is kept, but the probe does not look at it`,
      })
  if (split.path?.text.includes('/')) warn('handle.odd_name', 'the name of the database has a / in it', 'write one name after the host')
  return remarks
}

/** Clients built on libmysqlclient. */
const LIBMYSQL = ['mysql2', 'mysql+mysqldb', 'mariadb+mysqldb']

const shownKey = (key: string): string => (/^[A-Za-z0-9_.-]{1,64}$/.test(key) ? `the query key ${key}` : 'a query key')
