import { type Finding, found, passed, unknown } from '../../../../domain/finding.ts'
import { both, ofNext } from '../../../comparing.ts'
import { COMPARED } from '../../checks.ts'
import type { MySqlSides } from '../sides.ts'

/** Whether the new one can do the work of the old one at all. Pure. */
export const role = (sides: MySqlSides): Finding => {
  const check = COMPARED.role
  const { expect } = sides.comparison
  return ofNext(
    check,
    sides,
    ({ server }) => server.role,
    (is) => {
      if (expect === 'writable' && is === 'replica')
        return found(check, 'it follows another server: what is written here does not come back there', {
          remedy: 'promote it (STOP REPLICA; RESET REPLICA ALL), or name the primary',
        })
      if (expect === 'replica' && is === 'primary')
        return found(check, 'a primary, where a replica is expected', { remedy: 'name a replica' })
      return passed(check, `a ${is}`)
    },
  )
}

export const readOnly = (sides: MySqlSides): Finding => {
  const check = COMPARED.readOnly
  return ofNext(
    check,
    sides,
    ({ server }) => server.readOnly,
    (by) => {
      if (by.length === 0) return passed(check, 'takes writes')
      if (sides.comparison.expect !== 'writable') return passed(check, `read-only (${by.join(', ')})`)
      return found(check, `it is read-only (${by.join(', ')}): every write would fail`, { remedy: remedyFor(by) })
    },
  )
}

function remedyFor(by: readonly string[]): string {
  if (by.includes('innodb_read_only')) return 'name the writer: a reader of Aurora, or innodb_read_only, is not switched by a statement'
  const own = by.filter((name) => name.endsWith('transaction_read_only') || name === 'tx_read_only')
  if (own.length === by.length) return 'SET GLOBAL transaction_read_only = OFF (MariaDB: tx_read_only); then new sessions write'
  return `name the primary; or promote it: SET GLOBAL ${by.includes('super_read_only') ? 'super_read_only = OFF, GLOBAL ' : ''}read_only = OFF`
}

export const state = (sides: MySqlSides): Finding => {
  const check = COMPARED.state
  return ofNext(
    check,
    sides,
    ({ server }) => server.idle,
    (why) =>
      why === '' ? passed(check, 'it takes work') : found(check, `it answers, and takes no work: ${why}`, { remedy: remedyOf(why) }),
  )
}

const remedyOf = (why: string): string =>
  why.startsWith('offline')
    ? 'SET GLOBAL offline_mode = OFF'
    : "SHOW STATUS LIKE 'wsrep_%' on that node shows the cluster; name another node"

export const identity = (sides: MySqlSides): Finding => {
  const check = COMPARED.identity
  return both(
    check,
    sides,
    ({ server }) => server.identity,
    (old, next) => {
      if (old.uid !== next.uid) return passed(check, 'another server')
      if (old.place === next.place)
        return found(check, 'the very same server', { remedy: 'name another one, unless only the database or the user is to change' })
      return unknown(
        check,
        `a copy of its files, or the same one moved: ${next.place} says that it is ${old.place}`,
        'remove auto.cnf from a copy, so that it gets an identity of its own',
      )
    },
  )
}
