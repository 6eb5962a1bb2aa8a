import { type Finding, found, passed, unknown } from '../../../domain/finding.ts'
import type { Told } from '../../../domain/survey.ts'
import { both, figure, firstOf, ofNext, type Sides } from '../../comparing.ts'
import { COMPARED } from './checks.ts'
import type { CouchFacts } from './survey.ts'

type CouchSides = Sides<CouchFacts>

const databaseIn = ({ database }: CouchFacts): CouchFacts['database'] => database

/** No answer of CouchDB says what an ordinary user may write: validations are code of the app. */
export function access(sides: CouchSides): Finding {
  const check = COMPARED.access
  const { expect } = sides.comparison
  return ofNext(
    check,
    sides,
    ({ isAdmin }) => isAdmin,
    (isAdmin) => {
      if (expect === 'replica')
        return found(check, 'every CouchDB takes writes, where a replica is expected', { remedy: '--expect readable' })
      if (expect === 'readable') return passed(check, 'the database can be read')
      if (isAdmin) return passed(check, 'an admin of the server: it may write')
      return unknown(check, 'the database can be read; whether this user may write is not told before it tries')
    },
  )
}

export const version = (sides: CouchSides): Finding =>
  both(
    COMPARED.version,
    sides,
    (facts) => facts.version,
    (old, next) => {
      const check = COMPARED.version
      const [ours, theirs] = [sides.old?.product ?? '', sides.next.product]
      const text = `${theirs} ${next}, where the old one is ${ours} ${old}`
      if (ours !== theirs) return unknown(check, `${text}: the versions of two products are not compared`)
      const lower = firstLower(old, next)
      if (lower === null) return passed(check, old === next ? `${theirs} ${next} on both` : text)
      return found(check, text, { remedy: `name a server of version ${old} or newer`, severity: lower === 0 ? 'error' : 'warn' })
    },
  )

/** Where the second version falls behind the first: 0 is the major. Null: nowhere. */
function firstLower(old: string, next: string): number | null {
  const [before = [], after = []] = [old, next].map((each) => each.split('.').map((part) => Number.parseInt(part, 10) || 0))
  const at = [0, 1, 2].find((index) => (before[index] ?? 0) !== (after[index] ?? 0))
  return at !== undefined && (after[at] ?? 0) < (before[at] ?? 0) ? at : null
}

const ENOUGH = 0.5

/** Design documents are of the app and not of its users: a database that holds them alone is empty. */
const ownDocs = ({ database, design: designs }: CouchFacts): Told<number> => {
  if (!('is' in database)) return database
  return { is: Math.max(0, database.is.docs - ('is' in designs ? designs.is.length : 0)) }
}

export const docs = (sides: CouchSides): Finding =>
  both(COMPARED.docs, sides, ownDocs, (old, next) => {
    const check = COMPARED.docs
    const figures = `${figure(next, 'document')}, and the old one holds ${figure(old, 'document')}`
    const remedy = 'let it replicate to the end, or restore the newest backup; doc_count of GET /NAME shows the figures'
    if (old > 0 && next === 0) return found(check, `empty: the old one holds ${figure(old, 'document')}`, { remedy })
    if (next < old * ENOUGH) return found(check, figures, { remedy, severity: 'warn' })
    return passed(check, figures)
  })

export const design = (sides: CouchSides): Finding =>
  both(
    COMPARED.design,
    sides,
    (facts) => facts.design,
    (old, next) => {
      const check = COMPARED.design
      const there = new Map(next.map(({ id, rev }) => [id, rev]))
      const missing = old.filter(({ id }) => !there.has(id)).map(({ id }) => id)
      const other = old.filter(({ id, rev }) => there.has(id) && there.get(id) !== rev).map(({ id }) => id)
      const remedy = 'deploy the design documents of the app to it; replicating them takes an admin'
      if (missing.length > 0) return found(check, `${figure(missing.length, 'design document')} missing: ${firstOf(missing)}`, { remedy })
      if (other.length > 0)
        return found(check, `${figure(other.length, 'design document')} of another revision: ${firstOf(other)}`, {
          remedy,
          severity: 'warn',
        })
      return passed(check, old.length === 0 ? 'the old one has none' : `all ${old.length} of the old one, in the same revision`)
    },
  )

