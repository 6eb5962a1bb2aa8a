import { type Finding, found, passed, unknown } from '../../../../../domain/finding.ts'
import { CONTENT } from '../checks.ts'
import { isOtherDefinition } from '../survey/mark.ts'
import type { Guarded, Policy, Rights } from '../survey/rights.ts'
import { counted, first, lines, untoldOf } from '../words.ts'

/** What became of the row security of one table: it lets through what it did not, or hides what it did not. */
interface Worse {
  readonly what: string
  /** What follows ALTER TABLE. Null: the role is to be another one. */
  readonly mend: string | null
}

const NONE = (table: string): Guarded => ({ table, state: 'off', holds: false, policies: [] })
const RESTORE = 'pg_restore --section=post-data -d NEW DUMP brings policies back'

/** `there`: tables of both. One that is missing on either side is told elsewhere. */
export function compareRowSecurity(
  { rowSecurity: old }: Rights,
  { rowSecurity: next }: Rights,
  there: (table: string) => boolean,
): Finding {
  const check = CONTENT.rowSecurity
  const why = untoldOf(old, next)
  if (!('is' in old && 'is' in next)) return unknown(check, why ?? '')
  const pairs = pairsOf(old.is, next.is).filter(({ is }) => there(is.table))
  const open = pairs.flatMap(({ was, is }) => each(is.table, opened(was, is)))
  const shut = pairs.flatMap(({ was, is }) => each(is.table, hidden(was, is)))
  const others = pairs.filter(({ was, is }) => opened(was, is) === null)
  const changed = others.flatMap(({ was, is }) => changes(was, is))
  const fewer = others.filter(({ was, is }) => is.policies.length < was.policies.length)
  const counts = fewer.map(({ was, is }) => `${is.table} (${is.policies.length} of ${was.policies.length})`)
  const parts = [
    ...part(open, (count) => `row security does not hold any more for ${count}`),
    ...part(shut, (count) => `row security hides rows of ${count} from this role, and did not`),
    ...(changed.length === 0 ? [] : [`${counted(changed.length, 'policy')} of row security changed: ${first(changed)}`]),
    ...(fewer.length === 0 ? [] : [`${counted(fewer.length, 'table')} with fewer policies: ${first(counts)}`]),
  ]
  if (parts.length === 0)
    return passed(
      check,
      old.is.length === 0 ? 'no table of the old one has it' : `${counted(old.is.length, 'table')} with row security, as on the old one`,
    )
  const mends = open.flatMap(({ table, mend }) => (mend === null ? [] : [`ALTER TABLE ${table} ${mend}`]))
  const isGrave = open.length + shut.length + changed.length > 0
  return found(check, parts.join('; '), {
    remedy: mends.length > 0 ? lines(mends) : remedyFor({ open, shut }),
    ...(isGrave ? {} : { severity: 'warn' as const }),
  })
}

function pairsOf(old: readonly Guarded[], next: readonly Guarded[]): readonly { readonly was: Guarded; readonly is: Guarded }[] {
  const byTable = (all: readonly Guarded[]) => new Map(all.map((guarded) => [guarded.table, guarded]))
  const [before, now] = [byTable(old), byTable(next)]
  return [...new Set([...before.keys(), ...now.keys()])].map((table) => ({
    was: before.get(table) ?? NONE(table),
    is: now.get(table) ?? NONE(table),
  }))
}

type Named = Worse & { readonly table: string }

const each = (table: string, worse: Worse | null): readonly Named[] => (worse === null ? [] : [{ table, ...worse }])

const part = (all: readonly Named[], words: (count: string) => string): readonly string[] =>
  all.length === 0 ? [] : [`${words(counted(all.length, 'table'))}: ${first(all.map(({ table, what }) => `${table} (${what})`))}`]

function remedyFor({ open, shut }: Readonly<Record<'open' | 'shut', readonly Named[]>>): string {
  if (open.length > 0) return 'use a role without BYPASSRLS that does not own the tables'
  return shut.length > 0 ? 'use the role that owns the tables, or one with BYPASSRLS, as on the old one' : RESTORE
}

function opened(was: Guarded, is: Guarded): Worse | null {
  if (was.state !== 'off' && is.state === 'off') return { what: 'off', mend: 'ENABLE ROW LEVEL SECURITY' }
  if (was.state === 'forced' && is.state !== 'forced') return { what: 'not forced on its owner', mend: 'FORCE ROW LEVEL SECURITY' }
  return was.holds && !is.holds ? { what: 'this role bypasses it', mend: null } : null
}

const hidden = (was: Guarded, is: Guarded): Worse | null =>
  !was.holds && is.holds ? { what: was.state === 'off' ? 'off before' : 'this role bypassed it', mend: null } : null

/** A policy fewer lets nobody see more, unless it was one that all rows had to pass. */
function changes(was: Guarded, is: Guarded): readonly string[] {
  const now = new Map(is.policies.map((policy) => [policy.name, policy]))
  const before = new Set(was.policies.map(({ name }) => name))
  const changed = was.policies.flatMap((policy) => {
    const what = changeOf(policy, now.get(policy.name))
    return what === null ? [] : [`${policy.name} on ${was.table} (${what})`]
  })
  const wider = is.policies.filter(({ name, sort }) => was.state !== 'off' && sort === 'permissive' && !before.has(name))
  return [...changed, ...wider.map(({ name }) => `${name} on ${was.table} (added)`)]
}

function changeOf(was: Policy, is: Policy | undefined): string | null {
  if (is === undefined) return was.sort === 'restrictive' ? 'restrictive, and missing' : null
  if (was.sort !== is.sort) return `${was.sort} before, ${is.sort} now`
  if (was.command !== is.command) return `for ${was.command} before, for ${is.command} now`
  if (was.roles !== is.roles) return `to ${was.roles} before, to ${is.roles} now`
  return isOtherDefinition(was.mark, is.mark) ? 'another condition' : null
}
