import { type Finding, found, passed, unknown } from '../../../../domain/finding.ts'
import { type Position, type Told, told } from '../../../../domain/survey.ts'
import { both } from '../../../comparing.ts'
import { counted } from '../../../words.ts'
import { COMPARED } from '../../checks.ts'
import type { MySqlSides } from '../sides.ts'
import type { ServerFacts } from './survey.ts'

/** Transactions of one server: ranges, both ends included. */
type Ranges = readonly (readonly [from: bigint, to: bigint])[]

/** `uuid:1-5:7,uuid:1-3`. https://dev.mysql.com/doc/refman/8.4/en/replication-gtids-concepts.html */
export function readGtidSet(set: string): ReadonlyMap<string, Ranges> {
  const all = new Map<string, Ranges>()
  for (const part of set.split(',')) {
    const [uuid = '', ...pieces] = part.toLowerCase().split(':')
    let line = uuid
    for (const piece of pieces) {
      const range = /^(\d+)(?:-(\d+))?$/.exec(piece)
      if (range === null)
        line = `${uuid}:${piece}` // A tag, since 8.3: what follows is counted apart.
      else all.set(line, [...(all.get(line) ?? []), [BigInt(range[1] ?? 0), BigInt(range[2] ?? range[1] ?? 0)]])
    }
  }
  return all
}

const sizeOf = (ranges: Ranges): bigint => ranges.reduce((sum, [from, to]) => sum + (to - from + 1n), 0n)

/** How many of the first are not in the second. */
function lacking(first: Ranges, second: Ranges): bigint {
  return first.reduce((sum, [from, to]) => {
    const common = second.reduce((shared, [a, b]) => {
      const [low, high] = [a > from ? a : from, b < to ? b : to]
      return high >= low ? shared + (high - low + 1n) : shared
    }, 0n)
    return sum + (to - from + 1n) - common
  }, 0n)
}

interface Reached {
  /** Who wrote it last. */
  readonly server: string
  readonly at: bigint
}

/** `0-101-55,1-102-7`: the furthest of each domain. https://mariadb.com/kb/en/gtid/ */
export function readDomains(set: string): ReadonlyMap<string, Reached> {
  const all = new Map<string, Reached>()
  for (const part of set.split(',')) {
    const [, domain = '', server = '', number = ''] = /^(\d+)-(\d+)-(\d+)$/.exec(part) ?? []
    if (domain === '') continue
    const at = BigInt(number)
    if (at >= (all.get(domain)?.at ?? -1n)) all.set(domain, { server, at })
  }
  return all
}

/** Every server calls itself that until somebody names it: it tells no line. */
const UNNAMED = '1'

/** How far its data go. Those of MariaDB say no cluster: they are compared where the last writer has a number of its own. */
export function positionOf({ gtid }: ServerFacts): Told<Position> {
  if ('unknown' in gtid) return gtid
  const unit = 'transactions'
  if (gtid.is.of === 'MySQL') {
    const sets = [...readGtidSet(gtid.is.set)].sort(([a], [b]) => (a < b ? -1 : 1))
    if (sets.some(([, ranges]) => ranges.length !== 1 || ranges[0]?.[0] !== 1n))
      return { unknown: 'its transactions have gaps: sets of them have no order' }
    return { is: { line: sets.map(([uuid]) => uuid).join(' '), at: `${sets.reduce((sum, [, ranges]) => sum + sizeOf(ranges), 0n)}`, unit } }
  }
  const [only, second] = [...readDomains(gtid.is.set)]
  if (only === undefined || second !== undefined) return { unknown: 'its transactions are counted in several domains: they have no order' }
  const [domain, { server, at }] = only
  if (server === UNNAMED)
    return { unknown: 'server_id is 1, as everywhere where nobody set it: positions cannot be told apart from those of others' }
  return { is: { line: `domain ${domain}, written by server ${server}`, at: `${at}`, unit } }
}

const CATCH_UP = 'stop writes to the old one, and let replication catch up'

/** Pure. */
export const gtid = (sides: MySqlSides): Finding => {
  const check = COMPARED.gtid
  return both(
    check,
    sides,
    ({ server }) => server.gtid,
    (old, next) => {
      if (old.of !== next.of) return passed(check, 'MySQL and MariaDB count apart: no line of replication by number')
      return old.of === 'MySQL'
        ? missingOf(readGtidSet(old.set), readGtidSet(next.set))
        : missingIn(sides, readDomains(old.set), readDomains(next.set))
    },
  )
}

function missingOf(old: ReadonlyMap<string, Ranges>, next: ReadonlyMap<string, Ranges>): Finding {
  const check = COMPARED.gtid
  if (![...old.keys()].some((uuid) => next.has(uuid))) return passed(check, 'not in one line of replication')
  const missing = [...old].reduce((sum, [uuid, ranges]) => sum + lacking(ranges, next.get(uuid) ?? []), 0n)
  if (missing === 0n) return passed(check, 'has every transaction of the old one')
  return found(check, `lacks ${transactions(missing)} of the old one`, { remedy: CATCH_UP })
}

function missingIn(sides: MySqlSides, old: ReadonlyMap<string, Reached>, next: ReadonlyMap<string, Reached>): Finding {
  const check = COMPARED.gtid
  const follows = told(sides.next.server.role) === 'replica'
  const shared = [...old].filter(([domain, { server }]) => next.get(domain)?.server === server && (follows || server !== UNNAMED))
  if (shared.length === 0)
    return unknown(check, 'whether they are in one line of replication is not known: their positions name no common writer')
  const missing = shared.reduce((sum, [domain, { at }]) => {
    const behind = at - (next.get(domain)?.at ?? 0n)
    return behind > 0n ? sum + behind : sum
  }, 0n)
  if (missing === 0n) return passed(check, 'has every transaction of the old one')
  return found(check, `lacks ${transactions(missing)} of the old one`, { remedy: CATCH_UP })
}

const transactions = (count: bigint): string =>
  counted(count > 9_007_199_254_740_991n ? Number.MAX_SAFE_INTEGER : Number(count), 'transaction')