type Security = Extract<CouchFacts['security'], { readonly is: unknown }>['is']

/** A database whose _security names no members is open to everyone; that without a word in it is so too, before CouchDB 3. */
export const security = (sides: CouchSides): Finding =>
  both(
    COMPARED.security,
    sides,
    (facts) => facts.security,
    (old, next) => {
      const check = COMPARED.security
      const remedy = 'an admin writes it: curl -X PUT URL/NAME/_security'
      if (!isOpen(old) && isOpen(next))
        return found(check, 'names no members: it may be open to everyone, and the old one is not', { remedy })
      const lost = isOpen(next) ? [] : namesOf(old).filter((name) => !namesOf(next).includes(name))
      if (lost.length > 0) return found(check, `lacks ${firstOf(lost)} of the old one`, { remedy })
      if (isOpen(old) && !isOpen(next))
        return found(check, 'names members, and the old one none: whoever is not among them is locked out', { remedy, severity: 'warn' })
      const more = namesOf(next).filter((name) => !namesOf(old).includes(name))
      if (more.length > 0) return found(check, `lets in ${firstOf(more)}, whom the old one does not`, { remedy, severity: 'warn' })
      return passed(check, 'the same users and roles')
    },
  )

const isOpen = ({ members: { names, roles } }: Security): boolean => names.length === 0 && roles.length === 0

const namesOf = ({ admins, members }: Security): readonly string[] => [
  ...admins.names.map((name) => `admin ${name}`),
  ...admins.roles.map((role) => `admins of the role ${role}`),
  ...members.names.map((name) => `member ${name}`),
  ...members.roles.map((role) => `members of the role ${role}`),
]

export const partitioned = (sides: CouchSides): Finding =>
  both(COMPARED.partitioned, sides, databaseIn, ({ isPartitioned: old }, { isPartitioned: next }) => {
    const check = COMPARED.partitioned
    if (old === next) return passed(check, next ? 'both are partitioned' : 'neither is partitioned')
    const detail = next
      ? 'partitioned, where the old one is not: ids without a partition are refused'
      : 'not partitioned, where the old one is'
    return found(check, detail, { remedy: 'make it anew: a database is partitioned from its beginning (?partitioned=true) or never' })
  })

export const identity = (sides: CouchSides): Finding =>
  both(
    COMPARED.identity,
    sides,
    ({ id }) => id,
    (old, next) => {
      const check = COMPARED.identity
      if (old === next) return found(check, 'the very same database', { remedy: 'name another one, unless only the user is to change' })
      const [ours, theirs] = [old.split(' '), next.split(' ')]
      if (ours[0] !== theirs[0]) return passed(check, 'another server')
      return passed(
        check,
        ours[1] === theirs[1] ? 'the same server and name: the database was made anew' : 'another database of the same server',
      )
    },
  )

export const cluster = (sides: CouchSides): Finding =>
  both(COMPARED.cluster, sides, databaseIn, ({ shards: old }, { shards: next }) => {
    const shown = (shards: typeof old): string => (shards === null ? 'no shards' : `q=${shards.q} n=${shards.n}`)
    return passed(COMPARED.cluster, `${shown(next)}; the old one: ${shown(old)}`)
  })

export const updateSeq = (sides: CouchSides): Finding =>
  both(COMPARED.updateSeq, sides, databaseIn, ({ updateSeq: old }, { updateSeq: next }) =>
    passed(COMPARED.updateSeq, `${next} changes; the old one has seen ${old}`),
  )
