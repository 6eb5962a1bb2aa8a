import type { AttachmentRow, Document, ProbeRow, ReleaseRow } from '../domain/document.ts'
import type { Event, Side, Step } from '../domain/event.ts'
import type { Shown } from '../domain/operation.ts'
import type { ProbeReport } from '../domain/probe.ts'
import { shellWord } from '../domain/shell.ts'
import { columns } from './columns.ts'
import { candidatesText, findingText, isShown, judgedText } from './findings.ts'
import type { Paint } from './paint.ts'

export interface Speech {
  readonly paint: Paint
  /** `-v`. */
  readonly detail: 'usual' | 'more'
  /** The options that lead to the deploy: commands that are shown repeat them. */
  readonly options: readonly string[]
}

/** What an event looks like while a command runs, on stderr. Empty: nothing is said. */
export function eventText(event: Event, speech: Speech): string {
  const { paint } = speech
  switch (event.type) {
    case 'probing':
      return ''
    case 'probed':
      return probeText(event, speech)
    case 'comparing':
      return ''
    case 'compared':
      return speech.detail === 'more' ? `  guards ${event.key} compared   ${paint.dim(time(event.ms))}\n` : ''
    case 'candidates':
      return candidatesText(event.candidates, paint)
    case 'planned':
      return event.changes.map((change) => `  plan   ${changeText(change, paint)}\n`).join('')
    case 'found':
      return isShown(event.finding, speech) ? findingText(event.finding, ` (${event.key})`, speech) : ''
    case 'judged':
      return judgedText(event, speech)
    case 'then':
      return `  then   ${event.step}: ${event.what}\n`
    case 'settling':
      return `  ${STEPS[event.step]} ${event.stands === 'old' ? 'once more, on the old value: ' : ''}${paint.dim(`${event.what} (at most ${event.timeoutMs / 1_000} s)`)}\n`
    case 'output':
      return `${event.from === 'command' ? '  command' : '        '}${paint.dim(' │')} ${event.line}\n`
    case 'settled':
      return `  ${STEPS[event.step]} ${event.why === null ? paint.good('✓') : `${paint.bad('✗')} ${event.why}`} ${paint.dim(`(${time(event.ms)})`)}\n`
    case 'retrying':
      return `  wait   ${event.where}   ${event.why}${paint.dim(` (${event.key}, try ${event.tries}, again in ${time(event.pauseMs)})`)}\n`
    case 'waiting':
      return `  ${paint.dim(event.reason)}\n`
    case 'recovered':
      return `  ${paint.odd(event.message)}\n`
    case 'note':
      return `  ${event.message}\n`
    case 'detail':
      return speech.detail === 'more' ? `  ${paint.dim(event.message)}\n` : ''
  }
}

/** What a finished command looks like: the result for stdout, the error for stderr. */
export function documentText(document: Document, speech: Speech): Rendered {
  const parts = [
    openText(document, speech),
    unsettledText(document, speech),
    statusText(document, speech),
    logText(document, speech),
    releaseText(document, speech),
  ]
  return { result: parts.join(''), undo: undoText(document), error: errorText(document, speech) }
}

export interface Rendered {
  /** For stdout. */
  readonly result: string
  /** The last line of stdout: how to take it back. */
  readonly undo: string
  /** For stderr. */
  readonly error: string
}

const STEPS: Record<Step, string> = { hook: 'hook  ', health: 'health' }

const SIDES: Record<Side, string> = { new: 'probe', old: 'old  ', attached: 'probe' }

function probeText(
  probed: { readonly key: string; readonly where: string; readonly kind: string; readonly side: Side; readonly report: ProbeReport },
  speech: Speech,
): string {
  const { paint, detail } = speech
  const { key, where, side, report } = probed
  const of = side === 'attached' ? `${key}, ` : ''
  const passed = report.stages.map(({ depth, ms }) => `${depth} ${paint.good('✓')}${detail === 'more' ? ` ${time(ms)}` : ''}`)
  if (report.ok) {
    return `  ${SIDES[side]}  ${where}   ${passed.join('  ')}   ${paint.dim(`${of}${time(report.totalMs)}`)}\n         ${factsText(report)}\n`
  }
  const failed = `${report.failedAt} ${paint.bad('✗')} ${report.reason} ${paint.dim(`(${of}${time(report.totalMs)})`)}`
  return `  ${SIDES[side]}  ${where}   ${[...passed, failed].join('  ')}\n${side === 'old' ? '' : `         ${report.hint}\n`}`
}

/** `PostgreSQL 15.18, primary, writable, TLSv1.3 not verified`. */
export function factsText({ facts }: ProbeReport): string {
  const { product, version, role, writable, tls, more } = facts
  const said = [product === undefined ? undefined : `${product}${version === undefined ? '' : ` ${version}`}`]
  // The handle does not name it: others were asked for it.
  if (more?.['master'] !== undefined) said.push(`at ${more['master']}`)
  if (role !== undefined) said.push(role === 'unknown' ? 'role unknown' : role)
  if (writable !== undefined) said.push(writable === 'unknown' ? 'writability unknown' : writable ? 'writable' : 'read-only')
  if (tls !== undefined) said.push(tls === null ? 'plain text' : `${tls.protocol} ${tls.verified ? 'verified' : 'not verified'}`)
  return said.filter((part) => part !== undefined).join(', ')
}

