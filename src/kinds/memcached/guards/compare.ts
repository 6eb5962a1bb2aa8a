import { type Finding, found, passed, unknown } from '../../../domain/finding.ts'
import { canonicalHost } from '../../../domain/place.ts'
import type { Told } from '../../../domain/survey.ts'
import { both, bytes, figure, firstLower, firstOf, ofNext, type Sides, silenceOf } from '../../comparing.ts'
import { COMPARED } from '../checks.ts'
import { type MemcachedFacts, type NodeFacts, nameOf } from './survey.ts'

export type McSides = Sides<MemcachedFacts>

/** Whether keys are still looked for where they are. By what the handles say. Pure. */
export function nodes({ old, next, comparison }: McSides): Finding {
  const check = COMPARED.nodes
  if (old === null) return unknown(check, silenceOf(comparison))
  const [before, after] = [old.nodes.map(placeOf), next.nodes.map(placeOf)]
  const kept = after.filter((place) => before.includes(place))
  if (before.length !== after.length) {
    const share = kept.length === 0 ? 'every key has another place' : 'most keys move to another server'
    return found(check, `${figure(after.length, 'server')}, where the old list has ${before.length}: ${share}`, {
      remedy: 'clients with consistent hashing (ketama) move fewest; expect the load of a cold cache on what stands behind',
    })
  }
  if (kept.length === 0) return passed(check, `${figure(after.length, 'server')}, none of which was in the old list`)
  const moved = after.filter((place, at) => before[at] !== place && before.includes(place))
  const strangers = after.filter((place) => !before.includes(place))
  if (moved.length > 0)
    return found(check, `the order of the list is another: ${firstOf(moved)}; clients that count by place look on other servers`, {
      remedy: 'keep the order of the old list',
    })
  if (strangers.length > 0)
    return found(check, `${firstOf(strangers)} takes the place of another: its share of the keys (1 in ${after.length}) is not there`, {
      remedy: 'expect the load of that share on what stands behind',
    })
  return passed(check, after.length === 1 ? 'the same server' : `the same ${after.length} servers in the same order`)
}

/** `[::1]:11211` and `::1` in other letters are one. */
const placeOf = ({ place }: NodeFacts): string => {
  const [, host = place, port = ''] = /^(.*):(\d+)$/.exec(place) ?? []
  return `${canonicalHost(host.replace(/^\[|\]$/g, ''))}${port === '' ? '' : `:${port}`}`
}

export const sasl = (sides: McSides): Finding =>
  both(
    COMPARED.sasl,
    sides,
    ({ login }) => login,
    (old, next) => {
      if (old !== 'none' && next === 'none')
        return found(COMPARED.sasl, 'the new one lets anybody in; the old one asks for a login', {
          remedy: 'start the new one with -S, and name user and password in the handle',
        })
      return passed(COMPARED.sasl, next === 'none' ? 'neither asks for a login' : 'asks for a login')
    },
  )

export const version = (sides: McSides): Finding =>
  both(COMPARED.version, sides, versionsOf, (old, next) => {
    const [before, after] = [lowest(old), lowest(next)]
    const text = `memcached ${after}, where the old one is ${before}`
    const lower = firstLower(before, after)
    if (lower === null) return passed(COMPARED.version, before === after ? `memcached ${after} on both` : text)
    return found(COMPARED.version, text, {
      remedy: `name servers of version ${before} or newer`,
      severity: lower === 0 ? 'error' : 'warn',
    })
  })

const lowest = (versions: readonly string[]): string =>
  versions.reduce((least, each) => (firstLower(least, each) === null ? least : each), versions[0] ?? '')

const versionsOf = ({ nodes }: MemcachedFacts): Told<readonly string[]> => all(nodes, ({ version }) => version)

export function limits(sides: McSides): Finding {
  const check = COMPARED.limits
  const told = (facts: MemcachedFacts) => {
    const memory = all(facts.nodes, (node) => node.memory)
    const itemMax = all(facts.nodes, (node) => node.itemMax)
    if (!('is' in memory)) return memory
    if (!('is' in itemMax)) return itemMax
    return { is: { memory: sum(memory.is), itemMax: Math.min(...itemMax.is) } }
  }
  return both(check, sides, told, (old, next) => {
    const wrong = [
      next.memory < old.memory ? `${bytes(next.memory)} of memory, where the old one has ${bytes(old.memory)}` : '',
      next.itemMax < old.itemMax ? `items of ${bytes(next.itemMax)} at most, where the old one takes ${bytes(old.itemMax)}` : '',
    ].filter(Boolean)
    if (wrong.length === 0) return passed(check, `${bytes(next.memory)} of memory, items of ${bytes(next.itemMax)} at most`)
    const remedy = [next.memory < old.memory ? '-m for the memory' : '', next.itemMax < old.itemMax ? '-I for the items' : '']
    return found(check, wrong.join('; '), { remedy: `start memcached with ${remedy.filter(Boolean).join(' and ')} as on the old one` })
  })
}

