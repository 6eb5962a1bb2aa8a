import { GENERAL } from '../domain/checks.ts'
import { AttachError } from '../domain/errors.ts'
import { type Finding, found, passed, unknown } from '../domain/finding.ts'
import { type Survey, told } from '../domain/survey.ts'
import type { OldTold } from './compare.ts'
import type { Elsewhere } from './elsewhere.ts'
import { baseline, isOfOld } from './general/baseline.ts'
import { defaultCredentials, latency, paramsLost } from './general/client.ts'
import { localhost, nameChanged, otherDeploy } from './general/place.ts'
import { isKindChanged, nameOf, type Sides } from './general/sides.ts'
import { expiring, tlsDowngrade } from './general/tls.ts'

/** What was found out about them. */
export interface Heard {
  /** What the old one told of itself, or why it did not. */
  readonly old: OldTold
  /** Null: it cannot be asked, or another kind makes it idle. An error: it broke off. */
  readonly next: Survey | AttachError | null
  /** Null: no other deploy is known. */
  readonly elsewhere: Elsewhere | null
  /** Wall clock, milliseconds since 1970. */
  readonly today: number
}

/** What can be said of any two resources, whatever their kind: one finding for each row of GENERAL, in its order. Pure. */
export function generalFindings(sides: Sides, heard: Heard): readonly Finding[] {
  const next = heard.next instanceof AttachError ? null : heard.next
  const spoken = heard.old.survey ?? sides.baseline
  return [
    kindChanged(sides),
    sameResource(sides, next, heard.old),
    baseline(sides, heard.old, heard.today),
    localhost(sides),
    otherDeploy(sides, heard.elsewhere),
    nameChanged(sides),
    tlsDowngrade(sides),
    expiring(sides, heard.today),
    defaultCredentials(sides),
    paramsLost(sides),
    latency(sides, next, spoken, heard.old.silent),
    incomplete(sides, heard.next),
  ]
}

function kindChanged(sides: Sides): Finding {
  const { next, old, goesBack } = sides
  if (!isKindChanged(sides)) return passed(GENERAL.kindChanged, `both are ${nameOf(next)}`)
  return kindFinding({ from: nameOf(old), to: nameOf(next), goesBack })
}

export const kindFinding = ({ from, to, goesBack }: { readonly from: string; readonly to: string; readonly goesBack: boolean }): Finding =>
  found(GENERAL.kindChanged, `leads to ${from} now, and to ${to} afterwards`, {
    remedy: 'name a resource of the same kind',
    ...(goesBack ? { severity: 'warn' as const } : {}),
  })

/** Told by the servers: two names may lead to one of them, and one name to two. */
function sameResource(sides: Sides, next: Survey | null, { survey: old, silent }: OldTold): Finding {
  const check = GENERAL.sameResource
  if (isKindChanged(sides)) return passed(check, 'two kinds')
  if (sides.within) return passed(check, 'the same resource, as the handles say')
  if (next === null) return unknown(check, 'the new resource told nothing of itself')
  if (old === null && !isSpokenFor(sides, next)) return unknown(check, silent ?? 'the old resource told nothing of itself')
  if (old !== null) {
    if (!('is' in old.resource)) return unknown(check, `the old one: ${old.resource.unknown}`)
    if (!('is' in next.resource)) return unknown(check, `the new one: ${next.resource.unknown}`)
    if (old.resource.is !== next.resource.is) return passed(check, 'two resources')
  }
  const detail = 'both handles lead to the very same resource: nothing would be swapped'
  return found(check, detail, { remedy: 'name the other one', ...(sides.goesBack ? { severity: 'info' as const } : {}) })
}

/** A server that was restarted since its baseline is another one by its words: only that it is the same can be told from one. */
function isSpokenFor(sides: Sides, { resource }: Survey): boolean {
  const [kept, now] = [sides.baseline === null ? null : told(sides.baseline.resource), told(resource)]
  return kept !== null && kept === now && isOfOld(sides)
}

function incomplete(sides: Sides, next: Heard['next']): Finding {
  const check = GENERAL.incomplete
  if (isKindChanged(sides)) return passed(check, 'two kinds: there is nothing to ask both')
  if (next === null) return { ...unknown(check, 'the new one cannot be asked about itself'), severity: 'info' }
  if (!(next instanceof AttachError)) return passed(check, 'the new one answered to the end')
  return found(check, next.message, next.hint === undefined ? {} : { remedy: next.hint })
}