/** `DATABASE_URL  old → new`. */
export function changeText({ key, from, to, how, kept }: Shown, paint: Paint): string {
  if (to === null) return `${paint.strong(key)} detached (was ${from ?? 'absent'})`
  const notes = [how, kept === true ? 'kept' : undefined].filter((note) => note !== undefined)
  const more = notes.length === 0 ? '' : ` (${notes.join(', ')})`
  if (how !== undefined) return `${paint.strong(key)}  ${to}${more}`
  return from === null ? `${paint.strong(key)} → ${to}${more}` : `${paint.strong(key)}  ${from} → ${to}${more}`
}

const undoText = ({ undo }: Document): string => (undo === null ? '' : `Undo: ${undo.map(shellWord).join(' ')}\n`)

function releaseText({ outcome, release, changes, deploy, message }: Document, { paint }: Speech): string {
  const said = message === undefined ? '' : `${message}\n`
  if (outcome === 'planned') return `${changes.map((change) => `would change: ${changeText(change, paint)}\n`).join('')}${said}`
  if (release === null && outcome !== 'changed') return said
  const number = release === null ? '' : `${paint.strong(`v${release}`)}: `
  const where = deploy === null ? '' : `   ${paint.dim(`(${deploy})`)}`
  const lines = changes.map((change) => `${number}${changeText(change, paint)}${where}\n`).join('')
  return `${lines}${said}`
}

function openText({ open }: Document, { paint, options }: Speech): string {
  if (open === null || open === undefined) return ''
  const { verb, keys, by, since, owner } = open
  const state = { alive: 'is under way', dead: 'was left open by a process that is gone', unknown: 'is open' }[owner]
  const hint = owner === 'alive' ? '' : `\n  hint: ${['attach recover', ...options.map(shellWord)].join(' ')}`
  return `${paint.odd(`A ${verb} of ${keys.join(', ')} ${state}`)} (${by.user} on ${by.host}, process ${by.pid}, since ${since})${hint}\n`
}

function unsettledText({ unsettled }: Document, { paint, options }: Speech): string {
  if (unsettled === null || unsettled === undefined) return ''
  const what =
    unsettled.verdict === 'reverted'
      ? 'a change was put back'
      : unsettled.verdict === 'committed'
        ? `v${unsettled.release} was made`
        : 'attach recover last asked it'
  const why = unsettled.why === null ? '' : `\n  ${unsettled.why}`
  const hint = ['attach recover', ...options.map(shellWord)].join(' ')
  return `${paint.odd(`The app did not settle when ${what}`)} (${unsettled.at})${why}\n  hint: ${hint} runs hook and health again\n`
}

function statusText({ attachments = [], probes, warnings }: Document, { paint }: Speech): string {
  const isBlind = warnings.some(({ code }) => code === 'journal.unreadable')
  return columns(
    attachments.map((row) => [
      ...(row.deploy === undefined ? [] : [row.deploy]),
      paint.strong(row.key),
      row.kind,
      targetOf(row),
      ...(row.deploy === undefined
        ? [isBlind ? paint.dim('history not readable') : sinceOf(row, paint), healthOf(row.key, probes, paint)]
        : []),
    ]),
  )
}

const targetOf = ({ target, provider, value }: AttachmentRow): string => `${value ?? target}${provider === null ? '' : ` (${provider})`}`

function sinceOf({ release, edited }: AttachmentRow, paint: Paint): string {
  if (release === null) return paint.dim('not by attach')
  return edited === true ? paint.odd(`edited outside since v${release}`) : `v${release}`
}

function healthOf(key: string, probes: readonly ProbeRow[] | undefined, paint: Paint): string {
  const probe = probes?.find((row) => row.key === key)
  if (probe === undefined) return ''
  return probe.report.ok
    ? `${paint.good('✓')} ${factsText(probe.report)}`
    : `${paint.bad('✗')} ${probe.report.failedAt}: ${probe.report.reason}`
}

function logText({ releases, edited = [] }: Document, { paint, detail }: Speech): string {
  if (releases === undefined) return ''
  const since = edited.length > 0 ? `    ${paint.odd(`(${edited.join(', ')} edited outside since)`)}\n` : ''
  return since + releases.map((row) => releaseRowText(row, paint, detail)).join('')
}

function releaseRowText(row: ReleaseRow, paint: Paint, detail: Speech['detail']): string {
  const { release, at, by, verb, message, verdict, settled, changes, edited, unprobed, unhooked, why: reason, allowed } = row
  if (verdict === 'aborted' && detail === 'usual') return ''
  const name = release === null ? '  ' : paint.strong(`v${release}`)
  const marks = [
    verdict === 'committed' ? null : paint.odd(verdict),
    settled === 'no' ? paint.bad('not settled') : null,
    unprobed ? 'not probed' : null,
    unhooked ? 'app not restarted' : null,
    allowed.length > 0 ? `allowed ${allowed.join(', ')}` : null,
  ].filter((mark) => mark !== null)
  const head = `${name}  ${at.replace(/\.\d+Z$/, 'Z')}  ${by.user}@${by.host}  ${verb}${marks.length > 0 ? `  [${marks.join(', ')}]` : ''}\n`
  const why = message === null ? '' : `    "${message}"\n`
  const lines =
    changes.map((change) => `    ${changeText(change, paint)}\n`).join('') + (reason === null ? '' : `    ${paint.odd(reason)}\n`)
  const between = edited.length > 0 ? `    ${paint.odd(`(${edited.join(', ')} had been edited outside before)`)}\n` : ''
  return head + why + lines + between
}

function errorText({ error }: Document, { paint }: Speech): string {
  if (error === null) return ''
  const hint = error.hint === null ? '' : `  hint: ${error.hint}\n`
  return `${paint.bad('attach:')} ${error.message}\n${hint}`
}

const time = (ms: number): string =>
  ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
