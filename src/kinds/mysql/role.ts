import type { Role } from '../../ports/kind.ts'

/** Names of variables and of states, as the server tells them. */
export type Words = ReadonlyMap<string, string>

export const ROLE_VARIABLES = [
  ...['version', 'version_comment', 'read_only', 'super_read_only', 'innodb_read_only', 'offline_mode', 'wsrep_on', 'aurora_version'],
  ...['gtid_slave_pos', 'transaction_read_only', 'tx_read_only'],
]
export const ROLE_STATUS = ['Slave_running', 'Slaves_running', 'wsrep_ready', 'wsrep_cluster_status']

/** `SHOW REPLICA STATUS`: how many sources it follows. Null: the user may not ask. */
export type Followed = number | null

const isOn = (words: Words, name: string): boolean => /^(1|ON|YES)/i.test(words.get(name) ?? '')

/** The switches that refuse writes of an app, by name. A server that does not know one has it off. */
export const readOnlyBy = (variables: Words): readonly string[] =>
  ['innodb_read_only', 'super_read_only', 'read_only', 'transaction_read_only', 'tx_read_only'].filter((name) => readsOnly(variables, name))

/** MariaDB 12 says NO_LOCK and more beside ON. */
const readsOnly = (variables: Words, name: string): boolean => {
  const value = variables.get(name)
  return value !== undefined && !/^(0|OFF|NO)?$/i.test(value)
}

/** Why the server takes no work although it answers. Null: it does. */
export function idleBecause(variables: Words, status: Words): string | null {
  if (isOn(variables, 'offline_mode')) return 'offline_mode is on'
  if (!isOn(variables, 'wsrep_on')) return null
  const cluster = status.get('wsrep_cluster_status')
  if (cluster !== undefined && cluster !== 'Primary') return 'this node is not in the primary part of its Galera cluster'
  return status.get('wsrep_ready') === 'OFF' ? 'this node of a Galera cluster is not ready' : null
}

/**
 * What it is, where it tells. A replica: it follows another server, or is a reader of Aurora. A primary: a writer of Aurora, a node of Galera, or
 * one that follows none. Everything else may be a stopped replica, and is unknown.
 */
export function roleOf(variables: Words, status: Words, followed: Followed): Role {
  if (variables.has('aurora_version')) return isOn(variables, 'innodb_read_only') ? 'replica' : 'primary'
  const running = Number(status.get('Slaves_running') ?? 0) > 0 || isOn(status, 'Slave_running')
  if (running || (followed ?? 0) > 0) return 'replica'
  if (isOn(variables, 'wsrep_on')) return 'primary'
  if (followed === 0) return 'primary'
  const tells = status.has('Slaves_running') && variables.get('gtid_slave_pos') === ''
  return tells && readOnlyBy(variables).length === 0 ? 'primary' : 'unknown'
}

/** Who made it, and of which version: `MariaDB`, `10.11.19`. */
export function productOf(version: string, comment: string, isAurora: boolean): { readonly product: string; readonly version: string } {
  const told = version.replace(/^5\.5\.5-(?=\d+\.\d+\.\d+-MariaDB)/i, '')
  const number = /^\d+\.\d+(\.\d+)?/.exec(told)?.[0] ?? told
  if (isAurora) return { product: 'Amazon Aurora MySQL', version: number }
  if (/tidb/i.test(told)) return { product: 'TiDB', version: /tidb-v?([\d.]+)/i.exec(told)?.[1] ?? number }
  if (/mariadb/i.test(`${told} ${comment}`)) return { product: 'MariaDB', version: number }
  if (/vitess|planetscale/i.test(told)) return { product: 'Vitess', version: number }
  return { product: /percona/i.test(comment) ? 'Percona Server' : 'MySQL', version: number }
}

/** Whether its protocol and its SQL are MariaDB's. */
export const isMariaDb = (product: string): boolean => product === 'MariaDB'
