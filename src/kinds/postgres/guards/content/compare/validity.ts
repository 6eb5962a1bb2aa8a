import { type Finding, found, passed, unknown } from '../../../../../domain/finding.ts'
import { CONTENT } from '../checks.ts'
import { keyOf, nameOf, type Objects, type Thing } from '../survey/objects.ts'
import { counted, first, lines } from '../words.ts'
import { byKey, GROUPS } from './objects.ts'

/** Something that does not work, and whether it did on the old one is known. */
interface Flawed {
  readonly thing: Thing
  readonly compared: boolean
}

/** What does not work on the new one, and did on the old one or was not there. `old`: null where it told nothing. */
export function compareValidity(old: Objects | null, silent: string, next: Objects): Finding {
  const check = CONTENT.objectsInvalid
  const unasked = GROUPS.flatMap((group) => ('unknown' in next[group] ? [`${group} (the new one: ${next[group].unknown})`] : []))
  const flawed = GROUPS.flatMap((group) => flawedIn(old?.[group] ?? { unknown: silent }, next[group]))
  if (flawed.length > 0) {
    const sorted = [...flawed].sort((a, b) => Number(isGrave(b)) - Number(isGrave(a)))
    const names = sorted.map(({ thing }) => `${thing.kind} ${nameOf(thing)} is ${thing.flaw}`)
    const doubt = flawed.every(({ compared }) => compared) ? '' : `; whether that was so before is not known (${silent})`
    return found(check, `${counted(flawed.length, 'object')} that cannot be relied on: ${first(names)}${doubt}`, {
      severity: flawed.some(isGrave) ? 'error' : 'warn',
      remedy: lines([...new Set(sorted.map(({ thing }) => remedyOf(thing)))]),
    })
  }
  if (unasked.length > 0) return unknown(check, `not compared: ${unasked.join('; ')}`)
  return passed(check, 'indexes, constraints, triggers and materialized views work as on the old one')
}

function flawedIn(old: Objects[(typeof GROUPS)[number]], next: Objects[(typeof GROUPS)[number]]): readonly Flawed[] {
  const flawed = 'is' in next ? next.is.filter(({ flaw }) => flaw !== undefined) : []
  if (flawed.length === 0) return []
  const compared = 'is' in old
  const was = byKey(compared ? old.is : [])
  return flawed.filter((thing) => was.get(keyOf(thing))?.flaw !== thing.flaw).map((thing) => ({ thing, compared }))
}

/** Wrong data get in. A trigger that sleeps may have slept before. */
const isGrave = ({ thing: { kind, flaw }, compared }: Flawed): boolean =>
  flaw === 'disabled' ? kind !== 'trigger' || compared : flaw === 'not valid' && kind !== 'index'

function remedyOf({ kind, name, table, flaw }: Thing): string {
  switch (flaw) {
    case 'disabled':
      return `ALTER TABLE ${table} ENABLE TRIGGER ${kind === 'trigger' ? name : 'ALL'}`
    case 'not validated':
      return `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name}`
    case 'not populated':
      return `REFRESH MATERIALIZED VIEW ${name}`
    default:
      return kind.endsWith('index') ? `REINDEX INDEX ${name}` : `REINDEX TABLE ${table}`
  }
}
