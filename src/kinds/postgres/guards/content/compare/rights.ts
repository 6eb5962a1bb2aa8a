import { type Finding, found, passed, unknown } from '../../../../../domain/finding.ts'
import { told } from '../../../../../domain/survey.ts'
import { CONTENT } from '../checks.ts'
import { keyOf, nameOf, type Objects, type Thing } from '../survey/objects.ts'
import type { Rights } from '../survey/rights.ts'
import type { ContentFacts } from '../survey.ts'
import { counted, first, lines, untoldOf } from '../words.ts'

/** One thing on both sides. */
interface Pair {
  readonly was: Thing
  readonly is: Thing
}

const GROUPS = ['database', 'schemas', 'relations', 'columns', 'functions', 'types', 'others'] as const

function pairsOf(old: Objects, next: Objects): { readonly pairs: readonly Pair[]; readonly unasked: readonly string[] } {
  const unasked: string[] = []
  const pairs = GROUPS.flatMap((group) => {
    const [before, after] = [old[group], next[group]]
    const why = untoldOf(before, after)
    if (why !== null) unasked.push(`${group} (${why})`)
    if (!('is' in before && 'is' in after)) return []
    const there = new Map(after.is.map((thing) => [keyOf(thing), thing]))
    return before.is.flatMap((was) => {
      const is = there.get(keyOf(was))
      return is === undefined ? [] : [{ was, is }]
    })
  })
  return { pairs, unasked }
}

/** The role of either handle is the app, under whatever name. */
const THE_APP = 'the role of the handle'
const ownerOf = ({ owner }: Thing, { role }: Rights): string | undefined => (owner === told(role) ? THE_APP : owner)

/** Since PostgreSQL 15 it belongs to whoever owns the database, and did to the superuser before. */
const isPublic = ({ kind, name }: Thing): boolean => kind === 'schema' && name === 'public'

const mayChange = ({ owner = '' }: Thing, { actsAs }: Rights): boolean => told(actsAs)?.includes(owner) ?? false

export function compareOwners(old: Pick<ContentFacts, 'objects' | 'rights'>, next: Pick<ContentFacts, 'objects' | 'rights'>): Finding {
  const check = CONTENT.owner
  const { pairs, unasked } = pairsOf(old.objects, next.objects)
  const owned = pairs.filter(({ was, is }) => was.owner !== undefined && is.owner !== undefined)
  const others = owned.filter(({ was, is }) => {
    const isSame = was.owner === is.owner || ownerOf(was, old.rights) === ownerOf(is, next.rights) || isPublic(is)
    // Whoever owns it, migrations need a role that may change it.
    return mayChange(is, next.rights) ? false : !isSame || mayChange(was, old.rights)
  })
  if (others.length > 0) {
    const names = others.map(
      ({ was, is }) =>
        `${is.kind} ${is.name} (${was.owner === is.owner ? `of ${is.owner}, which this role is not` : `${was.owner} before, ${is.owner} now`})`,
    )
    const statements = others.map(({ was, is }) => {
      const owner = ownerOf(was, old.rights) === THE_APP ? told(next.rights.role) : was.owner
      return `ALTER ${is.kind === 'function' ? 'ROUTINE' : is.kind.toUpperCase()} ${is.name} OWNER TO ${owner}`
    })
    const verb = others.length === 1 ? 'belongs' : 'belong'
    return found(check, `${counted(others.length, 'object')} ${verb} to another role: ${first(names)}`, { remedy: lines(statements) })
  }
  if (unasked.length > 0) return unknown(check, `not compared: ${unasked.join('; ')}`)
  return passed(check, `${counted(owned.length, 'object')} of the same owners`)
}

const wordsOf = ({ may = '' }: Thing): readonly string[] => may.split(' ').filter((word) => word !== '')

export function compareGrants(old: Objects, next: Objects, { role }: Rights): Finding {
  const check = CONTENT.grants
  const { pairs, unasked } = pairsOf(old, next)
  const whole = new Map(pairs.flatMap(({ is }) => (is.kind === 'column' ? [] : [[is.name, wordsOf(is)] as const])))
  const lost = pairs.flatMap(({ was, is }) => {
    // What may be done with a table may be done with each of its columns.
    const has = is.kind === 'column' ? [...wordsOf(is), ...(whole.get(is.table ?? '') ?? [])] : wordsOf(is)
    const words = wordsOf(was).filter((word) => !has.includes(word))
    return words.length === 0 ? [] : [{ is, words }]
  })
  if (lost.length > 0) {
    const name = told(role) ?? 'CURRENT_USER'
    const names = lost.map(({ is, words }) => `${words.join(', ')} on ${is.kind} ${nameOf(is)}`)
    const statements = lost.map(({ is, words }) => `GRANT ${granted(is, words)} TO ${name}`)
    const count = lost.reduce((all, { words }) => all + words.length, 0)
    const verb = count === 1 ? 'is' : 'are'
    // Queries go on without the right to create; migrations do not.
    const isOfMigrations = lost.every(
      ({ is, words }) => ['database', 'schema'].includes(is.kind) && words.every((word) => word === 'CREATE'),
    )
    return found(check, `${counted(count, 'privilege')} that the role had on the old one ${verb} lost: ${first(names)}`, {
      remedy: lines(statements),
      ...(isOfMigrations ? { severity: 'warn' as const } : {}),
    })
  }
  if (unasked.length > 0) return unknown(check, `not compared: ${unasked.join('; ')}`)
  return passed(check, `the role may do with ${counted(pairs.length, 'object')} what it may on the old one`)
}

function granted({ kind, name, table = '' }: Thing, words: readonly string[]): string {
  const all = words.join(', ')
  switch (kind) {
    case 'column':
      return `${words.map((word) => `${word} (${name})`).join(', ')} ON TABLE ${table}`
    case 'function':
      return `${all} ON ROUTINE ${name}`
    case 'enum':
    case 'domain':
    case 'type':
      return `${all} ON TYPE ${name}`
    case 'database':
    case 'schema':
    case 'sequence':
    case 'foreign server':
      return `${all} ON ${kind.toUpperCase()} ${name}`
    default:
      return `${all} ON TABLE ${name}`
  }
}

export function compareDefaults({ defaults: old }: Rights, { defaults: next, role }: Rights): Finding {
  const check = CONTENT.defaultGrants
  const why = untoldOf(old, next)
  if (!('is' in old && 'is' in next)) return unknown(check, why ?? '')
  const there = new Set(next.is)
  const missing = old.is.filter((line) => !there.has(line))
  if (missing.length === 0)
    return passed(check, old.is.length === 0 ? 'none on the old one' : `${counted(old.is.length, 'default privilege')}, all there`)
  const named = missing.map((line) => line.replaceAll(/(FOR ROLE|TO|FROM) CURRENT_USER\b/g, `$1 ${told(role) ?? 'CURRENT_USER'}`))
  const short = named.map((line) => line.replace('ALTER DEFAULT PRIVILEGES FOR ROLE ', 'by '))
  return found(check, `${counted(missing.length, 'default privilege')} missing: ${first(short)}`, { remedy: lines(named) })
}
