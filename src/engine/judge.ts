import { AttachError } from '../domain/errors.ts'
import { blocks, type KeyedFinding } from '../domain/finding.ts'

/** What lets findings pass, and what does not. */
export interface Leave {
  /** `--allow`: ids that do not stand in the way. */
  readonly allowed: readonly string[]
  /** `strict`: warnings and what is unknown stand in the way too. */
  readonly strictness: 'usual' | 'strict'
}

export const USUAL_LEAVE: Leave = { allowed: [], strictness: 'usual' }

/** The findings that stand in the way, and the ids that would if they had not been let pass by name. */
export function judge(findings: readonly KeyedFinding[], { allowed, strictness }: Leave) {
  const standing = findings.filter((finding) => blocks(finding, strictness))
  // What was found out comes before what was not.
  const all = [...standing.filter(({ status }) => status === 'fail'), ...standing.filter(({ status }) => status !== 'fail')]
  return {
    blocking: all.filter(({ id }) => !allowed.includes(id)),
    letPass: [...new Set(all.filter(({ id }) => allowed.includes(id)).map(({ id }) => id))],
  }
}

/** The finding, marked where it would stand in the way and was let pass by name. */
export const pardoned = (finding: KeyedFinding, { allowed, strictness }: Leave): KeyedFinding =>
  blocks(finding, strictness) && allowed.includes(finding.id) ? { ...finding, allowed: true } : finding

/** More are no slip of a check: a line that lets all of them pass is not put into anybody's hand. */
const WAIVED_MAX = 5

/** A resource that guards refuse. */
export class Unfit extends AttachError {
  readonly findings: readonly KeyedFinding[]

  /** `findings`: one at least. */
  constructor(findings: readonly KeyedFinding[]) {
    const [first] = findings
    const ids = [...new Set(findings.map(({ id }) => id))]
    const remedy = first?.remedy === undefined ? '' : `${begun(first.remedy)}; `
    const leave = ids.length > WAIVED_MAX ? '--allow ID lets one of them pass' : `--allow ${ids.join(',')} goes on all the same`
    super('REFUSED', `${refusalText(findings)}; nothing was changed`, { hint: `${remedy}${leave}` })
    this.findings = findings
  }
}

/** `pg.grants, pg.owner and 24 more`: each id once. */
export function idsOf(findings: readonly KeyedFinding[]): string {
  const ids = [...new Set(findings.map(({ id }) => id))]
  const more = ids.length - WAIVED_MAX
  return more > 0 ? `${ids.slice(0, WAIVED_MAX).join(', ')} and ${more} more` : ids.join(', ')
}

const REMEDY_MAX = 160

/** A long remedy stands whole with its finding. */
function begun(remedy: string): string {
  const text = remedy.replace(/;\s*$/, '')
  if (text.length <= REMEDY_MAX) return text
  const [first = ''] = text.split('; ')
  return first.length <= REMEDY_MAX ? `${first}; and so on, as the finding says` : 'do as the finding says'
}

/** `DATABASE_URL: pg.recovery refuses it: a standby; so does pg.read_only`: the first of each key is told whole. */
function refusalText(findings: readonly KeyedFinding[]): string {
  const keys = [...new Set(findings.map(({ key }) => key))]
  const texts = keys.map((key) => {
    const [first, ...others] = findings.filter((finding) => finding.key === key)
    const more = others.length === 0 ? '' : `; so ${others.length === 1 ? 'does' : 'do'} ${idsOf(others)}`
    const why = first?.status === 'unknown' ? `refuses it, for it is not known (${first.detail})` : `refuses it: ${first?.detail}`
    return `${key}: ${first?.id} ${why}${more}`
  })
  return texts.join('; ')
}
