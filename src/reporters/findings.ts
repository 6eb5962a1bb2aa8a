import type { CandidateRow } from '../domain/candidate.ts'
import type { Finding } from '../domain/finding.ts'
import { columns } from './columns.ts'
import type { Speech } from './human.ts'
import type { Paint } from './paint.ts'

/** What is not a pass, then one line that counts; with -v all of it. */
export function judgedText(
  { key, findings, compared }: { readonly key: string; readonly findings: readonly Finding[]; readonly compared: boolean },
  speech: Speech,
): string {
  const shown = findings.filter((finding) => isShown(finding, speech))
  const alike = speech.detail === 'more' ? new Map() : unknownsByReason(shown)
  const lines = shown.map((finding) => {
    const same: readonly Finding[] = alike.get(finding.detail) ?? []
    if (!same.includes(finding)) return findingText(finding, compared ? '' : ` (${key})`, speech)
    return same[0] === finding ? unknownsText(same, speech) : ''
  })
  return `${lines.join('')}${compared ? `  guards ${countsText(findings, key)}\n` : ''}`
}

/** `41 checks of DATABASE_URL: 2 refuse, 1 to look at, 3 not known`. */
function countsText(findings: readonly Finding[], key: string): string {
  const count = (isMeant: (finding: Finding) => boolean): number => findings.filter(isMeant).length
  const [fails, notes] = [count(({ status, allowed }) => status === 'fail' && allowed !== true), count(isNote)]
  const parts = [
    [fails, fails === 1 ? 'refuses' : 'refuse'],
    [count(({ allowed }) => allowed === true), 'allowed'],
    [count(({ status, allowed }) => status === 'warn' && allowed !== true) - notes, 'to look at'],
    [count(({ status, allowed }) => status === 'unknown' && allowed !== true), 'not known'],
    [notes, notes === 1 ? 'note' : 'notes'],
  ] as const
  const said = parts.flatMap(([many, what]) => (many === 0 ? [] : [`${many} ${what}`]))
  return `${findings.length} checks of ${key}: ${said.length === 0 ? 'all pass' : said.join(', ')}`
}

/** What it found is worth knowing, and no more. */
const isNote = ({ severity, status }: Finding): boolean => severity === 'info' && status === 'warn'

export const isShown = ({ status }: Finding, { detail }: Speech): boolean => status !== 'pass' || detail === 'more'

/** So many checks that are unknown for one reason are told in one line: a dead resource has many. */
const ALIKE_MIN = 3

function unknownsByReason(findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  const reasons = new Map<string, Finding[]>()
  for (const finding of findings) {
    if (finding.status !== 'unknown' || finding.remedy !== undefined || finding.allowed === true) continue
    reasons.set(finding.detail, [...(reasons.get(finding.detail) ?? []), finding])
  }
  return new Map([...reasons].filter(([, some]) => some.length >= ALIKE_MIN))
}

function unknownsText(findings: readonly Finding[], { paint }: Speech): string {
  const ids = findings.map(({ id }) => id)
  const more = ids.length > 3 ? ` and ${ids.length - 3} more` : ''
  const why = findings[0]?.detail ?? ''
  return `  ${paint.odd(MARKS.unknown)} ${findings.length} checks  ${why}\n      ${paint.dim(`${ids.slice(0, 3).join(', ')}${more}`)}\n`
}

/** One line each: which is taken, which would do, and why the others would not. */
export function candidatesText(candidates: readonly CandidateRow[], paint: Paint): string {
  const rows = candidates.map(({ candidate, target, fit, chosen, reason }) => {
    const mark = chosen ? paint.good('→') : fit ? paint.good(MARKS.pass) : paint.bad(MARKS.fail)
    return [`  ${mark} candidate ${candidate}`, chosen ? paint.strong(target) : target, reason]
  })
  return columns(rows)
}

const MARKS = { pass: '✓', warn: '!', fail: '✗', unknown: '?' } as const

/** Mark, id and what was found in one line; in the next one what to do about it. */
export function findingText(finding: Finding, whose: string, { paint }: Speech): string {
  const { id, status, detail, remedy, allowed } = finding
  const mend = remedy === undefined || status === 'pass' ? '' : `      ${paint.dim(remedy)}\n`
  const pardon = allowed === true ? paint.odd(' (allowed)') : ''
  return `  ${markOf(finding, paint)} ${id}  ${detail}${pardon}${paint.dim(whose)}\n${mend}`
}

function markOf(finding: Finding, paint: Paint): string {
  const { status } = finding
  if (status === 'pass') return paint.good(MARKS.pass)
  if (status === 'fail') return paint.bad(MARKS.fail)
  return isNote(finding) ? paint.dim('i') : paint.odd(MARKS[status])
}