/** What comes of a full memory. What was thrown away already was so for want of room. */
export function evictions(sides: McSides): Finding {
  const check = COMPARED.evictions
  const { old, comparison } = sides
  const holdsMore = comparison.use === 'queue' || comparison.use === 'store'
  return ofNext(check, sides, evictionsOf, ({ evicts, count }) => {
    if (holdsMore && evicts) {
      const before = old === null ? null : evictionsOf(old)
      const asBefore = before !== null && 'is' in before && before.is.evicts
      return found(check, `throws items of a ${comparison.use} away when it is full${asBefore ? ', as the old one does' : ''}`, {
        remedy: 'start memcached with -M: it refuses writes instead; or keep in a database what may not be lost',
        severity: 'error',
      })
    }
    if (!evicts && comparison.use === 'cache')
      return found(check, 'refuses writes when it is full, as a cache should not', { remedy: 'start memcached without -M' })
    if (count > 0)
      return found(check, `has thrown ${figure(count, 'item')} away since it started: it is too small for what it holds`, {
        remedy: 'give it more memory: -m',
      })
    return passed(check, evicts ? 'has thrown nothing away since it started' : 'refuses writes when it is full')
  })
}

function evictionsOf({ nodes }: MemcachedFacts): Told<{ readonly evicts: boolean; readonly count: number }> {
  const [evicts, count] = [all(nodes, (node) => node.evicts), all(nodes, (node) => node.evictions)]
  if (!('is' in evicts)) return evicts
  if (!('is' in count)) return count
  return { is: { evicts: evicts.is.includes(true), count: sum(count.is) } }
}

/** What the new one would answer of what the old one is asked. Fewer than half of the items are as good as none. */
export function cold(sides: McSides): Finding {
  const check = COMPARED.cold
  const { comparison } = sides
  const holdsMore = comparison.use === 'queue' || comparison.use === 'store'
  return both(check, sides, loadOf, (old, next) => {
    const text = `holds ${figure(next.items, 'item')}, where the old one holds ${figure(old.items, 'item')}`
    if (old.items === 0) return passed(check, 'the old one holds nothing')
    if (next.items * 2 >= old.items) return passed(check, text)
    const load = `${text} and answers ${rate(old.hits)} of ${rate(old.gets)} reads a second (average since its start): these fall through to what stands behind`
    return found(check, holdsMore ? `${text}: what is missing is lost (sessions end)` : load, {
      remedy: holdsMore ? 'copy the items first, or let the app write to both for a while' : 'warm it up first, or swap in a quiet hour',
      severity: holdsMore ? 'error' : 'warn',
    })
  })
}

const rate = (count: number): string => count.toLocaleString('en-US', { maximumFractionDigits: count < 10 ? 1 : 0 })

interface Load {
  readonly items: number
  /** A second. */
  readonly gets: number
  readonly hits: number
}

function loadOf({ nodes }: MemcachedFacts): Told<Load> {
  const loads = all(nodes, ({ load }) => load)
  if (!('is' in loads)) return loads
  const perSecond = (count: 'gets' | 'hits') => sum(loads.is.map((load) => load[count] / Math.max(1, load.uptime)))
  return { is: { items: sum(loads.is.map(({ items }) => items)), gets: perSecond('gets'), hits: perSecond('hits') } }
}

export const identity = (sides: McSides): Finding =>
  both(
    COMPARED.identity,
    sides,
    ({ nodes }) => all(nodes, ({ run }) => run),
    (old, next) => {
      const check = COMPARED.identity
      const [before, after] = [old.map(nameOf), next.map(nameOf)]
      const same = after.filter((name) => before.includes(name)).length
      if (same === 0) return passed(check, after.length === 1 ? 'another server' : 'other servers')
      const remedy = 'name another one, unless only the login or the order is to change'
      if (same === after.length) return found(check, after.length === 1 ? 'the very same server' : 'the very same servers', { remedy })
      return found(check, `${same} of ${figure(after.length, 'server')} are in the old list too`)
    },
  )

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0)

/** Of all servers, or of none: what one of them does not tell is not known. */
function all<T>(nodes: readonly NodeFacts[], part: (node: NodeFacts) => Told<T>): Told<readonly T[]> {
  const told: T[] = []
  for (const node of nodes) {
    const one = part(node)
    if (!('is' in one)) return { unknown: nodes.length === 1 ? one.unknown : `${node.place}: ${one.unknown}` }
    told.push(one.is)
  }
  return { is: told }
}
