import { type Check, type Finding, found, passed, type Severity, unknown } from '../../domain/finding.ts'
import type { Told } from '../../domain/survey.ts'
import { counted, figure, first } from '../words.ts'

/** What a framework noted of the migrations that ran. */
export interface Ledger {
  readonly framework: string
  readonly table: string
  /** `all`: a row for each migration. `number`, `mark`: a row for the newest alone; marks have no order. */
  readonly keeps: 'all' | 'number' | 'mark'
  /** Names ascending, the last of them where there are very many. `trouble`: `2 failed`; null, nothing is wrong. */
  readonly read: Told<{ readonly count: number; readonly names: readonly string[]; readonly trouble: string | null }>
}

interface Notice {
  readonly severity: Severity | 'unknown'
  readonly text: string
  readonly remedy?: string
}

const ORDER: readonly Notice['severity'][] = ['error', 'warn', 'unknown', 'info']
const NOTICES_MAX = 3
const MIGRATE = 'run the migrations of the app on the new one before it takes over, or take a newer copy'

/** `old`: null where it told nothing. */
export function compareMigrations(check: Check, old: readonly Ledger[] | null, silent: string, next: readonly Ledger[]): Finding {
  const before = new Map((old ?? []).map((ledger) => [ledger.table, ledger]))
  const there = new Set(next.map(({ table }) => table))
  const notices: Notice[] = next.flatMap((is) => noticesOf(is, before.get(is.table) ?? null))
  for (const { framework, table, read } of old === null ? [] : next) {
    if (!before.has(table) && 'is' in read && read.is.count > 0)
      notices.push({ severity: 'warn', text: `${table} of ${framework} is on the new one alone: ${counted(read.is.count, 'migration')}` })
  }
  for (const { framework, table, read } of old ?? []) {
    if (!there.has(table) && 'is' in read && read.is.count > 0)
      notices.push({
        severity: 'error',
        text: `${table} of ${framework} is missing: ${counted(read.is.count, 'migration')} on the old one`,
        remedy: MIGRATE,
      })
  }
  const sorted = notices.sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
  const [worst] = sorted
  const texts = sorted.map(({ text }) => text)
  const detail =
    texts.length > NOTICES_MAX
      ? `${texts.slice(0, NOTICES_MAX).join('; ')}; and ${texts.length - NOTICES_MAX} more of this sort`
      : texts.join('; ')
  if (worst !== undefined && worst.severity !== 'unknown')
    return found(check, detail, { severity: worst.severity, ...(worst.remedy === undefined ? {} : { remedy: worst.remedy }) })
  if (worst !== undefined) return unknown(check, detail)
  if (old === null) return unknown(check, silent)
  if (next.length === 0) return passed(check, 'no table of a framework that we know')
  const counts = next.flatMap(({ framework, read }) =>
    'is' in read && read.is.count > 0 ? [`${framework}: ${counted(read.is.count, 'migration')}`] : [],
  )
  return passed(check, counts.length === 0 ? 'the same on both' : `the same on both (${first(counts)})`)
}

function noticesOf(is: Ledger, was: Ledger | null): readonly Notice[] {
  const { framework, table, read } = is
  if ('unknown' in read) return [{ severity: 'unknown', text: `${table} of ${framework}: ${read.unknown}` }]
  const notices: Notice[] = []
  const trouble = was !== null && 'is' in was.read ? was.read.is.trouble : null
  if (read.is.trouble !== null) {
    const isOld = trouble === read.is.trouble
    notices.push({
      severity: isOld ? 'warn' : 'error',
      text: `${table} of ${framework} is ${read.is.trouble}${isOld ? ', as on the old one' : ''}`,
      remedy: `look at ${table}, and let ${framework} finish or repair what began`,
    })
  }
  if (was === null) return notices
  if ('unknown' in was.read)
    return [...notices, { severity: 'unknown', text: `${table} of ${framework}: the old one: ${was.read.unknown}` }]
  const relation = relationOf(was.read.is, read.is, is.keeps)
  return relation === null ? notices : [...notices, { ...relation, text: `${framework} (${table}): ${relation.text}` }]
}

type History = Extract<Ledger['read'], { is: unknown }>['is']

/** Null: the same migrations ran on both. */
function relationOf(was: History, is: History, keeps: Ledger['keeps']): Notice | null {
  switch (keeps) {
    case 'mark':
      return sameNames(was, is) ? null : diverged(was.names, is.names, 'another state: the new one is at')
    case 'number': {
      const [before, after] = [was.names, is.names].map((names) => (/^\d+$/.test(names[0] ?? '') ? BigInt(names[0] ?? 0) : 0n))
      if (before === undefined || after === undefined || before === after) return null
      return after < before
        ? { severity: 'error', text: `older: at ${after}, the old one at ${before}`, remedy: MIGRATE }
        : { severity: 'warn', text: `newer: at ${after}, the old one at ${before}` }
    }
    case 'all':
      return relationOfSets(was, is)
  }
}

const sameNames = (a: History, b: History): boolean =>
  a.names.length === b.names.length && a.names.every((name, at) => name === b.names[at])

function relationOfSets(was: History, is: History): Notice | null {
  // Of a long history only its newest part is kept: what is older than either part cannot be compared.
  const floor = [was, is].reduce((low, { names, count }) => (count > names.length && (names[0] ?? '') > low ? (names[0] ?? '') : low), '')
  const [before, after] = [was, is].map(({ names }) => new Set(names.filter((name) => name >= floor)))
  if (before === undefined || after === undefined) return null
  const missing = [...before].filter((name) => !after.has(name))
  const added = [...after].filter((name) => !before.has(name))
  if (missing.length > 0 && added.length > 0)
    return diverged(missing, added, `${counted(missing.length, 'migration')} of the old one did not run on the new one, which has`)
  if (missing.length > 0) {
    const text = `older: ${figure(is.count)} of ${counted(was.count, 'migration')} ran, not ${first(missing.reverse())}`
    return { severity: 'error', text, remedy: MIGRATE }
  }
  if (added.length > 0)
    return { severity: 'warn', text: `newer: ${counted(added.length, 'migration')} more than on the old one: ${first(added)}` }
  return was.count === is.count
    ? null
    : { severity: 'error', text: `${figure(is.count)} migrations, not ${figure(was.count)}`, remedy: MIGRATE }
}

const diverged = (missing: readonly string[], added: readonly string[], words: string): Notice => ({
  severity: 'error',
  text: `diverged: ${words} ${first(added)}, the old one ${first(missing)}`,
  remedy: 'attach a copy of the same line of the app, or run the same migrations on both',
})
